"""Find files, with a permanode or without one. What is said must all hold.

  holdfast files invoice 2025              these words in name or text
  holdfast files --name '*.jp*g' --larger 5M
  holdfast files --type image              or image/png, or pdf
  holdfast files --same-as ~/photo.jpg     is it stored, and as which files?
  holdfast files --whole sha224-...        the same, by the ref of all contents

Lines are as with `holdfast search`; the ref is that of the file. With --same-as or --whole the
exit code is 4 if no stored file has these contents.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .. import exits
from ..cli import Context

if TYPE_CHECKING:
    from ...blobstore.ref import Ref

DEFAULT_LIMIT = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from ..searching.listing import add_list_options

    parser.add_argument("words", nargs="*", metavar="WORD", help="a word in name or text")
    parser.add_argument("--name", metavar="GLOB", help="files of this name; with *, ? and [a-z]")
    parser.add_argument("--type", metavar="MIME", help="files of this type, or kind of type")
    parser.add_argument("--larger", metavar="SIZE", help="files of at least 500, 10M, 1.5G bytes")
    contents = parser.add_mutually_exclusive_group()
    contents.add_argument("--whole", metavar="REF", help="files that have the contents of this ref")
    contents.add_argument(
        "--same-as", type=Path, metavar="PATH", help="files that have the contents of a local file"
    )
    add_list_options(parser, limit=DEFAULT_LIMIT)


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ...blobstore.ref import Ref
    from ..searching.filters import whole_of

    if arguments.whole is not None:
        return _of_whole(Ref.parse(arguments.whole), arguments, context)
    if arguments.same_as is not None:
        return _of_whole(whole_of(arguments.same_as), arguments, context)
    return _search(arguments, context)


def _search(arguments: argparse.Namespace, context: Context) -> int:
    from ...index.query.request import SearchQuery
    from ..searching.asking import open_questions
    from ..searching.filters import files_like
    from ..searching.listing import asked_limit, note_end, write_items
    from ..searching.results import Results

    out, server = context.output, arguments.server
    constraint = files_like(
        words=arguments.words, name=arguments.name, kind=arguments.type, larger=arguments.larger
    )
    query = SearchQuery(constraint=constraint, limit=asked_limit(arguments) or DEFAULT_LIMIT)
    with open_questions(context.config, server=server, note=out.note) as (questions, store):
        results = Results(questions, query, name=store.name, describe=not arguments.refs)
        count = write_items(results, arguments, out)
    note_end(count, out, has_more=results.has_more)
    return exits.DONE


def _of_whole(whole: Ref, arguments: argparse.Namespace, context: Context) -> int:
    from ..claiming.errors import BadUsage
    from ..searching.asking import open_questions
    from ..searching.listing import note_end, wanted_number, write_items
    from ..searching.lookups import described, files_of

    filters = (arguments.words, arguments.name, arguments.type, arguments.larger)
    if filters != ([], None, None, None):
        raise BadUsage("contents are all there is to say of a file; leave the other filters out")
    out, server = context.output, arguments.server
    most = wanted_number(arguments, default=DEFAULT_LIMIT)
    with open_questions(context.config, server=server, note=out.note) as (questions, store):
        refs = files_of(questions, whole, name=store.name)
        count = write_items(described(questions, refs[:most]), arguments, out)
    if not refs:
        out.note(f"holdfast: no file in {store.name} has these contents ({whole})")
        return exits.NOT_FOUND
    note_end(count, out, has_more=len(refs) > count)
    return exits.DONE
