"""What looks like a key though nobody told; pure, and compiled only when it is needed."""

from __future__ import annotations

import functools
import re

MASK = "***"
# (pattern, flags, what stands in its place)
_LOOKS_LIKE_A_KEY: tuple[tuple[str, re.RegexFlag, str], ...] = (
    (r"\b(hk_(?:live|test|dev)_)[A-Za-z0-9_\-]{4,}", re.NOFLAG, rf"\1{MASK}"),
    (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", re.NOFLAG, MASK),
    (r"\beyJ[\w\-]{8,}\.[\w\-]{8,}\.[\w\-]*", re.NOFLAG, MASK),
    (
        r"\b(bearer|apikey|basic)(\s+)(?!hk_)[A-Za-z0-9._~+/=\-]{16,}",
        re.IGNORECASE,
        rf"\1\2{MASK}",
    ),
    (
        r"(\\?[\"'](?:password|passwd|secret|token|api_?key|admin_token|access_token"
        r"|secret_?access_?key)\\?[\"']\s*:\s*\\?[\"'])[^\"'\\]{4,}",
        re.IGNORECASE,
        rf"\1{MASK}",
    ),
    (
        r"\b([a-z_]*(?:passw(?:or)?d|secret|token|api_?key)=)(?!\*)[^\s&\"',;]{4,}",
        re.IGNORECASE,
        rf"\1{MASK}",
    ),
    # A scheme is short; without that bound a long name of many dots costs the square of its length.
    # A password that was not quoted may hold / and @: it ends at the last @ of the word.
    (
        r"(\b(?!https?://[^\s:/@\"']*:\d{1,5}[/?#])[a-z][a-z0-9+.\-]{0,30}://[^\s:/@\"']*:)"
        r"[^\s\"'<>]{1,256}(@)",
        re.NOFLAG,
        rf"\1{MASK}\2",
    ),
    # a token in the place of a user's name
    (r"(\b[a-z][a-z0-9+.\-]{0,30}://)[^\s:/@\"']{32,}(@)", re.NOFLAG, rf"\1{MASK}\2"),
    (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|$)", re.DOTALL, MASK),
)


@functools.cache
def patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return what looks like a key and its mask; compiled at first use, no cold start waits."""
    return tuple((re.compile(text, flags), mask) for text, flags, mask in _LOOKS_LIKE_A_KEY)
