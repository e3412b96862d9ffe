"""Files that come in pieces, whatever happens between them, and what they become."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from falcon.testing import ASGIConductor, Result

from holdfast.blobstore.errors import StoreFull
from holdfast.blobstore.ref import Blob, Ref
from holdfast.blobstore.storage import fetch_one, has
from holdfast.schema.blob import SchemaBlob, parse_schema
from holdfast.schema.claims import SetAttribute
from holdfast.schema.filereader import FileReader
from holdfast.schema.folding import Folded
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.permanodes import file_permanode_text
from holdfast.schema.signing import sign
from holdfast.ui.gallery import uploads
from holdfast.ui.gallery.api import Refused
from holdfast.ui.gallery.upload import Declared
from holdfast.ui.gallery.uploadcalls import MOST_PIECE, own_name, read_declared
from holdfast.ui.gallery.uploads import MOST_OPEN, Uploads

from ..served import OWNER, Site

MODIFIED = "2024-07-01T12:00:00.5Z"
DATA = random.Random(1).randbytes(3_000_000)


def post(site: Site, **document: object) -> Result:
    return site.ask("POST", "/ui/api/upload", body=json.dumps(document).encode())


def begin(site: Site, size: int, *, name: str = "photo.jpg", **more: object) -> str:
    answer = post(site, name=name, size=size, **{"modified": MODIFIED, "set": None, **more})
    assert answer.status_code == 200, answer.text
    assert answer.json["offset"] == 0
    return str(answer.json["upload"])


def put(site: Site, upload: str, offset: int, data: bytes) -> Result:
    path = f"/ui/api/upload/{upload}"
    return site.ask("PUT", path, query_string=f"offset={offset}", body=data)


def tell(site: Site, upload: str) -> Any:
    answer = site.get(f"/ui/api/upload/{upload}")
    assert answer.status_code == 200, answer.text
    return answer.json


def send(site: Site, data: bytes, *, piece: int = 1_000_000, **more: Any) -> Any:
    """Upload all of a file; what it became."""
    upload = begin(site, len(data), **more)
    answer = None
    for start in range(0, max(len(data), 1), piece):
        answer = put(site, upload, start, data[start : start + piece])
        assert answer.status_code == 200, answer.text
    assert answer is not None
    assert answer.json["offset"] == len(data)
    return answer.json["done"]


def file_of(site: Site, ref: str) -> SchemaBlob:
    return parse_schema(Ref(ref), fetch_one(site.hub.storage, Ref(ref)))


def contents(site: Site, ref: str) -> bytes:
    with FileReader(site.hub.storage, Ref(ref)) as reader:
        return reader.read()


def folded(site: Site, permanode: str) -> Folded:
    assert site.services.claims is not None
    return site.services.claims.about(Ref(permanode)).fold(Ref(permanode))


def settle(site: Site) -> None:
    assert site.services.index is not None
    assert site.services.index.settle(20)


def blobs(site: Site) -> list[Ref]:
    return [ref for ref, _ in site.hub.storage.enumerate()]


@pytest.mark.parametrize("piece", [1, 300_000, 1_048_576, 16_000_000])
def test_a_file_becomes_the_same_however_it_comes(site: Site, piece: int) -> None:
    data = b"short" if piece == 1 else DATA
    done = send(site, data, piece=piece)
    assert done["known"] is False
    assert contents(site, done["content"]) == data
    file = file_of(site, done["content"])
    assert file.name == b"photo.jpg"
    assert file.mtime_ns == 1_719_835_200_500_000_000
    assert folded(site, done["ref"]).attributes == {"camliContent": (done["content"],)}
    assert file.parts == file_of(site, site.put_file(data)).parts


def test_an_empty_file_is_a_file(site: Site) -> None:
    done = send(site, b"")
    assert contents(site, done["content"]) == b""
    assert send(site, b"", name="other")["ref"] == done["ref"]


def test_one_hears_how_far_it_is_and_what_became_of_it(site: Site) -> None:
    upload = begin(site, len(DATA))
    assert tell(site, upload) == {"offset": 0, "done": None}
    assert put(site, upload, 0, DATA[:1_500_000]).json == {"offset": 1_500_000, "done": None}
    assert tell(site, upload) == {"offset": 1_500_000, "done": None}
    last = put(site, upload, 1_500_000, DATA[1_500_000:]).json
    assert last["done"]["known"] is False
    assert tell(site, upload) == last
    # Who did not hear the answer may send again.
    assert put(site, upload, 1_500_000, DATA[1_500_000:]).json == last


def test_chunks_are_stored_when_a_piece_is_acknowledged(site: Site) -> None:
    upload = begin(site, len(DATA))
    assert put(site, upload, 0, DATA[:300_000]).status_code == 200
    assert has(site.hub.storage, Ref.of(DATA[:262_144]))


def test_a_piece_that_does_not_fit_is_told_what_would(site: Site) -> None:
    upload = begin(site, 100)
    assert put(site, upload, 0, b"x" * 40).json["offset"] == 40
    for query in ("offset=0", "offset=39", "offset=41", "offset=-1", ""):
        path = f"/ui/api/upload/{upload}"
        answer = site.ask("PUT", path, query_string=query, body=b"x" * 10)
        assert (answer.status_code, answer.json["offset"]) == (409, 40)
    assert (
        site.ask("PUT", f"/ui/api/upload/{upload}", query_string="offset=x", body=b"x").status_code
        == 400
    )
    assert put(site, upload, 40, b"x" * 60).json["done"]


def test_a_file_that_grows_or_shrinks_on_the_way_is_told_so(site: Site) -> None:
    upload = begin(site, 100)
    put(site, upload, 0, b"x" * 60)
    more = put(site, upload, 60, b"x" * 41)
    assert more.status_code == 400
    assert "has more" in more.json["error"]
    assert more.json["offset"] == 60
    less = put(site, upload, 60, b"")
    assert less.status_code == 400
    assert "was to have 100 bytes" in less.json["error"]
    assert put(site, upload, 60, b"x" * 40).json["done"]


def test_pieces_have_an_end(site: Site) -> None:
    upload = begin(site, 2 * MOST_PIECE)
    answer = put(site, upload, 0, bytes(MOST_PIECE + 1))
    assert answer.status_code == 413
    assert tell(site, upload)["offset"] == 0


def test_an_upload_that_is_given_up_is_forgotten(site: Site) -> None:
    upload = begin(site, 10)
    put(site, upload, 0, b"12345")
    for _ in range(2):
        assert site.ask("DELETE", f"/ui/api/upload/{upload}").status_code == 200
    answer = put(site, upload, 5, b"12345")
    assert answer.status_code == 404
    assert "begin it anew" in answer.json["remedy"]
    assert site.get("/ui/api/upload").status_code == 404
    assert site.ask("POST", "/ui/api/upload/x", body=b"{}").status_code == 405


def test_the_same_contents_have_one_permanode(site: Site) -> None:
    first = send(site, DATA)
    before = len(blobs(site))
    again = send(site, DATA)
    renamed = send(site, DATA, name="copy.jpg", modified=None)
    assert again == renamed == {**first, "known": True}
    assert len(blobs(site)) == before


def test_contents_that_came_otherwise_are_known_too(site: Site) -> None:
    file = site.put_file(DATA)
    node = site.permanode("somebody's own")
    site.claim(SetAttribute(node, "camliContent", file))
    settle(site)
    whole = Ref.of(DATA)
    assert send(site, DATA) == {"ref": node, "content": file, "known": True, "whole": whole}


def test_the_permanode_that_put_makes_is_the_one(site: Site) -> None:
    assert site.signer is not None
    data = b"some words"
    key = site.put(site.signer.public.blob)
    planned = site.put(sign(file_permanode_text(key, Ref.of(data)), site.signer, time=0))
    done = send(site, data)
    assert (done["ref"], done["known"]) == (planned, False)
    assert folded(site, planned).value("camliContent") == done["content"]


def test_a_store_that_names_blobs_otherwise_knows_contents_too(
    new_site: Callable[..., Site], key: SecretKey
) -> None:
    site = new_site(key, hash_name="sha256")
    done = send(site, DATA)
    assert done["content"].startswith("sha256-")
    assert file_of(site, done["content"]).parts[0].blob_ref.startswith("sha256-")
    assert Ref.of(DATA, hash_name="sha256").encode() in fetch_one(
        site.hub.storage, Ref(done["ref"])
    )
    settle(site)
    assert send(site, DATA, name="copy") == {**done, "known": True}


def test_what_was_deleted_comes_back_as_something_new(site: Site) -> None:
    first = send(site, DATA)
    site.delete(Ref(first["ref"]))
    settle(site)
    second = send(site, DATA)
    assert second["ref"] != first["ref"]
    assert second["known"] is False
    third = send(site, DATA)
    settle(site)
    assert {send(site, DATA)["ref"], third["ref"]} == {second["ref"]}


def test_a_permanode_whose_contents_are_others_by_now_is_left_alone(site: Site) -> None:
    first = send(site, b"before")
    edited = site.put_file(b"after")
    change = {"act": "set", "permanode": first["ref"], "attribute": "camliContent"}
    body = json.dumps({"claims": [{**change, "value": edited}]}).encode()
    assert site.ask("POST", "/ui/api/claims", body=body).status_code == 200
    settle(site)
    second = send(site, b"before")
    assert (second["ref"] != first["ref"], second["known"]) == (True, False)
    assert folded(site, first["ref"]).value("camliContent") == edited
    assert folded(site, second["ref"]).value("camliContent") == second["content"]


def test_an_upload_can_go_into_a_set_once(site: Site) -> None:
    album = site.permanode("album")
    done = send(site, DATA, set=album)
    assert folded(site, album).attributes == {"camliMember": (done["ref"],)}
    claims = len(folded(site, album).history)
    assert send(site, DATA, set=album)["known"] is True
    assert len(folded(site, album).history) == claims
    other = site.permanode("other")
    assert send(site, DATA, set=other)["known"] is True
    assert folded(site, other).attributes == {"camliMember": (done["ref"],)}
    assert post(site, name="x", size=1, set=Ref.of(b"not here")).status_code == 404
    assert post(site, name="x", size=1, set=done["content"]).status_code in (400, 404)


BAD = [
    {"size": -1},
    {"size": 1.5},
    {"size": True},
    {"size": "1"},
    {"size": 1 << 63},
    {"size": None},
    {"name": 1},
    {"name": "\ud800"},
    {"modified": "yesterday"},
    {"modified": 1},
    {"set": "x"},
]


@pytest.mark.parametrize("wrong", BAD)
def test_what_makes_no_sense_is_not_begun(wrong: dict[str, object]) -> None:
    with pytest.raises(Refused):
        read_declared({"name": "x", "size": 1, "modified": MODIFIED, "set": None, **wrong})


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("photo.jpg", "photo.jpg"),
        ("folder/photo.jpg", "photo.jpg"),
        ("C:\\fakepath\\photo.jpg", "photo.jpg"),
        ("../../etc/passwd", "passwd"),
        ("", "unnamed"),
        ("/", "unnamed"),
        ("..", "__"),
        (" . ", "_"),
        ("a\0b\nc\u202ed\x7f", "a_b_c_d_"),
        ("e\u0301.jpg", "\u00e9.jpg"),
        ("\U0001f600" * 100 + ".jpeg", "\U0001f600" * 62 + ".jpeg"),
        ("x" * 300, "x" * 255),
        ("<b>&\"'.html", "<b>&\"'.html"),
    ],
)
def test_names_are_harmless_and_no_longer_than_names_are(said: str, kept: str) -> None:
    assert own_name(said) == kept


def test_times_before_1970_and_none_at_all_are_kept(site: Site) -> None:
    assert file_of(site, send(site, b"a", modified=None)["content"]).mtime_ns is None
    old = send(site, b"b", modified="1955-01-01T00:00:00Z")
    assert file_of(site, old["content"]).mtime_ns == -473_385_600 * 10**9


def test_a_store_without_room_takes_the_rest_when_there_is_some(site: Site) -> None:
    failures = [1, 1, 1]

    def fail(_blobs: Sequence[Blob]) -> None:
        if failures:
            failures.pop()
            raise StoreFull("the disk", "no space left on device")

    site.hub.add_hook(fail)
    upload = begin(site, len(DATA))
    statuses = []
    while not (state := tell(site, upload))["done"]:
        offset = state["offset"]
        answer = put(site, upload, offset, DATA[offset : offset + 1_500_000])
        statuses.append(answer.status_code)
        if answer.status_code != 200:
            assert "full" in answer.json["error"]
    assert statuses[:3] == [507, 507, 507]
    assert contents(site, state["done"]["content"]) == DATA


def test_what_could_not_be_filed_is_filed_when_it_can_be(site: Site) -> None:
    upload = begin(site, 5)
    site.world.is_indexed = False
    assert put(site, upload, 0, b"12345").status_code == 503
    assert tell(site, upload) == {"offset": 5, "done": None}
    site.world.is_indexed = True
    assert contents(site, put(site, upload, 5, b"").json["done"]["content"]) == b"12345"


# Several at a time


def talk(site: Site, does: Callable[[ASGIConductor], Awaitable[None]]) -> None:
    async def run() -> None:
        async with ASGIConductor(site.served) as conductor:
            await does(conductor)

    asyncio.run(run())


def test_of_two_who_send_the_same_upload_each_piece_counts_once(site: Site) -> None:
    upload = begin(site, len(DATA))
    half = DATA[:1_500_000]

    async def both(conductor: ASGIConductor) -> None:
        path = f"/ui/api/upload/{upload}"

        async def one() -> Result:
            return await conductor.simulate_put(
                path, query_string="offset=0", body=half, headers=OWNER
            )

        answers = await asyncio.gather(one(), one(), one())
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
        assert {answer.json["offset"] for answer in answers} == {len(half)}

    talk(site, both)
    done = put(site, upload, len(half), DATA[len(half) :]).json["done"]
    assert contents(site, done["content"]) == DATA


def test_files_that_are_the_same_and_come_at_one_time_become_one(site: Site) -> None:
    names = [begin(site, len(DATA), name=f"{n}.jpg") for n in range(4)]

    async def all_of_them(conductor: ASGIConductor) -> None:
        answers = await asyncio.gather(
            *(
                conductor.simulate_put(
                    f"/ui/api/upload/{name}", query_string="offset=0", body=DATA, headers=OWNER
                )
                for name in names
            )
        )
        done = [answer.json["done"] for answer in answers]
        assert len({(one["ref"], one["content"]) for one in done}) == 1
        assert sorted(one["known"] for one in done) == [False, True, True, True]

    talk(site, all_of_them)


# Whose turn it is


class _Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def declared(size: int = 10) -> Declared:
    return read_declared({"name": "x", "size": size})


def test_who_has_gone_silent_makes_way_for_who_goes_on() -> None:
    async def silent_and_next() -> None:
        clock = _Clock()
        kept = Uploads(hash_name="sha224", clock=clock)
        upload = kept.begin(declared())
        is_cut = asyncio.Event()

        async def silent() -> None:
            async with kept.turn(upload, is_cut.set):
                clock.now += uploads.STALL_SECONDS + 1
                await is_cut.wait()

        going = asyncio.ensure_future(silent())
        await asyncio.sleep(0)
        async with kept.turn(upload, lambda: None):
            assert going.done()

    asyncio.run(silent_and_next())


def test_who_is_sending_is_not_disturbed() -> None:
    async def busy_and_next() -> None:
        clock = _Clock()
        kept = Uploads(hash_name="sha224", clock=clock)
        upload = kept.begin(declared())

        def cut() -> None:
            raise AssertionError("the sender was cut off")

        async with kept.turn(upload, cut):
            impatient = asyncio.ensure_future(kept.turn(upload, cut).__aenter__())
            await asyncio.sleep(0)
            clock.now += uploads.PATIENCE_SECONDS + 1
            kept.note(upload)
            with pytest.raises(Refused) as refused:
                await impatient
            assert refused.value.status == 503

    asyncio.run(busy_and_next())


def test_idle_uploads_end_and_make_room() -> None:
    clock = _Clock()
    kept = Uploads(hash_name="sha224", clock=clock)
    names = [kept.begin(declared()).name for _ in range(MOST_OPEN)]
    assert kept.active == MOST_OPEN
    with pytest.raises(Refused) as refused:
        kept.begin(declared())
    assert refused.value.status == 503
    clock.now += uploads.MAKES_ROOM_SECONDS + 1
    assert kept.active == 0
    kept.note(kept.find(names[1]))
    fresh = kept.begin(declared())
    with pytest.raises(Refused):
        kept.find(names[0])
    assert kept.find(names[1]).name == names[1]
    clock.now += uploads.IDLE_SECONDS + 1
    with pytest.raises(Refused):
        kept.find(fresh.name)
