"""What else of an ECS service changed with its last deployment, and how it was before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from canary.control_plane.state import EcsService, TaskDefinition
from canary.diagnose.core.case import Case
from canary.diagnose.remedies import well
from canary.diagnose.remedies.edit import Parameters
from canary.diagnose.remedies.never_worse import objections
from canary.diagnose.remedies.services import NETWORK, OF_DEPLOYMENT, described, update_service
from canary.model import Evidence

# The fields of `Service` that UpdateService takes under the same name (ECS API reference), but
# `taskDefinition`, which is the fault's own, and `desiredCount`, which scaling changes.
_FIELDS = (
    *("deploymentConfiguration", "healthCheckGracePeriodSeconds", "platformVersion"),
    *("capacityProviderStrategy", "placementConstraints", "placementStrategy"),
    *("availabilityZoneRebalancing", "enableExecuteCommand", "enableECSManagedTags"),
    *("propagateTags", NETWORK, "loadBalancers", "serviceRegistries", *OF_DEPLOYMENT),
)

_OF_THE_REVISION = ("revision", "taskDefinitionArn")


def restored(case: Case, service: EcsService, given: Parameters) -> Parameters:
    """Return the fields to give back beside those that an update gives, as they were.

    Only a deployment since then shows that they came with the same change, and only what widens
    nothing is given back. They fit the revision that they came with: not one that stays.
    """
    revision = given.get("taskDefinition", service.task_definition)
    if not _deployed_since(case, service) or not _as_it_was(case, service, revision):
        return {}
    return {
        name: was
        for name, was in _differing(case, service)
        if name not in given
        and not (name == NETWORK and _joins(service, was))
        and not _against(case, service, {name: was})
    }


def evidence(case: Case, service: EcsService, revision: str = "") -> Iterator[Evidence]:
    """Yield what differs of a service and is not given back: a person decides on it.

    `revision`: the one that a fix deploys, "" for the present one.
    """
    kept = restored(case, service, {"taskDefinition": revision} if revision else {})
    for name, was in _differing(case, service):
        if name not in kept:
            yield Evidence(
                resource=service.arn,
                seen=f"{name} {_text(described(service).get(name))}",
                expected=f"{_text(was)}, as while all was well",
                at=case.state.read_at,
            )


def _differing(case: Case, service: EcsService) -> Iterator[tuple[str, Any]]:
    before = well.service(case, service.name)
    if before is None or not service.config:
        return
    for name in _FIELDS:
        was = described(before).get(name)
        empty: Any = type(was)() if was and name in OF_DEPLOYMENT else None
        now = described(service).get(name, empty)  # of a deployment ECS tells what there is
        if was is not None and now is not None and not _holds(now, was):
            yield name, was


def _holds(now: Any, was: Any) -> bool:
    """Return whether all that was there is there; what AWS tells in addition is no change."""
    if isinstance(was, dict) and isinstance(now, dict):
        return all(_holds(now.get(key), value) for key, value in was.items())
    if isinstance(was, list) and isinstance(now, list):
        return sorted(map(_text, now)) == sorted(map(_text, was))
    return bool(now == was)


def _deployed_since(case: Case, service: EcsService) -> bool:
    before, state, incident = (
        well.service(case, service.name), well.well(case), case.baselines.incident,
    )  # fmt: skip
    if before is None or state is None:
        return False
    then = case.age(incident.at if incident else state.read_at)
    younger = any(case.age(d.created_at) < then for d in service.deployments)
    return younger or service.task_definition != before.task_definition


def _joins(service: EcsService, network: Parameters) -> bool:
    """Return whether tasks would join a group that they are not in: they left it on purpose."""
    groups = (network.get("awsvpcConfiguration") or {}).get("securityGroups") or []
    return not set(groups) <= set(service.security_groups)


def _as_it_was(case: Case, service: EcsService, revision: str) -> bool:
    """Return whether a revision is the one of then, or one of just its content."""
    before, state = well.service(case, service.name), well.well(case)
    if before is None or state is None or revision == before.task_definition:
        return before is not None
    known = state.task_definitions
    was = next((d for d in known if d.arn == before.task_definition), None)
    now = case.definition(revision)
    return was is not None and now is not None and _content(was) == _content(now)


def _content(definition: TaskDefinition) -> TaskDefinition:
    config = {k: v for k, v in definition.config.items() if k not in _OF_THE_REVISION}
    return msgspec.structs.replace(
        definition, arn="", revision=0, status="", registered_at="", config=config
    )


def _against(case: Case, service: EcsService, fields: Parameters) -> list[str]:
    return objections(case, (update_service(case.environment.cluster, service, **fields),))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
