"""Classify a transport failure in one word.

DNS              the name has no address, or no answer came
REFUSED          nothing listens on the port
CONNECT_TIMEOUT  packets are dropped: security group, route, host down
UNREACHABLE      no route, or the local network refuses
TLS              the handshake failed; `code` is OpenSSL's verify code (10 expired,
                 18 and 19 self-signed, 20 unknown CA, 62 other name, 64 other address)
RESET            the other side closed or reset the connection before or within the answer
READ_TIMEOUT     no byte came for nearly the whole time
DEADLINE         bytes came, but not all within the time
PROTOCOL         what came is not HTTP
TRUNCATED        the answer ended before it was complete
TOO_LARGE        the body is longer than the cap; its beginning is kept
"""

from __future__ import annotations

import errno
import ssl
from collections.abc import Iterator

from urllib3 import exceptions as u3

from canary.adapters.http_client.addresses import NO_ADDRESS_YET, NotConnectedError
from canary.adapters.http_client.deadline import InFlightRequest, Phase
from canary.adapters.http_client.exchange import (
    CutShortError,
    ExchangeError,
    NoAnswerError,
    NotHttpError,
)
from canary.model import Failure, FailureKind, Request

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
NEVER_SENT = frozenset({Phase.DNS, Phase.CONNECT, Phase.TLS})
TRANSIENT = frozenset(
    {
        FailureKind.DNS,
        FailureKind.REFUSED,
        FailureKind.CONNECT_TIMEOUT,
        FailureKind.UNREACHABLE,
        FailureKind.TLS,
        FailureKind.RESET,
        FailureKind.TRUNCATED,
    }
)
CLOSED = (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)
NO_ROUTE = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EPERM, errno.EACCES})
_EXCHANGE = {
    NoAnswerError: FailureKind.RESET,
    CutShortError: FailureKind.TRUNCATED,
    NotHttpError: FailureKind.PROTOCOL,
}


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the exception and all its causes, the outermost first."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [getattr(one, "reason", None), *one.args, one.__cause__, one.__context__]


def _tls(error: ssl.SSLError, in_flight: InFlightRequest) -> Failure:
    if isinstance(error, ssl.SSLCertVerificationError):
        text = f"{error.verify_message} (OpenSSL {error.verify_code})"
        return Failure(kind=FailureKind.TLS, detail=text, code=error.verify_code)
    if in_flight.phase is Phase.TLS:
        return Failure(kind=FailureKind.TLS, detail=error.reason or str(error))
    if "CERTIFICATE_REQUIRED" in (error.reason or ""):  # TLS 1.3: told after the handshake
        text = "the server asks for a client certificate, and the canary has none"
        return Failure(kind=FailureKind.TLS, detail=text)
    if "ALERT" in (error.reason or ""):
        text = f"the server ended TLS: {error.reason}"
        return Failure(kind=FailureKind.TLS, detail=text)
    kind = FailureKind.TRUNCATED if in_flight.phase is Phase.BODY else FailureKind.RESET
    return Failure(kind=kind, detail=error.reason or str(error))


def _timeout(in_flight: InFlightRequest) -> Failure:
    if in_flight.phase is Phase.DNS:
        return Failure(kind=FailureKind.DNS, detail=NO_ADDRESS_YET)
    if in_flight.phase is Phase.TLS:
        return Failure(kind=FailureKind.TLS, detail="no handshake within the time")
    if in_flight.phase in NEVER_SENT:
        return Failure(kind=FailureKind.CONNECT_TIMEOUT, detail="no connection within the time")
    return Failure(kind=FailureKind.READ_TIMEOUT, detail="no byte came within the time")


def _one(error: BaseException, in_flight: InFlightRequest) -> Failure | None:
    """Classify one exception of the chain; None if another one is more specific."""
    if isinstance(error, u3.NameResolutionError):
        return Failure(kind=FailureKind.DNS, detail=str(error.__cause__ or error))
    if isinstance(error, ExchangeError):
        return Failure(kind=_EXCHANGE[type(error)], detail=str(error))
    if isinstance(error, NotConnectedError):
        detail = f"no connection within the time: {error}"
        timed_out = error.first is None
        return Failure(kind=FailureKind.CONNECT_TIMEOUT, detail=detail) if timed_out else None
    if isinstance(error, u3.NewConnectionError | u3.ConnectTimeoutError):
        return None  # what it was made from says more
    if isinstance(error, ssl.SSLError):
        return _tls(error, in_flight)
    if isinstance(error, TimeoutError | u3.TimeoutError):
        return _timeout(in_flight)
    if isinstance(error, ConnectionRefusedError):
        return Failure(kind=FailureKind.REFUSED, detail="connection refused")
    if isinstance(error, CLOSED):
        return Failure(kind=FailureKind.RESET, detail=str(error))
    if isinstance(error, OSError) and error.errno in NO_ROUTE:
        return Failure(kind=FailureKind.UNREACHABLE, detail=str(error))
    return None


def failure_of(error: BaseException, in_flight: InFlightRequest) -> Failure:
    """Return the failure for an exception of requests or urllib3."""
    if in_flight.expired:
        if in_flight.phase in NEVER_SENT:
            return _timeout(in_flight)
        return Failure(kind=FailureKind.DEADLINE, detail=f"not complete ({in_flight.phase.value})")
    for one in _chain(error):
        found = _one(one, in_flight)
        if found is not None:
            return found
    if in_flight.phase in NEVER_SENT:
        return Failure(kind=FailureKind.UNREACHABLE, detail=str(error)[:200])
    return Failure(kind=FailureKind.PROTOCOL, detail=str(error)[:200])


def may_retry(request: Request, failure: Failure, phase: Phase, *, reused: bool) -> bool:
    """Return whether a second attempt is safe and useful.

    Safe: no byte was sent, the method is idempotent (RFC 9110, 9.2.2), or the request is marked as
    repeatable. Useless: after an untrusted certificate, a wrong answer, or when time is used up.
    """
    # On a used connection what is no HTTP may be the rest of the answer before.
    transient = failure.kind in TRANSIENT or (reused and failure.kind is FailureKind.PROTOCOL)
    if not transient or failure.code:
        return False
    return phase in NEVER_SENT or may_be_sent_twice(request)


def may_be_sent_twice(request: Request) -> bool:
    """Return whether a request has the same effect when it is sent once more."""
    return request.method in IDEMPOTENT or request.repeatable
