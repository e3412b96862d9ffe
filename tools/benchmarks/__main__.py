"""The benchmark's command: `python -m holdfast.tools.benchmarks`, or `make bench`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ..chromium import browser_version
from ..sametree import differences
from .contenders import PEERS, Contender, missing_packages
from .gallery.figures import GalleryResults
from .gallery.measuring import Plan as GalleryPlan
from .gallery.measuring import measure_gallery
from .ours import Holdfast
from .results import Results, tables
from .running import clear
from .search.figures import SearchResults, search_tables
from .search.measuring import Plan, measure
from .thumbnails import ThumbnailResults, measure_thumbnails, thumbnail_table
from .traffic import get_rate, make_blobs, receive_rate
from .works import make_file, make_tree

WORKS = {"file": "random.bin", "tree": "source"}
MEASURES = (*WORKS, "traffic", "search", "thumbnails", "gallery")

THINGS = 1_000_000
"""What is searched, at the scale 1."""

PHOTOS, FEW_PHOTOS = 100_000, 5_000
"""What is looked at, at the scale 1, and in short."""

_PROGRAMS = {
    "file": ("borg", "restic"),
    "tree": ("borg", "restic"),
    "traffic": ("wrk",),
    "thumbnails": ("wrk",),
    "gallery": ("chromium",),
}


class RestoreDiffers(RuntimeError):
    """A contender gave back something else than was put; its times mean nothing."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    chosen = options.only or list(MEASURES)
    missing = missing_packages({name for part in chosen for name in _PROGRAMS.get(part, ())})
    if missing:
        print(f"Install first: apt-get install {' '.join(missing)}", file=sys.stderr)
        return 1
    options.folder.mkdir(parents=True, exist_ok=True)
    results, found, drawn = Results(), SearchResults(), ThumbnailResults()
    seen = GalleryResults()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder.absolute()) as made:
        if set(chosen) - {"search", "thumbnails", "gallery"}:
            print(_measure_storing(results, options, chosen, Path(made)))
        if "search" in chosen:
            print(_measure_searching(found, options, Path(made)))
        if "thumbnails" in chosen:
            print(_measure_thumbnails(drawn, options, Path(made)))
        if "gallery" in chosen:
            print(_measure_gallery(seen, options, Path(made)))
    if options.json:
        figures = {
            **results.as_dict(),
            "search": found.as_dict(),
            "thumbnails": drawn.as_dict(),
            "gallery": seen.as_dict(),
        }
        options.json.write_text(json.dumps(figures, indent=1))
    return 1 if any(found.wrong.values()) else 0


def _measure_storing(
    results: Results, options: argparse.Namespace, chosen: Sequence[str], room: Path
) -> str:
    """Measure what is stored and restored, beside others; the report."""
    contenders: list[Contender] = [Holdfast()]
    if not WORKS.keys().isdisjoint(chosen):
        contenders += (peer() for peer in PEERS)
    started = _load()
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
    how = f"load {started} to {_load()}; medians of {options.rounds}, ratios pair by pair."
    return "\n".join(
        (
            tables(results, [contender.name for contender in contenders]),
            f"{_machine(room)}; {how}",
            *(f"- {who.version()}: {who.note}" for who in contenders),
            "",
        )
    )


def _measure_searching(found: SearchResults, options: argparse.Namespace, room: Path) -> str:
    """Measure how things are found; the report."""
    is_quick = options.rounds == 1
    plan = Plan(
        folder=options.folder.absolute() / "stores",
        things=round(options.scale * THINGS),
        questions=100 if is_quick else 400,
        claims=3_000 if is_quick else 10_000,
        keeps_index=is_quick,
    )
    started = _load()
    measure(plan, found, room=room, tell=_say)
    how = (
        f"load {started} to {_load()}; up to {plan.questions} different questions of each sort over"
        " HTTP, one after the other on one connection, every answer compared with the right one."
    )
    return f"{search_tables(found)}\n{_machine(room)}; {how}\n"


def _measure_thumbnails(drawn: ThumbnailResults, options: argparse.Namespace, room: Path) -> str:
    """Measure how thumbnails are drawn and given out; the report."""
    started = _load()
    measure_thumbnails(drawn, room=room, seconds=options.seconds, tell=_say)
    how = f"load {started} to {_load()}; of photos that had to be read from the disk."
    return f"{thumbnail_table(drawn)}\n{_machine(room)}; {how}\n"


def _measure_gallery(seen: GalleryResults, options: argparse.Namespace, room: Path) -> str:
    """Measure how the gallery is to look at; the report."""
    is_quick = options.rounds == 1
    plan = GalleryPlan(
        folder=options.folder.absolute() / "stores",
        photos=round(options.scale * (FEW_PHOTOS if is_quick else PHOTOS)),
        rounds=3 if is_quick else 20,
        seconds=10 if is_quick else 30,
    )
    started = _load()
    measure_gallery(plan, seen, tell=_say)
    how = (
        f"load {started} to {_load()}; {browser_version()}, 1280 by 800 pixels, drawn without a"
        f" graphics processor; {plan.rounds} times each, server and browser on this machine."
    )
    return f"{seen.tables()}\n{_machine(room)}; {how}\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--quick",
        dest="rounds",
        action="store_const",
        const=1,
        help="one round only, fewer questions and photos, and an index that is there stays",
    )
    parser.add_argument("--only", action="append", choices=MEASURES, help="may be given again")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.add_argument("--blobs", type=int, default=100_000, help="small blobs to send")
    parser.add_argument("--seconds", type=int, default=5, help="how long to GET")
    parser.add_argument(
        "--scale",
        type=float,
        default=1.0,
        help="how many of a million things to search, and of 100,000 photos to look at",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(".artefacts"),
        help="where to work, and where the stores that are searched are kept;"
        " its disk is the one measured (default: %(default)s)",
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


def _machine(room: Path) -> str:
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
        f"Linux {platform.release()}, {_filesystem(room)}, Python {platform.python_version()}"
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
