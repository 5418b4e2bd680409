"""The addresses of an environment, checked whenever its file is read.

A run with a wrong address would blame the platform.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from canary.model import Environment

ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\s/]+):(\d{1,5})")
LABEL = re.compile(r"[0-9A-Za-z_]([0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?")
NUMBERS = re.compile(r"[0-9.]+")
LONGEST_HOST = 253
NEVER = frozenset('\\"<>^`{|}')
"""Printable characters that no URL may hold (RFC 3986)."""


def problems(environment: Environment) -> Iterator[str]:
    """Yield each problem as `key: what is wrong`."""
    urls = {f"services.{n}.url": service.url for n, service in environment.services.items()}
    for key, url in {**urls, "aws_endpoint_url": environment.aws_endpoint_url}.items():
        if url and (wrong := url_problem(url)) is not None:
            yield f"{key}: {url} is not a plain http(s) address{wrong}"
    for name, service in environment.services.items():
        for port, address in service.connect_to.items():
            if not _is_port(port) or not _is_address(address):
                at = f"services.{name}.connect_to"
                yield f'{at}: {port} = "{address}" is not of the form 443 = "address:port"'


def is_url(text: str) -> bool:
    """Return whether the text is a URL to which a path can be added."""
    return url_problem(text) is None


def url_problem(text: str) -> str | None:
    """Return None where a path can be added to a URL, else ": why not", "" for no URL at all."""
    wrong = next((c for c in text if not c.isprintable() or c == " " or c in NEVER), "")
    if wrong:
        return f": it may hold no {wrong!r}"
    try:
        parts = urlsplit(text)
        port = parts.port  # raises for what is no port
    except ValueError as error:
        return f": {str(error)[:1].lower()}{str(error)[1:]}"
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return ""
    if parts.username is not None or parts.query or parts.fragment or text[-1:] in "?#":
        return ": no user, query or fragment may stand in it"
    if port == 0:
        return ": port 0 is none (valid: 1 to 65535)"
    host = parts.hostname or ""
    return None if is_host(host) else f": {host or 'nothing'} is no host"


def is_host(host: str) -> bool:
    """Return whether a text is an IP address or a name that can be looked up."""
    if ":" in host or NUMBERS.fullmatch(host):
        return _is_ip(host)
    try:
        ascii_host = host if host.isascii() else _idna(host)
    except UnicodeError:
        return False
    labels = ascii_host.removesuffix(".").split(".")
    return len(ascii_host) <= LONGEST_HOST and all(LABEL.fullmatch(label) for label in labels)


def _idna(host: str) -> str:
    import idna  # hardly any platform has such a name

    return idna.encode(host, uts46=True).decode()


def _is_ip(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65_536


def _is_address(text: str) -> bool:
    match = ADDRESS.fullmatch(text)
    return match is not None and _is_port(match[2]) and is_host(match[1].strip("[]"))
