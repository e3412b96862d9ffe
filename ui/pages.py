"""Pages: HTML from `templates/`, everything in it escaped, under a policy that lets little run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from falcon.asgi import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..blobstore.handlers.answers import HTML_TYPE, answer_bytes
from .assets import bundled

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
"""Pages run and load what this server has, and nothing else: no inline script or style either."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """What the owner's pages show around what they are about."""

    csrf: str
    """Proves that a request comes from a page of ours; see `login/csrf.py`."""
    has_session: bool
    """Whether there is something to sign out of."""
    here: str = ""
    """The path of the page itself."""
    query: str = ""
    """What stands in the search box."""


def answer_page(
    resp: Response,
    template: str,
    *,
    status: int = 200,
    frame: Frame | None = None,
    root: str = "/ui/",
    **context: object,
) -> None:
    """Answer with a page.

    With a `frame` it has the search box and the menu, for who has all rights. Below another `root`
    (`/share/`) it takes its assets from there, and tells no address to others.
    """
    asset = partial(bundled().address, root=root)
    page = _environment().get_template(template).render(frame=frame, asset=asset, **context)
    answer_bytes(resp, page.encode(), status=status, content_type=HTML_TYPE)
    is_own = root == "/ui/"
    for name, value in {
        "content-security-policy": POLICY,
        # Not `no-referrer` at home: forms would be sent with `Origin: null`, as by strangers.
        "referrer-policy": "same-origin" if is_own else "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "x-frame-options": "DENY",  # for browsers that know no `frame-ancestors`
        "cache-control": "no-store",
    }.items():
        resp.set_header(name, value)


def json_island(value: object) -> Markup:
    """A `<script type="application/json" id="page">` with `value`, which modules read."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # No text of it may end the element or begin a comment in it.
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(f'<script type="application/json" id="page">{text}</script>')  # noqa: S704


def read_templates() -> None:
    """Read them all, once, so that no page is of another version than the program."""
    _environment()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["json_island"] = json_island
    environment.globals["modules"] = cache(bundled().modules)
    # All of one version: they may be replaced by another while the server runs.
    for name in environment.list_templates():
        environment.get_template(name)
    return environment
