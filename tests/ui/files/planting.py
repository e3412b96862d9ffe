"""Trees of files put into a store, and zips taken apart."""

from __future__ import annotations

import io
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlencode

from falcon.testing import Result

from holdfast.blobstore.ref import Ref
from holdfast.schema.claims import AddAttribute, SetAttribute
from holdfast.schema.directories import write_directory, write_special, write_symlink
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file
from holdfast.schema.timestamps import NANOSECONDS

from ..served import OWNER, Site

FORM = {**OWNER, "Content-Type": "application/x-www-form-urlencoded"}

TIME = 1_500_000_001
"""When everything was changed that is put into a store here: an odd second."""

Content: TypeAlias = "bytes | str | Mapping[str, Content] | None"
"""A file's bytes, a link's target, a folder's members, or None for a fifo."""


def facts(name: str | bytes, mode: int | None = None) -> FileFacts:
    raw = name if isinstance(name, bytes) else name.encode()
    return FileFacts(raw, mode=mode, mtime_ns=TIME * NANOSECONDS)


def plant(site: Site, name: str | bytes, content: Content, *, mode: int | None = None) -> Ref:
    """Put a file, link or folder into a store."""
    about = facts(name, mode)
    match content:
        case bytes():
            return write_file(about, content, site.put_blob)
        case str():
            return write_symlink(about, content.encode(), site.put_blob)
        case None:
            return write_special(about, "fifo", site.put_blob)
    members = [plant(site, *member) for member in content.items()]
    return write_directory(about, members, site.put_blob)


def folder(site: Site, name: str, *members: Ref) -> Ref:
    return write_directory(facts(name), members, site.put_blob)


def permanode_of(site: Site, content: Ref, title: str = "") -> Ref:
    """A permanode that has this content."""
    permanode = site.permanode(f"of {content} {title}")
    site.claim(SetAttribute(permanode, "camliContent", content))
    if title:
        site.claim(SetAttribute(permanode, "title", title))
    return permanode


def set_of(site: Site, title: str, *members: Ref) -> Ref:
    """A permanode that has these members."""
    permanode = site.permanode(f"set {title}")
    site.claim(SetAttribute(permanode, "title", title))
    for member in members:
        site.claim(AddAttribute(permanode, "camliMember", member))
    return permanode


def zip_of(site: Site, *refs: Ref, **options: object) -> Result:
    """The answer to the wish for a zip."""
    body = urlencode({"files": ",".join(refs)})
    return site.ask("POST", "/ui/download/", body=body, **{"headers": FORM, **options})


def unpacked(site: Site, *refs: Ref) -> dict[str, bytes]:
    """What is in a zip, by name; a link's target for a link."""
    answer = zip_of(site, *refs)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-length"] == str(len(answer.content))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        names = packed.namelist()
        assert len(set(names)) == len(names)
        return {name: packed.read(name) for name in names}


def mode_of(member: zipfile.ZipInfo) -> str:
    """Its mode as `ls` shows it."""
    return stat.filemode(member.external_attr >> 16)


def pass_other_programs(path: Path) -> None:
    """Assert that programs of others find nothing wrong with a zip."""
    for command in (["unzip", "-tqq", path], ["zip", "-T", path], ["bsdtar", "-tf", path]):
        if shutil.which(str(command[0])):
            said = subprocess.run(command, capture_output=True, text=True)
            assert said.returncode == 0, said.stdout + said.stderr
