"""Mask beginnings and ends of a known secret, in capital or small letters."""

from __future__ import annotations

import string
from collections.abc import Iterable
from typing import NamedTuple

LEAST = 8
"""Characters of an end that give a secret away; of a beginning what all keys share comes before."""
SHORT = 12
"""Characters; of a shorter secret an end is masked only as a whole."""
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)  # keeps every length


class Fragment(NamedTuple):
    """A form of a secret in small letters, and the beginning and the end that give it away."""

    form: str
    head: str
    tail: str


def lowered(text: str) -> str:
    """Return the text in small letters, with each character at its place."""
    return text.translate(_LOWER)


def fragment(form: str, least: int) -> Fragment:
    """Return a form to look for; `least` characters of its beginning give it away."""
    small = lowered(form)
    return Fragment(small, small[:least], small if len(small) < SHORT else small[-LEAST:])


def shown_in(small: str, known: Iterable[Fragment]) -> list[Fragment]:
    """Return the forms of which a beginning or an end is in a text of small letters."""
    return [f for f in known if f.head in small or f.tail in small]


def mask_fragments(text: str, known: Iterable[Fragment], mask: str) -> str:
    """Return the text without beginnings and ends of the secrets."""
    small = lowered(text)
    spans = sorted(
        span
        for found in shown_in(small, known)
        for span in (*_heads(small, found), *_tails(small, found))
    )
    kept, done = list[str](), 0
    for start, end in spans:
        if start >= done:
            kept += (text[done:start], mask)
        done = max(done, end)
    return "".join((*kept, text[done:]))


def _heads(small: str, found: Fragment) -> Iterable[tuple[int, int]]:
    """Yield the places of a form's beginnings, each as far as it goes on."""
    start = small.find(found.head)
    while start >= 0:
        end = start + len(found.head)
        same = len(found.head)
        while same < len(found.form) and small[end : end + 1] == found.form[same]:
            same, end = same + 1, end + 1
        yield start, end
        start = small.find(found.head, end)


def _tails(small: str, found: Fragment) -> Iterable[tuple[int, int]]:
    """Yield the places of a form's ends, each from where it begins."""
    at = small.find(found.tail)
    while at >= 0:
        start, same = at, len(found.form) - len(found.tail)
        while same and start and small[start - 1] == found.form[same - 1]:
            same, start = same - 1, start - 1
        yield start, at + len(found.tail)
        at = small.find(found.tail, at + len(found.tail))
