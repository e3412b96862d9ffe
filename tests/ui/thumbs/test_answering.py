"""`/ui/thumbnail/`: what Perkeep's pages get, and ours, and nobody else."""

from __future__ import annotations

import hashlib
import io
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path

import pytest
from falcon.testing import Result
from PIL import Image

from holdfast.blobstore.ref import Ref
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.tools.throwaway import Server, command, environment, serving
from holdfast.ui.thumbs.cache import ThumbnailCache
from holdfast.ui.thumbs.pool import Pool
from holdfast.ui.thumbs.service import Thumbnails
from holdfast.ui.thumbs.thumbnail import HEIGHTS

from ..served import Site
from .pictures import cornered, encoded, oriented, png_of, shows_corners, stored_as

BROWSER = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
LARGE = cornered(2400, 1500)


@pytest.fixture
def shown(new_site: Callable[..., Site], key: SecretKey, tmp_path: Path) -> Iterator[Site]:
    """A server that has thumbnails."""
    site = new_site(key)
    pool = Pool(threads=2, new_films=None)
    cache = ThumbnailCache(tmp_path / "cache", most=64 << 20)
    thumbnails = Thumbnails(site.services.blobs, pool, cache)
    services = replace(site.services, thumbnails=thumbnails)
    yield Site(site.hub, services, site.signer, site.world)
    thumbnails.close()


@pytest.fixture
def photo(shown: Site) -> Ref:
    return shown.put_file(encoded(LARGE, "JPEG", quality=95))


def picture(answer: Result) -> Image.Image:
    assert answer.status_code == 200
    image = Image.open(io.BytesIO(answer.content))
    assert image.format is not None
    assert answer.headers["content-type"] == f"image/{image.format.lower()}"
    assert answer.headers["content-length"] == str(len(answer.content))
    return image


def thumbnail(site: Site, ref: str, query: str = "", **options: object) -> Result:
    return site.get(f"/ui/thumbnail/{ref}/name.jpg{query}", **options)


def is_placeholder(answer: Result) -> bool:
    return (
        answer.status_code == 200
        and answer.headers["content-type"] == "image/svg+xml"
        and answer.headers["cache-control"] == "no-store"
        and answer.content.startswith(b"<svg")
    )


@pytest.mark.parametrize("height", HEIGHTS)
def test_perkeeps_pages_get_the_heights_they_ask_for(shown: Site, photo: Ref, height: int) -> None:
    image = picture(thumbnail(shown, photo, f"?mh={height}&tv=2"))
    assert image.height == min(height, 1250)
    assert shows_corners(image)


def test_nothing_said_is_two_thousand(shown: Site, photo: Ref) -> None:
    for query in ("", "?", "?mw=0&mh=0", "?mw=x&mh=-5", "?mh=%00", "?mw=+3", "?mw=&mh="):
        assert picture(thumbnail(shown, photo, query)).size == (2000, 1250)
    assert picture(shown.get(f"/ui/thumbnail/{photo}?mw=100&mh=0050")).size == (51, 32)


def test_it_fits_whatever_is_asked_for(shown: Site, photo: Ref) -> None:
    for width, height in ((1, 1), (63, 2000), (400, 300), (1999, 257), (2000, 2000)):
        found = picture(thumbnail(shown, photo, f"?mw={width}&mh={height}")).size
        assert found[0] <= width
        assert found[1] <= height


@pytest.mark.parametrize("query", ["?mw=2001", "?mh=2001", "?mh=99999999999999999999999"])
def test_no_larger_ones_are_made(shown: Site, photo: Ref, query: str) -> None:
    answer = thumbnail(shown, photo, query)
    assert (answer.status_code, answer.text.strip()) == (400, "bogus dimensions")


def test_a_browser_may_keep_it_for_ever_and_never_runs_it(shown: Site, photo: Ref) -> None:
    answer = thumbnail(shown, photo, "?mh=256&tv=3")
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_the_tag_is_made_as_perkeep_makes_it(shown: Site, photo: Ref) -> None:
    answer = thumbnail(shown, photo, "?mh=256")
    text = f"scaled:{photo}:2000x256:tv2"
    assert answer.headers["etag"] == f'"{hashlib.sha224(text.encode()).hexdigest()}"'


def test_who_has_it_is_told_so(shown: Site, photo: Ref) -> None:
    tag = thumbnail(shown, photo, "?mh=256").headers["etag"]
    for known in (tag, tag.strip('"'), f"W/{tag}", f'"other", {tag}'):
        headers = {"If-None-Match": known, "Authorization": "Basic dTpw"}
        answer = thumbnail(shown, photo, "?mh=256", headers=headers)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag
        assert thumbnail(shown, photo, "?mh=64", headers=headers).status_code == 200
    since = {"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT", "Authorization": "Basic dTpw"}
    assert thumbnail(shown, photo, "?mh=256", headers=since).status_code == 304
    both = {**since, "If-None-Match": '"other"'}
    assert thumbnail(shown, photo, "?mh=256", headers=both).status_code == 200


def test_head_tells_what_get_would(shown: Site, photo: Ref) -> None:
    head = shown.ask("HEAD", f"/ui/thumbnail/{photo}/x?mh=64")
    whole = shown.get(f"/ui/thumbnail/{photo}/x?mh=64")
    assert head.content == b""
    for name in ("content-length", "content-type", "etag", "cache-control"):
        assert head.headers[name] == whole.headers[name]


def test_png_stays_png_and_all_else_is_jpeg(shown: Site) -> None:
    for pillows in ("PNG", "GIF", "WEBP", "TIFF", "BMP"):
        ref = shown.put_file(encoded(cornered(), pillows))
        image = picture(thumbnail(shown, ref, "?mh=64"))
        assert image.format == ("PNG" if pillows == "PNG" else "JPEG")


def test_it_is_upright_and_tells_no_secrets(shown: Site) -> None:
    data = encoded(stored_as(cornered(400, 300), 6), "JPEG", quality=95, exif=oriented(6))
    answer = thumbnail(shown, shown.put_file(data), "?mh=64")
    assert picture(answer).size == (85, 64)
    assert shows_corners(picture(answer), most=25)
    assert b"SecretMaker" in data
    assert b"SecretMaker" not in answer.content
    assert b"Exif" not in answer.content


def test_strangers_get_nothing(shown: Site, photo: Ref) -> None:
    thumbnail(shown, photo, "?mh=64")
    for headers in ({}, {"Authorization": "Basic dTp2"}, {"Authorization": "Basic eDp5"}):
        answer = thumbnail(shown, photo, "?mh=64", headers=headers)
        assert answer.status_code == 401
        assert b"JFIF" not in answer.content


def test_bad_requests_are_refused(shown: Site, photo: Ref) -> None:
    assert shown.get("/ui/thumbnail/nonsense/x").status_code == 400
    assert shown.get("/ui/thumbnail/").status_code == 400
    for method in ("POST", "PUT", "DELETE"):
        assert shown.ask(method, f"/ui/thumbnail/{photo}/x").status_code == 400


def failures(site: Site) -> dict[str, Ref]:
    return {
        "missing": Ref.of(b"not here"),
        "text": site.put_file(b"hello"),
        "drawing": site.put_file(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
        "broken": site.put_file(encoded(cornered(), "JPEG")[:500]),
        "bomb": site.put_file(png_of(100_000, 100_000, 1)),
        "chunk": site.put(b"a chunk"),
    }


@pytest.mark.parametrize("name", ["missing", "text", "drawing", "broken", "bomb", "chunk"])
def test_where_there_is_none_our_pages_get_a_placeholder_and_others_a_text(
    shown: Site, name: str
) -> None:
    ref = failures(shown)[name]
    for _ in range(2):
        answer = thumbnail(shown, ref, "?mh=64&tv=2")
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.text.startswith("no thumbnail: ")
        assert answer.headers["cache-control"] == "no-store"
        assert is_placeholder(thumbnail(shown, ref, "?mh=64&tv=3"))
        headers = {"Accept": BROWSER, "Authorization": "Basic dTpw"}
        assert is_placeholder(thumbnail(shown, ref, "?mh=64&tv=2", headers=headers))


def test_a_store_that_is_read_by_nobody_who_draws_has_none(new_site: Callable[..., Site]) -> None:
    site = new_site(None)
    ref = site.put_file(encoded(cornered(), "JPEG"))
    assert thumbnail(site, ref).status_code == 404


def test_a_real_server_keeps_them_over_a_restart(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    data = encoded(cornered(640, 480), "JPEG", quality=95)

    (tmp_path / "photo.jpg").write_bytes(data)

    def ask(server: Server, path: str) -> bytes:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("GET", path)
        answer = connection.getresponse()
        found = answer.read()
        assert answer.status == 200, found
        connection.close()
        return found

    put = command("put", str(tmp_path / "photo.jpg"))
    with serving(home, log=tmp_path / "log") as server:
        environ = {**environment(home), "HOLDFAST_SERVER": server.url}
        said = subprocess.run(put, env=environ, capture_output=True, text=True, check=True)
        path = f"/ui/thumbnail/{said.stdout.split()[0]}/x?mh=64"
        first = ask(server, path)
        assert shows_corners(Image.open(io.BytesIO(first)))
    (cache,) = (home / "cache" / "thumbnails").glob("*.sqlite")
    assert cache.stat().st_size > 1000
    with serving(home, log=tmp_path / "log") as server:
        assert ask(server, path) == first
        cache.unlink()
        assert ask(server, path.replace("mh=64", "mh=32")) != first
        assert cache.exists()
    (home / "config.toml").write_text("[thumbnails]\ncache_mib = 0\n")
    cache.unlink()
    with serving(home, log=tmp_path / "log") as server:
        assert ask(server, path) == first
        assert not cache.exists()
