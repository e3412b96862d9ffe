"""A tree put by Perkeep's own client, put again."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest

from holdfast.blobstore.ref import Ref
from holdfast.schema.directories import member_order, write_directory, write_symlink
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file

DATA = Path(__file__).parent.parent / "data" / "schema"
GOLDEN = json.loads((DATA / "refs.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def contents(stream_of):
    found = {"r2500k.bin": stream_of(2621440, prefix="golden-2500k:")}
    with tarfile.open(
        fileobj=io.BytesIO(gzip.decompress((DATA / "inputs.tar.gz").read_bytes()))
    ) as tar:
        for member in tar:
            if member.isfile():
                found[member.name.removeprefix("inputs/")] = tar.extractfile(member).read()
    return found


def put(path: str, contents, shelf) -> Ref:
    entry = next(entry for entry in GOLDEN["inputs"] if entry["path"] == path)
    facts = FileFacts(
        path.rpartition("/")[2].encode(),
        int(entry["mode"], 8),
        entry["uid"],
        entry["gid"],
        "root",
        "root",
        entry["mtime_ns"],
        entry["ctime_ns"],
    )
    if entry["type"] == "symlink":
        return write_symlink(facts, entry["target"].encode(), shelf.put)
    if entry["type"] == "file":
        assert Ref.of(contents[path]) == entry["sha224"]
        return write_file(facts, contents[path], shelf.put)
    inside = [
        entry
        for entry in GOLDEN["inputs"]
        if entry["path"].startswith(f"{path}/") and "/" not in entry["path"][len(path) + 1 :]
    ]
    inside.sort(
        key=lambda entry: member_order(
            entry["path"].rpartition("/")[2].encode(), is_directory=entry["type"] == "dir"
        )
    )
    members = [put(entry["path"], contents, shelf) for entry in inside]
    return write_directory(facts, members, shelf.put)


@pytest.mark.parametrize("path", GOLDEN["refs"])
def test_every_input_gets_the_ref_that_perkeep_gave_it(path, contents, shelf):
    assert put(path, contents, shelf) == GOLDEN["refs"][path]


def test_every_schema_blob_that_perkeep_wrote_for_them_is_written_and_no_other(contents, shelf):
    for path in GOLDEN["refs"]:
        put(path, contents, shelf)
    written = {
        ref
        for ref in shelf.put_order
        for blob in shelf.fetch((ref,))
        if blob.data.startswith(b'{"camliVersion"')
    }
    assert written == set(GOLDEN["schema_blobs"])
