"""Send one HTTP request of a service to another, over a connection of its own."""

from __future__ import annotations

import http.client
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit


class FetchTimeoutError(Exception):
    """No answer in time."""


class FetchFailedError(Exception):
    """No connection; the text says why."""


class FetchBrokenError(FetchFailedError):
    """The connection was made and broke before the whole answer was there."""


@dataclass(frozen=True)
class Answer:
    """A response, with its headers in order."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        """Return a header's value, or an empty string."""
        return next((v for k, v in self.headers if k.lower() == name.lower()), "")


def fetch(method: str, url: str, headers: dict[str, str], body: bytes, timeout_s: float) -> Answer:
    """Send one request, its Host header the URL's; raise FetchTimeoutError or FetchFailedError."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    connection = _connection(parts.scheme, parts.hostname or "", parts.port, timeout_s)
    try:
        _connect(connection, parts.hostname or "")
        connection.request(method, target or "/", body=body or None, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())
    except TimeoutError as error:
        raise FetchTimeoutError(
            f"Connection to {parts.hostname} timed out (timeout={timeout_s:g})"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise FetchBrokenError(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()


def _connect(connection: http.client.HTTPConnection, host: str) -> None:
    """Connect; a timeout passes through, anything else becomes FetchFailedError."""
    try:
        connection.connect()
    except TimeoutError:
        raise
    except socket.gaierror as error:
        raise FetchFailedError(
            f"Failed to resolve '{host}' ([Errno {error.errno}] {error.strerror})"
        ) from error
    except OSError as error:
        raise FetchFailedError(f"{type(error).__name__}: {error}") from error


def _connection(
    scheme: str, host: str, port: int | None, timeout_s: float
) -> http.client.HTTPConnection:
    if scheme == "https":
        # SSL_CERT_FILE of the environment names the twin's own authority
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)
    return http.client.HTTPConnection(host, port, timeout=timeout_s)
