"""Read the ACM certificates of the listeners and possible replacements.

ListCertificates tells names, status and end of every certificate. Only those that a listener has,
and those whose names cover a host of the environment, are asked for the rest, which says whether
ACM renews them.
https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateSummary.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal
from urllib.parse import urlsplit

from canary.control_plane.certificates import covers
from canary.control_plane.state import Certificate, LoadBalancer
from canary.model import Environment
from canary.observe.calls import Permission, Reader, strings, when

ACTIONS = (
    Permission(action="acm:ListCertificates"),
    Permission(
        action="acm:DescribeCertificate",
        resource="arn:aws:acm:{region}:{account}:certificate/*",
    ),
)
_MAX = 20  # certificates described at most as possible replacements
_MOST_OTHERS = 100  # certificates of other hosts that are kept as the list has them
# Without this filter ListCertificates returns RSA 1024 and 2048 only.
_KEY_TYPES = ["RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]


def read(reader: Reader, balancers: tuple[LoadBalancer, ...]) -> tuple[Certificate, ...]:
    """Return the certificates in use first, then replacements, then others of the account."""
    used = [a for b in balancers for listener in b.listeners for a in listener.certificates]
    listed = reader.pages(
        "acm:ListCertificates", "CertificateSummaryList", Includes={"keyTypes": _KEY_TYPES}
    )
    unused = [c for c in listed or [] if c.get("CertificateArn") not in used]
    hosts = _hosts(reader.environment)
    fit = [str(c["CertificateArn"]) for c in unused if _may_cover(c, hosts)]
    others = [_listed(c) for c in unused if c["CertificateArn"] not in fit]
    if len(fit) > _MAX:
        reader.bounded("acm:DescribeCertificate", "*", _MAX, "certificates")
    if len(others) > _MOST_OTHERS:
        reader.bounded("acm:ListCertificates", "*", _MOST_OTHERS, "certificates")
    found = [_certificate(reader, arn) for arn in (*dict.fromkeys(used), *fit[:_MAX])]
    if listed is None or None in found:
        reader.miss("certificates")
    return (*(c for c in found if c), *others[:_MOST_OTHERS])


def _hosts(environment: Environment) -> set[str]:
    """Return the hosts whose certificates matter: those of services and of routes."""
    urls = (urlsplit(service.url).hostname for service in environment.services.values())
    return {host for host in (*urls, *(r.host for r in environment.routes)) if host}


def _may_cover(summary: dict[str, Any], hosts: Iterable[str]) -> bool:
    """Return whether a certificate covers a host, or whether the list does not tell.

    The list tells at most 100 names, and says so where there are more.
    """
    names = summary.get("SubjectAlternativeNameSummaries")
    if names is None or summary.get("HasAdditionalSubjectAlternativeNames"):
        return True
    return any(covers((summary.get("DomainName", ""), *names), host) for host in hosts)


def _listed(summary: dict[str, Any]) -> Certificate:
    """Return what the list tells of a certificate of other hosts.

    Whether ACM renews it, and who uses it, is left out: it replaces none of the environment's. A
    listener may have had it while all was well, and gets it back by its names and its end.
    """
    return Certificate(
        arn=str(summary["CertificateArn"]),
        domain=str(summary.get("DomainName", "")),
        names=strings(summary.get("SubjectAlternativeNameSummaries")),
        status=str(summary.get("Status", "")),
        type=str(summary.get("Type", "")),
        not_after=when(summary.get("NotAfter")),
    )


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
