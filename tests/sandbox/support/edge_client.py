"""A plain client of the twin's edge: the right name for TLS and Host, the twin's own address."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from typing import Any, NamedTuple

from sandbox.state import State

JSON = "application/json"


class Answer(NamedTuple):
    """An answer with what tells look-alikes apart: status, kind of content, who answered, time."""

    status: int
    kind: str
    server: str
    body: bytes
    seconds: float

    @property
    def from_balancer(self) -> bool:
        """Say whether the balancer answered by itself."""
        return self.server == "awselb/2.0"

    @property
    def document(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


def connect(state: State, host: str, port: int = 443, timeout_s: float = 15.0) -> Any:
    """Return an HTTP connection to a host's balancer."""
    address, _, edge_port = str(state.edge[host][str(port)]).rpartition(":")
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    plug: Any = socket.create_connection((address, int(edge_port)), timeout=timeout_s)
    if port == 443:
        context = ssl.create_default_context(cafile=state.ca_bundle)
        plug = context.wrap_socket(plug, server_hostname=host)
    connection.sock = plug
    return connection


def ask(
    state: State,
    host: str,
    path: str,
    *,
    method: str = "GET",
    key: str | None = None,
    body: Any = None,
    port: int = 443,
    **headers: str,
) -> Answer:
    """Ask once; raises what the socket or http.client raise."""
    named = {"Host": host, **{k.replace("_", "-"): v for k, v in headers.items()}}
    if key is not None:
        named["Authorization"] = f"Bearer {key}"
    if body is not None:
        named["Content-Type"] = JSON
    began = time.monotonic()
    connection = connect(state, host, port)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), named)
        response = connection.getresponse()
        data = response.read()
    finally:
        connection.close()
    kind = (response.getheader("Content-Type") or "").partition(";")[0]
    server = response.getheader("Server") or ""
    return Answer(response.status, kind, server, data, time.monotonic() - began)
