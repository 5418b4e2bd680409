"""Sockets that change their time-out only when it is another one.

urllib3 sets the time-out before it sends and before it reads. Each time CPython makes a system call
and lets another thread in, and with 50 threads that costs two context switches for nothing.
"""

from __future__ import annotations

import socket
import ssl


class _Steady:
    """Mixed in before a class of sockets."""

    def settimeout(self, value: float | None) -> None:
        """Set the time-out in seconds; None waits for ever."""
        if value != self.gettimeout():  # type: ignore[attr-defined]  # the class it is mixed into has it
            super().settimeout(value)  # type: ignore[misc]  # the same


class SteadySocket(_Steady, socket.socket):
    """A plain socket."""


class SteadyTlsSocket(_Steady, ssl.SSLSocket):
    """A TLS socket, made by a context whose `sslsocket_class` it is."""
