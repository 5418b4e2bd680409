"""Read load balancers, listeners, rules and the certificates on listeners."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from canary.control_plane.routing import order
from canary.control_plane.state import Listener, LoadBalancer, Rule
from canary.observe.calls import Permission, Reader, attributes, plain, strings, unread
from canary.observe.rules import actions, rule

# Elastic Load Balancing's Describe* actions take no resource (Service Authorization Reference).
ACTIONS = (
    Permission(action="elasticloadbalancing:DescribeLoadBalancers"),
    Permission(action="elasticloadbalancing:DescribeListeners"),
    Permission(action="elasticloadbalancing:DescribeRules"),
    Permission(action="elasticloadbalancing:DescribeTags"),
    Permission(action="elasticloadbalancing:DescribeListenerCertificates"),
    Permission(action="elasticloadbalancing:DescribeListenerAttributes"),
    Permission(action="elasticloadbalancing:DescribeLoadBalancerAttributes"),
)
_GONE = ("ListenerNotFound",)  # deleted between two calls
_RULE_GONE = "RuleNotFound"
_AT_ONCE = 20  # resources of one DescribeTags
Tags = dict[str, dict[str, str]]  # by the ARN of the resource


def read(reader: Reader) -> tuple[LoadBalancer, ...]:
    """Return the environment's load balancers with all their listeners and rules."""
    wanted = {s.load_balancer for s in reader.environment.services.values() if s.load_balancer}
    found = reader.pages("elasticloadbalancing:DescribeLoadBalancers", "LoadBalancers")
    if found is None:
        reader.miss("load_balancers")
        return ()
    return tuple(_balancer(reader, b) for b in found if b.get("LoadBalancerName") in wanted)


def _balancer(reader: Reader, raw: dict[str, Any]) -> LoadBalancer:
    arn = str(raw["LoadBalancerArn"])
    zones = raw.get("AvailabilityZones") or []
    listeners = reader.pages(
        "elasticloadbalancing:DescribeListeners", "Listeners", arn, LoadBalancerArn=arn
    )
    settings = reader.answer(
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        arn,
        attributes,
        None,
        LoadBalancerArn=arn,
    )
    found = (_listener(reader, x) for x in listeners or [])
    return LoadBalancer(
        arn=arn,
        name=str(raw["LoadBalancerName"]),
        dns_name=str(raw.get("DNSName", "")),
        scheme=str(raw.get("Scheme", "")),
        state=str(raw.get("State", {}).get("Code", "")),
        vpc_id=str(raw.get("VpcId", "")),
        security_groups=strings(raw.get("SecurityGroups")),
        subnets=strings(z.get("SubnetId") for z in zones),
        zones=strings(z.get("ZoneName") for z in zones),
        type=str(raw.get("Type", "")),
        ip_address_type=str(raw.get("IpAddressType", "")),
        listeners=tuple(sorted(found, key=lambda x: x.port)),
        attributes=settings or {},
        unread=unread(listeners=listeners, attributes=settings),
    )


def _listener(reader: Reader, raw: dict[str, Any]) -> Listener:
    arn = str(raw["ListenerArn"])
    rules = reader.pages(
        "elasticloadbalancing:DescribeRules", "Rules", arn, not_found=_GONE, ListenerArn=arn
    )
    own = [str(r["RuleArn"]) for r in rules or [] if not r.get("IsDefault")]
    tags = _tags(reader, [arn, *own])
    settings = _attributes(reader, arn)
    default = [str(c["CertificateArn"]) for c in raw.get("Certificates") or []]
    more = _further_certificates(reader, raw, arn)
    return Listener(
        arn=arn,
        port=int(raw.get("Port", 0)),
        protocol=str(raw.get("Protocol", "")),
        certificates=tuple(dict.fromkeys(default + (more or []))),
        default_certificate=default[0] if default else "",
        rules=tuple(sorted(_tagged(rules or [], tags or {}), key=lambda r: (order(r), r.arn))),
        default_actions=actions(raw.get("DefaultActions") or []),
        ssl_policy=str(raw.get("SslPolicy") or ""),
        alpn=strings(raw.get("AlpnPolicy")),
        mutual_authentication=plain(raw.get("MutualAuthentication") or {}),
        attributes=settings or {},
        tags=(tags or {}).get(arn, {}),
        unread=unread(rules=rules, tags=tags, certificates=more, attributes=settings),
    )


def _tagged(rules: list[dict[str, Any]], tags: Tags) -> list[Rule]:
    return [replace(found, tags=tags.get(found.arn, {})) for found in map(rule, rules)]


def _tags(reader: Reader, arns: list[str]) -> Tags | None:
    """Return the tags of a listener and its rules by their ARNs, None where they were not read.

    Of a rule that is deleted between two calls AWS tells nothing, nor of those asked beside it.
    """
    found: Tags = {}
    for start in range(0, len(arns), _AT_ONCE):
        some = arns[start : start + _AT_ONCE]
        action = "elasticloadbalancing:DescribeTags"
        gone: dict[str, Tags | None] = {code: {} for code in (_RULE_GONE, *_GONE)}
        read = reader.answer(action, some[0], _by_arn, None, gone, ResourceArns=some)
        if not read:
            return None
        found |= read
    return found


def _by_arn(answer: dict[str, Any]) -> Tags | None:
    return {
        str(one["ResourceArn"]): {str(t["Key"]): str(t.get("Value", "")) for t in one["Tags"]}
        for one in answer.get("TagDescriptions", [])
    }


def _attributes(reader: Reader, arn: str) -> dict[str, str] | None:
    gone: dict[str, dict[str, str] | None] = {code: {} for code in _GONE}
    action = "elasticloadbalancing:DescribeListenerAttributes"
    return reader.answer(action, arn, attributes, None, gone, ListenerArn=arn)


def _further_certificates(reader: Reader, raw: dict[str, Any], arn: str) -> list[str] | None:
    """Return the listener's certificates; the default one is among them."""
    if raw.get("Protocol") != "HTTPS":
        return []
    found = reader.pages(
        "elasticloadbalancing:DescribeListenerCertificates",
        "Certificates",
        arn,
        not_found=_GONE,
        ListenerArn=arn,
    )
    return None if found is None else [str(c["CertificateArn"]) for c in found]
