"""Mask what gives access in addresses: signatures, escaped users, tokens of paths."""

from __future__ import annotations

import functools
import re

from canary.redaction.named import MASK

_SLASH = r"(?:\\{0,4}/|%(?:25){0,2}2[Ff])"
_COLON = r"(?::|%(?:25){0,2}3[Aa])"
_END = r"[^\s\"'<>&#]"
# a part of a path that nobody would choose: capital and small letters and digits
_DRAWN = r"(?=[^\s/]{0,64}?[a-z])(?=[^\s/]{0,64}?[A-Z])(?=[^\s/]{0,64}?[0-9])[\w@~.\-]{16,256}"
ROWS: tuple[tuple[str, str, int], ...] = (
    # ?sig=x and &hmac=x, also where an address stands within another one
    (
        r"((?:[?&;]|%3[Ff]|%26|\\u0026)(?:sig|hmac|sas|jwt|auth|signature)(?:=|%3[Dd]))(?!\*\*\*)"
        rf"(?:(?!%26|\\u0026){_END}){{8,2048}}",
        r"\1" + MASK,
        re.IGNORECASE,
    ),
    # postgres:\/\/user:x@host and postgres%3A%2F%2Fuser%3Ax%40host
    (
        rf"(\b[a-z][a-z0-9+.\-]{{1,20}}{_COLON}(?:\\{{1,4}}/|%(?:25){{0,2}}2F){_SLASH})"
        rf"[^\s\"'<>/@:%\\]{{0,128}}{_COLON}(?!\*\*\*)[^\s\"'<>@&]{{1,256}}?(@|%(?:25){{0,2}}40)",
        rf"\1{MASK}\2",
        re.IGNORECASE,
    ),
    # a token in place of a user
    (
        rf"(\b(?:rediss?|valkey|amqps?|mongodb(?:\+srv)?){_COLON}{_SLASH}{_SLASH})"
        r"(?!\*\*\*)[^\s\"'<>/@:%\\]{1,256}(@|%(?:25){0,2}40)",
        rf"\1{MASK}\2",
        re.IGNORECASE,
    ),
    # addresses that give access by themselves
    (rf"(hooks\.slack\.com{_SLASH}(?:services|workflows|triggers){_SLASH})[\w/\-%\\]{{8,}}",
     r"\1" + MASK, re.IGNORECASE),
    (rf"((?:web)?hooks?(?:\.[\w.\-]{{1,80}})?(?:{_SLASH}[\w.@\-]{{0,80}}){{0,4}}?{_SLASH}){_DRAWN}",
     r"\1" + MASK, 0),
    (r"(\.(?:office|office365|azure)\.com/webhook(?:b2)?/)[\w@\-/]{8,}", r"\1" + MASK, 0),
    (r"(events\.pagerduty\.com/(?:integration|x-ere)/)[\w\-]{16,}", r"\1" + MASK, 0),
    (rf"(/(?:with/key|keys?|tokens?|secrets?|reset|reset-password|password-reset|invites?|activate"
     rf"|confirm|magic)/){_DRAWN}", r"\1" + MASK, 0),
)  # fmt: skip
HINTS = (
    *("sig", "hmac", "sas", "jwt", "auth", ":\\", "%3a", "%25", "://", "hook", "pagerduty"),
    *("/key", "/token", "/secret", "/reset", "/password", "/invite", "/activate", "/confirm"),
    "/magic",
)


@functools.cache
def _compiled() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern, flags), by) for pattern, by, flags in ROWS)


def mask_addresses(text: str) -> str:
    """Return the text without what gives access in its addresses."""
    lowered = text.lower()
    if any(hint in lowered for hint in HINTS):
        for pattern, by in _compiled():
            text = pattern.sub(by, text)
    return text
