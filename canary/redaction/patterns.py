"""Patterns for text that looks like a credential; compiled lazily."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import NamedTuple

from canary.redaction import named
from canary.redaction.addresses import mask_addresses
from canary.redaction.named import MASK, mask_named
from canary.redaction.shapes import mask_parts, mask_shapes
from canary.redaction.statements import mask_statements


class Row(NamedTuple):
    """A pattern and its replacement."""

    pattern: str
    replacement: str
    flags: re.RegexFlag = re.NOFLAG


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
    Row(
        r"(\\?[\"'](?:password|passwd|secret|token|api_?key|admin_token|access_token"
        r"|secret_?access_?key)\\?[\"']\s*:\s*\\?[\"'])[^\"'\\]{4,}",
        rf"\1{MASK}",
        re.IGNORECASE,
    ),
    Row(
        r"\b([a-z_]*(?:passw(?:or)?d|secret|token|api[_-]?key)="
        r"(?:(?:bearer|apikey|basic)\s+)?)(?!\*|[a-z_]\w{0,30}\([\"'])[^\s&\"',;]{4,}",
        rf"\1{MASK}",
        re.IGNORECASE,
    ),
    Row(
        r"(cookie\\*['\"]?\s*[=:]\s*+)(?!-\s)(?:\\*\"[^\"]*\"?|\\*'[^']*'?|[^'\"]+[^\s,;}\"]*)",
        rf"\1{MASK}",
        re.IGNORECASE,
    ),
    Row(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|$)", MASK, re.DOTALL),
    Row(r"(hk_(?:live|test|dev)_)[\w\-]+", rf"\1{MASK}"),
    Row(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}", MASK),
    Row(r"(?<![\w\-])eyJ[\w\-]{8,}\.[\w\-]+\.[\w\-]*", MASK),
    Row(
        r"(bearer|apikey|basic)(\s+)(?!hk_(?:live|test|dev)_\*)[^\s\"']{8,}",
        rf"\1\2{MASK}",
        re.IGNORECASE,
    ),
)
# Every match of a pattern contains one of these; looking for them is cheaper than matching.
HINTS = (
    *("hk_", "akia", "asia", "eyj", "bearer", "apikey", "basic", "passw"),
    *("secret", "token", "api_key", "api-key", "cookie", "@", "-----begin"),
)


@functools.cache
def _compiled() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(row.pattern, row.flags), row.replacement) for row in ROWS)


def may_hold_key(text: str) -> bool:
    """Return whether a pattern could match; most texts need no more than this."""
    lowered = text.lower()
    for hint in HINTS:  # noqa: SIM110 - faster than any(), and a run has thousands of texts
        if hint in lowered:
            return True
    return False


def mask(text: str) -> str:
    """Return one of the canary's own texts with everything masked that looks like a credential.

    In the canary's own sentences "secret: NAME" is a name: what has a name is masked in others'.
    """
    if may_hold_key(text):
        for pattern, replacement in _compiled():
            text = pattern.sub(replacement, text)
    return text


def mask_foreign(text: str) -> str:
    """Return an answer or log line with everything masked that looks like a credential."""
    named_ones = mask_named(mask(mask_parts(text)))
    return mask_shapes(mask_addresses(mask_statements(named_ones)))


def mask_arguments(arguments: Iterable[str]) -> tuple[str, ...]:
    """Return the arguments of somebody's command without what could be a secret."""
    return named.mask_arguments(arguments, mask_foreign)
