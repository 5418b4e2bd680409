"""Causes on the way of a connection: by which reading, how sure, and when they accuse nobody."""

from __future__ import annotations

import pytest

from canary.control_plane.baselines import Baseline, Baselines
from canary.control_plane.stable import reference
from canary.control_plane.state import PlatformState, TargetHealth, Unavailable
from canary.control_plane.vpc import AclEntry, Network, Subnet
from canary.diagnose import diagnose
from canary.model import Confidence, Diagnosis, Result
from tests.canary.support import networks as n
from tests.canary.support import platforms as p

NAMES = p.Names()
CAUSES = {"network-acl-blocked", "vpc-route-missing", "nat-gone", "endpoint-missing"}
DENY = n.entry(5, False, "10.0.0.0/16", (8001, 8001))
SUBNETS = tuple(Subnet(id=i, cidr=c, vpc_id=n.VPC) for i, c in n.CIDRS.items())


def platform(network: Network | None, health: str = "unhealthy") -> PlatformState:
    """The platform with this VPC, and the registry's target as AWS sees it."""
    target = TargetHealth(id="10.0.1.11", port=8001, state=health, reason="Target.Timeout")
    state = p.change(p.healthy(), "target_groups", NAMES.group("registry"), targets=(target,))
    return p.replace(state, subnets=SUBNETS[::2], network=network)


def all_unhealthy(state: PlatformState) -> PlatformState:
    """The same platform, on which no target answers its health check."""
    return p.replace(
        state,
        target_groups=tuple(
            p.replace(g, targets=tuple(p.replace(t, state="unhealthy") for t in g.targets))
            for g in state.target_groups
        ),
    )


HANGS = p.failed(
    "registry.health", "registry",
    p.answer("https://registry.hokus.ai/health", 504, p.PAGES[504], content_type="text/html",
             answered_by="balancer"),
)  # fmt: skip


def told(
    state: PlatformState, *results: Result, before: PlatformState | None = None
) -> list[Diagnosis]:
    """The diagnoses of ways, beside a platform that was well and whose VPC may not be known."""
    well = before or p.replace(p.healthy(), subnets=SUBNETS[::2])
    base = Baseline(at=p.ago(5), reference=reference(well), state=well)
    checks = {r.check_id: base for r in results or (HANGS,)}
    known = Baselines(of=checks, incident=base)
    verdict = diagnose(results or (HANGS,), state, p.environment(NAMES), well, p.NOW, known)
    return [d for d in verdict.diagnoses if d.cause in CAUSES]


def closed(*entries: AclEntry) -> Network:
    return n.with_entries(n.healthy(), "acl-private", *(entries or (DENY,)))


def test_a_healthy_vpc_accuses_nobody() -> None:
    assert told(platform(n.healthy())) == []


def test_a_vpc_that_was_not_read_accuses_nobody() -> None:
    assert told(platform(None)) == []


def test_a_rule_that_denies_is_named_with_its_number() -> None:
    (found,) = told(platform(closed()))
    assert (found.cause, found.resource, found.confidence, found.service) == (
        "network-acl-blocked", "acl-private", Confidence.CERTAIN, "registry",
    )  # fmt: skip
    assert found.summary == (
        "acl-private of subnet-private denies tcp 8001 from 10.0.0.0/24 by rule 5: it stops"
        " hokusai-registry-lb to registry on port 8001."
    )
    assert found.remedy.fix == ()
    assert found.remedy.decision.startswith("Rule 5 (inbound) of acl-private stops")
    assert "1024-65535" in found.remedy.decision
    assert "--network-acl-ids acl-private" in found.remedy.inspect[0]


def test_an_acl_without_a_rule_for_the_answers_is_likely() -> None:
    """Nothing shows that it allowed them before."""
    inbound = n.entry(100, True, protocol="-1")
    (found,) = told(platform(n.only_entries(n.healthy(), "acl-private", inbound)))
    assert (found.resource, found.confidence) == ("acl-private", Confidence.LIKELY)
    assert found.remedy.decision.startswith("No outbound rule of acl-private lets")


def test_an_acl_that_was_open_while_all_was_well_is_certain() -> None:
    inbound = n.entry(100, True, protocol="-1")
    before = p.replace(p.healthy(), subnets=SUBNETS[::2], network=n.healthy())
    now = platform(n.only_entries(n.healthy(), "acl-private", inbound))
    (found,) = told(all_unhealthy(now), before=before)
    assert (found.resource, found.confidence) == ("acl-private", Confidence.CERTAIN)
    (found,) = told(now, before=before)  # a target behind the same ACL is healthy
    assert found.confidence is Confidence.LIKELY


def test_a_rule_that_denied_while_all_was_well_is_not_to_blame() -> None:
    before = p.replace(p.healthy(), subnets=SUBNETS[::2], network=closed())
    found = told(platform(closed()), before=before)
    assert {d.confidence for d in found} <= {Confidence.POSSIBLE}


def test_an_acl_stops_no_store_that_may_be_elsewhere() -> None:
    """Where a store's subnet is not known, one of the VPC's may be it: that is not told as so."""
    serving, out = n.entry(100, True, ports=(443, 443)), n.entry(100, True, egress=True)
    shut = n.only_entries(n.healthy(), "acl-public", serving, out)
    (found,) = told(all_unhealthy(platform(shut)))
    assert (found.resource, found.confidence) == ("acl-public", Confidence.LIKELY)
    assert found.summary == (
        "acl-public of subnet-public allows no tcp 1024-65535 from 10.0.1.0/24: it stops"
        " hokusai-auth-lb to auth; hokusai-registry-lb to registry; hokusai-registry-lb to mlflow"
        " on port 5000, 8000, 8001."
    )


def test_a_healthy_target_makes_it_likely_only() -> None:
    (found,) = told(platform(closed(), health="healthy"))
    assert found.confidence is Confidence.LIKELY


@pytest.mark.parametrize("failure", ["refused", "tls", "dns", "reset"])
def test_what_is_no_time_out_is_not_explained(failure: str) -> None:
    result = p.failed(
        "registry.health", "registry", p.none("https://registry.hokus.ai/health", failure)
    )
    network = n.with_entries(closed(), "acl-public", n.entry(4, False, "0.0.0.0/0", (443, 443)))
    assert told(platform(network), result) == []


def test_the_internet_reaches_no_balancer_behind_an_acl_or_without_a_route() -> None:
    result = p.failed(
        "registry.health", "registry", p.none("https://registry.hokus.ai/health", "connect-timeout")
    )
    shut = n.with_entries(n.healthy(), "acl-public", n.entry(4, False, "0.0.0.0/0", (443, 443)))
    (found,) = told(platform(shut), result)
    assert (found.cause, found.resource, found.confidence) == (
        "network-acl-blocked", "acl-public", Confidence.CERTAIN,
    )  # fmt: skip
    (found,) = told(platform(n.with_routes(n.healthy(), "rtb-main", n.LOCAL)), result)
    assert (found.cause, found.resource, found.confidence) == (
        "vpc-route-missing", "rtb-main", Confidence.LIKELY,
    )  # fmt: skip
    hole = n.replace(n.BY_IGW, state="blackhole")
    (found,) = told(platform(n.with_routes(n.healthy(), "rtb-main", n.LOCAL, hole)), result)
    assert (found.resource, found.confidence) == ("rtb-main", Confidence.CERTAIN)
    assert found.remedy.decision.startswith("The target igw-1 of 0.0.0.0/0 is gone.")


def test_some_addresses_that_an_acl_denies_accuse_nobody() -> None:
    result = p.failed(
        "registry.health", "registry", p.none("https://registry.hokus.ai/health", "connect-timeout")
    )
    some = n.entry(4, False, "203.0.113.0/24", (443, 443))
    assert told(platform(n.with_entries(n.healthy(), "acl-public", some)), result) == []


@pytest.mark.parametrize("ports", [(3389, 3389), (1024, 1100), (32768, 65535)])
@pytest.mark.parametrize("was_read", [True, False])
def test_a_part_of_the_ports_of_answers_drops_one_connection_in_many(
    ports: tuple[int, int], was_read: bool
) -> None:
    some = n.entry(5, False, "0.0.0.0/0", ports, egress=True)
    known = n.healthy() if was_read else None
    before = p.replace(p.healthy(), subnets=SUBNETS[::2], network=known)
    for acl in ("acl-private", "acl-public"):
        now = all_unhealthy(platform(n.with_entries(n.healthy(), acl, some)))
        found = told(now, before=before)
        assert [d for d in found if d.confidence is Confidence.CERTAIN] == []


PARTS = {
    "acls": "ec2:DescribeNetworkAcls",
    "route_tables": "ec2:DescribeRouteTables",
    "nat_gateways": "ec2:DescribeNatGateways",
    "endpoints": "ec2:DescribeVpcEndpoints",
    "internet_gateways": "ec2:DescribeInternetGateways",
    "subnets": "ec2:DescribeSubnets",
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("network", [n.healthy(), closed()], ids=["open", "closed"])
def test_without_a_reading_nothing_else_is_certain(part: str, network: Network) -> None:
    blind = n.replace(network, **{part: ()}, unread=(part,))
    gap = Unavailable(action=PARTS[part], resource="*", code="UnauthorizedOperation",
                      reason="no", denied=True)  # fmt: skip
    found = told(p.replace(platform(blind), unavailable=(gap,)))
    wrong = [d for d in found if d.resource != "acl-private"]
    assert wrong == []
    assert len(found) == (network != n.healthy() and part != "acls")
