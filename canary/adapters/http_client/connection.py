"""Connections that time DNS, TCP, TLS and the first byte.

urllib3 keeps the connections; its pools make them of a class of our choice (`ConnectionCls`). What
goes over a connection is `Exchange`'s: nothing of http.client is used but the class.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from typing import Any

import h11
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from canary.adapters.http_client.addresses import (
    NotConnectedError,
    connect_first,
    printed,
    resolve,
)
from canary.adapters.http_client.certificates import peer_certificate
from canary.adapters.http_client.deadline import InFlightRequest, Phase, current_request, watchdog
from canary.adapters.http_client.exchange import Exchange
from canary.adapters.http_client.sockets import SteadySocket

IDLE_LIMIT_S = 15.0  # older idle connections are not used again: the other side may be gone


class Received:
    """An answer whose head is read, as urllib3's pool hands it on; the body is still to be read."""

    def __init__(self, connection: Any, head: h11.Response) -> None:
        self.status = head.status_code
        self.fields = tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in head.headers.raw_items()
        )
        self._kept: Any = connection
        self.exchange: Exchange = connection.exchange
        # urllib3's pool reads the first three and writes the others.
        self.headers: dict[str, str] = {}
        self.version_string = head.http_version.decode()
        self.length_remaining = None
        self.retries: Any = None
        self._connection: Any = None
        self._pool: Any = None

    def release(self) -> None:
        """Give the connection back to its pool, closed unless its next answer is certain."""
        kept, self._kept = self._kept, None
        if kept is None:
            return
        if not self.exchange.reusable:
            kept.close()
        if self._pool is not None:
            self._pool._put_conn(kept)


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
    exchange: Any = None

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
            found = resolve(host, port, in_flight.left(), in_flight.look_up)
        except OSError as error:
            gai = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
            raise NameResolutionError(host, self, gai) from error  # type: ignore[arg-type]  # stubs name the pool's own class
        in_flight.dns_s = time.perf_counter() - began
        in_flight.phase = Phase.CONNECT
        return self._connect_to_first(found, in_flight)

    def _connect_to_first(self, found: Any, in_flight: InFlightRequest) -> socket.socket:
        began = time.perf_counter()
        limit_s = min(float(self.timeout), in_flight.left())
        try:
            opened = connect_first(found, self._socket, limit_s)
        except NotConnectedError as error:
            in_flight.dead = error.dead
            if error.first is None:
                text = f"no connection within {limit_s:.1f} s: {error}"
                raise ConnectTimeoutError(self, text) from error
            raise NewConnectionError(self, str(error)) from error.first  # type: ignore[arg-type]  # stubs name the pool's own class
        in_flight.tcp_s = time.perf_counter() - began
        in_flight.dead = opened.dead
        sock = opened.sock
        sock.settimeout(limit_s)
        self.peer = printed(opened.address)
        self.handle = sock.dup()
        self._note(in_flight)
        in_flight.phase = Phase.REQUEST
        return sock

    def _socket(self, family: socket.AddressFamily) -> socket.socket:
        sock = SteadySocket(family, socket.SOCK_STREAM)
        for option in self.socket_options or ():
            sock.setsockopt(*option)
        return sock

    def _note(self, in_flight: InFlightRequest) -> None:
        self.noted = in_flight
        in_flight.peer = self.peer
        in_flight.connection = self
        if self.handle is not None:
            watchdog.attach(in_flight, self.handle)

    def close(self) -> None:
        """Close, and let the duplicate go when no request is under way on it."""
        self.exchange = None
        super().close()  # type: ignore[misc]  # the class it is mixed into has it
        if self.noted is None or self.noted.done:
            self.drop_handle()

    def drop_handle(self) -> None:
        """Close the duplicate of a closed socket, so that the peer sees the end."""
        if self.sock is None and self.handle is not None:
            self.handle.close()
            self.handle = None

    def request(self, method: str, _url: str, *, headers: Any, body: Any = None, **_: Any) -> None:
        """Send the request, noting whether the connection is an old one."""
        in_flight = current_request()
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]  # the class it is mixed into has it
        self.sock.settimeout(in_flight.silent_s)
        if self.noted is not in_flight:
            in_flight.reused = True
            in_flight.tls_version = self.tls_version
            in_flight.certificate = self.certificate
            self._note(in_flight)
        if self.exchange is None:
            self.exchange = Exchange(self.sock)
        in_flight.phase = Phase.REQUEST
        self.exchange.send(method, in_flight.target, dict(headers).items(), body or b"")

    def getresponse(self) -> Any:
        """Return the answer's head, noting the time from the last byte sent."""
        began = time.perf_counter()
        in_flight = current_request()
        head = self.exchange.read_head()
        in_flight.first_byte_s = time.perf_counter() - began
        in_flight.phase = Phase.BODY
        self.used_at = time.monotonic()
        return Received(self, head)


class TimedConnection(_Timed, HTTPConnection):  # type: ignore[misc]  # `request` takes less
    """A timed plain connection."""


class TimedTlsConnection(_Timed, HTTPSConnection):  # type: ignore[misc]  # the same
    """A timed TLS connection, which keeps what the peer showed."""

    def connect(self) -> None:
        """Connect and shake hands; note both times and the peer's certificate."""
        in_flight = current_request()
        began = time.perf_counter()
        super().connect()
        in_flight.tls_s = time.perf_counter() - began - in_flight.dns_s - in_flight.tcp_s
        in_flight.phase = Phase.REQUEST
        if isinstance(self.sock, ssl.SSLSocket):
            # An end without close_notify raises an error instead of ending a body.
            self.sock.suppress_ragged_eofs = False  # type: ignore[attr-defined]  # it is not public
            self.tls_version = self.sock.version() or ""
            self.certificate = peer_certificate(self.sock)
            in_flight.tls_version = self.tls_version
            in_flight.certificate = self.certificate

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        current_request().phase = Phase.TLS
        return sock


class _CertainConnections:
    """A pool that hands out an idle connection only where that is safe.

    Not for what must not be sent twice (RFC 9110, 9.2.2: the server may close just then), not after
    a long time, and not where anything has come that nobody asked for.
    """

    def _get_conn(self, timeout: float | None = None) -> Any:
        in_flight = current_request()
        if in_flight.new_connection or not in_flight.may_be_sent_twice:
            return self._new_conn()  # type: ignore[attr-defined]  # the class it is mixed into has it
        connection = super()._get_conn(timeout)  # type: ignore[misc]  # the class it is mixed into has it
        used_at = connection.used_at
        old = used_at and time.monotonic() - used_at > IDLE_LIMIT_S
        if old or (connection.sock is not None and _decrypted(connection.sock)):
            connection.close()
        return connection

    def _put_conn(self, conn: Any) -> None:
        """Take a connection back; if the pool is full, close it without urllib3's warning."""
        pool = self.pool  # type: ignore[attr-defined]  # the class it is mixed into has it
        if conn is not None and pool is not None and pool.full():
            conn.close()
            return
        super()._put_conn(conn)  # type: ignore[misc]  # the class it is mixed into has it


def _decrypted(sock: Any) -> bool:
    """Return whether TLS holds data that select does not see."""
    with contextlib.suppress(OSError, ValueError):
        return isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
    return True  # it is broken, and must not be used either


class TimedPool(_CertainConnections, HTTPConnectionPool):
    """Connections without TLS."""

    ConnectionCls = TimedConnection  # type: ignore[assignment]  # its `request` takes less


class TimedTlsPool(_CertainConnections, HTTPSConnectionPool):
    """Connections with TLS."""

    ConnectionCls = TimedTlsConnection  # type: ignore[assignment]  # the same
