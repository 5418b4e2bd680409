"""Listeners: the TLS settings, certificates and attributes that the present confirms."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canary.control_plane.certificates import covers, names_of, usable
from canary.control_plane.state import Listener, LoadBalancer
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.edit import Parameters
from canary.model.urls import Place, place

# Policies without TLS 1.0 and 1.1 (Elastic Load Balancing, "Security policies").
_MODERN = re.compile(r"ELBSecurityPolicy-(TLS13-1-[23]|TLS-1-2|FS-1-2)(-[\w-]+)?")
_OPENS = "access_control_allow"  # of other sites, by CORS


def unconfirmed(case: Case, balancer: LoadBalancer | None, wanted: Parameters) -> Iterator[str]:
    """Yield the settings of a listener that only the past tells, and that would open more."""
    living = [x for b in case.state.load_balancers for x in b.listeners]
    policy = str(wanted.get("SslPolicy", ""))
    if policy and not _MODERN.fullmatch(policy) and policy not in {x.ssl_policy for x in living}:
        yield f"only the past tells the TLS policy {policy}, which allows versions before TLS 1.2"
    for one in wanted.get("Certificates", []):
        yield from certificate(case, balancer, str(one["CertificateArn"]))
    for one in wanted.get("Attributes", []):
        key, value = one["Key"], one["Value"]
        if _OPENS in key and all(x.attributes.get(key) != value for x in living):
            yield f"only the past tells the value of {key}"


def certificate(case: Case, balancer: LoadBalancer | None, arn: str) -> Iterator[str]:
    """Yield why a certificate is not one to serve here: it must cover a host of this balancer."""
    known = next((c for c in case.state.certificates if c.arn == arn), None)
    name = balancer.name if balancer else ""
    hosts = [
        case.host(n)
        for n, s in case.services.items()
        if case.host(n) and (not name or s.load_balancer == name)
    ]
    if known is None or not usable(known, case.now):
        return  # see `check_routing.references`
    served = balancer is not None and any(arn in x.certificates for x in balancer.listeners)
    if not served and hosts and not any(covers(names_of(known), host) for host in hosts):
        yield f"certificate {arn} covers no host of {name or 'the platform'}"


def plain(case: Case, balancer: LoadBalancer | None, wanted: Parameters) -> Iterator[str]:
    """Yield why a listener without TLS would not be as the file has it: it must only redirect."""
    protocol, port = wanted.get("Protocol", ""), wanted.get("Port", 0)
    if protocol != "HTTP" or _is_plain(case, balancer, port):
        return
    if any(a.get("Type") != "redirect" for a in wanted.get("DefaultActions", [{}])):
        yield f"only the past tells that port {port} served without TLS"


def plain_rule(
    case: Case,
    balancer: LoadBalancer | None,
    home: Listener | None,
    wanted: list[Parameters],
    now: list[Parameters],
) -> Iterator[str]:
    """Yield why a rule of a listener without TLS must not forward: nothing else does so now."""
    if home is None or home.protocol != "HTTP" or _is_plain(case, balancer, home.port):
        return
    living = next((x for x in (balancer.listeners if balancer else ()) if x.arn == home.arn), None)
    there = [a for r in (living.rules if living else ()) for a in r.actions]
    serves = any(a.type == "forward" for a in there) or any(_forwards(a) for a in now)
    if any(_forwards(a) for a in wanted) and not serves:
        yield f"only the past tells that port {home.port} served without TLS"


def _forwards(action: Parameters) -> bool:
    return bool(action.get("Type") == "forward")


def _is_plain(case: Case, balancer: LoadBalancer | None, port: int) -> bool:
    """Return whether the file, or a variable of a container, asks a port without TLS."""
    name, dns = (balancer.name, balancer.dns_name.lower()) if balancer else ("", "")
    urls = [s.url for s in case.services.values() if s.url and s.load_balancer == name]
    own = (v for d in case.state.task_definitions for c in d.containers for v in c.plain.values())
    urls += [v for v in own if dns and v.lower().startswith(f"http://{dns}")]
    return any((at.scheme, at.port) == ("http", port) for at in _places(urls))


def _places(urls: list[str]) -> Iterator[Place]:
    for url in urls:
        try:
            yield place(url)
        except ValueError:  # no address that clients read in one way
            continue


def mutual(now: Listener, wanted: Parameters | None) -> Iterator[str]:
    """Yield why a listener would ask less of its clients than it does now."""
    has = now.mutual_authentication.get("Mode", "off")
    if wanted is not None and has == "verify" and wanted.get("Mode") != "verify":
        yield "only the past tells that clients showed no certificate, which they do now"
