"""Certificates: the hosts that their names cover, their validity, OpenSSL's verify codes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from canary.control_plane.state import Certificate
from canary.model import parse_time

# OpenSSL's verify codes (openssl-verification-options, X509_V_ERR_*)
NOT_YET_CODE = 9  # not valid yet
DATE_CODES = (NOT_YET_CODE, 10)  # 10: expired
NAME_CODES = (62, 63, 64)
UNTRUSTED_CODES = (18, 19, 20, 21)
ISSUED_BY_ACM = "AMAZON_ISSUED"


def covers(names: Iterable[str], host: str) -> bool:
    """Return whether one of a certificate's names covers a host.

    DNS names have no case (RFC 4343), and a wildcard stands for exactly one label (RFC 6125, 6.4).
    """
    host = host.lower()
    wanted = (host, "*." + host.partition(".")[2])
    return any(name.lower() in wanted for name in names)


def names_of(certificate: Certificate) -> tuple[str, ...]:
    """Return the names of an ACM certificate: its domain and its alternative names."""
    return (certificate.domain, *certificate.names)


def usable(certificate: Certificate, now: dt.datetime) -> bool:
    """Return whether a certificate is issued and its end is known and not reached."""
    end = parse_time(certificate.not_after)
    return certificate.status in ("ISSUED", "") and end is not None and now < end


def is_renewed(certificate: Certificate) -> bool:
    """Return whether ACM issued a certificate, and renews it by itself."""
    own = (certificate.type, certificate.status) == (ISSUED_BY_ACM, "ISSUED")
    return own and certificate.renewal_status != "FAILED"
