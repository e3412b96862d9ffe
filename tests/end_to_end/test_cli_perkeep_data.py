"""Stores that Perkeep wrote, served by us and restored by the command."""

import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from holdfast.tools.sametree import differences
from holdfast.tools.throwaway import command, environment, serving

DATA = Path(__file__).absolute().parent.parent / "data"

KINDS = {"localdisk": "localdisk", "diskpacked": "packed"}


@pytest.mark.parametrize("name", KINDS)
def test_what_perkeep_put_is_restored_by_us(name: str, tmp_path: Path) -> None:
    for archive in (DATA / "blobstore/perkeep-stores.tar.xz", DATA / "schema/inputs.tar.gz"):
        with tarfile.open(archive) as opened:
            opened.extractall(tmp_path)  # `filter` is not known to every 3.11
    known = json.loads((DATA / "schema/refs.json").read_text())
    refs = known["refs"]
    for entry in known["inputs"]:  # tarfile leaves the times of links alone
        there = tmp_path / "inputs" / entry["path"]
        if there.is_symlink():
            os.utime(there, ns=(entry["mtime_ns"], entry["mtime_ns"]), follow_symlinks=False)
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text(
        f'[storage]\nkind = "{KINDS[name]}"\npath = "{tmp_path / name}"\n'
        '[server]\nauth = "userpass:gold:en"\n'
    )
    with serving(home, log=tmp_path / "log") as server:
        environ = environment(home) | {"HOLDFAST_SERVER": server.url}
        environ["HOLDFAST_AUTH"] = "userpass:gold:en"
        for wanted in ("tree", "photo.jpg", "empty.bin", "r100k.bin"):
            ended = subprocess.run(
                command("get", refs[wanted], "-o", str(tmp_path / "back")),
                env=environ,
                capture_output=True,
            )
            assert ended.returncode == 0, ended.stderr
            there = tmp_path / "inputs" / wanted
            assert list(differences(there, tmp_path / "back" / wanted)) == []
        listed = subprocess.run(command("enumerate"), env=environ, capture_output=True).stdout
    assert listed == (tmp_path / f"{name}.txt").read_bytes()
