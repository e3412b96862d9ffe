"""The demo does what it shows, as a process of its own, and leaves nothing behind."""

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

import holdfast

DEMO = [sys.executable, "-P", "-m", "holdfast.tools.demo"]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An empty home, and a place for temporary files that can be looked at."""
    (tmp_path / "home").mkdir()
    (tmp_path / "tmp").mkdir()
    return {
        "PATH": os.defpath,
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
        "PYTHONPATH": str(Path(holdfast.__file__).absolute().parent.parent),
    }


def test_demo_stores_a_tree_and_gets_it_back_identical(
    environ: dict[str, str], tmp_path: Path
) -> None:
    ended = subprocess.run(DEMO, env=environ, capture_output=True, text=True, timeout=100)
    assert ended.returncode == 0, ended.stderr
    said = dict(re.findall(r"^  (\w+(?: \w+)?)  +(.*)$", ended.stdout, re.MULTILINE))
    assert "http://127.0.0.1:" in said["server"]
    assert re.fullmatch(r"sha224-[0-9a-f]{56}", said["root"])
    assert "MB/s" in said["put"]
    assert "MB/s" in said["get"]
    assert "photos" in said["list"]
    assert "identical" in said["compare"]
    assert said["gallery"].endswith("/ui/")
    assert re.search(r"/share/sha224-[0-9a-f]{56}$", said["share"])
    # Half of it is there twice: the photos as copies, the recording but for its middle.
    saved = re.search(r"\((\d+)%\)", said["kept"])
    assert saved is not None
    assert 40 < int(saved[1]) < 60
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list((tmp_path / "home").iterdir()) == []


def test_on_a_terminal_the_server_stays_until_ctrl_c(
    environ: dict[str, str], tmp_path: Path
) -> None:
    own, theirs = pty.openpty()
    process = subprocess.Popen(
        DEMO, env=environ, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    try:
        said = ""
        for piece in _pieces(own):
            said += piece
            if "Ctrl-C" in said:
                break
        url = re.search(r"http://127\.0\.0\.1:\d+/", said)
        assert url is not None, said
        with urlopen(f"{url[0]}healthz") as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        os.close(own)
    with pytest.raises(OSError, match="refused"):
        urlopen(f"{url[0]}healthz")
    assert list((tmp_path / "tmp").iterdir()) == []


def _pieces(descriptor: int) -> Iterator[str]:
    while True:
        try:
            piece = os.read(descriptor, 4096)
        except OSError:  # the other end is closed
            return
        yield piece.decode(errors="replace")
