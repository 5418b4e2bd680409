"""Read the routing snapshot for the balancer process out of moto (decision 2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.elbv2 import policies, zones
from emulator.elbv2.nodes import address_of
from emulator.elbv2.target_groups_in_use import users_of_groups
from emulator.elbv2.target_health import HEALTH
from emulator.settings import ACCOUNT, REGION
from emulator.waf import acls

Json = dict[str, Any]
# (security groups of a balancer, its address, target's address, port) -> do packets arrive?
Reachable = Callable[[list[str], str, str, int], bool]
# (a balancer, its address, port) -> its clients outside the VPC: name, address, do they get in?
Doors = Callable[[Any, str, int], list[Json]]
# a balancer -> how it sees addresses of the VPC
Outside = Callable[[Any], Json]

CONNECT_TIMEOUT_S = 2.0  # AWS's is 10 s; a twin's user need not wait that long


def snapshot(speed: float, reachable: Reachable, doors: Doors, outside: Outside) -> Json:
    """Describe all balancers and target groups at this moment, without a serial number."""
    from moto.elbv2.models import elbv2_backends

    backend = elbv2_backends[ACCOUNT][REGION]
    balancers = [one for one in list(backend.load_balancers.values()) if address_of(one)]
    users = users_of_groups()
    return {
        "version": 1,
        "speed": speed,
        "connect_timeout_s": CONNECT_TIMEOUT_S,
        "balancers": [_balancer(balancer, doors, outside) for balancer in balancers],
        "target_groups": [
            _target_group(group, users.get(group.arn, []), reachable)
            for group in list(backend.target_groups.values())
            if group.target_type == "ip"
        ],
    }


def _balancer(balancer: Any, doors: Doors, outside: Outside) -> Json:
    address = address_of(balancer)
    return {
        **outside(balancer),
        "arn": balancer.arn,
        "name": balancer.name,
        "address": address,
        "attributes": dict(balancer.attrs),
        "web_acl": acls.snapshot(balancer.arn),
        "listeners": [
            {**_listener(listener), "doors": doors(balancer, address, int(listener.port))}
            for listener in list(balancer.listeners.values())
            if listener.protocol in ("HTTP", "HTTPS")
        ],
    }


def _listener(listener: Any) -> Json:
    rules = sorted(listener._non_default_rules.values(), key=lambda rule: int(rule.priority))
    default = {
        "arn": listener.arn.replace(":listener/", ":listener-rule/") + "/default",
        "priority": "default",
        "conditions": [],
        "actions": [action.data for action in listener.default_actions],
    }
    return {
        "arn": listener.arn,
        "port": int(listener.port),
        "protocol": listener.protocol,
        "attributes": dict(listener.attributes),
        "certificates": _certificates(listener),
        "tls": policies.allowed(listener.ssl_policy),
        "rules": [*(_rule(rule) for rule in rules), default],
    }


def _rule(rule: Any) -> Json:
    return {
        "arn": rule.arn,
        "priority": str(rule.priority),
        "conditions": rule.conditions,
        "actions": [action.data for action in rule.actions],
    }


def _certificates(listener: Any) -> list[Json]:
    from moto.acm.models import AWS_ROOT_CA, acm_backends

    stored = acm_backends[ACCOUNT][REGION]._certificates
    arns = list(dict.fromkeys([listener.certificate, *listener.certificates]))
    found = []
    for arn in arns:
        bundle = stored.get(arn)
        if bundle is None or not bundle.key:
            continue
        chain = bundle.chain.replace(AWS_ROOT_CA, b"").strip()  # moto adds Amazon's root
        found.append(
            {
                "arn": arn,
                "default": arn == listener.certificate,
                "certificate": bundle.cert.decode(),
                "chain": chain.decode(),
                "key": bundle.key.decode(),
            }
        )
    return found


def _target_group(group: Any, balancers: list[Any], reachable: Reachable) -> Json:
    targets = [
        (target["Id"], int(target["Port"]), False) for target in list(group.targets.values())
    ] + [(ident, port, True) for ident, port in HEALTH.draining(group.arn)]
    return {
        "arn": group.arn,
        "name": group.name,
        "protocol": group.protocol,
        "port": int(group.port),
        "version": group.protocol_version,
        "attributes": dict(group.attributes),
        "in_use": bool(balancers),
        "health_check": {
            "protocol": group.health_check_protocol,
            "port": str(group.health_check_port or "traffic-port"),
            "path": group.health_check_path or "/",
            "interval_s": float(group.health_check_interval_seconds),
            "timeout_s": float(group.health_check_timeout_seconds),
            "healthy": int(group.healthy_threshold_count),
            "unhealthy": int(group.unhealthy_threshold_count),
            "matcher": (group.matcher or {}).get("HttpCode", "200"),
        },
        "targets": [
            {
                "id": ident,
                "port": port,
                "draining": draining,
                "enabled": not zones.disabled(ident, balancers),
                "reachable": {
                    balancer.arn: reachable(
                        list(balancer.security_groups or []), address_of(balancer), ident, port
                    )
                    for balancer in balancers
                },
            }
            for ident, port, draining in targets
        ],
    }
