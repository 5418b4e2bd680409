"""Patterns for text that looks like a credential; compiled lazily."""

from __future__ import annotations

import functools
import re

MASK = "***"
Row = tuple[str, re.RegexFlag, str]
"""Pattern, flags, and the replacement."""

# Repetitions are bounded where they could otherwise cost the square of the text's length.
EVERYWHERE: tuple[Row, ...] = (
    (r"(hk_(?:live|test|dev)_)[\w\-]+", re.NOFLAG, rf"\1{MASK}"),
    (r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}", re.NOFLAG, MASK),
    (r"\beyJ[\w\-]{8,}\.[\w\-]+\.[\w\-]*", re.NOFLAG, MASK),
    (
        r"\b(bearer|apikey|basic)(\s+)(?!hk_(?:live|test|dev)_\*)[^\s\"']{8,}",
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
        r"\b([a-z_]*(?:passw(?:or)?d|secret|token|api[_-]?key)=)(?!\*)[^\s&\"',;]{4,}",
        re.IGNORECASE,
        rf"\1{MASK}",
    ),
    # User and password of a URL. A password that was not quoted may hold / and @: it ends at the
    # last @ of the word. "http://host:80/" has a port there, other schemes hardly ever have one.
    (
        r"(?:(?<!http)(?<!https)://[^/\s:@]*:|://[^/\s:@]*:(?!\d{1,5}[/?#]))[^\s\"'<>]{0,256}@",
        re.NOFLAG,
        rf"://{MASK}@",
    ),
    (r"://[^\s:/@\"']{32,}@", re.NOFLAG, rf"://{MASK}@"),  # a token in place of a user name
    (r"(\b(?:set-)?cookie\\*['\"]?\s*[=:]\s*\\*['\"]?)[^'\"]+", re.IGNORECASE, rf"\1{MASK}"),
    (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|$)", re.DOTALL, MASK),
)
# For answers and log lines only: in the canary's own sentences "secret: NAME" is a name.
FOREIGN: tuple[Row, ...] = (
    (
        r"((?:passw(?:or)?d|secret|token|api[_-]?key|authorization)\\*['\"]?\s*[:=]\s*"
        r"(?:(?:bearer|apikey|basic)\s+)?)(?:\\*\"[^\"]*\"?|\\*'[^']*'?|[^\s,;}\"]+)",
        re.IGNORECASE,
        rf"\1{MASK}",
    ),
)
# Every match of a pattern contains one of these; looking for them is cheaper than matching.
HINTS = (
    *("hk_", "akia", "asia", "eyj", "bearer", "apikey", "basic", "authorization", "passw"),
    *("secret", "token", "api_key", "api-key", "cookie", "@", "-----begin"),
)


@functools.cache
def _compiled(*, foreign: bool) -> tuple[tuple[re.Pattern[str], str], ...]:
    rows = (*EVERYWHERE, *FOREIGN) if foreign else EVERYWHERE
    return tuple((re.compile(text, flags), replacement) for text, flags, replacement in rows)


def may_hold_key(text: str) -> bool:
    """Return whether a pattern could match; most texts need no more than this."""
    lowered = text.lower()
    for hint in HINTS:  # noqa: SIM110 - faster than any(), and a run has thousands of texts
        if hint in lowered:
            return True
    return False


def mask(text: str) -> str:
    """Return one of the canary's own texts with everything masked that looks like a credential."""
    return _masked(text, foreign=False) if may_hold_key(text) else text


def mask_foreign(text: str) -> str:
    """Return an answer or log line with everything masked that looks like a credential."""
    return _masked(text, foreign=True) if may_hold_key(text) else text


def _masked(text: str, *, foreign: bool) -> str:
    for pattern, replacement in _compiled(foreign=foreign):
        text = pattern.sub(replacement, text)
    return text
