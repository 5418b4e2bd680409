"""The boundary between the readers and AWS: an exception becomes an `Unavailable`."""

from __future__ import annotations

import datetime as dt
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from canary.control_plane.state import Bound, Unavailable
from canary.model import Environment, Frozen

T = TypeVar("T")

MOST_ITEMS = 5_000
"""Items of one reading. AWS allows an account some hundreds of each kind that is read here."""

# How AWS's protocols spell a missing permission (JSON, query, EC2, REST).
DENIED_CODES = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure", "403"}
)

# before a capital that follows a small letter, or that begins a word after other capitals
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Permission(Frozen, frozen=True, kw_only=True):
    """An IAM action that a reader needs.

    `resource` is a template over {region}, {account}, {cluster}, {log_group} (one a service),
    {task_log_group} (these and the further ones) or "*" where AWS offers no narrower scope;
    `condition` has the form {operator: {key: template}}.
    """

    action: str
    resource: str = "*"
    condition: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)


class TooManyError(Exception):
    """A reading has more items than a run can hold; nothing of it is known."""


class Clients(Protocol):
    """The source of AWS clients; the adapter sets their time-outs and retries."""

    def client(self, service: str) -> Any:
        """Return a client of boto3 for "elbv2", "ecs", …"""
        ...


class Reader:
    """The clients and the environment of one observation, its failed calls and its bounds."""

    def __init__(
        self, clients: Clients, environment: Environment, most_items: int = MOST_ITEMS
    ) -> None:
        self.environment = environment
        self._most_items = most_items
        self._clients = clients
        self._lock = threading.Lock()
        self._unavailable: list[Unavailable] = []
        self._bounds: list[Bound] = []
        self._unread: set[str] = set()

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
        missing: Mapping[str, T] | None = None,
    ) -> T:
        """Return the result of `fetch`, or the default and a note in `unavailable`.

        `missing` maps AWS's error codes for a resource that does not exist to the value for it,
        which is returned without a note.
        """
        try:
            return fetch()
        except Exception as error:  # noqa: BLE001 - the readers' one boundary: becomes a value
            code = error_code(error)
            if missing is not None and code in missing:
                return missing[code]
            self.note(action, resource, code, error)
            return default

    def answer(
        self,
        action: str,
        resource: str,
        convert: Callable[[dict[str, Any]], T],
        default: T,
        missing: Mapping[str, T] | None = None,
        **parameters: Any,
    ) -> T:
        """Return the converted answer of the operation that an IAM action names."""
        service, operation = operation_of(action)

        def fetch() -> T:
            return convert(getattr(self.client(service), operation)(**parameters))

        return self.call(action, resource, fetch, default, missing)

    def pages(
        self,
        action: str,
        key: str,
        resource: str = "*",
        *,
        not_found: Sequence[str] = (),
        **parameters: Any,
    ) -> list[Any] | None:
        """Return the items of all pages of the operation that an IAM action names, else None.

        None: the call failed, or there are too many items, so that nothing is known: what is not
        among the first thousands may still be there. `not_found` holds AWS's error codes for
        a resource that does not exist: it has no items.
        """
        service, operation = operation_of(action)

        def fetch() -> list[Any] | None:
            paginator = self.client(service).get_paginator(operation)
            found: list[Any] = []
            for page in paginator.paginate(**parameters):
                found += page.get(key, [])
                if len(found) > self._most_items:
                    raise TooManyError(f"more than {self._most_items} items: none was kept")
            return found

        return self.call(action, resource, fetch, None, {code: [] for code in not_found})

    def miss(self, part: str) -> None:
        """Note that a field of the state could not be read, or not wholly."""
        with self._lock:
            self._unread.add(part)

    def unread(self) -> tuple[str, ...]:
        """Return the fields of the state that could not be read."""
        with self._lock:
            return tuple(sorted(self._unread))

    def bounded(self, action: str, resource: str, limit: int, unit: str) -> None:
        """Note that a reading ended at its bound."""
        with self._lock:
            self._bounds.append(Bound(action=action, resource=resource, limit=limit, unit=unit))

    def bounds(self) -> tuple[Bound, ...]:
        """Return the readings that ended at their bound, in a stable order."""
        with self._lock:
            return tuple(sorted(self._bounds, key=lambda b: (b.action, b.resource, b.unit)))

    def unavailable(self) -> tuple[Unavailable, ...]:
        """Return the failed calls in a stable order."""
        with self._lock:
            return in_order(self._unavailable)

    def note(self, action: str, resource: str, code: str, error: Exception) -> None:
        """Note that what an action tells could not be read."""
        note = Unavailable(
            action=action,
            resource=resource,
            code=code,
            reason=str(error)[:300],
            denied=is_denied(code, error),
        )
        with self._lock:
            self._unavailable.append(note)


def in_order(failed: Iterable[Unavailable]) -> tuple[Unavailable, ...]:
    """Return failed calls in a stable order."""
    return tuple(sorted(failed, key=lambda u: (u.action, u.resource)))


def unread(**parts: object) -> tuple[str, ...]:
    """Return the names of the parts whose reading failed: those that are None."""
    return tuple(name for name, found in parts.items() if found is None)


def plain(value: Any) -> Any:
    """Return a value of AWS as JSON has it: times as text, no metadata."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k != "ResponseMetadata"}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return when(value) if isinstance(value, dt.datetime) else value


def operation_of(action: str) -> tuple[str, str]:
    """Return the client and the method of boto3: "ecs", "list_tasks" for ecs:ListTasks.

    Capitals in a row are one word: "describe_db_instances" for rds:DescribeDBInstances.
    """
    prefix, _, name = action.partition(":")
    words = _WORD.sub("_", name).lower()
    return "elbv2" if prefix == "elasticloadbalancing" else prefix, words


def attributes(answer: dict[str, Any]) -> dict[str, str] | None:
    """Return the attributes of a load balancer or of a target group."""
    return {a["Key"]: str(a.get("Value", "")) for a in answer.get("Attributes", [])}


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
