"""Connections that time DNS, TCP, TLS and the first byte.

urllib3 has no hooks; its pools make connections of a class of our choice (`ConnectionCls`).
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
)
from urllib3.response import HTTPResponse

from canary.adapters.http_client.certificates import peer_certificate
from canary.adapters.http_client.deadline import InFlightRequest, Phase, current_request, watchdog
from canary.adapters.http_client.sockets import SteadySocket

IDLE_LIMIT_S = 15.0  # older idle connections are not used again: the other side may be gone

Address = tuple[Any, ...]
Found = tuple[socket.AddressFamily, Address]


def resolve(host: str, port: int, limit_s: float) -> list[Found]:
    """Return addresses within `limit_s`; raise socket.gaierror.

    getaddrinfo cannot be interrupted, so a thread looks the name up and may be left behind.
    """
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return [(family, (host, port))]
    outcome: list[list[Found] | OSError] = []

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
            outcome.append([(row[0], row[4]) for row in rows])
        except OSError as error:
            outcome.append(error)
        except UnicodeError:  # a label that is empty or longer than 63 characters
            outcome.append(socket.gaierror(socket.EAI_NONAME, "not a host name"))

    thread = threading.Thread(target=look_up, name="dns", daemon=True)
    thread.start()
    thread.join(limit_s)
    if not outcome:
        raise socket.gaierror(socket.EAI_AGAIN, f"no answer within {limit_s:.1f} s")
    if isinstance(outcome[0], OSError):
        raise outcome[0]
    return outcome[0]


class _Timed:
    """The timing of plain and TLS connections; a mix-in before urllib3's class."""

    host: str
    port: int
    timeout: Any
    sock: Any
    socket_options: Any
    _dns_host: str

    handle: socket.socket | None = None  # a duplicate: TLS detaches the first one
    used_at: float = 0.0
    peer: str = ""
    tls_version: str = ""
    certificate: Any = None
    noted: InFlightRequest | None = None

    def _target(self, in_flight: InFlightRequest) -> tuple[str, int]:
        if not in_flight.connect_to:
            return self._dns_host, self.port
        address, _, port = in_flight.connect_to.rpartition(":")
        return address.strip("[]"), int(port)

    def _new_conn(self) -> socket.socket:
        in_flight = current_request()
        began = time.perf_counter()
        host, port = self._target(in_flight)
        try:
            found = resolve(host, port, in_flight.left())
        except OSError as error:
            gai = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
            raise NameResolutionError(host, self, gai) from error  # type: ignore[arg-type]  # stubs name the pool's own class
        in_flight.dns_s = time.perf_counter() - began
        in_flight.phase = Phase.CONNECT
        return self._first_open(found, in_flight)

    def _first_open(self, found: list[Found], in_flight: InFlightRequest) -> socket.socket:
        began = time.perf_counter()
        last: OSError = OSError("the name has no address")
        for family, address in found:
            try:
                sock = self._open(family, address, in_flight)
            except OSError as error:  # also: this machine has no IPv6, and the name has
                last = error
                continue
            in_flight.tcp_s = time.perf_counter() - began
            self.peer = f"{address[0]}:{address[1]}"
            self.handle = sock.dup()
            self._note(in_flight)
            in_flight.phase = Phase.REQUEST
            return sock
        if isinstance(last, TimeoutError):
            text = f"no connection within {self.timeout:.1f} s"
            raise ConnectTimeoutError(self, text) from last
        raise NewConnectionError(self, str(last)) from last  # type: ignore[arg-type]  # stubs name the pool's own class

    def _open(
        self, family: socket.AddressFamily, address: Address, in_flight: InFlightRequest
    ) -> socket.socket:
        sock = SteadySocket(family, socket.SOCK_STREAM)
        try:
            for option in self.socket_options or ():
                sock.setsockopt(*option)
            sock.settimeout(min(float(self.timeout), in_flight.left()))
            sock.connect(address)
        except OSError:
            sock.close()
            raise
        return sock

    def _note(self, in_flight: InFlightRequest) -> None:
        self.noted = in_flight
        in_flight.peer = self.peer
        in_flight.connection = self
        if self.handle is not None:
            watchdog.attach(in_flight, self.handle)

    def close(self) -> None:
        """Close; http.client calls this before it reads the body if no request may follow."""
        super().close()  # type: ignore[misc]  # the class it is mixed into has it
        if self.noted is None or self.noted.done:
            self.drop_handle()

    def drop_handle(self) -> None:
        """Close the duplicate of a closed socket, so that the peer sees the end."""
        if self.sock is None and self.handle is not None:
            self.handle.close()
            self.handle = None

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send the request and note whether the connection is reused."""
        in_flight = current_request()
        if self.sock is not None:
            self.timeout = in_flight.silent_s  # urllib3 would take the time-out for connecting
            if self.noted is not in_flight:
                in_flight.reused = True
                in_flight.tls_version = self.tls_version
                in_flight.certificate = self.certificate
                self._note(in_flight)
            in_flight.phase = Phase.REQUEST
        super().request(*args, **kwargs)  # type: ignore[misc]  # the class it is mixed into has it
        in_flight.phase = Phase.REQUEST

    def getresponse(self) -> Any:
        """Return the answer and note the time since the last byte was sent."""
        began = time.perf_counter()
        answer: HTTPResponse = super().getresponse()  # type: ignore[misc]  # the class it is mixed into has it
        in_flight = current_request()
        in_flight.first_byte_s = time.perf_counter() - began
        in_flight.phase = Phase.BODY
        self.used_at = time.monotonic()
        return answer


class TimedConnection(_Timed, HTTPConnection):
    """A timed plain connection."""


class TimedTlsConnection(_Timed, HTTPSConnection):
    """A timed TLS connection that keeps the peer's certificate."""

    def connect(self) -> None:
        """Connect and shake hands; note both times and the peer's certificate."""
        in_flight = current_request()
        began = time.perf_counter()
        super().connect()
        in_flight.tls_s = time.perf_counter() - began - in_flight.dns_s - in_flight.tcp_s
        if isinstance(self.sock, ssl.SSLSocket):
            self.tls_version = self.sock.version() or ""
            self.certificate = peer_certificate(self.sock)
            in_flight.tls_version = self.tls_version
            in_flight.certificate = self.certificate

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        current_request().phase = Phase.TLS
        return sock


class _IdleLimit:
    """A pool that reuses no connection after a long idle time, and none for `new_connection`."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        if current_request().new_connection:
            return self._new_conn()  # type: ignore[attr-defined]  # the class it is mixed into has it
        connection = super()._get_conn(timeout)  # type: ignore[misc]  # the class it is mixed into has it
        used_at = connection.used_at
        if used_at and time.monotonic() - used_at > IDLE_LIMIT_S:
            connection.close()
        return connection

    def _put_conn(self, conn: Any) -> None:
        """Take a connection back; if the pool is full, close it without urllib3's warning."""
        pool = self.pool  # type: ignore[attr-defined]  # the class it is mixed into has it
        if conn is not None and pool is not None and pool.full():
            conn.close()
            return
        super()._put_conn(conn)  # type: ignore[misc]  # the class it is mixed into has it


class TimedPool(_IdleLimit, HTTPConnectionPool):
    """Connections without TLS."""

    ConnectionCls = TimedConnection


class TimedTlsPool(_IdleLimit, HTTPSConnectionPool):
    """Connections with TLS."""

    ConnectionCls = TimedTlsConnection
