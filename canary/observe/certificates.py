"""Read the ACM certificates of the listeners and possible replacements."""

from __future__ import annotations

from typing import Any, Literal

from canary.control_plane.state import Certificate, LoadBalancer
from canary.observe.calls import Permission, Reader, strings, when

ACTIONS = (
    Permission(action="acm:ListCertificates"),
    Permission(
        action="acm:DescribeCertificate",
        resource="arn:aws:acm:{region}:{account}:certificate/*",
    ),
)
_MAX = 20  # certificates read at most as possible replacements
# Without this filter ListCertificates returns RSA 1024 and 2048 only.
_KEY_TYPES = ["RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]


def read(reader: Reader, balancers: tuple[LoadBalancer, ...]) -> tuple[Certificate, ...]:
    """Return the certificates in use first, then others of the account."""
    used = [a for b in balancers for listener in b.listeners for a in listener.certificates]
    listed = reader.pages(
        "acm:ListCertificates", "CertificateSummaryList", Includes={"keyTypes": _KEY_TYPES}
    )
    others = [str(c["CertificateArn"]) for c in listed or [] if c.get("CertificateArn") not in used]
    if len(others) > _MAX:
        reader.bounded("acm:DescribeCertificate", "*", _MAX, "certificates")
    arns = list(dict.fromkeys(used)) + others[:_MAX]
    found = [_certificate(reader, arn) for arn in arns]
    if listed is None or None in found:
        reader.miss("certificates")
    return tuple(c for c in found if c)


def _certificate(reader: Reader, arn: str) -> Certificate | Literal[False] | None:
    """Return a certificate, False if there is none, None if it could not be read."""
    missing: dict[str, Certificate | Literal[False] | None] = {"ResourceNotFoundException": False}
    return reader.answer(
        "acm:DescribeCertificate", arn, _described, None, missing, CertificateArn=arn
    )


def _described(answer: dict[str, Any]) -> Certificate | Literal[False] | None:
    raw = answer["Certificate"]
    return Certificate(
        arn=str(raw["CertificateArn"]),
        domain=str(raw.get("DomainName", "")),
        names=strings(raw.get("SubjectAlternativeNames")),
        status=str(raw.get("Status", "")),
        type=str(raw.get("Type", "")),
        not_after=when(raw.get("NotAfter")),
        renewal_status=str((raw.get("RenewalSummary") or {}).get("RenewalStatus", "")),
        in_use_by=strings(raw.get("InUseBy")),
    )
