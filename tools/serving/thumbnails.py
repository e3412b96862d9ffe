"""The thumbnails of a served store: how many processes draw them, and where they are kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from ...blobstore.handlers.service import BlobService
from ...ui.thumbs.cache import ThumbnailCache
from ...ui.thumbs.films import Films
from ...ui.thumbs.pool import SECONDS, Pool
from ...ui.thumbs.service import Thumbnails
from ..cachefile import cache_path, sweep
from ..config import Config

MOST_PROCESSES = 4

_MIB = 1024 * 1024


@contextmanager
def open_thumbnails(config: Config, blobs: BlobService) -> Iterator[Thumbnails]:
    """The thumbnails of what is in `blobs`, as long as this lasts."""
    folder = config.folders.cache / "thumbnails"
    sweep(folder)
    most = config.thumbnails.cache_mib * _MIB
    cache = None
    if most and config.storage.kind != "memory":
        path = cache_path(folder, kind="thumbnails", store=str(config.storage.path.absolute()))
        cache = ThumbnailCache(path, most=most)
    ffmpeg = shutil.which("ffmpeg")
    pool = Pool(
        threads=min(os.cpu_count() or 1, MOST_PROCESSES),
        new_films=None if ffmpeg is None else partial(Films, ffmpeg, folder, seconds=SECONDS),
    )
    thumbnails = Thumbnails(blobs, pool, cache)
    blobs.hub.add_remove_hook(thumbnails.removing)
    try:
        yield thumbnails
    finally:
        thumbnails.close()
