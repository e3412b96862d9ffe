"""What the file system says."""

from __future__ import annotations

import grp
import os
import pwd

from holdfast.schema.facts import FileFacts, OwnerNames, facts_of


def test_facts_are_those_of_the_file(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"abc")
    path.chmod(0o640)
    os.utime(path, ns=(1, 1_234_567_890_123_456_789))
    stat = path.lstat()
    facts = facts_of(stat, b"f\xff", OwnerNames())
    assert facts == FileFacts(
        b"f\xff",
        0o100640,
        os.getuid(),
        stat.st_gid,
        pwd.getpwuid(os.getuid()).pw_name,
        grp.getgrgid(stat.st_gid).gr_name,
        1_234_567_890_123_456_789,
        stat.st_ctime_ns,
        3,
    )


def test_numbers_without_a_name_have_none():
    names = OwnerNames()
    for _ in range(2):
        assert names.owner(4_000_000_123) is None
        assert names.group(4_000_000_123) is None
        assert names.owner(0) == "root"
