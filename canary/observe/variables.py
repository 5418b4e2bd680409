"""Which variables of a container are addresses, and how their values are kept."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

# Addresses and names only. Everything else is known by its name alone.
_PLAIN = re.compile(r"^(PORT|.*_(URL|URI|HOST|HOSTS|PORT|SERVICE_ID|NAME|USER|ENDPOINT))$")
_SECRETIVE = re.compile(
    r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|AUTH_NAME"
    r"|WEBHOOK|SIGNED|SAS_U)"  # such an address is a credential itself
)
_MAX_VALUE = 200


def is_address(name: str, parts: frozenset[str] = frozenset()) -> bool:
    """Return whether a variable's name says that its value is an address and no secret.

    `parts` are parts of further names that the environment file gives.
    """
    known = _PLAIN.match(name) or any(part in name for part in parts)
    return bool(known) and not _SECRETIVE.search(name)


def is_bucket(name: str, value: str) -> bool:
    """Return whether a variable holds the address of a bucket, whatever its name says."""
    return value.startswith("s3://") and not _SECRETIVE.search(name)


def address(value: str) -> str:
    """Return a value without user information, query and fragment."""
    if "://" not in value:
        return "" if "@" in value else value[:_MAX_VALUE]
    try:
        parts = urlsplit(value)
    except ValueError:
        return ""
    user, _, netloc = parts.netloc.rpartition("@")
    _, colon, port = netloc.partition(":")
    plain = parts.scheme in ("http", "https") and port.isdigit()
    if colon and not user and not plain and "@" in value:
        return ""  # a password with / ? or # in it: its end cannot be found
    return urlunsplit((parts.scheme, netloc, parts.path, "", ""))[:_MAX_VALUE]
