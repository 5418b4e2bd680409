"""Read what surrounds services: names in Cloud Map, certificates, subnets and the way out."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import Certificate, LoadBalancer
from canary.model import Network
from canary.observe import certificates, discovery, groups
from canary.observe.calls import Permission, Reader
from canary.observe.threads import begin
from canary.survey.values import Note, Part

NAT = "ec2:DescribeNatGateways"
ACTIONS: tuple[Permission, ...] = (
    *(p for p in discovery.ACTIONS if not p.action.endswith("ListInstances")),
    *certificates.ACTIONS,
    *groups.ACTIONS,
    Permission(action=NAT),
)
MOST_NAMESPACES = 20
Json = dict[str, Any]


def cloud_map(reader: Reader, wanted: frozenset[str]) -> dict[str, str]:
    """Return the full names of Cloud Map services by their ARNs."""
    if not wanted:
        return {}
    spaces = reader.pages("servicediscovery:ListNamespaces", "Namespaces") or []
    listed = [
        (str(n["Name"]), begin(_services, reader, str(n["Id"]))) for n in spaces[:MOST_NAMESPACES]
    ]
    return {
        str(s.get("Arn")): f"{s.get('Name')}.{space}"
        for space, services in listed
        for s in services.result()
        if str(s.get("Arn")) in wanted
    }


def _services(reader: Reader, namespace: str) -> list[Json]:
    within = [{"Name": "NAMESPACE_ID", "Values": [namespace], "Condition": "EQ"}]
    action = "servicediscovery:ListServices"
    return reader.pages(action, "Services", namespace, Filters=within) or []


def shown(reader: Reader, balancers: tuple[LoadBalancer, ...]) -> tuple[Certificate, ...]:
    """Return the certificates of the balancers' listeners."""
    return certificates.read(reader, balancers)


def network(reader: Reader, parts: tuple[Part, ...]) -> tuple[Network, tuple[Note, ...]]:
    """Return the network of the tasks, where a canary could stand as well, and what is guessed."""
    ids = {s for p in parts for s in p.service.subnets}
    found = groups.subnets_by(reader, "subnet-id", ids) if ids else ()
    if not found:
        text = "the subnets of the tasks could not be read: `vpc_id`, `subnets` and their zones"
        return Network(), (Note(key="network", text=text, missing=True),)
    vpc = sorted({s.vpc_id for s in found})[0]
    chosen = sorted((s for s in found if s.vpc_id == vpc), key=lambda s: s.zone)
    by_zone = {s.zone: s for s in reversed(chosen)}
    zones = sorted(by_zone)
    nats = reader.pages(NAT, "NatGateways", Filter=[{"Name": "vpc-id", "Values": [vpc]}])
    open_nats = [n for n in nats or [] if n.get("State") in (None, "", "available", "pending")]
    notes = (Note(key="network", text="the subnets of the tasks are taken for the canary's own"),)
    return (
        Network(
            vpc_id=vpc,
            subnets=tuple(by_zone[z].id for z in zones),
            availability_zones=tuple(zones),
            egress="nat" if nats is None or open_nats else "endpoints",
        ),
        notes,
    )
