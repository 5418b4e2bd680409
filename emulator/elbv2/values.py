"""Refuse values of conditions and actions that AWS refuses and moto accepts.

Sources: the API's RuleCondition, HttpHeaderConditionConfig, RedirectActionConfig, TargetGroupTuple.
A value that were let in could be one which no request can be compared with.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
from collections.abc import Callable
from typing import Any

import re2

from emulator.balancer.match import expression

Json = dict[str, Any]

MOST_GROUPS, MOST_WEIGHT = 5, 999
_SHAPES = {
    "host-header": re.compile(r"[A-Za-z0-9.*?-]+"),
    "path-pattern": re.compile(r"""[A-Za-z0-9_.$/~"'@:+&*?-]+"""),
    "http-request-method": re.compile(r"[A-Z_-]+"),
}
_LAST_LABEL = re.compile(r"[A-Za-z0-9*?]+")
_REDIRECT: dict[str, Callable[[str], object]] = {
    "StatusCode": lambda given: given in ("HTTP_301", "HTTP_302"),
    "Protocol": lambda given: given in ("HTTP", "HTTPS", "#{protocol}"),
    "Port": lambda given: given == "#{port}" or (given.isdecimal() and 0 < int(given) < 65536),
    "Path": lambda given: given.startswith("/"),
}


def wrong(text: str) -> Exception:
    """Return a ValidationError."""
    from moto.elbv2.exceptions import ValidationError

    return ValidationError(text)


def refuse_plain(field: str, text: str) -> None:
    """Raise AWS's error for invalid characters in a condition's value."""
    shape = _SHAPES.get(field)
    if shape is not None and not shape.fullmatch(text):
        raise wrong(f"Condition value '{text}' contains a character that is not valid")
    _, dot, last = text.rpartition(".")
    if field == "host-header" and not (dot and _LAST_LABEL.fullmatch(last)):
        raise wrong(f"Condition value '{text}' must contain a '.' before a top-level domain")
    if field == "source-ip" and not _is_network(text):
        raise wrong(f"Condition value '{text}' must be in CIDR format")


def refuse_expression(text: str) -> None:
    """Raise AWS's error for an invalid regular expression."""
    try:
        expression(text, ignore_case=False)
    except re2.error:
        raise wrong(f"Condition value '{text}' is not a valid regular expression") from None


def refuse_header(name: str) -> None:
    """Raise AWS's error for a header that a condition cannot match."""
    if name.lower() == "host":
        raise wrong("The 'HttpHeaderName' value 'Host' is not valid; use 'host-header' instead")


def refuse_redirect(config: Json) -> None:
    """Raise AWS's error for an invalid part of a redirect."""
    for part, holds in _REDIRECT.items():
        given = config.get(part)
        if given is not None and not holds(str(given)):
            raise wrong(f"The redirect configuration's {part} '{given}' is not valid")


def refuse_groups(groups: list[Json]) -> None:
    """Raise AWS's error for too many target groups, or a weight out of range."""
    if len(groups) > MOST_GROUPS:
        raise wrong(f"A forward action can have at most '{MOST_GROUPS}' target groups")
    for group in groups:
        if not 0 <= int(group.get("Weight") or 0) <= MOST_WEIGHT:
            raise wrong(f"Target group weights must be between '0' and '{MOST_WEIGHT}'")


def _is_network(text: str) -> bool:
    with contextlib.suppress(ValueError):
        ipaddress.ip_network(text, strict=False)
        return "/" in text
    return False
