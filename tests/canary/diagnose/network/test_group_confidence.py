"""How sure it is that a security group is at fault: what was well, who waits, and what is read."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import GroupRule, PlatformState
from canary.control_plane.vpc import PrefixList
from canary.diagnose.core.finding import Finding
from canary.diagnose.network.security_groups import blocked
from canary.model import Confidence, Result
from tests.canary.support import networks as n
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import HEALTHY, NAMES, case

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
LATE = p.failed("auth.health", "auth", p.page(f"{faults.AUTH}/health", 504))
HANGS = p.failed("auth.health", "auth", p.none(f"{faults.AUTH}/health", "connect-timeout"))
LOST = p.failed("auth.health", "auth", p.none(f"{faults.AUTH}/health", "read-timeout"))
Sure = list[tuple[str, Confidence]]


def group(identifier: str, *rules: GroupRule, direction: str = "ingress") -> PlatformState:
    return p.change(HEALTHY, "security_groups", identifier, **{direction: rules})


def found(state: PlatformState, before: PlatformState | None, *results: Result) -> list[Finding]:
    return [*blocked(case(state, before, *results))]


def sure(state: PlatformState, before: PlatformState | None, *results: Result) -> Sure:
    return [(f.resource, f.confidence) for f in found(state, before, *results)]


def tcp(port: int, *cidrs: str, **more: Any) -> GroupRule:
    return GroupRule(protocol="tcp", from_port=port, to_port=port, cidrs=cidrs, **more)


def test_who_answers_late_is_shut_out_whatever_was_before() -> None:
    shut = group("sg-auth")
    assert sure(shut, HEALTHY, LATE) == [("sg-auth", CERTAIN)]
    assert sure(shut, None, LATE) == [("sg-auth", CERTAIN)]
    assert sure(HEALTHY, HEALTHY, LATE) == []
    assert sure(shut, HEALTHY) == []  # nobody needs it


def test_a_client_that_waits_before_the_balancer_needs_a_rule_that_was_there() -> None:
    shut, other = group("sg-lb-auth"), group("sg-lb-auth", tcp(80, "0.0.0.0/0"))
    assert sure(shut, HEALTHY, HANGS) == [("sg-lb-auth", CERTAIN)]
    assert sure(other, HEALTHY, HANGS) == [("sg-lb-auth", CERTAIN)]
    one = GroupRule(protocol="tcp", from_port=443, to_port=443, prefix_lists=("pl-1",))
    assert sure(shut, group("sg-lb-auth", one), HANGS) == [("sg-lb-auth", CERTAIN)]  # some of it


def with_list(*cidrs: str) -> PlatformState:
    """Return the platform whose auth tasks admit a prefix list of these networks alone."""
    state = group("sg-auth", tcp(8000, prefix_lists=("pl-1",)))
    network = n.replace(n.healthy(), prefix_lists=(PrefixList(id="pl-1", cidrs=cidrs),))
    return p.replace(state, network=network if cidrs else None)


def test_what_is_read_after_failures_alone_may_have_been_so_all_the_time() -> None:
    before = with_list()
    assert sure(with_list("10.0.101.0/24"), before, LATE) == []
    assert sure(with_list("192.0.2.0/24"), before, LATE) == [("sg-auth", POSSIBLE)]
    # the group was another one while all was well
    assert sure(with_list("192.0.2.0/24"), HEALTHY, LATE) == [("sg-auth", CERTAIN)]
    # what is not read accuses nobody, unless the group was edited
    assert sure(before, before, LATE) == []
    assert sure(before, HEALTHY, LATE) == [("sg-auth", LIKELY)]


def test_a_group_that_lets_nothing_out_accuses_the_service_of_the_source() -> None:
    state = group("sg-registry", direction="egress")
    call = p.failed("registry.proxy", "registry", faults._mlflow_unreachable())
    (one,) = found(state, HEALTHY, call)
    assert (one.service, one.resource, one.confidence) == ("registry", "sg-registry", CERTAIN)
    assert one.summary.startswith("Security group registry-tasks lets no traffic out for registry")
    assert [e.resource for e in one.evidence] == [
        "sg-registry (registry-tasks) egress", "sg-registry",
    ]  # fmt: skip
    assert one.evidence[1].expected == "before: -1 -1--1 0.0.0.0/0"


def test_an_edit_is_told_only_where_the_rules_of_this_direction_differ() -> None:
    shut = group("sg-auth")
    lines = [len(f.evidence) for past in (HEALTHY, shut, None) for f in found(shut, past, LATE)]
    assert lines == [2, 1, 1]
    other = p.change(shut, "security_groups", "sg-auth", egress=())
    (one,) = [f for f in found(shut, other, LATE) if f.resource == "sg-auth"]
    assert len(one.evidence) == 1
    unknown = p.replace(HEALTHY, security_groups=HEALTHY.security_groups[:2])
    assert [len(f.evidence) for f in found(shut, unknown, LATE)] == [1]


def test_all_peers_of_a_rule_are_told() -> None:
    rule = GroupRule(
        protocol="tcp", from_port=1, to_port=2, groups=("sg-x",), cidrs=("10.9.0.0/16",),
        ipv6_cidrs=("2001:db8::/32",), prefix_lists=("pl-1",),
    )  # fmt: skip
    (one,) = found(group("sg-auth", rule, tcp(22)), HEALTHY, LATE)
    assert one.evidence[0].seen == "tcp 1-2 sg-x 10.9.0.0/16 2001:db8::/32 pl-1; tcp 22-22"
    assert one.evidence[0].expected == f"tcp 8000 for {NAMES.prefix}-auth-lb to auth"
