"""An index made again and checked, as processes, with a server and without."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdfast.index.keys import CLAIM, VERSION, VERSION_NUMBER
from holdfast.index.kv.leveldb import open_leveldb
from holdfast.tools.throwaway import command, serving

from .machine import Machine, document, make_home, one, told


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    make_home(home)
    return home


@pytest.fixture
def here(home: Path) -> Machine:
    """Runs the command on the store of this machine."""
    return Machine.at(home)


@pytest.fixture
def there(home: Path) -> Iterator[Machine]:
    """Runs the command at a server."""
    with serving(home, log=home / "log") as server:
        yield Machine.at(home, HOLDFAST_SERVER=server.url)


@pytest.fixture(params=["here", "there"])
def run(request: pytest.FixtureRequest) -> Machine:
    found: Machine = request.getfixturevalue(request.param)
    return found


class Things:
    """Some of everything that is told from rows."""

    def __init__(self, run: Machine, folder: Path) -> None:
        (folder / "trip").mkdir(parents=True)
        (folder / "trip" / "letter.txt").write_text("Dear Heidi, the invoice is enclosed.\n")
        (folder / "trip" / "same.txt").write_text("Dear Heidi, the invoice is enclosed.\n")
        self.root = one(run("put", str(folder / "trip")))
        self.node = one(run("permanode", "--content", self.root, "--title", "Lake", "--tag", "wet"))
        told(run("tag", self.node, "dawn", "--remove", "wet"))
        letter = one(run("put", str(folder / "trip" / "letter.txt")))
        one(run("permanode", "--content", letter))
        self.share = one(run("share", "create", "--json", self.root))

    def told_of(self, run: Machine) -> list[list[str]]:
        """What the index knows of them."""
        return [
            told(run("claims", "--json", self.node)),
            [line for line in told(run("share", "list")) if not line.startswith("http")],
            told(run("search", "--json", "tag:dawn")),
            told(run("search", "--json", "text:invoice")),
            told(run("duplicates", "--json")),
            told(run("why", "--json", self.root)),
        ]


@pytest.fixture
def things(run: Machine, tmp_path: Path) -> Things:
    return Things(run, tmp_path)


def index_of(run: Machine) -> Path:
    return Path(run.environ["HOLDFAST_HOME"]) / "data" / "index"


def test_an_index_made_again_tells_what_the_old_one_told(run: Machine, things: Things) -> None:
    before = things.told_of(run)
    said = one(run("reindex"))
    assert re.fullmatch(r"the index was made again from \d+ blobs in \d+\.\d s", said)
    assert things.told_of(run) == before
    assert told(run("reindex", "--quiet")) == []
    assert not index_of(run).with_name("index.new").exists()


@pytest.mark.usefixtures("things")
def test_how_far_it_is_is_told_to_scripts(run: Machine) -> None:
    states = [json.loads(line) for line in told(run("reindex", "--json"))]
    assert {state["state"] for state in states[:-1]} <= {"running"}
    assert states[-1]["state"] == "done"
    assert set(states[-1]) == {"state", "phase", "done", "total", "blobs", "seconds", "error"}


def test_removing_the_index_loses_nothing(home: Path, tmp_path: Path) -> None:
    with serving(home, log=home / "log") as server:
        run = Machine.at(home, HOLDFAST_SERVER=server.url)
        things = Things(run, tmp_path)
        before = things.told_of(run)
    shutil.rmtree(index_of(run))
    with serving(home, log=home / "log") as server:
        run = Machine.at(home, HOLDFAST_SERVER=server.url)
        assert eventually(lambda: things.told_of(run)) == before


def eventually(ask: Callable[[], list[list[str]]]) -> list[list[str]] | None:
    """The answer, when the index has caught up."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            return ask()
        except AssertionError:
            time.sleep(0.1)
    return None


@pytest.mark.usefixtures("things")
def test_an_index_that_is_right_is_found_so(run: Machine) -> None:
    assert re.fullmatch(
        r"[\d,]+ rows compared: the index is as the blobs have it", one(run("index", "check"))
    )
    found = document(run("index", "check", "--json"))
    assert found["counts"] == {}
    assert found["rows"] > 20


def break_rows(folder: Path, node: str) -> int:
    """Remove the claims about a thing from the index in a folder."""
    table = open_leveldb(folder)
    keys = [key for key, _ in table.scan(*CLAIM.below(node))]
    table.write((), keys)
    table.close()
    return len(keys)


def test_rows_that_are_gone_are_named_with_the_remedy_which_helps(
    here: Machine, tmp_path: Path
) -> None:
    things = Things(here, tmp_path)
    before = things.told_of(here)
    gone = break_rows(index_of(here), things.node)
    ended = here("index", "check", "--limit", "2")
    assert ended.returncode == 1
    *lines, last = ended.stdout.splitlines()
    assert len(lines) == 2
    assert all(re.fullmatch(rf"missing    claim  {things.node}  \w+  \S+", line) for line in lines)
    assert re.fullmatch(rf"[\d,]+ rows compared: {gone} missing", last)
    assert ended.stderr.endswith("run `holdfast reindex`\n")
    ended = here("index", "check", "--json")
    assert ended.returncode == 1
    *differences, count = map(json.loads, ended.stdout.splitlines())
    assert [(one["what"], one["kind"], one["parts"][0]) for one in differences] == [
        ("missing", "claim", things.node)
    ] * gone
    assert count["counts"] == {"missing": gone}
    told(here("reindex"))
    assert here("index", "check").returncode == 0
    assert things.told_of(here) == before


def test_a_server_finds_what_is_wrong_in_its_index_and_mends_it(home: Path, tmp_path: Path) -> None:
    with serving(home, log=home / "log") as server:
        run = Machine.at(home, HOLDFAST_SERVER=server.url)
        things = Things(run, tmp_path)
    gone = break_rows(index_of(run), things.node)
    with serving(home, log=home / "log") as server:
        run = Machine.at(home, HOLDFAST_SERVER=server.url)
        ended = run("index", "check")
        assert (ended.returncode, ended.stdout.count("missing    claim")) == (1, gone)
        told(run("reindex"))
        assert run("index", "check").returncode == 0


def test_an_index_of_an_older_version_is_refused_until_it_is_made_again(
    here: Machine, tmp_path: Path
) -> None:
    things = Things(here, tmp_path)
    before = things.told_of(here)
    write_version(index_of(here), VERSION_NUMBER - 1)
    ended = here("claims", things.node)
    assert ended.returncode == 1
    assert "run `holdfast reindex` to have it made again" in ended.stderr
    told(here("reindex"))
    assert things.told_of(here) == before


def test_an_index_of_a_newer_version_is_left_alone(here: Machine, tmp_path: Path) -> None:
    Things(here, tmp_path)
    write_version(index_of(here), VERSION_NUMBER + 1)
    for ended in (here("share", "list"), here("reindex")):
        assert ended.returncode == 1
        assert "remove that folder" in ended.stderr


def write_version(folder: Path, number: int) -> None:
    table = open_leveldb(folder)
    table.write([VERSION.row(value=(number,))])
    table.close()


def test_an_index_that_is_damaged_or_missing_is_made(here: Machine, tmp_path: Path) -> None:
    things = Things(here, tmp_path)
    before = things.told_of(here)
    (index_of(here) / "CURRENT").write_text("nonsense")
    told(here("reindex"))
    assert things.told_of(here) == before
    shutil.rmtree(index_of(here))
    told(here("reindex"))
    assert things.told_of(here) == before


def test_a_reindex_here_that_is_interrupted_goes_on_when_it_is_run_again(
    here: Machine, tmp_path: Path
) -> None:
    things = Things(here, tmp_path)
    before = things.told_of(here)
    with subprocess.Popen(
        command("reindex", "--json"),
        env=here.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["state"] == "running"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "\nholdfast: interrupted; run it again to go on\n")
    assert things.told_of(here) == before
    told(here("reindex"))
    assert things.told_of(here) == before


def test_a_reindex_that_a_server_does_goes_on_without_who_asked_for_it(
    there: Machine, tmp_path: Path
) -> None:
    Things(there, tmp_path)
    with subprocess.Popen(
        command("reindex", "--json"), env=there.environ, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["state"] == "running"
        process.kill()
    began = json.loads(told(there("reindex", "--json"))[0])
    # The same, unless it was over by then.
    assert began["seconds"] > 0 or began["state"] == "running"
    assert there("index", "check").returncode == 0


def test_a_server_killed_while_it_makes_its_index_has_the_old_one(
    home: Path, tmp_path: Path
) -> None:
    with serving(home, log=home / "log") as server:
        run = Machine.at(home, HOLDFAST_SERVER=server.url)
        things = Things(run, tmp_path)
        before = things.told_of(run)
        with subprocess.Popen(
            command("reindex", "--json"), env=run.environ, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            workers = children_of(server.process.pid)
            makers = [child for worker in workers for child in children_of(worker)]
            for worker in workers:
                os.kill(worker, signal.SIGKILL)
            os.kill(server.process.pid, signal.SIGKILL)
            assert process.wait(60) != 0
        for maker in makers:
            assert when_gone(maker), "a process that made the index outlives the server"
    with serving(home, log=home / "log") as server:
        run = Machine.at(home, HOLDFAST_SERVER=server.url)
        assert eventually(lambda: things.told_of(run)) == before
        told(run("reindex"))
        assert things.told_of(run) == before


def children_of(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def when_gone(process: int) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_person_sees_how_far_it_is(here: Machine, tmp_path: Path) -> None:
    Things(here, tmp_path)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    with subprocess.Popen(
        command("reindex"), env=here.environ, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 65536):
                seen += piece
        except OSError:
            pass
    os.close(ours)
    assert process.returncode == 0
    assert b"reindex: " in seen
    assert b"the index was made again" in seen


def test_an_index_in_memory_cannot_be_made_again(here: Machine, home: Path) -> None:
    with (home / "config.toml").open("a") as config:
        config.write('[storage]\nkind = "memory"\n')
    (home / "data" / "blobs").mkdir(parents=True)
    ended = here("reindex")
    assert ended.returncode == 2
    assert "in memory alone" in ended.stderr


def test_a_limit_below_nothing_is_refused(here: Machine) -> None:
    ended = here("index", "check", "--limit", "-1")
    assert (ended.returncode, ended.stdout) == (2, "")
