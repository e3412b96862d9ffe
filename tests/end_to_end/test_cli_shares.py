"""Sharing, as processes: links that strangers can open, until they cannot."""

from __future__ import annotations

import json
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from holdfast.schema.identity import new_identity, secret_ring
from holdfast.tools.throwaway import environment, serving

from . import forked

AUTH = "userpass:me:opensesame"
REF = r"sha224-[0-9a-f]{56}"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an identity, whose server wants a password."""
    home = tmp_path_factory.mktemp("home")
    ring = home / "identity-secring.gpg"
    ring.touch(mode=0o600)
    ring.write_bytes(secret_ring(new_identity(time=1_700_000_000), is_armored=False))
    (home / "config.toml").write_text(f'[server]\nlisten = "127.0.0.1:1"\nauth = "{AUTH}"\n')
    return home


@pytest.fixture(scope="module")
def run(home: Path) -> Iterator[Run]:
    with serving(home, log=home / "log") as server:
        environ = environment(home) | {"HOLDFAST_SERVER": server.url, "HOLDFAST_AUTH": AUTH}

        def run(*arguments: str, **kind: Any) -> subprocess.CompletedProcess[str]:
            return forked.run(arguments, env=environ, **kind)

        yield run


def told(ended: subprocess.CompletedProcess[str]) -> list[str]:
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.splitlines()


def opened(url: str) -> tuple[int, bytes]:
    """What a stranger gets."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = HTTPConnection(parts.hostname, parts.port, timeout=20)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def listed(run: Run) -> dict[str, Any]:
    found = [json.loads(line) for line in told(run("share", "list", "--json"))]
    return {share["ref"]: share for share in found}


@pytest.fixture
def file(run: Run) -> str:
    return told(run("put", "-", "--name", "letter.txt", input="dear all"))[0]


def test_a_shared_file_is_read_by_strangers_until_it_is_revoked(run: Run, file: str) -> None:
    share, url, link = told(run("share", "create", file))
    assert json.loads(opened(url)[1])["target"] == file
    assert opened(link) == (200, b"dear all")
    told(run("share", "revoke", share))
    assert [opened(address)[0] for address in (url, link)] == [401, 401]
    told(run("undelete", share))
    assert opened(link) == (200, b"dear all")


def test_a_shared_folder_opens_all_below_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inside").write_text("deep")
    folder = told(run("put", str(tmp_path / "folder")))[0]
    share, url = told(run("share", "create", folder))
    root = url.removesuffix(share)
    entries = json.loads(opened(f"{root}{folder}?via={share}")[1])["entries"]
    (member,) = json.loads(opened(f"{root}{entries}?via={share},{folder}")[1])["members"]
    via = f"{share},{folder},{entries}"
    assert opened(f"{root}{member}?via={via}&assemble=1") == (200, b"deep")


def test_a_share_of_one_blob_opens_no_contents(run: Run, file: str) -> None:
    share, url = told(run("share", "create", file, "--not-transitive"))
    root = url.removesuffix(share)
    assert opened(f"{root}{file}?via={share}")[0] == 200
    assert opened(f"{root}{file}?via={share}&assemble=1")[0] == 401


def test_whoever_shares_a_permanode_is_told_who_can_make_something_of_it(
    run: Run, file: str
) -> None:
    permanode = told(run("permanode", "--content", file))[0]
    ended = run("share", "create", permanode)
    assert (ended.returncode, len(ended.stdout.splitlines())) == (0, 2)
    assert "a browser shows what it stands for" in ended.stderr
    share = ended.stdout.splitlines()[0]
    assert opened(f"{ended.stdout.splitlines()[1]}/file/{file}/x?") == (200, b"dear all")
    assert listed(run)[share]["transitive"] is True
    alone = run("share", "create", permanode, "--not-transitive")
    assert "it alone is shared" in alone.stderr


def test_shares_end_when_they_were_said_to(run: Run, file: str) -> None:
    made = json.loads(run("share", "create", file, "--expires", "2h", "--json").stdout)
    assert opened(made["link"])[0] == 200
    assert listed(run)[made["ref"]]["expires"] == made["expires"]
    brief = json.loads(run("share", "create", file, "--expires", "1s", "--json").stdout)
    while listed(run)[brief["ref"]]["state"] == "open":
        pass
    assert listed(run)[brief["ref"]]["state"] == "expired"
    assert opened(brief["link"])[0] == 401


def test_every_share_is_listed_with_its_state(run: Run, file: str) -> None:
    shares = [told(run("share", "create", file))[0] for _ in range(2)]
    searched = told(run("share", "create", "--search", "tag:lake"))[0]
    told(run("share", "revoke", shares[0]))
    found = {line[:63]: line[64:] for line in told(run("share", "list"))}
    assert found[shares[0]] == f"revoked {file} transitive"
    assert found[shares[1]] == f"open {file} transitive"
    assert found[searched] == 'open "tag:lake" transitive'


def test_json_answers_have_these_shapes(run: Run, file: str) -> None:
    made = json.loads(run("share", "create", file, "--json").stdout)
    assert made == {
        "ref": made["ref"],
        "target": file,
        "search": None,
        "transitive": True,
        "expires": None,
        "password": False,
        "downloads": None,
        "url": made["url"],
        "link": made["link"],
    }
    assert re.fullmatch(rf"http://127\.0\.0\.1:\d+/share/{REF}", made["url"])
    assert re.fullmatch(rf"http://.*/share/{file}\?via={made['ref']}&assemble=1", made["link"])
    share = listed(run)[made["ref"]]
    assert share == {
        "ref": made["ref"],
        "target": file,
        "search": None,
        "transitive": True,
        "expires": None,
        "password": False,
        "downloads": None,
        "claimDate": share["claimDate"],
        "state": "open",
        "used": 0,
        "url": made["url"],
    }
    query = '{"expression": "tag:a", "limit": 5}'
    searched = json.loads(run("share", "create", "--search", query, "--json").stdout)
    assert searched["search"] == {"expression": "tag:a", "limit": 5}
    assert listed(run)[searched["ref"]]["search"] == {"expression": "tag:a", "limit": 5}
    revoked = json.loads(run("share", "revoke", made["ref"], "--json").stdout)
    assert revoked == {"ref": made["ref"], "claim": revoked["claim"]}


# Passwords and counts


@pytest.fixture
def password(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text("open sesame\n")
    return path


def test_a_share_may_ask_for_a_password(
    run: Run, file: str, password: Path, tmp_path: Path
) -> None:
    made = run("share", "create", file, "--password-file", str(password), "--json")
    share = json.loads(made.stdout)
    assert share["password"] is True
    assert opened(share["url"])[0] == opened(share["link"])[0] == 401
    closed = run("get", share["url"], str(tmp_path / "letter"))
    assert (closed.returncode, closed.stdout) == (3, "")
    assert "give it with --password-file" in closed.stderr
    wrong = run("get", share["url"], "--password-file", "-", input="sesame")
    assert wrong.returncode == 3
    assert "another password" in wrong.stderr
    told(run("get", share["url"], str(tmp_path / "letter"), "--password-file", str(password)))
    assert (tmp_path / "letter").read_text() == "dear all"
    (line,) = [line for line in told(run("share", "list")) if line.startswith(share["ref"])]
    assert line == f"{share['ref']} open {file} transitive with a password"
    assert "sesame" not in json.dumps(listed(run))


def test_a_share_closes_after_so_many_downloads(run: Run, file: str, tmp_path: Path) -> None:
    share, url, link = told(run("share", "create", file, "--downloads", "2"))
    told(run("get", url, str(tmp_path / "letter")))
    assert (tmp_path / "letter").read_text() == "dear all"
    assert (listed(run)[share]["used"], listed(run)[share]["state"]) == (1, "open")
    assert opened(link) == (200, b"dear all")
    assert opened(link)[0] == 401
    (line,) = [line for line in told(run("share", "list")) if line.startswith(share)]
    assert line == f"{share} used up {file} transitive, 2 downloads at most (2 so far)"
    again = run("get", url, str(tmp_path / "again"))
    assert again.returncode == 3
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--downloads", "0"],
        ["--downloads", "x"],
        ["--downloads", "2", "--not-transitive"],
        ["--password"],  # nobody is at a terminal
        ["--password-file", "-"],  # nothing comes
        ["--password-file", "-", "--password"],
    ],
)
def test_terms_that_make_no_sense_are_refused(run: Run, file: str, options: list[str]) -> None:
    before = len(listed(run))
    assert run("share", "create", file, *options, input="").returncode == 2
    assert len(listed(run)) == before


def test_terms_are_for_new_shares(run: Run, file: str, password: Path) -> None:
    share = told(run("share", "create", file))[0]
    for options in (["--downloads", "1"], ["--password"], ["--password-file", str(password)]):
        assert run("share", "revoke", share, *options).returncode == 2
        assert run("share", "list", *options).returncode == 2
    assert run("get", file, "--password-file", str(password)).returncode == 2


# Getting what others share


def test_what_others_share_is_got_by_the_link_alone(run: Run, file: str, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "inner").mkdir(parents=True)
    (tree / "inner" / "deep").write_bytes(b"deep" * 500_000)
    (tree / "top").write_text("top")
    folder = told(run("put", str(tree)))[0]
    _, url = told(run("share", "create", folder))
    got = tmp_path / "got"
    said = json.loads(run("get", url, "-o", str(got), "--json").stdout)
    assert (said["files"], said["failed"]) == (2, 0)
    assert (got / "tree" / "inner" / "deep").read_bytes() == b"deep" * 500_000
    assert (got / "tree" / "top").read_text() == "top"
    assert json.loads(run("get", url, "-o", str(got), "--json").stdout)["kept"] == 2
    _, url, link = told(run("share", "create", file))
    for number, address in enumerate((url, link, f"{url}/")):
        told(run("get", address, str(tmp_path / f"{number}")))
        assert (tmp_path / f"{number}").read_text() == "dear all"


def test_sets_and_searches_that_are_shared_are_saved_as_zips(
    run: Run, file: str, tmp_path: Path
) -> None:
    permanode = told(run("permanode", "--content", file, "--tag", "zipped"))[0]
    album = told(run("permanode", "--title", "Album"))[0]
    told(run("attr", "add", album, "camliMember", permanode))
    url = run("share", "create", album).stdout.splitlines()[1]
    told(run("get", url, "-o", str(tmp_path)))
    with zipfile.ZipFile(tmp_path / "Album.zip") as packed:
        assert packed.read("Album/letter.txt") == b"dear all"
    _, url = told(run("share", "create", "--search", "tag:zipped"))
    told(run("get", url, str(tmp_path / "found.zip")))
    with zipfile.ZipFile(tmp_path / "found.zip") as packed:
        assert packed.read("letter.txt") == b"dear all"
    assert run("get", url, str(tmp_path / "found.zip")).returncode == 1
    told(run("get", url, str(tmp_path / "found.zip"), "--overwrite"))
    assert [path.name for path in tmp_path.glob(".holdfast*")] == []


def test_a_link_that_is_none_or_closed_is_told_of(run: Run, file: str, tmp_path: Path) -> None:
    share, url, _ = told(run("share", "create", file))
    told(run("share", "revoke", share))
    gone = url.replace(share, file)
    for address, code in ((url, 3), (gone, 3), (url.removesuffix(share), 2), (f"{url}x", 2)):
        ended = run("get", address, str(tmp_path / "x"))
        assert (ended.returncode, ended.stdout) == (code, ""), ended.stderr
        assert not (tmp_path / "x").exists()


def test_without_a_server_a_share_is_made_and_its_use_is_told(tmp_path: Path, home: Path) -> None:
    (tmp_path / "identity-secring.gpg").write_bytes((home / "identity-secring.gpg").read_bytes())
    (tmp_path / "identity-secring.gpg").chmod(0o600)
    (tmp_path / "config.toml").write_text('[server]\nlisten = "127.0.0.1:1"\n')

    def run(*arguments: str, **kind: Any) -> subprocess.CompletedProcess[str]:
        return forked.run(arguments, env=environment(tmp_path), **kind)

    file = run("put", "-", input="x").stdout.strip()
    ended = run("share", "create", file)
    assert ended.returncode == 0
    assert re.fullmatch(rf"{REF}\n", ended.stdout)
    assert "holdfast serve" in ended.stderr
    assert told(run("share", "list")) == [f"{ended.stdout.strip()} open {file} transitive"]
