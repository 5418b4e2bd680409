"""What a check has from its service: the environment's name of it, its owner and its tags."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from canary.config.references import Source
from canary.model import Check, Environment
from canary.model.definitions import ROLES

OWN = "canary"
"""The owner of what the canary cannot judge."""


def by_role(environment: Environment, sources: list[Source]) -> list[Source]:
    """Return the checks with the environment's own names of their services.

    A set of checks writes names that stand for roles, such as `mlflow`. Where no service has the
    name and one alone has its role, the check is of that service.
    """
    return [_renamed(environment, s) for s in sources]


def _renamed(environment: Environment, source: Source) -> Source:
    check, spec = source.check, source.check.spec
    service = own_name(environment, check.service)
    used = getattr(spec, "use_service", "")
    if own_name(environment, used) != used:
        spec = msgspec.structs.replace(spec, use_service=own_name(environment, used))
    if (service, spec) == (check.service, check.spec):
        return source
    check = msgspec.structs.replace(check, service=service, spec=spec)
    return msgspec.structs.replace(source, check=check)


def own_name(environment: Environment, name: str) -> str:
    """Return what an environment calls the service of a name, the name itself if none is it."""
    if not name or name in environment.services or name not in ROLES:
        return name
    known = environment.of_role(ROLES[name])
    return known[0] if len(known) == 1 else name


def owned(environment: Environment, check: Check) -> Check:
    """Return the check with the owner of its service, unless it has its own, and all tags."""
    service = environment.services.get(check.service)
    if service is None or not (service.owner or service.tags):
        return check
    tags = tuple(dict.fromkeys((*check.tags, *service.tags)))
    return msgspec.structs.replace(check, owner=check.owner or service.owner, tags=tags)


def unowned(environment: Environment, sources: list[Source], file: str) -> Iterator[str]:
    """Yield each owner to whom something is told and who owns no check and no service."""
    services = {s.owner for s in environment.services.values()}
    known = sorted({*services, *(s.check.owner for s in sources)} - {""})
    channels = enumerate(environment.notify.channels)
    said = [
        *((f"notify.owners.{owner}", owner) for owner in environment.notify.owners),
        *((f"notify.channels[{n}].owners", owner) for n, c in channels for owner in c.owners),
    ]
    for key, owner in said:
        if owner not in (*known, OWN):
            names = ", ".join(known) or "none"
            yield f"{file}: {key}: {owner} owns no check and no service (owners: {names})"
