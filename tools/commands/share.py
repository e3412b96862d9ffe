"""Share things with whoever knows a link, list shares, revoke them.

  create REF...   opens each thing, and prints the share's ref, its URL, which is a page in a
                  browser, and for a file a link that gives its contents
  list            shows every share: ref, state, what it opens and how far, its end
  revoke REF...   closes shares, by their refs; `holdfast undelete` opens them again

A transitive share opens all that a file, folder, set or search comes to, others the one blob.
Without an option all shares are transitive that are of no use otherwise. A share with a password or
a number of downloads is opened by Holdfast alone: a Perkeep server that has it refuses it.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .. import exits
from ..cli import Context

if TYPE_CHECKING:
    from ...blobstore.ref import Ref
    from ...schema.claims import Share
    from ..claiming.desk import Desk
    from ..claiming.shares import Terms
    from ..claiming.things import Thing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", choices=("create", "list", "revoke"), metavar="ACTION", help="as above"
    )
    parser.add_argument("refs", nargs="*", metavar="REF", help="what to share; shares to revoke")
    reach = parser.add_mutually_exclusive_group()
    reach.add_argument(
        "--transitive", action="store_const", const=True, help="open all that it needs too"
    )
    reach.add_argument(
        "--not-transitive",
        action="store_const",
        const=False,
        dest="transitive",
        help="open the one blob alone",
    )
    parser.add_argument(
        "--expires", metavar="TIME", help="a time, or how long from now: 30d, 12h, 1h30m"
    )
    parser.add_argument(
        "--search", metavar="SEARCH", help="share a search: an expression, or a query in JSON"
    )
    locks = parser.add_mutually_exclusive_group()
    locks.add_argument("--password", action="store_true", help="ask at the terminal for a password")
    locks.add_argument(
        "--password-file", type=Path, metavar="FILE", help="a password is in FILE; - is stdin"
    )
    parser.add_argument(
        "--downloads", type=int, metavar="N", help="close it after so many downloads"
    )
    parser.add_argument("--force", action="store_true", help="also what is not stored (yet)")
    parser.add_argument("--server", metavar="URL", help="use this server")
    parser.add_argument("--json", action="store_true", help="one JSON object for each share")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ..claiming.desk import open_desk
    from ..claiming.errors import BadUsage

    action, out = arguments.action, context.output
    terms = (arguments.expires, arguments.transitive, arguments.password_file, arguments.downloads)
    given = (arguments.search, *terms, arguments.password or None)
    if action != "create" and any(one is not None for one in given):
        raise BadUsage("what a new share is like is said to `holdfast share create`")
    if action == "list" and arguments.refs:
        raise BadUsage("`holdfast share list` lists all shares, and takes no ref")
    if action != "list" and bool(arguments.refs) == bool(arguments.search):
        either = "REF..., or --search SEARCH, not both" if action == "create" else "REF..."
        raise BadUsage(f"say what to {action}: holdfast share {action} {either}")
    signs = action != "list"
    server = arguments.server
    with open_desk(context.config, server=server, signs=signs, note=out.note) as desk:
        if action == "list":
            return _list(desk, arguments, context)
        if action == "revoke":
            return _revoke(desk, arguments, context)
        return _create(desk, arguments, context)


def _create(desk: Desk, arguments: argparse.Namespace, context: Context) -> int:
    from ..claiming.attributes import as_text
    from ..claiming.outcomes import Outcomes
    from ..claiming.shares import parse_search, share_of, share_of_search

    terms = _terms(desk, arguments)
    if arguments.search:
        search = parse_search(as_text(arguments.search, "--search"))
        share = share_of_search(search, terms)
        _say_created(desk, desk.claim([share])[0], share, None, arguments, context)
        return exits.DONE
    outcomes = Outcomes(arguments.refs, context.output, as_json=arguments.json)
    things = list(outcomes.accepted(desk, lambda _: None, force=arguments.force))
    shares = [share_of(thing, terms) for thing in things]
    claims = desk.claim(shares)
    for thing, share, claim in zip(things, shares, claims, strict=True):
        _say_created(desk, claim, share, thing, arguments, context)
    return outcomes.code


def _terms(desk: Desk, arguments: argparse.Namespace) -> Terms:
    """What the new shares are to be like. Raises `BadUsage`, `BadMoment`."""
    from ..claiming.moments import parse_expiry
    from ..claiming.passwords import ask_password, read_password
    from ..claiming.shares import Terms

    password = ""
    if arguments.password:
        password = ask_password(is_new=True)
    elif arguments.password_file is not None:
        password = read_password(arguments.password_file)
    expires = arguments.expires
    return Terms(
        transitive=arguments.transitive,
        expires=None if expires is None else parse_expiry(expires, now=desk.claimer.now()),
        password=password,
        downloads=arguments.downloads,
    )


def _say_created(
    desk: Desk,
    claim: Ref,
    share: Share,
    thing: Thing | None,
    arguments: argparse.Namespace,
    context: Context,
) -> None:
    from ..claiming.shares import file_url, share_url
    from ..claiming.wording import share_fields

    out = context.output
    root = desk.store.share_root
    url = None if root is None else share_url(root, claim)
    link = None
    if root is not None and thing is not None and thing.kind == "file" and share.is_transitive:
        link = file_url(root, claim, thing.ref)
    if arguments.json:
        out.json({"ref": claim, **share_fields(share), "url": url, "link": link})
        return
    for line in (claim, url, link):
        if line is not None:
            out.line(line)
    if thing is not None and thing.kind == "permanode":
        if not share.is_transitive:
            out.note(
                f"holdfast: {thing.ref} is a permanode, and it alone is shared, not what it stands"
                " for; leave out --not-transitive for that"
            )
        else:
            out.note(
                f"holdfast: {thing.ref} is a permanode: a browser shows what it stands for, now and"
                " later; pk-get gets its content if that is shared instead"
            )
    if root is None:
        out.note("holdfast: no server here serves shares; start one with `holdfast serve`")


def _list(desk: Desk, arguments: argparse.Namespace, context: Context) -> int:
    from ...schema.sharelist import all_shares, counted_shares
    from ...schema.timestamps import Timestamp, format_time
    from ..claiming.shares import share_url
    from ..claiming.wording import share_fields, share_in_words

    out = context.output
    root = desk.store.share_root
    found = desk.shares()
    counted = counted_shares(found)
    used = desk.downloads(counted) if counted else {}
    for shared in all_shares(found, now=Timestamp(time.time_ns()), used=used):
        claim, state = shared.claim, shared.state.value
        if arguments.json:
            out.json(
                {
                    "ref": claim.ref,
                    **share_fields(shared.share),
                    "claimDate": format_time(claim.date),
                    "state": state,
                    "used": shared.used,
                    "url": None if root is None else share_url(root, claim.ref),
                }
            )
        else:
            so_far = f" ({shared.used} so far)" if claim.ref in counted else ""
            out.line(f"{claim.ref} {state} {share_in_words(shared.share, out)}{so_far}")
    return exits.DONE


def _revoke(desk: Desk, arguments: argparse.Namespace, context: Context) -> int:
    from ...schema.claims import Delete
    from ..claiming.outcomes import Outcomes
    from ..claiming.things import demand_share

    outcomes = Outcomes(arguments.refs, context.output, as_json=arguments.json)
    things = list(outcomes.accepted(desk, demand_share))
    claims = desk.claim([Delete(thing.ref) for thing in things])
    for thing, claim in zip(things, claims, strict=True):
        outcomes.tell(thing.ref, claim=claim)
    return outcomes.code
