"""Find the listener rule that a request matches, by AWS's documented conditions.

Source: "Listener rules for your Application Load Balancer" and the API's RuleCondition.
The path is compared as it was sent: no decoding, no folding of `..` or `//` (AWS states nothing).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Protocol
from urllib.parse import unquote_plus

import msgspec
import re2

from emulator.balancer.conditions import Condition, QueryPair, ValuesConfig
from emulator.balancer.model import Rule


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The fields that rules match; host has no port, peer is the TCP peer's address."""

    method: str
    host: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    peer: str


class Pattern(Protocol):
    """A compiled pattern of RE2."""

    def fullmatch(self, text: str) -> object:
        """Return None where the pattern is not the whole text."""
        ...

    def search(self, text: str) -> object:
        """Return None where the pattern is nowhere in the text."""
        ...


@lru_cache(maxsize=4096)
def wildcard(pattern: str, ignore_case: bool, escapes: bool = False) -> Pattern:
    """Return a pattern's anchored expression: `*` any characters, `?` exactly one."""
    parts: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if escapes and character == "\\":
            parts.append(re2.escape(next(characters, "\\")))
        else:
            parts.append({"*": ".*", "?": "."}.get(character) or re2.escape(character))
    return _linear("".join(parts), ignore_case, across_lines=True)


@lru_cache(maxsize=1024)
def expression(pattern: str, ignore_case: bool) -> Pattern:
    """Return a compiled regular expression; raises re2.error where it is none."""
    return _linear(pattern, ignore_case, across_lines=False)


def _linear(pattern: str, ignore_case: bool, across_lines: bool) -> Pattern:
    """Compile for RE2: no expression of a rule may keep the balancer busy."""
    options = re2.Options()
    options.case_sensitive, options.dot_nl = not ignore_case, across_lines
    options.log_errors = False
    compiled: Pattern = re2.compile(pattern, options)
    return compiled


def _any(condition: Condition, config: ValuesConfig | None, text: str, ignore_case: bool) -> bool:
    """Return whether one of a condition's values matches, in either form of the API."""
    values = (config.values if config else None) or condition.values or []
    expressions = (config.regex_values if config else None) or condition.regex_values or []
    return any(wildcard(value, ignore_case).fullmatch(text) for value in values) or any(
        expression(value, ignore_case).search(text) for value in expressions
    )


def _host(condition: Condition, asked: Asked) -> bool:
    return _any(condition, condition.host_header_config, asked.host, ignore_case=True)


def _path(condition: Condition, asked: Asked) -> bool:
    return _any(condition, condition.path_pattern_config, asked.path, ignore_case=False)


def _header(condition: Condition, asked: Asked) -> bool:
    config = condition.http_header_config
    if config is None:
        return False
    name = config.http_header_name.lower()
    found = (value for key, value in asked.headers if key.lower() == name)
    return any(_any(condition, config, value, ignore_case=True) for value in found)


def _method(condition: Condition, asked: Asked) -> bool:
    config = condition.http_request_method_config
    return asked.method in ((config.values if config else None) or condition.values or [])


def _pairs(query: str) -> Iterable[tuple[str, str]]:
    for part in filter(None, query.split("&")):
        key, _, value = part.partition("=")
        yield unquote_plus(key), unquote_plus(value)


def _pair_holds(wanted: QueryPair, key: str, value: str) -> bool:
    if wanted.key and not wildcard(wanted.key, True, True).fullmatch(key):
        return False
    return wildcard(wanted.value, True, True).fullmatch(value) is not None


def _query(condition: Condition, asked: Asked) -> bool:
    config = condition.query_string_config
    wanted = (config.values if config else None) or []
    return any(_pair_holds(one, *pair) for pair in _pairs(asked.query) for one in wanted)


@lru_cache(maxsize=1024)
def _network(cidr: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(cidr, strict=False)


def _source(condition: Condition, asked: Asked) -> bool:
    config = condition.source_ip_config
    peer = ipaddress.ip_address(asked.peer)
    return any(peer in _network(cidr) for cidr in (config.values if config else None) or [])


FIELDS: dict[str, Callable[[Condition, Asked], bool]] = {
    "host-header": _host,
    "path-pattern": _path,
    "http-header": _header,
    "http-request-method": _method,
    "query-string": _query,
    "source-ip": _source,
}


def holds(condition: Condition, asked: Asked) -> bool:
    """Return whether a condition holds; a field that AWS does not know never does."""
    field = FIELDS.get(condition.field)
    return field is not None and field(condition, asked)


def in_order(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return rules by ascending priority, the default rule last."""
    return tuple(sorted(rules, key=lambda r: (r.priority == "default", _number(r.priority))))


def _number(priority: str) -> int:
    return int(priority) if priority.isdigit() else 0


def first_match(ordered: Iterable[Rule], asked: Asked) -> Rule | None:
    """Return the first rule of which all conditions hold; the default rule always does."""
    for rule in ordered:
        if rule.priority == "default" or all(holds(c, asked) for c in rule.conditions):
            return rule
    return None
