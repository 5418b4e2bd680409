"""Harmless oddities of other platforms: new or as ever, none is named beside another fault."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from canary.control_plane.state import (
    Action,
    CapacityProvider,
    Condition,
    Container,
    Forward,
    GroupRule,
    Listener,
    PlatformState,
    Rule,
)
from canary.diagnose import diagnose
from canary.model import Explanation
from tests.canary.diagnose.other_worlds.scenes import NAMES, revised, to
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

Change = Callable[[PlatformState], PlatformState]
API = NAMES.group("registry")


def with_group(state: PlatformState, arn: str, **fields: object) -> PlatformState:
    """Add a target group without targets."""
    made = p.replace(state.target_groups[0], arn=arn, name=arn.split("/")[1], targets=(),
                     load_balancers=(), **fields)  # fmt: skip
    return p.replace(state, target_groups=(*state.target_groups, made))


def where(*paths: str, field: str = "path-pattern") -> Condition:
    return Condition(field=field, values=paths)


def left_over_of_blue_green(state: PlatformState) -> PlatformState:
    """A group of weight 0 without targets stands in the API's rules."""
    green = NAMES.elb("targetgroup", "green/1")
    both = (Forward(target_group=API, weight=100), Forward(target_group=green, weight=0))
    state = with_group(state, green)
    for priority in NAMES.priorities[1:]:
        state = faults.with_rule(state, priority, Action(type="forward", forwards=both))
    return state


def five_conditions(state: PlatformState) -> PlatformState:
    """A rule before all others refuses a scanner."""
    conditions = (
        where("/api/*"), where("DELETE", field="http-request-method"),
        where("*scanner*", field="http-header"), where("debug=1", field="query-string"),
        where("198.51.100.0/24", field="source-ip"),
    )  # fmt: skip
    refuse = Action(type="fixed-response", status_code="403", content_type="text/plain")
    rule = Rule(arn="arn:rule/2", priority="2", conditions=conditions, action=refuse)
    return faults.add_rule(state, rule)


def legacy_redirect(state: PlatformState) -> PlatformState:
    """An old host is redirected on the serving listener."""
    leads = "HTTPS://registry.hokus.ai:443/#{path}?#{query}"
    action = Action(type="redirect", status_code="HTTP_301", redirect=leads)
    old = where("old.hokus.ai", field="host-header")
    return faults.add_rule(
        state, Rule(arn="arn:rule/1", priority="1", conditions=(old,), action=action)
    )


def function_behind_a_path(state: PlatformState) -> PlatformState:
    group = NAMES.elb("targetgroup", "hooks/1")
    state = with_group(state, group, target_type="lambda")
    rule = Rule(arn="arn:rule/7", priority="7", conditions=(where("/webhooks/*"),),
                action=to(group))  # fmt: skip
    return faults.add_rule(state, rule)


def side_cars(state: PlatformState) -> PlatformState:
    app = p.definition(NAMES, "registry").containers[0]
    router = Container(name="log_router", image="public/fluent-bit:stable", essential=False)
    daemon = Container(name="xray", image="public/xray:latest", essential=False, ports=(2000,))
    return revised(state, "registry", containers=(router, app, daemon))


def capacity_providers(state: PlatformState) -> PlatformState:
    two = (CapacityProvider(name="FARGATE", weight=1, base=1),
           CapacityProvider(name="FARGATE_SPOT", weight=3))  # fmt: skip
    return faults.service(state, "mlflow", launch_type="", capacity_providers=two)


def listener_for_tests(state: PlatformState) -> PlatformState:
    """CodeDeploy deploys auth; a second group waits on a listener for tests."""
    green = NAMES.elb("targetgroup", "auth-green/1")
    rule = Rule(arn="arn:test/default", priority="default", action=to(green))
    waits = Listener(arn="arn:test", port=9443, protocol="HTTP", rules=(rule,))
    state = faults.service(with_group(state, green), "auth", controller="CODE_DEPLOY")
    return p.replace(state, load_balancers=tuple(
        p.replace(b, listeners=(*b.listeners, waits)) if "auth" in b.name else b
        for b in state.load_balancers
    ))  # fmt: skip


def lists_and_ipv6(state: PlatformState) -> PlatformState:
    for name, port in (("sg-lb-registry", 443), ("sg-registry", 8001)):
        more = GroupRule(protocol="tcp", from_port=port, to_port=port, prefix_lists=("pl-1",),
                         ipv6_cidrs=("::/0",))  # fmt: skip
        group = next(g for g in state.security_groups if g.id == name)
        state = p.change(state, "security_groups", name, ingress=(*group.ingress, more))
    return state


def attributes(state: PlatformState) -> PlatformState:
    own = {"slow_start.duration_seconds": "60", "stickiness.enabled": "true",
           "load_balancing.cross_zone.enabled": "false"}  # fmt: skip
    of_balancers = {"routing.http.drop_invalid_header_fields.enabled": "true",
                    "routing.http.desync_mitigation_mode": "strictest",
                    "idle_timeout.timeout_seconds": "20"}  # fmt: skip
    return p.replace(
        state,
        target_groups=tuple(p.replace(g, attributes=own) for g in state.target_groups),
        load_balancers=tuple(p.replace(b, attributes=of_balancers) for b in state.load_balancers),
    )


def deregistered(state: PlatformState) -> PlatformState:
    """The revision that runs is INACTIVE, as after Terraform's clean-up."""
    running = NAMES.revision("registry", 7)
    return p.change(state, "task_definitions", running, status="INACTIVE")


def by_addresses(state: PlatformState) -> PlatformState:
    """Tasks admit the balancers' subnets in place of their groups."""
    for name in ("auth", "registry"):
        port = NAMES.ports[name]
        rule = GroupRule(protocol="tcp", from_port=port, to_port=port, cidrs=("10.0.101.0/24",))
        state = p.change(state, "security_groups", f"sg-{name}", ingress=(rule,))
    return state


ODDITIES: tuple[Change, ...] = (
    left_over_of_blue_green, five_conditions, legacy_redirect, function_behind_a_path, side_cars,
    capacity_providers, listener_for_tests, lists_and_ipv6, attributes, deregistered, by_addresses,
)  # fmt: skip


def everything(state: PlatformState) -> PlatformState:
    for change in ODDITIES:
        state = change(state)
    return state


FAULTS = ("", "cache-down", "mlflow-scaled-to-zero", "certificate-expired")


def judged(fault: str, now: Change, before: Change) -> Explanation:
    state, results = faults.plant(faults.by_id(fault)) if fault else (p.healthy(), [])
    return diagnose(results, now(state), p.environment(NAMES), before(p.healthy()), p.NOW)


def as_it_is(state: PlatformState) -> PlatformState:
    return state


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f or "all is well")
@pytest.mark.parametrize("is_new", [True, False], ids=["new", "as ever"])
@pytest.mark.parametrize("oddity", [*ODDITIES, everything], ids=lambda o: o.__name__)
def test_an_oddity_is_not_named(oddity: Change, is_new: bool, fault: str) -> None:
    plain = judged(fault, as_it_is, as_it_is)
    odd = judged(fault, oddity, as_it_is if is_new else oddity)
    assert [(d.cause, d.resource, d.confidence) for d in odd.diagnoses] == [
        (d.cause, d.resource, d.confidence) for d in plain.diagnoses
    ]
    assert odd.unexplained == plain.unexplained == ()
