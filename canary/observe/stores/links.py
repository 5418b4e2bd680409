"""Tell which stores of RDS and ElastiCache are those of a service, and how sure that is.

A service has the store that the environment file names (`instance`), else the one whose endpoint
is the service's own address (`url`, `discovery`). Only where there is none, the addresses in
variables of tasks are asked that depend on the service: such a task may have addresses of other
stores, too, and one in a secret is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from canary.control_plane.state import Container, EcsService, TaskDefinition
from canary.control_plane.stores import Store
from canary.model import Environment, Role, Service

# names of variables and secrets whose value may be the address of a store
_ADDRESS = re.compile(
    r"(?:^|_)(?:UR[IL]|HOSTS?|ENDPOINTS?|DSN|ADDR(?:ESS)?|SERVERS?|CONNECTION(?:_STRING)?)$"
)


# words in such a name by which it is the address of another kind of store
_ELSE = {
    Role.DATABASE: re.compile(r"REDIS|VALKEY|CACHE"),
    Role.CACHE: re.compile(r"DATABASE|SQL|POSTGRES|(?:^|_)(?:DB|PG)_"),
}


class Used(NamedTuple):
    """Hosts in variables of the tasks that depend on a service.

    `open` are those of tasks of which every address that may be such a store's was read.
    """

    hosts: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()


def used(
    environment: Environment,
    services: tuple[EcsService, ...],
    definitions: tuple[TaskDefinition, ...],
) -> dict[str, Used]:
    """Return the hosts that the users of each service have, by its name in the file."""
    running = {s.name: s.task_definition for s in services}
    known = {d.arn: d for d in definitions}
    found: dict[str, Used] = {}
    for name in environment.services:
        users = [s for s in environment.services.values() if name in s.depends_on]
        arns = {running.get(s.ecs_service, "") for s in users}
        read = [known[arn] for arn in sorted(arns) if arn in known]
        role = environment.role_of(name)
        told = [d for d in read if not any(_hides(c, role) for c in d.containers)]
        found[name] = Used(_hosts(read), _hosts(told))
    return found


def _hosts(definitions: list[TaskDefinition]) -> frozenset[str]:
    plain = (v for d in definitions for c in d.containers for v in c.plain.values())
    return frozenset(map(host, plain)) - {""}


def _hides(container: Container, role: Role) -> bool:
    """Return whether an address of a container was not read that may be of a store of a role."""
    names = {*container.variables, *container.secrets, *container.plain}
    unread = {n.upper() for n in names if not container.plain.get(n)}
    other = _ELSE.get(role)
    return any(_ADDRESS.search(n) and not (other and other.search(n)) for n in unread)


def stores_of(
    name: str,
    listed: list[Store],
    alike: Mapping[str, Service],
    asked: Mapping[str, Used],
) -> list[Store]:
    """Return the stores of a service, with all parts, wholes before members.

    `listed`: all stores of its role; `alike`: the services of its role that no ECS service runs.
    """
    if exact := _exact(alike[name], listed):
        return _whole(exact, listed)
    if alike[name].instance:
        return []
    others = [n for n in alike if n != name]
    taken = {s.whole for n in others for s in _exact(alike[n], listed)}
    first = [s for s in listed if asked[name].hosts & {*s.endpoints} and s.whole not in taken]
    near = {end for s in first for end in s.endpoints}
    rivals = (n for n in others if asked[n].hosts & near and not _exact(alike[n], listed))
    certain = (
        bool(asked[name].open & near)
        and not _own_hosts(alike[name])  # no store has it: it may be the name of another one
        and len({s.whole for s in first if not s.copy_of}) == 1
        and not any(rivals)
    )
    return [
        msgspec.structs.replace(s, doubtful=bool(s.copy_of) or not certain)
        for s in _whole(first, listed)
    ]


def _exact(part: Service, listed: Iterable[Store]) -> list[Store]:
    """Return what has a service's `instance` as its id, else its address as an endpoint."""
    if part.instance:
        return [s for s in listed if s.id == part.instance.lower()]  # AWS keeps small letters
    own = _own_hosts(part)
    return [s for s in listed if own.intersection(s.endpoints)]


def _own_hosts(part: Service) -> frozenset[str]:
    return frozenset({host(part.url), part.discovery.lower()} - {""})


def _whole(first: list[Store], listed: list[Store]) -> list[Store]:
    """Return stores with their clusters and all members of these."""
    wholes = {s.whole for s in first}
    return sorted((s for s in listed if s.whole in wholes), key=lambda s: (bool(s.parent), s.id))


def host(value: str) -> str:
    """Return the host of an address, "" where it has none."""
    try:
        return (urlsplit(value if "://" in value else f"//{value}").hostname or "").lower()
    except ValueError:
        return ""
