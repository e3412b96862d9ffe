"""The command line: the table of commands, and where every error becomes a line and a code."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from . import exits
from .output import Output, silence_output

if TYPE_CHECKING:
    from .config import Config


class Command(NamedTuple):
    """One command: its name, the module that does it, and what it is for."""

    name: str
    module: str
    summary: str


COMMANDS = (
    Command("init", "init", "make an identity, the config file and the folders"),
    Command("identity", "identity", "show the key one signs with, and the keys one trusts"),
    Command("serve", "serve", "run the server"),
    Command("put", "put", "store files, folders, standard input or blobs"),
    Command("get", "get", "restore files and folders"),
    Command("cat", "cat", "write contents to standard output"),
    Command("ls", "ls", "list a stored folder"),
    Command("stat", "stat", "tell whether blobs are stored, and their sizes"),
    Command("enumerate", "enumerate", "list all blobs"),
    Command("permanode", "permanode", "make a permanode: a name for what may change"),
    Command("attr", "attr", "set, add, remove or show attributes"),
    Command("tag", "tag", "tag a permanode, or show its tags"),
    Command("title", "title", "set a permanode's title, or show it"),
    Command("delete", "delete", "delete permanodes, or take claims back"),
    Command("undelete", "undelete", "bring back what was deleted"),
    Command("claims", "claims", "show who said what of a thing, and when"),
    Command("search", "search", "find things, and save searches"),
    Command("recent", "recent", "show what was changed last"),
    Command("describe", "describe", "show what things are, and what is around them"),
    Command("files", "files", "find files, whether anything is said of them or not"),
    Command("why", "why", "show what a blob belongs to, and what keeps it"),
    Command("duplicates", "duplicates", "show contents that are stored as several files"),
    Command("largest", "largest", "show the largest files or folders"),
    Command("share", "share", "share things by a link, list shares, revoke them"),
    Command("keep", "keep", "spare blobs when garbage is collected"),
    Command("index", "index", "check the index against the blobs"),
    Command("reindex", "reindex", "make the index again from the blobs"),
    Command("config", "config", "show the settings in force, and where they come from"),
    Command("version", "version", "show the version"),
)
"""Every command. A command's module is imported when the command is used."""


class Context:
    """What a command has to do with: the settings, and where to write to."""

    def __init__(self, environ: Mapping[str, str], *, home: Path | None, output: Output) -> None:
        self.output = output
        self._environ = environ
        self._home = home

    @cached_property
    def config(self) -> Config:
        """The settings. Raises `ConfigError`."""
        return self.load()

    def load(self) -> Config:
        """The settings as they are now, after the file was changed. Raises `ConfigError`."""
        from .config import load_config

        return load_config(self._environ, home=self._home)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (see `exits`)."""
    debug = "--debug" in (sys.argv[1:] if arguments is None else arguments)
    _open_streams()
    _tune()
    try:
        code = _run(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        if debug:
            raise
        sys.stderr.write("\nholdfast: interrupted; run it again to go on\n")
        return exits.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough: no error, and nobody to tell.
        silence_output()
        return exits.DONE
    except Exception as error:
        try:
            sys.stdout.flush()
        except OSError:
            silence_output()
        if debug:
            raise
        return _complain(error)
    return code


def _open_streams() -> None:
    """Fill the places of standard streams that are closed, as they may be for a timer's job.

    Else a file of the store would get such a number, and be written to by whoever complains.
    Answers that nobody can get, and input that is not there, are errors; complaints just vanish.
    """
    for name, mode, way in (
        ("stdin", "r", os.O_WRONLY),
        ("stdout", "w", os.O_RDONLY),
        ("stderr", "w", os.O_WRONLY),
    ):
        if getattr(sys, name) is None:
            # The lowest free number is given out: since those below are taken, it is the right one.
            nowhere = os.open(os.devnull, way)
            setattr(sys, name, open(nowhere, mode))  # noqa: PTH123, SIM115 - no path, for good


def _tune() -> None:
    """Settings that libraries read when they are first imported."""
    # numpy would start threads for algebra that is never asked for, and they wait busily.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _run(arguments: Sequence[str]) -> int:
    parser = _parser()
    known = parser.parse_args(arguments)
    if known.version:
        known.command, known.arguments = "version", []
    if known.command is None:
        parser.print_help()
        return exits.USAGE
    command = next(command for command in COMMANDS if command.name == known.command)
    if command.name != "serve":
        # Other commands end soon, and make many values and hardly a cycle among them: looking
        # for cycles as often as Python does by default takes a tenth of the time of a `get`.
        gc.set_threshold(100_000, 20, 20)
    module = import_module(f".commands.{command.module}", __package__)
    own = argparse.ArgumentParser(
        prog=f"holdfast {command.name}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_common(own, default=argparse.SUPPRESS)
    module.add_arguments(own)
    # What begins with a dash and is no option, a module may have told apart.
    typed = getattr(module, "arranged", list)(known.arguments)
    # Intermixed: positional arguments may stand on both sides of an option.
    parsed = own.parse_intermixed_args(typed, namespace=argparse.Namespace(home=known.home))
    context = Context(os.environ, home=parsed.home, output=Output())
    code = module.run(parsed, context)
    assert isinstance(code, int)
    return code


def _parser() -> argparse.ArgumentParser:
    width = max(len(command.name) for command in COMMANDS)
    table = "\n".join(f"  {c.name:<{width}}  {c.summary}" for c in COMMANDS)
    parser = argparse.ArgumentParser(
        prog="holdfast",
        usage="holdfast [--home FOLDER] [--debug] COMMAND ...",
        description="A content-addressed store for the things a person keeps for life.",
        epilog=f"commands:\n{table}\n\n`holdfast COMMAND --help` tells more about one.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_common(parser, default=None)
    parser.add_argument("--version", action="store_true", help="show the version")
    parser.add_argument(
        "command",
        nargs="?",
        metavar="COMMAND",
        choices=[command.name for command in COMMANDS],
        help=argparse.SUPPRESS,
    )
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _add_common(parser: argparse.ArgumentParser, *, default: object) -> None:
    parser.add_argument(
        "--home",
        type=Path,
        metavar="FOLDER",
        default=default,
        help="keep settings, data and caches in this one folder (else HOLDFAST_HOME)",
    )
    parser.add_argument(
        "--debug", action="store_true", default=default, help="show where an error came from"
    )


def _complain(error: Exception) -> int:
    """Say in one line what went wrong; the exit code for it."""
    from ..blobstore.errors import BadRef, HoldfastError

    if isinstance(error, HoldfastError):
        message, code = str(error), exits.exit_code(error)
        if isinstance(error, BadRef):
            # Typed here, it was mostly shortened, as other programs allow.
            message += "; give the ref whole, as it was printed"
    elif isinstance(error, OSError):
        place = f": {os.fsdecode(error.filename)!r}" if error.filename is not None else ""
        message, code = f"{error.strerror or error}{place}", exits.FAILED
    else:
        kind = type(error).__name__
        message = f"a fault in holdfast: {kind}: {error}; add --debug to see where"
        code = exits.FAILED
    line = " ".join(message.split())
    sys.stderr.write(f"holdfast: {line.encode('utf-8', 'replace').decode()}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
