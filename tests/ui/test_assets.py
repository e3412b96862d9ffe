"""The files that pages are made with."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from falcon.asgi import App
from falcon.testing import TestClient

from holdfast.ui.assets import FOR_EVER, Assets, add_assets, bundled

from .served import Site

SCRIPT = b"export const long = 1;\n" * 100
FILES = {
    "js/main.js": SCRIPT,
    "css/base.css": b"a{}",
    "icons/i.svg": b"<svg/>",
    "README.md": b"for those who write them",
    "js/.hidden": b"no type",
}
NOBODY: dict[str, str] = {}


@pytest.fixture
def assets() -> Assets:
    return Assets(FILES)


@pytest.fixture
def client(assets: Assets) -> TestClient:
    app = App()
    add_assets(app, assets)
    return TestClient(app)


@pytest.mark.parametrize("root", ["/ui/", "/share/"])
def test_assets_are_kept_for_ever_and_are_what_they_are_called(
    client: TestClient, assets: Assets, root: str
) -> None:
    for path, media_type in (
        ("js/main.js", "text/javascript; charset=utf-8"),
        ("css/base.css", "text/css; charset=utf-8"),
        ("icons/i.svg", "image/svg+xml"),
    ):
        answer = client.simulate_get(assets.address(path, root=root))
        assert answer.status_code == 200
        assert answer.content == FILES[path]
        assert answer.headers["content-type"] == media_type
        assert answer.headers["cache-control"] == FOR_EVER
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_an_address_changes_with_any_file(assets: Assets) -> None:
    same = Assets(dict(reversed(FILES.items())))
    assert same.digest == assets.digest
    for path, data in FILES.items():
        other = Assets({**FILES, path: data + b" "})
        assert (other.digest != assets.digest) == (assets.find(path) is not None)
    assert Assets({**FILES, "js/other.js": b""}).digest != assets.digest


def test_another_versions_address_has_nothing_that_would_be_kept(
    client: TestClient, assets: Assets
) -> None:
    for digest in ("0" * 16, "", assets.digest.upper()):
        answer = client.simulate_get(f"/ui/assets/{digest}/js/main.js")
        assert answer.status_code == 404
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("accepts", "is_packed"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1, gzip;q=0.5", True),
        ("*", True),
        ("GZIP", True),
        (None, False),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip;q=x", False),
    ],
)
def test_they_are_packed_for_who_can_unpack_them(
    client: TestClient, assets: Assets, accepts: str | None, is_packed: bool
) -> None:
    headers = {} if accepts is None else {"Accept-Encoding": accepts}
    answer = client.simulate_get(assets.address("js/main.js"), headers=headers)
    assert ("content-encoding" in answer.headers) == is_packed
    assert answer.headers["vary"] == "Accept-Encoding"
    body = answer.content
    assert (gzip.decompress(body) if is_packed else body) == SCRIPT
    assert is_packed == (len(body) < len(SCRIPT))


def test_what_packing_makes_no_smaller_is_sent_as_it_is(client: TestClient, assets: Assets) -> None:
    headers = {"Accept-Encoding": "gzip"}
    answer = client.simulate_get(assets.address("css/base.css"), headers=headers)
    assert answer.content == b"a{}"
    assert "vary" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "js/.hidden",
        "js",
        "js/",
        "",
        "../pages.py",
        "js/../../pages.py",
        "..%2f..%2fpages.py",
        "%2e%2e/pages.py",
        "/etc/passwd",
        "js/main.js/",
        "js/main.js\0",
        "JS/main.js",
    ],
)
def test_nothing_else_can_be_asked_for(client: TestClient, assets: Assets, path: str) -> None:
    assert client.simulate_get(assets.address(path)).status_code == 404


def test_they_are_only_read(client: TestClient, assets: Assets) -> None:
    path = assets.address("js/main.js")
    assert client.simulate_head(path).headers["cache-control"] == FOR_EVER
    answer = client.simulate_post(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_strangers_get_them_as_they_see_the_login_page_and_shares(site: Site) -> None:
    for root in ("/ui/", "/share/"):
        path = bundled().address("css/base.css", root=root)
        assert site.get(path, headers=NOBODY).status_code == 200


def test_pages_name_only_assets_there_are() -> None:
    templates = Path(__file__).parents[2] / "ui" / "templates"
    text = "".join(path.read_text() for path in templates.glob("*.html"))
    named = {part.partition("'")[0] for part in text.split("asset('")[1:]}
    assert named
    assert [path for path in named if bundled().find(path) is None] == []


def test_pages_name_only_icons_there_are() -> None:
    templates = Path(__file__).parents[2] / "ui" / "templates"
    text = "".join(path.read_text() for path in templates.glob("*.html"))
    sprite = bundled().find("icons/icons.svg")
    assert sprite is not None
    drawn = sprite.data.decode()
    named = {part.partition("'")[0] for part in text.split("icon('")[1:]}
    assert [name for name in named if f'id="{name}"' not in drawn] == []


def test_modules_are_told_with_all_that_they_import_at_once() -> None:
    assets = Assets(
        {
            "js/a.js": b'import { b } from "./b.js";\nimport {\n  c,\n} from "./c.js";\n',
            "js/b.js": b'export { c } from "./c.js";\nconst b = () => import("./late.js");\n',
            "js/c.js": b'import { a } from "./a.js";\n',
            "js/late.js": b"",
        }
    )
    assert assets.modules("js/a.js") == ["js/a.js", "js/b.js", "js/c.js"]
    assert assets.modules("js/late.js", "js/c.js")[:2] == ["js/late.js", "js/c.js"]


def test_every_module_of_ours_is_found_with_what_it_imports() -> None:
    assets = bundled()
    everything = set(assets.modules("js/main.js", "js/gallery.js", "js/share.js"))
    assert {"js/dom.js", "js/grid.js", "js/acts.js"} <= everything
    assert all(assets.find(path) is not None for path in everything)
