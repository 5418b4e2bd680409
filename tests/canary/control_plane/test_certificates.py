"""Which hosts a certificate covers, and whether it is valid: tables of plain values."""

from __future__ import annotations

import datetime as dt

import pytest

from canary.control_plane.certificates import (
    DATE_CODES,
    NAME_CODES,
    NOT_YET_CODE,
    UNTRUSTED_CODES,
    covers,
    names_of,
    usable,
)
from canary.control_plane.state import Certificate

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("names", "host"),
    [
        (["auth.hokus.ai"], "auth.hokus.ai"),
        (["Auth.hokus.ai"], "auth.HOKUS.AI"),
        (["*.hokus.ai"], "auth.hokus.ai"),
        (["*.HOKUS.ai"], "auth.hokus.ai"),
        (["other.org", "*.hokus.ai"], "auth.hokus.ai"),
    ],
)
def test_names_that_cover_a_host(names: list[str], host: str) -> None:
    assert covers(names, host)


@pytest.mark.parametrize(
    ("names", "host"),
    [
        ([], "auth.hokus.ai"),
        (["hokus.ai"], "auth.hokus.ai"),
        (["*.hokus.ai"], "a.auth.hokus.ai"),
        (["*.hokus.ai"], "hokus.ai"),
        (["*.ai"], "auth.hokus.ai"),
        (["auth.hokus.ai.example.org"], "auth.hokus.ai"),
        (["*"], "localhost"),
    ],
)
def test_names_that_do_not(names: list[str], host: str) -> None:
    assert not covers(names, host)


def certificate(**fields: str) -> Certificate:
    made = {"arn": "c", "domain": "hokus.ai", "status": "ISSUED", "not_after": "2027-01-01"}
    return Certificate(**made | fields)  # type: ignore[arg-type]


def test_the_domain_counts_beside_the_alternative_names() -> None:
    names = names_of(Certificate(arn="c", domain="hokus.ai", names=("*.hokus.ai",)))
    assert covers(names, "hokus.ai") and covers(names, "api.hokus.ai")


@pytest.mark.parametrize(
    ("fields", "good"),
    [
        ({}, True),
        ({"status": ""}, True),  # the listing did not give it
        ({"not_after": "2026-11-22T12:00:01+00:00"}, True),
        ({"not_after": "2026-11-22T14:00:01+02:00"}, True),
        ({"not_after": "2026-11-22T12:00:00+00:00"}, False),
        ({"not_after": "2026-11-22T13:59:59+02:00"}, False),
        ({"not_after": ""}, False),
        ({"not_after": "never"}, False),
        ({"status": "PENDING_VALIDATION"}, False),
        ({"status": "EXPIRED"}, False),
        ({"status": "REVOKED"}, False),
    ],
)
def test_a_usable_certificate_is_issued_and_has_time_left(
    fields: dict[str, str], good: bool
) -> None:
    assert usable(certificate(**fields), NOW) is good


def test_the_codes_are_those_of_openssl() -> None:
    """X509_V_ERR_*, of x509_vfy.h."""
    assert (NOT_YET_CODE, DATE_CODES) == (9, (9, 10))
    assert NAME_CODES == (62, 63, 64)  # hostname, e-mail, IP address mismatch
    assert UNTRUSTED_CODES == (18, 19, 20, 21)  # self-signed, in the chain, no issuer, no proof
