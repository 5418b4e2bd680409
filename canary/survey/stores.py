"""Find the databases and caches that services use, by their addresses and security groups."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from canary.control_plane.state import SecurityGroup
from canary.control_plane.stores import Kind, Store
from canary.model import Frozen, Role, Service
from canary.observe import groups as guards
from canary.observe.calls import Permission, Reader
from canary.observe.stores import read as stores
from canary.observe.stores import shapes
from canary.observe.stores.links import host
from canary.observe.threads import begin
from canary.survey.names import plain
from canary.survey.values import Note, Part

ACTIONS: tuple[Permission, ...] = (
    *(p for p in stores.ACTIONS if not p.action.endswith("DescribeEvents")),
    *guards.ACTIONS,
)
WORDS = {
    Role.CACHE: re.compile(r"REDIS|VALKEY|CACHE|MEMCACHE"),
    Role.DATABASE: re.compile(
        r"DATABASE|POSTGRES|MYSQL|SQLALCHEMY|(^|_)(DB|PG|RDS)(_|HOST|PORT|$)"
    ),
}
"""Words in a variable's name that tell which kind of store its value leads to."""
PORTS = {
    **dict.fromkeys((5432, 3306, 1433, 1521, 27017), Role.DATABASE),
    **dict.fromkeys((6379, 11211), Role.CACHE),
}
"""The usual ports of kinds of stores."""
AT_ONCE = 200
"""Values of a filter that EC2 takes:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html"""
Json = dict[str, Any]


class Kept(Frozen, frozen=True, kw_only=True):
    """A database or a cache with the security groups before it."""

    role: Role
    store: Store
    guards: frozenset[str]  # ids of security groups
    listed: bool = True  # False: only a security group shows it, and neither RDS nor ElastiCache


class Used(Frozen, frozen=True, kw_only=True):
    """The stores of a survey as services of the file, and who uses which."""

    services: dict[str, Service]
    by: dict[str, tuple[str, ...]]  # name of a part -> names of its stores
    notes: tuple[Note, ...] = ()


def read(reader: Reader) -> list[Kept]:
    """Return the databases and caches of the region; wholes only, not their members."""
    clusters = begin(reader.pages, "rds:DescribeDBClusters", "DBClusters")
    replicated = begin(reader.pages, "elasticache:DescribeReplicationGroups", "ReplicationGroups")
    instances = begin(reader.pages, "rds:DescribeDBInstances", "DBInstances")
    nodes = reader.pages(
        "elasticache:DescribeCacheClusters", "CacheClusters", ShowCacheNodeInfo=True
    )
    by_group: dict[str, set[str]] = {}
    for raw in nodes or []:
        by_group.setdefault(str(raw.get("ReplicationGroupId") or ""), set()).update(_guards(raw))
    found = [_kept(Role.DATABASE, shapes.cluster(c), _guards(c)) for c in clusters.result() or []]
    found += [
        _kept(Role.DATABASE, shapes.instance(i), _guards(i)) for i in instances.result() or []
    ]
    found += [
        _kept(Role.CACHE, shapes.group(g), by_group.get(str(g.get("ReplicationGroupId")), set()))
        for g in replicated.result() or []
    ]
    found += [_kept(Role.CACHE, shapes.nodes(n), _guards(n)) for n in nodes or []]
    return [k for k in found if not k.store.parent]


def _kept(role: Role, store: Store, ids: Iterable[str], *, listed: bool = True) -> Kept:
    return Kept(role=role, store=store, guards=frozenset(ids), listed=listed)


def _guards(raw: Json) -> set[str]:
    rds = {str(g.get("VpcSecurityGroupId")) for g in raw.get("VpcSecurityGroups") or []}
    return rds | {str(g.get("SecurityGroupId")) for g in raw.get("SecurityGroups") or []}


def used(reader: Reader, parts: tuple[Part, ...], kept: list[Kept]) -> Used:
    """Return the stores that the parts use: by an address, a security group, or a name."""
    by_id = {g.id: g for g in _groups(reader, "group-id", {g for k in kept for g in k.guards})}
    kept, more = guarded(kept, _groups(reader, "ip-permission.group-id", _own(parts)), parts)
    by_id |= {g.id: g for g in more}
    notes: list[Note] = []
    users = {p.name: [k for k in kept if _known(p, k, by_id)] for p in parts}
    for part in parts:
        for guess in _guessed(part, kept, users[part.name], by_id):
            users[part.name].append(guess)
            text = f"{part.name} seems to use {guess.store.id}, by the name of a variable"
            notes.append(Note(key=f"services.{part.name}.depends_on", text=text))
    wanted = [k for k in kept if any(k in mine for mine in users.values())]
    names = _names(wanted)
    return Used(
        services={names[k.store.id]: _service(k, by_id) for k in wanted},
        by={part: tuple(names[k.store.id] for k in mine) for part, mine in users.items()},
        notes=tuple(notes),
    )


def _groups(reader: Reader, key: str, values: set[str]) -> list[SecurityGroup]:
    every = sorted(values)
    parts = (every[n : n + AT_ONCE] for n in range(0, len(every), AT_ONCE))
    return [g for some in parts for g in guards.by(reader, key, set(some))]


def _own(parts: Iterable[Part]) -> set[str]:
    return {g for p in parts for g in p.service.security_groups}


def guarded(
    kept: list[Kept], admitting: list[SecurityGroup], parts: Iterable[Part]
) -> tuple[list[Kept], list[SecurityGroup]]:
    """Return the stores with those that only their security group shows, and the groups of these.

    A group that admits tasks on the port of a kind of store stands before one: before the listed
    one of this port of which no group is known, if it is the only one.
    """
    own = _own(parts)
    taken = own | {g for k in kept for g in k.guards}
    found, used = list(kept), []
    for group in admitting:
        port = next(
            (r.from_port for r in group.ingress if own & {*r.groups} and r.from_port == r.to_port),
            0,
        )
        bare = [k for k in found if not k.guards and k.store.port == port]
        if group.id in taken or not (len(bare) == 1 or port in PORTS):
            continue
        used.append(group)
        if len(bare) == 1:
            found.remove(bare[0])
            found.append(msgspec.structs.replace(bare[0], guards=frozenset({group.id})))
        else:
            role = PORTS[port]
            kind = Kind.INSTANCE if role is Role.DATABASE else Kind.NODES
            store = Store(service="", kind=kind, id=group.name, port=port)
            found.append(_kept(role, store, {group.id}, listed=False))
    return found, used


def hosts(part: Part) -> frozenset[str]:
    """Return the hosts in the variables of a part whose values are addresses."""
    containers = part.definition.containers if part.definition else ()
    return frozenset(host(v) for c in containers for v in c.plain.values()) - {""}


def _known(part: Part, kept: Kept, by_id: dict[str, SecurityGroup]) -> bool:
    """Return whether a variable has the store's address, or its group admits the part's own."""
    if hosts(part) & {*kept.store.endpoints}:
        return True
    own = {*part.service.security_groups}
    rules = (r for g in kept.guards if g in by_id for r in by_id[g].ingress)
    return any(
        own & {*r.groups} and (r.from_port < 0 or r.from_port <= kept.store.port <= r.to_port)
        for r in rules
    )


def _guessed(
    part: Part, kept: list[Kept], have: list[Kept], by_id: dict[str, SecurityGroup]
) -> list[Kept]:
    """Return the one store of a kind in the part's network that a variable's name speaks of."""
    containers = part.definition.containers if part.definition else ()
    names = [n.upper() for c in containers for n in (*c.variables, *c.secrets)]
    vpcs = {g.vpc_id for g in part.groups if g.vpc_id}
    found = []
    for role, words in WORDS.items():
        if any(k.role is role for k in have) or not any(words.search(n) for n in names):
            continue
        near = [
            k
            for k in kept
            if k.role is role
            and (not vpcs or {by_id[g].vpc_id for g in k.guards if g in by_id} & vpcs)
        ]
        found += near if len(near) == 1 else []
    return found


def _names(wanted: list[Kept]) -> dict[str, str]:
    """Return a name of the file for each store: its role, where it is the only one of it."""
    roles = [k.role for k in wanted]
    return {
        k.store.id: str(k.role) if roles.count(k.role) == 1 else plain(k.store.id) for k in wanted
    }


def _service(kept: Kept, by_id: dict[str, SecurityGroup]) -> Service:
    named = [by_id[g].name for g in sorted(kept.guards) if g in by_id]
    return Service(
        role=kept.role,
        port=kept.store.port,
        security_group=named[0] if len(named) == 1 else "",
        instance=kept.store.id if kept.listed else "",
    )
