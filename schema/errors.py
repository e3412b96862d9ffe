"""What can go wrong with blobs that mean something, and what to do about it."""

from __future__ import annotations

from enum import Enum

from ..blobstore.errors import Blame, HoldfastError


class NotSchema(HoldfastError):
    """A blob that was asked for as a schema blob and is none."""

    blame = Blame.CALLER

    def __init__(self, ref: str, why: str) -> None:
        self.ref, self.why = ref, why
        super().__init__(f"blob {ref} is not a schema blob: {why}")


class WrongKind(HoldfastError):
    """A schema blob of another kind than the one asked for."""

    blame = Blame.CALLER

    def __init__(self, ref: str, kind: str, *, wanted: str) -> None:
        self.ref, self.kind, self.wanted = ref, kind, wanted
        super().__init__(f"blob {ref} is a {kind[:40]!r}, not a {wanted}")


class BadTree(HoldfastError):
    """A file or directory whose blobs are all there and contradict themselves."""

    def __init__(self, ref: str, why: str) -> None:
        self.ref, self.why = ref, why
        super().__init__(f"{ref} cannot be read: {why}")


class ChunkUnreadable(HoldfastError):
    """A blob some file needs that is missing or damaged; `__cause__` is what the store said."""

    def __init__(self, chunk: str, *, file: str, offset: int, why: str) -> None:
        self.chunk, self.file, self.offset, self.why = chunk, file, offset, why
        super().__init__(
            f"file {file} cannot be read at byte {offset}: chunk {chunk}: {why};"
            " put the same content again to heal it"
        )


class BadTimestamp(HoldfastError):
    """Text that is no RFC 3339 time."""

    blame = Blame.CALLER

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(f"not an RFC 3339 time: {text[:100]!r}")


class SchemaTooLarge(HoldfastError):
    """More fields than a schema blob may hold, for instance a name of a million bytes."""

    blame = Blame.CALLER

    def __init__(self, kind: str, size: int, limit: int) -> None:
        self.kind, self.size, self.limit = kind, size, limit
        super().__init__(f"a {kind} blob of {size} bytes; schema blobs have at most {limit}")


class Refusal(Enum):
    """Why a signed blob is refused."""

    TOO_LARGE = "too large for a schema blob"
    NO_SIGNATURE = "no signature"
    NOT_ALONE = "something besides the signature behind it"
    NOT_JSON = "what is signed is no JSON object"
    NO_VERSION = "no camliVersion"
    NO_SIGNER = "no camliSigner, or not one ref"
    BAD_KEY = "the camliSigner blob is no usable public key"
    BAD_ARMOR = "the text of the signature is damaged"
    BAD_PACKET = "no OpenPGP signature that can be judged"
    WRONG_KIND = "no signature of bytes as they are"
    WRONG_HASH = "a hash function that Perkeep refuses"
    WRONG_KEY = "made with another key than the camliSigner"
    TAMPERED = "the signature is of other bytes"


class SignatureRefused(HoldfastError):
    """A blob that its camliSigner has not signed as it stands; `reason` says what is wrong."""

    blame = Blame.CALLER

    def __init__(self, reason: Refusal, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"signature refused: {reason.value}" + (f": {detail}" if detail else ""))


class UnknownSigner(HoldfastError):
    """A blob whose signer's public key is not here (yet), so nobody can tell who signed it."""

    blame = Blame.ABSENCE

    def __init__(self, signer: str) -> None:
        self.signer = signer
        super().__init__(f"public key {signer} not found; put that blob to verify what it signed")


class NotSignable(HoldfastError):
    """Text that this key cannot sign as a schema blob."""

    blame = Blame.CALLER

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"cannot sign this: {why}")


class SigningFailed(HoldfastError):
    """A signer that did not give the signature it was asked for."""

    def __init__(self, key_id: str, why: str) -> None:
        self.key_id, self.why = key_id, why
        super().__init__(f"key {key_id} did not sign: {why}")


class KeyNotMade(HoldfastError):
    """A key that another program was asked to make, and did not."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"gpg made no key: {why}")


class NoSuchKey(HoldfastError):
    """A name that fits no secret key, or more than one."""

    blame = Blame.ABSENCE

    def __init__(self, name: str, found: tuple[str, ...]) -> None:
        self.name, self.found = name, found
        keys = ", ".join(found[:10]) or "none"
        super().__init__(f"no single key {name[:60]!r}; give a fingerprint. Keys here: {keys}")


class NotClaim(HoldfastError):
    """A schema blob that was asked for as a claim and says nothing that counts."""

    blame = Blame.CALLER

    def __init__(self, ref: str, why: str) -> None:
        self.ref, self.why = ref, why
        super().__init__(f"blob {ref} is not a claim: {why}")


class BadClaim(HoldfastError):
    """Something to be claimed that readers would ignore, or read as something else."""

    blame = Blame.CALLER

    def __init__(self, why: str, *, remedy: str) -> None:
        self.why, self.remedy = why, remedy
        super().__init__(f"this cannot be claimed: {why}; {remedy}")
