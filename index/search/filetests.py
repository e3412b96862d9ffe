"""Tests of files and folders, by what the index knows of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...blobstore.ref import Ref
from ..files import FileFacts
from ..query.constraints import Constraint, DirConstraint, FileConstraint
from ..words import words_of
from .reader import IndexReader
from .reftests import RefTest, prefix_test, remembered
from .scalars import (
    Test,
    fits_float,
    fits_int,
    integer_in,
    location_test,
    string_test,
    time_test,
)


class FileTests:
    """Makes tests for one query. `test_of` makes those of what is in folders."""

    def __init__(
        self, reader: IndexReader, test_of: Callable[[Constraint], RefTest], *, now_ns: int
    ) -> None:
        self._reader = reader
        self._test_of = test_of
        self._now_ns = now_ns

    def file(self, asked: FileConstraint) -> RefTest:
        """What tells whether a blob is such a file."""
        tests = list(self._facts(asked))
        words = frozenset(words_of(asked.text))
        parent = self._parent(asked.parent_dir)

        def fits(ref: Ref) -> bool:
            facts = self._reader.file(ref)
            return (
                facts is not None
                and all(test(facts) for test in tests)
                and all(self._reader.has_word(ref, word) for word in words)
                and (parent is None or any(map(parent, self._reader.folders(ref))))
            )

        return fits

    def _facts(self, asked: FileConstraint) -> Iterator[Test[FileFacts]]:
        if asked.file_size is not None:
            size = asked.file_size
            yield lambda facts: fits_int(size, facts.size)
        if asked.file_name is not None:
            name = string_test(asked.file_name)
            yield lambda facts: name(facts.name)
        if asked.mime_type is not None:
            mime = string_test(asked.mime_type)
            yield lambda facts: mime(facts.mime)
        if asked.time is not None:
            time = time_test(asked.time, self._now_ns)
            yield lambda facts: time(facts.times[0] if facts.times else None)
        if asked.mod_time is not None:
            modified = time_test(asked.mod_time, self._now_ns)
            yield lambda facts: modified(facts.times[1] if len(facts.times) > 1 else None)
        if asked.whole_ref is not None:
            yield lambda facts: facts.whole == asked.whole_ref
        if asked.is_image:
            yield lambda facts: facts.mime.startswith("image/")
        yield from picture_tests(asked)
        if asked.location is not None:
            located = location_test(asked.location)
            yield lambda facts: located(facts.place)
        if asked.media_tag is not None:
            tag = asked.media_tag
            text = None if tag.string is None else string_test(tag.string)
            number = tag.int

            def has_tag(facts: FileFacts) -> bool:
                value = facts.tags.get(tag.tag, "")
                if text is not None and not text(value):
                    return False
                if number is None:
                    return True
                held = integer_in(value)
                return held is not None and fits_int(number, held)

            yield has_tag

    def directory(self, asked: DirConstraint) -> RefTest:
        """What tells whether a blob is such a folder."""
        name = None if asked.file_name is None else string_test(asked.file_name)
        prefix = prefix_test(asked.blob_ref_prefix) if asked.blob_ref_prefix else None
        parent = self._parent(asked.parent_dir)
        holds = None
        if asked.contains is not None:
            holds = self._holding(asked.contains)
        elif asked.recursive_contains is not None:
            holds = self._holding_deep(asked.recursive_contains)

        def fits(ref: Ref) -> bool:
            if prefix is not None and not prefix(ref):
                return False
            held = self._reader.directory(ref)
            return (
                held is not None
                and (name is None or name(held[0]))
                and (asked.top_file_count is None or fits_int(asked.top_file_count, held[1]))
                and (parent is None or any(map(parent, self._reader.folders(ref))))
                and (holds is None or holds(ref))
            )

        return fits

    def _parent(self, asked: DirConstraint | None) -> RefTest | None:
        """The test of a folder that many others are in."""
        return None if asked is None else remembered(self.directory(asked))

    def _holding(self, inner: Constraint) -> RefTest:
        """The test of a folder for a member that fits."""
        fits = remembered(self._test_of(inner))
        return lambda directory: any(map(fits, self._reader.children(directory)))

    def _holding_deep(self, inner: Constraint) -> RefTest:
        """The test of a folder for what fits at any depth; none is looked through twice in vain."""
        fits = remembered(self._test_of(inner))
        known: dict[Ref, bool] = {}

        def holds(directory: Ref) -> bool:
            if directory in known:
                return known[directory]
            above: dict[Ref, Ref | None] = {directory: None}
            waiting = [directory]
            while waiting:
                folder: Ref | None = waiting.pop()
                assert folder is not None
                for member in self._reader.children(folder):
                    if known.get(member) or fits(member):
                        while folder is not None:
                            known[folder] = True
                            folder = above[folder]
                        return True
                    is_new = member not in above and member not in known
                    if is_new and self._reader.directory(member) is not None:
                        above[member] = folder
                        waiting.append(member)
            known.update(dict.fromkeys(above, False))
            return False

        return holds


def picture_tests(asked: FileConstraint) -> Iterator[Test[FileFacts]]:
    """The tests of a picture's width, height and shape."""
    if (width := asked.width) is not None:
        yield lambda facts: facts.picture is not None and fits_int(width, facts.picture.width)
    if (height := asked.height) is not None:
        yield lambda facts: facts.picture is not None and fits_int(height, facts.picture.height)
    if (ratio := asked.width_height_ratio) is not None:
        yield (
            lambda facts: (
                facts.picture is not None
                and facts.picture.height > 0
                and fits_float(ratio, facts.picture.width / facts.picture.height)
            )
        )
