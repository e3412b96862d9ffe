"""Naming, changing, deleting and telling, as processes, with a server and without."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from holdfast.tools.throwaway import command, serving

from .machine import Machine, Typed, at_a_terminal, document, make_home, one, told

ABSENT = "sha224-" + "0" * 56
REF = r"sha224-[0-9a-f]{56}"
DATE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Typed:
    return Typed(capsys)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Runs the command at a server."""
    home = tmp_path_factory.mktemp("served")
    make_home(home)
    with serving(home, log=home / "log") as server:
        yield Machine.at(home, HOLDFAST_SERVER=server.url)


@pytest.fixture(scope="module")
def unserved(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Runs the command on the store of this machine."""
    home = tmp_path_factory.mktemp("unserved")
    make_home(home)
    return Machine.at(home)


@pytest.fixture(params=["served", "unserved"])
def run(request: pytest.FixtureRequest) -> Machine:
    found: Machine = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def file(run: Machine) -> str:
    return one(run("put", "-", "--name", "f", input="contents"))


@pytest.fixture
def permanode(served: Machine) -> str:
    return one(served("permanode"))


def test_a_thing_is_named_changed_deleted_and_brought_back(run: Machine, file: str) -> None:
    permanode = one(run("permanode", "--content", file, "--title", "Lake", "--tag", "a"))
    assert told(run("tag", permanode, "b", "a", "--remove", "x"))[1:] == []
    assert told(run("tag", permanode)) == ["a", "b"]
    one(run("tag", permanode, "--remove", "a"))
    one(run("title", permanode, "Lake at dawn"))
    assert one(run("title", permanode)) == "Lake at dawn"
    assert len(told(run("attr", "set", permanode, "place", "Sils", "Silvaplana"))) == 2
    one(run("attr", "add", permanode, "place", "Maloja"))
    one(run("attr", "del", permanode, "place", "Sils"))
    assert told(run("attr", "show", permanode)) == [
        f"camliContent={file}",
        "place=Silvaplana",
        "place=Maloja",
        "tag=b",
        "title=Lake at dawn",
    ]
    one(run("attr", "del", permanode, "place"))
    assert told(run("attr", "show", permanode, "place")) == []
    deleted = one(run("delete", permanode))
    shown = run("attr", "show", permanode, "title")
    assert (shown.returncode, shown.stdout) == (0, "Lake at dawn\n")
    assert f"holdfast undelete {permanode}" in shown.stderr
    one(run("undelete", permanode))
    assert told(run("attr", "show", permanode, "title")) == ["Lake at dawn"]
    again = run("undelete", permanode)
    assert (again.returncode, again.stdout) == (0, "")
    assert "not deleted; there is nothing to undo" in again.stderr
    history = told(run("claims", permanode))
    assert len(history) == 13
    for line in history:
        assert re.match(rf"{REF} {DATE} [0-9A-F]{{16}} you (set|add|del|delete) ", line)
    assert history[1].endswith('set title "Lake"')
    assert history[-2].startswith(deleted)
    assert history[-2].endswith(f"delete {permanode} (deleted)")


def test_claims_can_be_taken_back_and_that_too(run: Machine) -> None:
    permanode = one(run("permanode", "--title", "old"))
    claim = one(run("title", permanode, "new"))
    one(run("delete", claim))
    assert one(run("title", permanode)) == "old"
    one(run("undelete", claim))
    assert one(run("title", permanode)) == "new"
    assert told(run("claims", claim))[0].endswith('you set title "new"')


def test_what_was_said_before_can_be_asked_for(run: Machine) -> None:
    permanode = one(run("permanode", "--title", "old"))
    one(run("title", permanode, "new"))
    history = [json.loads(line) for line in told(run("claims", "--json", permanode))]
    moment = history[0]["claimDate"]
    assert told(run("attr", "show", permanode, "--at", moment, "title")) == ["old"]
    assert told(run("attr", "show", "--at", "1999-12-31", permanode)) == []
    later = [json.loads(line) for line in told(run("claims", permanode, "--at", moment, "--json"))]
    assert [event["standing"] for event in later] == ["counts", "later"]


def test_a_planned_permanode_is_the_same_each_time(run: Machine) -> None:
    first = one(run("permanode", "--key", "diary"))
    assert one(run("permanode", "--key", "diary", "--title", "Diary")) == first
    assert one(run("permanode", "--key", "diary", "--date", "1970-01-01T00:00:00Z")) == first
    assert one(run("permanode", "--key", "diary", "--date", "2001-01-01T00:00:00Z")) != first
    assert one(run("title", first)) == "Diary"


def test_json_answers_have_these_shapes(served: Machine) -> None:
    file = one(served("put", "-", input="x"))
    made = document(served("permanode", "--json", "--title", "T", "--tag", "a"))
    permanode = made["permanode"]
    assert made == {"permanode": permanode, "claims": [made["claims"][0], made["claims"][1]]}
    for arguments in (["title", permanode, "U"], ["tag", permanode, "b"]):
        changed = document(served(*arguments, "--json"))
        assert changed == {"permanode": permanode, "claims": [changed["claims"][0]]}
    assert document(served("tag", permanode, "--json"))["tags"] == ["a", "b"]
    assert document(served("title", permanode, "--json")) == {"permanode": permanode, "title": "U"}
    removed = document(served("attr", "del", permanode, "tag", "b", "--json"))
    history = [json.loads(line) for line in told(served("claims", permanode, "--json"))]
    last = history[-1]
    assert last == {
        "ref": removed["claims"][0],
        "claimDate": last["claimDate"],
        "claimType": "del-attribute",
        "permaNode": permanode,
        "attribute": "tag",
        "value": "b",
        "signer": last["signer"],
        "key": last["key"],
        "you": True,
        "standing": "counts",
    }
    assert re.fullmatch("[0-9A-F]{40}", last["key"])
    assert document(served("attr", "show", permanode, "--json")) == {
        "permanode": permanode,
        "attributes": {"tag": ["a"], "title": ["U"]},
        "deleted": False,
        "modified": last["claimDate"],
    }
    deleted = document(served("delete", permanode, "--json"))
    assert deleted == {"ref": permanode, "claim": deleted["claim"]}
    undone = document(served("undelete", permanode, "--json"))
    assert undone == {"ref": permanode, "undone": [deleted["claim"]], "claims": undone["claims"]}
    assert document(served("undelete", permanode, "--json"))["undone"] == []
    kept = document(served("keep", file, "--json"))
    assert kept == {"ref": file, "keep": kept["keep"]}


def test_some_of_several_refs_fail_alone(run: Machine, file: str) -> None:
    first, second = one(run("permanode")), one(run("permanode"))
    ended = run("delete", first, file, ABSENT, second, first, "--json")
    assert ended.returncode == 1
    answers = [json.loads(line) for line in ended.stdout.splitlines()]
    assert {answer["ref"]: list(answer)[1] for answer in answers} == {
        first: "claim",
        file: "error",
        ABSENT: "error",
        second: "claim",
    }
    assert ended.stderr.count("\n") == 2
    assert run("undelete", first, file, second).returncode == 1
    assert not document(run("attr", "show", second, "--json"))["deleted"]


@pytest.fixture(scope="module")
def known(unserved: Machine) -> dict[str, str]:
    """Names for a permanode and a file that are stored."""
    return {"P": one(unserved("permanode")), "FILE": one(unserved("put", "-", input="x"))}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["attr", "set", "FILE", "a", "b"], 2, "holdfast permanode --content"),
        (["tag", "FILE", "a"], 2, "holdfast permanode --content"),
        (["title", "FILE"], 2, "holdfast permanode --content"),
        (["delete", "FILE"], 2, "only permanodes and claims"),
        (["undelete", "FILE"], 2, "only permanodes and claims"),
        (["claims", "FILE"], 2, "only permanodes and claims"),
        (["share", "revoke", "FILE"], 2, "holdfast share list"),
        (["get", "P"], 2, "camliContent"),
        (["ls", "P"], 2, "camliContent"),
        (["permanode", "--member", "FILE"], 2, "holdfast permanode --content"),
        (["permanode", "--content", ABSENT], 4, "--force"),
        (["attr", "set", ABSENT, "a", "b"], 4, "--force"),
        (["delete", ABSENT], 4, "--force"),
        (["claims", ABSENT], 4, "put it there first"),
        (["share", "create", ABSENT], 4, "--force"),
        (["keep", ABSENT], 4, "--force"),
        (["attr", "set", "P"], 2, "name the attribute"),
        (["attr", "set", "P", "a"], 2, "give a value"),
        (["attr", "show", "P", "a", "b"], 2, "one name"),
        (["attr", "show", "P", "--at", "yesterday"], 2, "2026-11-21 14:30:05"),
        (["attr", "set", "P", "a", "b", "--at", "2026-11-21"], 2, "goes with `show`"),
        (["claims", "P", "--at", "2026-02-30"], 2, "2026-11-21 14:30:05"),
        (["permanode", "--date", "2026-11-21"], 2, "goes with --key"),
        (["permanode", "--attr", "x"], 2, "NAME=VALUE"),
        (["tag", "P", ""], 2, "not empty"),
        (["share", "create"], 2, "--search"),
        (["share", "create", "P", "--search", "x"], 2, "not both"),
        (["share", "revoke"], 2, "holdfast share revoke REF"),
        (["share", "create", "FILE", "--expires", "2001-01-01"], 2, "a time to come"),
        (["share", "create", "FILE", "--expires", "soon"], 2, "30d"),
        (["share", "create", "--search", "{nonsense"], 2, "expression"),
        (["share", "list", "P"], 2, "takes no ref"),
        (["share", "revoke", "P", "--not-transitive"], 2, "holdfast share create"),
        (["delete", "nonsense"], 2, "not a blobref"),
        (["attr", "set", "P", "a", "--value-file", "/nowhere"], 1, "/nowhere"),
    ],
)
def test_errors_are_one_line_that_says_what_to_do(
    typed: Typed,
    unserved: Machine,
    known: dict[str, str],
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    ended, out, err = typed(unserved, *(known.get(argument, argument) for argument in arguments))
    assert (ended, out) == (code, "")
    assert words in err
    assert err.count("\n") == 1


def test_what_is_refused_leaves_nothing_behind(tmp_path: Path) -> None:
    make_home(tmp_path)
    run = Machine.at(tmp_path)
    file = one(run("put", "-", input="x"))
    before = told(run("enumerate"))
    assert run("permanode", "--content", ABSENT, "--title", "x").returncode == 4
    assert run("permanode", "--content", file, "--attr", "nonsense").returncode == 2
    assert run("share", "create", file, ABSENT, "--expires", "soon").returncode == 2
    assert run("delete", file, ABSENT).returncode == 1
    assert told(run("enumerate")) == before


def test_without_an_identity_the_way_to_one_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[server]\nlisten = "127.0.0.1:1"\n')
    ended = Machine.at(tmp_path)("permanode")
    assert ended.returncode == 2
    assert "holdfast init" in ended.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["title", "P", b"caf\xe9"],
        ["tag", "P", b"caf\xe9"],
        ["attr", "set", "P", b"caf\xe9", "x"],
        ["attr", "set", "P", "x", b"caf\xe9"],
        ["permanode", "--title", b"caf\xe9"],
        ["permanode", "--key", b"caf\xe9"],
        ["permanode", "--attr", b"a=caf\xe9"],
        ["share", "create", "--search", b"tag:caf\xe9"],
    ],
)
def test_what_is_no_utf8_is_refused_rather_than_changed(
    typed: Typed, unserved: Machine, known: dict[str, str], arguments: list[str | bytes]
) -> None:
    before = typed(unserved, "enumerate")
    ended, out, err = typed(unserved, *(known["P"] if a == "P" else a for a in arguments))
    assert (ended, out) == (2, "")
    assert "not UTF-8" in err
    assert typed(unserved, "enumerate") == before


def test_a_large_value_goes_in_and_comes_out_whole(run: Machine, tmp_path: Path) -> None:
    permanode = one(run("permanode"))
    text = "line\n\x1b[31m" * 60_000
    (tmp_path / "value").write_text(text)
    one(run("attr", "set", permanode, "text", "--value-file", str(tmp_path / "value")))
    shown = document(run("attr", "show", permanode, "text", "--json"))
    assert shown["attributes"] == {"text": [text]}
    one(run("attr", "set", permanode, "text", "--value-file", "-", input="from stdin"))
    assert one(run("attr", "show", permanode, "text")) == "from stdin"
    for size in (1 << 20, (1 << 20) + 1):
        (tmp_path / "value").write_text("x" * size)
        ended = run("attr", "set", permanode, "text", "--value-file", str(tmp_path / "value"))
        assert ended.returncode == 2
        assert "1048576" in ended.stderr
    assert one(run("attr", "show", permanode, "text")) == "from stdin"


def test_values_may_look_like_options(served: Machine, permanode: str) -> None:
    one(served("attr", "set", permanode, "longitude", "-9.75"))
    one(served("attr", "set", permanode, "note", "--", "--remove"))
    assert told(served("attr", "show", permanode)) == ["longitude=-9.75", "note=--remove"]


def test_what_is_not_stored_yet_is_spoken_of_by_force(served: Machine) -> None:
    one(served("attr", "set", "--force", ABSENT, "a", "b"))
    assert told(served("attr", "show", "--force", ABSENT)) == ["a=b"]
    one(served("delete", ABSENT, "--force"))
    assert document(served("attr", "show", ABSENT, "--force", "--json"))["deleted"]
    one(served("undelete", ABSENT, "--force"))


def test_a_stranger_is_told_that_what_they_say_does_not_count(
    served: Machine, permanode: str, tmp_path: Path
) -> None:
    key_id = make_home(tmp_path / "stranger")
    server = served.environ["HOLDFAST_SERVER"]
    foreign = Machine.at(tmp_path / "stranger", HOLDFAST_SERVER=server)
    one(served("title", permanode, "ours"))
    for arguments in (["title", permanode, "theirs"], ["delete", permanode]):
        ended = foreign(*arguments)
        assert ended.returncode == 0
        assert re.fullmatch(rf"{REF}\n", ended.stdout)
        assert key_id in ended.stderr
        assert "identity.trusted" in ended.stderr
    shown = document(served("attr", "show", permanode, "--json"))
    assert shown["attributes"] == {"title": ["ours"]}
    assert not shown["deleted"]
    history = told(served("claims", permanode))
    assert " you set title" in history[0]
    assert re.search(rf"{key_id} set title \"theirs\" \(untrusted\)$", history[1])
    assert re.search(rf"{key_id} you set title", foreign("claims", permanode).stdout)
    # Of what nobody else has spoken of there is nothing to show, and a reason for it.
    alone = foreign("permanode", "--title", "theirs").stdout.strip()
    shown = served("attr", "show", alone)
    assert (shown.returncode, shown.stdout) == (0, "")
    assert f"`holdfast claims {alone}`" in shown.stderr


def test_at_a_terminal_nothing_plays_tricks_and_histories_stay_readable(
    served: Machine, permanode: str
) -> None:
    one(served("title", permanode, "\x1b[2J" + "x" * 500))
    one(served("tag", permanode, "\x9b31m\r\nfake"))
    for arguments in (["claims"], ["attr", "show"], ["title"], ["tag"]):
        seen = at_a_terminal(served, *arguments, permanode)
        assert b"\x1b" not in seen
        assert "\x9b".encode() not in seen
        assert b"\\x1b[2J" in seen or b"\\x9b31m\\x0d\\x0afake" in seen
    for line in at_a_terminal(served, "claims", permanode).splitlines():
        assert len(line) < 220
    assert told(served("claims", permanode))[0].endswith("x" * 500 + '"')


def test_many_commands_at_once_all_count(served: Machine, permanode: str) -> None:
    tags = [f"tag{number}" for number in range(12)]
    with ThreadPoolExecutor(6) as threads:
        ended = list(threads.map(lambda tag: served("tag", permanode, tag), tags))
    assert [end.returncode for end in ended] == [0] * 12
    assert sorted(told(served("tag", permanode))) == sorted(tags)
    assert len(told(served("claims", permanode))) == 12


def test_without_a_server_one_command_at_a_time_has_the_store(unserved: Machine) -> None:
    permanode = one(unserved("permanode"))
    tags = [f"tag{number}" for number in range(6)]
    with ThreadPoolExecutor(6) as threads:
        ended = list(threads.map(lambda tag: unserved("tag", permanode, tag), tags))
    done = [tag for tag, end in zip(tags, ended, strict=True) if end.returncode == 0]
    assert done
    assert sorted(told(unserved("tag", permanode))) == sorted(done)
    for end in ended:
        assert end.returncode == 0 or (end.returncode == 3 and "in use by" in end.stderr)


def test_ctrl_c_ends_a_command_and_nothing_is_claimed(served: Machine, permanode: str) -> None:
    with subprocess.Popen(
        command("attr", "set", permanode, "text", "--value-file", "-"),
        env=served.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        # More than a pipe holds: when it is written, the command is reading.
        process.stdin.write(b"x" * 200_000)
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        said, complaint = process.communicate()
    assert (process.returncode, said) == (130, b"")
    assert b"interrupted" in complaint
    assert told(served("claims", permanode)) == []
