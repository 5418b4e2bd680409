"""Where a platform is: the addresses of an environment. Pure.

Held to their form wherever the file is read: a run with a wrong one would blame the platform.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from canary.model import Environment

ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\s/]+):(\d{1,5})")


def problems(environment: Environment) -> Iterator[str]:
    """Return what is wrong, each `key: what is wrong`."""
    for name, service in environment.services.items():
        if service.url and not is_url(service.url):
            yield f"services.{name}.url: {service.url} is no http:// or https:// address"
        for port, address in service.connect_to.items():
            if not port.isdigit() or not _is_address(address):
                at = f"services.{name}.connect_to"
                yield f'{at}: {port} = "{address}" is not of the form 443 = "address:port"'


def is_url(text: str) -> bool:
    """Return whether a path can be added to a text to ask a host."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises for what is no port
    except ValueError:
        return False
    plain = parts.username is None and not parts.query and not parts.fragment
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain


def _is_address(text: str) -> bool:
    match = ADDRESS.fullmatch(text)
    return bool(match) and 0 < int(match[2]) < 65_536 if match else False
