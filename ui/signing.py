"""The sign helper: signing with the server's key, and verifying, for clients that have neither."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from falcon.asgi import App, Request, Response
from multipart import parse_options_header

from ..blobstore.errors import BadRef
from ..blobstore.handlers.answers import (
    TEXT_TYPE,
    answer_bytes,
    answer_json,
    answer_text,
    json_text,
)
from ..blobstore.handlers.auth import peer_of
from ..blobstore.handlers.budget import Lease
from ..blobstore.handlers.form import BadForm
from ..blobstore.ref import Ref
from ..schema.blob import MAX_SCHEMA_SIZE
from ..schema.errors import Refusal, SignatureRefused, UnknownSigner
from ..schema.jsontext import BadJson, as_ref, plain, read_object
from ..schema.openpgp.publickey import PublicKey
from ..schema.signing import signing_second
from ..schema.timestamps import NANOSECONDS
from ..schema.verifying import SignerKeys, verify
from .ownkey import OwnKey
from .services import Services
from .sinks import add_sink

ROOT = "/sighelper/"

MAX_BODY = 3 * MAX_SCHEMA_SIZE + 1024
"""Bytes of a form with one parameter as large as it may be, each byte written as `%xx`."""

_MAX_PARAMETERS = 100

_UNSUPPORTED = "Unsupported path or method."

# The words of the reference, where it has some of its own.
_WORDS = {
    Refusal.NO_SIGNATURE: "jsonsign: no 13-byte camliSig separator found in sjson",
    Refusal.NOT_ALONE: "parsing signature map failed",
    Refusal.NOT_JSON: "parsing payload map failed",
    Refusal.TAMPERED: "signature verification failed",
}


def signing_document(public: PublicKey, hash_name: str) -> dict[str, object]:
    """What discovery tells of the server's key."""
    ref = Ref.of(public.blob, hash_name=hash_name)
    return {
        "publicKey": f"{ROOT}camli/{ref}",
        "publicKeyBlobRef": ref,
        "publicKeyId": public.key_id,
        "signHandler": f"{ROOT}camli/sig/sign",
        "verifyHandler": f"{ROOT}camli/sig/verify",
    }


def add_signing(app: App[Any, Any], services: Services, key: OwnKey | None) -> None:
    """Let `app` answer everything below `/sighelper/`."""
    answer = _SignHandler(services, key).answer if key is not None else _answer_without_a_key
    add_sink(app, rf"{ROOT}(?P<rest>.*)\Z", answer, auth=services.auth)


async def _answer_without_a_key(_req: Request, resp: Response, _action: str) -> None:
    text = "this server has no key to sign with; make or import one with `holdfast init`\n"
    answer_text(resp, text, status=404)


class _SignHandler:
    """Answers for one key. What it refuses it raises as `BadForm`: 400 and a line of text."""

    def __init__(self, services: Services, key: OwnKey) -> None:
        self._services = services
        self._blobs = services.blobs
        self._key = key
        self._keys = SignerKeys(self._blobs.hub.storage)

    async def answer(self, req: Request, resp: Response, action: str) -> None:
        method = "GET" if req.method == "HEAD" else req.method
        match method, action:
            case "GET", "":
                answer_bytes(resp, b"", status=302)
                resp.set_header("location", f"{ROOT}camli/sig/discovery")
            case "GET", "camli/sig/discovery":
                document = signing_document(self._key.public, self._services.hash_name)
                answer_json(resp, document)
            case "GET", "camli/sig/sign" | "camli/sig/verify":
                raise BadForm("POST required")
            case "GET", _ if self._is_own(action):
                answer_bytes(resp, self._key.public.blob)
            case "POST", "camli/sig/sign":
                with self._blobs.memory.lease(peer_of(req.scope).abort) as lease:
                    await self._sign(req, resp, lease)
            case "POST", "camli/sig/verify":
                with self._blobs.memory.lease(peer_of(req.scope).abort) as lease:
                    await self._verify(req, resp, lease)
            case _:
                raise BadForm(_UNSUPPORTED)

    async def _sign(self, req: Request, resp: Response, lease: Lease) -> None:
        text = await self._parameter(req, "json", lease)
        ref = await self._blobs.read(_signer_of, text)
        if not self._key.is_called(ref):
            raise BadForm(f"failed to find public key {ref}: file does not exist")
        # A clock that is far off keeps nobody from signing.
        now = signing_second(int(self._services.clock().timestamp()) * NANOSECONDS)
        with lease.ours():
            # Perkeep's server signs texts without a camliVersion too, which nobody verifies.
            signed = await self._key.sign(text, time=now, needs_version=False)
            await self._key.publish(ref)
        answer_bytes(resp, signed, content_type=TEXT_TYPE)

    async def _verify(self, req: Request, resp: Response, lease: Lease) -> None:
        blob = await self._parameter(req, "sjson", lease)
        # JSON, and announced as text: so it is in the reference.
        answer_bytes(resp, await self._blobs.read(self._verdict, blob), content_type=TEXT_TYPE)

    def _verdict(self, blob: bytes) -> bytes:
        verdict: dict[str, object] = {"signatureValid": True}
        try:
            found = verify(blob, self._find_key)
        except SignatureRefused as error:
            words = _WORDS.get(error.reason, str(error))
            verdict = {"signatureValid": False, "errorMessage": words}
        except UnknownSigner as error:
            verdict = {"signatureValid": False, "errorMessage": str(error)}
        else:
            verdict["signerKeyId"] = found.key.key_id
            verdict["verifiedData"] = plain(read_object(found.payload + b"}"))
        return json_text(verdict) + b"\n"

    def _find_key(self, ref: Ref) -> PublicKey:
        return self._key.public if self._key.is_called(ref) else self._keys(ref)

    def _is_own(self, action: str) -> bool:
        folder, _, name = action.rpartition("/")
        try:
            return folder == "camli" and self._key.is_called(Ref.parse(name))
        except BadRef:
            return False

    async def _parameter(self, req: Request, name: str, lease: Lease) -> bytes:
        """One parameter of the form, to the byte; one in the body wins over one in the URL."""
        too_large = BadForm(f'parameter "{name}" too large')
        body = b""
        kind, _ = parse_options_header(req.content_type or "")
        if kind == "application/x-www-form-urlencoded":
            if (req.content_length or 0) > MAX_BODY:
                raise too_large
            pieces: list[bytes] = []
            async for piece in req.stream:
                await lease.grow(len(piece))
                if lease.held > MAX_BODY:
                    raise too_large
                pieces.append(piece)
            body = b"".join(pieces)
        value = b""
        for text in (body, req.scope["query_string"]):
            value = value or await self._blobs.read(_value_in, text, name)
        if not value:
            raise BadForm(f'missing "{name}" parameter')
        if len(value) > MAX_SCHEMA_SIZE:
            raise too_large
        return value


def _value_in(form: bytes, name: str) -> bytes:
    """The first value of a name in urlencoded text; empty if there is none."""
    try:
        # Each byte stands for itself, so that exactly what was sent is signed.
        pairs = parse_qsl(
            form.decode("latin-1"), encoding="latin-1", max_num_fields=_MAX_PARAMETERS
        )
    except ValueError:
        raise BadForm(f"at most {_MAX_PARAMETERS} parameters") from None
    return next((value.encode("latin-1") for key, value in pairs if key == name), b"")


def _signer_of(text: bytes) -> Ref:
    """The key a text wants to be signed with."""
    try:
        fields = dict(read_object(text))
    except BadJson:
        raise BadForm("json parse error") from None
    if "camliSigner" not in fields:
        raise BadForm('json lacks "camliSigner" key with public key blobref')
    try:
        return as_ref(fields["camliSigner"], "camliSigner")
    except BadJson:
        raise BadForm('json "camliSigner" key is malformed or unsupported') from None
