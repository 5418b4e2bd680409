"""A registry over TLS that keeps models, and that can hang where a test wants it to."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme


class Registry:
    """What the platform has: its models, and every request that it got."""

    def __init__(self) -> None:
        self.models: set[str] = set()
        self.seen: list[str] = []
        self.hang = ""
        """Part of a path whose requests are not answered."""
        self.hung = threading.Event()
        self.released = threading.Event()
        self.url = ""

    def reset(self, hang: str = "") -> None:
        """Begin anew, with requests for this part of a path hanging."""
        self.released.set()
        self.models, self.seen, self.hang = set(), [], hang
        self.hung, self.released = threading.Event(), threading.Event()

    def answer(self, path: str, body: dict[str, str]) -> tuple[int, dict[str, object]]:
        """Change the models as asked, and return the status and the document of the answer."""
        self.seen.append(path)
        name = body.get("name", "")
        if path.endswith("/delete") and name not in self.models:
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST"}
        if path.endswith("registered-models/create"):
            self.models.add(name)
        if self.hang and self.hang in path:
            self.hung.set()
            self.released.wait(60)
        if path.endswith("registered-models/delete"):
            self.models.discard(name)
        found = [{"name": n} for n in sorted(self.models)]
        version = {"version": "1", "status": "READY"}
        return 200, {"registered_models": found, "model_version": version}


@contextlib.contextmanager
def serving_registry(folder: Path) -> Iterator[Registry]:
    """Serve a registry; `folder`/ca.pem is the authority that its certificate is of."""
    registry = Registry()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.partition("?")[0]
            status, found = registry.answer(path, json.loads(body or b"{}"))
            data = json.dumps(found).encode()
            with contextlib.suppress(OSError):  # the client may have gone
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        do_GET = do_POST = do_DELETE = _reply  # noqa: N815 - the base's names

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    registry.url = f"https://localhost:{server.server_address[1]}"
    try:
        yield registry
    finally:
        registry.released.set()
        server.shutdown()
        server.server_close()
