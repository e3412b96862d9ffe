"""The command as a process, on a machine where nothing is set up."""

import base64
import fcntl
import json
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from holdfast.tools.cli import COMMANDS
from holdfast.tools.throwaway import command, environment

Run = Callable[..., subprocess.CompletedProcess[bytes]]

_HOLD = """
import sys, time
from pathlib import Path
from holdfast.blobstore.ownership import Ownership
kept = Ownership(Path(sys.argv[1]))
print(flush=True)
time.sleep(60)
"""

HEAVY = ("numpy", "urllib3", "falcon", "tqdm", "platformdirs", "plyvel", "sqlite3", "http.client")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the command with a home of its own, and no server at the usual place."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text('[server]\nlisten = "127.0.0.1:1"\n')

    def run(*arguments: str, **kind) -> subprocess.CompletedProcess[bytes]:
        environ = environment(home) | kind.pop("environ", {})
        return subprocess.run(
            command(*arguments), env=environ, capture_output=True, timeout=60, **kind
        )

    return run


def test_help_names_every_command_and_loads_nothing_heavy(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom holdfast.tools.cli import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit as ended:\n    print(ended.code)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for named in COMMANDS:
        assert f"  {named.name} " in said
    assert said.endswith("0\n[]\n")


def test_help_takes_less_than_a_tenth_of_a_second(tmp_path: Path) -> None:
    """Of one core: on a machine that does other things too, the wall clock tells nothing."""
    least = 1.0
    for _ in range(5):
        process = subprocess.Popen(
            command("--help"), env=environment(tmp_path), stdout=subprocess.DEVNULL
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = status
        assert status == 0
        least = min(least, used.ru_utime + used.ru_stime)
    assert least < 0.1


@pytest.mark.parametrize("name", [named.name for named in COMMANDS])
def test_every_command_has_help(run: Run, name: str) -> None:
    ended = run(name, "--help")
    assert ended.returncode == 0
    assert b"usage: holdfast " + name.encode() in ended.stdout


def test_version_is_told_both_ways(run: Run) -> None:
    assert run("version").stdout == run("--version").stdout
    assert set(json.loads(run("version", "--json").stdout)) == {"holdfast", "python"}


def test_init_makes_a_home_once(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    environ = environment(home)
    (tmp_path / "new").mkdir()
    command_line = command("init", "--listen", "127.0.0.1:1")
    first = subprocess.run(command_line, env=environ, capture_output=True)
    assert first.returncode == 0, first.stderr
    assert b"holdfast serve" in first.stdout
    text = (home / "config.toml").read_text()
    assert (home / "config.toml").stat().st_mode & 0o777 == 0o600
    again = subprocess.run(command("init"), env=environ, capture_output=True)
    assert again.returncode == 1
    assert b"exists already" in again.stderr
    assert (home / "config.toml").read_text() == text


def test_config_tells_values_and_where_they_are_from(run: Run) -> None:
    secret = {"HOLDFAST_AUTH": "userpass:me:opensesame"}
    said = run("config", environ=secret)
    assert said.returncode == 0
    assert b"opensesame" not in said.stdout + said.stderr
    assert b"environment HOLDFAST_AUTH" in said.stdout
    settings = json.loads(run("config", "--json", environ=secret).stdout)["settings"]
    assert settings["server.listen"]["value"] == "127.0.0.1:1"
    assert settings["server.listen"]["from"].endswith("config.toml")
    assert settings["server.auth"]["value"] == "userpass:me:***"
    assert settings["storage.kind"] == {"value": "packed", "from": "default"}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nonsense"], 2, b"nonsense"),
        (["get"], 2, b"REF"),
        (["get", "no-ref-at-all!"], 2, b"not a blobref"),
        (["get", "sha224-0123"], 2, b"give the ref whole"),
        (["put", "/", "--server", "ftp://x"], 2, b"http://"),
        (["stat", "sha224-" + "0" * 56], 3, b"holdfast serve"),
        (["enumerate", "--server", "http://127.0.0.1:1"], 3, b"is the server running"),
        (["put", "x", "--server", "http://127.0.0.1:1"], 3, b"refused"),
    ],
)
def test_errors_are_one_line_that_says_what_to_do(
    run: Run, arguments: list[str], code: int, words: bytes
) -> None:
    ended = run(*arguments)
    assert ended.returncode == code
    assert words in ended.stderr
    assert b"Traceback" not in ended.stderr
    if arguments[0] != "nonsense" and arguments != ["get"]:
        assert ended.stderr.count(b"\n") == 1


def test_debug_shows_where_an_error_came_from(run: Run) -> None:
    assert b"Traceback" in run("--debug", "get", "!").stderr
    assert b"Traceback" in run("get", "!", "--debug").stderr


def test_a_wrong_setting_is_told_but_does_not_hinder_version(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[storage]\nknid = 'packed'\n")
    environ = environment(tmp_path)
    ended = subprocess.run(command("config"), env=environ, capture_output=True)
    assert ended.returncode == 2
    assert b"did you mean storage.kind?" in ended.stderr
    assert subprocess.run(command("version"), env=environ, capture_output=True).returncode == 0


def test_without_a_server_the_local_store_is_used(run: Run, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"hello")
    put = run("put", str(tmp_path / "f"))
    assert put.returncode == 0, put.stderr
    ref = put.stdout.decode().strip()
    assert run("cat", ref).stdout == b"hello"
    assert run("get", ref, str(tmp_path / "back")).returncode == 0
    assert (tmp_path / "back").read_bytes() == b"hello"
    assert len(run("enumerate").stdout.splitlines()) == 2
    assert run("stat", ref).stdout.split()[0].decode() == ref


def test_a_store_somebody_else_has_is_told_of(run: Run, tmp_path: Path) -> None:
    run("put", "-", input=b"x")
    folder = tmp_path / "home" / "data" / "blobs"
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _HOLD,
            str(folder),
        ],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        ended = run("enumerate")
        assert ended.returncode == 3
        assert f"process {holder.pid}".encode() in ended.stderr
        assert b"HOLDFAST_SERVER" in ended.stderr
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def test_missing_and_damaged_have_codes_of_their_own(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "home" / "config.toml"
    config.write_text(config.read_text() + '[storage]\nkind = "localdisk"\n')
    ref = run("put", "-", input=b"precious").stdout.decode().strip()
    absent = "sha224-" + "0" * 56
    assert run("cat", absent).returncode == 4
    assert run("get", absent).returncode == 4
    assert run("stat", ref, absent).returncode == 4
    for blob in (tmp_path / "home" / "data").rglob("*.dat"):
        if blob.read_bytes() == b"precious":
            blob.write_bytes(b"precioux")
    ended = run("cat", ref)
    assert ended.returncode == 5
    assert ended.stdout == b""
    assert run("get", ref, str(tmp_path / "out")).returncode == 5
    assert not (tmp_path / "out").exists()


def test_a_reader_who_has_enough_is_no_error(run: Run, tmp_path: Path) -> None:
    for n in range(3):
        run("put", "--blob", "-", input=b"%d" % n * 100_000)
    home = tmp_path / "home"
    process = subprocess.Popen(
        command("cat", "--blob", *run("enumerate").stdout.decode().split()[::2] * 50),
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait() == 0
    process.stderr.close()


@pytest.mark.parametrize(
    ("closed", "arguments", "code"),
    [
        ("<&-", "put -", 1),
        (">&-", "version", 1),
        ("2>&-", "put nowhere", 1),
        ("<&- >&- 2>&-", "put folder", 1),
        ("2>&- <&-", "put folder", 0),
    ],
)
def test_streams_that_are_closed_are_no_fault_of_ours(
    tmp_path: Path, closed: str, arguments: str, code: int
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "config.toml").write_text('[server]\nlisten = "127.0.0.1:1"\n')
    script = f'exec "$@" {closed}'
    done = subprocess.run(
        ["bash", "-c", script, "bash", *command(*arguments.split())],
        env=environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == code, done.stderr
    assert b"fault" not in done.stderr
    assert done.stderr.count(b"\n") <= 1


def test_ctrl_c_ends_a_put_with_130_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "config.toml").write_text('[server]\nlisten = "127.0.0.1:1"\n')
    process = subprocess.Popen(
        command("put", "-"),
        env=environment(tmp_path / "home"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdin is not None
        process.stdin.write(os.urandom(9 << 20))
        process.stdin.flush()
        store = tmp_path / "home" / "data" / "blobs"
        deadline = time.monotonic() + 20
        while not store.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr is not None
        said = process.stderr.read()
        assert b"Traceback" not in said
        assert b"interrupted" in said
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()


def test_names_are_harmless_on_a_terminal_and_whole_in_json(run: Run, tmp_path: Path) -> None:
    raw = b"evil\x1b[2J\n\xff"
    top = tmp_path / "t"
    top.mkdir()
    (top / os.fsdecode(raw)).write_bytes(b"")
    ref = run("put", str(top)).stdout.decode().strip()
    assert raw in run("ls", ref).stdout
    (member,) = [json.loads(line) for line in run("ls", "--json", ref).stdout.splitlines()]
    assert base64.b64decode(member["pathBase64"]) == raw
    own, theirs = pty.openpty()
    subprocess.run(
        command("ls", ref), env=environment(tmp_path / "home"), stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # how the end of a terminal looks
        while piece := os.read(own, 4096):
            shown += piece
    os.close(own)
    assert rb"evil\x1b[2J\x0a\xff" in shown
    assert b"\x1b" not in shown


def test_progress_is_shown_on_a_terminal_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(os.urandom(5 << 20))
    home = tmp_path / "home"
    assert run("put", str(tmp_path / "f")).stderr == b""
    own, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    ended = subprocess.Popen(
        command("put", "--no-cache", str(tmp_path / "f")),
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    with suppress(OSError):
        while piece := os.read(own, 4096):
            shown += piece
    os.close(own)
    assert ended.wait() == 0
    assert ended.stdout is not None
    assert ended.stdout.read().startswith(b"sha224-")
    ended.stdout.close()
    assert b"put" in shown
    assert b"B/s" in shown
    assert b"5.00M/5.00M" in shown
    assert b"1 files" in shown


def test_reading_blobs_needs_no_index(run: Run, tmp_path: Path) -> None:
    ref = run("put", "-", input=b"text").stdout.decode().strip()
    index = tmp_path / "home" / "data" / "index"
    shutil.rmtree(index)
    assert run("cat", ref).stdout == b"text"
    assert run("stat", ref).returncode == 0
    assert not index.exists()
