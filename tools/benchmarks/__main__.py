"""The benchmark's command: `python -m holdfast.tools.benchmarks`, or `make bench`."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ..sametree import differences
from .contenders import PEERS, Contender, missing_packages
from .ours import Holdfast
from .results import Results, tables
from .running import clear
from .traffic import get_rate, make_blobs, receive_rate
from .works import make_file, make_tree

WORKS = {"file": "random.bin", "tree": "source"}
MEASURES = (*WORKS, "traffic")


class RestoreDiffers(RuntimeError):
    """A contender gave back something else than was put; its times mean nothing."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    chosen = options.only or list(MEASURES)
    missing = missing_packages(["borg", "restic", "wrk"])
    if missing:
        print(f"Install first: apt-get install {' '.join(missing)}", file=sys.stderr)
        return 1
    options.folder.mkdir(parents=True, exist_ok=True)
    contenders: list[Contender] = [Holdfast(), *(peer() for peer in PEERS)]
    names = [contender.name for contender in contenders]
    results = Results()
    started = _load()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder.absolute()) as made:
        room = Path(made)
        works = _make_works(room, [work for work in WORKS if work in chosen])
        for number in range(options.rounds):
            _say(f"round {number + 1} of {options.rounds}")
            # Whoever comes first finds another machine than whoever comes last: take turns.
            turn = number % len(contenders)
            order = contenders[turn:] + contenders[:turn]
            for work, source in works.items():
                _store(results, work, source, order, room / f"{work} {number}")
            if "traffic" in chosen:
                _traffic(results, room / f"traffic {number}", options)
        where = _filesystem(room)
    if options.json:
        options.json.write_text(results.as_json())
    print(tables(results, names))
    print(_machine(where, f"{started} to {_load()}", options.rounds))
    print("".join(f"- {who.version()}: {who.note}\n" for who in contenders))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--quick", dest="rounds", action="store_const", const=1, help="one round only"
    )
    parser.add_argument("--only", action="append", choices=MEASURES, help="may be given again")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.add_argument("--blobs", type=int, default=100_000, help="small blobs to send")
    parser.add_argument("--seconds", type=int, default=5, help="how long to GET")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(".artefacts"),
        help="where to work; its disk is the one measured (default: %(default)s)",
    )
    return parser


def _make_works(room: Path, wanted: list[str]) -> dict[str, Path]:
    _say("making what is stored")
    makers: dict[str, Callable[[Path], Path]] = {"file": make_file, "tree": make_tree}
    return {work: makers[work](room / WORKS[work]) for work in wanted}


def _store(results: Results, work: str, source: Path, order: list[Contender], room: Path) -> None:
    """One round of one work: every step is taken by all before the next step."""
    room.mkdir()
    opened: list[Contender] = []
    try:
        for contender in order:
            folder = room / contender.name
            folder.mkdir()
            contender.open(folder)
            opened.append(contender)
        for step in ("put {}", "put {} again"):
            for contender in order:
                ran = contender.put(source)
                _note(results, step.format(work), contender, ran.seconds, ran.peak)
                if "again" not in step:
                    results.disk[work, contender.name].append(contender.stored())
        for contender in order:
            target = room / contender.name / "restored"
            target.mkdir()
            ran = contender.restore(target)
            _note(results, f"restore {work}", contender, ran.seconds, ran.peak)
            wrong = next(differences(source, target / source.name), None)
            if wrong is not None:
                raise RestoreDiffers(f"{contender.name}, {work}: {wrong}")
            if peak := contender.server_peak():
                results.peaks[f"server, {work}", contender.name].append(peak)
    finally:
        for contender in opened:
            contender.close()
        clear(room)


def _traffic(results: Results, room: Path, options: argparse.Namespace) -> None:
    room.mkdir()
    ours = Holdfast()
    ours.open(room)
    try:
        blobs = make_blobs(options.blobs, seed=1)
        rate = receive_rate(ours.server, blobs)
        results.rates["receive 500-byte blobs by batch"].append(rate)
        _say(f"  receive by batch: {rate:,.0f} blobs/s")
        refs = [blob.ref for blob in blobs[:: max(1, len(blobs) // 10_000)]]
        rate = get_rate(ours.server, refs, seconds=options.seconds, folder=room)
        results.rates["GET 500-byte blobs"].append(rate)
        _say(f"  GET: {rate:,.0f} blobs/s")
        results.peaks["server, small blobs", ours.name].append(ours.server_peak())
    finally:
        ours.close()
        clear(room)


def _note(results: Results, step: str, who: Contender, seconds: float, peak: int) -> None:
    results.seconds[step, who.name].append(seconds)
    results.peaks[step, who.name].append(peak)
    _say(f"  {step}: {who.name} {seconds:.2f} s, {peak >> 20} MiB")


def _machine(where: str, load: str, rounds: int) -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores of {model}, "
        f"Linux {platform.release()}, {where}, Python {platform.python_version()}; "
        f"load {load}; medians of {rounds}, ratios pair by pair."
    )


def _filesystem(folder: Path) -> str:
    best = ("/", "unknown")
    for line in Path("/proc/mounts").read_text().splitlines():
        _, point, kind, *_ = line.split()
        if folder.absolute().is_relative_to(point) and len(point) >= len(best[0]):
            best = (point, kind)
    return best[1]


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
