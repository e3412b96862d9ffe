"""Putting into a real server, and getting back, as processes."""

import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdfast.blobstore.ref import Blob, Ref
from holdfast.tools.client.address import Address
from holdfast.tools.client.holdfast import HoldfastStore
from holdfast.tools.client.opening import connect
from holdfast.tools.client.perkeep import PerkeepStore
from holdfast.tools.client.store import Store
from holdfast.tools.getting.getting import Getter, fetch_schema
from holdfast.tools.putting.options import PutOptions
from holdfast.tools.putting.putting import Putter
from holdfast.tools.sametree import differences
from holdfast.tools.throwaway import Server, command, environment, serving

ROOT = Path(__file__).absolute().parent.parent
MiB = 1 << 20

_WITH_PEAK = """
import sys
from pathlib import Path
from holdfast.tools.cli import main
code = main(sys.argv[1:])
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line for line in lines if line.startswith("VmHWM:")), file=sys.stderr)
sys.exit(code)
"""

AUTH = "userpass:me:open sesame"


def _make_nasty(top: Path) -> Path:
    found = importlib.util.spec_from_file_location("nasty", ROOT / "tools" / "conftest.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    made = module.make_nasty(top)
    assert isinstance(made, Path)
    return made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("server")
    (home / "config.toml").write_text(f'[server]\nauth = "{AUTH}"\n')
    with serving(home, log=home / "log") as server:
        yield server


@pytest.fixture
def environ(server: Server, tmp_path: Path) -> dict[str, str]:
    """A client's environment, with a home of its own."""
    return environment(tmp_path / "client") | {
        "HOLDFAST_SERVER": server.url,
        "HOLDFAST_AUTH": AUTH,
    }


Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def run(environ: dict[str, str]) -> Run:
    def run(*arguments: str, **kind) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command(*arguments), env=environ, capture_output=True, **kind)

    return run


def said(ended: subprocess.CompletedProcess[bytes]) -> dict[str, object]:
    assert ended.returncode in (0, 1), ended.stderr
    found = json.loads(ended.stdout)
    assert isinstance(found, dict)
    return found


def test_a_nasty_tree_goes_in_and_comes_back_identical(run: Run, tmp_path: Path) -> None:
    top = _make_nasty(tmp_path / "nasty")
    first = said(run("put", "--json", str(top)))
    assert first["skipped"] == 0
    restored = run("get", str(first["ref"]), str(tmp_path / "back"))
    assert restored.returncode == 0, restored.stderr
    assert list(differences(top, tmp_path / "back")) == []
    into = run("get", str(first["ref"]), "-o", str(tmp_path / "new" / "place"))
    assert into.returncode == 0, into.stderr
    assert list(differences(top, tmp_path / "new" / "place" / "nasty")) == []
    again = said(run("put", "--json", str(top)))
    assert again["ref"] == first["ref"]
    assert again["sentBlobs"] == 0
    uncached = said(run("put", "--json", "--no-cache", str(top)))
    assert uncached["ref"] == first["ref"]


def test_credentials_are_needed_and_their_lack_is_told(run: Run, environ: dict[str, str]) -> None:
    environ["HOLDFAST_AUTH"] = "userpass:me:wrong"
    ended = run("put", "-", input=b"x")
    assert ended.returncode == 3
    assert b"refused the credentials" in ended.stderr
    assert b"wrong" not in ended.stderr
    del environ["HOLDFAST_AUTH"]
    environ["CAMLI_AUTH"] = AUTH
    environ["CAMLI_SERVER"] = environ.pop("HOLDFAST_SERVER")
    assert run("put", "-", input=b"x").returncode == 0


def _settled(store: Store) -> int:
    """The bytes in a store, when what was in flight has arrived."""
    sizes = [-1]
    while len(sizes) < 4 or len(set(sizes[-4:])) > 1:
        time.sleep(0.3)
        sizes.append(sum(dict(store.enumerate()).values()))
    return sizes[-1]


def test_a_put_that_was_killed_sends_only_what_is_missing(
    run: Run, environ: dict[str, str], server: Server, tmp_path: Path
) -> None:
    top = tmp_path / "t"
    top.mkdir()
    chance = random.Random(str(tmp_path))
    for n in range(160):
        (top / f"{n:03}").write_bytes(chance.randbytes(MiB))
    store = connect(Address.parse(server.url), auth=AUTH)
    before = dict(store.enumerate())
    process = subprocess.Popen(command("put", str(top)), env=environ, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        there = sum(dict(store.enumerate()).values()) - sum(before.values())
        if there > 30 * MiB:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = _settled(store) - sum(before.values())
    assert kept > 30 * MiB
    assert kept < 150 * MiB, "it was killed too late to tell anything"
    done = said(run("put", "--json", str(top)))
    total = sum(dict(store.enumerate()).values()) - sum(before.values())
    assert done["skipped"] == 0
    sent = done["sentBytes"]
    assert isinstance(sent, int)
    assert total - kept <= sent <= total - kept + 2 * MiB
    assert run("get", str(done["ref"]), str(tmp_path / "back")).returncode == 0
    assert list(differences(top, tmp_path / "back")) == []
    store.close()


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT])
def test_a_get_that_was_killed_goes_on(
    run: Run, environ: dict[str, str], tmp_path: Path, by: signal.Signals
) -> None:
    top = tmp_path / "t"
    top.mkdir()
    for n in range(100):
        (top / f"{n:03}").write_bytes(os.urandom(MiB))
    ref = run("put", str(top)).stdout.decode().strip()
    process = subprocess.Popen(
        command("get", ref, str(tmp_path / "b")), env=environ, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if (tmp_path / "b").exists() and len(list((tmp_path / "b").iterdir())) > 10:
            break
    process.send_signal(by)
    _, complaint = process.communicate(timeout=60)
    if by is signal.SIGINT:
        assert process.returncode == 130, "it ended too early to tell anything"
        assert b"Traceback" not in complaint
        assert list((tmp_path / "b").glob(".holdfast-*")) == []
    done = said(run("get", "--json", ref, str(tmp_path / "b")))
    assert done["failed"] == 0
    assert done["kept"] > 0  # type: ignore[operator]
    assert list(differences(top, tmp_path / "b")) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small disk")
def test_a_full_disk_ends_a_get_in_one_line(
    run: Run, environ: dict[str, str], tmp_path: Path
) -> None:
    top, small = tmp_path / "t", tmp_path / "small"
    top.mkdir()
    small.mkdir()
    for n in range(40):
        (top / f"{n}").write_bytes(os.urandom(100_000))
    (top / "large").write_bytes(os.urandom(5 * MiB))
    ref = run("put", str(top)).stdout.decode().strip()
    script = """
        mount -t tmpfs -o size=2m tmpfs "$0" || exit 99
        "$@"
        code=$?
        find "$0" -name ".holdfast-*"
        exit $code
    """
    ended = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, small, *command("get", ref, "-o", str(small))],
        env=environ,
        capture_output=True,
        timeout=60,
    )
    if ended.returncode == 99:
        pytest.skip("nothing can be mounted here")
    assert ended.returncode == 1
    assert b"No space left on device" in ended.stderr
    assert ended.stderr.count(b"\n") == 1
    assert ended.stdout == b"", "what was not finished is still there"


def test_two_puts_at_once_both_succeed(run: Run, environ: dict[str, str], tmp_path: Path) -> None:
    top = tmp_path / "t"
    for n in range(300):
        folder = top / f"{n % 20}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{n}").write_bytes(os.urandom(20_000))
    both = [
        subprocess.Popen(
            command("put", str(top)), env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert said[0] == said[1]
    assert said[0][1] == b""
    assert run("get", said[0][0].decode().strip(), str(tmp_path / "b")).returncode == 0
    assert list(differences(top, tmp_path / "b")) == []


def test_a_server_restart_in_between_loses_nothing(tmp_path: Path) -> None:
    """Blobs that were deferred under the old process are sent again under the new one."""
    top = tmp_path / "t"
    top.mkdir()
    (top / "f").write_bytes(os.urandom(3 * MiB))
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text('[server]\nauth = "none"\n')
    with serving(home, log=tmp_path / "log") as server:
        store = connect(Address.parse(server.url), auth=None)
        assert isinstance(store, HoldfastStore)
        store._epoch = "of a process that is gone"
        notes: list[str] = []
        from holdfast.tools.putting.report import Reporting

        putter = Putter(store, PutOptions(), reporting=Reporting(note=notes.append))
        done = putter.put_path(os.fsencode(top))
        assert any("restarted" in note for note in notes)
        assert store.missing([done.ref]) == []
        store.close()


def test_the_server_says_which_hash_names_new_blobs(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text('[server]\nauth = "none"\n[storage]\nhash = "sha256"\n')
    top = tmp_path / "t"
    (top / "below").mkdir(parents=True)
    (top / "below" / "f").write_bytes(os.urandom(3 * MiB))
    with serving(home, log=tmp_path / "log") as server:
        environ = environment(tmp_path / "client") | {"HOLDFAST_SERVER": server.url}

        def run(*arguments: str) -> str:
            made = subprocess.run(command(*arguments), env=environ, capture_output=True, check=True)
            return made.stdout.decode()

        ref = run("put", str(top)).strip()
        listed = run("enumerate").split("\n")
        assert ref.startswith("sha256-")
        assert all(line.startswith("sha256-") for line in listed if line)
        run("get", ref, str(tmp_path / "back"))
    assert list(differences(top, tmp_path / "back")) == []


def test_damage_is_found_told_and_healed_by_the_next_put(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text('[server]\nauth = "none"\n')
    top = tmp_path / "t"
    top.mkdir()
    for number in range(20):
        (top / f"f{number}").write_bytes(os.urandom(50_000))
    time.sleep(2.5)  # what changed just now is not taken for unchanged
    with serving(home, log=tmp_path / "log") as server:
        environ = environment(tmp_path / "client") | {"HOLDFAST_SERVER": server.url}

        def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
            return subprocess.run(command(*arguments), env=environ, capture_output=True)

        ref = run("put", str(top)).stdout.decode().strip()
        assert json.loads(run("put", "--json", str(top)).stdout)["unchanged"] == 20
        (pack,) = home.rglob("pack-00000.blobs")
        with pack.open("r+b") as file:
            file.seek(file.read().index((top / "f7").read_bytes()) + 1000)
            file.write(b"x" * 50)
        damaged = run("get", ref, str(tmp_path / "a"))
        assert damaged.returncode == 5
        assert b"f7" in damaged.stderr
        healed = run("put", "--json", str(top))
        assert json.loads(healed.stdout)["sentBlobs"] >= 1
        assert run("get", ref, str(tmp_path / "b")).returncode == 0
    assert list(differences(top, tmp_path / "b")) == []


def test_stdin_and_blobs(run: Run) -> None:
    data = os.urandom(5 * MiB)
    ref = run("put", "-", "--name", "dump", input=data).stdout.decode().strip()
    assert run("cat", ref).stdout == data
    listed = json.loads(run("ls", "--json", ref).stdout)
    assert (listed["path"], listed["size"]) == ("dump", len(data))
    raw = run("put", "--blob", "-", input=b"raw").stdout.decode().strip()
    assert raw == Ref.of(b"raw")
    assert run("cat", raw).stdout == b"raw"
    assert run("put", "--blob", "-", input=bytes(17 * MiB)).returncode == 2


def test_unreadable_and_vanished_files_are_skipped_with_code_1(
    run: Run, environ: dict[str, str], tmp_path: Path
) -> None:
    top = tmp_path / "t"
    (top / "locked").mkdir(parents=True)
    (top / "good").write_bytes(b"good")
    (top / "secret").write_bytes(b"secret")
    (top / "secret").chmod(0)
    (top / "locked").chmod(0)
    arguments = command("put", "--json", str(top))
    if os.geteuid() == 0:
        # Root reads everything; give its right to do so up.
        arguments = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *arguments]
    ended = subprocess.run(arguments, env=environ, capture_output=True)
    (top / "locked").chmod(0o700)
    assert ended.returncode == 1, ended.stderr
    done = json.loads(ended.stdout)
    assert (done["files"], done["skipped"]) == (1, 2)
    assert b"secret: Permission denied; skipped" in ended.stderr
    assert run("put", str(tmp_path / "none")).returncode == 1


def test_listing_shows_everything_below(run: Run, tmp_path: Path) -> None:
    top = tmp_path / "t"
    (top / "sub").mkdir(parents=True)
    (top / "a").write_bytes(b"12345")
    (top / "a").chmod(0o640)
    (top / "sub" / "l").symlink_to("../a")
    ref = run("put", str(top)).stdout.decode().strip()
    lines = run("ls", "-R", ref).stdout.decode().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["a", "sub/", "sub/l"]
    long = run("ls", "-lR", ref).stdout.decode().splitlines()
    assert long[0].startswith("-rw-r-----")
    assert " 5 " in long[0]
    assert long[2].endswith("sub/l -> ../a")


def test_enumerate_pages_through_everything(run: Run) -> None:
    for number in range(6):
        run("put", "--blob", "-", input=b"blob %d" % number)
    everything = run("enumerate").stdout.split()[::2]
    assert everything == sorted(everything)
    assert {Ref.of(b"blob %d" % number).encode() for number in range(6)} <= set(everything)
    assert run("enumerate", "--limit", "3").stdout.split()[::2] == everything[:3]
    after = run("enumerate", "--after", everything[2].decode(), "--limit", "2")
    assert after.stdout.split()[::2] == everything[3:5]
    assert run("enumerate", "--limit", "-1").returncode == 2


@pytest.mark.parametrize("own_calls", [True, False])
def test_both_protocols_carry_the_same_tree(
    server: Server, tmp_path: Path, own_calls: bool
) -> None:
    """Without its own calls the server is to the client what a Perkeep server is."""
    top = _make_nasty(tmp_path / "nasty")
    address = Address.parse(server.url)
    store = connect(address, auth=AUTH, without_own_calls=not own_calls)
    assert isinstance(store, HoldfastStore) is own_calls
    assert isinstance(store, PerkeepStore)
    data = random.Random(own_calls).randbytes(20 * MiB)
    (top / "more").write_bytes(data)
    done = Putter(store, PutOptions()).put_path(os.fsencode(top))
    getter = Getter(store)
    restored = getter.get(fetch_schema(store, done.ref), os.fsencode(tmp_path), b"back")
    assert restored.failed == 0
    assert list(differences(top, tmp_path / "back")) == []
    absent = Ref.of(b"never put anywhere")
    assert store.missing([absent, done.ref]) == [absent]
    (found,) = store.fetch([done.ref])
    assert isinstance(found, Blob)
    assert store.stat([absent, done.ref]) == [(done.ref, len(found.data))]
    store.close()


def test_a_blob_root_as_address_is_used_as_it_is(server: Server) -> None:
    store = connect(Address.parse(server.url), auth=AUTH)
    root = store._root  # type: ignore[attr-defined]
    direct = connect(Address.parse(server.url.rstrip("/") + root), auth=AUTH)
    assert list(direct.enumerate(limit=5)) == list(store.enumerate(limit=5))


def test_memory_stays_bounded_for_a_large_file(environ: dict[str, str], tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        for _ in range(12):
            file.write(random.Random(3).randbytes(32 * MiB))

    def run(*arguments: str) -> tuple[str, int]:
        """What it said, and its peak memory in MiB."""
        ended = subprocess.run(
            [sys.executable, "-c", _WITH_PEAK, *arguments], env=environ, capture_output=True
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.decode().strip(), int(ended.stderr.split()[-2]) // 1024

    ref, peak = run("put", str(tmp_path / "large"))
    assert peak < 150
    _, peak = run("get", ref, str(tmp_path / "back"))
    assert peak < 150
