"""Tell a client why its TLS handshake failed, which asyncio's server does not.

Source: RFC 8446, "Alert Protocol". Without the alert a client sees a connection that just ends.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator

HANDSHAKE_FAILURE, PROTOCOL_VERSION = 40, 70
_ALERTS = {
    "NO_SHARED_CIPHER": HANDSHAKE_FAILURE,
    "UNSUPPORTED_PROTOCOL": PROTOCOL_VERSION,
    "VERSION_TOO_LOW": PROTOCOL_VERSION,
    "WRONG_VERSION_NUMBER": PROTOCOL_VERSION,
}
_RECORD = b"\x15\x03\x03\x00\x02\x02"  # an alert record of two bytes, of which the first is "fatal"


@contextlib.contextmanager
def told(connection: socket.socket) -> Iterator[None]:
    """Send the alert of a handshake that fails, over a second handle of the connection."""
    spare = connection.dup()
    try:
        yield
    except ssl.SSLError as error:
        alert = _ALERTS.get(str(error.reason))
        if alert is not None:
            with contextlib.suppress(OSError):
                spare.send(_RECORD + bytes([alert]))
        raise
    finally:
        spare.close()
