"""The HTTP client: requests with timed phases, a hard deadline and a body cap.

It follows no redirects and ignores cookies, netrc, and proxies and certificates of the environment.
It retries once: transport failures of requests that may be sent twice, and failures before any
byte was sent.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import logging
import os
import random
import socket
import ssl
import threading
import time
from urllib.parse import urlencode, urlsplit

import certifi
import msgspec
from requests import PreparedRequest, RequestException
from urllib3.exceptions import HTTPError

import canary
from canary.adapters.http_client.addresses import LookUp, united
from canary.adapters.http_client.certificates import read_untrusted
from canary.adapters.http_client.deadline import InFlightRequest, Phase, current, watchdog
from canary.adapters.http_client.exchange import ExchangeError
from canary.adapters.http_client.failures import failure_of, may_be_sent_twice, may_retry
from canary.adapters.http_client.pool import TimedAdapter, origin, target_of
from canary.adapters.http_client.response import no_answer, read_answer
from canary.adapters.http_client.sockets import SteadyTlsSocket
from canary.model import Answer, Credential, Environment, PeerCertificate, Request
from canary.model.urls import quoted
from canary.redaction.redactor import Redactor

# Its warnings quote URLs and header lines as they are, and Lambda's root logger prints them.
for _name in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.ERROR)

CONNECT_LIMIT_S = 4.0  # a load balancer's node accepts within milliseconds or not at all
RETRY_PAUSE_S = 0.1


@functools.lru_cache(maxsize=4)
def trusting(ca_file: str, _changed_at: float) -> ssl.SSLContext:
    """Return a TLS context that trusts a CA file; warm runs save the 20 ms of loading it."""
    context = ssl.create_default_context(cafile=ca_file)
    context.hostname_checks_common_name = False  # RFC 9110, 4.3.4: the alternative names alone
    # Python hides an end without close_notify; a body without length may then be cut unseen.
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    context.sslsocket_class = SteadyTlsSocket
    return context


@functools.lru_cache(maxsize=4096)
def _as_sent(url: str) -> str:
    """Return the URL with what no request line can carry quoted, and nothing else changed.

    requests would resolve dot segments and decode what a check has quoted: another question than
    the check asks.
    """
    parts = urlsplit(url)
    prepared = PreparedRequest()
    prepared.prepare_url(f"{parts.scheme}://{parts.netloc}/", None)
    query = f"?{quoted(parts.query)}" if parts.query else ""
    return f"{(prepared.url or url).rstrip('/')}{quoted(parts.path or '/')}{query}"


class ForbiddenTargetError(ValueError):
    """A credential would have been sent to a host outside the platform."""


class HttpClient:
    """Sends requests for one run. Thread-safe; connections are shared between threads."""

    def __init__(
        self,
        *,
        run_id: str,
        trusted: frozenset[tuple[str, str, int]],
        concurrency: int = 16,
        ca_bundle: str = "",
        redactor: Redactor | None = None,
        look_up: LookUp = socket.getaddrinfo,
    ) -> None:
        self._redactor = redactor or Redactor()
        self._look_up = look_up
        self._trusted = trusted
        self._size = concurrency
        self._ca_file = ca_bundle or certifi.where()
        self._adapters: dict[str, TimedAdapter] = {}
        self._untrusted: dict[str, PeerCertificate | None] = {}
        self._lock = threading.Lock()
        self._agent = f"hokusai-canary/{canary.__version__} (+run {run_id})"
        self._trace = hashlib.sha256(run_id.encode()).hexdigest()[:32]
        self._random = random.Random()  # noqa: S311 - span ids are names, not secrets
        self._count = itertools.count(1)
        self.sent = 0  # requests sent, attempts included

    @classmethod
    def for_environment(
        cls, environment: Environment, run_id: str, redactor: Redactor | None = None
    ) -> HttpClient:
        """Make a client that sends credentials only to the environment's own services."""
        urls = (service.url for service in environment.services.values() if service.url)
        return cls(
            run_id=run_id,
            trusted=frozenset(origin(url) for url in urls),
            concurrency=environment.run.concurrency,
            ca_bundle=environment.ca_bundle,
            redactor=redactor,
        )

    def send(self, request: Request, credential: Credential | None = None) -> Answer:
        """Send one request under its hard deadline; return the answer without known secrets.

        Raises ForbiddenTargetError rather than show a credential to a foreign host.
        """
        if credential is not None:
            self._redactor.learn_credential(credential)
            if origin(request.url) not in self._trusted:
                host = urlsplit(request.url).hostname
                raise ForbiddenTargetError(f"no credential goes to {host}")
        prepared = self._prepare(request, credential)
        deadline = time.monotonic() + request.timeout_s
        began = time.perf_counter()
        answer, phase = self._attempt(request, prepared, deadline, 1, began)
        failed = answer.failure
        time_left = deadline - time.monotonic() > 2 * RETRY_PAUSE_S
        reused = answer.timing.reused
        if failed is not None and time_left and may_retry(request, failed, phase, reused=reused):
            time.sleep(RETRY_PAUSE_S)
            # Other idle connections may be as dead as the first one.
            anew = msgspec.structs.replace(request, new_connection=True)
            first_dead = answer.dead_addresses
            answer, _ = self._attempt(anew, prepared, deadline, 2, began)
            answer = msgspec.structs.replace(
                answer, dead_addresses=united(first_dead, answer.dead_addresses)
            )
        return self._redactor.answer(answer)

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for adapter in self._adapters.values():
                adapter.close()
            self._adapters.clear()

    def _prepare(self, request: Request, credential: Credential | None) -> PreparedRequest:
        url = _as_sent(request.url)
        headers = {
            "Host": urlsplit(url).netloc.rpartition("@")[2],
            "User-Agent": self._agent,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "traceparent": f"00-{self._trace}-{self._random.getrandbits(64) or 1:016x}-01",
            **dict(request.headers),
        }
        if credential is not None:
            for template in request.credential_headers:
                name, _, form = template.partition(": ")
                headers[name] = form.replace("{}", credential.reveal())
            if request.credential_query:
                query = urlencode({request.credential_query: credential.reveal()})
                url += ("&" if "?" in url else "?") + query
        prepared = PreparedRequest()
        prepared.prepare_method(request.method)
        prepared.url = url
        prepared.prepare_headers(headers)
        prepared.prepare_body(request.body or None, None)
        return prepared

    def _adapter(self, connect_to: str) -> TimedAdapter:
        found = self._adapters.get(connect_to)
        if found is None:
            with self._lock:
                context = trusting(self._ca_file, os.path.getmtime(self._ca_file))
                found = self._adapters.setdefault(connect_to, TimedAdapter(context, self._size))
        return found

    def _attempt(
        self,
        request: Request,
        prepared: PreparedRequest,
        deadline: float,
        number: int,
        began: float,
    ) -> tuple[Answer, Phase]:
        left = max(deadline - time.monotonic(), 0.001)
        # A silent server runs into the socket's time-out, a dripping one into the watchdog.
        # Rounded, so that all requests of a kind have the same time-out: see SteadySocket.
        silent_s = max(round(left - min(0.25, left / 10), 2), 0.01)
        limits = (min(CONNECT_LIMIT_S, left * 0.6), silent_s)
        in_flight = InFlightRequest(
            connect_to=request.connect_to,
            look_up=self._look_up,
            deadline=deadline,
            target=target_of(prepared.url or ""),
            new_connection=request.new_connection,
            may_be_sent_twice=may_be_sent_twice(request),
            silent_s=silent_s,
        )
        current.request = in_flight
        watchdog.watch(in_flight)
        self.sent = next(self._count)
        try:
            adapter = self._adapter(request.connect_to)
            response = adapter.request(prepared, limits)
            answer = read_answer(response, request, in_flight, began, number)
        except (RequestException, HTTPError, ExchangeError, OSError, ValueError) as error:
            shown = self._shown(request, error, in_flight)
            answer = no_answer(error, in_flight, began, number, shown)
        finally:
            watchdog.release(in_flight)
            current.request = None
        return answer, in_flight.phase

    def _shown(
        self, request: Request, error: BaseException, in_flight: InFlightRequest
    ) -> PeerCertificate | None:
        """Return the refused certificate, read once per target."""
        if failure_of(error, in_flight).code == 0 or not in_flight.peer:
            return in_flight.certificate
        key = f"{origin(request.url)} {in_flight.peer}"
        if key not in self._untrusted:
            address, _, port = in_flight.peer.rpartition(":")
            host = origin(_as_sent(request.url))[1].rstrip(".")
            limit_s = min(2.0, in_flight.left())
            self._untrusted[key] = read_untrusted(
                host, (address.strip("[]"), int(port)), limit_s, self._ca_file
            )
        return self._untrusted[key]
