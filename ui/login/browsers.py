"""What a browser is called, so that people know which of theirs it is."""

from __future__ import annotations

import re

# The first that fits counts: most browsers say that they are several others too.
_PROGRAMS = (
    (r"\bEdg(?:e|A|iOS)?/", "Edge"),
    (r"\bOPR/", "Opera"),
    (r"\bSamsungBrowser/", "Samsung Internet"),
    (r"\bVivaldi/", "Vivaldi"),
    (r"\b(?:Firefox|FxiOS)/", "Firefox"),
    (r"\b(?:HeadlessChrome|Chrome|CriOS|Chromium)/", "Chrome"),
    (r"\bVersion/\S+ .*\bSafari/", "Safari"),
    (r"\bcurl/", "curl"),
)
_SYSTEMS = (
    (r"\biPhone\b", "iPhone"),
    (r"\biPad\b", "iPad"),
    (r"\bAndroid\b", "Android"),
    (r"\bWindows\b", "Windows"),
    (r"\bMac OS X\b|\bMacintosh\b", "a Mac"),
    (r"\bCrOS\b", "ChromeOS"),
    (r"\bLinux\b|\bX11\b", "Linux"),
)


def browser_name(agent: str) -> str:
    """A few words for a `User-Agent`: `Firefox on Linux`."""
    program = _first(_PROGRAMS, agent) or "A browser"
    system = _first(_SYSTEMS, agent)
    return f"{program} on {system}" if system else program


def _first(patterns: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for pattern, name in patterns if re.search(pattern, text)), "")
