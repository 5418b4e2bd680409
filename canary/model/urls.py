"""Where a URL leads, and how it is written in a request line."""

from __future__ import annotations

import functools
from urllib.parse import quote, urlsplit

from canary.model.base import Frozen

DEFAULT_PORTS = {"https": 443, "http": 80}
_SENDABLE = "%/:?@!$&'()*+,;=~[]"  # RFC 3986: reserved characters, and what is quoted already


def quoted(text: str) -> str:
    """Return a path or query with everything quoted that no request line can carry.

    What is quoted already stays as it is, and so do dot segments: a check asks what it says.
    """
    return quote(text, safe=_SENDABLE)


class Place(Frozen, frozen=True, kw_only=True):
    """The parts of a URL in one form: case, default ports and quoting make no difference."""

    scheme: str
    user: str
    host: str
    port: int
    path: str
    query: str


@functools.lru_cache(maxsize=512)  # a diagnosis asks for the same few URLs thousands of times
def place(url: str) -> Place:
    """Return where a URL leads; raise ValueError for one that clients read in different ways.

    These hold backslashes or control characters. A fragment is not sent, and does not count.
    """
    if any(c == "\\" or ord(c) < 0x20 or ord(c) == 0x7F for c in url):
        raise ValueError("a backslash or a control character")
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return Place(
        scheme=scheme,
        user=parts.netloc.rpartition("@")[0],
        host=(parts.hostname or "").rstrip("."),
        port=parts.port or DEFAULT_PORTS.get(scheme, 0),
        path=quoted(parts.path or "/"),
        query=quoted(parts.query),
    )
