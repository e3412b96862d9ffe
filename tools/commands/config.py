"""Show the settings in force, and where each comes from. Secrets are not shown."""

from __future__ import annotations

import argparse

from ..cli import Context
from ..config import SETTINGS, Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(arguments: argparse.Namespace, context: Context) -> int:
    config = context.config
    out = context.output
    folders = {
        "config": str(config.folders.config),
        "data": str(config.folders.data),
        "cache": str(config.folders.cache),
    }
    values = _values(config)
    origins = {name: config.origins.get(name, "default") for name in values}
    if arguments.json:
        settings = {name: {"value": value, "from": origins[name]} for name, value in values.items()}
        out.json({"file": str(config.file), "folders": folders, "settings": settings})
        return 0
    missing = "" if config.file.exists() else " (does not exist)"
    out.line(f"file    {config.file}{missing}")
    for name, path in folders.items():
        out.line(f"{name:<7} {path}")
    out.line("")
    width = max(map(len, values))
    for name, value in values.items():
        out.line(f"{name:<{width}} = {_shown(value)}  # {origins[name]}")
    return 0


def _values(config: Config) -> dict[str, object]:
    home = config.identity.gnupg_home
    values: dict[str, object] = {
        "server.listen": config.server.listen,
        "server.auth": config.server.auth,
        "server.allow_remove": config.server.allow_remove,
        "storage.kind": config.storage.kind,
        "storage.path": str(config.storage.path),
        "storage.hash": config.storage.hash_name,
        "index.path": str(config.index.path),
        "thumbnails.cache_mib": config.thumbnails.cache_mib,
        "identity.ring": str(config.identity.ring),
        "identity.key": config.identity.key,
        "identity.gnupg": config.identity.gnupg,
        "identity.gnupg_home": home and str(home),
        "identity.trusted": list(config.identity.trusted),
        "client.server": config.client.server,
        "client.auth": config.client.auth,
        "client.ignored": list(config.client.ignored),
    }
    for setting in SETTINGS:
        secret = values[setting.name]
        if setting.is_secret and isinstance(secret, str):
            values[setting.name] = redacted(secret)
    return values


def redacted(auth: str) -> str:
    """An `auth` setting without what must not be seen."""
    kind, separator, rest = auth.partition(":")
    if not separator:
        return kind if kind in ("none", "localhost") else "***"
    user, another, _ = rest.partition(":")
    return f"{kind}:{user}:***" if another and kind in ("userpass", "basic") else f"{kind}:***"


def _shown(value: object) -> str:
    if value is None:
        return "(unset)"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, list | int) else f'"{value}"'
