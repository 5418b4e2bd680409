"""Read load balancers, listeners, rules and the certificates on listeners."""

from __future__ import annotations

from typing import Any

from canary.control_plane.routing import order
from canary.control_plane.state import Listener, LoadBalancer
from canary.observe.calls import Permission, Reader, attributes, plain, strings, unread
from canary.observe.reading import listener_tags
from canary.observe.rules import actions, rule
from canary.observe.threads import begin

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


def read(reader: Reader, known: tuple[LoadBalancer, ...] = ()) -> tuple[LoadBalancer, ...]:
    """Return the environment's load balancers with all their listeners and rules.

    `known` are these balancers as this run has read them already: tags of listeners and rules, and
    attributes of listeners, are taken from there. Remedies keep them, no cause is found in them.
    """
    wanted = {s.load_balancer for s in reader.environment.services.values() if s.load_balancer}
    found = reader.pages("elasticloadbalancing:DescribeLoadBalancers", "LoadBalancers")
    if found is None:
        reader.miss("load_balancers")
        return ()
    had = {x.arn: x for b in known for x in b.listeners}
    begun = [begin(_balancer, reader, b, had) for b in found if b.get("LoadBalancerName") in wanted]
    return listener_tags.added(reader, tuple(one.result() for one in begun), tuple(had.values()))


def _balancer(reader: Reader, raw: dict[str, Any], had: dict[str, Listener]) -> LoadBalancer:
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
    begun = [begin(_listener, reader, x, had) for x in listeners or []]
    found = (one.result() for one in begun)
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


def _listener(reader: Reader, raw: dict[str, Any], had: dict[str, Listener]) -> Listener:
    """Return a listener without its tags, which are read of all listeners at once."""
    arn = str(raw["ListenerArn"])
    rules = reader.pages(
        "elasticloadbalancing:DescribeRules", "Rules", arn, not_found=_GONE, ListenerArn=arn
    )
    settings = _attributes(reader, arn, had)
    default = [str(c["CertificateArn"]) for c in raw.get("Certificates") or []]
    more = _further_certificates(reader, raw, arn)
    return Listener(
        arn=arn,
        port=int(raw.get("Port", 0)),
        protocol=str(raw.get("Protocol", "")),
        certificates=tuple(dict.fromkeys(default + (more or []))),
        default_certificate=default[0] if default else "",
        rules=tuple(sorted(map(rule, rules or []), key=lambda r: (order(r), r.arn))),
        default_actions=actions(raw.get("DefaultActions") or []),
        ssl_policy=str(raw.get("SslPolicy") or ""),
        alpn=strings(raw.get("AlpnPolicy")),
        mutual_authentication=plain(raw.get("MutualAuthentication") or {}),
        attributes=settings or {},
        unread=unread(rules=rules, certificates=more, attributes=settings),
    )


def _attributes(reader: Reader, arn: str, had: dict[str, Listener]) -> dict[str, str] | None:
    if arn in had and had[arn].attributes:
        return had[arn].attributes
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
