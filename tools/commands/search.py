"""Find things by what is known of them, and save searches.

  holdfast search                          what is newest, of all that is not hidden
  holdfast search tag:lake is:image        words side by side must all fit
  holdfast search '(tag:lake or tag:sea)' -is:image
  holdfast search 'title:"two words"'      values with spaces need quotes that the shell leaves
  holdfast search text:invoice date:2025   words in title, file name or text; a year
  holdfast search --save trips tag:lake    from now on named:trips stands for it
  holdfast search named:trips --limit 10

Each line has the ref, the time (with a sort by change, that of the last change), the type, the
size, title or file name, and tags. On a terminal lines are cut to fit, and where they are short
refs get lines of their own. --json tells all attributes.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from .. import exits
from ..cli import Context

if TYPE_CHECKING:
    from ..searching.results import Results

DEFAULT_LIMIT = 200

_SORTS = ("-created", "created", "-mod", "mod", "blobref", "unsorted", "map")
_NEGATED = re.compile(r"-+(?:\(|[^\W\d_]+:)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from ..searching.listing import add_list_options

    parser.add_argument("words", nargs="*", metavar="EXPR", help="what to find, as below")
    parser.add_argument(
        "--constraint",
        type=Path,
        metavar="FILE",
        help="a query or constraint in JSON instead of EXPR; - is stdin",
    )
    parser.add_argument(
        "--sort",
        choices=_SORTS,
        metavar="ORDER",
        help=f"{', '.join(_SORTS)}; by default things are sorted by time, newest first",
    )
    parser.add_argument(
        "--explain", action="store_true", help="tell how it was found, on standard error"
    )
    saving = parser.add_mutually_exclusive_group()
    saving.add_argument("--save", metavar="NAME", help="save the search, and print its permanode")
    saving.add_argument("--saved", action="store_true", help="show the searches that are saved")
    add_list_options(parser, limit=DEFAULT_LIMIT)
    parser.epilog = _predicates()


def arranged(arguments: list[str]) -> list[str]:
    """What was typed, with negations and orders told apart from options, which also have dashes."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    found: list[str] = []
    for argument in arguments[:end]:
        if found[-1:] == ["--sort"] and argument in _SORTS:
            found[-1] = f"--sort={argument}"
        else:
            found.append(f" {argument}" if _NEGATED.match(argument) else argument)
    # Behind `--` all is meant as it stands.
    return found + [f" {a}" if a.startswith("-") else a for a in arguments[end + 1 :]]


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ...index.query.errors import BadExpression
    from ..client.errors import SearchRefused
    from ..searching.mistakes import show_mistake

    try:
        if arguments.saved:
            return _list_saved(arguments, context)
        if arguments.save is not None:
            return _save(arguments, context)
        return _search(arguments, context)
    except (BadExpression, SearchRefused) as error:
        if show_mistake(error, context.output):
            return exits.exit_code(error)
        raise


def _search(arguments: argparse.Namespace, context: Context) -> int:
    from ...index.query.pages import Sort
    from ..searching.asking import open_questions
    from ..searching.listing import asked_limit, note_end, write_items
    from ..searching.queries import adjusted, read_query
    from ..searching.results import Results

    out, server = context.output, arguments.server
    limit = asked_limit(arguments)
    query = adjusted(
        read_query(arguments.words, arguments.constraint), limit=limit, sort=arguments.sort
    )
    with open_questions(context.config, server=server, note=out.note) as (questions, store):
        results = Results(
            questions,
            query,
            name=store.name,
            explain=arguments.explain,
            describe=not arguments.refs,
        )
        by_change = query.sort in (Sort.MODIFIED, Sort.MODIFIED_DESC)
        count = write_items(results, arguments, out, by_change=by_change)
    if arguments.explain:
        _explain(results, context)
    note_end(count, out, has_more=results.has_more)
    return exits.DONE


def _explain(results: Results, context: Context) -> None:
    import json

    from ..searching.tables import harmless

    for name, value in results.explanation.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        context.output.note(f"{harmless(name)}: {harmless(text)}")


def _save(arguments: argparse.Namespace, context: Context) -> int:
    from ..claiming.desk import open_desk
    from ..claiming.errors import BadUsage
    from ..searching.asking import questions_at
    from ..searching.queries import read_constraint
    from ..searching.saved import save

    given = (arguments.limit, arguments.all, arguments.sort, arguments.explain)
    if given != (None, False, None, False):
        raise BadUsage("a saved search has no order and no limit; say these when it is used")
    if arguments.constraint is None:
        text = " ".join(arguments.words)
    else:
        text = read_constraint(arguments.words, arguments.constraint)
    out, server = context.output, arguments.server
    with open_desk(context.config, server=server, signs=True, note=out.note) as desk:
        saving = save(desk, questions_at(desk.store, note=out.note), arguments.save, text)
    if arguments.json:
        out.json(
            {
                "name": arguments.save,
                "permanode": saving.permanode,
                "content": saving.content,
                "claims": saving.claims,
            }
        )
    else:
        out.line(saving.permanode)
    return exits.DONE


def _list_saved(arguments: argparse.Namespace, context: Context) -> int:
    from ..claiming.errors import BadUsage
    from ..searching.asking import open_questions
    from ..searching.saved import all_saved
    from ..searching.tables import Column, Table

    if arguments.words or arguments.constraint is not None:
        raise BadUsage("`holdfast search --saved` shows all that is saved, and takes nothing else")
    out, server = context.output, arguments.server
    with open_questions(context.config, server=server, note=out.note) as (questions, store):
        found = list(all_saved(questions, store))
    table = Table(out, (Column(20),))
    for saved in found:
        if arguments.json:
            out.json(
                {
                    "name": saved.name,
                    "permanode": saved.permanode,
                    "content": saved.content or None,
                    "search": saved.text,
                }
            )
        elif arguments.refs:
            out.line(saved.permanode)
        else:
            text = "(its text is not stored)" if saved.text is None else saved.text
            table.line(saved.permanode, (saved.name,), text)
    if not found:
        out.note("holdfast: nothing is saved; holdfast search --save NAME EXPR... saves a search")
    return exits.DONE


def _predicates() -> str:
    """What an expression is made of."""
    from ...index.query.predicates import FIXED, PREDICATES

    rows = [(predicate.usage, predicate.finds) for predicate in PREDICATES]
    rows += [(usage, finds) for usage, finds, _ in FIXED]
    width = max(len(usage) for usage, _ in rows)
    table = "\n".join(f"  {usage:<{width}}  {finds}" for usage, finds in rows)
    return (
        f"expressions are made of:\n{table}\n\n"
        "and of `and`, `or`, `-` for not, and parentheses; `and` may be left out. Times are\n"
        'RFC 3339, or the beginning of one: 2025, 2025-06-07, "2025-06-07T10:20:00Z".'
    )
