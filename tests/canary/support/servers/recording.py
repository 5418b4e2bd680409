"""A server that answers everything, and records what it is asked beside a blocking document."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass, field

from tests.canary.support.servers.faults import read_head

BODY = '{"status":"ok","experiments":[]}'


@dataclass
class Recording:
    """Answers after a moment; `serve` is for `faults.serving`."""

    blocking: frozenset[str] = frozenset()  # paths that block, beside those of `blocking`
    slow: dict[str, float] = field(default_factory=dict)  # path -> seconds
    asked: list[str] = field(default_factory=list)
    overlaps: list[tuple[str, str]] = field(default_factory=list)
    open: list[tuple[str, bool]] = field(default_factory=list)  # path, whether it blocks
    lock: threading.Lock = field(default_factory=threading.Lock)

    def blocks(self, path: str, head: str) -> bool:
        """Return whether a request blocks; below /api nobody gets beyond the door without a key."""
        let_in = not path.startswith("/api/") or "authorization:" in head.lower()
        return path.startswith("/blocking/") or (path in self.blocking and let_in)

    def serve(self, sock: socket.socket) -> None:
        while head := read_head(sock).decode("latin-1"):
            path = head.split()[1]
            own = (path, self.blocks(path, head))
            with self.lock:
                self.overlaps += [(path, other) for other, its in self.open if own[1] or its]
                self.asked.append(path)
                self.open.append(own)
            time.sleep(self.slow.get(path, 0.05 if own[1] else 0.02))
            with self.lock:
                self.open.remove(own)
            sock.sendall(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                b"content-length: %d\r\n\r\n%s" % (len(BODY), BODY.encode())
            )
