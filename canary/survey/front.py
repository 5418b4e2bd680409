"""Find the balancers of services and addresses, and read their listeners, rules and groups."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from canary.control_plane.state import LoadBalancer, TargetGroup
from canary.model import Environment, Frozen, Service
from canary.observe import balancers, targets
from canary.observe.calls import Clients, Permission, Reader
from canary.observe.edge.hosts import resolve
from canary.observe.threads import begin
from canary.survey.values import AskedUrl

ACTIONS: tuple[Permission, ...] = (*balancers.ACTIONS, *targets.ACTIONS)
MOST_RESOLVED = 60
"""Balancers whose names are looked up to find that of an address; the near ones come first."""
MOST_ALIKE = 5
"""Balancers of a VPC that are read for a group which none of them names."""
Json = dict[str, Any]


class Front(Frozen, frozen=True, kw_only=True):
    """The balancers and target groups of a survey."""

    balancers: tuple[LoadBalancer, ...] = ()
    groups: tuple[TargetGroup, ...] = ()


class Listed(Frozen, frozen=True, kw_only=True):
    """All balancers and groups of the region as AWS lists them; None: could not be read."""

    balancers: list[Json] | None
    groups: list[Json] | None


def listed(reader: Reader) -> Listed:
    """Return the lists, in which names and places stand but no rule and no health."""
    groups = begin(reader.pages, "elasticloadbalancing:DescribeTargetGroups", "TargetGroups")
    found = reader.pages("elasticloadbalancing:DescribeLoadBalancers", "LoadBalancers")
    return Listed(balancers=found, groups=groups.result())


def leads(url: AskedUrl, every: list[Json], near: frozenset[str]) -> tuple[str, str]:
    """Return the name of the balancer to which an address leads, and how that is known.

    `near` are the balancers of the services that are meant. A name of DNS is compared by its
    addresses; where nothing shows it, the words in the names make a guess.
    """
    names = {str(b["LoadBalancerName"]): str(b.get("DNSName", "")).lower() for b in every}
    own = next((n for n, dns in names.items() if dns and dns == url.host), "")
    if own:
        return own, "the address is the balancer's own name"
    addresses, _, canonical = resolve(url.host)
    if addresses:
        canonical = canonical.removeprefix("dualstack.")
        first = sorted((n for n, dns in names.items() if dns), key=lambda n: n not in near)
        looked = {n: begin(resolve, names[n]) for n in first[:MOST_RESOLVED]}
        for name, ahead in looked.items():
            if canonical == names[name] or {*ahead.result()[0]} & {*addresses}:
                return name, f"{url.host} has the addresses of {name}"
    if len(near) == 1:
        (name,) = near
        return name, "no other balancer serves these services"
    return _by_words(url.host, near or frozenset(names))


def _by_words(host: str, names: Iterable[str]) -> tuple[str, str]:
    """Guess the one balancer whose name has the first word of a host."""
    word = host.partition(".")[0]
    fitting = [n for n in names if word in re.split(r"[^a-z0-9]+", n.lower())]
    return (fitting[0], f"its name has the word {word}") if len(fitting) == 1 else ("", "")


def chosen(every: Listed, own: frozenset[str], led: Iterable[str]) -> frozenset[str]:
    """Return the names of the balancers that matter for groups with these ARNs.

    A group that no balancer names may have lost its rule: then those of its VPC are read.
    """
    by_arn = {str(b["LoadBalancerArn"]): b for b in every.balancers or []}
    groups = [g for g in every.groups or [] if str(g.get("TargetGroupArn")) in own]
    found = {str(a) for g in groups for a in g.get("LoadBalancerArns") or []}
    names = {str(by_arn[a]["LoadBalancerName"]) for a in found if a in by_arn} | {*led} - {""}
    lost = {str(g.get("VpcId")) for g in groups if not g.get("LoadBalancerArns")}
    if lost and not names:
        beside = [b for b in every.balancers or [] if str(b.get("VpcId")) in lost]
        names |= {str(b["LoadBalancerName"]) for b in beside[:MOST_ALIKE]}
    return frozenset(names)


def read(
    clients: Clients, environment: Environment, names: frozenset[str], own: frozenset[str]
) -> tuple[Front, Reader]:
    """Return the balancers of these names, with their groups and those of these ARNs."""
    asked = {n: Service(load_balancer=n) for n in sorted(names)}
    reader = Reader(clients, msgspec.structs.replace(environment, services=asked))
    found = balancers.read(reader)
    groups = targets.read(reader, found, own)
    return Front(balancers=found, groups=groups), reader
