"""Sharing, as processes: links that strangers can open, until they cannot."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from holdfast.schema.identity import new_identity, secret_ring
from holdfast.tools.throwaway import command, environment, serving

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
            return subprocess.run(
                command(*arguments), env=environ, capture_output=True, text=True, **kind
            )

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


def test_whoever_shares_a_permanode_is_told_that_its_content_stays_closed(
    run: Run, file: str
) -> None:
    permanode = told(run("permanode", "--content", file))[0]
    ended = run("share", "create", permanode)
    assert (ended.returncode, len(ended.stdout.splitlines())) == (0, 2)
    assert "share its content" in ended.stderr


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
    assert found[searched] == 'open "tag:lake" alone'


def test_json_answers_have_these_shapes(run: Run, file: str) -> None:
    made = json.loads(run("share", "create", file, "--json").stdout)
    assert made == {
        "ref": made["ref"],
        "target": file,
        "search": None,
        "transitive": True,
        "expires": None,
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
        "claimDate": share["claimDate"],
        "state": "open",
        "url": made["url"],
    }
    query = '{"expression": "tag:a", "limit": 5}'
    searched = json.loads(run("share", "create", "--search", query, "--json").stdout)
    assert searched["search"] == {"expression": "tag:a", "limit": 5}
    assert listed(run)[searched["ref"]]["search"] == {"expression": "tag:a", "limit": 5}
    revoked = json.loads(run("share", "revoke", made["ref"], "--json").stdout)
    assert revoked == {"ref": made["ref"], "claim": revoked["claim"]}


def test_without_a_server_a_share_is_made_and_its_use_is_told(tmp_path: Path, home: Path) -> None:
    (tmp_path / "identity-secring.gpg").write_bytes((home / "identity-secring.gpg").read_bytes())
    (tmp_path / "identity-secring.gpg").chmod(0o600)
    (tmp_path / "config.toml").write_text('[server]\nlisten = "127.0.0.1:1"\n')

    def run(*arguments: str, **kind: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments), env=environment(tmp_path), capture_output=True, text=True, **kind
        )

    file = run("put", "-", input="x").stdout.strip()
    ended = run("share", "create", file)
    assert ended.returncode == 0
    assert re.fullmatch(rf"{REF}\n", ended.stdout)
    assert "holdfast serve" in ended.stderr
    assert told(run("share", "list")) == [f"{ended.stdout.strip()} open {file} transitive"]
