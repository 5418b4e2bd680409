"""Read the certificate of a TLS peer, and the earliest expiry in its chain."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
from typing import Any

from canary.adapters.http_client.der import decode_certificate
from canary.model import PeerCertificate


def _days(moment: dt.datetime) -> float:
    return round((moment - dt.datetime.now(dt.UTC)).total_seconds() / 86_400, 2)


def _chain(sock: ssl.SSLSocket) -> list[bytes]:
    """Return the verified chain, leaf first; a public method only since Python 3.13."""
    public = getattr(sock, "get_verified_chain", None)
    if public is not None:
        return [bytes(der) for der in public()]
    inner: Any = getattr(sock, "_sslobj", None)
    get = getattr(inner, "get_verified_chain", None)
    if get is None:
        return []
    der_form = 2  # _ssl.ENCODING_DER
    return [bytes(one.public_bytes(der_form)) for one in get() or ()]


def peer_certificate(sock: ssl.SSLSocket, *, verified: bool = True) -> PeerCertificate | None:
    """Return the peer's certificate after the handshake; None if it cannot be read."""
    der = sock.getpeercert(binary_form=True)
    if der is None:
        return None
    ends: list[dt.datetime] = []
    try:
        leaf = decode_certificate(der)
        if verified:
            ends = [decode_certificate(one).not_after for one in _chain(sock)]
    except ValueError:
        return None
    return PeerCertificate(
        subject=leaf.subject,
        names=leaf.names,
        issuer=leaf.issuer,
        not_before=leaf.not_before.isoformat(),
        not_after=leaf.not_after.isoformat(),
        days_left=_days(leaf.not_after),
        chain_days_left=_days(min(ends)) if ends else None,
    )


def read_untrusted(host: str, address: tuple[str, int], limit_s: float) -> PeerCertificate | None:
    """Return the certificate of a peer without verifying it; send no request.

    Only for evidence: after a failed handshake it shows which certificate was refused.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    raw: socket.socket | None = None
    try:
        raw = socket.create_connection(address, timeout=limit_s)
        raw.settimeout(limit_s)
        with context.wrap_socket(raw, server_hostname=host) as sock:
            return peer_certificate(sock, verified=False)
    except OSError:
        return None
    finally:
        if raw is not None:
            with contextlib.suppress(OSError):
                raw.close()
