"""Show the version of Holdfast and of the Python it runs on."""

from __future__ import annotations

import argparse
import platform
from importlib.metadata import PackageNotFoundError, version

from ..cli import Context


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(arguments: argparse.Namespace, context: Context) -> int:
    if arguments.json:
        context.output.json({"holdfast": _version(), "python": platform.python_version()})
    else:
        context.output.line(version_line())
    return 0


def version_line() -> str:
    """What `holdfast --version` says."""
    return f"holdfast {_version()} (Python {platform.python_version()})"


def _version() -> str:
    try:
        return version("holdfast")
    except PackageNotFoundError:
        return "(not installed)"
