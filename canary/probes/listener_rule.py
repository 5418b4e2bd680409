"""`listener_rule`: the listener rules lead each path of the contract to its service.

The rules are simulated as they were read. This finds a rule that is missing, on the wrong listener,
shadowed, or with a wrong target group, without a request.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from canary.control_plane.routing import UnknownConditionError, taken_by
from canary.control_plane.service_groups import serving_groups
from canary.control_plane.state import Listener, LoadBalancer, PlatformState, Rule
from canary.model import Assertion, Check, Frozen, RouteRule, Service, Step
from canary.model.urls import DEFAULT_PORTS, Place, place
from canary.probes.base.api import Kind, ProbeContext
from canary.probes.base.evidence import Stopwatch, assertion, could_not_tell, unavailable

ACTIONS = (
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetGroups",
)


class ListenerRuleSpec(Frozen, frozen=True, kw_only=True):
    """The port of the contract's listener, and the port that must redirect to HTTPS."""

    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0  # 0: the one of the service's URL
    # 0: none is expected; without it the service's `plain_port`, where it is asked at its usual
    # place: 80 beside https on 443
    redirect_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] | None = None


def run(check: Check, spec: ListenerRuleSpec, context: ProbeContext) -> None:
    """Record a step for each listener, and for each route of the service's host."""
    watch = Stopwatch(context)
    state = context.state()
    service = context.service(check.service)
    balancer = next((b for b in state.load_balancers if b.name == service.load_balancer), None)
    reason = unavailable(state, *ACTIONS)
    if reason:
        context.record(could_not_tell(watch, ["listener rules"], reason)[0])
        return
    if balancer is None:
        name = f"load balancer {service.load_balancer}"
        context.record(watch.step("load balancer", [assertion(name, "exists", "missing", False)]))
        return
    at = _address(service, context)
    port = spec.port or at.port
    listener = _listener(balancer, port)
    shown = ", ".join(f"{x.protocol}:{x.port}" for x in balancer.listeners) or "no listener"
    have = assertion(f"listener on {port}", "exists", shown, listener is not None)
    context.record(watch.step(f"listener {port}", [have]))
    if redirect := _redirect_port(spec, service, at):
        context.record(_redirects(watch, balancer, redirect, shown))
    host = urlsplit(service.url).hostname or ""
    for route in context.environment.routes:
        if listener is not None and route.host == host:
            context.record(_route(watch, state, listener, route, context))


def _address(service: Service, context: ProbeContext) -> Place:
    """Return where a service is asked: its URL, else one behind the same load balancer."""
    every = context.environment.services.values()
    beside = [s.url for s in every if s.url and s.load_balancer == service.load_balancer]
    return place(next(iter([service.url, *beside] if service.url else beside), "https://"))


def _redirect_port(spec: ListenerRuleSpec, service: Service, at: Place) -> int:
    """Return the port that must redirect, 0 for none: plain HTTP is not redirected."""
    if spec.redirect_port is not None:
        return spec.redirect_port
    usual = at.port == DEFAULT_PORTS["https"] or service.plain_port != DEFAULT_PORTS["http"]
    return service.plain_port if at.scheme == "https" and usual else 0


def _listener(balancer: LoadBalancer, port: int) -> Listener | None:
    return next((x for x in balancer.listeners if x.port == port), None)


def _redirects(watch: Stopwatch, balancer: LoadBalancer, port: int, shown: str) -> Step:
    listener = _listener(balancer, port)
    made = [assertion(f"listener on {port}", "exists", shown, listener is not None)]
    for rule in listener.rules if listener else ():
        if rule.priority == "default":
            action = rule.action
            seen = f"{action.type} {action.status_code} {action.redirect}".strip()
            good = action.type == "redirect" and action.redirect.upper().startswith("HTTPS")
            made.append(assertion("default action", "redirect to HTTPS", seen, good))
    return watch.step(f"listener {port} redirects", made)


def _route(
    watch: Stopwatch,
    state: PlatformState,
    listener: Listener,
    route: RouteRule,
    context: ProbeContext,
) -> Step:
    name = f"{route.host}{route.path}"
    wanted = _groups(state, route.service, context)
    try:
        rule = taken_by(listener, route.host, route.path)
    except UnknownConditionError as error:
        reason = f"a rule has the condition {error}"
        return could_not_tell(watch, [name], reason)[0]
    judged, facts = _judge(state, rule, wanted)
    return watch.step(name, [judged], facts=facts)


def _groups(state: PlatformState, name: str, context: ProbeContext) -> tuple[str, ...]:
    """Return the names of a service's groups: the file's first, then those that serve in turn."""
    own = (g.name for g in serving_groups(context.environment, state, name))
    return tuple(dict.fromkeys((*context.service(name).target_groups, *own)))


def _judge(
    state: PlatformState, rule: Rule | None, wanted: tuple[str, ...]
) -> tuple[Assertion, dict[str, str]]:
    expected = f"forward to {' or '.join(wanted)}"
    if rule is None:
        return assertion("route", expected, "no rule takes it", False), {}
    names = {g.arn: g.name for g in state.target_groups}
    forwards = [f for f in rule.action.forwards if f.weight > 0]
    reached = [names.get(f.target_group, f.target_group) for f in forwards]
    action = rule.action
    answer = f"{action.type} {action.status_code} {action.content_type}".strip()
    shown = f"forward to {', '.join(reached)}" if reached else answer
    holds = bool(reached) and all(name in wanted for name in reached)
    by = f"{shown} by rule {rule.priority}"
    patterns = [v for c in rule.conditions for v in c.values]
    return assertion("route", expected, by, holds), {"rule": rule.arn, "on": ", ".join(patterns)}


KIND = Kind(
    name="listener_rule",
    spec=ListenerRuleSpec,
    run=run,
    summary="each path of the contract reaches its service's target group by the rules",
    reads_state=True,
    requests=lambda _spec: 0,
)
