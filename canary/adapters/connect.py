"""Open a connection for a kind that speaks no HTTP, with a bounded look-up and TLS verified."""

from __future__ import annotations

import functools
import socket
import ssl
import time
from urllib.parse import urlsplit

import certifi

from canary.adapters.http_client.addresses import NotConnectedError, connect_first, resolve
from canary.model import Environment, Failure, FailureKind
from canary.probes.base.api import NotOpenError


def connect(
    environment: Environment, host: str, port: int, *, tls: bool = False, seconds: float
) -> socket.socket:
    """Return an open connection, of which each read and write may take as long again.

    An environment's `connect_to` holds here, too. Raises NotOpenError.
    """
    until = time.monotonic() + seconds
    place, at = _place(environment, host, port)
    try:
        found = resolve(place, at, seconds)
        open_ = connect_first(found, _socket, max(until - time.monotonic(), 0.0)).sock
    except NotConnectedError as error:
        raise NotOpenError(_unconnected(error)) from error
    except (socket.gaierror, TimeoutError) as error:
        raise NotOpenError(Failure(kind=FailureKind.DNS, detail=str(error))) from error
    open_.settimeout(max(until - time.monotonic(), 0.01))
    if not tls:
        return open_
    try:
        context = _trusting(environment.ca_bundle or certifi.where())
        return context.wrap_socket(open_, server_hostname=host)
    except (OSError, ValueError) as error:
        open_.close()
        raise NotOpenError(Failure(kind=FailureKind.TLS, detail=_refusal(error))) from error


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
def _trusting(ca_file: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)
