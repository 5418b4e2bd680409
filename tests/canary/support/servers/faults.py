"""A server for every fault on the way: each behaviour is a handler of one raw connection."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n"
BODY = b'{"status":"ok"}'

Behaviour = Callable[[socket.socket], None]


def read_head(sock: socket.socket) -> bytes:
    """Read one request's head and its announced body."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            wanted = int(line.split(b":")[1])
            while len(body) < wanted:
                body += sock.recv(65536)
    return head + b"\r\n\r\n" + body


def reset(sock: socket.socket) -> None:
    """Close with a reset instead of an end."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def good(sock: socket.socket) -> None:
    """Answer request after request."""
    while read_head(sock):
        sock.sendall(HEAD + BODY)


def once_then_closed(sock: socket.socket) -> None:
    """Answer one request and close, without saying so."""
    read_head(sock)
    sock.sendall(HEAD + BODY)


def reset_before_headers(sock: socket.socket) -> None:
    read_head(sock)
    reset(sock)


def reset_in_body(sock: socket.socket) -> None:
    read_head(sock)
    sock.sendall(HEAD + BODY[:5])
    time.sleep(0.05)
    reset(sock)


def closed_without_answer(sock: socket.socket) -> None:
    read_head(sock)


def truncated(sock: socket.socket) -> None:
    read_head(sock)
    sock.sendall(HEAD + BODY[:5])


def silent(sock: socket.socket) -> None:
    read_head(sock)
    sock.recv(1)


def header_drip(sock: socket.socket) -> None:
    read_head(sock)
    for byte in HEAD + BODY:
        sock.sendall(bytes([byte]))
        time.sleep(0.1)


def body_drip(sock: socket.socket) -> None:
    read_head(sock)
    sock.sendall(HEAD)
    for byte in BODY:
        sock.sendall(bytes([byte]))
        time.sleep(0.2)


def closing_body_drip(sock: socket.socket) -> None:
    """Drip a body after announcing that the connection ends."""
    read_head(sock)
    sock.sendall(HEAD.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
    for byte in BODY:
        sock.sendall(bytes([byte]))
        time.sleep(0.2)


def garbage(sock: socket.socket) -> None:
    read_head(sock)
    sock.sendall(b"\x16\x03\x01 hello\r\n\r\n")


def endless(sock: socket.socket) -> None:
    """Send 50 MB."""
    read_head(sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
    for _ in range(800):
        sock.sendall(b"x" * 65_536)


def no_handshake(sock: socket.socket) -> None:
    """Accept and never begin TLS."""
    sock.recv(1)
    time.sleep(3)


@contextlib.contextmanager
def serving(
    behave: Behaviour, context: ssl.SSLContext | None = None, address: str = "127.0.0.1"
) -> Iterator[int]:
    """Serve one behaviour on a free port; yield the port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, 0), family=family, backlog=256)
    stopping = threading.Event()

    def handle(sock: socket.socket) -> None:
        with contextlib.suppress(OSError, ssl.SSLError):
            sock.settimeout(10)
            wrapped = context.wrap_socket(sock, server_side=True) if context else sock
            with wrapped:
                wrapped.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                behave(wrapped)

    def accept() -> None:
        while not stopping.is_set():
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=handle, args=(sock,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        stopping.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@contextlib.contextmanager
def dead_port() -> Iterator[int]:
    """Yield a port whose queue is full: further SYNs are dropped."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port: int = listener.getsockname()[1]
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        yield port


def refused_port(address: str = "127.0.0.1") -> int:
    """Return a port on which nothing listens."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as listener:
        port: int = listener.getsockname()[1]
    return port
