"""A balancer's idle timeout and a listener's certificate come back just as they were."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from canary.diagnose.edge import idle_timeout, tls
from tests.canary.support import platforms as p
from tests.canary.support.aws_model import draw_routing as draw
from tests.canary.support.aws_model.account import BALANCER, FOREIGN, NAMES
from tests.canary.support.aws_model.drawn import Strategy
from tests.canary.support.aws_model.profiles import PROFILES, holds
from tests.canary.support.aws_model.proof import remedy, restores

Json = dict[str, Any]
URL = f"https://registry.{NAMES.domain}/health"
_IDLE = "idle_timeout.timeout_seconds"


def shorter(before: int) -> Strategy:
    return st.integers(1, min(before - 1, idle_timeout.SHORT_S - 1)).map(lambda n: (before, n))


@pytest.mark.parametrize("many", PROFILES)
def test_an_idle_timeout(many: bool) -> None:
    def check(drawn: Json, seconds: tuple[int, int]) -> None:
        before, now = map(str, seconds)
        well = draw.account(drawn)
        well.held["balancer_attributes"][BALANCER] |= {_IDLE: before, "waf.fail_open": "false"}
        broken = well.copy()
        attributes = [{"Key": _IDLE, "Value": now}]
        call = {"LoadBalancerArn": BALANCER, "Attributes": attributes}
        broken.do("elbv2", "ModifyLoadBalancerAttributes", **call)
        slow = p.failed("registry.health", "registry", p.page(URL, 504))
        cause = "balancer-attribute-wrong"
        restores(remedy(idle_timeout.idle_timeout, cause, broken, well, slow), broken, well)

    seconds = st.integers(2, 4000).flatmap(shorter)
    holds(check, draw.listeners(), seconds, many=many, examples=20)


@pytest.mark.parametrize("many", PROFILES)
def test_a_certificate_of_other_names(many: bool) -> None:
    def check(drawn: Json) -> None:
        well = draw.account(drawn)
        broken = well.copy()
        other = [{"CertificateArn": FOREIGN}]
        broken.do("elbv2", "ModifyListener", ListenerArn=draw.secure(broken), Certificates=other)
        detail = {"failure_code": 62, "failure_detail": "hostname mismatch"}
        bad = p.none(URL, "tls", **detail)
        found = remedy(
            tls.certificates, "certificate-name-mismatch", broken, well,
            p.failed("registry.health", "registry", bad),
            p.failed("registry.certificate", "registry", bad, kind="certificate"),
        )  # fmt: skip
        restores(found, broken, well)

    holds(check, draw.listeners(), many=many, examples=20)
