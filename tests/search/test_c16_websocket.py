"""The websocket of search: standing queries, told again when their answer changes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.claims import (
    AddAttribute,
    DelAttribute,
    Delete,
    SetAttribute,
    Statement,
    claim_text,
)
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file
from holdfast.schema.permanodes import random_permanode_text
from holdfast.schema.signing import sign, signing_second
from holdfast.schema.timestamps import Timestamp

from ..end_to_end.server_process import RunningServer, give_key
from .pictures import picture
from .world import OWNER_KEY

QUIET = 1.5
"""Seconds of silence after which nothing is expected any more."""

NOW = 1_700_000_000 * 10**9


class Talk:
    """A server process, and its owner, who makes claims one second apart."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.at = NOW
        self.server.put(OWNER_KEY.public.blob)
        discovery = server.ask("GET", "/?camli.mode=config").json
        self.root: str = discovery["searchRoot"]
        self.token: str = discovery["authToken"]

    def permanode(self, name: str) -> Ref:
        text = random_permanode_text(
            Ref.of(OWNER_KEY.public.blob), Timestamp(NOW), random=name.encode()[:20].ljust(20)
        )
        return self._put(text, NOW)

    def says(self, *statements: Statement) -> None:
        for says in statements:
            self.at += 10**9
            text = claim_text(Ref.of(OWNER_KEY.public.blob), Timestamp(self.at), says)
            self.last = self._put(text, self.at)

    def file(self, name: str, size: int) -> Ref:
        blobs: list[Blob] = []
        ref = write_file(FileFacts(name=name.encode()), picture(size, 9, kind="PNG"), blobs.append)
        self.server.upload([(blob.ref, blob.data) for blob in blobs])
        return ref

    def _put(self, text: bytes, date: int) -> Ref:
        data = sign(text, OWNER_KEY, time=signing_second(date))
        blob = Blob(Ref.of(data), data)
        self.server.upload([(blob.ref, blob.data)])
        return blob.ref

    def url(self, token: str | None = None) -> str:
        token = self.token if token is None else token
        return f"ws://127.0.0.1:{self.server.port}{self.root}camli/search/ws?authtoken={token}"

    @contextmanager
    def listening(self, **options: Any) -> Iterator[Listener]:
        with connect(self.url(), compression=None, **options) as ws:
            listener = Listener(ws)
            listener.status = listener.heard()
            yield listener

    def fresh_tag(self) -> str:
        self.at += 10**9
        return f"tag{self.at}"


class Listener:
    """One websocket."""

    def __init__(self, ws: ClientConnection) -> None:
        self.ws = ws
        self.status: Any = None

    def send(self, tag: str, query: Any = None) -> None:
        message = {"tag": tag} if query is None else {"tag": tag, "query": query}
        self.ws.send(json.dumps(message))

    def heard(self, timeout: float = 20) -> Any:
        """The next message that is no status."""
        while True:
            text = self.ws.recv(timeout=timeout)
            message = json.loads(text) if text else {}
            if self.status is None or message.get("tag") != "_status":
                return message

    def result(self, tag: str) -> list[str]:
        message = self.heard()
        assert message.keys() == {"tag", "result"}
        assert message["tag"] == tag
        return [one["blob"] for one in message["result"]["blobs"] or ()]

    def rest(self) -> Iterator[Any]:
        """All messages that come until none comes any more."""
        with suppress(TimeoutError):
            while True:
                yield self.heard(timeout=QUIET)

    def is_silent(self, seconds: float = QUIET) -> bool:
        with suppress(TimeoutError):
            self.heard(timeout=seconds)
            return False
        return True


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    home = tmp_path_factory.mktemp("server")
    give_key(home)
    server = RunningServer(home).start()
    try:
        yield Talk(server)
    finally:
        server.stop()


def tagged(tag: str) -> dict[str, Any]:
    return {"expression": f"tag:{tag}"}


def test_the_status_comes_first(talk: Talk) -> None:
    with talk.listening() as listener:
        assert listener.status["tag"] == "_status"
        status = talk.server.ask("GET", "/status/status.json").json
        assert listener.status["status"].keys() == status.keys()
        assert listener.status["status"]["version"] == status["version"]


def test_a_query_is_answered_at_once_with_the_whole_result(talk: Talk) -> None:
    tag = talk.fresh_tag()
    node = talk.permanode(tag)
    talk.says(AddAttribute(node, "tag", tag))
    with talk.listening() as listener:
        query = {**tagged(tag), "describe": {"depth": 1}}
        listener.send("q1", query)
        message = listener.heard()
        body = json.dumps(query).encode()
        by_post = talk.server.ask("POST", f"{talk.root}camli/search/query", body).json
        assert message == {"tag": "q1", "result": by_post}
        assert by_post["blobs"] == [{"blob": node}]


def test_what_changes_the_answer_is_told_and_nothing_else(talk: Talk) -> None:
    tag, other = talk.fresh_tag(), talk.fresh_tag()
    first, second = talk.permanode("1" + tag), talk.permanode("2" + tag)
    with talk.listening() as listener:
        listener.send("mine", tagged(tag))
        assert listener.result("mine") == []
        talk.says(AddAttribute(first, "tag", tag))
        assert listener.result("mine") == [first]
        talk.says(AddAttribute(second, "tag", other))
        talk.server.put(b"no schema blob: " + tag.encode())
        assert listener.is_silent()
        talk.says(AddAttribute(second, "tag", tag))
        assert listener.result("mine") == [second, first]
        talk.says(DelAttribute(first, "tag", tag))
        assert listener.result("mine") == [second]


def test_a_change_of_what_is_described_is_told_too(talk: Talk) -> None:
    tag = talk.fresh_tag()
    node = talk.permanode(tag)
    talk.says(AddAttribute(node, "tag", tag), SetAttribute(node, "title", "one"))
    with talk.listening() as listener:
        listener.send("q", {**tagged(tag), "describe": {"depth": 1}})
        before = listener.heard()
        talk.says(SetAttribute(node, "title", "two"))
        after = listener.heard()
        assert before["result"]["blobs"] == after["result"]["blobs"]
        meta = after["result"]["description"]["meta"]
        assert meta[node]["permanode"]["attr"]["title"] == ["two"]


def test_a_change_far_away_is_told_if_it_matters(talk: Talk) -> None:
    """By a relation, a claim about one permanode changes whether another fits."""
    tag = talk.fresh_tag()
    child, parent = talk.permanode("c" + tag), talk.permanode("p" + tag)
    talk.says(AddAttribute(parent, "camliMember", child), AddAttribute(child, "tag", "x"))
    inner = {"permanode": {"attr": "tag", "value": tag}}
    with talk.listening() as listener:
        relation = {"relation": "parent", "any": inner}
        listener.send("far", {"constraint": {"permanode": {"relation": relation}}})
        assert listener.result("far") == []
        talk.says(AddAttribute(parent, "tag", tag))
        assert listener.result("far") == [child]


def test_a_tag_can_be_given_another_query_and_none(talk: Talk) -> None:
    one, two = talk.fresh_tag(), talk.fresh_tag()
    node = talk.permanode(one)
    with talk.listening() as listener:
        listener.send("q", tagged(one))
        assert listener.result("q") == []
        listener.send("q", tagged(two))
        assert listener.result("q") == []
        talk.says(AddAttribute(node, "tag", one))
        assert listener.is_silent()
        talk.says(AddAttribute(node, "tag", two))
        assert listener.result("q") == [node]
        listener.send("q")
        talk.says(DelAttribute(node, "tag", two))
        assert listener.is_silent()


def test_several_queries_of_one_listener_and_of_several(talk: Talk) -> None:
    one, two = talk.fresh_tag(), talk.fresh_tag()
    node = talk.permanode(one)
    with talk.listening() as here, talk.listening() as there:
        here.send("a", tagged(one))
        assert here.result("a") == []
        here.send("b", tagged(two))
        assert here.result("b") == []
        there.send("a", tagged(two))
        assert there.result("a") == []
        talk.says(AddAttribute(node, "tag", two))
        assert here.result("b") == [node]
        assert there.result("a") == [node]
        talk.says(AddAttribute(node, "tag", one))
        assert here.result("a") == [node]
        assert there.is_silent()


def test_keys_of_messages_match_in_any_case(talk: Talk) -> None:
    tag = talk.fresh_tag()
    with talk.listening() as listener:
        listener.ws.send(json.dumps({"Tag": "x", "QUERY": {"Expression": f"tag:{tag}"}}))
        assert listener.result("x") == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"expression": "is:imge"}, "Unknown search predicate"),
        ({"expression": "tag:x", "constraint": {"anything": True}}, "mutually exclusive"),
        ({"sort": "size"}, "Bogus search sort type"),
        ({"nosuch": 1}, "nosuch"),
    ],
)
def test_what_is_wrong_with_a_query_is_said(talk: Talk, query: Any, said: str) -> None:
    """Perkeep says nothing at all."""
    with talk.listening() as listener:
        listener.send("bad", query)
        message = listener.heard()
        assert message["tag"] == "bad"
        assert said in message["error"]
        assert message["errorType"] == "Bad Request"
        assert "result" not in message
        listener.send("good", tagged("nosuch"))
        assert listener.result("good") == []


@pytest.mark.parametrize(
    "text", ["", "nonsense", "[]", "{}", '{"query": {}}', '{"tag": 5, "query": {}}', '{"tag": ""}']
)
def test_a_message_that_is_none_is_passed_over(talk: Talk, text: str) -> None:
    with talk.listening() as listener:
        listener.ws.send(text)
        listener.send("good", tagged("nosuch"))
        assert listener.result("good") == []


def test_a_message_that_is_too_long_ends_the_connection(talk: Talk) -> None:
    with talk.listening() as listener:
        listener.send("long", {"expression": "tag:" + "x" * 9_000})
        assert listener.result("long") == []
        listener.send("longer", {"expression": "tag:" + "x" * 11_000})
        with pytest.raises(ConnectionClosed) as closed:
            listener.heard()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


def refused(connecting: Callable[[], Any]) -> int:
    with pytest.raises(InvalidStatus) as error:
        connecting()
    status: int = error.value.response.status_code
    return status


def test_a_listener_must_be_known(talk: Talk) -> None:
    assert refused(lambda: connect(talk.url("nonsense"))) == 401
    assert refused(lambda: connect(talk.url(""))) == 401
    headers = talk.server.credentials
    with connect(talk.url(""), additional_headers=headers) as ws:
        assert json.loads(ws.recv(timeout=20))["tag"] == "_status"


def test_a_page_from_elsewhere_may_not_listen(talk: Talk) -> None:
    assert refused(lambda: connect(talk.url(), origin="http://evil.example")) == 403  # type: ignore[arg-type]
    own = f"http://127.0.0.1:{talk.server.port}"
    with talk.listening(origin=own) as listener:
        assert listener.status["tag"] == "_status"


def test_without_a_handshake_there_is_no_websocket(talk: Talk) -> None:
    path = f"{talk.root}camli/search/ws"
    assert talk.server.ask("GET", path, anonymous=True).status == 401
    answer = talk.server.ask("GET", path)
    assert answer.status == 400
    assert b"websocket handshake" in answer.body.lower()


def test_many_changes_at_once_are_told_in_few_messages(talk: Talk) -> None:
    tag = talk.fresh_tag()
    node = talk.permanode(tag)
    with talk.listening() as listener:
        listener.send("q", {**tagged(tag), "describe": {"depth": 1}})
        assert listener.result("q") == []
        for number in range(40):
            talk.says(SetAttribute(node, "title", str(number)), AddAttribute(node, "tag", tag))
        messages = list(listener.rest())
        assert 1 <= len(messages) <= 40
        meta = messages[-1]["result"]["description"]["meta"]
        assert meta[node]["permanode"]["attr"]["title"] == ["39"]


STANDING: dict[str, dict[str, Any]] = {
    "everything": {},
    "tagged": {"expression": "tag:red"},
    "not tagged": {"expression": "-tag:red attr:kind:~standing"},
    "changed last": {"expression": "attr:kind:~standing", "sort": "-mod", "limit": 2},
    "images": {"expression": "is:image"},
    "named": {"expression": "filename:standing*"},
    "words": {"expression": "text:standing"},
    "somewhere": {"expression": "has:location"},
    "members": {"expression": "childrenof:REF0"},
    "sets": {"expression": "parentof:REF1"},
    "described": {"expression": "tag:red", "describe": {"depth": 3}},
    "ruled": {
        "expression": "tag:red",
        "describe": {"depth": 1, "rules": [{"attrs": ["camliMember"]}]},
    },
    "members of red": {
        "constraint": {
            "permanode": {
                "relation": {
                    "relation": "parent",
                    "any": {"permanode": {"attr": "tag", "value": "red"}},
                }
            }
        }
    },
    "with red members": {
        "constraint": {
            "permanode": {
                "relation": {
                    "relation": "child",
                    "all": {"permanode": {"attr": "tag", "value": "red"}},
                }
            }
        }
    },
    "naming red": {
        "constraint": {
            "permanode": {
                "attr": "ref",
                "valueInSet": {"permanode": {"attr": "tag", "value": "red"}},
            }
        }
    },
    "files": {"constraint": {"file": {"fileName": {"hasPrefix": "standing"}}}, "sort": "blobref"},
    "around": {"expression": "attr:kind:~standing", "around": "REF0", "limit": 3},
    "for a map": {"expression": "attr:kind:~standing", "sort": "map"},
    "then": {
        "constraint": {
            "permanode": {"at": "2023-11-14T22:14:00Z", "attr": "kind", "valueMatches": {}}
        }
    },
}


def test_what_was_told_last_is_true(talk: Talk) -> None:
    """Whatever is asked, and whatever happens: after a while, it is what one would be told now."""
    chance = random.Random(3)
    nodes = [talk.permanode(f"standing {number}") for number in range(5)]
    talk.says(*(SetAttribute(node, "kind", "standing") for node in nodes))
    files = [talk.file(f"standing{number}.png", number + 3) for number in range(2)]
    texts = json.dumps(STANDING).replace("REF0", nodes[0]).replace("REF1", nodes[1])
    asked: dict[str, dict[str, Any]] = json.loads(texts)
    told: dict[str, Any] = {}

    def anything() -> Statement:
        node, other = chance.choice(nodes), chance.choice(nodes)
        return chance.choice(
            [
                AddAttribute(node, "tag", "red"),
                DelAttribute(node, "tag", "red"),
                AddAttribute(node, "camliMember", other),
                DelAttribute(node, "camliMember", other),
                SetAttribute(node, "camliContent", chance.choice(files)),
                SetAttribute(node, "latitude", str(chance.randrange(-80, 80))),
                SetAttribute(node, "longitude", str(chance.randrange(-180, 180))),
                DelAttribute(node, "latitude"),
                SetAttribute(node, "ref", other),
                SetAttribute(node, "title", f"title {chance.random()}"),
                SetAttribute(node, "startDate", f"20{chance.randrange(10, 30)}-01-01T00:00:00Z"),
                Delete(other),
                Delete(talk.last),
            ]
        )

    with talk.listening() as listener:
        for tag, query in asked.items():
            listener.send(tag, query)
        for _ in range(3):
            for message in listener.rest():
                told[message["tag"]] = message.get("result", message)
            for tag, query in asked.items():
                body = json.dumps(query).encode()
                now = talk.server.ask("POST", f"{talk.root}camli/search/query", body)
                assert told[tag] == now.json, tag
            for _ in range(6):
                talk.says(anything())
            files.append(talk.file(f"standing {chance.random()}.png", chance.randrange(3, 90)))
