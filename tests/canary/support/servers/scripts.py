"""A server that follows a script: what it does with one request after the other.

It writes the number of a request into its answer, so that a test sees whose answer it got.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.canary.support.servers.faults import read_head, serving

if TYPE_CHECKING:
    import socket

LATER_S = 0.005
STRAY = b"HTTP/1.1 200 OK\r\nX-Number: stray\r\nContent-Length: 5\r\n\r\nstray"
NOTHING = b"HTTP/1.1 %s\r\nX-Number: %s\r\n\r\n"
ANNOUNCED = b"HTTP/1.1 %s\r\nX-Number: %s\r\nContent-Length: 5\r\n\r\n"
INTERIM = b"HTTP/1.1 %s\r\nLink: </a>\r\n\r\n"


def ok(number: bytes, longer: int = 0, more: bytes = b"") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nX-Number: %s\r\nContent-Length: %d\r\n%s\r\n"
    return head % (number, len(number) + longer, more) + number


def chunks(number: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nX-Number: %s\r\nTransfer-Encoding: chunked\r\n\r\n" % number
    return head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(number), number)


# By name: what is sent, in pieces with a pause between them, and whether the connection stays.
STEPS = {
    "good": lambda n: ([ok(n)], True),
    "chunks": lambda n: ([chunks(n)], True),
    "announced close": lambda n: ([ok(n, more=b"Connection: close\r\n")], False),
    "HTTP/1.0": lambda n: ([ok(n).replace(b"1.1", b"1.0", 1)], True),
    "close unannounced": lambda n: ([ok(n)], False),
    "close unanswered": lambda n: ([], False),
    "answer twice": lambda n: ([ok(n) + STRAY], True),
    "chunks and more": lambda n: ([chunks(n) + STRAY], True),
    "longer than announced": lambda n: ([ok(n) + b"more"], True),
    "shorter than announced": lambda n: ([ok(n, 1)], False),
    "cut head": lambda n: ([ok(n)[:30]], False),
    "no HTTP": lambda n: ([b"hello\n\n" + STRAY], True),
    "100": lambda n: ([INTERIM % b"100 Continue", ok(n)], True),
    "102": lambda n: ([INTERIM % b"102 Processing", ok(n), STRAY], True),
    "103": lambda n: ([INTERIM % b"103 Early Hints", ok(n), STRAY], True),
    "103 alone": lambda n: ([INTERIM % b"103 Early Hints"], False),
    "204": lambda n: ([NOTHING % (b"204 No", n)], True),
    "204 and more later": lambda n: ([NOTHING % (b"204 No", n), STRAY], True),
    "204 with a body": lambda n: ([ANNOUNCED % (b"204 No", n), STRAY], True),
    "304 and more later": lambda n: ([ANNOUNCED % (b"304 No", n), STRAY], True),
    "length and chunks": lambda n: (
        [chunks(n).replace(b"\r\n\r\n", b"\r\nContent-Length: 1\r\n\r\n", 1), STRAY],
        True,
    ),
    "head, and more later": lambda n: ([ok(n).removesuffix(n), STRAY], True),
    "long": lambda n: ([ok(n, 60_000) + b"x" * 60_000], True),
    "rest of another": lambda n: ([b"rest\r\n\r\n" + ok(n)], True),
}  # fmt: skip


class Script:
    """The steps left, and how often each request came."""

    def __init__(self, steps: tuple[str, ...]) -> None:
        self.steps = deque(steps)
        self.arrived: Counter[bytes] = Counter()
        self.lock = threading.Lock()

    def next_step(self, number: bytes) -> str:
        with self.lock:
            self.arrived[number] += 1
            return self.steps.popleft() if self.steps else "good"


@contextlib.contextmanager
def following(scripts: dict[bytes, Script]) -> Iterator[str]:
    """Serve each script of `scripts` under its key: /key/number; yield the base URL.

    The answer to HEAD is sent with its body, as some servers do.
    """

    def carry_out(sock: socket.socket) -> None:
        keep = True
        while keep and (head := read_head(sock)):
            _, key, number = head.split(b" ")[1].split(b"/")
            pieces, keep = STEPS[scripts[key].next_step(number)](number)
            for at, piece in enumerate(pieces):
                if at:
                    time.sleep(LATER_S)
                sock.sendall(piece)

    with serving(carry_out) as port:
        yield f"http://127.0.0.1:{port}"
