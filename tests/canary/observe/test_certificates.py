"""Which certificates are described, and what the list tells of the others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from canary.control_plane.certificates import covers, names_of, usable
from canary.control_plane.state import Listener, LoadBalancer
from canary.model import Environment, RouteRule, Service
from canary.observe import certificates
from canary.observe.calls import Reader
from tests.canary.support.moto_platform import environment

END = dt.datetime(2027, 3, 1, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
ARN = "arn:aws:acm:us-east-1:123456789012:certificate/"
HOSTS: Environment = msgspec.structs.replace(
    environment(),
    services={"web": Service(url="https://www.example.org")},
    routes=(RouteRule(path="/", service="web", host="api.example.net"),),
)


def summary(name: str, *others: str, more: bool = False, told: bool = True) -> dict[str, Any]:
    found = {
        "CertificateArn": ARN + name, "DomainName": name, "Status": "ISSUED",
        "Type": "AMAZON_ISSUED", "NotAfter": END, "HasAdditionalSubjectAlternativeNames": more,
    }  # fmt: skip
    return found | ({"SubjectAlternativeNameSummaries": [name, *others]} if told else {})


class Acm:
    """ACM with these certificates; notes which are described."""

    def __init__(self, *summaries: dict[str, Any]) -> None:
        self.summaries = summaries
        self.described: list[str] = []

    def client(self, _service: str) -> Acm:
        return self

    def get_paginator(self, _operation: str) -> Acm:
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        yield {"CertificateSummaryList": list(self.summaries)}

    def describe_certificate(self, CertificateArn: str) -> dict[str, Any]:  # noqa: N803 - AWS's
        self.described.append(CertificateArn.removeprefix(ARN))
        renewal = {"RenewalSummary": {"RenewalStatus": "FAILED"}}
        names = {"SubjectAlternativeNames": []}
        [known] = [s for s in self.summaries if s["CertificateArn"] == CertificateArn]
        return {"Certificate": known | renewal | names}


def balancer(*names: str) -> LoadBalancer:
    arns = tuple(ARN + name for name in names)
    listener = Listener(arn="l", port=443, protocol="HTTPS", certificates=arns)
    return LoadBalancer(arn="b", name="b", dns_name="b", scheme="", listeners=(listener,))


def read(acm: Acm, *used: str) -> tuple[Any, Reader]:
    reader = Reader(acm, HOSTS)  # type: ignore[arg-type]  # a double of one service
    return certificates.read(reader, (balancer(*used),)), reader


def test_of_an_account_full_of_certificates_only_those_that_concern_the_hosts_are_described() -> (
    None
):
    strangers = [summary(f"shop-{n}.example.com", f"*.shop-{n}.example.com") for n in range(20)]
    acm = Acm(summary("www.example.org"), *strangers, summary("*.example.net"))
    found, reader = read(acm, "www.example.org")
    assert acm.described == ["www.example.org", "*.example.net"]  # 22 calls before
    assert [c.domain for c in found][:2] == ["www.example.org", "*.example.net"]
    assert len(found) == 22 and reader.unread() == () and reader.bounds() == ()


def test_what_a_listener_had_before_can_be_put_back_by_what_the_list_tells() -> None:
    found, _ = read(Acm(summary("old.example.com", "*.old.example.com")))
    [one] = found
    assert usable(one, NOW) and covers(names_of(one), "a.old.example.com")
    assert (one.arn, one.type, one.renewal_status) == (
        f"{ARN}old.example.com", "AMAZON_ISSUED", "",
    )  # fmt: skip


@pytest.mark.parametrize("unknown", [{"more": True}, {"told": False}])
def test_where_the_list_does_not_tell_all_names_the_certificate_is_described(
    unknown: dict[str, Any],
) -> None:
    acm = Acm(summary("old.example.com", **unknown))
    [one], _ = read(acm)
    assert acm.described == ["old.example.com"] and one.renewal_status == "FAILED"


def test_a_list_that_is_longer_than_what_is_kept_says_so() -> None:
    many = [summary(f"{n}.example.com") for n in range(101)]
    fit = [{**summary("www.example.org"), "CertificateArn": f"{ARN}{n}"} for n in range(21)]
    acm = Acm(*many, *fit)
    found, reader = read(acm)
    assert len(acm.described) == 20 and len(found) == 120
    assert [(b.action, b.limit) for b in reader.bounds()] == [
        ("acm:DescribeCertificate", 20),
        ("acm:ListCertificates", 100),
    ]
