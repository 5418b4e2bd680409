"""Checks of edits of ECS services and of what their tasks are registered in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canary.control_plane.ecs import live
from canary.control_plane.state import EcsService
from canary.diagnose.core.case import Case
from canary.diagnose.remedies import well
from canary.diagnose.remedies.confirmed import groups as living
from canary.diagnose.remedies.confirmed.references import references
from canary.diagnose.remedies.edit import Edit, Later, Parameters
from canary.diagnose.remedies.services import (
    CONNECT,
    NETWORK,
    OF_DEPLOYMENT,
    described,
    entry_json,
)

# Of these a service gets what it had, or keeps what it has.
AS_IT_WAS = (
    *("deploymentConfiguration", "healthCheckGracePeriodSeconds", "platformVersion"),
    *("capacityProviderStrategy", "placementConstraints", "placementStrategy"),
    *("availabilityZoneRebalancing", "enableExecuteCommand", "enableECSManagedTags"),
    *("propagateTags", *OF_DEPLOYMENT),
)
_BY_OTHERS = {
    "CODE_DEPLOY": "CodeDeploy deploys this service: AWS refuses the call, deploy it there",
    "EXTERNAL": "an external controller deploys this service: AWS refuses the call",
}


def service(case: Case, edit: Edit) -> Iterator[str]:
    """Check a changed service: AWS takes the call, and the network is the one that it had."""
    yield from references(case, edit)
    name = edit.parameters["service"]
    now = next((s for s in case.state.ecs_services if s.name == name), None)
    if now is None or now.status not in ("ACTIVE", ""):
        yield f"ECS service {name} is not active"
        return
    only_count = set(edit.parameters) <= {"cluster", "service", "desiredCount"}
    if now.controller in _BY_OTHERS and not only_count:
        yield _BY_OTHERS[now.controller]
    yield from _revision(case, edit.parameters.get("taskDefinition", ""), now)
    network = edit.parameters.get(NETWORK)
    if network:
        yield from _network(case, network["awsvpcConfiguration"], well.service(case, name), now)
    yield from _otherwise(edit.parameters, well.service(case, name), now)
    yield from _opened(edit.parameters, now)
    yield from _registries(case, edit)


def _otherwise(wanted: Parameters, was: EcsService | None, now: EcsService) -> Iterator[str]:
    """Check how a service is deployed and placed: as it was, or as it is."""
    known = [described(service) for service in (was, now) if service]
    for name in AS_IT_WAS:
        if name in wanted and all(wanted[name] != config.get(name) for config in known):
            yield f"the {name} would not be the one that the service had"
    if "logConfiguration" in wanted.get(CONNECT, {}):
        yield "the log options of its Service Connect are not read"


def _opened(wanted: Parameters, now: EcsService) -> Iterator[str]:
    """Check what lets more in: a shell in the containers, code that runs during a deployment."""
    if wanted.get("enableExecuteCommand") and not now.execute_command:
        yield "people could run commands in its containers"
    configuration = now.config.get("deploymentConfiguration") or {}
    hooks = (wanted.get("deploymentConfiguration") or {}).get("lifecycleHooks") or []
    if any(hook not in (configuration.get("lifecycleHooks") or []) for hook in hooks):
        yield "a hook would run during its deployments that does not now"
    roles = _roles(now.config.get("loadBalancers"))
    if not _roles(wanted.get("loadBalancers")) <= roles | _roles(_entries(now)):
        yield "its load balancer entries would use another role"


def _entries(service: EcsService) -> list[Parameters]:
    return [entry_json(e) for e in service.balancer_entries]


def _roles(entries: list[Parameters] | None) -> set[str]:
    advanced = [e.get("advancedConfiguration") or {} for e in entries or ()]
    return {a["roleArn"] for a in advanced if a.get("roleArn")}


def _registries(case: Case, edit: Edit) -> Iterator[str]:
    """Check the names under which tasks are registered: each is in Cloud Map, or made before."""
    names = {d.arn for d in case.state.discovery}
    for entry in edit.parameters.get("serviceRegistries", []):
        registry = entry["registryArn"]
        if not isinstance(registry, Later) and registry not in names:
            yield f"the name {registry} is not in Cloud Map"


def _revision(case: Case, arn: str, now: EcsService) -> Iterator[str]:
    """Check a revision: it was read, AWS starts it, and it is one of this service's family."""
    if not arn:
        return
    known = next((d for d in case.state.task_definitions if d.arn == arn), None)
    if known is None:
        yield f"revision {arn} was not read: nobody knows whether it is active"
    elif known.status != "ACTIVE":
        yield f"revision {known.family}:{known.revision} is {known.status}: ECS does not start it"
    elif known.family != _family(now.task_definition):
        yield f"revision {known.family}:{known.revision} belongs to another family"


def _family(arn: str) -> str:
    return arn.rpartition("/")[2].partition(":")[0]


def _network(
    case: Case, wanted: dict[str, object], was: EcsService | None, now: EcsService
) -> Iterator[str]:
    groups = [str(g) for g in _list(wanted.get("securityGroups"))]
    if was is None or set(groups) != set(was.security_groups):
        yield "the groups would not be those that the service had"
    public = str(wanted.get("assignPublicIp") or "")
    if public and public != (now.public_address or "DISABLED"):
        yield "the public address of the tasks would change"
    subnets = {str(s) for s in _list(wanted.get("subnets"))}
    if subnets and subnets not in (set(now.subnets), set(was.subnets if was else now.subnets)):
        yield "the subnets would not be those that the service had"
    yield from living.unknown_groups(case, groups, now.security_groups)


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def new_service(case: Case, edit: Edit) -> Iterator[str]:
    """Check a service that is created: it was there, it was read whole, what it names lives."""
    yield from references(case, edit)
    name = edit.parameters["serviceName"]
    was = well.service(case, name)
    if was is None or not was.config:
        yield f"nothing tells how {name} was"
        return
    if any("logConfiguration" in d.service_connect for d in was.deployments):
        yield "the log options of its Service Connect are not read"
    arn = edit.parameters.get("taskDefinition", "")
    known = case.definition(arn)
    if known is None or known.status != "ACTIVE":
        yield f"revision {arn} is not known to be active"
    wanted = (edit.parameters.get(NETWORK) or {}).get("awsvpcConfiguration") or {}
    near = [g for b in case.state.load_balancers for g in b.security_groups]
    near += [g for s in case.state.ecs_services for g in s.security_groups]
    groups = [str(g) for g in _list(wanted.get("securityGroups"))]
    yield from living.unknown_groups(case, groups, tuple(near))
    yield from _registries(case, edit)


def instance(case: Case, edit: Edit) -> Iterator[str]:
    """Check an address that is registered under a name: a running task has it."""
    address = edit.parameters["Attributes"].get("AWS_INSTANCE_IPV4", "")
    tasks = {t.address for s in case.state.ecs_services for t in live(s)}
    if address not in tasks:
        yield f"{address} is the address of no running task"


def internal_name(case: Case, edit: Edit) -> Iterator[str]:
    """Check a name that is created in Cloud Map: the file names it, its namespace is there."""
    if edit.parameters["NamespaceId"] not in case.state.namespaces.values():
        yield f"namespace {edit.parameters['NamespaceId']} is not there"
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,63}", edit.parameters["Name"]):
        yield f"{edit.parameters['Name']!r} is no name"
