"""Make the services of an environment file out of what ECS and the balancers tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from canary.control_plane.state import Container, TargetGroup, TaskDefinition
from canary.model import Role, Service
from canary.observe.calls import Reader
from canary.observe.ecs_services import converted
from canary.observe.revisions import described
from canary.observe.threads import begin
from canary.survey import names
from canary.survey.clusters import groups_in
from canary.survey.stores import Used, hosts
from canary.survey.values import Note, Part
from canary.survey.ways import Ways

_URL_PATH = re.compile(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::\d+)?(/[\w./~-]*)")
Json = dict[str, Any]


def read(reader: Reader, raw: list[Json], cluster: str) -> tuple[Part, ...]:
    """Return the parts with the definitions that are in force."""
    called = names.short((str(s["serviceName"]) for s in raw), cluster)
    services = [converted(s, ()) for s in raw]
    looked = [begin(_definition, reader, s.task_definition) for s in services]
    return tuple(
        Part(name=called[s.name], service=s, definition=d.result())
        for s, d in zip(services, looked, strict=True)
    )


def _definition(reader: Reader, arn: str) -> TaskDefinition | None:
    if not arn:
        return None
    gone: dict[str, TaskDefinition | None] = {"ClientException": None}
    return reader.answer(
        "ecs:DescribeTaskDefinition", arn, lambda a: described(a["taskDefinition"]), None, gone,
        taskDefinition=arn,
    )  # fmt: skip


def with_groups(
    parts: tuple[Part, ...], raw: list[Json], groups: tuple[TargetGroup, ...]
) -> tuple[Part, ...]:
    """Return the parts with the target groups that ECS registers their tasks in."""
    own = {str(s["serviceName"]): groups_in(s) for s in raw}
    return tuple(
        msgspec.structs.replace(
            p, groups=tuple(g for g in groups if g.arn in own.get(p.service.name, ()))
        )
        for p in parts
    )


def main_container(part: Part) -> Container | None:
    """Return the container that answers: the one of the balancer's entry, else with a port."""
    containers = part.definition.containers if part.definition else ()
    entry = next((e.container for e in part.service.balancer_entries if e.container), "")
    by_name = next((c for c in containers if c.name == entry), None)
    with_port = next((c for c in containers if c.ports and c.essential), None)
    return by_name or with_port or (containers[0] if containers else None)


def port_of(part: Part) -> int:
    """Return the port on which the part answers, 0 if none is known."""
    entry = next((e.port for e in part.service.balancer_entries if e.port), 0)
    main = main_container(part)
    return entry or next(iter(main.ports if main else ()), 0)


def health_path(part: Part) -> str:
    """Return the path of the health check: the balancer's, or the container's own.

    Where the balancer's gets another status than it wants, and the container checks another path
    of itself, that one is the service's.
    """
    group = next((g for g in part.groups if g.health_path.startswith("/")), None)
    main = main_container(part)
    match = _URL_PATH.search(main.health_command) if main else None
    inside = match[1] if match else ""
    if group is None:
        return inside
    wrong = (
        bool(group.targets)
        and all(
            t.reason == "Target.ResponseCodeMismatch"
            for t in group.targets
            if t.state == "unhealthy"
        )
        and any(t.state == "unhealthy" for t in group.targets)
    )
    return inside if wrong and inside else group.health_path


def services(
    parts: tuple[Part, ...], ways: Ways, stores: Used, discovered: dict[str, str]
) -> tuple[dict[str, Service], tuple[Note, ...]]:
    """Return the services of the file, with a note for each guess."""
    found: dict[str, Service] = {}
    notes: list[Note] = []
    internal = {p.name: _internal(p, discovered) for p in parts}
    for part in parts:
        calls = _calls(part, parts, ways, internal)
        role, why = names.role(part.name, part.definition, calls)
        notes.append(Note(key=f"services.{part.name}.role", text=f"{role}: {why}"))
        made = _service(part, ways, internal[part.name], role)
        uses = (*calls, *stores.by.get(part.name, ()))
        found[part.name] = msgspec.structs.replace(made, depends_on=uses)
    return {**found, **stores.services}, tuple(notes)


def _service(part: Part, ways: Ways, internal: str, role: Role) -> Service:
    main = main_container(part)
    containers = part.definition.containers if part.definition else ()
    logged = [c.log_group for c in containers if c.log_group and not c.log_region]
    group = (main.log_group if main else "") or next(iter(logged), "")
    return Service(
        url=ways.urls.get(part.name, ""),
        role=role,
        ecs_service=part.service.name,
        container=main.name if main else "",
        port=port_of(part),
        load_balancer=ways.balancers.get(part.name, ""),
        target_groups=tuple(g.name for g in part.groups),
        health_path=health_path(part),
        log_group=group,
        further_log_groups=tuple(g for g in dict.fromkeys(logged) if g != group),
        discovery=internal,
    )


def _internal(part: Part, discovered: dict[str, str]) -> str:
    return next((discovered[arn] for arn in part.service.registries if arn in discovered), "")


def _calls(
    part: Part, parts: Iterable[Part], ways: Ways, internal: dict[str, str]
) -> tuple[str, ...]:
    """Return the parts whose address stands in a variable of this one."""
    asked = hosts(part)
    found = []
    for other in parts:
        url = ways.urls.get(other.name, "")
        own = {internal[other.name].lower(), *_connect_names(other)} - {""}
        outside = url.partition("://")[2].partition("/")[0].partition(":")[0]
        if other.name != part.name and asked & {*own, outside}:
            found.append(other.name)
    return tuple(found)


def _connect_names(part: Part) -> frozenset[str]:
    """Return the names of Service Connect by which others call a part."""
    configured = [d.service_connect for d in part.service.deployments if d.service_connect]
    entries = [s for c in configured[:1] for s in c.get("services") or []]
    aliases = [a for s in entries for a in s.get("clientAliases") or []]
    return frozenset(str(a.get("dnsName") or "").lower() for a in aliases) - {""}
