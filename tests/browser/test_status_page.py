"""The status page, as people see it on a telephone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser

from holdfast.blobstore.ref import Ref
from holdfast.schema.blob import Part
from holdfast.schema.build import file_text
from holdfast.schema.facts import FileFacts

from .conftest import PHONE, visiting
from .site import Site


def test_refs_of_what_waits_fit_on_a_telephone(
    browser: Browser, new_site: Callable[[], Site], tmp_path: Path
) -> None:
    site = new_site()
    lacking = tmp_path / "lacking"
    lacking.write_bytes(file_text(FileFacts(name=b"lacking"), [Part(4, Ref.of(b"gone"))]))
    site.run("put", "--blob", lacking)
    with visiting(browser) as visit:
        page = visit(site, "/status/", viewport=PHONE)
        heading = page.get_by_role("rowheader", name="sha224-").first
        for _ in range(50):
            if heading.is_visible():
                break
            page.wait_for_timeout(200)
            page.reload()
        assert heading.is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
