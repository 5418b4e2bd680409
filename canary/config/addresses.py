"""The addresses of an environment, checked whenever its file is read.

A run with a wrong address would blame the platform.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from canary.model import Environment

ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\s/]+):(\d{1,5})")


def problems(environment: Environment) -> Iterator[str]:
    """Yield each problem as `key: what is wrong`."""
    for name, service in environment.services.items():
        if service.url and not is_url(service.url):
            yield f"services.{name}.url: {service.url} is not a plain http(s) address"
        for port, address in service.connect_to.items():
            if not port.isdigit() or not _is_address(address):
                at = f"services.{name}.connect_to"
                yield f'{at}: {port} = "{address}" is not of the form 443 = "address:port"'


def is_url(text: str) -> bool:
    """Return whether the text is a URL to which a path can be added."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises ValueError for an invalid port
    except ValueError:
        return False
    plain = parts.username is None and not parts.query and not parts.fragment
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain


def _is_address(text: str) -> bool:
    match = ADDRESS.fullmatch(text)
    return bool(match) and 0 < int(match[2]) < 65_536 if match else False
