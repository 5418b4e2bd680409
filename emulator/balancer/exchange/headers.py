"""Headers that a load balancer adds, changes and removes.

Source: "HTTP headers and Application Load Balancers", "Request tracing".
"""

from __future__ import annotations

import re
import secrets
import time
from typing import Any

from emulator.balancer.exchange.wire import CHUNKED, UNTIL_CLOSE, Headers, first, values

# Headers of one connection, never passed on (RFC 9110, 7.6.1), and those written anew here.
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
        "upgrade",
        "te",
        "trailer",
    }
)
_WRITTEN_ANEW = frozenset(
    {
        "host",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-port",
        "x-amzn-trace-id",
        "expect",
    }
)
MOST_FORWARDERS = 30
TRACE_BYTES = 7 * 1024
_PLAIN_NAME = re.compile(r"[A-Za-z0-9-]+")


def trace_part() -> str:
    """Return a new trace identifier: version, seconds since 1970 in hexadecimal, 96 random bits."""
    return f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"


def trace_header(given: str | None) -> str:
    """Return X-Amzn-Trace-Id: a Root if none was given, else a Self before what was given."""
    if not given or len(given) > TRACE_BYTES:
        return f"Root={trace_part()}"
    fields = [part for part in given.split(";") if part]
    if not any(field.startswith("Root=") for field in fields):
        return ";".join([f"Root={trace_part()}", *fields])
    kept = [field for field in fields if not field.startswith("Self=")]
    return ";".join([f"Self={trace_part()}", *kept])


def too_many_forwarders(headers: Headers) -> bool:
    """Return whether X-Forwarded-For names more addresses than a balancer takes (463)."""
    named = ",".join(values(headers, "x-forwarded-for"))
    return named.count(",") + 1 > MOST_FORWARDERS


def _forwarded_for(headers: Headers, peer: str, mode: str) -> Headers:
    given = ", ".join(values(headers, "x-forwarded-for"))
    if mode == "remove":
        return []
    if mode == "preserve":
        return [("X-Forwarded-For", given)] if given else []
    return [("X-Forwarded-For", f"{given}, {peer}" if given else peer)]


def _named(headers: Headers) -> frozenset[str]:
    """Return the hop-by-hop headers that Connection names."""
    named = ",".join(values(headers, "connection")).lower().split(",")
    return frozenset(name.strip() for name in named)


def switched_on(options: dict[str, Any], name: str, default: str = "false") -> bool:
    """Return whether an attribute of a balancer or a listener is true."""
    return str(options.get(name, default)).lower() == "true"


def without_invalid(headers: Headers, options: dict[str, Any]) -> Headers:
    """Return a request's headers, without invalid names if the attribute drops them."""
    if not switched_on(options, "routing.http.drop_invalid_header_fields.enabled"):
        return headers
    return [(name, value) for name, value in headers if _PLAIN_NAME.fullmatch(name)]


def _host(headers: Headers, options: dict[str, Any]) -> Headers:
    given = first(headers, "host")
    if given is None:
        return []
    kept = switched_on(options, "routing.http.preserve_host_header.enabled")
    return [("Host", given if kept else given.lower())]


def to_target(
    headers: Headers,
    *,
    peer: str,
    peer_port: int,
    scheme: str,
    port: int,
    length: int,
    options: dict[str, Any],
) -> Headers:
    """Return the headers a target receives; options are the balancer's attributes."""
    if switched_on(options, "routing.http.xff_client_port.enabled"):
        peer = f"{peer}:{peer_port}"
    mode = str(options.get("routing.http.xff_header_processing.mode", "append"))
    dropped = HOP_BY_HOP | _WRITTEN_ANEW | _named(headers)
    sent = [
        *_forwarded_for(headers, peer, mode),
        ("X-Forwarded-Proto", scheme),
        ("X-Forwarded-Port", str(port)),
        *_host(headers, options),
        ("X-Amzn-Trace-Id", trace_header(first(headers, "x-amzn-trace-id"))),
        *((name, value) for name, value in headers if name.lower() not in dropped),
    ]
    if length == CHUNKED:
        sent = [(name, value) for name, value in sent if name.lower() != "content-length"]
        sent.append(("Transfer-Encoding", "chunked"))
    return sent


def to_client(
    headers: Headers,
    *,
    length: int,
    rechunk: bool,
    keep_alive: bool,
    cookies: list[str],
    server: bool = True,
) -> Headers:
    """Return the headers for the client: the target's, and the state of this connection."""
    dropped = HOP_BY_HOP | _named(headers) | (frozenset() if server else {"server"})
    sent = [(name, value) for name, value in headers if name.lower() not in dropped]
    if length in (CHUNKED, UNTIL_CLOSE):
        sent = [(name, value) for name, value in sent if name.lower() != "content-length"]
    if rechunk:
        sent.append(("Transfer-Encoding", "chunked"))
    sent.extend(("Set-Cookie", cookie) for cookie in cookies)
    sent.append(("Connection", "keep-alive" if keep_alive else "close"))
    return sent
