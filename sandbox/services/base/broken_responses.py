"""Break the transfer of a response: hang, drip, reset in mid-body, or send too much."""

from __future__ import annotations

import socket
import struct
import time

HUGE_BYTES = 50 * 1024 * 1024
DRIP_SECONDS = 0.5
HANG_SECONDS = 3600.0


def send_broken(how: str, connection: socket.socket) -> bool:
    """Send a broken response in the named way; return whether there was one to send."""
    actions = {
        "hang": _hang,
        "header-drip": _header_drip,
        "reset-body": _reset_in_body,
        "huge-body": _huge_body,
    }
    action = actions.get(how)
    if action is None:
        return False
    try:
        action(connection)
    except OSError:
        return True  # the client gave up first
    return True


def _hang(connection: socket.socket) -> None:
    connection.settimeout(HANG_SECONDS)
    connection.recv(1)


def _header_drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(int(HANG_SECONDS / DRIP_SECONDS)):
        connection.sendall(b"X-Drip-%d: 1\r\n" % number)
        time.sleep(DRIP_SECONDS)


def _reset_in_body(connection: socket.socket) -> None:
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4096\r\n\r\n"
        + b'{"experiments":['
    )
    time.sleep(0.05)
    # linger 0 turns the close into a TCP reset
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _huge_body(connection: socket.socket) -> None:
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        % HUGE_BYTES
    )
    block = b" " * 65536
    for _ in range(HUGE_BYTES // len(block)):
        connection.sendall(block)
