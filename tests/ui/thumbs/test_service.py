"""Thumbnails at work: drawn once whoever asks, kept, given up, and refused for a while."""

from __future__ import annotations

import asyncio
import logging
import shutil
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.handlers.problems import ClientGone
from holdfast.blobstore.handlers.service import BlobService
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.blob import Part
from holdfast.schema.build import directory_text, file_text, static_set_text
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file
from holdfast.ui.thumbs.cache import ThumbnailCache
from holdfast.ui.thumbs.failures import Failures
from holdfast.ui.thumbs.kept import Key
from holdfast.ui.thumbs.pool import Pool
from holdfast.ui.thumbs.refusals import NoThumbnail, Reason
from holdfast.ui.thumbs.service import Thumbnails
from holdfast.ui.thumbs.thumbnail import Box, Thumbnail

from .pictures import cornered, encoded, opened, png_of, shows_corners

NAMED = FileFacts(name=b"file")


class Store(MemoryStorage):
    """A storage that counts what is fetched, and may be held up."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: Counter[Ref] = Counter()
        self.asked = threading.Event()
        self.open = threading.Event()
        self.open.set()

    def fetch(self, refs: Iterable[Ref]) -> Iterator[Blob]:
        refs = list(refs)
        self.fetched.update(refs)
        self.asked.set()
        self.open.wait(60)
        return super().fetch(refs)


class Studio:
    """A store, and its thumbnails, which can be begun anew."""

    def __init__(self, folder: Path, held: ExitStack) -> None:
        self.store = Store()
        self.hub = Hub(self.store)
        self.path = folder / "cache" / "thumbnails.sqlite"
        self.now = 1000.0
        self.failures = Failures(clock=lambda: self.now)
        self._held = held
        threads = held.enter_context(ThreadPoolExecutor(8))
        self.blobs = BlobService(
            hub=self.hub, epoch="", readers=threads, bulk=threads, writers=threads
        )
        held.callback(self.store.open.set)

    def open(self, *, pool: Pool | None = None, **more: Any) -> Thumbnails:
        thumbnails = Thumbnails(
            self.blobs,
            pool or Pool(threads=2, new_films=None),
            ThumbnailCache(self.path, most=64 << 20),
            failures=self.failures,
            **more,
        )
        self._held.callback(thumbnails.close)
        self.hub.add_remove_hook(thumbnails.removing)
        return thumbnails

    def put(self, data: bytes) -> Ref:
        return write_file(NAMED, data, lambda blob: self.hub.receive_one(*blob))

    def photo(self, number: int = 0) -> Ref:
        return self.put(encoded(cornered(200 + number, 120), "JPEG", quality=95))


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    with ExitStack() as held:
        yield Studio(tmp_path, held)


def no_more() -> Pool:
    """A pool that draws nothing."""
    pool = Pool(threads=2, new_films=None)
    pool.close()
    return pool


def get(thumbnails: Thumbnails, ref: Ref, *box: int) -> Thumbnail:
    return asyncio.run(thumbnails.thumbnail(ref, *(box or (2000, 64))))


def refusal(thumbnails: Thumbnails, ref: Ref) -> NoThumbnail:
    with pytest.raises(NoThumbnail) as refused:
        get(thumbnails, ref)
    return refused.value


def test_a_thumbnail_is_drawn_once_and_then_at_hand(studio: Studio) -> None:
    thumbnails, ref = studio.open(), studio.photo()
    first = get(thumbnails, ref)
    assert shows_corners(opened(first))
    fetched = studio.store.fetched.total()
    assert get(thumbnails, ref) is first
    assert thumbnails.at_hand(Key(ref, Box(2000, 64))) is first
    assert get(thumbnails, ref, 2000, 100) is first
    assert studio.store.fetched.total() == fetched


def test_each_size_is_another(studio: Studio) -> None:
    thumbnails, ref = studio.open(), studio.photo()
    sizes = [opened(get(thumbnails, ref, *box)).size for box in ((2000, 64), (64, 64), (16, 2000))]
    assert sizes == [(107, 64), (64, 38), (16, 10)]


def test_after_a_restart_it_comes_out_of_the_cache(studio: Studio) -> None:
    ref = studio.photo()
    before = studio.open()
    first = get(before, ref)
    before.close()
    studio.store.fetched.clear()
    assert get(studio.open(pool=no_more()), ref) == first
    assert studio.store.fetched.total() == 0


def test_without_its_cache_it_draws_again(studio: Studio) -> None:
    ref = studio.photo()
    thumbnails = studio.open(memory=0)
    first = get(thumbnails, ref)
    shutil.rmtree(studio.path.parent)
    assert get(thumbnails, ref) == first
    assert studio.path.exists()
    thumbnails.close()
    studio.path.write_bytes(b"damaged" * 10_000)
    assert get(studio.open(), ref) == first


def test_what_many_ask_for_is_drawn_once(studio: Studio) -> None:
    thumbnails, ref = studio.open(), studio.photo()

    async def ask_together() -> list[Thumbnail]:
        return await asyncio.gather(*(thumbnails.thumbnail(ref, 2000, 64) for _ in range(50)))

    found = asyncio.run(ask_together())
    assert len({id(each) for each in found}) == 1
    # Once to see what it is, and once to draw it.
    assert studio.store.fetched[ref] == 2


def test_many_at_a_time_are_all_right(studio: Studio) -> None:
    thumbnails = studio.open()
    refs = [studio.photo(number) for number in range(40)]

    async def ask_all() -> list[Thumbnail]:
        asked = [(ref, height) for height in (64, 32, 16, 2000) for ref in refs]
        return await asyncio.gather(*(thumbnails.thumbnail(ref, 2000, h) for ref, h in asked))

    found = asyncio.run(ask_all())
    sizes = [opened(each).size for each in found]
    for number in range(40):
        assert sizes[number] == Box(2000, 64).fit(200 + number, 120)
        assert sizes[120 + number] == (200 + number, 120)


async def gone_at(moment: asyncio.Event) -> None:
    await moment.wait()


def test_what_nobody_waits_for_is_not_drawn(studio: Studio) -> None:
    pool = Pool(threads=2, new_films=None)
    thumbnails, refs = studio.open(pool=pool), [studio.photo(number) for number in range(12)]

    async def ask_and_leave() -> None:
        moment = asyncio.Event()
        studio.store.open.clear()
        asked = [
            asyncio.ensure_future(thumbnails.thumbnail(ref, 64, 64, gone=lambda: gone_at(moment)))
            for ref in refs
        ]
        await asyncio.get_running_loop().run_in_executor(None, studio.store.asked.wait)
        moment.set()
        for each in await asyncio.gather(*asked, return_exceptions=True):
            assert isinstance(each, ClientGone)
        studio.store.open.set()
        # What somebody else wants is drawn.
        assert await thumbnails.thumbnail(refs[0], 64, 64)

    asyncio.run(ask_and_leave())
    assert pool.waiting == 0
    assert sum(studio.store.fetched[ref] for ref in refs) < 24


def test_what_was_given_up_may_be_asked_for_at_once(studio: Studio) -> None:
    thumbnails, ref = studio.open(), studio.photo()

    async def leave_and_ask() -> Thumbnail:
        moment = asyncio.Event()
        moment.set()
        for _ in range(5):
            with pytest.raises(ClientGone):
                await thumbnails.thumbnail(ref, 64, 64, gone=lambda: gone_at(moment))
        return await thumbnails.thumbnail(ref, 64, 64)

    assert asyncio.run(leave_and_ask())


def test_one_that_leaves_takes_nothing_from_the_others(studio: Studio) -> None:
    thumbnails, ref = studio.open(), studio.photo()

    async def ask() -> Thumbnail:
        moment = asyncio.Event()
        studio.store.open.clear()
        leaving = asyncio.ensure_future(
            thumbnails.thumbnail(ref, 64, 64, gone=lambda: gone_at(moment))
        )
        staying = asyncio.ensure_future(thumbnails.thumbnail(ref, 64, 64))
        await asyncio.get_running_loop().run_in_executor(None, studio.store.asked.wait)
        moment.set()
        with pytest.raises(ClientGone):
            await leaving
        studio.store.open.set()
        return await staying

    assert asyncio.run(ask())


def test_patience_has_an_end(studio: Studio) -> None:
    thumbnails, ref = studio.open(patience=0.1), studio.photo()
    studio.store.open.clear()
    assert refusal(thumbnails, ref).reason is Reason.BUSY
    studio.store.open.set()
    # That is nothing to remember.
    assert get(studio.open(), ref)


def no_pictures(studio: Studio) -> dict[str, Ref]:
    put = studio.hub.receive_one
    chunk = Ref.of(b"a chunk")
    put(chunk, b"a chunk")
    entries = static_set_text([])
    folder = directory_text(NAMED, Ref.of(entries))
    put(Ref.of(folder), folder)
    return {
        "chunk": chunk,
        "folder": Ref.of(folder),
        "text": studio.put(b"hello\n" * 100),
        "empty": studio.put(b""),
        "page": studio.put(b"<!DOCTYPE html><script>alert(1)</script>"),
        "drawing": studio.put(b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
        "document": studio.put(b"%PDF-1.7\n%%EOF\n"),
        "film": studio.put(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(100)),
    }


@pytest.mark.parametrize(
    "name", ["chunk", "folder", "text", "empty", "page", "drawing", "document", "film"]
)
def test_what_is_no_picture_is_refused_and_not_looked_at_again(studio: Studio, name: str) -> None:
    thumbnails, ref = studio.open(), no_pictures(studio)[name]
    assert refusal(thumbnails, ref).reason is Reason.NO_PICTURE
    fetched = studio.store.fetched.total()
    assert refusal(thumbnails, ref).reason is Reason.NO_PICTURE
    assert studio.store.fetched.total() == fetched


def test_text_named_as_a_picture_and_broken_ones_are_told_once(
    studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    thumbnails = studio.open()
    broken = studio.put(encoded(cornered(), "JPEG")[:900])
    for _ in range(5):
        assert refusal(thumbnails, broken).reason is Reason.UNREADABLE
    assert len(caplog.records) == 1
    assert str(broken) in caplog.text
    assert "\n" not in caplog.records[0].getMessage()


def test_a_refusal_holds_for_every_size_and_not_for_ever(studio: Studio) -> None:
    thumbnails = studio.open()
    broken = studio.put(encoded(cornered(), "PNG")[:200])
    refusal(thumbnails, broken)
    fetched = studio.store.fetched[broken]
    with pytest.raises(NoThumbnail):
        get(thumbnails, broken, 500, 500)
    assert studio.store.fetched[broken] == fetched
    studio.now += 4000
    refusal(thumbnails, broken)
    assert studio.store.fetched[broken] > fetched


def test_bombs_are_refused_by_their_header(studio: Studio) -> None:
    pool = Pool(threads=2, new_films=None)
    thumbnails = studio.open(pool=pool)
    bomb = studio.put(png_of(100_000, 100_000, 1))
    assert refusal(thumbnails, bomb).reason is Reason.TOO_LARGE
    assert pool.processes == []


def test_what_was_missing_is_drawn_soon_after_it_has_come(studio: Studio) -> None:
    thumbnails = studio.open()
    data = encoded(cornered(), "JPEG", quality=95)
    file = file_text(NAMED, [Part(len(data), Ref.of(data))])
    ref = Ref.of(file)
    assert refusal(thumbnails, ref).reason is Reason.MISSING
    studio.hub.receive_one(ref, file)
    studio.now += 11
    assert refusal(thumbnails, ref).reason is Reason.MISSING
    studio.hub.receive_one(Ref.of(data), data)
    assert refusal(thumbnails, ref).reason is Reason.MISSING
    studio.now += 11
    assert shows_corners(opened(get(thumbnails, ref)))


def test_a_chunk_missing_in_the_middle_is_why_there_is_none(studio: Studio) -> None:
    thumbnails = studio.open()
    data = encoded(cornered(1200, 900), "PNG", compress_level=0)
    chunks = [data[at : at + 1_000_000] for at in range(0, len(data), 1_000_000)]
    file = file_text(NAMED, [Part(len(chunk), Ref.of(chunk)) for chunk in chunks])
    for blob in (file, chunks[0], chunks[-1]):
        studio.hub.receive_one(Ref.of(blob), blob)
    assert len(chunks) > 3
    assert refusal(thumbnails, Ref.of(file)).reason is Reason.MISSING
    for chunk in chunks:
        studio.hub.receive_one(Ref.of(chunk), chunk)
    studio.now += 11
    assert shows_corners(opened(get(thumbnails, Ref.of(file))))


def test_what_is_removed_is_not_shown_any_longer(studio: Studio) -> None:
    thumbnails, ref, other = studio.open(), studio.photo(1), studio.photo(2)
    for box in ((64, 64), (2000, 500)):
        get(thumbnails, ref, *box)
        get(thumbnails, other, *box)
    studio.hub.remove([ref])
    assert refusal(thumbnails, ref).reason is Reason.MISSING
    with pytest.raises(NoThumbnail):
        get(thumbnails, ref, 2000, 500)
    assert thumbnails.at_hand(Key(other, Box(64, 64)))
    thumbnails.close()
    again = studio.open(pool=no_more())
    assert get(again, other, 64, 64)
    assert refusal(again, ref).reason is Reason.MISSING


def test_closing_refuses_whoever_waits(studio: Studio) -> None:
    thumbnails, ref = studio.open(), studio.photo()

    async def ask() -> None:
        studio.store.open.clear()
        asked = asyncio.ensure_future(thumbnails.thumbnail(ref, 64, 64))
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, studio.store.asked.wait)
        closing = loop.run_in_executor(None, thumbnails.close)
        studio.store.open.set()
        with pytest.raises(NoThumbnail) as refused:
            await asked
        assert refused.value.reason is Reason.BUSY
        await closing

    asyncio.run(ask())
