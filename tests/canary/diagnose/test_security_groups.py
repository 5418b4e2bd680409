"""Services and balancers that were moved into other security groups."""

from __future__ import annotations

import pytest

from canary.control_plane.state import GroupRule, PlatformState
from canary.diagnose import diagnose
from canary.model import Confidence, Diagnosis, Result
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p


def only(state: PlatformState, *results: Result) -> Diagnosis:
    verdict = diagnose(list(results), state, p.environment(faults.NAMES), p.healthy(), p.NOW)
    (found,) = verdict.diagnoses
    assert verdict.unexplained == ()
    return found


def test_a_service_in_other_groups_is_put_back_and_no_group_is_opened() -> None:
    state = faults.service(p.healthy(), "auth", security_groups=("sg-mlflow",))
    found = only(state, *faults.by_id("auth-blocked").failures())
    name = faults.NAMES.of("auth")
    assert (found.cause, name in found.resource) == ("security-group-blocked", True)
    assert "update-service" in found.remedy.fix[0] and '"sg-auth"' in found.remedy.fix[0]
    assert not any("authorize" in c for c in found.remedy.fix)


def test_a_balancer_in_other_groups_is_put_back() -> None:
    healthy = p.healthy()
    moved = tuple(
        p.replace(b, security_groups=("sg-lb-registry",)) if "auth" in b.name else b
        for b in healthy.load_balancers
    )
    state = p.replace(healthy, load_balancers=moved)
    found = only(state, *faults.by_id("auth-blocked").failures())
    assert (found.cause, "auth-lb" in found.resource) == ("security-group-blocked", True)
    assert "set-security-groups" in found.remedy.fix[0] and "sg-lb-auth" in found.remedy.fix[0]


def auth_tasks_admit(state: PlatformState, *rules: GroupRule) -> PlatformState:
    groups = tuple(
        p.replace(g, ingress=rules) if g.id == "sg-auth" else g for g in state.security_groups
    )
    return p.replace(state, security_groups=groups)


PORT = {"protocol": "tcp", "from_port": 8000, "to_port": 8000}
BY_LIST = GroupRule(**PORT, prefix_lists=("pl-1",))
SIX = ("2001:db8:0:1::/64",)
BY_IPV6 = GroupRule(**PORT, ipv6_cidrs=("2600:1f18::/56",))


@pytest.mark.parametrize("rule", [BY_LIST, BY_IPV6], ids=["prefix list", "IPv6"])
def test_a_rule_whose_addresses_are_not_known_accuses_nobody(rule: GroupRule) -> None:
    """What a prefix list holds is not read: it may be the balancer."""
    state = auth_tasks_admit(p.dual_stack(), rule)
    results = faults.by_id("auth-blocked").failures()
    verdict = diagnose(results, state, p.environment(faults.NAMES), state, p.NOW)
    assert [d.cause for d in verdict.diagnoses if d.cause == "security-group-blocked"] == []


@pytest.mark.parametrize("rule", [BY_LIST, BY_IPV6], ids=["prefix list", "IPv6"])
def test_a_group_that_was_edited_to_such_a_rule_is_likely_at_fault(rule: GroupRule) -> None:
    state = auth_tasks_admit(p.dual_stack(), rule)
    found = only(state, *faults.by_id("auth-blocked").failures())
    assert (found.cause, found.confidence) == ("security-group-blocked", Confidence.LIKELY)


def test_in_subnets_without_ipv6_a_rule_of_ipv6_admits_nobody() -> None:
    state = auth_tasks_admit(p.healthy(), BY_IPV6)
    results = faults.by_id("auth-blocked").failures()
    said = {
        name: [
            (d.resource, d.confidence)
            for d in diagnose(results, now, p.environment(faults.NAMES), past, p.NOW).diagnoses
            if d.cause == "security-group-blocked"
        ]
        for name, now, past in (
            ("no past", state, None),
            ("edited", state, p.healthy()),
            ("as ever", state, state),
            (
                "one subnet has it",
                p.change(state, "subnets", "subnet-public", ipv6_cidrs=SIX),
                None,
            ),
            ("both have it", auth_tasks_admit(p.dual_stack(), BY_IPV6), None),
        )
    }
    assert said == {
        "no past": [("sg-auth", Confidence.CERTAIN)],
        "edited": [("sg-auth", Confidence.CERTAIN)],
        "as ever": [],  # all was well with it
        "one subnet has it": [("sg-auth", Confidence.CERTAIN)],  # the other end has none
        "both have it": [],
    }


def test_of_other_ports_a_prefix_list_says_nothing() -> None:
    other = GroupRule(protocol="tcp", from_port=22, to_port=22, prefix_lists=("pl-1",))
    found = only(auth_tasks_admit(p.healthy(), other), *faults.by_id("auth-blocked").failures())
    assert (found.cause, found.confidence) == ("security-group-blocked", Confidence.CERTAIN)


def test_a_balancer_that_some_addresses_reach_as_ever_accuses_nobody() -> None:
    """The canary's own address may be among them."""
    office = GroupRule(protocol="tcp", from_port=443, to_port=443, cidrs=("203.0.113.0/24",))
    state = p.healthy()
    groups = tuple(
        p.replace(g, ingress=(office,)) if g.id == "sg-lb-auth" else g
        for g in state.security_groups
    )
    state = p.replace(state, security_groups=groups)
    down = p.failed("auth.health", "auth", p.none("https://auth.hokus.ai/health", "refused"))
    verdict = diagnose([down], state, p.environment(faults.NAMES), state, p.NOW)
    assert [d.cause for d in verdict.diagnoses if d.cause == "security-group-blocked"] == []


WEB = {"protocol": "tcp", "from_port": 443, "to_port": 443}
FROM_TASKS = GroupRule(**WEB, groups=("sg-registry",))
FROM_NETWORK = GroupRule(**WEB, cidrs=("10.0.0.0/16",))


def internal(*rules: GroupRule) -> PlatformState:
    """The platform with an internal balancer before auth, which admits what is given."""
    state = p.healthy()
    return p.replace(
        state,
        load_balancers=tuple(p.replace(b, scheme="internal") for b in state.load_balancers),
        security_groups=tuple(
            p.replace(g, ingress=rules) if g.id == "sg-lb-auth" else g
            for g in state.security_groups
        ),
    )


def of_hanging_auth(state: PlatformState, before: PlatformState) -> list[Diagnosis]:
    down = p.failed(
        "auth.health", "auth", p.none("https://auth.hokus.ai/health", "connect-timeout")
    )
    verdict = diagnose([down], state, p.environment(faults.NAMES), before, p.NOW)
    return [d for d in verdict.diagnoses if d.cause == "security-group-blocked"]


@pytest.mark.parametrize("was", [FROM_TASKS, FROM_NETWORK], ids=["by group", "by network"])
def test_an_internal_balancer_that_lost_its_rule_is_opened_as_it_was(was: GroupRule) -> None:
    (found,) = of_hanging_auth(internal(), internal(was))
    assert found.confidence is Confidence.CERTAIN
    assert found.summary == (
        "Security group lb-auth admits no traffic of the clients to hokusai-auth-lb on port 443."
    )
    (fix,) = found.remedy.fix
    assert "authorize-security-group-ingress" in fix and "0.0.0.0/0" not in fix
    assert ("sg-registry" in fix, "10.0.0.0/16" in fix) == (was is FROM_TASKS, was is FROM_NETWORK)


@pytest.mark.parametrize("rule", [FROM_TASKS, FROM_NETWORK], ids=["by group", "by network"])
def test_an_internal_balancer_that_admits_somebody_as_ever_accuses_nobody(rule: GroupRule) -> None:
    """Whether the canary is among them is not read."""
    assert of_hanging_auth(internal(rule), internal(rule)) == []


def test_nobody_opens_an_internal_balancer_to_all_on_no_evidence() -> None:
    (found,) = of_hanging_auth(internal(), internal())
    assert (found.confidence, found.remedy.fix) == (Confidence.CERTAIN, ())
    assert found.remedy.decision.startswith("Decide which rule lb-auth (ingress) shall have")
