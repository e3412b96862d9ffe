"""Show the history of a permanode or claim: what was said of it, when, by whom, and if it counts.

Each line has the claim's ref, its date, the id of the key that signed it, and what it says; then
in brackets why it does not count, if it does not: deleted, untrusted, or later than --at.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .. import exits
from ..cli import Context

if TYPE_CHECKING:
    from ...schema.openpgp.publickey import PublicKey
    from ..claiming.history import Entry


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ref", metavar="REF", help="ref of a permanode or a claim")
    parser.add_argument("--at", metavar="TIME", help="as it was at this time")
    parser.add_argument("--server", metavar="URL", help="use this server")
    parser.add_argument("--json", action="store_true", help="one JSON object for each claim")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ...blobstore.ref import Ref
    from ..claiming.desk import open_desk
    from ..claiming.history import history
    from ..claiming.moments import parse_moment
    from ..identity import owner

    out = context.output
    ref = Ref.parse(arguments.ref)
    at = None if arguments.at is None else parse_moment(arguments.at)
    you = owner(context.config.identity)
    server = arguments.server
    with open_desk(context.config, server=server, signs=False, note=out.note) as desk:
        for entry in history(desk, ref, at=at):
            _say(entry, you, arguments, context)
    return exits.DONE


def _say(
    entry: Entry, you: PublicKey | None, arguments: argparse.Namespace, context: Context
) -> None:
    from ...schema.folding import Standing
    from ..claiming.moments import local_text
    from ..claiming.wording import event_fields, in_words

    out = context.output
    event, key = entry.event, entry.key
    is_you = you is not None and key is not None and key.fingerprint == you.fingerprint
    if arguments.json:
        out.json(event_fields(event, key, is_you=is_you))
        return
    who = "(unknown key)" if key is None else key.key_id + (" you" if is_you else "")
    why = "" if event.standing is Standing.COUNTS else f" ({event.standing.value})"
    claim = event.claim
    out.line(f"{claim.ref} {local_text(claim.date)} {who} {in_words(claim.says, out)}{why}")
