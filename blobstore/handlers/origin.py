"""Which site's page made a browser ask, as far as the browser and a proxy in front say."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

OTHER_SITES = frozenset((b"cross-site", b"same-site"))
"""What `Sec-Fetch-Site` says for pages that are not ours. `same-site` may be another port."""


def is_other_site(origin: bytes, host: bytes, *, over_https: bool) -> bool:
    """Whether `origin`, the header of that name, is another site than that of `host`.

    A page that came in the clear may be anybody's, so where the caller speaks HTTPS with us, or
    with a proxy in front, it does not count as ours.
    """
    scheme, _, rest = origin.lower().partition(b"://")
    return rest != host.lower() or (over_https and scheme != b"https")


def says_https(forwarded_proto: bytes) -> bool:
    """Whether `X-Forwarded-Proto` says that the caller came by HTTPS.

    Anybody can say so: whoever does gets stricter rules, and nothing else.
    """
    return forwarded_proto.partition(b",")[0].strip().lower() == b"https"


def is_https(scope: MutableMapping[str, Any]) -> bool:
    """Whether a request came by HTTPS, as far as can be told."""
    return scope.get("scheme") == "https" or any(
        name == b"x-forwarded-proto" and says_https(value) for name, value in scope["headers"]
    )
