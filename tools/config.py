"""Configuration: one TOML file and the environment, read here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, NamedTuple

from ..blobstore.errors import Blame, HoldfastError
from ..blobstore.ref import DEFAULT_HASH

FILE_NAME = "config.toml"
"""The file of settings in the configuration folder."""

DEFAULT_LISTEN = "127.0.0.1:3179"
DEFAULT_RING = "identity-secring.gpg"
"""The file of the secret key in the configuration folder, under Perkeep's name for it."""

DEFAULT_THUMBNAILS = 1024
DEFAULT_IGNORED = (".DS_Store",)


class ConfigError(HoldfastError):
    """A setting that cannot be used: where it was found, and what is wrong with it."""

    blame: ClassVar[Blame] = Blame.CALLER

    def __init__(self, where: str, why: str) -> None:
        self.where, self.why = where, why
        super().__init__(f"{where}: {why}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Folders:
    """Where things are kept. None of them need exist."""

    config: Path
    data: Path
    cache: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerConfig:
    listen: str = DEFAULT_LISTEN
    auth: str = "localhost"
    allow_remove: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageConfig:
    kind: str = "packed"
    path: Path
    hash_name: str = DEFAULT_HASH


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexConfig:
    path: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class ThumbnailsConfig:
    cache_mib: int = DEFAULT_THUMBNAILS
    """MiB of the disk that thumbnails may take; 0 is none, then they are drawn again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IdentityConfig:
    """Whose claims are made here, and whose count."""

    ring: Path
    """The secret ring; it need not exist."""

    key: str | None = None
    """The name of the key: needed if the ring has several, or GnuPG keeps it."""

    gnupg: bool = False
    """Whether GnuPG keeps the key, rather than the ring."""

    gnupg_home: Path | None = None
    """GnuPG's folder; None is its usual one."""

    trusted: tuple[str, ...] = ()
    """Fingerprints, 40 digits each, of keys whose claims count as the owner's do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientConfig:
    server: str | None = None
    """The server's URL; None means this machine's own, and its store when that is not running."""

    auth: str | None = None
    ignored: tuple[str, ...] = DEFAULT_IGNORED


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Everything that can be set, checked and complete."""

    folders: Folders
    server: ServerConfig
    storage: StorageConfig
    index: IndexConfig
    thumbnails: ThumbnailsConfig = field(default_factory=ThumbnailsConfig)
    identity: IdentityConfig
    client: ClientConfig
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Where each setting (`server.listen`, ...) has its value from, in words for a person."""

    @property
    def file(self) -> Path:
        """The file the settings are read from, whether it exists or not."""
        return self.folders.config / FILE_NAME


class Setting(NamedTuple):
    """One key of the file: its table and name, its type, and what it means."""

    name: str
    kind: type
    meaning: str
    environment: tuple[str, ...] = ()
    """Variables that override it; the first that is set wins."""
    is_secret: bool = False


SETTINGS = (
    Setting("server.listen", str, "HOST:PORT the server listens on"),
    Setting(
        "server.auth",
        str,
        "who may use the server: userpass:NAME:PASSWORD, token:SECRET, localhost or none",
        ("HOLDFAST_AUTH",),
        is_secret=True,
    ),
    Setting("server.allow_remove", bool, "whether clients may remove blobs"),
    Setting("storage.kind", str, "packed, localdisk or memory"),
    Setting("storage.path", str, "folder of the blobs; relative to the data folder"),
    Setting("storage.hash", str, "what names new blobs: sha224 or sha256"),
    Setting("index.path", str, "folder of the index; relative to the data folder"),
    Setting("thumbnails.cache_mib", int, "MiB of thumbnails kept in the cache folder; 0: none"),
    Setting(
        "identity.ring",
        str,
        "file of the secret key; relative to the folder of settings",
        ("CAMLI_SECRET_RING",),
    ),
    Setting(
        "identity.key",
        str,
        "fingerprint of the key to sign with, or its last 16 digits",
        ("CAMLI_KEYID",),
    ),
    Setting("identity.gnupg", bool, "whether GnuPG keeps the key, not the file"),
    Setting("identity.gnupg_home", str, "GnuPG's folder; unset: its usual one"),
    Setting("identity.trusted", list, "fingerprints of keys whose claims count as one's own do"),
    Setting(
        "client.server",
        str,
        "URL or HOST:PORT of the server to use; unset: this machine's server, else its store",
        ("HOLDFAST_SERVER", "CAMLI_SERVER"),
    ),
    Setting(
        "client.auth",
        str,
        "how to authenticate to client.server, in the form of server.auth",
        ("HOLDFAST_AUTH", "CAMLI_AUTH"),
        is_secret=True,
    ),
    Setting("client.ignored", list, "patterns of files that put leaves out"),
)
"""Every key the file may hold."""


def load_config(environ: Mapping[str, str], *, home: Path | None = None) -> Config:
    """The configuration in force: defaults, then the file, then the environment.

    `home` (else `HOLDFAST_HOME`) is one folder for configuration, data and caches in place of
    the platform's. Raises `ConfigError`; a file that does not exist is an empty one.
    """
    folders = _folders(environ, home)
    file = folders.config / FILE_NAME
    found = _read(file)
    origins = {name: str(file) for name in found}
    # Credentials belong to the server they were written beside: another one never gets them.
    for variable in ("HOLDFAST_SERVER", "CAMLI_SERVER"):
        if environ.get(variable) and found.get("client.server") != environ[variable]:
            found.pop("client.auth", None)
            origins.pop("client.auth", None)
    for setting in SETTINGS:
        for variable in setting.environment:
            if value := environ.get(variable):
                found[setting.name] = value
                origins[setting.name] = f"environment {variable}"
                break
    if "client.server" not in found and "client.auth" not in found and "server.auth" in found:
        found["client.auth"] = found["server.auth"]
        origins["client.auth"] = "server.auth"
    return _checked(folders, found, origins)


def _checked(folders: Folders, found: dict[str, object], origins: dict[str, str]) -> Config:
    def text(name: str, default: str) -> str:
        value = found.get(name, default)
        assert isinstance(value, str)
        return value

    def optional(name: str) -> str | None:
        return text(name, "") or None

    def choice(name: str, default: str, among: tuple[str, ...]) -> str:
        value = text(name, default)
        if value not in among:
            raise ConfigError(
                origins[name],
                f"{name} is {value!r}; it may be {', '.join(among)}{_near(value, among)}",
            )
        return value

    def number(name: str, default: int) -> int:
        value = found.get(name, default)
        assert isinstance(value, int)
        if value < 0:
            raise ConfigError(origins[name], f"{name} is {value}; it may not be below zero")
        return value

    def texts(name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        value = found.get(name, default)
        assert isinstance(value, list | tuple)
        if not all(isinstance(item, str) for item in value):
            raise ConfigError(origins[name], f"{name} is a list of texts")
        return tuple(value)

    home = optional("identity.gnupg_home")
    listen = text("server.listen", DEFAULT_LISTEN)
    try:
        parse_listen(listen)
    except ValueError as error:
        raise ConfigError(origins["server.listen"], f"server.listen {error}") from None
    return Config(
        folders=folders,
        server=ServerConfig(
            listen=listen,
            auth=text("server.auth", "localhost"),
            allow_remove=bool(found.get("server.allow_remove", False)),
        ),
        storage=StorageConfig(
            kind=choice("storage.kind", "packed", ("packed", "localdisk", "memory")),
            path=folders.data / Path(text("storage.path", "blobs")).expanduser(),
            hash_name=choice("storage.hash", DEFAULT_HASH, ("sha224", "sha256")),
        ),
        index=IndexConfig(path=folders.data / Path(text("index.path", "index")).expanduser()),
        thumbnails=ThumbnailsConfig(cache_mib=number("thumbnails.cache_mib", DEFAULT_THUMBNAILS)),
        identity=IdentityConfig(
            ring=folders.config / Path(text("identity.ring", DEFAULT_RING)).expanduser(),
            key=optional("identity.key"),
            gnupg=bool(found.get("identity.gnupg", False)),
            gnupg_home=None if home is None else Path(home).expanduser(),
            trusted=_fingerprints(texts("identity.trusted"), origins),
        ),
        client=ClientConfig(
            server=optional("client.server"),
            auth=optional("client.auth"),
            ignored=texts("client.ignored", DEFAULT_IGNORED),
        ),
        origins=origins,
    )


def _fingerprints(names: Iterable[str], origins: Mapping[str, str]) -> tuple[str, ...]:
    found = []
    for name in names:
        # Imported here, being slow to load: most people trust themselves alone.
        from ..schema.identity import whole_fingerprint

        # Shorter names can be given to other keys on purpose.
        if (fingerprint := whole_fingerprint(name)) is None:
            raise ConfigError(
                origins["identity.trusted"],
                f"identity.trusted has {name[:60]!r}; a fingerprint has 40 hexadecimal digits",
            )
        found.append(fingerprint)
    return tuple(found)


def parse_listen(text: str) -> tuple[str, int]:
    """The host and port of `HOST:PORT`, `[V6]:PORT` or `:PORT` (every address).

    Raises `ValueError` that says what the form is.
    """
    host, separator, port = text.rpartition(":")
    if not separator or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ValueError(f"is {text!r}; it has the form HOST:PORT")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"is {text!r}; an IPv6 address stands in brackets: [::1]:3179")
    return host or "0.0.0.0", int(port)  # noqa: S104 - asked for by leaving the host out


def _folders(environ: Mapping[str, str], home: Path | None) -> Folders:
    if home is None and (named := environ.get("HOLDFAST_HOME")):
        home = Path(named).expanduser()
    if home is not None:
        home = home.absolute()
        return Folders(config=home, data=home / "data", cache=home / "cache")
    # Imported here: `holdfast --help` must not wait for it.
    import platformdirs

    platform: Callable[..., platformdirs.PlatformDirs] = platformdirs.PlatformDirs
    folders = platform("holdfast", appauthor=False)
    return Folders(
        config=folders.user_config_path,
        data=folders.user_data_path,
        cache=folders.user_cache_path,
    )


def _read(file: Path) -> dict[str, object]:
    """The settings of the file by full name, of the right types. Raises `ConfigError`."""
    try:
        content = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ConfigError(str(file), f"cannot be read: {error.strerror}") from None
    import tomllib

    try:
        tables = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(file), f"is no TOML: {error}") from None
    known = {setting.name: setting for setting in SETTINGS}
    sections = sorted({name.partition(".")[0] for name in known})
    found: dict[str, object] = {}
    for section, table in tables.items():
        if section not in sections or not isinstance(table, dict):
            bare = [name for name in known if name.endswith(f".{section}")]
            hint = f"; it belongs under [{bare[0].partition('.')[0]}]" if bare else ""
            raise ConfigError(
                str(file), f"unknown table [{section}]{hint or _near(section, sections)}"
            )
        for key, value in table.items():
            name = f"{section}.{key}"
            setting = known.get(name)
            if setting is None:
                raise ConfigError(str(file), f"unknown key {name}{_near(name, known)}")
            if type(value) is not setting.kind:
                raise ConfigError(str(file), f"{name} must be {_KINDS[setting.kind]}")
            found[name] = value
    return found


_KINDS = {
    str: "a text in quotes",
    bool: "true or false",
    int: "a whole number",
    list: "a list of texts",
}


def _near(word: str, among: Iterable[str]) -> str:
    """A hint at the nearest known word, or nothing."""
    import difflib

    close = difflib.get_close_matches(word, list(among), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""
