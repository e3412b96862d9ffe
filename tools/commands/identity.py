"""Show the key one signs with, and the keys one trusts. Nothing secret is shown."""

from __future__ import annotations

import argparse

from .. import exits
from ..cli import Context


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--public", action="store_true", help="the public key, as its blob is")
    kinds.add_argument("--json", action="store_true", help="as JSON")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ..identity import NoIdentity, OpenRing, demand_private, key_facts, owner, whereabouts

    config = context.config
    out = context.output
    key = owner(config.identity)
    if key is None:
        raise NoIdentity(whereabouts(config.identity))
    if not config.identity.gnupg:
        try:
            demand_private(config.identity.ring)
        except OpenRing as error:
            out.note(f"holdfast: {error}")
    if arguments.public:
        out.line(key.blob.decode("ascii").removesuffix("\n"))
        return exits.DONE
    facts = key_facts(key, config)
    trusted = config.identity.trusted
    if arguments.json:
        out.json({**facts.fields(), "trusted": list(trusted)})
        return exits.DONE
    out.line(f"fingerprint  {facts.fingerprint}")
    out.line(f"key id       {facts.key_id}")
    out.line(f"algorithm    {facts.algorithm}")
    out.line(f"signer       {facts.signer}")
    out.line(f"kept in      {facts.kept_in}")
    for fingerprint in trusted:
        out.line(f"trusts       {fingerprint}")
    return exits.DONE
