"""Open a connection for a kind that speaks no HTTP, with a bounded look-up and TLS verified."""

from __future__ import annotations

import functools
import socket
import ssl
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import certifi

from canary.adapters.http_client.addresses import NotConnectedError, connect_first, resolve
from canary.model import Environment, Failure, FailureKind, Timing
from canary.probes.base.api import NotOpenError, Opening


class _Watch:
    """The phases of one opening, of which the last may have failed."""

    def __init__(self) -> None:
        self._taken: dict[str, float] = {}
        self._phase, self._since = "", time.monotonic()
        self.dead: tuple[str, ...] = ()

    def begin(self, phase: str) -> None:
        """End the phase before, and begin the next."""
        now = time.monotonic()
        if self._phase:
            self._taken[self._phase] = round((now - self._since) * 1000, 3)
        self._phase, self._since = phase, now

    def opening(self) -> Opening:
        """Return what it took until now."""
        self.begin("")
        dns, tcp, tls = (self._taken.get(p, 0.0) for p in ("dns_ms", "tcp_ms", "tls_ms"))
        timing = Timing(dns_ms=dns, tcp_ms=tcp, tls_ms=tls, total_ms=round(dns + tcp + tls, 3))
        return Opening(timing=timing, dead_addresses=self.dead)


def connect(
    environment: Environment,
    host: str,
    port: int,
    *,
    tls: bool = False,
    alpn: tuple[str, ...] = (),
    seconds: float,
    note: Callable[[Opening], None] | None = None,
) -> socket.socket:
    """Return an open connection, of which each read and write may take as long again.

    An environment's `connect_to` holds here, too. `alpn` is offered over TLS; `note` is told what
    it took, also where it failed. Raises NotOpenError.
    """
    until, watch = time.monotonic() + seconds, _Watch()
    try:
        open_ = _opened(*_place(environment, host, port), until, watch)
        if not tls:
            return open_
        watch.begin("tls_ms")
        trusting = _trusting(environment.ca_bundle or certifi.where(), alpn)
        return _secured(open_, trusting, host)
    finally:
        if note is not None:
            note(watch.opening())


def _opened(place: str, port: int, until: float, watch: _Watch) -> socket.socket:
    watch.begin("dns_ms")
    try:
        found = resolve(place, port, max(until - time.monotonic(), 0.0))
        watch.begin("tcp_ms")
        made = connect_first(found, _socket, max(until - time.monotonic(), 0.0))
    except NotConnectedError as error:
        watch.dead = error.dead
        raise NotOpenError(_unconnected(error)) from error
    except (socket.gaierror, TimeoutError) as error:
        raise NotOpenError(Failure(kind=FailureKind.DNS, detail=str(error))) from error
    watch.dead = made.dead
    made.sock.settimeout(max(until - time.monotonic(), 0.01))
    return made.sock


def _secured(open_: socket.socket, trusting: ssl.SSLContext, host: str) -> socket.socket:
    try:
        return trusting.wrap_socket(open_, server_hostname=host)
    except (OSError, ValueError) as error:
        open_.close()
        code = getattr(error, "verify_code", 0)  # OpenSSL's, of a certificate that it refused
        failure = Failure(kind=FailureKind.TLS, detail=_refusal(error), code=code)
        raise NotOpenError(failure) from error


def _place(environment: Environment, host: str, port: int) -> tuple[str, int]:
    """Return where to connect: elsewhere, if the service of this host says so."""
    for service in environment.services.values():
        elsewhere = service.connect_to.get(str(port))
        if elsewhere and urlsplit(service.url).hostname == host:
            address, _, at = elsewhere.rpartition(":")
            return address.strip("[]"), int(at)
    return host, port


def _socket(family: socket.AddressFamily) -> socket.socket:
    return socket.socket(family, socket.SOCK_STREAM)


def _unconnected(error: NotConnectedError) -> Failure:
    if error.first is None:
        return Failure(kind=FailureKind.CONNECT_TIMEOUT, detail=f"no connection in time: {error}")
    refused = isinstance(error.first, ConnectionRefusedError) or error.first.errno == 111
    kind = FailureKind.REFUSED if refused else FailureKind.UNREACHABLE
    return Failure(kind=kind, detail=str(error))


def _refusal(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return getattr(error, "reason", None) or str(error)


@functools.cache
def _trusting(ca_file: str, alpn: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    if alpn:
        context.set_alpn_protocols([*alpn])
    return context
