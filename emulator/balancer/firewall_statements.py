"""Compare a request with a statement of a web ACL's rule.

Source: the AWS WAF API's Statement, FieldToMatch and TextTransformation. Bodies are not looked at.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, unquote_plus

from emulator.balancer.match import Asked, expression

Json = dict[str, Any]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

CONSTANT = "constant"  # the one key of a rule that counts all requests together
_TRANSFORMATIONS: dict[str, Callable[[str], str]] = {
    "NONE": lambda text: text,
    "LOWERCASE": str.lower,
    "UPPERCASE": str.upper,
    "URL_DECODE": unquote,
    "TRIM": str.strip,
    "COMPRESS_WHITE_SPACE": lambda text: " ".join(text.split()),
    "REMOVE_WHITESPACE": lambda text: "".join(text.split()),
}
_POSITIONS: dict[str, Callable[[str, str], bool]] = {
    "EXACTLY": lambda text, wanted: text == wanted,
    "STARTS_WITH": lambda text, wanted: text.startswith(wanted),
    "ENDS_WITH": lambda text, wanted: text.endswith(wanted),
    "CONTAINS": lambda text, wanted: wanted in text,
}
_SIZES: dict[str, Callable[[int, int], bool]] = {
    "EQ": int.__eq__,
    "NE": int.__ne__,
    "LE": int.__le__,
    "LT": int.__lt__,
    "GE": int.__ge__,
    "GT": int.__gt__,
}


class StatementUnknownError(Exception):
    """A statement, or a part of one, that is not known here."""


def holds(statement: Json, asked: Asked) -> bool:
    """Return whether a request matches a statement; raises StatementUnknownError."""
    for name, given in statement.items():
        if given is None:
            continue
        if name not in STATEMENTS:
            raise StatementUnknownError(name)
        return STATEMENTS[name](given, asked)
    raise StatementUnknownError("no statement")


def rate_key(statement: Json, asked: Asked) -> str | None:
    """Return what a rate-based rule counts a request under; None where it does not count it."""
    kind = statement.get("AggregateKeyType", "IP")
    if kind == "CONSTANT":
        return CONSTANT
    if kind == "IP":
        return asked.peer
    if kind == "FORWARDED_IP":
        return _forwarded(statement.get("ForwardedIPConfig") or {}, asked)
    raise StatementUnknownError(kind)


def _forwarded(config: Json, asked: Asked) -> str | None:
    """Return the first address of a header; without one the request is not counted."""
    name = str(config.get("HeaderName", "X-Forwarded-For")).lower()
    return next((v.split(",")[0].strip() for k, v in asked.headers if k.lower() == name), None)


@lru_cache(maxsize=4096)
def _network(text: str) -> Network:
    return ipaddress.ip_network(text, strict=False)


def _address(given: Json, asked: Asked) -> bool:
    forwarded = given.get("IPSetForwardedIPConfig")
    text = _forwarded(forwarded, asked) if forwarded else asked.peer
    try:
        address = ipaddress.ip_address(text or "")
    except ValueError:
        return bool(text) and (forwarded or {}).get("FallbackBehavior") == "MATCH"
    return any(address in _network(one) for one in given.get("Addresses") or [])


def _bytes(given: Json, asked: Asked) -> bool:
    wanted = base64.b64decode(given["SearchString"]).decode("latin-1")
    position = _POSITIONS.get(str(given["PositionalConstraint"]))
    if position is None:
        raise StatementUnknownError(given["PositionalConstraint"])
    return any(position(text, wanted) for text in _texts(given, asked))


def _expression(given: Json, asked: Asked) -> bool:
    return _any_expression([given["RegexString"]], given, asked)


def _expressions(given: Json, asked: Asked) -> bool:
    return _any_expression(given.get("Expressions") or [], given, asked)


def _any_expression(expressions: list[str], given: Json, asked: Asked) -> bool:
    texts = _texts(given, asked)
    return any(expression(one, False).search(text) for one in expressions for text in texts)


def _size(given: Json, asked: Asked) -> bool:
    compare = _SIZES[given["ComparisonOperator"]]
    return any(compare(len(text), int(given["Size"])) for text in _texts(given, asked))


def _texts(given: Json, asked: Asked) -> list[str]:
    """Return the parts of a request that a statement looks at, transformed as it says."""
    texts = _fields(given.get("FieldToMatch") or {}, asked)
    steps = sorted(given.get("TextTransformations") or [], key=lambda one: int(one["Priority"]))
    for step in steps:
        change = _TRANSFORMATIONS.get(str(step["Type"]))
        if change is None:
            raise StatementUnknownError(step["Type"])
        texts = [change(text) for text in texts]
    return texts


def _fields(field: Json, asked: Asked) -> list[str]:
    name = next((key for key, value in field.items() if value is not None), "")
    given: Json = field.get(name) or {}
    plain = {"UriPath": asked.path, "QueryString": asked.query, "Method": asked.method}
    if name in plain:
        return [plain[name]]
    if name == "SingleHeader":
        wanted = str(given["Name"]).lower()
        host = [asked.host] if wanted == "host" else []
        return host or [value for key, value in asked.headers if key.lower() == wanted]
    pairs = [part.partition("=") for part in asked.query.split("&") if part]
    if name == "SingleQueryArgument":
        wanted = str(given["Name"]).lower()
        return [unquote_plus(value) for key, _, value in pairs if key.lower() == wanted]
    if name == "AllQueryArguments":
        return [unquote_plus(value) for _, _, value in pairs]
    raise StatementUnknownError(name)


STATEMENTS: dict[str, Callable[[Json, Asked], bool]] = {
    "ByteMatchStatement": _bytes,
    "RegexMatchStatement": _expression,
    "RegexPatternSetReferenceStatement": _expressions,
    "SizeConstraintStatement": _size,
    "IPSetReferenceStatement": _address,
    "AndStatement": lambda given, asked: all(holds(one, asked) for one in given["Statements"]),
    "OrStatement": lambda given, asked: any(holds(one, asked) for one in given["Statements"]),
    "NotStatement": lambda given, asked: not holds(given["Statement"], asked),
}
