"""The forms in which a known secret may be shown: plain and in each common encoding."""

from __future__ import annotations

import base64
import html
import json
import re
from urllib.parse import quote, quote_plus

SHORTEST = 4  # characters; masking a shorter value everywhere would eat ordinary text
PREFIX = 8  # characters; a longer beginning of a secret is masked as the whole is
SCHEME = re.compile(r"hk_[a-z]{2,8}_|AKIA|ASIA")  # the public beginning of each kind of key


def forms(secret: str, public: str = "") -> dict[str, int]:
    """Return each form of the secret -> the length of the beginning that gives it away.

    Plain, base64 at each offset, URL, HTML, JSON, hexadecimal. The beginning that all keys of the
    platform share gives nothing away; masking it alone would leave the rest of another key bare.
    Nor does `public`, its beginning that is known otherwise.
    """
    scheme = SCHEME.match(secret)
    known = public or (scheme.group() if scheme else "")
    shared = _encoded(known + "~" * PREFIX)
    found = {}
    for form, of_scheme in zip(_encoded(secret), shared, strict=True):
        if len(form) >= SHORTEST:
            same = _alike(form, of_scheme) if known else 0
            found[form] = min(len(form), PREFIX + same)
    return found


def _alike(one: str, other: str) -> int:
    """Return the length of the common beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), len(one))


def _encoded(text: str) -> tuple[str, ...]:
    raw = text.encode()
    return (
        text,
        raw.decode("latin-1"),  # where each byte is taken for a character
        quote(text, safe=""),
        quote(text),
        quote(text, safe="").lower(),
        quote_plus(text),
        html.escape(text),
        json.dumps(text)[1:-1],
        raw.hex(),
        raw.hex().upper(),
        *(form for offset in range(3) for form in _base64(raw, offset)),
    )


def _base64(raw: bytes, offset: int) -> tuple[str, ...]:
    """Return the value in base64 behind `offset` other bytes."""
    first = -(-offset * 8 // 6)  # characters that also carry bits of the bytes before
    whole = (offset + len(raw)) * 8 // 6
    padded = b"\0" * offset + raw
    encoders = (base64.b64encode, base64.urlsafe_b64encode)
    return tuple(encode(padded).decode()[first:whole] for encode in encoders)
