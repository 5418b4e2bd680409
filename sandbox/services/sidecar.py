"""A container beside a service's own: a log router, or a proxy with a health page.

`ADMIN_PORT` in its environment makes it the proxy, which says on that port that it is ready.
"""

from __future__ import annotations

import os
import signal
from http.server import BaseHTTPRequestHandler, HTTPServer


class Admin(BaseHTTPRequestHandler):
    """The proxy's own page: it is ready."""

    def do_GET(self) -> None:
        """Answer any path."""
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"LIVE\n")

    def log_message(self, format: str, *args: object) -> None:
        """Write no access log."""


def main() -> None:
    """Run until told to stop."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if port := os.environ.get("ADMIN_PORT"):
        HTTPServer(("0.0.0.0", int(port)), Admin).serve_forever()
    print("log router ready", flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
