"""Post a request of a channel: once, over TLS with a check of the name, without redirects.

A redirect would carry the channel's key to another host, so it is a refusal.
"""

from __future__ import annotations

import http.client
import ssl
from urllib.parse import urlsplit

from canary.messages.channels.form import Post, RefusedError

TIMEOUT_S = 3.0
"""Seconds to connect, and again for each part of the answer."""
ANSWER = 65_536  # bytes read of an answer


def send(request: Post, trust: ssl.SSLContext | None = None) -> str:
    """Send a request and return the thread that its answer names.

    Raises RefusedError for a refusal, OSError or http.client.HTTPException for no answer.
    """
    parts = urlsplit(request.url)
    if parts.hostname is None or parts.scheme not in ("http", "https"):
        raise RefusedError("the address is no https:// address")
    connection = _connection(parts.scheme, parts.hostname, parts.port, trust)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, request.body, request.headers)
        answer = connection.getresponse()
        text = answer.read(ANSWER)
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise RefusedError(f"answered {answer.status}")
    return request.thread(text)


def _connection(
    scheme: str, host: str, port: int | None, trust: ssl.SSLContext | None
) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    context = trust or ssl.create_default_context()
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=context)
