"""Refuse requests that no run can send as written: service, method, path, headers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from canary.model import Check, Environment

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
PATHS = ("path", "use_path", "base")
FRAMING = frozenset(
    (
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
"""Headers of one connection, which the client sets by itself (RFC 9110, 7.6.1)."""
CREDENTIALS = frozenset(("authorization", "proxy-authorization", "x-api-key"))


def problems(spec: Any) -> Iterator[str]:
    """Yield what is wrong with the requests of a spec, each `key: what is wrong`."""
    yield from _request(spec, "spec")
    for number, case in enumerate(getattr(spec, "cases", ())):
        yield from _request(case, f"spec.cases[{number}]")


def _request(spec: Any, at: str) -> Iterator[str]:
    if getattr(spec, "method", "") == "CONNECT":
        yield f"{at}.method: CONNECT opens a tunnel, no check can judge it (valid: {METHODS})"
    for key in PATHS:
        path = getattr(spec, key, "")
        if isinstance(path, str) and "#" in path:
            yield f"{at}.{key}: {path} has a fragment, which no request carries (write # as %23)"
    yield from headers(getattr(spec, "request_headers", {}), f"{at}.request_headers")
    content_type = getattr(spec, "content_type", "")
    if wrong := _value(content_type):
        yield f"{at}.content_type: {wrong}"


def without_url(check: Check, environment: Environment, file: str) -> Iterator[str]:
    """Yield each service that the check sends requests to and that has no URL for them."""
    having = ", ".join(n for n, s in environment.services.items() if s.url) or "none"
    used = getattr(check.spec, "use_service", check.service)
    for key, name in (("service", check.service), ("spec.use_service", used)):
        service = environment.services.get(name)
        if service is None or (key != "service" and name == check.service):
            continue
        if not service.url:
            yield f"{key}: {name} has no url in {file} to send a request to (with one: {having})"


def headers(given: Mapping[str, str], at: str) -> Iterator[str]:
    """Yield what is wrong with the headers of a request."""
    seen: set[str] = set()
    for name, value in given.items():
        lower, where = name.lower(), f"{at}.{name}"
        if not TOKEN.fullmatch(name):
            yield f"{at}: {name!r} is no name of a header (valid: letters, digits and -)"
        elif lower in FRAMING:
            yield f"{where}: is set by the client, which knows its connection and its body"
        elif lower in CREDENTIALS:
            yield f"{where}: holds a credential; name a principal instead (principal and form)"
        elif lower in seen:
            yield f"{where}: stands twice, names of headers do not differ by case"
        elif wrong := _value(value):
            yield f"{where}: {wrong}"
        seen.add(lower)


def _value(value: str) -> str:
    """Return what is wrong with a header's value, "" if a request can carry it."""
    if any((c < " " and c != "\t") or c == "\x7f" for c in value):
        return f"{value!r} holds a control character, which ends or breaks the header"
    try:
        value.encode("latin-1")
    except UnicodeEncodeError as error:
        return f"{value[error.start]!r} is not in Latin-1, a header carries nothing else"
    if value != value.strip():
        return f"{value!r} begins or ends with a blank, which a server takes away"
    return ""
