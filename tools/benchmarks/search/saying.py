"""From things to blobs: what is signed by a key that is a secret to nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from ....blobstore.ref import Blob, Ref
from ....schema.claims import AddAttribute, AttributeChange, SetAttribute, claim_text
from ....schema.facts import FileFacts
from ....schema.filewriter import write_small_file
from ....schema.openpgp.arithmetic import ed25519_signer
from ....schema.openpgp.packets import write_mpi
from ....schema.openpgp.publickey import ED25519_CURVE, EDDSA_LEGACY
from ....schema.openpgp.secretkey import SecretKey, parse_secret_key
from ....schema.permanodes import RANDOM_SIZE, random_permanode_text
from ....schema.signing import sign, signing_second
from ....schema.timestamps import Timestamp, format_time
from .pictures import Picture, jpeg
from .things import Photo, Text, Thing

_KEY_TIME = 1_072_915_200
_BETWEEN_CLAIMS = 1_000_000


def seeded_key(seed: str) -> SecretKey:
    """The Ed25519 key that a seed always gives."""
    secret = hashlib.sha256(seed.encode()).digest()
    point = ed25519_signer(secret)[0].point
    body = b"".join(
        (
            b"\x04" + _KEY_TIME.to_bytes(4, "big") + bytes((EDDSA_LEGACY,)),
            bytes((len(ED25519_CURVE),)) + ED25519_CURVE,
            write_mpi(int.from_bytes(b"\x40" + point, "big")),
        )
    )
    number = write_mpi(int.from_bytes(secret, "big"))
    return parse_secret_key(body + b"\0" + number + (sum(number) & 0xFFFF).to_bytes(2, "big"))


class Said(NamedTuple):
    """A thing as blobs, and what is to be found of it."""

    permanode: Ref
    blobs: list[Blob]
    """The permanode, its content's blobs if it has some, and its claims."""

    modified: int
    """The date of the last claim."""


class Voice:
    """Says things in the name of a key; the same every time."""

    def __init__(self, key: SecretKey, draw: Callable[[Picture], bytes] = jpeg) -> None:
        self._key, self._draw = key, draw
        self.signer = Blob(Ref.of(key.public.blob), key.public.blob)

    def say(self, thing: Thing) -> Said:
        """A thing as blobs, but for its members."""
        permanode = self._signed(
            random_permanode_text(
                self.signer.ref,
                Timestamp(thing.made),
                random=hashlib.sha256(b"%d" % thing.number).digest()[:RANDOM_SIZE],
            ),
            thing.made,
        )
        blobs = [permanode]
        content = None if thing.content is None else self._write(thing.content, blobs)
        changes = list(_changes(permanode.ref, thing, content))
        blobs += self._claims(changes, after=thing.made)
        return Said(permanode.ref, blobs, thing.made + len(changes) * _BETWEEN_CLAIMS)

    def add_members(self, said_until: int, owner: Ref, members: Sequence[Ref]) -> Said:
        """That others belong to a thing of which all else has been said until then."""
        changes = [AddAttribute(owner, "camliMember", member) for member in members]
        blobs = list(self._claims(changes, after=said_until))
        return Said(owner, blobs, said_until + len(changes) * _BETWEEN_CLAIMS)

    def _claims(self, changes: Iterable[AttributeChange], *, after: int) -> Iterator[Blob]:
        for number, change in enumerate(changes, 1):
            date = after + number * _BETWEEN_CLAIMS
            yield self._signed(claim_text(self.signer.ref, Timestamp(date), change), date)

    def _signed(self, text: bytes, date: int) -> Blob:
        signed = sign(text, self._key, time=signing_second(date))
        return Blob(Ref.of(signed), signed)

    def _write(self, content: Photo | Text, blobs: list[Blob]) -> Ref:
        data = self._draw(content.picture) if isinstance(content, Photo) else content.text.encode()
        facts = FileFacts(
            name=content.name.encode(),
            mode=0o644,
            uid=1000,
            gid=1000,
            owner="user",
            group="user",
            mtime_ns=content.modified,
        )
        return write_small_file(facts, data, blobs.append)


def _changes(permanode: Ref, thing: Thing, content: Ref | None) -> Iterator[AttributeChange]:
    if content is not None:
        yield SetAttribute(permanode, "camliContent", content)
    yield SetAttribute(permanode, "title", thing.title)
    for tag in thing.tags:
        yield AddAttribute(permanode, "tag", tag)
    if thing.place is not None:
        for name, degrees in zip(("latitude", "longitude"), thing.place, strict=True):
            yield SetAttribute(permanode, name, f"{degrees:.4f}")
    if thing.created is not None:
        yield SetAttribute(permanode, "dateCreated", format_time(Timestamp(thing.created)))
