"""Any security group that EC2 allows gets back just the peers that were revoked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from canary.diagnose.network import security_groups
from canary.model import Result
from tests.canary.support import platforms as p
from tests.canary.support.aws_model import draw_firewall as draw
from tests.canary.support.aws_model.account import NAMES
from tests.canary.support.aws_model.firewall import PEERS
from tests.canary.support.aws_model.profiles import PROFILES, holds
from tests.canary.support.aws_model.proof import remedy, restores, restores_if_confirmed

Json = dict[str, Any]


def unanswered() -> tuple[Result, ...]:
    url = f"https://auth.{NAMES.domain}/health"
    return (p.failed("auth.health", "auth", p.page(url, 504)), p.control("target_group", "auth"))


@pytest.mark.parametrize("many", PROFILES)
def test_a_group_of_which_peers_were_revoked(many: bool) -> None:
    """The balancer's own group is among them, alone or with all others of the permission."""

    def check(drawn: tuple[list[Json], Json], whole: bool) -> None:
        _, own = drawn
        well = draw.account(drawn)
        broken = well.copy()
        gone = own if whole else {**own, **{k: [] for k in PEERS}}
        if not whole:
            gone["UserIdGroupPairs"] = [own["UserIdGroupPairs"][-1]]
        revoked = {"GroupId": draw.GROUP, "IpPermissions": [gone]}
        broken.do("ec2", "RevokeSecurityGroupIngress", **revoked)
        if not whole and {"Ipv6Ranges", "PrefixListIds"} & {k for k in PEERS if own[k]}:
            return  # what a prefix list or IPv6 admits is not known
        found = remedy(
            security_groups.blocked, "security-group-blocked", broken, well, *unanswered()
        )
        restores_if_confirmed(found, broken, well)

    holds(check, draw.groups(), st.booleans(), many=many)


@pytest.mark.parametrize("many", PROFILES)
def test_a_group_that_lets_nothing_out(many: bool) -> None:
    def check(drawn: tuple[list[Json], Json]) -> None:
        well = draw.account(drawn)
        broken = well.copy()
        everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        revoked = {"GroupId": draw.GROUP, "IpPermissions": everything}
        broken.do("ec2", "RevokeSecurityGroupEgress", **revoked)
        down = p.failed(
            "auth.health", "auth",
            p.answer(f"https://auth.{NAMES.domain}/health", 503, '{"redis":"unhealthy"}'),
        )  # fmt: skip
        found = remedy(security_groups.blocked, "security-group-blocked", broken, well, down)
        restores(found, broken, well)

    holds(check, draw.groups(), many=many, examples=20)
