"""Somebody's store with a server over it, spoken of by names instead of refs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.handlers.auth import Auth
from holdfast.blobstore.handlers.service import BlobService
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.kv.leveldb import destroy_leveldb, open_leveldb
from holdfast.index.opening import Index, open_index
from holdfast.schema.claims import (
    AddAttribute,
    DelAttribute,
    Delete,
    SetAttribute,
    Share,
    Statement,
    claim_text,
)
from holdfast.schema.directories import write_directory
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file
from holdfast.schema.identity import read_identity
from holdfast.schema.openpgp.secretkey import SecretKey, new_ed25519_key
from holdfast.schema.permanodes import random_permanode_text
from holdfast.schema.signing import sign, signing_second
from holdfast.schema.timestamps import Timestamp, parse_time
from holdfast.ui.app import create_app
from holdfast.ui.searches import Searches
from holdfast.ui.services import Services

from .client import Answer, Client

RING = Path(__file__).parents[1] / "data" / "schema" / "identity-secring.gpg"
OWNER_KEY = read_identity(RING.read_bytes())
STRANGER_KEY = new_ed25519_key(time=1_700_000_000)

OWNER = {"Authorization": "Basic dTpw"}

NO_ANSWER = {"blobs": None, "description": None, "LocationArea": None}


def moment(text: str) -> Timestamp:
    """A date, or a date and time in UTC without the final `Z`."""
    parsed = parse_time((text if "T" in text else f"{text}T00:00:00") + "Z")
    assert parsed is not None
    return parsed


class World:
    """A store, its index in LevelDB, and the application over both.

    What is made gets a name, and answers are given in names.
    """

    def __init__(self, folder: Path, *, trusted: Iterable[SecretKey] = ()) -> None:
        """The owner's claims count, and those of `trusted` keys."""
        self._trusted = frozenset(key.public.fingerprint for key in (OWNER_KEY, *trusted))
        self.storage = MemoryStorage()
        self.names: dict[str, Ref] = {}
        self.blobs: dict[Ref, bytes] = {}
        self._folder = folder / "index"
        self._held = ExitStack()
        self._gathered: list[Blob] | None = None
        self._open()
        self.key = self.put(OWNER_KEY.public.blob)

    def _open(self) -> None:
        self._held = ExitStack()
        self.hub = Hub(self.storage)
        threads = self._held.enter_context(ThreadPoolExecutor(2))
        blobs = BlobService(
            hub=self.hub, epoch="here", readers=threads, bulk=threads, writers=threads
        )
        self.index: Index = self._held.enter_context(
            open_index(
                self._folder,
                self.hub,
                open_table=open_leveldb,
                discard_table=destroy_leveldb,
                trusted=self._trusted,
            )
        )
        assert self.index.settle(60)
        self.services = Services(
            blobs=blobs,
            auth=Auth("userpass:u:p", process_token="t" * 40, vivify_token="v" * 40),
            signer=OWNER_KEY,
            claims=self.index.claims,
            index=self.index,
            searches=Searches(self.index.search, threads),
            started=datetime(2026, 11, 21, tzinfo=UTC),
        )
        self.client = Client(create_app(self.services))
        self._held.callback(self.client.close)

    def close(self) -> None:
        self._held.close()

    def restart(self) -> None:
        """Close the server and its index, and open both again."""
        self.close()
        self._open()

    def reindex(self) -> None:
        """Close the server, throw its index away, and open it again."""
        self.close()
        destroy_leveldb(self._folder)
        self._open()

    # What is in the store.

    def put(self, data: bytes, name: str = "") -> Ref:
        ref = Ref.of(data)
        self._receive([Blob(ref, data)])
        return self._named(ref, name)

    def permanode(self, name: str, *, key: SecretKey = OWNER_KEY) -> Ref:
        """A permanode of which nothing is said."""
        text = random_permanode_text(
            Ref.of(key.public.blob), Timestamp(10**18), random=name.encode()[:20].ljust(20)
        )
        return self._named(self._signed(text, 10**18, key), name)

    def says(
        self, statement: Statement, at: str, name: str = "", *, key: SecretKey = OWNER_KEY
    ) -> Ref:
        """A claim with its date."""
        date = moment(at)
        text = claim_text(Ref.of(key.public.blob), date, statement)
        return self._named(self._signed(text, date.ns, key), name)

    def set(self, node: str, attribute: str, value: str, at: str, **more: Any) -> Ref:
        return self.says(SetAttribute(self[node], attribute, self._text(value)), at, **more)

    def add(self, node: str, attribute: str, value: str, at: str, **more: Any) -> Ref:
        return self.says(AddAttribute(self[node], attribute, self._text(value)), at, **more)

    def remove(self, node: str, attribute: str, value: str, at: str, **more: Any) -> Ref:
        return self.says(DelAttribute(self[node], attribute, self._text(value)), at, **more)

    def delete(self, target: str, at: str, **more: Any) -> Ref:
        return self.says(Delete(self[target]), at, **more)

    def share(self, target: str, at: str, **more: Any) -> Ref:
        return self.says(Share(target=self[target], is_transitive=True), at, **more)

    def thing(self, name: str, at: str, **attributes: str | Iterable[str]) -> Ref:
        """A permanode with attributes, all of one date.

        A text is set, texts are added; `_` in a name of an attribute stands for `:`, and `@NAME`
        for the ref of that name.
        """
        ref = self.permanode(name)
        for attribute, values in attributes.items():
            attribute = attribute.replace("_", ":", 1)
            if isinstance(values, str):
                self.set(name, attribute, values, at)
            else:
                for value in values:
                    self.add(name, attribute, value, at)
        return ref

    def file(
        self, name: str, data: bytes, *, modified: str | None = None, called: str | None = None
    ) -> Ref:
        """A file called as it is named here, unless it is `called` otherwise."""
        made: list[Blob] = []
        facts = FileFacts(
            name=(name if called is None else called).encode(),
            mtime_ns=None if modified is None else moment(modified).ns,
        )
        ref = write_file(facts, data, made.append)
        self._receive(made)
        return self._named(ref, name)

    def folder(self, name: str, members: Iterable[str], *, called: str | None = None) -> Ref:
        made: list[Blob] = []
        facts = FileFacts(name=(name if called is None else called).encode())
        ref = write_directory(facts, [self[member] for member in members], made.append)
        self._receive(made)
        return self._named(ref, name)

    def settle(self) -> None:
        """Wait until everything is in the rows."""
        assert self.index.settle(60)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Have what is made in the block received together, in the end: much is quicker so."""
        self._gathered = gathered = []
        try:
            yield
        finally:
            self._gathered = None
        self.hub.receive(gathered)

    def _receive(self, blobs: list[Blob]) -> None:
        if self._gathered is None:
            self.hub.receive(blobs)
        else:
            self._gathered += blobs
        self.blobs.update(blobs)

    def _signed(self, text: bytes, date: int, key: SecretKey) -> Ref:
        return self.put(sign(text, key, time=signing_second(date)))

    def _named(self, ref: Ref, name: str) -> Ref:
        if name:
            assert self.names.setdefault(name, ref) == ref
        return ref

    def _text(self, value: str) -> str:
        return self[value[1:]] if value.startswith("@") else value

    # What the server says of it, in names.

    def __getitem__(self, name: str) -> Ref:
        return self.names[name]

    def name(self, ref: str) -> str:
        """The name of what has this ref, or the ref."""
        return next((name for name, one in self.names.items() if one == ref), ref)

    def in_names(self, value: Any) -> Any:
        """JSON with names where refs stood, as values, keys or parts of texts."""
        text = json.dumps(value)
        for name, ref in self.names.items():
            text = text.replace(ref, json.dumps(name)[1:-1])
        return json.loads(text)

    def in_refs(self, value: Any) -> Any:
        """JSON with refs where `@NAME` stood as a value."""
        match value:
            case dict():
                return {key: self.in_refs(inner) for key, inner in value.items()}
            case list():
                return [self.in_refs(inner) for inner in value]
            case str():
                return self._text(value)
        return value

    def by_ref(self, names: Iterable[str]) -> list[str]:
        """Names in the order of what they name."""
        return sorted(names, key=self.__getitem__)

    @cached_property
    def root(self) -> str:
        """Where the search is, as clients find it."""
        answer = self.client.ask("GET", "/", params="camli.mode=config", headers=OWNER)
        root: str = answer.json["searchRoot"]
        return root

    def ask(self, method: str, call: str, **options: Any) -> Answer:
        """One request to the search, by the owner unless `headers` say otherwise."""
        options.setdefault("headers", OWNER)
        return self.client.ask(method, f"{self.root}camli/search/{call}", **options)

    def get(self, call: str, **params: Any) -> Any:
        """What a GET answers, whose parameters are these; `@NAME` is a ref."""
        answer = self.ask("GET", call, params=self.in_refs(params))
        assert answer.status == 200, answer.text
        return answer.json

    def post(self, call: str, body: Any, **options: Any) -> Answer:
        """A POST of JSON, in which `@NAME` is a ref."""
        return self.ask("POST", call, body=json.dumps(self.in_refs(body)).encode(), **options)

    def query(self, body: Any) -> Any:
        """What a search answers."""
        answer = self.post("query", body)
        assert answer.status == 200, answer.text
        return answer.json

    def describe(self, body: Any) -> Any:
        """What a describe request answers: its `meta`, in names."""
        answer = self.post("describe", body)
        assert answer.status == 200, answer.text
        assert answer.json.keys() == {"meta"}
        return self.in_names(answer.json["meta"])

    def refusal(self, body: Any) -> str:
        """The text of the error that a search answers."""
        answer = self.post("query", body)
        assert answer.status == 400, answer.text
        assert answer.json["errorType"] == "Bad Request"
        error: str = answer.json["error"]
        return error

    def found(self, query: Any) -> list[str]:
        """The names of what a search finds, in order; a text is an expression."""
        body = {"expression": query} if isinstance(query, str) else query
        return self.names_in(self.query(body))

    def fits(self, constraint: Any, **query: Any) -> set[str]:
        """The names of all that fits a constraint."""
        found = self.found({"constraint": constraint, "limit": -1, **query})
        assert len(found) == len(set(found))
        return set(found)

    def pages(self, query: Mapping[str, Any]) -> Iterator[list[str]]:
        """The pages of a search, one after the other, to the last."""
        more: dict[str, str] = {}
        for _ in range(1000):
            answer = self.query({**query, **more})
            yield self.names_in(answer)
            if "continue" not in answer:
                return
            more = {"continue": answer["continue"]}
        raise AssertionError("no last page")

    def names_in(self, answer: Any) -> list[str]:
        return [self.name(found["blob"]) for found in answer["blobs"] or ()]


@contextmanager
def a_world(
    folder: Path, *fill: Callable[[World], None], trusted: Iterable[SecretKey] = ()
) -> Iterator[World]:
    """A world with something in it, all of it indexed."""
    world = World(folder, trusted=trusted)
    try:
        for each in fill:
            each(world)
        world.settle()
        yield world
    finally:
        world.close()
