"""Read the ACM certificates on the listeners, and others that could take their place."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import Certificate, LoadBalancer
from canary.observe.calls import Book, Permission, strings, when

ACTIONS = (
    Permission(action="acm:ListCertificates"),
    Permission(
        action="acm:DescribeCertificate",
        resource="arn:aws:acm:{region}:{account}:certificate/*",
    ),
)
_MAX = 20  # certificates beyond those in use that are looked at as a replacement
# Without this filter ListCertificates leaves out everything but RSA 1024 and 2048.
_KEY_TYPES = ["RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]


def read(book: Book, balancers: tuple[LoadBalancer, ...]) -> tuple[Certificate, ...]:
    """Return the certificates in use first, then others of the account."""
    used = [a for b in balancers for listener in b.listeners for a in listener.certificates]
    listed = book.pages(
        "acm",
        "list_certificates",
        "CertificateSummaryList",
        "acm:ListCertificates",
        "*",
        Includes={"keyTypes": _KEY_TYPES},
    )
    others = [str(c["CertificateArn"]) for c in listed if c.get("CertificateArn") not in used]
    arns = list(dict.fromkeys(used)) + others[:_MAX]
    found = [_certificate(book, arn) for arn in arns]
    return tuple(c for c in found if c)


def _certificate(book: Book, arn: str) -> Certificate | None:
    def call() -> Certificate | None:
        raw: dict[str, Any] = book.client("acm").describe_certificate(CertificateArn=arn)
        return certificate(raw["Certificate"])

    return book.take(
        "acm:DescribeCertificate", arn, call, None, absent=("ResourceNotFoundException",)
    )


def certificate(raw: dict[str, Any]) -> Certificate:
    """Return an ACM certificate; `not_after` is the number to alarm on."""
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
