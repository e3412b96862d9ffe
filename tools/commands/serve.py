"""Run the server until it is told to stop (Ctrl-C, or SIGTERM)."""

from __future__ import annotations

import argparse
from dataclasses import replace

from ..cli import Context


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--listen", metavar="HOST:PORT", help="listen here instead of the configured address"
    )
    parser.add_argument(
        "--log-requests", action="store_true", help="log every request, not only what went wrong"
    )


def run(arguments: argparse.Namespace, context: Context) -> int:
    from ..config import ConfigError, parse_listen
    from ..serving.process import serve

    config = context.config
    if arguments.listen is not None:
        try:
            parse_listen(arguments.listen)
        except ValueError as error:
            raise ConfigError("--listen", str(error)) from None
        config = replace(config, server=replace(config.server, listen=arguments.listen))

    def announce(url: str) -> None:
        out = context.output
        out.note(f"serving at {url} until Ctrl-C" if out.is_terminal else url)

    return serve(config, announce=announce, log_requests=arguments.log_requests)
