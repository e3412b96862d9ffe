"""Questions asked of stores: of this machine's, of a server, and of one as of a Perkeep server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.query.constraints import Constraint, FileConstraint, PermanodeConstraint
from holdfast.index.query.errors import BadQuery
from holdfast.index.query.pages import Sort
from holdfast.index.query.request import DescribeRequest, SearchQuery
from holdfast.index.query.scalars import LocationConstraint, StringConstraint
from holdfast.schema.claims import AddAttribute, SetAttribute
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file
from holdfast.schema.identity import new_identity, secret_ring
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.tools.claiming.desk import Desk
from holdfast.tools.client.address import Address
from holdfast.tools.client.errors import (
    BadAnswer,
    CannotAnswer,
    CannotSearch,
    SearchRefused,
    ServerFailed,
)
from holdfast.tools.client.opening import connect, open_store
from holdfast.tools.client.search import AnswersQuestions
from holdfast.tools.client.store import CanBeAsked, Store
from holdfast.tools.config import load_config
from holdfast.tools.searching.asking import questions_at
from holdfast.tools.searching.items import changed_items
from holdfast.tools.searching.lookups import described, files_of
from holdfast.tools.searching.paged import Paged
from holdfast.tools.searching.results import Results
from holdfast.tools.searching.saved import all_saved, save
from holdfast.tools.throwaway import serving

THINGS = 7
TAGGED = SearchQuery(expression="tag:all", limit=-1)


@dataclass(frozen=True)
class Filled:
    """A store, and the things in it in the order they were made."""

    store: Store
    files: list[Ref]
    permanodes: list[Ref]

    @property
    def questions(self) -> AnswersQuestions:
        return questions_at(self.store, note=lambda _: None)


def fill(store: Store, owner: SecretKey) -> Filled:
    """Put things there: files of three different contents, and a permanode for each."""
    desk = Desk(store, owner)
    files, permanodes = [], []
    for number in range(THINGS):
        blobs: list[Blob] = []
        facts = FileFacts(name=f"f{number}.txt".encode())
        files.append(write_file(facts, b"file %d" % (number % 3) * 9, blobs.append))
        store.send(blobs, durable=True)
        permanodes.append(desk.claimer.permanode())
        desk.claim(
            [
                SetAttribute(permanodes[-1], "camliContent", files[-1]),
                SetAttribute(permanodes[-1], "title", f"thing {number}"),
                AddAttribute(permanodes[-1], "tag", "all"),
            ]
        )
    return Filled(store, files, permanodes)


@pytest.fixture(scope="module")
def owner() -> SecretKey:
    return new_identity(time=1_700_000_000)


def make_home(home: Path, owner: SecretKey) -> Path:
    ring = home / "identity-secring.gpg"
    ring.touch(mode=0o600)
    ring.write_bytes(secret_ring(owner, is_armored=False))
    (home / "config.toml").write_text('[server]\nlisten = "127.0.0.1:1"\n')
    return home


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory, owner: SecretKey) -> Iterator[Filled]:
    config = load_config({}, home=make_home(tmp_path_factory.mktemp("local"), owner))
    with open_store(config, make=True) as store:
        yield fill(store, owner)


@pytest.fixture(scope="module")
def holdfast(tmp_path_factory: pytest.TempPathFactory, owner: SecretKey) -> Iterator[Filled]:
    home = make_home(tmp_path_factory.mktemp("server"), owner)
    with (
        serving(home, log=home / "log") as server,
        closing(connect(Address.parse(server.url), auth=None)) as store,
    ):
        yield fill(store, owner)


@pytest.fixture(scope="module")
def perkeep(holdfast: Filled) -> Iterator[Filled]:
    """The same server, spoken to in Perkeep's words alone."""
    address = Address.parse(holdfast.store.name)
    with closing(connect(address, auth=None, without_own_calls=True)) as store:
        yield replace(holdfast, store=store)


@pytest.fixture(params=["local", "holdfast", "perkeep"])
def filled(request: pytest.FixtureRequest) -> Filled:
    found: Filled = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("at_once", [1, 2, 3, THINGS, 100])
@pytest.mark.parametrize("sort", [None, Sort.CREATED, Sort.MODIFIED_DESC, Sort.BLOBREF])
def test_pages_come_to_the_whole_list_in_its_order(
    filled: Filled, sort: Sort | None, at_once: int
) -> None:
    expected = {
        Sort.CREATED: filled.permanodes,
        Sort.BLOBREF: sorted(filled.permanodes),
    }.get(sort or Sort.CREATED_DESC, filled.permanodes[::-1])
    query = replace(TAGGED, sort=sort)
    found = Results(filled.questions, query, name="it", at_once=at_once)
    items = list(found)
    assert [item.ref for item in items] == expected
    assert not found.has_more
    assert {item.title for item in items} == {f"thing {n}" for n in range(THINGS)}
    assert all(item.contents is not None and item.contents.size == 54 for item in items)


@pytest.mark.parametrize("most", range(1, THINGS + 2))
@pytest.mark.parametrize("sort", [None, Sort.UNSORTED])
@pytest.mark.parametrize("at_once", [2, 3, 100])
def test_a_list_that_ends_early_says_so(
    local: Filled, most: int, sort: Sort | None, at_once: int
) -> None:
    query = replace(TAGGED, limit=most, sort=sort)
    found = Results(local.questions, query, name="it", at_once=at_once, describe=False)
    assert [item.ref for item in found] == local.permanodes[::-1][:most]
    assert found.has_more is (most < THINGS)


def test_where_a_server_has_no_way_to_go_on_all_is_asked_for_at_once(perkeep: Filled) -> None:
    query = replace(TAGGED, sort=Sort.UNSORTED)
    found = [item.ref for item in Results(perkeep.questions, query, name="it", at_once=2)]
    assert sorted(found) == sorted(perkeep.permanodes)


def test_a_page_around_a_thing_stays_one(filled: Filled) -> None:
    middle = filled.permanodes[3]
    query = replace(TAGGED, limit=3, around=middle)
    found = Results(filled.questions, query, name="it")
    assert [item.ref for item in found] == filled.permanodes[4:1:-1]
    assert not found.has_more


def test_every_store_says_what_things_are(filled: Filled) -> None:
    first = filled.permanodes[0]
    answer = filled.questions.describe(DescribeRequest(blobrefs=(first,), depth=2))
    assert set(answer["meta"]) == {first, filled.files[0]}  # type: ignore[call-overload]
    names = [
        item.contents.name
        for item in described(filled.questions, filled.files)
        if item.contents is not None
    ]
    assert names == [f"f{n}.txt" for n in range(THINGS)]


def test_every_store_says_what_was_changed_last(filled: Filled) -> None:
    newest = list(changed_items(filled.questions.recent(limit=2)))
    assert [item.ref for item in newest] == filled.permanodes[:-3:-1]
    before = newest[1].modified
    older = list(changed_items(filled.questions.recent(limit=1, before=before)))
    assert [item.ref for item in older] == [filled.permanodes[-3]]


def test_every_store_says_which_files_have_some_contents(filled: Filled) -> None:
    wholes = [Ref.of(b"file %d" % n * 9) for n in range(120)]
    answer = filled.questions.files(wholes)["files"]
    assert isinstance(answer, dict)
    assert {whole: sorted(files) for whole, files in answer.items() if files} == {
        wholes[n]: sorted(filled.files[n::3]) for n in range(3)
    }
    assert files_of(filled.questions, wholes[3], name="it") == []
    assert sorted(files_of(filled.questions, wholes[0], name="it")) == sorted(filled.files[::3])


@pytest.fixture(params=["local", "holdfast"])
def own(request: pytest.FixtureRequest) -> Filled:
    found: Filled = request.getfixturevalue(request.param)
    return found


def test_our_own_questions_are_answered_near_and_far(own: Filled) -> None:
    asked = own.questions
    assert asked.why(own.files[0])["is"] == {"type": "file", "name": "f0.txt"}
    assert asked.query(TAGGED, explain=True)["explain"]
    for at_once in (1, 2, 100):
        copies = list(
            Paged(
                lambda limit, after: asked.duplicates(limit=limit, after=after),
                "duplicates",
                at_once=at_once,
            )
        )
        assert [one["count"] for one in copies] == [3, 2, 2]
    largest = Paged(
        lambda limit, after: asked.largest(limit=limit, after=after), "largest", most=3, at_once=2
    )
    assert len(list(largest)) == largest.given == 3
    assert largest.has_more


def test_only_a_holdfast_server_answers_them(perkeep: Filled) -> None:
    asked = perkeep.questions
    for ask in (
        lambda: asked.why(perkeep.files[0]),
        asked.duplicates,
        asked.largest,
        lambda: asked.query(TAGGED, explain=True),
    ):
        with pytest.raises(CannotAnswer, match="only a Holdfast server can"):
            ask()


@pytest.mark.parametrize(
    "constraint",
    [
        Constraint(file=FileConstraint(text="words")),
        Constraint(named="saved"),
        Constraint(
            permanode=PermanodeConstraint(
                attr="camliContent", value_in_set=Constraint(file=FileConstraint(text="words"))
            )
        ),
        Constraint(permanode=PermanodeConstraint(location=LocationConstraint(place="Paris"))),
    ],
)
def test_what_perkeep_would_leave_out_is_not_asked_of_it(
    perkeep: Filled, constraint: Constraint
) -> None:
    with pytest.raises(CannotAnswer):
        perkeep.questions.query(SearchQuery(constraint=constraint))
    by_name = Constraint(file=FileConstraint(file_name=StringConstraint(has_prefix="f")))
    found = Results(perkeep.questions, SearchQuery(constraint=by_name), name="it")
    assert {item.ref for item in found} == set(perkeep.files)


def test_mistakes_are_the_askers_wherever_they_are_noticed(own: Filled) -> None:
    for expression, start in (("  tag:ü is:imge", 8), ("tag:a or", 6), ("tag:a -", 7)):
        with pytest.raises((BadQuery, SearchRefused)) as refused:
            own.questions.query(SearchQuery(expression=expression))
        assert getattr(refused.value, "start", None) == start
        assert refused.value.problem
    with pytest.raises((BadQuery, SearchRefused), match="neither file nor directory"):
        own.questions.largest(kind="nonsense")


def test_searches_are_saved_wherever_there_is_a_search(filled: Filled, owner: SecretKey) -> None:
    desk = Desk(filled.store, owner)
    name = f"first of {type(filled.store).__name__}"
    saving = save(desk, filled.questions, name, 'title:"thing 0"')
    assert len(saving.claims) == 3
    query = SearchQuery(expression=f'named:"{name}" tag:all')
    assert [i.ref for i in Results(filled.questions, query, name="it")] == filled.permanodes[:1]
    again = save(desk, filled.questions, name, ' title:"thing 0"\n')
    assert again == saving._replace(claims=[])
    changed = save(desk, filled.questions, name, '{"permanode":{"attr":"tag","value":"all"}}')
    assert (changed.permanode, len(changed.claims)) == (saving.permanode, 1)
    assert len(list(Results(filled.questions, query, name="it"))) == THINGS
    found = {saved.name: saved for saved in all_saved(filled.questions, filled.store)}
    assert found[name].text == '{"permanode":{"attr":"tag","value":"all"}}'
    assert (found[name].permanode, found[name].content) == (changed.permanode, changed.content)
    desk.claim([SetAttribute(changed.permanode, "camliContent", Ref.of(b"nowhere"))])
    found = {saved.name: saved for saved in all_saved(filled.questions, filled.store)}
    assert found[name].text is None
    save(desk, filled.questions, name, "tag:all")
    with pytest.raises(BadQuery):
        save(desk, filled.questions, name, "tag:a or")


PERKEEPS = (
    'Invalid SearchQuery: Error parsing search expression "tag:ssumq is:imge":'
    ' Unknown search predicate: "is:imge" at position 10, token: "is:imge"'
    " \nSee: https://perkeep.org/doc/search-ui"
)
"""What a Perkeep server of 2021 says."""


@contextmanager
def saying(status: int, said: object, *, root: str = "/my-search/") -> Iterator[Store]:
    """What answers every question in the same way, as some servers do."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(200, {"blobRoot": "/bs/", "searchRoot": root})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self._send(status, said)

        def _send(self, status: int, document: object) -> None:
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            address = Address.parse(f"http://127.0.0.1:{server.server_port}")
            with closing(connect(address, auth=None)) as store:
                yield store
        finally:
            server.shutdown()
            thread.join()


def ask(store: Store, expression: str) -> None:
    assert isinstance(store, CanBeAsked)
    list(Results(store.questions(), SearchQuery(expression=expression), name=store.name))


@pytest.mark.parametrize(
    ("expression", "said", "start"),
    [
        ("tag:ssumq is:imge", PERKEEPS, 10),
        ("\u3000 tag:süümq is:imge", PERKEEPS.replace("position 10", "position 12"), 12),
        ("tag:a and", PERKEEPS.replace("position 10", "position -1"), 9),
        ("tag:a", PERKEEPS, 5),
    ],
)
def test_where_perkeep_sees_a_mistake_is_told_in_characters(
    expression: str, said: str, start: int
) -> None:
    document = {"error": said, "errorType": "Internal Server Error"}
    with saying(500, document) as store, pytest.raises(SearchRefused) as refused:
        ask(store, expression)
    assert refused.value.start == start
    assert refused.value.problem == 'Unknown search predicate: "is:imge"'


@pytest.mark.parametrize(
    ("status", "said", "error"),
    [
        (500, {"error": "Invalid SearchQuery: nonsense"}, SearchRefused),
        (400, {"error": "Missing parameter"}, SearchRefused),
        (400, {"error": f"Invalid SearchQuery: the saved search: {PERKEEPS[21:]}"}, SearchRefused),
        (500, {"error": "file does not exist"}, ServerFailed),
        (503, {"error": "the index is catching up"}, ServerFailed),
        (500, b"\xff", ServerFailed),
        (500, [1], ServerFailed),
        (500, b"[" * 100_000, ServerFailed),
        (200, {"error": "Unsupported search path or method", "errorType": "input"}, BadAnswer),
        (200, b"nonsense", BadAnswer),
        (200, {"blobs": [{"blob": "x"}] * 501, "continue": "nonsense"}, BadAnswer),
    ],
)
def test_answers_that_are_none_are_told_apart_from_mistakes(
    status: int, said: object, error: type[Exception]
) -> None:
    with saying(status, said) as store, pytest.raises(error) as raised:
        ask(store, "tag:a")
    # What is wrong elsewhere has no place in what was asked.
    assert getattr(raised.value, "start", None) is None


@pytest.mark.parametrize("root", ["", "http://elsewhere.example/search/"])
def test_a_server_without_a_search_is_told_of(root: str) -> None:
    with saying(200, {}, root=root) as store, pytest.raises(CannotSearch, match="--server"):
        ask(store, "tag:a")
