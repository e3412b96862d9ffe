from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.tools.commands.config import redacted
from holdfast.tools.commands.init import template
from holdfast.tools.config import (
    SETTINGS,
    Config,
    ConfigError,
    load_config,
    parse_listen,
)


def loaded(home: Path, text: str = "", **environ: str) -> Config:
    (home / "config.toml").write_text(text)
    return load_config(environ, home=home)


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    config = load_config({}, home=tmp_path / "none")
    assert config.server.listen == "127.0.0.1:3179"
    assert config.server.auth == "localhost"
    assert config.storage.kind == "packed"
    assert config.storage.hash_name == "sha224"
    assert config.client.server is None
    assert config.client.ignored == (".DS_Store",)
    assert config.origins == {}


def test_home_holds_settings_data_and_caches(tmp_path: Path) -> None:
    config = load_config({"HOLDFAST_HOME": str(tmp_path)})
    folders = config.folders
    assert {folders.config, folders.data.parent, folders.cache.parent} == {tmp_path}
    assert config.storage.path == tmp_path / "data" / "blobs"


def test_the_option_wins_over_the_variable_for_home(tmp_path: Path) -> None:
    config = load_config({"HOLDFAST_HOME": "/elsewhere"}, home=tmp_path)
    assert config.folders.config == tmp_path


def test_the_file_is_heeded_and_named_as_the_origin(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        '[server]\nlisten = "0.0.0.0:80"\nallow_remove = true\n'
        '[storage]\nkind = "localdisk"\npath = "/big/disk"\nhash = "sha256"\n'
        '[client]\nignored = ["*.o"]\n',
    )
    assert config.server.listen == "0.0.0.0:80"
    assert config.server.allow_remove is True
    assert config.storage.path == Path("/big/disk")
    assert config.storage.hash_name == "sha256"
    assert config.client.ignored == ("*.o",)
    assert config.origins["storage.hash"] == str(tmp_path / "config.toml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[server]\nlistne = "x"', ["server.listne", "server.listen"]),
        ("[sever]\n", ["sever", "server"]),
        ('listen = "127.0.0.1:1"', ["listen", "belongs under [server]"]),
        ("[server]\nallow_remove = 1", ["server.allow_remove", "true or false"]),
        ("[thumbnails]\ncache_mib = true", ["thumbnails.cache_mib", "a whole number"]),
        ("[thumbnails]\ncache_mib = -1", ["thumbnails.cache_mib is -1", "below zero"]),
        ("[server]\nlisten = 3179", ["server.listen", "text"]),
        ('[server]\nlisten = "here"', ["server.listen", "HOST:PORT"]),
        ('[storage]\nkind = "pakced"', ["storage.kind", "packed"]),
        ('[storage]\nhash = "md5"', ["storage.hash", "sha224"]),
        ("[client]\nignored = [1]", ["client.ignored", "texts"]),
        ("[server\n", ["TOML"]),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_with_what_was_meant(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    for word in [*words, "config.toml"]:
        assert word in str(caught.value)


def test_the_environment_wins_over_the_file_and_ours_over_perkeeps(tmp_path: Path) -> None:
    text = '[client]\nserver = "http://file"\nauth = "token:file"\n'
    assert loaded(tmp_path, text).client.server == "http://file"
    perkeep = loaded(tmp_path, text, CAMLI_SERVER="http://camli", CAMLI_AUTH="token:camli")
    assert (perkeep.client.server, perkeep.client.auth) == ("http://camli", "token:camli")
    both = loaded(tmp_path, text, CAMLI_SERVER="http://camli", HOLDFAST_SERVER="http://ours")
    assert both.client.server == "http://ours"
    assert both.origins["client.server"] == "environment HOLDFAST_SERVER"


def test_credentials_of_the_file_do_not_go_to_a_server_of_the_environment(tmp_path: Path) -> None:
    text = '[client]\nserver = "http://file"\nauth = "token:file"\n'
    assert loaded(tmp_path, text, HOLDFAST_SERVER="http://other").client.auth is None
    assert loaded(tmp_path, text, HOLDFAST_SERVER="http://file").client.auth == "token:file"


def test_this_machines_client_uses_this_machines_credentials(tmp_path: Path) -> None:
    text = '[server]\nauth = "userpass:me:secret"\n'
    assert loaded(tmp_path, text).client.auth == "userpass:me:secret"
    assert loaded(tmp_path, text, HOLDFAST_SERVER="http://other").client.auth is None
    of_both = loaded(tmp_path, "", HOLDFAST_AUTH="userpass:a:b")
    assert of_both.server.auth == of_both.client.auth == "userpass:a:b"


def test_a_file_that_cannot_be_read_is_no_empty_one(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config({}, home=tmp_path)


def test_the_file_that_init_makes_says_what_the_defaults_are(tmp_path: Path) -> None:
    made = loaded(tmp_path, template(listen="127.0.0.1:3179"))
    assert made == load_config({}, home=tmp_path / "none") or made.folders.config == tmp_path
    uncommented = "\n".join(
        line.removeprefix("# ") if " = " in line else line
        for line in template(listen="[::1]:5").splitlines()
    )
    config = loaded(tmp_path, uncommented)
    assert set(config.origins) == {setting.name for setting in SETTINGS}
    assert config.server.listen == "[::1]:5"


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("127.0.0.1:3179", ("127.0.0.1", 3179)),
        ("[::1]:80", ("::1", 80)),
        (":0", ("0.0.0.0", 0)),
        ("name:65535", ("name", 65535)),
    ],
)
def test_addresses_to_listen_on(text: str, parsed: tuple[str, int]) -> None:
    assert parse_listen(text) == parsed


@pytest.mark.parametrize("text", ["", "3179", "host:", "host:65536", "::1:80", "host:\u0663"])
def test_no_addresses_to_listen_on(text: str) -> None:
    with pytest.raises(ValueError, match="is "):
        parse_listen(text)


@pytest.mark.parametrize(
    ("auth", "shown"),
    [
        ("localhost", "localhost"),
        ("none", "none"),
        ("userpass:me:pw", "userpass:me:***"),
        ("userpass:me:pw:vivify=more", "userpass:me:***"),
        ("token:pw", "token:***"),
        ("pw", "***"),
        ("devauth:pw", "devauth:***"),
        ("strange:pw:pw", "strange:***"),
    ],
)
def test_secrets_are_not_shown(auth: str, shown: str) -> None:
    assert redacted(auth) == shown


def test_trusted_keys_are_named_by_whole_fingerprints_however_they_are_spelt(
    tmp_path: Path,
) -> None:
    whole = "0123456789ABCDEF0123456789ABCDEF01234567"
    spelt = [whole, f"0x{whole.lower()}", f"{whole[:20]} {whole[20:]}"]
    config = loaded(tmp_path, f"[identity]\ntrusted = {spelt}\n")
    assert config.identity.trusted == (whole,) * 3
    for short in (whole[-16:], whole[1:], whole + "0", "Ada", ""):
        with pytest.raises(ConfigError, match="40 hexadecimal digits"):
            loaded(tmp_path, f"[identity]\ntrusted = ['{whole}', '{short}']\n")
