"""No secret becomes evidence: known values in every common form, and whatever looks like a key.

Used at one boundary: the runner cleans each step when it is recorded, and the whole report once
more before it is published.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

import msgspec

T = TypeVar("T")

MASK = "***"
SHORTEST = 4
"""Characters; masking a shorter value everywhere would eat ordinary text."""
PREFIX = 8
"""Characters; a longer beginning of a secret is masked as the whole is."""

HINTS = ("hk_", "bearer", "apikey", "basic", "passw", "secret", "token", "key", "akia", "asia")
MORE_HINTS = ("eyj", "-----begin", "@")
ALL_HINTS = (*HINTS, *MORE_HINTS)

PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(hk_(?:live|test|dev)_)[A-Za-z0-9_\-]{4,}"), rf"\1{MASK}"),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), MASK),
    (re.compile(r"\beyJ[\w\-]{8,}\.[\w\-]{8,}\.[\w\-]*"), MASK),
    (
        re.compile(r"(?i)\b(bearer|apikey|basic)(\s+)(?!hk_)[A-Za-z0-9._~+/=\-]{16,}"),
        rf"\1\2{MASK}",
    ),
    (
        re.compile(
            r"(?i)(\\?[\"'](?:password|passwd|secret|token|api_?key|admin_token|access_token"
            r"|secret_?access_?key)\\?[\"']\s*:\s*\\?[\"'])[^\"'\\]{4,}"
        ),
        rf"\1{MASK}",
    ),
    (
        re.compile(r"(?i)\b([a-z_]*(?:passw(?:or)?d|secret|token|api_?key)=)(?!\*)[^\s&\"',;]{4,}"),
        rf"\1{MASK}",
    ),
    (re.compile(r"(\b[a-z][a-z0-9+.\-]*://[^\s:/@\"']*:)[^\s/@\"']+(@)"), rf"\1{MASK}\2"),
    (
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|$)", re.S),
        MASK,
    ),
)


class Redactor:
    """Masks the secrets that it was told of, and key-like patterns."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._forms: tuple[str, ...] = ()
        self._starts: tuple[str, ...] = ()  # of the forms, as they stand within JSON
        self._lock = threading.Lock()

    def learn(self, secret: str) -> None:
        """Remember a secret value; its encodings and beginnings are masked from now on."""
        if len(secret) < SHORTEST or secret in self._known:
            return
        with self._lock:
            self._known.add(secret)
            every = {form for known in self._known for form in forms(known)}
            self._forms = tuple(sorted(every, key=lambda f: (-len(f), f)))
            starts = {msgspec.json.encode(form[:PREFIX]).decode()[1:-1] for form in every}
            self._starts = tuple(sorted(starts))

    def text(self, text: str) -> str:
        """Return the text without secrets."""
        for form in self._forms:
            if form[:PREFIX] in text:
                text = _mask(text, form)
        lowered = text.lower()
        if any(hint in lowered for hint in ALL_HINTS):
            for pattern, mask in PATTERNS:
                text = pattern.sub(mask, text)
        return text

    def clean(self, value: T) -> T:
        """Return the value with every string in it cleaned; the same object if nothing was."""
        if isinstance(value, msgspec.Struct) and self._is_innocent(value):
            return value
        cleaned: T = self._clean(value)
        return cleaned

    def _is_innocent(self, value: msgspec.Struct) -> bool:
        """Return whether nothing in the value can be a secret, from one look at it as JSON.

        A step is a tree of some fifty strings; nearly always all of them are harmless.
        """
        try:
            text = msgspec.json.encode(value).decode()
        except (TypeError, UnicodeEncodeError):
            return False  # what JSON cannot carry is walked through
        if any(start in text for start in self._starts):
            return False
        lowered = text.lower()
        return not any(hint in lowered for hint in ALL_HINTS)

    def _clean(self, value: Any) -> Any:
        if type(value) is str:
            return self.text(value)
        if isinstance(value, msgspec.Struct):
            return self._struct(value)
        if isinstance(value, tuple | list):
            found = [self._clean(v) for v in value]
            same = all(a is b for a, b in zip(found, value, strict=True))
            return value if same else type(value)(found)
        if isinstance(value, dict):
            return {self._clean(k): self._clean(v) for k, v in value.items()}
        return value

    def _struct(self, value: msgspec.Struct) -> msgspec.Struct:
        changed = {}
        for name in value.__struct_fields__:
            before = getattr(value, name)
            after = self._clean(before)
            if after is not before and after != before:
                changed[name] = after
        return msgspec.structs.replace(value, **changed) if changed else value


def forms(secret: str) -> set[str]:
    """Return the secret as it may appear: plain, base64 at each offset, URL, JSON, hexadecimal."""
    raw = secret.encode()
    found = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    found |= {quote(secret, safe="").lower(), raw.hex(), raw.hex().upper()}
    for offset in range(3):
        found |= _base64(raw, offset)
    return {f for f in found if len(f) >= SHORTEST}


def _base64(raw: bytes, offset: int) -> set[str]:
    """Return what base64 shows of the value when `offset` bytes stand before it."""
    first = -(-offset * 8 // 6)  # characters that also carry bits of what stands before
    whole = (offset + len(raw)) * 8 // 6
    padded = b"\0" * offset + raw
    encoders = (base64.b64encode, base64.urlsafe_b64encode)
    return {e(padded).decode()[first:whole] for e in encoders}


def _mask(text: str, form: str) -> str:
    """Replace the form, and every beginning of it from PREFIX characters on."""
    start = form[:PREFIX]
    at = text.find(start)
    while at >= 0:
        end = at + len(start)
        while end - at < len(form) and end < len(text) and text[end] == form[end - at]:
            end += 1
        text = text[:at] + MASK + text[end:]
        at = text.find(start, at + len(MASK))
    return text
