"""Patterns for text that looks like a credential; compiled lazily."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

MASK = "***"


class Row(NamedTuple):
    """A pattern and its replacement; `foreign`: not for the canary's own sentences."""

    pattern: str
    replacement: str
    flags: re.RegexFlag = re.NOFLAG
    foreign: bool = False


# Named values come before keys: a key's pattern must not take their name away from them.
# Repetitions are bounded where they could otherwise cost the square of the text's length.
ROWS = (
    # User and password of a URL. A password that was not quoted may hold / and @: it ends at the
    # last @ of the word. "http://host:80/" has a port there, other schemes hardly ever have one.
    Row(
        r"(?:(?<!http)(?<!https)://[^/\s:@]*:|://[^/\s:@]*:(?!\d{1,5}[/?#]))[^\s\"'<>]{0,256}@",
        rf"://{MASK}@",
    ),
    Row(r"://[^\s:/@\"']{32,}@", rf"://{MASK}@"),  # a token in place of a user name
    Row(  # in the canary's own sentences "secret: NAME" is a name
        r"((?:passw(?:or)?d|secret|token|api[_-]?key|authorization)\\*['\"]?\s*[:=]\s*"
        r"(?:(?:bearer|apikey|basic)\s+)?)(?:\\*\"[^\"]*\"?|\\*'[^']*'?|[^\s,;}\"]+)",
        rf"\1{MASK}",
        re.IGNORECASE,
        foreign=True,
    ),
    Row(
        r"(\\?[\"'](?:password|passwd|secret|token|api_?key|admin_token|access_token"
        r"|secret_?access_?key)\\?[\"']\s*:\s*\\?[\"'])[^\"'\\]{4,}",
        rf"\1{MASK}",
        re.IGNORECASE,
    ),
    Row(
        r"\b([a-z_]*(?:passw(?:or)?d|secret|token|api[_-]?key)="
        r"(?:(?:bearer|apikey|basic)\s+)?)(?!\*)[^\s&\"',;]{4,}",
        rf"\1{MASK}",
        re.IGNORECASE,
    ),
    Row(
        r"(cookie\\*['\"]?\s*[=:]\s*)(?:\\*\"[^\"]*\"?|\\*'[^']*'?|[^'\"]+[^\s,;}\"]*)",
        rf"\1{MASK}",
        re.IGNORECASE,
    ),
    Row(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|$)", MASK, re.DOTALL),
    Row(r"(hk_(?:live|test|dev)_)[\w\-]+", rf"\1{MASK}"),
    Row(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}", MASK),
    Row(r"\beyJ[\w\-]{8,}\.[\w\-]+\.[\w\-]*", MASK),
    Row(
        r"(bearer|apikey|basic)(\s+)(?!hk_(?:live|test|dev)_\*)[^\s\"']{8,}",
        rf"\1\2{MASK}",
        re.IGNORECASE,
    ),
)
# Every match of a pattern contains one of these; looking for them is cheaper than matching.
HINTS = (
    *("hk_", "akia", "asia", "eyj", "bearer", "apikey", "basic", "authorization", "passw"),
    *("secret", "token", "api_key", "api-key", "cookie", "@", "-----begin"),
)


@functools.cache
def _compiled(*, foreign: bool) -> tuple[tuple[re.Pattern[str], str], ...]:
    rows = (row for row in ROWS if foreign or not row.foreign)
    return tuple((re.compile(row.pattern, row.flags), row.replacement) for row in rows)


def may_hold_key(text: str) -> bool:
    """Return whether a pattern could match; most texts need no more than this."""
    lowered = text.lower()
    for hint in HINTS:  # noqa: SIM110 - faster than any(), and a run has thousands of texts
        if hint in lowered:
            return True
    return False


def mask(text: str) -> str:
    """Return one of the canary's own texts with everything masked that looks like a credential."""
    return _masked(text, foreign=False)


def mask_foreign(text: str) -> str:
    """Return an answer or log line with everything masked that looks like a credential."""
    return _masked(text, foreign=True)


def _masked(text: str, *, foreign: bool) -> str:
    if may_hold_key(text):
        for pattern, replacement in _compiled(foreign=foreign):
            text = pattern.sub(replacement, text)
    return text
