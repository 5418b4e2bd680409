"""Hostile texts, and readings in which they stand in place of others' texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from hypothesis import strategies as st

PIECES = (
    *("file:///etc/passwd", "fileb:///etc/passwd", "http://127.0.0.1:9/x", "https://a.example/x"),
    *("FILE:///etc/passwd", "file://", "--", "-", "--profile", "--query=x", "--no-paginate"),
    *("--cli-input-json", "--endpoint-url http://127.0.0.1:9", "@=", "@", "=", "k=v", "a=b,c=d"),
    *(",", ";", "[", "{", "]", "}", "[1]", "{}", '{"a":1}', "Key=a,Values=b", "null", "true", "0"),
    *("'", '"', "`", "$", "\\", "`id`", "$(id)", "${HOME}", "$HOME", "$'a'", '"$(id)"', "'; id; '"),
    *("|id", "&id", "&&id", "||id", ">made", "<made", ">>made", "2>made", "\\'", "'\"'\"'"),
    *("*", "?", "~", "~root", "!", "!!", "!id", "#", "# x", "{a,b}", "[a-z]", "%s", "%n", "%(a)s"),
    *("\n", "\r\n", "\t", "\nid\n", "\x01", "\x1b[31m", "\x7f", "\x85", "\x9b2J", "\\n", "\\0"),
    *("\u202ea", "\u200b", "\u2028", "\ufeff", "\u2066", "é", "שלום", "😀", "\\u0000", "\\u0027"),
    *("\\u0022", "\\x27", " ", "  ", "a b", "arn:aws:iam::666:role/x", "END", "EOF", "later"),
    *("'}]|[0]", "`1`", "']", "x" * 3000, "'" * 300),
)
FIRST = ("--", "-", "file://", "fileb://", "https://", "=", "[", "{", "@", "#", "~", "!")
"""What the AWS CLI or a shell looks for at the beginning of a word."""
LETTERS = st.sampled_from("'\"`$\\;|&<>(){}[]*?!~#=%@,:/-+^ \t\nabZ09_.é\u202e\u200b\x1b")


def hostile() -> st.SearchStrategy[str]:
    """Return what draws a hostile text."""
    pieces = st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map("".join)
    return st.one_of(pieces, pieces, st.text(LETTERS, min_size=1, max_size=30))


def placed(old: str) -> st.SearchStrategy[str]:
    """Return what draws a hostile text in place of another one, before or behind it."""
    begun = st.sampled_from(FIRST).map(lambda first: first + old)
    return st.one_of(
        hostile(), begun, hostile().map(lambda new: old + new), hostile().map(lambda new: new + old)
    )


def texts(value: Any) -> Iterator[str]:
    """Yield every text within a value, also the names of a dictionary."""
    if isinstance(value, str):
        yield str(value)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from texts(getattr(value, name))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(key)
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)


def swapped(value: Any, new: Mapping[str, str]) -> Any:
    """Return a value with some texts replaced wherever one stands as a whole."""
    if type(value) is str:
        return new.get(value, value)
    if isinstance(value, msgspec.Struct):
        fields = {n: swapped(getattr(value, n), new) for n in value.__struct_fields__}
        changed = {n: v for n, v in fields.items() if v is not getattr(value, n)}
        return msgspec.structs.replace(value, **changed) if changed else value
    if isinstance(value, dict):
        return {swapped(k, new): swapped(v, new) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(swapped(inner, new) for inner in value)
    return value
