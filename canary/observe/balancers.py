"""Read load balancers, listeners, rules and the certificates on listeners."""

from __future__ import annotations

from typing import Any

from canary.control_plane.routing import REGEX, order
from canary.control_plane.state import Action, Condition, Forward, Listener, LoadBalancer, Rule
from canary.observe.calls import Permission, Reader, attributes, strings

# Elastic Load Balancing's Describe* actions take no resource (Service Authorization Reference).
ACTIONS = (
    Permission(action="elasticloadbalancing:DescribeLoadBalancers"),
    Permission(action="elasticloadbalancing:DescribeListeners"),
    Permission(action="elasticloadbalancing:DescribeRules"),
    Permission(action="elasticloadbalancing:DescribeListenerCertificates"),
    Permission(action="elasticloadbalancing:DescribeLoadBalancerAttributes"),
)


def read(reader: Reader) -> tuple[LoadBalancer, ...]:
    """Return the environment's load balancers with all their listeners and rules."""
    wanted = {s.load_balancer for s in reader.environment.services.values() if s.load_balancer}
    found = reader.pages("elasticloadbalancing:DescribeLoadBalancers", "LoadBalancers")
    return tuple(_balancer(reader, b) for b in found if b.get("LoadBalancerName") in wanted)


def _balancer(reader: Reader, raw: dict[str, Any]) -> LoadBalancer:
    arn = str(raw["LoadBalancerArn"])
    listeners = reader.pages(
        "elasticloadbalancing:DescribeListeners", "Listeners", arn, LoadBalancerArn=arn
    )
    return LoadBalancer(
        arn=arn,
        name=str(raw["LoadBalancerName"]),
        dns_name=str(raw.get("DNSName", "")),
        scheme=str(raw.get("Scheme", "")),
        state=str(raw.get("State", {}).get("Code", "")),
        vpc_id=str(raw.get("VpcId", "")),
        security_groups=strings(raw.get("SecurityGroups")),
        subnets=strings(z.get("SubnetId") for z in raw.get("AvailabilityZones", [])),
        listeners=tuple(sorted((_listener(reader, x) for x in listeners), key=lambda x: x.port)),
        attributes=reader.answer(
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            arn,
            attributes,
            {},
            LoadBalancerArn=arn,
        ),
    )


def _listener(reader: Reader, raw: dict[str, Any]) -> Listener:
    arn = str(raw["ListenerArn"])
    rules = reader.pages(
        "elasticloadbalancing:DescribeRules",
        "Rules",
        arn,
        not_found=["ListenerNotFound"],
        ListenerArn=arn,
    )
    return Listener(
        arn=arn,
        port=int(raw.get("Port", 0)),
        protocol=str(raw.get("Protocol", "")),
        certificates=_certificates(reader, raw, arn),
        rules=tuple(sorted((rule(r) for r in rules), key=lambda r: (order(r), r.arn))),
    )


def _certificates(reader: Reader, raw: dict[str, Any], arn: str) -> tuple[str, ...]:
    default = [str(c["CertificateArn"]) for c in raw.get("Certificates") or []]
    if raw.get("Protocol") != "HTTPS":
        return tuple(default)
    more = reader.pages(
        "elasticloadbalancing:DescribeListenerCertificates",
        "Certificates",
        arn,
        not_found=["ListenerNotFound"],
        ListenerArn=arn,
    )
    return tuple(dict.fromkeys(default + [str(c["CertificateArn"]) for c in more]))


def rule(raw: dict[str, Any]) -> Rule:
    """Return a rule as DescribeRules gives it; the default rule's priority is "default"."""
    priority = "default" if raw.get("IsDefault") else str(raw.get("Priority", "default"))
    return Rule(
        arn=str(raw.get("RuleArn", "")),
        priority=priority,
        conditions=tuple(_condition(c) for c in raw.get("Conditions") or []),
        action=_action(raw.get("Actions") or []),
    )


_CONFIGS = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}


def _condition(raw: dict[str, Any]) -> Condition:
    field = str(raw.get("Field", ""))
    config: dict[str, Any] = raw.get(_CONFIGS.get(field, "")) or {}
    values = config.get("Values") or raw.get("Values") or []
    regex = config.get("RegexValues") or raw.get("RegexValues") or []
    named = [
        f"{v.get('Key', '')}={v.get('Value', '')}" if isinstance(v, dict) else str(v)
        for v in values
    ]
    return Condition(
        field=field,
        values=tuple(named) or tuple(f"{REGEX}{r}" for r in regex),
        name=str(config.get("HttpHeaderName", "")),
    )


def _action(raw: list[dict[str, Any]]) -> Action:
    """Return the last action, the one that forwards or answers."""
    if not raw:
        return Action(type="none")
    last = sorted(raw, key=lambda a: int(a.get("Order") or 0))[-1]
    fixed = last.get("FixedResponseConfig") or {}
    redirect = last.get("RedirectConfig") or {}
    return Action(
        type=str(last.get("Type", "")),
        forwards=_forwards(last),
        status_code=str(fixed.get("StatusCode") or redirect.get("StatusCode") or ""),
        content_type=str(fixed.get("ContentType", "")),
        redirect=_redirect(redirect) if redirect else "",
    )


def _forwards(action: dict[str, Any]) -> tuple[Forward, ...]:
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or []
    if groups:
        return tuple(
            Forward(target_group=str(g["TargetGroupArn"]), weight=_weight(g)) for g in groups
        )
    single = action.get("TargetGroupArn")
    return (Forward(target_group=str(single)),) if single else ()


def _weight(group: dict[str, Any]) -> int:
    weight = group.get("Weight")
    return 1 if weight is None else int(weight)


def _redirect(raw: dict[str, Any]) -> str:
    protocol = raw.get("Protocol", "#{protocol}")
    host = raw.get("Host", "#{host}")
    port = raw.get("Port", "#{port}")
    path = str(raw.get("Path", "/#{path}"))
    return f"{protocol}://{host}:{port}{path}?{raw.get('Query', '#{query}')}"
