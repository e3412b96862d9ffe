"""Finding things, as processes, with a server and without."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.index.query.predicates import FIXED, PREDICATES
from holdfast.tools.cli import main
from holdfast.tools.throwaway import serving

from .machine import Machine, Typed, at_a_terminal, document, make_home, one, told

ABSENT = "sha224-" + "0" * 56
REF = r"sha224-[0-9a-f]{56}"
MINUTE = r"\d{4}-\d\d-\d\d \d\d:\d\d"

HOSTILE = "\x1b[2J\x1b]0;gone\x07two\r\nlines \u202egnp.exe \u200f\x9b31m 東京 \U0001f30a"


def shown(ended: subprocess.CompletedProcess[str]) -> list[str]:
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


def line_of(ref: str, kind: str, size: str, text: str) -> str:
    """A pattern of a line in a table of things."""
    return rf"{ref}  {MINUTE}  {re.escape(f'{kind:16}  {size:>10}  {text}')}"


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


@pytest.fixture(scope="module", params=["served", "unserved"])
def run(request: pytest.FixtureRequest) -> Machine:
    found: Machine = request.getfixturevalue(request.param)
    return found


class Things:
    """What is stored there: a trip with two photos and a letter, and what is filed twice."""

    def __init__(self, run: Machine, folder: Path) -> None:
        trip = folder / "trip"
        (trip / "copies").mkdir(parents=True)
        (trip / "letter.txt").write_text("Dear Heidi, the invoice for the boat is enclosed.\n")
        (trip / "lake.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"lake" * 20_000)
        (trip / "copies" / "same.jpg").write_bytes((trip / "lake.jpg").read_bytes())
        self.folder = trip
        self.root = one(run("put", str(trip)))
        members = json.loads("[" + ",".join(told(run("ls", "-R", "--json", self.root))) + "]")
        self.files = {member["path"]: member["ref"] for member in members}
        self.lake = one(
            run("permanode", "--content", self.files["lake.jpg"], "--title", "Lake at dawn")
        )
        told(run("tag", self.lake, "water", "dawn"))
        self.letter = one(run("permanode", "--content", self.files["letter.txt"], "--tag", "paper"))
        self.trip = one(
            run("permanode", "--content", self.root, "--title", "Trip", "--member", self.lake)
        )


@pytest.fixture(scope="module")
def things(run: Machine, tmp_path_factory: pytest.TempPathFactory) -> Things:
    return Things(run, tmp_path_factory.mktemp("things"))


def test_what_was_put_a_moment_ago_is_found(run: Machine, things: Things) -> None:
    for words, row in (
        (
            ["tag:water", "is:image"],
            line_of(things.lake, "image/jpeg", "78.1 KiB", "Lake at dawn  #water #dawn"),
        ),
        (["text:boat"], line_of(things.letter, "text/plain", "50 B", "letter.txt  #paper")),
        (["title:trip"], line_of(things.trip, "folder", "3 items", "Trip")),
    ):
        (line,) = shown(run("search", *words))
        assert re.fullmatch(row, line)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["tag:water", "or", "tag:paper", "--sort", "created"], {"lake", "letter"}),
        (["(tag:water or tag:paper)", "-is:image"], {"letter"}),
        (["tag:water or tag:paper", "-is:image"], {"lake", "letter"}),
        (["-(tag:water or tag:paper)", "title:trip"], {"trip"}),
        (["--", "-is:image", "tag:paper"], {"letter"}),
        (['title:"at dawn"'], {"lake"}),
        (["tag:nothing"], set()),
    ],
)
def test_words_side_by_side_are_one_expression(
    run: Machine, typed: Typed, things: Things, words: list[str], found: set[str]
) -> None:
    code, out, err = typed(run, "search", "--refs", *words)
    assert code == 0
    assert set(out.split()) == {getattr(things, name) for name in found}
    assert err == ("" if found else "holdfast: nothing found\n")


def test_lists_say_when_they_end_early_and_go_on_by_themselves(run: Machine) -> None:
    refs = [one(run("permanode", "--title", f"Page {n}", "--tag", "page")) for n in range(4)]
    every = shown(run("search", "tag:page", "--sort", "created", "--refs", "--all"))
    assert every == refs
    ended = run("search", "tag:page", "--refs", "--limit", "3")
    assert ended.stdout.split() == refs[:0:-1]
    assert "there are more than these 3; add --all, or --limit N" in ended.stderr
    assert run("search", "tag:page", "--limit", "4").stderr == ""
    newest = shown(run("search", "tag:page", "--sort", "-mod", "--limit", "1", "--refs"))
    assert newest == refs[:-2:-1]


def test_queries_in_json_are_taken_from_files_and_from_standard_input(
    run: Machine, things: Things, tmp_path: Path
) -> None:
    constraint = {"permanode": {"attr": "tag", "value": "water"}}
    (tmp_path / "constraint").write_text(json.dumps(constraint))
    asked = ("search", "--refs", "--constraint")
    assert told(run(*asked, str(tmp_path / "constraint"))) == [things.lake]
    query = {"constraint": constraint, "limit": 5, "sort": "blobref"}
    assert told(run(*asked, "-", input=json.dumps(query))) == [things.lake]
    query = {"expression": "tag:paper"}
    assert told(run(*asked, "-", input=json.dumps(query))) == [things.letter]
    wrong = run(*asked, "-", input='{"expression": "tag:a is:imge"}')
    assert (wrong.returncode, wrong.stderr.splitlines()[1:]) == (
        2,
        ["    tag:a is:imge", "          ^"],
    )


def test_how_things_are_found_is_told_beside_them(run: Machine, things: Things) -> None:
    ended = run("search", "tag:water", "--refs", "--explain")
    assert shown(ended) == [things.lake]
    assert re.search(r"^sources: .*water", ended.stderr, re.MULTILINE)
    assert re.search(r"^rowsRead: \d+$", ended.stderr, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "below", "problem"),
    [
        (["tag:a", "is:imge", "tag:b"], "      ^", 'Unknown search predicate: "is:imge"'),
        (["tag:東京", "is:imge"], "         ^", "Unknown search predicate"),
        (["(tag:a", "tag:b"], "^", "No matching closing parenthesis"),
        (["tag:a", "or"], "      ^", "text:WORDS"),
        (["title:two words"], "          ^", "quotes"),
        (["tag:a", "-"], "       ^", "Expected an atom"),
        (["after:10:20"], "^", "quotes"),
    ],
)
def test_a_caret_shows_where_an_expression_goes_wrong(
    run: Machine, typed: Typed, words: list[str], below: str, problem: str
) -> None:
    code, out, err = typed(run, "search", *words)
    assert (code, out) == (2, "")
    said, text, caret = err.splitlines()
    assert problem in said
    assert text == f"    {' '.join(words)}"
    assert caret == f"    {below}"


def test_a_caret_stays_below_its_place_in_what_is_long_or_hostile(
    run: Machine, typed: Typed
) -> None:
    code, _, err = typed(run, "search", "tag:a " * 2000 + "is:imge" + " tag:b" * 2000)
    assert code == 2
    _, text, caret = err.splitlines()
    assert len(text) <= 110
    assert text[caret.index("^") :].startswith("is:imge tag:b")
    _, _, err = typed(run, "search", 'tag:"\x1b[2J\u202e" nonsense')
    _, text, caret = err.splitlines()
    assert text == '    tag:"\\x1b[2J\\u202e" nonsense'
    assert text[caret.index("^") :] == "nonsense"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["search", "--constraint", "/nowhere"], 1, "/nowhere"),
        (["search", "tag:a", "--constraint", "-"], 2, "not both"),
        (["search", "--limit", "0"], 2, "1 or more"),
        (["search", "--saved", "tag:a"], 2, "takes nothing else"),
        (["search", "--save", "x"], 2, "say what to search for"),
        (["search", "--save", "", "tag:a"], 2, "has a name"),
        (["search", "--save", "x", "tag:a", "--limit", "3"], 2, "no limit"),
        (["search", "named:nobody"], 2, "No named search found for: nobody"),
        (["search", b"tag:caf\xe9"], 2, "not UTF-8"),
        (["recent", "--before", "yesterday"], 2, "2026-11-21 14:30:05"),
        (["recent", "--limit", "1001"], 2, "from 1 to 1000"),
        (["describe", "nonsense"], 2, "not a blobref"),
        (["describe", ABSENT, "--depth", "0"], 2, "1 or more"),
        (["describe", ABSENT], 4, f"{ABSENT} is not in"),
        (["why", "nonsense"], 2, "not a blobref"),
        (["files", "--larger", "much"], 2, "10M"),
        (["files", "--type", "/"], 2, "image/jpeg"),
        (["files", "--name", ""], 2, "--name"),
        (["files", "..."], 2, "no word"),
        (["files", "--same-as", "/nowhere"], 1, "/nowhere"),
        (["files", "word", "--whole", ABSENT], 2, "leave the other filters out"),
        (["files", "--whole", ABSENT], 4, "has these contents"),
    ],
)
def test_errors_are_one_line_that_says_what_to_do(
    typed: Typed, run: Machine, arguments: list[str], code: int, words: str
) -> None:
    ended, out, err = typed(run, *arguments)
    assert (ended, out) == (code, "")
    assert words in err
    assert err.count("\n") == 1


def test_json_tells_all_that_is_known(run: Machine, things: Things) -> None:
    found = document(run("search", "tag:water", "--json"))
    assert found == {
        "ref": things.lake,
        "type": "permanode",
        "title": "Lake at dawn",
        "name": "lake.jpg",
        "mimeType": "image/jpeg",
        "size": 80_004,
        "members": None,
        "time": found["time"],
        "modified": found["modified"],
        "tags": ["water", "dawn"],
        "attributes": {
            "camliContent": [things.files["lake.jpg"]],
            "tag": ["water", "dawn"],
            "title": ["Lake at dawn"],
        },
        "location": None,
    }
    # It was made when its file was, and changed later.
    assert found["time"] < found["modified"]
    file = document(run("files", "--json", "boat", "--larger", "50"))
    assert (file["ref"], file["type"]) == (things.files["letter.txt"], "file")
    assert (file["title"], file["name"], file["attributes"]) == (None, "letter.txt", {})


def test_what_was_changed_last_comes_first(run: Machine, things: Things) -> None:
    told(run("tag", things.letter, "read"))
    found = shown(run("recent", "--limit", "2"))
    assert found[0].startswith(things.letter)
    assert found[0].endswith("letter.txt  #paper #read")
    before = document(run("describe", things.letter, "--json"))["permanode"]["modtime"]
    assert things.letter not in shown(run("recent", "--before", before, "--refs"))
    assert things.lake in shown(run("recent", "--before", before, "--refs"))


def test_things_are_described_with_what_they_lead_to(run: Machine, things: Things) -> None:
    alone = shown(run("describe", things.lake))
    assert alone[:5] == [
        f"{things.lake} permanode",
        f"  camliContent={things.files['lake.jpg']}",
        "  tag=water",
        "  tag=dawn",
        "  title=Lake at dawn",
    ]
    entries = [
        json.loads(line) for line in told(run("describe", things.trip, "--depth", "3", "--json"))
    ]
    assert entries[0]["blobRef"] == things.trip
    kinds = {entry["blobRef"]: entry["camliType"] for entry in entries}
    assert kinds[things.root] == "directory"
    assert kinds[things.files["lake.jpg"]] == "file"
    then = shown(run("describe", things.lake, "--at", "2001-01-01"))
    assert then[0] == f"{things.lake} permanode"
    assert not any("tag=" in line for line in then)
    ended = run("describe", ABSENT, things.lake)
    assert ended.returncode == 4
    assert ended.stdout.splitlines()[0] == f"{things.lake} permanode"
    assert ABSENT in ended.stderr


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (["invoice"], ["letter.txt"]),
        (["invoice", "dear"], ["letter.txt"]),
        (["invoice", "nothing"], []),
        (["--name", "*.jpg"], ["copies/same.jpg", "lake.jpg"]),
        (["--name", "l*"], ["lake.jpg", "letter.txt"]),
        (["--name", "[k-m]?*e*.*"], ["lake.jpg", "letter.txt"]),
        (["--name", "[!l]*.jpg"], ["copies/same.jpg"]),
        (["--type", "image", "--name", "lake.jpg"], ["lake.jpg"]),
        (["--type", "text/plain"], ["letter.txt"]),
        (["--type", "jpg"], ["copies/same.jpg", "lake.jpg"]),
        (["--larger", "78K"], ["copies/same.jpg", "lake.jpg"]),
        (["--larger", "1M"], []),
    ],
)
def test_files_are_found_whether_anything_is_said_of_them_or_not(
    run: Machine, typed: Typed, things: Things, filters: list[str], names: list[str]
) -> None:
    code, out, _ = typed(run, "files", "--refs", *filters)
    assert code == 0
    assert sorted(out.split()) == sorted(things.files[name] for name in names)


def test_a_local_file_is_recognised_whatever_its_name(
    run: Machine, things: Things, tmp_path: Path
) -> None:
    (tmp_path / "other").write_bytes((things.folder / "lake.jpg").read_bytes())
    found = shown(run("files", "--same-as", str(tmp_path / "other"), "--json"))
    names = {json.loads(line)["name"] for line in found}
    assert names == {"lake.jpg", "same.jpg"}
    (tmp_path / "other").write_text("something else")
    ended = run("files", "--same-as", str(tmp_path / "other"))
    assert (ended.returncode, ended.stdout) == (4, "")
    assert "no file in" in ended.stderr


def test_every_blob_can_tell_what_it_belongs_to(run: Machine, things: Things) -> None:
    lines = shown(run("why", things.files["copies/same.jpg"]))
    for line, (held, kind, name) in zip(
        lines,
        [
            ("", "file", "same.jpg"),
            ("has it as entry", "folder", "copies"),
            ("has it as entry", "folder", "trip"),
            ("has it as camliContent", "permanode", "Trip"),
        ],
        strict=True,
    ):
        assert re.fullmatch(rf"{REF}  {held:<24}  {kind:<10}  {name}", line)
    answer = document(run("why", things.lake, "--json"))
    (tie,) = answer["because"]
    assert (tie["from"], tie["how"], tie["current"]) == (things.trip, "camliMember", True)
    ended = run("why", things.trip)
    assert shown(ended) == [f"{things.trip}  {'':24}  permanode   Trip"]
    assert "nothing that is stored refers to it" in ended.stderr
    assert run("why", ABSENT).returncode == 4


def test_what_was_so_once_has_a_word_for_it(run: Machine) -> None:
    file = one(run("put", "-", input="draft"))
    permanode = one(run("permanode", "--content", file))
    told(run("attr", "del", permanode, "camliContent"))
    share = one(run("share", "create", file, "--json"))
    told(run("share", "revoke", json.loads(share)["ref"]))
    lines = "\n".join(shown(run("why", file)))
    assert "had it as camliContent once" in lines
    assert "shared it once" in lines


def test_what_is_filed_twice_is_told_with_where(run: Machine, things: Things) -> None:
    found = shown(run("duplicates", "--all"))
    at = next(n for n, line in enumerate(found) if line.startswith("2 files of 78.1 KiB: sha224-"))
    assert sorted(found[at + 1 : at + 3]) == sorted(
        [
            f"  {things.files['lake.jpg']}  trip/lake.jpg",
            f"  {things.files['copies/same.jpg']}  copies/same.jpg",
        ]
    )
    copies = [json.loads(line) for line in shown(run("duplicates", "--json"))]
    assert {(one["count"], one["size"], one["wasted"]) for one in copies} >= {(2, 80_004, 80_004)}


def test_the_largest_come_first(run: Machine, things: Things) -> None:
    first, second, *_ = shown(run("largest", "--limit", "2"))
    assert {first, second} == {
        f"{things.files['lake.jpg']}    78.1 KiB  trip/lake.jpg",
        f"{things.files['copies/same.jpg']}    78.1 KiB  copies/same.jpg",
    }
    folders = shown(run("largest", "folders"))
    assert folders[0] == f"{things.root}   156.3 KiB         3 files  trip"
    assert shown(run("largest", "folders", "--refs", "--all"))[0] == things.root
    entry = json.loads(shown(run("largest", "folders", "--json"))[0])
    assert (entry["size"], entry["files"], entry["folders"]) == (160_058, 3, [])


def test_searches_are_saved_under_names_and_stand_for_themselves(
    run: Machine, things: Things
) -> None:
    permanode = one(run("search", "--save", "trips", "tag:water or tag:paper"))
    assert sorted(told(run("search", "named:trips", "--refs"))) == sorted(
        [things.lake, things.letter]
    )
    assert told(run("search", "named:trips", "is:image", "--refs")) == [things.lake]
    content = told(run("attr", "show", permanode, "camliContent"))
    assert told(run("attr", "show", permanode)) == [
        "camliContent=" + content[0],
        "camliNamedSearch=trips",
        "title=named:trips",
    ]
    changed = document(run("search", "--json", "--save", "trips", "tag:water"))
    assert changed["permanode"] == permanode
    assert len(changed["claims"]) == 1
    again = document(run("search", "--json", "--save", "trips", "tag:water"))
    assert (again["content"], again["claims"]) == (changed["content"], [])
    assert told(run("search", "named:trips", "--refs")) == [things.lake]
    constraint = json.dumps({"permanode": {"attr": "tag", "value": "paper"}})
    told(run("search", "--save", "by hand", "--constraint", "-", input=constraint))
    assert told(run("search", 'named:"by hand"', "--refs")) == [things.letter]
    listed = [json.loads(line) for line in told(run("search", "--saved", "--json"))]
    assert [(one["name"], one["search"].replace(" ", "")) for one in listed] == [
        ("by hand", constraint.replace(" ", "")),
        ("trips", "tag:water"),
    ]
    (line,) = [line for line in told(run("search", "--saved")) if "trips" in line]
    assert line == f"{permanode}  {'trips':20}  tag:water"
    told(run("delete", permanode))
    assert run("search", "named:trips").returncode == 2


def test_a_mistake_is_never_saved(run: Machine, typed: Typed) -> None:
    code, out, err = typed(run, "search", "--save", "wrong", "tag:a is:imge")
    assert (code, out) == (2, "")
    assert err.splitlines()[2] == "          ^"
    assert "wrong" not in run("search", "--saved").stdout


@pytest.mark.parametrize("columns", [40, 80, 132, 200])
def test_tables_fit_the_terminal_and_nothing_plays_tricks(served: Machine, columns: int) -> None:
    title = f"{columns} {HOSTILE} " + "long " * 60
    thing = one(served("permanode", "--title", title, "--tag", f"t{columns}\x1b[31m"))
    parent = one(served("permanode", "--title", f"{columns} parent", "--member", thing))
    (line,) = shown(served("search", f"attr:title:~{columns}", f"childrenof:{parent}"))
    for arguments in (
        ["search", f"attr:title:~{columns}"],
        ["recent", "--limit", "2"],
        ["describe", thing],
        ["why", thing],
    ):
        seen = at_a_terminal(served, *arguments, columns=columns).decode()
        assert "\x1b" not in seen
        for trick in "\x07\x9b\u202e\u200f":
            assert trick not in seen
        for text in seen.split("\r\n"):
            # Letters of Japanese and pictures take two columns.
            width = len(text) + sum(letter in "東京\U0001f30a" for letter in text)
            assert width <= columns or re.search(rf"{REF}$|{REF} permanode$", text), text
        assert thing in seen
    assert "\x1b" not in line
    assert line.startswith(thing)
    assert "\\x1b[2J\\x1b]0;gone\\x07two\\x0d\\x0alines \\u202egnp.exe \\u200f\\x9b31m 東京" in line
    assert document(served("search", f"ref:{thing}", "--json"))["title"] == title


def test_the_help_lists_all_that_can_be_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["search", "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for usage in (*(predicate.usage for predicate in PREDICATES), *(atom for atom, *_ in FIXED)):
        assert f"\n  {usage} " in said
