"""Drift: differences of the control plane between two runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from canary.control_plane.state import (
    EVERYTHING,
    GroupRule,
    Listener,
    LoadBalancer,
    PlatformState,
    Rule,
)
from canary.model import Drift

Facts = dict[str, dict[str, str]]
"""resource -> attribute -> value"""
TARGETS, INSTANCES, STATE = "number of targets", "instances", "state"
MOVING = frozenset({TARGETS, INSTANCES, STATE})
"""Attributes of volatile parts, see `control_plane.stable`."""
DESIRED, ZERO = "desired count", "0"
_OF_DEFINITION = "container "
"""Attributes of a service from its task definition, which is read by a call of its own."""


def drift(before: PlatformState, after: PlatformState) -> tuple[Drift, ...]:
    """Return the changes; resources that either reading lacks are not compared."""
    found: list[Drift] = []
    for prefix, facts in AREAS:
        blind = facts in ON_DEMAND or _blind(before, prefix) or _blind(after, prefix)
        found += _differences(dict(facts(before)), dict(facts(after)), after.read_at, blind)
    return tuple(found)


def without_moving(found: Iterable[Drift]) -> tuple[Drift, ...]:
    """Return the changes of stable parts: all that can be told of a state known by its name."""
    return tuple(d for d in found if d.attribute not in MOVING)


def lasting(found: Iterable[Drift]) -> tuple[Drift, ...]:
    """Return the changes that a person made.

    Of the desired count only those from and to 0 are told: AWS scales services between the others.
    """
    return tuple(
        d for d in without_moving(found) if d.attribute != DESIRED or ZERO in (d.before, d.after)
    )


def _blind(state: PlatformState, prefix: str) -> bool:
    return any(u.action.startswith((prefix, EVERYTHING)) for u in state.unavailable)


def _differences(old: Facts, new: Facts, at: str, blind: bool) -> Iterator[Drift]:
    for resource in sorted(old.keys() | new.keys()):
        if resource not in old or resource not in new:
            if not blind:
                there, gone = ("no", "yes") if resource in new else ("yes", "no")
                yield Drift(resource=resource, attribute="exists", before=there, after=gone, at=at)
            continue
        for name in sorted(old[resource].keys() | new[resource].keys()):
            both = name in old[resource] and name in new[resource]
            if blind and not both and name.startswith(_OF_DEFINITION):
                continue
            was, now = old[resource].get(name, ""), new[resource].get(name, "")
            if was != now:
                yield Drift(resource=resource, attribute=name, before=was, after=now, at=at)


Named = Iterator[tuple[str, dict[str, str]]]


def _balancers(state: PlatformState) -> Named:
    groups = {g.arn: g.name for g in state.target_groups}
    for balancer in state.load_balancers:
        yield (
            f"load balancer {balancer.name}",
            {
                "security groups": _joined(balancer.security_groups),
                "subnets": _joined(balancer.subnets),
                STATE: balancer.state,
            },
        )
        for listener in balancer.listeners:
            yield from _listener(balancer, listener, groups)


def _listener(balancer: LoadBalancer, listener: Listener, groups: dict[str, str]) -> Named:
    name = f"listener {balancer.name}:{listener.port}"
    yield (
        name,
        {
            "protocol": listener.protocol,
            "certificates": _joined(listener.certificates, keep_order=True),
        },
    )
    for rule in listener.rules:
        yield (
            f"rule {rule.priority} of {name}",
            {"conditions": _conditions(rule), "action": _action(rule, groups)},
        )


def _conditions(rule: Rule) -> str:
    return "; ".join(
        sorted(
            f"{c.field} {c.name} {','.join(c.values)}".replace("  ", " ") for c in rule.conditions
        )
    )


def _action(rule: Rule, groups: dict[str, str]) -> str:
    action = rule.action
    if action.forwards:
        targets = (
            f"{groups.get(f.target_group) or _name_in(f.target_group)}*{f.weight}"
            for f in action.forwards
        )
        return f"{action.type} {_joined(tuple(targets))}"
    return f"{action.type} {action.status_code} {action.redirect}".strip()


def _name_in(arn: str) -> str:
    """Return the name of a target group that was not read: its ARN has it."""
    _, _, found = arn.partition(":targetgroup/")
    return found.partition("/")[0] or arn


def _targets(state: PlatformState) -> Named:
    for group in state.target_groups:
        facts = {
            "protocol and port": f"{group.protocol}:{group.port}",
            "health check": (
                f"{group.health_protocol} {group.health_port} {group.health_path}"
                f" {group.health_matcher}"
            ),
            "health check timing": (
                f"every {group.health_interval_s} s, {group.health_timeout_s} s,"
                f" {group.healthy_threshold}/{group.unhealthy_threshold}"
            ),
            TARGETS: str(len(group.targets)),
        }
        facts.update({f"attribute {k}": v for k, v in group.attributes.items()})
        yield f"target group {group.name}", facts


def _services(state: PlatformState) -> Named:
    definitions = {d.arn: d for d in state.task_definitions}
    for service in state.ecs_services:
        facts = {
            DESIRED: str(service.desired),
            "task definition": service.task_definition.rpartition("/")[2],
            "security groups": _joined(service.security_groups),
            "target groups": _joined(service.target_groups),
            "registries": _joined(service.registries),
        }
        definition = definitions.get(service.task_definition)
        for container in definition.containers if definition else ():
            name = f"container {container.name}"
            facts[f"{name} image"] = container.image
            facts[f"{name} variables"] = _joined(container.variables)
            facts[f"{name} secrets"] = _joined(tuple(container.secrets))
            facts[f"{name} ports"] = _joined(tuple(str(p) for p in container.ports))
        yield f"ECS service {service.name}", facts


def _groups(state: PlatformState) -> Named:
    for group in state.security_groups:
        facts = {_edge("in", r): "allowed" for r in group.ingress}
        facts.update({_edge("out", r): "allowed" for r in group.egress})
        yield f"security group {group.name or group.id} ({group.id})", facts


def _edge(direction: str, rule: GroupRule) -> str:
    who = _joined((*rule.groups, *rule.cidrs, *rule.ipv6_cidrs, *rule.prefix_lists))
    return f"{direction} {rule.protocol} {rule.from_port}-{rule.to_port} {who}"


def _discovery(state: PlatformState) -> Named:
    for service in state.discovery:
        addresses = tuple(f"{i.address}:{i.port}" for i in service.instances)
        yield f"Cloud Map {service.name}", {INSTANCES: _joined(addresses)}


def _certificates(state: PlatformState) -> Named:
    for certificate in state.certificates:
        yield (
            f"certificate {certificate.domain} ({certificate.arn.rpartition('/')[2]})",
            {
                "status": certificate.status,
                "not after": certificate.not_after,
                "names": _joined(certificate.names),
            },
        )


def _secrets(state: PlatformState) -> Named:
    for secret in state.secrets:
        yield (
            f"secret {secret.reference}",
            {"exists": "yes" if secret.exists else f"no {secret.detail}".strip()},
        )


def _joined(values: tuple[str, ...], *, keep_order: bool = False) -> str:
    return ", ".join(values if keep_order else sorted(values))


AREAS: tuple[tuple[str, Callable[[PlatformState], Named]], ...] = (
    ("elasticloadbalancing:", _balancers),
    ("elasticloadbalancing:", _targets),
    ("ecs:", _services),
    ("ec2:", _groups),
    ("servicediscovery:", _discovery),
    ("acm:", _certificates),
    ("secretsmanager:", _secrets),
)
ON_DEMAND = (_secrets,)
"""Read only after failures and only for their services: absent here means not read."""


def identified(state: PlatformState) -> Iterator[tuple[str, str]]:
    """Yield the text that names each resource in a change, and its ARN, id or reference."""
    for facts, identifiers in _IDENTIFIERS:
        yield from zip((name for name, _ in facts(state)), identifiers(state), strict=True)


def _of_balancers(state: PlatformState) -> Iterator[str]:
    for balancer in state.load_balancers:
        yield balancer.arn
        for listener in balancer.listeners:
            yield from (listener.arn, *(rule.arn for rule in listener.rules))


_IDENTIFIERS: tuple[
    tuple[Callable[[PlatformState], Named], Callable[[PlatformState], Iterable[str]]], ...
] = (
    (_balancers, _of_balancers),
    (_targets, lambda state: (g.arn for g in state.target_groups)),
    (_services, lambda state: (s.arn for s in state.ecs_services)),
    (_groups, lambda state: (g.id for g in state.security_groups)),
    (_discovery, lambda state: (d.arn or d.id for d in state.discovery)),
    (_certificates, lambda state: (c.arn for c in state.certificates)),
    (_secrets, lambda state: (s.reference for s in state.secrets)),
)
