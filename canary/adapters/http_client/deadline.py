"""Requests in flight, and the one thread that ends them at their deadline.

The `timeout` of requests restarts with every byte received: a server that drips one header byte a
second occupies a client for minutes. The watchdog shuts the socket down instead.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import socket
import threading
import time
from collections.abc import Collection
from enum import StrEnum
from typing import Protocol

from canary.adapters.http_client.addresses import LookUp
from canary.model import PeerCertificate


class Phase(StrEnum):
    """The phase of a request; before REQUEST no byte of it has reached the server."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    REQUEST = "request"
    BODY = "body"


class Closable(Protocol):
    """A connection that holds a duplicate of its socket."""

    def drop_handle(self) -> None:
        """Close the duplicate when the socket itself is closed."""
        ...


class InFlightRequest:
    """The state of the request that this thread is carrying out."""

    __slots__ = (
        "certificate",
        "connect_to",
        "connection",
        "dead",
        "deadline",
        "dns_s",
        "done",
        "expired",
        "first_byte_s",
        "handle",
        "look_up",
        "may_be_sent_twice",
        "new_connection",
        "peer",
        "phase",
        "reused",
        "silent_s",
        "target",
        "tcp_s",
        "thread",
        "tls_s",
        "tls_version",
    )

    def __init__(
        self,
        *,
        connect_to: str,
        deadline: float,
        new_connection: bool,
        look_up: LookUp,
        target: str = "",
        may_be_sent_twice: bool = True,
        silent_s: float = 0.0,
    ) -> None:
        self.connect_to = connect_to
        self.look_up = look_up  # asks for the addresses of a name
        self.deadline = deadline
        self.silent_s = silent_s  # how long the other side may stay silent
        self.target = target  # what stands in the request line
        self.new_connection = new_connection
        self.may_be_sent_twice = may_be_sent_twice
        self.dead: tuple[str, ...] = ()  # addresses tried in vain, each with why
        self.phase = Phase.DNS
        self.dns_s = self.tcp_s = self.tls_s = self.first_byte_s = 0.0
        self.reused = False
        self.peer = ""
        self.tls_version = ""
        self.certificate: PeerCertificate | None = None
        self.handle: socket.socket | None = None
        self.connection: Closable | None = None
        self.expired = False
        self.done = False
        self.thread = threading.get_ident()

    def left(self) -> float:
        """Return the seconds until the deadline, never less than a millisecond."""
        return max(self.deadline - time.monotonic(), 0.001)


class _Current(threading.local):
    request: InFlightRequest | None = None


current = _Current()


def current_request() -> InFlightRequest:
    """Return the request that this thread is carrying out."""
    if current.request is None:
        raise RuntimeError("a timed connection is used outside HttpClient.send")
    return current.request


def _shut(handle: socket.socket) -> None:
    with contextlib.suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)


class Watchdog:
    """Shuts down the sockets of overdue requests; one thread for the whole process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, InFlightRequest]] = []
        self._order = itertools.count()
        self._thread: threading.Thread | None = None

    def watch(self, watched: InFlightRequest) -> None:
        """Begin to watch; wake the thread only if this deadline is the nearest."""
        with self._changed:
            heapq.heappush(self._heap, (watched.deadline, next(self._order), watched))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif self._heap[0][2] is watched:
                self._changed.notify()

    def attach(self, watched: InFlightRequest, handle: socket.socket) -> None:
        """Set the socket to shut down; after the deadline it is shut down at once."""
        with self._changed:
            watched.handle = handle
            if watched.expired:
                _shut(handle)

    def release(self, watched: InFlightRequest) -> None:
        """Stop watching; after this the socket is not touched any more."""
        with self._changed:
            watched.done = True
            watched.handle = None
        if watched.connection is not None:
            watched.connection.drop_handle()
            watched.connection = None

    def end_requests(self, threads: Collection[int]) -> None:
        """End the requests under way in these threads, as if their time were over."""
        with self._changed:
            for _, _, watched in self._heap:
                if watched.thread in threads and not watched.done and not watched.expired:
                    watched.expired = True
                    if watched.handle is not None:
                        _shut(watched.handle)

    def _run(self) -> None:
        with self._changed:
            while True:
                if not self._heap:
                    self._changed.wait()
                    continue
                wait_s = self._heap[0][0] - time.monotonic()
                if wait_s > 0:
                    self._changed.wait(wait_s)
                    continue
                overdue = heapq.heappop(self._heap)[2]
                if not overdue.done:
                    overdue.expired = True
                    if overdue.handle is not None:
                        _shut(overdue.handle)


watchdog = Watchdog()
