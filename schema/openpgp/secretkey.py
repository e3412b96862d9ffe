"""Secret keys, version 4: their numbers, the ring they are kept in, and signing with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from . import armor
from .errors import BadOpenPgp, LockedKey
from .packets import SECRET_KEY, USER_ID, Fields, read_packets, write_mpi, write_packet
from .publickey import (
    ED25519,
    ED25519_CURVE,
    EDDSA_LEGACY,
    RSA,
    RSA_SIGN_ONLY,
    PublicKey,
    RsaNumbers,
    read_public_key,
)
from .signature import (
    BINARY,
    CERTIFICATION,
    CREATED,
    ISSUER,
    KEY_FLAGS,
    PRIMARY_USER_ID,
    SHA256,
    hashed_part,
    signed_digest,
    write_signature,
)

MAY_CERTIFY_AND_SIGN = b"\x03"


@dataclass(frozen=True)
class SecretKey:
    """A key that can sign. Its secrets are in `body`, the packet without header: show it nobody.

    Of an RSA key's primes `body` has the smaller first, as the standard asks. Perkeep's rings
    have them in either order, and GnuPG, given the larger first, makes bad signatures now and then.
    """

    public: PublicKey
    body: bytes = field(repr=False)
    sign_digest: Callable[[bytes], bytes] = field(repr=False, compare=False)

    def detached(self, data: bytes, *, time: int) -> bytes:
        """The packet of a signature of `data` by SHA-256; `time` is in seconds since 1970."""
        return self.certified(data, kind=BINARY, time=time)

    def certified(
        self, data: bytes, *, kind: int, time: int, more: list[tuple[int, bytes]] | None = None
    ) -> bytes:
        """The packet of a signature of some kind, with `more` subpackets than date and issuer."""
        subpackets = [
            (CREATED, time.to_bytes(4, "big")),
            (ISSUER, bytes.fromhex(self.public.key_id)),
            *(more or ()),
        ]
        hashed = hashed_part(kind, self.public.algorithm, subpackets)
        digest = signed_digest(data, hashed, SHA256)
        return write_signature(hashed, digest, self._values(self.sign_digest(digest)))

    def ring(self, user_id: bytes, *, time: int) -> bytes:
        """A binary secret ring of this key, named `user_id`, as the key itself certifies it."""
        body = self.public.body
        signed = b"\x99%b%b\xb4%b%b" % (
            len(body).to_bytes(2, "big"),
            body,
            len(user_id).to_bytes(4, "big"),
            user_id,
        )
        more = [(KEY_FLAGS, MAY_CERTIFY_AND_SIGN), (PRIMARY_USER_ID, b"\x01")]
        return (
            write_packet(SECRET_KEY, self.body)
            + write_packet(USER_ID, user_id)
            + self.certified(signed, kind=CERTIFICATION, time=time, more=more)
        )

    def _values(self, signed: bytes) -> bytes:
        if self.public.algorithm == ED25519:
            return signed
        if self.public.algorithm == EDDSA_LEGACY:
            return b"".join(
                write_mpi(int.from_bytes(half, "big")) for half in (signed[:32], signed[32:])
            )
        # Perkeep counts the bits of all bytes, zeros in front too. So must who wants its refs.
        return (len(signed) * 8).to_bytes(2, "big") + signed


def secret_key_packets(ring: bytes) -> Iterator[tuple[PublicKey, bytes]]:
    """The primary keys of a secret ring, binary or armored: each public half and packet body.

    Keys nobody here understands are left out. Raises `BadOpenPgp` for data that is no ring.
    """
    if not ring[:1] >= b"\x80":
        ring = armor.dearmored(armor.PRIVATE_KEY, ring)
    for tag, body in read_packets(ring):
        if tag == SECRET_KEY:
            try:
                yield read_public_key(Fields(body), body), body
            except BadOpenPgp:
                continue


def parse_secret_key(body: bytes) -> SecretKey:
    """The key of a secret key packet. Raises `BadOpenPgp`, and `LockedKey` of that kind."""
    fields = Fields(body)
    public = read_public_key(fields, body)
    if fields.number(1) != 0:
        raise LockedKey(public.key_id)
    start = fields.offset
    sign, secret = _signer(public, fields)
    if fields.number(2) != sum(body[start : fields.offset - 2]) & 0xFFFF:
        raise BadOpenPgp("the checksum of a secret key does not match")
    if not fields.is_at_end:
        raise BadOpenPgp("a secret key packet holds more than a key")
    return SecretKey(public, _body(public.body, secret), sign)


def new_rsa_key(*, bits: int, time: int) -> SecretKey:
    """A fresh RSA key, made at `time`, in seconds since 1970."""
    from .arithmetic import new_rsa

    public, d, p, q = new_rsa(bits)
    secret = _rsa_secret(d, p, q)
    return _assembled(RSA, write_mpi(public.n) + write_mpi(public.e), secret, time)


def new_ed25519_key(*, time: int, algorithm: int = EDDSA_LEGACY) -> SecretKey:
    """A fresh Ed25519 key in the older writing, or, with `ED25519`, in the newer."""
    from .arithmetic import ed25519_signer, new_ed25519

    seed = new_ed25519()
    point = ed25519_signer(seed)[0].point
    if algorithm == ED25519:
        return _assembled(ED25519, point, seed, time)
    curve = bytes((len(ED25519_CURVE),)) + ED25519_CURVE
    public = curve + write_mpi(int.from_bytes(b"\x40" + point, "big"))
    return _assembled(EDDSA_LEGACY, public, write_mpi(int.from_bytes(seed, "big")), time)


def _assembled(algorithm: int, public: bytes, secret: bytes, time: int) -> SecretKey:
    body = b"\x04" + time.to_bytes(4, "big") + bytes((algorithm,)) + public
    return parse_secret_key(_body(body, secret))


def _body(public: bytes, secret: bytes) -> bytes:
    """A secret key packet without passphrase."""
    return public + b"\0" + secret + (sum(secret) & 0xFFFF).to_bytes(2, "big")


def _rsa_secret(d: int, p: int, q: int) -> bytes:
    low, high = sorted((p, q))
    return b"".join(write_mpi(number) for number in (d, low, high, pow(low, -1, high)))


def _signer(public: PublicKey, fields: Fields) -> tuple[Callable[[bytes], bytes], bytes]:
    """How to sign with the secret that follows, and that as it is written."""
    from .arithmetic import ed25519_signer, rsa_signer

    if public.algorithm in (RSA, RSA_SIGN_ONLY) and isinstance(public.material, RsaNumbers):
        d, p, q, _ = (int.from_bytes(fields.mpi(), "big") for _ in range(4))
        return rsa_signer(public.material, d, p, q), _rsa_secret(d, p, q)
    if public.algorithm == EDDSA_LEGACY:
        seed = fields.mpi().rjust(32, b"\0")
    elif public.algorithm == ED25519:
        seed = fields.take(32)
    else:
        raise BadOpenPgp(f"a secret key of algorithm {public.algorithm}; sign with GnuPG instead")
    if len(seed) != 32:
        raise BadOpenPgp("an Ed25519 secret of the wrong size")
    point, sign = ed25519_signer(seed)
    if point != public.material:
        raise BadOpenPgp("a secret key that does not belong to its public one")
    number = int.from_bytes(seed, "big")
    return sign, seed if public.algorithm == ED25519 else write_mpi(number)
