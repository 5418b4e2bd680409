"""Remedies for ECS: roll back, make a log group, create a service."""

from __future__ import annotations

from typing import Any

import msgspec

from canary.control_plane.aws_lists.no_room import NO_ROOM
from canary.control_plane.state import EcsService
from canary.control_plane.unread import Known
from canary.diagnose.core.case import Case
from canary.diagnose.ecs import log_groups, revisions
from canary.diagnose.ecs.role_remedies import grant
from canary.diagnose.ecs.scheduling.no_room import no_room
from canary.diagnose.ecs.secret_remedies import restore, value_back
from canary.diagnose.ecs.task_stops import Stop
from canary.diagnose.remedies import build
from canary.diagnose.remedies.access import create_log_group
from canary.diagnose.remedies.build import Edits
from canary.diagnose.remedies.services import create_service as again
from canary.diagnose.stores import remedies, schema_upgrade
from canary.model import Remedy


def start_remedy(case: Case, name: str, stop: Stop) -> Remedy:
    """Return the remedy of a service whose tasks do not start."""
    if stop.cause == "execution-role-denied":
        return grant(case, name, stop)
    if stop.cause == "log-group-missing":
        return _log_group(case, name, stop)
    if stop.cause in ("secret-unavailable", "database-auth-failed"):
        return restore(case, name, stop.words, stop.cause)
    if stop.cause == "database-schema-outdated":
        return schema_upgrade.remedy(case, name)
    if stop.cause in NO_ROOM:
        return no_room(case, name, stop)
    back = revisions.rollback(case, name)
    if not back.edits and stop.cause in ("task-crash-loop", "environment-variable-wrong"):
        value = value_back(case, name, ("",))  # an injected value may have changed
        if value.fix:
            return value
    texts = remedies.DECISIONS | {
        "image-pull-failed": "Build and push the image that the revision names, or deploy another.",
        "image-wrong-architecture": "Build the image for the architecture of the task definition.",
        "task-out-of-memory": "Give the task definition more memory.",
        "task-crash-loop": "Read the log: the image or its settings must be mended.",
        "database-schema-missing": "Run the migrations of the service against its database.",
        "database-unreachable": "See whether the database runs and accepts connections.",
    }
    documented = stop.form.answer if stop.form else ""
    decision = documented or texts.get(stop.cause, "Register a revision that is complete.")
    verify = revisions.verify(case, name)
    remedy = revisions.remedy(case, name, decision, verify=verify)
    return msgspec.structs.replace(remedy, inspect=(*remedy.inspect, *back.inspect))


def _log_group(case: Case, name: str, stop: Stop) -> Remedy:
    """Return how to create a missing log group; a task does not start without it."""
    groups = log_groups.of_task(case, name, stop.task)
    away = log_groups.elsewhere(case, name, stop.task)
    known = log_groups.missing(case.state) - away
    lost = [g for g in groups if g in known] or list(groups)
    name_it = "Create the log group that the task definition names."
    if away & {*lost}:
        name_it = name_it[:-1] + ", in the region of its awslogs-region."
    group = min(lost, default="/")
    show = case.aws("logs", "describe-log-groups", log_group_name_prefix=group)
    says: str = name_it
    edits: Edits = ()
    if log_groups.is_gone(case, name, stop.task) is Known.NO:  # AWS refuses to create it once more
        says, edits = "The log group is there now: start tasks.", revisions.deploy(case, name)
    elif len(lost) == 1 and not away & {group}:  # of several, ECS does not say which one is gone
        says = f"Create the log group {group} again, then start tasks."
        edits = (create_log_group(group), *revisions.deploy(case, name))
    return build.remedy(
        case,
        says,
        edits,
        inspect=(show, *revisions.inspect(case, name)[:2]),
        verify=(show, *revisions.verify(case, name)),
        otherwise=name_it,
    )


def create_service(case: Case, name: str) -> Remedy:
    """Return how to create a service just as it was; where nothing tells how, a decision."""
    part = case.services[name]
    old = case.ecs_before(name)
    show = case.aws.ecs("describe-services", services=[part.ecs_service])
    edits = (again(case.environment.cluster, old, _registries(case, name, old)),) if old else ()
    wait = case.aws.ecs("wait services-stable", services=[part.ecs_service])
    return build.remedy(
        case,
        f"Create the ECS service {part.ecs_service} as it was.",
        edits,
        inspect=(show, case.aws("ecs", "list-task-definitions", family_prefix=part.ecs_service)),
        verify=(wait, show),
        otherwise=f"Create {part.ecs_service} again from where it is kept, such as Terraform.",
    )


def _registries(case: Case, name: str, old: EcsService) -> list[dict[str, Any]] | None:
    """Return a service's registries with the name as it lives now; None: those that it had."""
    known = {d.arn for d in case.state.discovery}
    had = old.config.get("serviceRegistries") or []
    wanted = case.services[name].discovery
    alike = [d.arn for d in case.state.discovery if d.name == wanted]
    lives = alike[0] if len(alike) == 1 else ""  # of two namespaces, nobody knows which
    there = [r.get("registryArn") for r in had]
    lost = [arn for arn in there if arn not in known]
    if not lives or lives in there or len(lost) != 1:  # of several, nobody knows which it was
        return None
    return [{**r, "registryArn": lives} if r.get("registryArn") in lost else r for r in had]
