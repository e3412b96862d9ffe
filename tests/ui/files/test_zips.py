"""Zips of files, folders, permanodes and sets: what is in them, and what is refused."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.blob import Part, SchemaBlob, parse_schema
from holdfast.schema.build import directory_text, file_text, static_set_text
from holdfast.schema.claims import AddAttribute, Delete, SetAttribute
from holdfast.schema.directories import write_directory
from holdfast.schema.filewriter import write_small_file
from holdfast.ui.files.zipplan import MOST_PLANNED, PIECE, ZipPlan, ZipTooLarge
from holdfast.ui.tree import MAX_DEPTH, Entry

from ..served import Site
from .planting import (
    FORM,
    TIME,
    facts,
    folder,
    mode_of,
    pass_other_programs,
    permanode_of,
    plant,
    set_of,
    unpacked,
    zip_of,
)

LARGE = b"".join(b"line %d\n" % n for n in range(300_000))

HOLIDAY = {
    "notes.txt": b"sun\n",
    "empty": b"",
    "film.mov": LARGE,
    "today": "../notes.txt",
    "Bücher": {"日本語.txt": b"text", "nothing": {}},
}


@pytest.fixture
def holiday(site: Site) -> Ref:
    return plant(site, "Holiday", HOLIDAY)


def test_a_folder_comes_with_all_that_is_in_it(site: Site, holiday: Ref, tmp_path: Path) -> None:
    assert unpacked(site, holiday) == {
        "Holiday/": b"",
        "Holiday/notes.txt": b"sun\n",
        "Holiday/empty": b"",
        "Holiday/film.mov": LARGE,
        "Holiday/today": b"../notes.txt",
        "Holiday/Bücher/": b"",
        "Holiday/Bücher/日本語.txt": b"text",
        "Holiday/Bücher/nothing/": b"",
    }
    answer = zip_of(site, holiday)
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="Holiday.zip"'
    assert answer.headers["cache-control"] == "no-store"
    (tmp_path / "holiday.zip").write_bytes(answer.content)
    pass_other_programs(tmp_path / "holiday.zip")
    # The same folder makes the same zip.
    assert zip_of(site, holiday).content == answer.content


def test_modes_times_and_links_are_kept(site: Site, tmp_path: Path) -> None:
    run = plant(site, "run.sh", b"#!/bin/sh\n", mode=0o100750)
    link = plant(site, "link", "run.sh")
    fifo = plant(site, "fifo", None, mode=0o600)
    packed = tmp_path / "packed.zip"
    packed.write_bytes(zip_of(site, folder(site, "top", run, link, fifo)).content)
    with zipfile.ZipFile(packed) as zipped:
        modes = {member.filename: mode_of(member) for member in zipped.infolist()}
        assert {member.date_time for member in zipped.infolist()} == {(2017, 7, 14, 2, 40, 0)}
    assert modes == {
        "top/": "drwxr-xr-x",
        "top/run.sh": "-rwxr-x---",
        "top/link": "lrwxrwxrwx",
        "top/fifo": "prw-------",
    }
    subprocess.run(["unzip", "-q", packed, "-d", tmp_path, "-x", "top/fifo"], check=True)
    assert (tmp_path / "top/link").readlink() == Path("run.sh")
    found = (tmp_path / "top/run.sh").stat()
    assert (found.st_mode & 0o777, int(found.st_mtime)) == (0o750, TIME)
    assert int((tmp_path / "top").stat().st_mtime) == TIME


def test_several_things_come_side_by_side_under_names_of_their_own(site: Site) -> None:
    first, second = plant(site, "a.txt", b"1"), plant(site, "a.txt", b"2")
    nameless = site.put(file_text(facts("", None)._replace(name=b""), [Part(1, site.put(b"3"))]))
    inside = plant(site, "a.txt", {"x": b"4"})
    answer = unpacked(site, first, second, first, nameless, inside)
    assert answer == {
        "a.txt": b"1",
        "a (2).txt": b"2",
        f"file-{nameless}.dat": b"3",
        "a.txt (2)/": b"",
        "a.txt (2)/x": b"4",
    }
    disposition = zip_of(site, first, second).headers["content-disposition"]
    assert disposition == 'attachment; filename="download-20261121-043000.zip"'


def test_no_name_leads_out_of_the_zip(site: Site, tmp_path: Path) -> None:
    names = [b"../up", b"/etc/passwd", b"C:drive", b"..", b".", b"..\\..\\up", b"a\r\nb\x1b[2J"]
    names += ["\u202etxt.exe".encode(), b"\xff\xfe", b"n" * 300 + b".jpeg", b"fine"]
    members = [plant(site, name, b"x") for name in names]
    members.append(plant(site, b"up/../../there", {"deep/../x": b"y"}))
    packed = tmp_path / "packed.zip"
    packed.write_bytes(zip_of(site, folder(site, "top", *members)).content)
    pass_other_programs(packed)
    with zipfile.ZipFile(packed) as zipped:
        found = zipped.namelist()
    assert len(found) == len(set(found)) == len(members) + 2
    for name in found:
        parts = name.removesuffix("/").split("/")
        assert parts[0] == "top"
        assert not {"", ".", ".."} & set(parts)
        assert all(part.isprintable() and len(part.encode()) <= 255 for part in parts)
        assert "\\" not in name
        assert ":" not in name
    assert {"top/.._up", "top/_etc_passwd", "top/C_drive", "top/__", "top/fine"} <= set(found)


def test_a_link_is_never_on_the_way_to_a_file(site: Site) -> None:
    link = plant(site, "Place", "/etc")
    inside = plant(site, "place", {"passwd": b"x"})
    again = plant(site, "Place", {"shadow": b"x"})
    assert list(unpacked(site, folder(site, "top", link, inside, again))) == [
        "top/",
        "top/Place",
        "top/place (2)/",
        "top/place (2)/passwd",
        "top/Place (2)/",
        "top/Place (2)/shadow",
    ]


def test_a_permanode_is_its_content_and_a_set_a_folder(site: Site) -> None:
    photo = plant(site, "photo.jpg", b"jpeg")
    nameless = site.put(file_text(facts(b""), [Part(1, site.put(b"x"))]))
    pictures = plant(site, "pictures", {"a": b"1"})
    gone = permanode_of(site, photo, "deleted")
    site.claim(Delete(gone))
    empty = site.permanode("without anything")
    inner = set_of(site, "inner: 1/2", permanode_of(site, pictures))
    outer = set_of(
        site,
        "Outer",
        permanode_of(site, photo, "A photo"),
        permanode_of(site, nameless, "no name"),
        gone,
        empty,
        inner,
        plant(site, "bare.txt", b"2"),
    )
    site.claim(SetAttribute(outer, "camliPath:by name.txt", permanode_of(site, photo, "again")))
    site.claim(AddAttribute(inner, "camliMember", outer))
    site.claim(AddAttribute(outer, "camliMember", outer))
    assert dict(sorted(unpacked(site, outer).items())) == {
        "Outer/": b"",
        "Outer/bare.txt": b"2",
        "Outer/by name.txt": b"jpeg",
        "Outer/inner: 1_2/": b"",
        "Outer/inner: 1_2/pictures/": b"",
        "Outer/inner: 1_2/pictures/a": b"1",
        "Outer/no name": b"x",
        "Outer/photo.jpg": b"jpeg",
    }
    assert zip_of(site, outer).headers["content-disposition"].endswith('"Outer.zip"')
    assert unpacked(site, gone) == {"photo.jpg": b"jpeg"}
    refused = zip_of(site, empty)
    assert (refused.status_code, refused.text[:20]) == (400, "cannot make the zip:")


def test_what_is_missing_is_told_before_the_first_byte(site: Site) -> None:
    missing = Ref.of(b"missing")
    broken = site.put(file_text(facts("broken"), [Part(3, site.put(b"abc")), Part(4, missing)]))
    short = site.put(file_text(facts("short"), [Part(99, site.put(b"short"))]))
    no_tree = site.put(file_text(facts("no tree"), [Part(4, None, missing)]))
    no_member = site.put(directory_text(facts("top"), site.put(static_set_text([missing]))))
    no_entries = site.put(directory_text(facts("top"), missing))
    for ref, named in (
        (broken, missing),
        (folder(site, "top", plant(site, "fine", b"x"), broken), missing),
        (no_tree, missing),
        (no_member, missing),
        (no_entries, missing),
        (missing, missing),
        (short, short),
    ):
        answer = zip_of(site, ref)
        assert answer.status_code == 500
        assert answer.text.startswith("cannot make the zip: ")
        assert named in answer.text


def test_a_bad_wish_is_refused(site: Site) -> None:
    fine = plant(site, "fine", b"x")
    for files, status, said in (
        ("", 400, "No file blobRefs specified\n"),
        ("zz", 400, '"zz" is not a valid blobRef\n'),
        (f"{fine},", 400, '"" is not a valid blobRef\n'),
    ):
        answer = site.ask("POST", "/ui/download/", body=f"files={files}", headers=FORM)
        assert (answer.status_code, answer.text) == (status, said)
    for wrong in (site.put(b"no schema"), site.put(b'{"camliVersion": 1, "camliType": "odd"}')):
        assert zip_of(site, wrong).status_code == 400
    in_url = site.ask("POST", f"/ui/download/any.zip?files={fine}")
    assert in_url.status_code == 200
    assert zip_of(site, fine, headers={"Content-Type": FORM["Content-Type"]}).status_code == 401


def test_a_page_has_to_be_ours(site: Site) -> None:
    fine = plant(site, "fine", b"x")
    ours = {**FORM, "Origin": "http://falconframework.org"}
    assert zip_of(site, fine, headers=ours).status_code == 403
    body = f"files={fine}&csrf={site.services.csrf.token()}"
    answer = site.ask("POST", "/ui/download/", body=body, headers=ours)
    assert answer.status_code == 200


def test_folders_are_as_deep_as_they_may_be_and_no_deeper(site: Site) -> None:
    deep = folder(site, "x" * 255)
    for _ in range(MAX_DEPTH - 1):
        deep = folder(site, "x" * 255, deep)
    assert len(unpacked(site, deep)) == MAX_DEPTH
    answer = zip_of(site, folder(site, "y", deep))
    assert (answer.status_code, "within each other" in answer.text) == (500, True)


def test_folders_without_end_end_before_memory_does() -> None:
    endless = SchemaBlob(ref=Ref.of(b"x"), kind="directory")
    plan = ZipPlan(MemoryStorage(), (Entry("x/" * 25_000, endless) for _ in count()))
    with pytest.raises(ZipTooLarge, match="too much for one zip"):
        list(plan.check())
    assert plan.held < MOST_PLANNED + (1 << 20)


def test_seventy_thousand_files_are_one_zip(
    new_site: Callable[..., Site], key, tmp_path: Path
) -> None:
    site = new_site(key)
    blobs: list[Blob] = []
    names = [b"%d.txt" % number for number in range(70_000)]
    members = [write_small_file(facts(name), b"same", blobs.append) for name in names]
    top = write_directory(facts("many"), members, blobs.append)
    # Past the gate: nobody has to find these.
    site.hub.storage.receive(blobs)
    answer = zip_of(site, top)
    packed = tmp_path / "many.zip"
    packed.write_bytes(answer.content)
    with zipfile.ZipFile(packed) as zipped:
        found = zipped.namelist()
        assert found == ["many/", *(f"many/{name.decode()}" for name in names)]
        assert zipped.read("many/69999.txt") == b"same"
    # The count stands in the records of Zip64.
    assert struct.unpack("<H", answer.content[-12:-10]) == (0xFFFF,)
    pass_other_programs(packed)


def test_files_of_more_than_four_gigabytes_are_in_it_and_behind_them(tmp_path: Path) -> None:
    storage = MemoryStorage()
    size = (1 << 32) + 5
    texts = [
        file_text(facts("holes"), [Part(size)]),
        file_text(facts("just below"), [Part((1 << 32) - 2)]),
        file_text(facts("behind.txt"), [Part(6, Ref.of(b"behind"))]),
    ]
    blobs = [Blob(Ref.of(text), text) for text in (*texts, b"behind")]
    storage.receive(blobs)
    named = zip(("holes", "just below", "behind.txt"), blobs, strict=False)
    plan = ZipPlan(storage, [Entry(name, parse_schema(*blob)) for name, blob in named])
    for _ in plan.check():
        pass
    packed = tmp_path / "large.zip"
    zeros = bytes(PIECE)
    with packed.open("wb") as file:
        for piece in plan.pieces():
            if piece == zeros:
                file.seek(PIECE, os.SEEK_CUR)
            else:
                file.write(piece)
    assert packed.stat().st_size == plan.size
    with zipfile.ZipFile(packed) as zipped:
        assert [member.file_size for member in zipped.infolist()] == [size, (1 << 32) - 2, 6]
        assert zipped.read("behind.txt") == b"behind"
    listed = subprocess.run(["unzip", "-Z1", packed], capture_output=True, text=True, check=True)
    assert listed.stdout.split("\n")[:-1] == ["holes", "just below", "behind.txt"]


def test_small_files_can_be_read_from_a_stream(site: Site, holiday: Ref) -> None:
    data = zip_of(site, holiday).content
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        late = {member.filename for member in zipped.infolist() if member.flag_bits & 8}
        small = zipped.getinfo("Holiday/notes.txt")
    assert late == {"Holiday/film.mov"}
    in_front = struct.unpack_from("<3L", data, small.header_offset + 14)
    assert in_front == (zlib.crc32(b"sun\n"), 4, 4)
