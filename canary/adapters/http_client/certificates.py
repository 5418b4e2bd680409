"""What a TLS peer shows: its certificate, its chain, and what OpenSSL says of each part.

OpenSSL itself decodes: `_ssl.Certificate.get_info` reads what `SSLSocket.getpeercert` reads, and
reads it also of a certificate that was not trusted, which the public call does not.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from canary.control_plane.certificates import NAME_CODES
from canary.model import PeerCertificate, Verification

_NAMES = ("DNS", "IP Address")  # the kinds of name that a host can match
_MOST_NAMES = 200
_LONGEST_NAME = 253
"""Characters of a DNS name (RFC 1035, 2.3.4, as text); a longer one names no host."""


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromtimestamp(ssl.cert_time_to_seconds(text), dt.UTC)


def _days(moment: dt.datetime) -> float:
    return round((moment - dt.datetime.now(dt.UTC)).total_seconds() / 86_400, 2)


def _common_name(name: Sequence[Sequence[tuple[str, str]]]) -> str:
    pairs = [pair for relative in name for pair in relative]
    known = [value for key, value in pairs if key == "commonName"]
    return known[0] if known else next((value for _, value in reversed(pairs)), "")


def _printed(kind: str, value: str) -> str:
    if kind == "IP Address":
        with contextlib.suppress(ValueError):
            return str(ipaddress.ip_address(value.strip()))
    return value if kind == "DNS" else f"{kind}:{value.strip()}"


def _chain(sock: ssl.SSLSocket, which: str) -> list[dict[str, Any]]:
    """Return OpenSSL's reading of a chain, leaf first; `which` is "verified" or "unverified".

    Not public: `SSLSocket.get_verified_chain` of Python 3.13 hands out bytes that only this reads.
    """
    get = getattr(getattr(sock, "_sslobj", None), f"get_{which}_chain", None)
    return [one.get_info() for one in (get() if get else None) or ()]


def _ends(info: dict[str, Any]) -> dt.datetime:
    return _moment(info["notAfter"])


def _in_words(info: dict[str, Any]) -> str:
    return f"{_common_name(info['subject'])}, valid {info['notBefore']} to {info['notAfter']}"


def _outside_its_dates(info: dict[str, Any]) -> bool:
    now = dt.datetime.now(dt.UTC)
    return not _moment(info["notBefore"]) <= now <= _ends(info)


def peer_certificate(sock: ssl.SSLSocket, *, verified: bool = True) -> PeerCertificate | None:
    """Return what the peer showed on a finished handshake; None when it cannot be read."""
    try:
        chain = _chain(sock, "verified" if verified else "unverified")
        if not chain:
            return None
        leaf, above = chain[0], chain[1:]
        found = leaf.get("subjectAltName", ())[:_MOST_NAMES]
        names = tuple(_printed(*pair[:2])[:_LONGEST_NAME] for pair in found)
        first = min(above, key=_ends) if above else None
        begins, ends = _moment(leaf["notBefore"]), _ends(leaf)
    except (ssl.SSLError, ValueError, KeyError, TypeError, OverflowError):
        return None
    return PeerCertificate(
        subject=_common_name(leaf["subject"]),
        names=names,
        issuer=_common_name(leaf["issuer"]),
        not_before=begins.isoformat(),
        not_after=ends.isoformat(),
        days_left=_days(ends),
        chain_days_left=_days(min(map(_ends, chain if verified else above))) if above else None,
        chain_ends=_in_words(first) if first is not None else "",
        chain_invalid=tuple(_in_words(info) for info in above if _outside_its_dates(info)),
    )


class _Shaken:
    """Handshakes with one target that serve as evidence only: nothing is sent over them."""

    def __init__(self, host: str, address: tuple[str, int], limit_s: float) -> None:
        self._host, self._address = host, address
        self._deadline = time.monotonic() + limit_s

    def __call__(self, context: ssl.SSLContext) -> tuple[PeerCertificate | None, bytes]:
        with socket.create_connection(self._address, timeout=self._left()) as raw:
            raw.settimeout(self._left())
            with context.wrap_socket(raw, server_hostname=self._host) as sock:
                shown = peer_certificate(sock, verified=context.verify_mode is ssl.CERT_REQUIRED)
                return shown, sock.getpeercert(binary_form=True) or b""

    def _left(self) -> float:
        return max(self._deadline - time.monotonic(), 0.001)

    def verdict(self, context: ssl.SSLContext) -> Verification:
        """Return what OpenSSL says under this context; code 0 is that it verifies."""
        try:
            self(context)
        except ssl.SSLCertVerificationError as error:
            return Verification(code=error.verify_code, text=error.verify_message)
        except OSError as error:
            return Verification(code=-1, text=f"could not be asked again: {error}")
        return Verification()


def _judging_nothing() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _judging_trust(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    context.check_hostname = False
    return context


def _judging_the_name(leaf: bytes) -> ssl.SSLContext:
    """Return a context that takes this leaf as its own anchor, so that its name is left to judge.

    OpenSSL judges the name before dates and signatures (`verify_chain` in crypto/x509/x509_vfy.c).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.hostname_checks_common_name = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # a short key is a matter of trust
    context.load_verify_locations(cadata=leaf)
    return context


def read_untrusted(
    host: str, address: tuple[str, int], limit_s: float, ca_file: str
) -> PeerCertificate | None:
    """Shake hands anew, send nothing, and return what was shown and what OpenSSL says of it.

    Only for evidence, after a handshake failed: which certificate it was, and whether its chain and
    its name would each have been accepted. At most three handshakes, `limit_s` seconds in all.
    """
    shake = _Shaken(host, address, limit_s)
    try:
        shown, leaf = shake(_judging_nothing())
    except OSError:
        return None
    if shown is None or not leaf:
        return shown
    name = shake.verdict(_judging_the_name(leaf))
    return msgspec.structs.replace(
        shown,
        trust=shake.verdict(_judging_trust(ca_file)),
        name=name if name.code in NAME_CODES else Verification(),
    )
