"""Which revision of a service is suspected, and which one was good before it."""

from __future__ import annotations

import datetime as dt

from canary.control_plane.ecs import is_failure, is_primary, primary, rolled_back, scaled_in
from canary.control_plane.state import EcsDeployment, EcsService, TaskDefinition
from canary.diagnose.core.case import Case
from canary.diagnose.ecs.revision_diff import port_mismatch
from canary.model.base import parse_time

SHOWS_WITHIN = dt.timedelta(minutes=10)
"""A fault of a new revision shows within this time: keys are cached for 300 s at most."""


def suspect(service: EcsService) -> str:
    """Return the newest revision that was deployed, even if ECS rolled it back since."""
    for deployment in service.deployments:
        if deployment.failed_tasks and _rolled_back_from(service, deployment):
            return deployment.task_definition
    failures = [t for t in service.tasks if is_failure(t)]
    if failures and rolled_back(service):
        return failures[0].task_definition
    return service.task_definition


def _rolled_back_from(service: EcsService, deployment: EcsDeployment) -> bool:
    """Return whether ECS went back from a deployment; one that is being replaced is older."""
    if deployment is primary(service):
        return False
    newer = _number(deployment.task_definition) > _number(service.task_definition)
    return deployment.rollout_state == "FAILED" or newer


def _number(arn: str) -> int:
    tail = arn.rpartition(":")[2]
    return int(tail) if tail.isdigit() else 0


def good(case: Case, name: str, service: EcsService, bad: str) -> str:
    """Return the revision that ran before the suspected one."""
    if service.task_definition != bad:
        return service.task_definition
    before = case.ecs_before(name)
    if before and before.task_definition != bad and _usable(case, before.task_definition, bad):
        return before.task_definition
    newer = replaced_by_older(case, name)
    if newer:
        return newer.arn
    deployed = [d.task_definition for d in service.deployments]
    running = [t for t in service.tasks if scaled_in(t) or t.last_status == "RUNNING"]
    served = (*deployed, *(t.task_definition for t in running))
    return next((arn for arn in served if _usable(case, arn, bad)), "")


def was_well_with(case: Case, name: str, bad: str) -> bool:
    """Return whether the suspected revision had run alone for a while when all was well.

    The tasks of the revision before it show for an hour, and prove nothing then.
    """
    service, before = case.ecs(name), case.ecs_before(name)
    if service is None or before is None or case.previous is None:
        return False
    if name in case.previous.refreshed_services:  # a service with failures was not well
        return False
    known = {d.task_definition for s in (service, before) for d in s.deployments}
    if {before.task_definition} | known != {bad}:
        return False
    since = parse_time(next((d.created_at for d in before.deployments if is_primary(d.status)), ""))
    read = parse_time(case.previous.read_at)
    return since is not None and read is not None and read - since >= SHOWS_WITHIN


def replaced_by_older(case: Case, name: str) -> TaskDefinition | None:
    """Return the newer, healthy revision that an older one replaced since the previous run.

    Two overlapping deployments can bring an older revision back. ECS itself goes back only from
    a failed deployment, and people only from one under which checks failed.
    """
    service, before = case.ecs(name), case.ecs_before(name)
    if service is None or before is None or case.previous is None or rolled_back(service):
        return None
    if name in case.previous.refreshed_services:  # a service with failures was not healthy
        return None
    healthy = before.running >= before.desired > 0 and len(before.deployments) == 1
    now = case.definition(service.task_definition)
    was = next((d for d in case.state.task_definitions if d.arn == before.task_definition), None)
    if not healthy or not now or not was or now.family != was.family or was.status != "ACTIVE":
        return None
    tried = (*before.deployments, *(d for d in service.deployments if d.task_definition == was.arn))
    sound = not any(d.failed_tasks for d in tried) and port_mismatch(was) is None
    return was if sound and now.revision < was.revision else None


def _usable(case: Case, arn: str, bad: str) -> bool:
    """Return whether a roll back to a revision is safe; it must be older than the bad one."""
    found, tried = case.definition(arn), case.definition(bad)
    if found is None or found.status != "ACTIVE" or port_mismatch(found) is not None:
        return False
    return tried is None or found.family != tried.family or found.revision < tried.revision
