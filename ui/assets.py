"""Assets: the files of `static/`, under addresses that change when any of them does."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from falcon.asgi import App, Request, Response

from ..blobstore.handlers.answers import answer_bytes, answer_text
from .sinks import add_sink, only_reads

ROOTS = ("/ui/", "/share/")
"""Below each of these the same assets are, so that a proxy may let through `/share/` alone."""

FOR_EVER = "public, max-age=31536000, immutable"

_FOLDER = Path(__file__).parent / "static"

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
"""What a file is, by its name. Nothing else is an asset."""


# As all of ours are written: relative, and each with `from`.
_IMPORTED = re.compile(r'^(?:import|export|\}) [^"]*?from "\./([^"]+)";$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    data: bytes
    packed: bytes | None
    """The same by gzip, where that is worth it."""
    media_type: str


class Assets:
    """All files of one folder, held in memory: what is not among them cannot be asked for."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """`files` are contents by path, with `/`. Those of no known type are left out."""
        self._assets: dict[str, Asset] = {}
        digest = hashlib.sha256()
        for path, data in sorted(files.items()):
            media_type = _TYPES.get(Path(path).suffix)
            if media_type is None:
                continue
            digest.update(f"{path}\0{len(data)}\0".encode() + data)
            self._assets[path] = Asset(data, _packed(data), media_type)
        self.digest = digest.hexdigest()[:16]
        """Stands in every address: of all files together, since modules import one another."""

    def modules(self, *paths: str) -> list[str]:
        """These modules and all that they import at once, each once, those first that import."""
        found = dict.fromkeys(paths)
        waiting = list(paths)
        while waiting:
            path = waiting.pop(0)
            for name in _IMPORTED.findall(self._assets[path].data.decode()):
                module = str(PurePosixPath(path).parent / name)
                if module not in found:
                    found[module] = None
                    waiting.append(module)
        return list(found)

    def find(self, path: str) -> Asset | None:
        return self._assets.get(path)

    def address(self, path: str, *, root: str = "/ui/") -> str:
        """Where `path` is to be had: for ever the same bytes."""
        return f"{root}assets/{self.digest}/{path}"


@cache
def bundled() -> Assets:
    """The assets that come with this program, read once."""
    return Assets(
        {
            path.relative_to(_FOLDER).as_posix(): path.read_bytes()
            for path in _FOLDER.rglob("*")
            if path.is_file()
        }
    )


def add_assets(app: App[Any, Any], assets: Assets) -> None:
    """Let `app` answer `/ui/assets/` and `/share/assets/`, for everyone."""

    async def answer(req: Request, resp: Response, rest: str) -> None:
        if not only_reads(req, resp):
            return
        digest, _, path = rest.partition("/")
        # Under another version's address nothing is given: it would be kept there for ever.
        found = assets.find(path) if digest == assets.digest else None
        if found is None:
            answer_text(resp, "404 page not found\n", status=404)
            resp.set_header("cache-control", "no-store")
        else:
            answer_asset(req, resp, found)

    for root in ROOTS:
        add_sink(app, rf"{root}assets/(?P<rest>.*)\Z", answer)


def answer_asset(req: Request, resp: Response, asset: Asset) -> None:
    data = asset.data
    if asset.packed is not None:
        resp.append_header("vary", "Accept-Encoding")
        if takes_gzip(req.get_header("accept-encoding") or ""):
            data = asset.packed
            resp.set_header("content-encoding", "gzip")
    answer_bytes(resp, data, content_type=asset.media_type)
    resp.set_header("cache-control", FOR_EVER)
    resp.set_header("cross-origin-resource-policy", "same-origin")
    if asset.media_type == "image/svg+xml":
        # Opened by itself a drawing is a document of this server's.
        resp.set_header("content-security-policy", "default-src 'none'; frame-ancestors 'none'")


def _packed(data: bytes) -> bytes | None:
    packed = gzip.compress(data, 9, mtime=0)
    return packed if len(packed) < len(data) * 0.9 else None


def takes_gzip(accepted: str) -> bool:
    """Whether an `Accept-Encoding` lets an answer be packed."""
    for choice in accepted.lower().split(","):
        name, _, parameters = choice.partition(";")
        if name.strip() in ("gzip", "*"):
            try:
                return float(parameters.partition("q=")[2] or 1) > 0
            except ValueError:
                return False
    return False
