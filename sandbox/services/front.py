"""A content delivery network before the load balancers: it ends TLS and asks them.

It has pages of its own for a balancer that does not answer. What it is told stands in
front.json: for each host the place at which its balancer is asked.
"""

from __future__ import annotations

import argparse
import http.client
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sandbox.services.base.server import read_control
from sandbox.services.base.settings import log

HTTPS_PORT, HTTP_PORT = 8443, 8080
CONNECT_S, ANSWER_S = 4.0, 30.0  # a network gives up; connecting is capped as the balancer's is
HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length")
)
PAGE = """<!DOCTYPE html><html><head><title>{status}: the origin cannot be reached</title></head>
<body><h1>{status} {reason}</h1>
<p>The delivery network has no answer of the origin: {why}.</p></body></html>
"""


class Origin:
    """Where the balancer of each host is, and how its certificate is checked."""

    def __init__(self, data: Path) -> None:
        self._control = data / "front.json"
        self._context = ssl.create_default_context(cafile=str(data / "front-ca.pem"))

    def connect(self, host: str) -> http.client.HTTPSConnection:
        """Return a connection to a host's balancer; raises OSError, KeyError for no such host."""
        address, port = read_control(self._control)["origins"][host]
        connection = http.client.HTTPSConnection(address, int(port), timeout=CONNECT_S)
        plain = socket.create_connection((address, int(port)), CONNECT_S)
        plain.settimeout(ANSWER_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sock = self._context.wrap_socket(plain, server_hostname=host)
        return connection


class Handler(BaseHTTPRequestHandler):
    """Hands each request on to the origin of its host."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes
    server_version, sys_version = "CloudFront", ""  # as the network names itself on its own pages
    origin: Origin

    def _hand_on(self) -> None:
        host = (self.headers.get("Host") or "").partition(":")[0].lower()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            connection = self.origin.connect(host)
        except KeyError:
            self._own_page(403, f"no distribution has the name {host}")
            return
        except TimeoutError:
            self._own_page(504, "it does not accept a connection")
            return
        except OSError as error:
            self._own_page(502, type(error).__name__)
            return
        try:
            self._exchange(connection, body)
        except TimeoutError:
            self._own_page(504, "it does not answer")
        except (OSError, http.client.HTTPException) as error:
            self._own_page(502, type(error).__name__)
        finally:
            connection.close()

    def _exchange(self, connection: http.client.HTTPSConnection, body: bytes) -> None:
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in HOP_BY_HOP:
                connection.putheader(name, value)
        connection.putheader("X-Forwarded-For", self.client_address[0])
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Via", "1.1 0123456789abcdef.cloudfront.net (CloudFront)")
        self.send_header("X-Cache", "Miss from cloudfront")
        self._end(content, answer.getheader("Content-Length"))

    def _own_page(self, status: int, why: str) -> None:
        reason = http.client.responses[status]
        content = PAGE.format(status=status, reason=reason, why=why).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("X-Cache", "Error from cloudfront")
        self._end(content, None)

    def _end(self, content: bytes, length: str | None) -> None:
        """End the headers and send the body; the answer to HEAD has a length and no body."""
        self.send_header("Content-Length", (self.command == "HEAD" and length) or str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _hand_on  # noqa: N815 - names of http.server

    def log_message(self, format: str, *args: object) -> None:
        """Write no access log."""


class Redirect(Handler):
    """Sends plain HTTP to HTTPS."""

    def _hand_on(self) -> None:
        host = (self.headers.get("Host") or "").partition(":")[0]
        self.send_response(301)
        self.send_header("Location", f"https://{host}{self.path}")
        self._end(b"", None)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _hand_on  # noqa: N815 - names of http.server


class Server(ThreadingHTTPServer):
    """A server whose requests end with it; the handshake is the request's own."""

    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    """Serve both ports until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.services.front")
    parser.add_argument("--host", required=True)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    Handler.origin = Origin(options.data)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.data / "front.pem")
    secure = Server((options.host, HTTPS_PORT), Handler)
    secure.socket = context.wrap_socket(
        secure.socket, server_side=True, do_handshake_on_connect=False
    )
    plain = Server((options.host, HTTP_PORT), Redirect)
    threading.Thread(target=plain.serve_forever, daemon=True).start()
    log(f"front ready on {options.host}:{HTTPS_PORT}")
    secure.serve_forever()


if __name__ == "__main__":
    main()
