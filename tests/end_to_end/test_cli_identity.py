"""Making an identity, bringing one along, and losing none, as processes in an empty home."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import tomllib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from holdfast.blobstore.ref import Ref
from holdfast.schema.identity import new_identity, read_identity, secret_ring
from holdfast.schema.openpgp.armor import PRIVATE_KEY, armored
from holdfast.schema.openpgp.publickey import parse_key_blob
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.tools.throwaway import command, environment, serving

from .gnupg_home import PASSPHRASE, GnuPGHome

DATA = Path(__file__).parents[1] / "data" / "schema"
NOBODY = ("--listen", "127.0.0.1:1")
"""Where no server answers, so that the store is used."""

Ended = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Home:
    """A home to begin with nothing in, and the commands run there."""

    path: Path

    @property
    def ring(self) -> Path:
        return self.path / "identity-secring.gpg"

    @property
    def config(self) -> Path:
        return self.path / "config.toml"

    @property
    def key(self) -> SecretKey:
        return read_identity(self.ring.read_bytes())

    def __call__(self, *arguments: str | Path, **environ: str) -> Ended:
        return subprocess.run(
            [*command(), *arguments],
            env=environment(self.path) | environ,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def init(self, *arguments: str | Path, **environ: str) -> Ended:
        return self("init", *NOBODY, *arguments, **environ)

    def start(self, **environ: str) -> subprocess.Popen[bytes]:
        """An init that runs, in a group of its own with all it starts."""
        return subprocess.Popen(
            command("init", *NOBODY, "--json"),
            env=environment(self.path) | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def contents(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.path.iterdir() if path.is_file()}

    def files(self) -> set[str]:
        return set(self.contents())


@pytest.fixture
def home() -> Iterator[Home]:
    """With a short name, so that gpg can have its sockets there."""
    with tempfile.TemporaryDirectory(prefix="home", dir="/tmp") as name:
        yield Home(Path(name))


@pytest.fixture(scope="module")
def gnupg() -> Iterator[GnuPGHome]:
    gnupg = GnuPGHome.make()
    yield gnupg
    gnupg.remove()


@pytest.fixture(scope="module")
def ada(gnupg: GnuPGHome) -> str:
    """The fingerprint of a key under a passphrase that GnuPG has."""
    return gnupg.new_locked_key("Ada <ada@example.org>")


@dataclass(frozen=True)
class SlowGpg:
    """A gpg that makes keys, and then takes its time to say so."""

    path: str
    made: Path

    def wait(self) -> None:
        """Until it has made a key, and still runs."""
        deadline = time.monotonic() + 30
        while not self.made.exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        assert self.made.exists()


@pytest.fixture
def slow_gpg(tmp_path: Path) -> SlowGpg:
    real = shutil.which("gpg", path=os.defpath)
    program, made = tmp_path / "gpg", tmp_path / "made"
    program.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *--gen-key*) {real} "$@"; touch {made}; exec sleep 60 ;; esac\n'
        f'exec {real} "$@"\n'
    )
    program.chmod(0o755)
    return SlowGpg(f"{tmp_path}:{os.defpath}", made)


@pytest.fixture
def no_gpg(tmp_path: Path) -> str:
    """A PATH without gpg."""
    (tmp_path / "bin").mkdir()
    return str(tmp_path / "bin")


def document(ended: Ended) -> Any:
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def agents_in(home: Path) -> list[bytes]:
    """The command lines of all that runs with a folder of this home's."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes()
        except OSError:  # it ended meanwhile
            continue
        if b"gpg" in line and os.fsencode(home) + b"/" in line:
            found.append(line)
    return found


def demand_no_gpg_left(home: Home) -> None:
    deadline = time.monotonic() + 10
    while agents_in(home.path) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert agents_in(home.path) == []
    assert not (home.path / ".gnupg-init").exists()


@pytest.mark.parametrize("with_gpg", [True, False])
@pytest.mark.parametrize("algorithm", ["rsa", "ed25519", None])
def test_an_empty_home_gets_an_identity_that_gpg_and_perkeep_can_use(
    home: Home, with_gpg: bool, algorithm: str | None, no_gpg: str, gnupg: GnuPGHome
) -> None:
    asked = () if algorithm is None else ("--algorithm", algorithm)
    made = home.init(*asked, "--json", **({} if with_gpg else {"PATH": no_gpg}))
    told = document(made)
    key = home.key
    assert told["fingerprint"] == key.public.fingerprint
    assert told["keyId"] == key.public.key_id
    assert told["algorithm"] == {"ed25519": "Ed25519"}.get(algorithm or "", "RSA 2048")
    assert told["signer"] == Ref.of(key.public.blob)
    assert told["made"] == [str(home.ring), str(home.config)]
    assert told["keptIn"] == str(home.ring)
    assert told["isPublished"] is True
    assert ("no Perkeep" in made.stderr) == (algorithm == "ed25519")
    assert home.ring.stat().st_mode & 0o777 == home.config.stat().st_mode & 0o777 == 0o600
    assert home.ring.read_bytes() == secret_ring(key, is_armored=False)
    assert home.files() == {"identity-secring.gpg", "config.toml"}
    demand_no_gpg_left(home)
    # The public key is a blob already, and gpg signs with the same key.
    assert home("cat", "--blob", told["signer"]).stdout.encode() == key.public.blob
    gnupg("--import", home.ring)
    signature = home.path / "signature"
    signature.write_bytes(gnupg("--detach-sign", "-u", key.public.fingerprint, data=b"x"))
    gnupg("--verify", signature, "-", data=b"x")


def test_a_person_is_told_who_they_are_how_to_back_it_up_and_what_comes_next(home: Home) -> None:
    told = home.init()
    assert (told.returncode, told.stderr) == (0, "")
    public = home.key.public
    for words in (
        public.fingerprint,
        Ref.of(public.blob),
        f"copy {home.ring} to a safe place",
        "everything can be rebuilt",
        "Without it nothing new",
        "holdfast serve",
    ):
        assert words in told.stdout


def test_no_secret_is_ever_shown(home: Home) -> None:
    said = [home.init(), home.init(), home("identity"), home("identity", "--json", "--debug")]
    said += [home("identity", "--public"), home("config")]
    words = "".join(ended.stdout + ended.stderr for ended in said)
    key = home.key
    secret = key.body[len(key.public.body) + 3 :]
    for at in range(len(secret) - 16):
        piece = secret[at : at + 12]
        assert piece.hex() not in words.lower()
        assert b64encode(piece).decode() not in words
    assert "PRIVATE" not in words


def test_the_identity_is_shown_and_its_public_key_is_the_signers_blob(home: Home) -> None:
    home.init()
    public = home.key.public
    friend = "0123456789ABCDEF0123456789ABCDEF01234567"
    text = home.config.read_text()
    home.config.write_text(text.replace("# trusted = []", f'trusted = ["{friend}"]'))
    shown = document(home("identity", "--json"))
    assert shown == {
        "fingerprint": public.fingerprint,
        "keyId": public.key_id,
        "algorithm": "RSA 2048",
        "signer": Ref.of(public.blob),
        "keptIn": str(home.ring),
        "trusted": [friend],
    }
    lines = home("identity").stdout
    for value in (*list(shown.values())[:-1], friend):
        assert value in lines
    blob = home("identity", "--public").stdout.encode()
    assert blob == public.blob
    assert parse_key_blob(blob) == public


def test_without_an_identity_the_remedy_is_told(home: Home) -> None:
    for arguments in (["identity"], ["identity", "--json"], ["identity", "--public"]):
        ended = home(*arguments)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "holdfast init" in ended.stderr
        assert ended.stderr.count("\n") == 1


def test_an_identity_that_others_may_read_is_told_of(home: Home) -> None:
    home.init()
    home.ring.chmod(0o644)
    shown = home("identity")
    assert shown.returncode == 0
    assert f"chmod 600 {home.ring}" in shown.stderr
    refused = home("permanode")
    assert refused.returncode == 2
    assert f"chmod 600 {home.ring}" in refused.stderr


def test_whoever_has_settings_but_no_identity_gets_one_and_keeps_the_settings(home: Home) -> None:
    home.config.write_text('[server]\nlisten = "127.0.0.1:1"\n')
    told = document(home.init("--json"))
    assert told["made"] == [str(home.ring)]
    assert home.config.read_text() == '[server]\nlisten = "127.0.0.1:1"\n'
    assert document(home("identity", "--json"))["fingerprint"] == told["fingerprint"]


def test_whoever_has_an_identity_but_no_settings_keeps_it(home: Home) -> None:
    key = new_identity(time=1_700_000_000)
    home.ring.write_bytes(secret_ring(key, is_armored=True))
    told = document(home.init("--json"))
    assert told["made"] == [str(home.config)]
    assert told["fingerprint"] == key.public.fingerprint
    assert home.ring.read_bytes() == secret_ring(key, is_armored=True)


def test_nothing_that_exists_is_written_over(home: Home) -> None:
    home.init()
    before = home.contents()
    others: list[list[str | Path]] = [
        ["--algorithm", "ed25519"],
        ["--ring", DATA / "identity-secring.gpg"],
    ]
    for asked in [[], ["--json"], *others]:
        ended = home.init(*asked)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert f"exists already in {home.ring}, and was left as it is" in ended.stderr
        assert home.contents() == before
    # Nor is the other half made when what was asked for cannot be.
    home.config.unlink()
    for asked in others:
        assert home.init(*asked).returncode == 1
        assert home.contents() == {home.ring.name: before[home.ring.name]}


def test_not_even_a_link_that_leads_nowhere_is_written_over(home: Home) -> None:
    home.ring.symlink_to(home.path / "unplugged")
    ended = home.init()
    assert ended.returncode == 2
    assert home.ring.is_symlink()
    assert not (home.path / "unplugged").exists()


@pytest.mark.parametrize("is_armored", [True, False])
def test_perkeeps_identity_is_brought_along(
    home: Home, tmp_path: Path, is_armored: bool, gnupg: GnuPGHome
) -> None:
    golden = (DATA / "identity-secring.gpg").read_bytes()
    theirs = tmp_path / "theirs.gpg"
    theirs.write_bytes(armored(PRIVATE_KEY, golden) if is_armored else golden)
    told = document(home.init("--ring", theirs, "--json"))
    blobs = json.loads((DATA / "signed.json").read_text("utf-8")).values()
    assert {json.loads(blob)["camliSigner"] for blob in blobs} == {told["signer"]}
    assert home.key == read_identity(golden)
    assert home.ring.stat().st_mode & 0o777 == 0o600
    # Theirs has its primes in an order in which GnuPG sometimes fails; it is written anew.
    assert home.ring.read_bytes() == secret_ring(home.key, is_armored=False)
    gnupg("--import", home.ring)
    signature = home.path / "signature"
    signature.write_bytes(gnupg("--detach-sign", "-u", told["keyId"], data=b"x"))
    gnupg("--verify", signature, "-", data=b"x")


def test_of_several_keys_in_a_ring_one_is_chosen_and_the_others_stay(
    home: Home, tmp_path: Path
) -> None:
    ada, bob = (new_identity(time=moment, algorithm="ed25519") for moment in (1, 2))
    several = tmp_path / "several.gpg"
    several.write_bytes(b"".join(secret_ring(key, is_armored=False) for key in (ada, bob)))
    unsure = home.init("--ring", several)
    assert unsure.returncode == 2
    assert ada.public.fingerprint in unsure.stderr
    assert home.files() == set()
    assert home.init("--ring", several, "--key", bob.public.key_id).returncode == 0
    assert home.ring.read_bytes() == secret_ring(bob, is_armored=False)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "no armor"), (b"\xcd\x01x", "no single key"), (None, "no such file")],
)
def test_what_is_no_ring_is_told_of_and_nothing_is_made(
    home: Home, tmp_path: Path, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / "ring").write_bytes(content)
    ended = home.init("--ring", tmp_path / "ring")
    assert ended.returncode == 2
    assert str(tmp_path / "ring") in ended.stderr
    assert words in ended.stderr
    assert home.files() == set()


@pytest.mark.parametrize(
    "wrong",
    [
        ["--key", "12345678"],
        ["--ring", "x", "--gpg-key", "y"],
        ["--algorithm", "ed25519", "--ring", "x"],
        ["--algorithm", "dsa"],
        ["--listen", "nowhere"],
    ],
)
def test_options_that_make_no_sense_make_nothing(home: Home, wrong: list[str]) -> None:
    assert home("init", *wrong).returncode == 2
    assert home.files() == set()


def test_a_key_that_the_environment_asks_for_is_not_quietly_another(home: Home) -> None:
    ended = home.init(CAMLI_KEYID="0CDFB6D221CA57FD")
    assert ended.returncode == 2
    assert "environment CAMLI_KEYID" in ended.stderr
    assert home.files() == set()
    ring = DATA / "identity-secring.gpg"
    assert home.init("--ring", ring, CAMLI_KEYID="0CDFB6D221CA57FD").returncode == 0


def test_a_locked_ring_is_refused_and_signs_from_within_gnupg(
    home: Home, gnupg: GnuPGHome, ada: str, tmp_path: Path
) -> None:
    ring = tmp_path / "locked.gpg"
    ring.write_bytes(gnupg.told_passphrase("--export-secret-keys", ada))
    gnupg.forget()
    refused = home.init("--ring", ring)
    assert refused.returncode == 2
    assert f"gpg --import {ring}" in refused.stderr
    assert f"holdfast init --gpg-key {ada[-16:]}" in refused.stderr
    assert home.files() == set()
    # What it says to do:
    place = {"GNUPGHOME": str(gnupg.path)}
    told = document(home.init("--gpg-key", ada[-16:], "--json", **place))
    assert (told["fingerprint"], told["keptIn"]) == (ada, "GnuPG")
    assert told["made"] == [str(home.config)]
    assert home.files() == {"config.toml"}
    settings = tomllib.loads(home.config.read_text())
    assert settings["identity"] == {"key": ada, "gnupg": True}
    # Whose it is can be told while it is locked; signing waits for the passphrase.
    assert document(home("identity", "--json", **place))["fingerprint"] == ada
    locked = home("permanode", **place)
    assert locked.returncode != 0
    assert "did not sign" in locked.stderr
    assert "export GPG_TTY=$(tty)" in locked.stderr
    gnupg.unlock(ada)
    permanode = home("permanode", **place)
    assert permanode.returncode == 0, permanode.stderr
    blob = json.loads(home("cat", "--blob", permanode.stdout.strip()).stdout)
    assert blob["camliSigner"] == told["signer"]
    assert PASSPHRASE not in permanode.stdout + permanode.stderr + locked.stderr


def test_a_person_is_told_how_to_back_up_what_gnupg_keeps(
    home: Home, gnupg: GnuPGHome, ada: str
) -> None:
    told = home.init("--gpg-key", "ada@example.org", GNUPGHOME=str(gnupg.path))
    assert (told.returncode, told.stderr) == (0, "")
    assert f"gpg --export-secret-keys {ada}" in told.stdout


def test_settings_that_exist_are_not_edited_for_a_key_of_gnupgs(
    home: Home, gnupg: GnuPGHome, ada: str
) -> None:
    place = {"GNUPGHOME": str(gnupg.path)}
    text = '[server]\nlisten = "127.0.0.1:1"\n\n[identity]\n'
    home.config.write_text(text)
    ended = home.init("--gpg-key", "ada@example.org", **place)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert home.config.read_text() == text
    assert str(home.config) in ended.stderr
    # What it says to write:
    lines = [line for line in ended.stderr.splitlines() if " = " in line]
    home.config.write_text(text + "\n".join(lines))
    assert document(home("identity", "--json", **place))["fingerprint"] == ada
    for again in (home.init("--gpg-key", "ada@example.org", **place), home.init(**place)):
        assert again.returncode == 1
        assert "exists already in GnuPG" in again.stderr


@pytest.mark.usefixtures("ada")
def test_a_name_that_gnupg_does_not_know_makes_nothing(home: Home, gnupg: GnuPGHome) -> None:
    ended = home.init("--gpg-key", "bob@example.org", GNUPGHOME=str(gnupg.path))
    assert ended.returncode == 2
    assert "bob@example.org" in ended.stderr
    assert home.files() == set()


def test_of_many_inits_at_once_one_makes_everything(home: Home) -> None:
    started = [home.start() for _ in range(4)]
    said = [process.communicate(timeout=60) for process in started]
    assert sorted(process.returncode for process in started) == [0, 1, 1, 1]
    (told,) = (json.loads(out) for out, _ in said if out)
    assert told["fingerprint"] == home.key.public.fingerprint
    assert sum(b"exists already" in err for _, err in said) == 3
    assert home.files() == {"identity-secring.gpg", "config.toml"}
    demand_no_gpg_left(home)


def test_an_init_that_is_killed_while_gpg_works_leaves_nothing_to_the_next(
    home: Home, slow_gpg: SlowGpg
) -> None:
    process = home.start(PATH=slow_gpg.path)
    slow_gpg.wait()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert home.files() == set()
    assert agents_in(home.path)
    assert home.init().returncode == 0
    assert document(home("identity", "--json"))["fingerprint"] == home.key.public.fingerprint
    demand_no_gpg_left(home)


def test_ctrl_c_leaves_no_gpg_behind(home: Home, slow_gpg: SlowGpg) -> None:
    process = home.start(PATH=slow_gpg.path)
    slow_gpg.wait()
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in said
    demand_no_gpg_left(home)
    assert home.files() == set()


def test_a_gpg_that_fails_is_done_without(home: Home, tmp_path: Path) -> None:
    failing = tmp_path / "gpg"
    failing.write_text("#!/bin/sh\nexit 2\n")
    failing.chmod(0o755)
    told = home.init("--json", PATH=f"{tmp_path}:{os.defpath}")
    assert told.stderr == ""
    assert document(told)["fingerprint"] == home.key.public.fingerprint
    demand_no_gpg_left(home)


def test_a_key_that_is_in_its_place_outlives_a_kill(home: Home) -> None:
    process = home.start()
    deadline = time.monotonic() + 30
    while not home.ring.exists() and time.monotonic() < deadline:
        time.sleep(0.0005)
    process.kill()
    process.communicate()
    before = home.ring.read_bytes()
    home.init()
    assert home.ring.read_bytes() == before
    assert document(home("identity", "--json"))["fingerprint"] == home.key.public.fingerprint


def test_on_a_disk_that_takes_no_more_nothing_is_half_written(home: Home) -> None:
    # A limit of the kernel's, of 1 KiB a file: less than a ring has.
    ended = subprocess.run(
        ["bash", "-c", 'ulimit -f 1; exec "$@"', "bash", *command("init", *NOBODY)],
        env=environment(home.path) | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert f"cannot write to {home.ring}: " in ended.stderr
    assert home.files() == set()
    demand_no_gpg_left(home)
    assert home.init().returncode == 0


def test_the_public_key_goes_to_the_server_in_use(home: Home, tmp_path: Path) -> None:
    with serving(tmp_path, log=tmp_path / "log") as server:
        told = document(home.init("--json", HOLDFAST_SERVER=server.url))
        assert told["isPublished"] is True
        assert home("stat", told["signer"], "--server", server.url).returncode == 0
    assert not (home.path / "data" / "blobs").exists()


def test_beside_a_running_server_init_says_to_start_it_anew(home: Home, tmp_path: Path) -> None:
    """The settings name no server: it is this machine's, which has read them before."""
    with serving(tmp_path, log=tmp_path / "log") as server:
        listen = f"127.0.0.1:{server.port}"
        (home.path / "config.toml").write_text(f'[server]\nlisten = "{listen}"\n')
        ended = home.init()
        assert ended.returncode == 0
        assert f"start the server at http://{listen} anew" in ended.stderr


def test_without_its_server_an_identity_is_made_all_the_same(home: Home) -> None:
    ended = home.init("--json", HOLDFAST_SERVER="http://127.0.0.1:1")
    told = document(ended)
    assert told["isPublished"] is False
    assert "the server stores it when it starts" in ended.stderr
    assert told["fingerprint"] == home.key.public.fingerprint
