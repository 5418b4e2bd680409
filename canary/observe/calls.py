"""The boundary between the readers and AWS: an exception becomes an `Unavailable`."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

import msgspec

from canary.control_plane.state import Unavailable
from canary.model import Environment, Frozen

T = TypeVar("T")

# How AWS's protocols spell a missing permission (JSON, query, EC2, REST).
DENIED_CODES = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure", "403"}
)


class Permission(Frozen, frozen=True, kw_only=True):
    """An IAM action that a reader needs.

    `resource` is a template over {region}, {account}, {cluster}, {log_group} (one a service) or
    "*" where AWS offers no narrower scope; `condition` has the form {operator: {key: template}}.
    """

    action: str
    resource: str = "*"
    condition: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)


class Clients(Protocol):
    """The source of AWS clients; the adapter sets their time-outs and retries."""

    def client(self, service: str) -> Any:
        """Return a client of boto3 for "elbv2", "ecs", …"""
        ...


class Reader:
    """The clients and the environment of one observation, and a list of its failed calls."""

    def __init__(self, clients: Clients, environment: Environment) -> None:
        self.environment = environment
        self._clients = clients
        self._lock = threading.Lock()
        self._unavailable: list[Unavailable] = []

    def client(self, service: str) -> Any:
        """Return a client, made under a lock: boto3 does not make clients thread-safely."""
        with self._lock:
            return self._clients.client(service)

    def call(
        self,
        action: str,
        resource: str,
        fetch: Callable[[], T],
        default: T,
        not_found_codes: Iterable[str] = (),
    ) -> T:
        """Return the result of `fetch`, or the default and a note in `unavailable`.

        An error of AWS with one of `not_found_codes` means that the resource does not exist, so
        the default is returned without a note.
        """
        try:
            return fetch()
        except Exception as error:  # noqa: BLE001 - the readers' one boundary: becomes a value
            code = error_code(error)
            if code not in set(not_found_codes):
                self._note(action, resource, code, error)
            return default

    def pages(
        self, service: str, operation: str, key: str, action: str, resource: str, **kwargs: Any
    ) -> list[dict[str, Any]]:
        """Return the items of all pages of an operation."""
        not_found_codes = kwargs.pop("not_found_codes", ())

        def fetch() -> list[dict[str, Any]]:
            paginator = self.client(service).get_paginator(operation)
            return [item for page in paginator.paginate(**kwargs) for item in page.get(key, [])]

        return self.call(action, resource, fetch, [], not_found_codes)

    def pages_of_strings(
        self, service: str, operation: str, key: str, action: str, resource: str, **kwargs: Any
    ) -> list[str]:
        """Return the strings (ARNs) of all pages of an operation."""
        found: list[Any] = self.pages(service, operation, key, action, resource, **kwargs)
        return [str(item) for item in found]

    def unavailable(self) -> tuple[Unavailable, ...]:
        """Return the failed calls in a stable order."""
        with self._lock:
            return tuple(sorted(self._unavailable, key=lambda u: (u.action, u.resource)))

    def _note(self, action: str, resource: str, code: str, error: Exception) -> None:
        note = Unavailable(
            action=action,
            resource=resource,
            code=code,
            reason=str(error)[:300],
            denied=is_denied(code, error),
        )
        with self._lock:
            self._unavailable.append(note)


def error_code(error: Exception) -> str:
    """Return AWS's error code, or the kind of the exception (ConnectTimeoutError, …)."""
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""
    return str(code) or type(error).__name__


def is_denied(code: str, error: Exception) -> bool:
    """Return whether an error is a missing permission."""
    response = getattr(error, "response", None)
    status = 0
    if isinstance(response, dict):
        status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) or 0)
    return code in DENIED_CODES or "AccessDenied" in code or status == 403


def when(value: Any) -> str:
    """Return a time of AWS as ISO 8601 in UTC; "" for none.

    Milliseconds are kept: a task may stop and its service become steady within one second.
    """
    if not isinstance(value, dt.datetime):
        return str(value) if value else ""
    known: dt.datetime = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    exact = "milliseconds" if known.microsecond else "seconds"
    return known.astimezone(dt.UTC).isoformat(timespec=exact)


def strings(values: Iterable[Any] | None) -> tuple[str, ...]:
    """Return a list of an API as a tuple of strings; None becomes an empty tuple."""
    return tuple(str(v) for v in values or ())
