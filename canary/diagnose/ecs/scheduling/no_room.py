"""What to decide where AWS starts no task: AWS's own answer, and what the service uses.

No revision and no command of the service helps: a roll back would find no room either. Sources:
the pages of `control_plane.aws_lists.no_room`.
"""

from __future__ import annotations

from canary.control_plane.aws_lists.no_room import CAPACITY, QUOTA, SUBNET
from canary.control_plane.state import EcsService
from canary.diagnose.core.case import Case
from canary.diagnose.core.decisions import joined
from canary.diagnose.ecs import revisions
from canary.diagnose.ecs.task_stops import Stop
from canary.diagnose.remedies import build, well
from canary.model import Remedy

_SPOT = "FARGATE_SPOT"
_OTHERWISE = {
    CAPACITY: "Wait until there is capacity, or let the service use more zones.",
    QUOTA: "Ask for a higher quota in Service Quotas, or stop tasks that nobody needs.",
    SUBNET: "Give the service a subnet with free addresses, or free some in this one.",
}


def no_room(case: Case, name: str, stop: Stop) -> Remedy:
    """Return what AWS's page tells to do, and what of the service bears on it."""
    service = case.ecs(name)
    answer = (stop.form.answer if stop.form else "") or _OTHERWISE[stop.cause]
    known = _known(case, service, stop.cause) if service else ""
    return build.remedy(
        case,
        answer,
        (),
        inspect=(revisions.describe(case, name), *_look(case, service, stop.cause)),
        verify=revisions.verify(case, name),
        otherwise=f"{answer} ECS then starts the tasks by itself.{known}",
    )


def _look(case: Case, service: EcsService | None, cause: str) -> tuple[str, ...]:
    subnets = service.subnets if service else ()
    if cause == QUOTA:
        return (case.aws("service-quotas", "list-service-quotas", service_code="fargate"),)
    return (case.aws("ec2", "describe-subnets", subnet_ids=subnets),) if subnets else ()


def _known(case: Case, service: EcsService, cause: str) -> str:
    """Return what of the service bears on it: other subnets, only one zone, Spot alone."""
    if cause == SUBNET:
        return _moved(case, service)
    if cause != CAPACITY:
        return ""
    zones = {s.zone for s in case.state.subnets if s.id in service.subnets} - {""}
    read = {s.id for s in case.state.subnets} >= set(service.subnets)
    one = f" All of its subnets are in {min(zones)}." if read and len(zones) == 1 else ""
    providers = {p.name for p in service.capacity_providers}
    spot = f" It may use {joined(sorted(providers))} alone." if providers == {_SPOT} else ""
    return one + spot


def _moved(case: Case, service: EcsService) -> str:
    """Return in which subnets a service was while all was well, where it is in others now."""
    before = well.service(case, service.name)
    subnets = before.subnets if before else ()
    if not subnets or set(subnets) == set(service.subnets):
        return ""
    return f" While all was well, it was in {joined(subnets)}."
