"""What is in a folder, as Perkeep's pages ask for it."""

from __future__ import annotations

from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.build import directory_text, static_set_text
from holdfast.schema.directories import write_directory
from holdfast.schema.filewriter import write_small_file

from ..served import Site
from .planting import facts, permanode_of, plant


def test_a_folder_is_listed_in_its_own_order(site: Site) -> None:
    members = {"f1": b"x", "lnk": "f1", "<b>&": b"", "sub": {}}
    refs = [plant(site, name, content) for name, content in members.items()]
    folder = write_directory(facts("top"), refs, site.put_blob)
    for path in (f"{folder}", f"{folder}/", f"{folder}/any/thing"):
        answer = site.get(f"/ui/tree/{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/javascript")
        kinds = ("file", "symlink", "file", "directory")
        assert answer.json["children"] == [
            {"name": name, "type": kind, "blobRef": ref}
            for name, kind, ref in zip(members, kinds, refs, strict=True)
        ]
        assert "<" not in answer.text
    assert answer.text.startswith('{\n  "children": [\n    {"name":"f1",')
    assert site.get(f"/ui/tree/{plant(site, 'empty', {})}").json == {"children": []}
    head = site.ask("HEAD", f"/ui/tree/{folder}")
    assert (head.content, int(head.headers["content-length"])) == (b"", len(answer.content))


def test_what_is_no_whole_folder_is_refused(site: Site) -> None:
    missing = Ref.of(b"missing")
    file = plant(site, "file", b"x")
    for ref in (
        missing,
        file,
        permanode_of(site, file),
        site.put(directory_text(facts("x"), missing)),
        site.put(directory_text(facts("x"), site.put(static_set_text([file, missing])))),
        site.put(directory_text(facts("x"), site.put(static_set_text([site.put(b"raw")])))),
    ):
        answer = site.get(f"/ui/tree/{ref}")
        assert (answer.status_code, answer.text[:24]) == (500, "Error reading directory:")
    assert (site.get("/ui/tree/x").status_code, site.get("/ui/tree/x").text) == (
        400,
        "Invalid blobref\n",
    )
    assert site.ask("POST", f"/ui/tree/{file}").status_code == 400
    assert site.get(f"/ui/tree/{file}", headers={}).status_code == 401


def test_a_large_folder_is_listed_whole(site: Site) -> None:
    blobs: list[Blob] = []
    names = [b"%d" % number for number in range(25_000)]
    members = [write_small_file(facts(name), b"", blobs.append) for name in names]
    folder = write_directory(facts("many"), members, blobs.append)
    site.hub.storage.receive(blobs)  # past the gate: nobody has to find these
    answer = site.get(f"/ui/tree/{folder}")
    assert [child["blobRef"] for child in answer.json["children"]] == members
    assert answer.headers["content-length"] == str(len(answer.content))
