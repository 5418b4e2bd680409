"""Read the few X.509 fields that the canary judges from DER (RFC 5280, 4.1).

The standard library decodes only certificates that it trusts; an expired one must be read too,
and a package for this alone would double the bundle.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterator

from canary.model import Frozen

SEQUENCE, SET, INTEGER, OID = 0x30, 0x31, 0x02, 0x06
VERSION, EXTENSIONS = 0xA0, 0xA3
UTC_TIME, OCTETS = 0x17, 0x04
DNS_NAME, IP_ADDRESS = 0x82, 0x87
COMMON_NAME = bytes([0x55, 0x04, 0x03])  # 2.5.4.3
ALTERNATIVE_NAME = bytes([0x55, 0x1D, 0x11])  # 2.5.29.17


class DecodedCertificate(Frozen, frozen=True, kw_only=True):
    """The fields of a certificate."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: dt.datetime
    not_after: dt.datetime


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 2 <= len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        if at + length > len(data):
            raise ValueError("the certificate ends within a field")
        yield tag, data[at : at + length]
        at += length


def _common_name(name: bytes) -> str:
    last = ""
    for _, relative in _fields(name):
        for _, attribute in _fields(relative):
            (_, kind), (_, value) = list(_fields(attribute))[:2]
            text = value.decode("utf-8", "replace")
            if kind == COMMON_NAME:
                return text
            last = text
    return last


def _time(tag: int, value: bytes) -> dt.datetime:
    text = value.decode("ascii")
    if tag == UTC_TIME:  # a year of two digits; 50 and above belong to the last century
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    return dt.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=dt.UTC)


def _alternative_names(extensions: bytes) -> tuple[str, ...]:
    ((_, rows),) = list(_fields(extensions))
    for _, row in _fields(rows):
        parts = list(_fields(row))
        if parts[0][1] != ALTERNATIVE_NAME:
            continue
        ((_, names),) = list(_fields(parts[-1][1]))
        return tuple(_name(tag, value) for tag, value in _fields(names))
    return ()


def _name(tag: int, value: bytes) -> str:
    if tag == IP_ADDRESS:
        return str(ipaddress.ip_address(value))
    return value.decode("ascii", "replace")


def decode_certificate(der: bytes) -> DecodedCertificate:
    """Decode one certificate; raise ValueError for other bytes."""
    try:
        ((_, outer),) = list(_fields(der))[:1]
        ((_, body),) = list(_fields(outer))[:1]
        parts = [part for part in _fields(body) if part[0] != VERSION]
        # serial number, signature algorithm, issuer, validity, subject, key, extensions
        issuer, validity, subject = parts[2][1], parts[3][1], parts[4][1]
        begin, end = list(_fields(validity))[:2]
        names = next((_alternative_names(v) for t, v in parts if t == EXTENSIONS), ())
        return DecodedCertificate(
            subject=_common_name(subject),
            issuer=_common_name(issuer),
            names=names,
            not_before=_time(*begin),
            not_after=_time(*end),
        )
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError("this is no certificate") from error
