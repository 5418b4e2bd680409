"""Mask passwords of SQL's statements, and of variables whose name ends in `pass`."""

from __future__ import annotations

import functools
import re

from canary.redaction.named import _ASSIGN, _BARE, _NONE, _OPEN, _QUOTE, MASK

_SPACES = r"[ \t\r\n]{1,8}"
# a quoted text of SQL: a quote within it is doubled or escaped
_SQL_TEXT = r"(?!\*\*\*)(?:(?P=q)(?P=q)|(?!(?<!\\)(?P=q)).){1,8192}"
_OPENS = rf"(?P<q>{_QUOTE})"
_CHANGES = r"\b(?:CREATE|ALTER|GRANT|SET|CONNECT)\b[^;]{0,400}?"
# `PASS`, `DB_PASS`, `smtp.pass`, `dbPass`; not `bypass` and `compass`
_BEFORE = r"(?<![A-Za-z0-9])(?:[A-Za-z0-9]{1,40}[_.\-]){0,4}"
_PASS = rf"{_BEFORE}(?:PASS|pass|Pass|[a-z0-9]{{1,40}}Pass)"
# how a test, a filter or a switch answers
_ANSWER = r"(?:ok|yes|no|on|off|all|none|done|true|false|passed|enabled|disabled|skip(?:ped)?)\b"
ROWS: tuple[tuple[str, str, int], ...] = (
    # ALTER USER a PASSWORD 'x', WITH PASSWORD = N'x'
    (
        rf"(\bPASSWORD(?:[ \t]{{0,8}}=[ \t]{{0,8}}|{_SPACES})(?:AS{_SPACES})?N?{_OPENS})"
        rf"{_SQL_TEXT}",
        r"\1" + MASK,
        re.IGNORECASE | re.DOTALL,
    ),
    # CREATE USER a IDENTIFIED WITH x BY 'y'; SET PASSWORD FOR a = PASSWORD('x')
    (
        rf"({_CHANGES}\bIDENTIFIED{_SPACES}(?:WITH{_SPACES}\S{{1,64}}{_SPACES})?"
        rf"(?:BY|AS){_SPACES}(?:PASSWORD{_SPACES})?{_OPENS}){_SQL_TEXT}",
        r"\1" + MASK,
        re.IGNORECASE | re.DOTALL,
    ),
    (
        rf"(\bSET{_SPACES}PASSWORD\b[^=;]{{0,200}}=[ \t]{{0,8}}"
        rf"(?:\w{{1,30}}\([ \t]{{0,8}})?{_OPENS}){_SQL_TEXT}",
        r"\1" + MASK,
        re.IGNORECASE | re.DOTALL,
    ),
    # Oracle takes the word as it is: IDENTIFIED BY x
    (
        rf"({_CHANGES}\bIDENTIFIED{_SPACES}BY{_SPACES}(?:VALUES{_SPACES})?)"
        rf"(?!(?:VALUES|PASSWORD)\b|{_QUOTE})"
        r"[^\s;,'\"*]{4,128}",
        r"\1" + MASK,
        re.IGNORECASE,
    ),
    # "pass": "x", DB_PASS = 'x'
    (
        rf"({_PASS}{_QUOTE}?{_ASSIGN}{_OPEN}(?P<q>{_QUOTE}))(?!\*\*\*|{_ANSWER})"
        r"(?:(?!(?<!\\)(?P=q)).){1,8192}",
        r"\1" + MASK,
        re.DOTALL,
    ),
    # PASS=x, and with a longer name also a value behind a colon that is no word
    (rf"({_PASS}[ \t]{{0,8}}(?:=|%3[Dd]))(?!{_NONE}|{_ANSWER}|{_QUOTE}|=){_BARE}", r"\1" + MASK, 0),
    (
        rf"(\b[A-Za-z0-9]{{1,40}}[_.\-](?:PASS|pass):[ \t]{{0,8}})(?!{_NONE}|{_ANSWER}|{_QUOTE})"
        rf"(?=[^\s]{{0,256}}?[0-9])(?=[^\s]{{0,256}}?[A-Za-z]){_BARE}",
        r"\1" + MASK,
        0,
    ),
)
HINTS = ("pass", "identified")


@functools.cache
def _compiled() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern, flags), by) for pattern, by, flags in ROWS)


def mask_statements(text: str) -> str:
    """Return the text without passwords of SQL's statements and of such variables."""
    lowered = text.lower()
    if any(hint in lowered for hint in HINTS):
        for pattern, by in _compiled():
            text = pattern.sub(by, text)
    return text
