"""What is shown where there is no thumbnail: a drawing of our own."""

from __future__ import annotations

PLACEHOLDER = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="160" height="120" viewBox="0 0 160 120">'
    b'<path fill="#808080" fill-opacity=".15" d="M0 0h160v120H0z"/>'
    b'<g fill="none" stroke="#808080" stroke-width="3" stroke-linejoin="round"'
    b' stroke-linecap="round"><path d="M52 38h56v44H52z"/>'
    b'<circle cx="68" cy="52" r="4"/><path d="m54 78 16-18 12 12 9-9 15 15M46 90l68-60"/></g>'
    b"</svg>"
)
"""A picture with a line through it, to be seen on light and on dark; an SVG file."""

MEDIA_TYPE = "image/svg+xml"
