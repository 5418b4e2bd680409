"""A listener's certificates: the default one is replaced, and the list has calls of its own."""

from __future__ import annotations

from emulator.aws.endpoint import Endpoint
from tests.emulator.elbv2.test_rule_api import SAYS, Ground, ground, made
from tests.emulator.support.emulated import aws

__all__ = ["aws", "ground", "made"]


def test_another_default_certificate_leaves_the_list_as_it_was(
    ground: Ground, aws: Endpoint
) -> None:
    acm, elbv2 = aws.client("acm"), ground.elbv2
    first, second, third, other = (
        acm.request_certificate(DomainName=name)["CertificateArn"]
        for name in ("a.hokus.ai", "b.hokus.ai", "c.hokus.ai", "d.hokus.ai")
    )
    listener = elbv2.create_listener(
        LoadBalancerArn=ground.balancers[0],
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": first}],
        DefaultActions=[SAYS],
    )["Listeners"][0]["ListenerArn"]
    added = [{"CertificateArn": arn} for arn in (second, third)]
    elbv2.add_listener_certificates(ListenerArn=listener, Certificates=added)

    def served() -> list[str]:
        found = elbv2.describe_listener_certificates(ListenerArn=listener)["Certificates"]
        return [each["CertificateArn"] for each in found]

    try:
        assert served() == [first, second, third]
        elbv2.modify_listener(ListenerArn=listener, Certificates=[{"CertificateArn": other}])
        assert served() == [other, second, third]
        elbv2.modify_listener(ListenerArn=listener, Certificates=[{"CertificateArn": third}])
        assert served() == [third, second]
        elbv2.modify_listener(ListenerArn=listener, SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06")
        assert served() == [third, second]
    finally:
        elbv2.delete_listener(ListenerArn=listener)
