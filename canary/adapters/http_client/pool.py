"""The requests adapter that makes timed connections."""

from __future__ import annotations

import ssl
from typing import Any, cast
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3 import PoolManager
from urllib3.connectionpool import HTTPConnectionPool

from canary.adapters.http_client.connection import Received, TimedPool, TimedTlsPool
from canary.model.urls import DEFAULT_PORTS

MOST_TARGETS = 1_000  # never reached: the manager closes a pool that it throws out


def origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of a URL."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or DEFAULT_PORTS.get(scheme, 0)


def target_of(url: str) -> str:
    """Return path and query of a URL, as they stand in the request line."""
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


class TimedAdapter(HTTPAdapter):
    """One pool manager per `connect_to`, so that no pooled connection serves another target."""

    def __init__(self, context: ssl.SSLContext, size: int) -> None:
        self._context = context
        self._pools: dict[tuple[str, str, int], HTTPConnectionPool] = {}
        super().__init__(pool_connections=MOST_TARGETS, pool_maxsize=size, max_retries=0)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **_: object
    ) -> None:
        """Make pools whose connections are timed and share one TLS context.

        requests would load the CA bundle anew for every connection: 10 ms of CPU each.
        """
        self.poolmanager = PoolManager(
            num_pools=connections, maxsize=maxsize, block=block, ssl_context=self._context
        )
        self.poolmanager.pool_classes_by_scheme = {"http": TimedPool, "https": TimedTlsPool}

    def request(self, request: PreparedRequest, timeout: tuple[float, float]) -> Received:
        """Send, and return the answer, its body unread; timeouts are connect and silence."""
        return cast(Received, self.send(request, stream=True, timeout=timeout))

    def build_response(self, req: PreparedRequest, resp: Any) -> Any:  # noqa: ARG002 - the signature is requests'
        """Return urllib3's answer as it is: cookies, history and encodings are asked by nobody."""
        return resp

    def get_connection_with_tls_context(
        self,
        request: PreparedRequest,
        verify: object,  # noqa: ARG002 - the signature is requests'
        proxies: object = None,  # noqa: ARG002 - the same
        cert: object = None,  # noqa: ARG002 - the same
    ) -> HTTPConnectionPool:
        """Return the pool of the URL's host, never one of a proxy."""
        target = origin(request.url or "")
        pool = self._pools.get(target)
        if pool is None:
            scheme, host, port = target
            pool = self._pools[target] = self.poolmanager.connection_from_host(host, port, scheme)
        return pool

    def request_url(self, request: PreparedRequest, proxies: object) -> str:  # noqa: ARG002 - the signature is requests'
        """Return what urllib3 can parse: the request line holds `InFlightRequest.target`."""
        return "/"

    def cert_verify(self, conn: object, url: object, verify: object, cert: object) -> None:
        """Do nothing: the context verifies."""
