"""Sockets that skip the system call when their time-out does not change.

urllib3 sets the time-out before it sends and before it reads. Each time CPython makes a system call
and lets another thread run: with 50 threads, two needless context switches.
"""

from __future__ import annotations

import socket
import ssl


class _Steady:
    """A mix-in before a class of sockets."""

    def settimeout(self, value: float | None) -> None:
        """Set the time-out in seconds; None waits forever."""
        if value != self.gettimeout():  # type: ignore[attr-defined]  # the class it is mixed into has it
            super().settimeout(value)  # type: ignore[misc]  # the same


class SteadySocket(_Steady, socket.socket):
    """A plain socket."""


class SteadyTlsSocket(_Steady, ssl.SSLSocket):
    """A TLS socket, for a context's `sslsocket_class`."""
