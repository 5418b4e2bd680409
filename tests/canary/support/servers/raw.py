"""A server that answers each target with bytes of a table, whatever they are."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tests.canary.support.servers.faults import read_head, serving

if TYPE_CHECKING:
    import socket

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@contextlib.contextmanager
def answering(answers: Mapping[str, bytes], context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve `answers` by target, each on a connection that ends with it; yield the base URL."""

    def answer(sock: socket.socket) -> None:
        _, target, *_ = read_head(sock).decode().split(" ", 2)
        sock.sendall(answers[target])
        if isinstance(sock, ssl.SSLSocket):
            sock.unwrap()

    with serving(answer, context) as port:
        yield f"{'https' if context else 'http'}://127.0.0.1:{port}"
