"""The demo: a sample tree goes into a throw-away store, comes back identical, and is looked at."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from urllib.request import Request, urlopen

from .sametree import Tally, differences, tally
from .samples import make_sample
from .throwaway import Server, command, environment, serving

_MB = 1e6


class DemoFailed(RuntimeError):
    """A step of the demo did not do what it shows."""


def main() -> int:
    """Run the demo; on a terminal the server stays until Ctrl-C. Returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="holdfast-demo-") as made:
        folder = Path(made)
        home = folder / "server"
        home.mkdir()
        try:
            _line("sample", "making letters, photos and recordings ...")
            sample = make_sample(folder / "sample")
            _timed(environment(home), "init")
            with serving(home, log=folder / "server.log") as server:
                _line("server", f"{server.url} on a throw-away store")
                _show(server, sample, folder)
                _show_gallery(server, sample / "photos")
                _stay(server)
        except KeyboardInterrupt:
            print("\nstopped")
        except (RuntimeError, OSError) as error:
            print(f"demo failed: {error}", file=sys.stderr)
            return 1
    return 0


def _show(server: Server, sample: Path, folder: Path) -> None:
    client = folder / "client"
    client.mkdir()
    environ = {**environment(client), "HOLDFAST_SERVER": server.url}
    there = tally(sample)

    root, seconds = _timed(environ, "put", str(sample))
    root = root.split()[0]
    _line("put", f"{_described(there)} in {seconds:.1f} s, {_rate(there, seconds)}")
    _line("root", root)
    blobs, kept = _kept(environ)
    saved = there.size - kept
    _line(
        "kept",
        f"{kept / _MB:.1f} MB in {blobs:,} blobs; {saved / _MB:.1f} MB "
        f"({saved / there.size:.0%}) were copies",
    )

    root_again, seconds = _timed(environ, "put", str(sample))
    if root_again.split()[0] != root:
        raise DemoFailed("the same tree put again has another root")
    _line("put again", f"nothing new, in {seconds:.1f} s")

    listing, _ = _timed(environ, "ls", root)
    names = sorted(line.partition(" ")[2] for line in listing.splitlines())
    for number, words in enumerate(textwrap.wrap(", ".join(names), 66)):
        _line("" if number else "list", words)

    back = folder / "back"
    _, seconds = _timed(environ, "get", root, str(back))
    _line("get", f"{_described(there)} in {seconds:.1f} s, {_rate(there, seconds)}")
    wrong = list(differences(sample, back))
    if wrong:
        raise DemoFailed(f"what came back differs: {'; '.join(wrong[:5])}")
    _line("compare", "identical: every byte, name, mode, time and link")


def _show_gallery(server: Server, photos: Path) -> None:
    """Make a thing of each photo, share their folder, and see that both can be looked at."""
    environ = {**environment(server.home), "HOLDFAST_SERVER": server.url}
    folder, _ = _timed(environ, "put", "--filenodes", "--tag", "demo", str(photos))
    shared, _ = _timed(environ, "share", "create", folder.split()[0])
    gallery, share = f"{server.url}ui/", shared.splitlines()[1]
    for url in (gallery, share):
        _demand_page(url)
    _line("gallery", gallery)
    _line("share", share)


def _demand_page(url: str) -> None:
    """Raises `DemoFailed` if a browser would see no page there."""
    request = Request(url, headers={"Accept": "text/html"})  # noqa: S310 - our own server
    try:
        with urlopen(request, timeout=30) as answer:  # noqa: S310
            kind = answer.headers.get_content_type()
    except OSError as error:
        raise DemoFailed(f"{url} cannot be looked at: {error}") from error
    if kind != "text/html":
        raise DemoFailed(f"{url} is {kind}, and no page")


def _stay(server: Server) -> None:
    if not sys.stdout.isatty():
        return
    print(
        f"\nOpen the gallery in a browser, and the share in another one. The server stays at"
        f" {server.url} until you press Ctrl-C."
    )
    while server.process.poll() is None:
        time.sleep(0.5)
    raise DemoFailed("the server ended by itself")


def _timed(environ: dict[str, str], *arguments: str) -> tuple[str, float]:
    """What the command said, and the seconds it took."""
    started = time.perf_counter()
    ended = subprocess.run(
        command(*arguments), env=environ, capture_output=True, check=False, stdin=subprocess.DEVNULL
    )
    seconds = time.perf_counter() - started
    said = ended.stdout.decode(errors="surrogateescape")
    if ended.returncode:
        complaint = ended.stderr.decode(errors="replace").strip()
        raise DemoFailed(f"`holdfast {arguments[0]}` ended with {ended.returncode}: {complaint}")
    return said, seconds


def _kept(environ: dict[str, str]) -> tuple[int, int]:
    """How many blobs the server has, and their bytes."""
    listing, _ = _timed(environ, "enumerate")
    sizes = [int(line.split()[1]) for line in listing.splitlines()]
    return len(sizes), sum(sizes)


def _described(there: Tally) -> str:
    counts = f"{there.files} files, {there.folders} folders, {there.links} links"
    return f"{counts}, {there.size / _MB:.1f} MB"


def _rate(there: Tally, seconds: float) -> str:
    return f"{there.size / _MB / seconds:.0f} MB/s"


def _line(what: str, said: str) -> None:
    print(f"  {what:<10} {said}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
