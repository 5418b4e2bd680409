"""Revisions of a task definition: the good one, the difference, and the roll back."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Any

from canary.control_plane.state import TaskDefinition
from canary.diagnose.core.case import Case
from canary.diagnose.ecs import forerunner, log_groups
from canary.diagnose.ecs.revision_diff import Difference, difference
from canary.diagnose.remedies import build, service_back
from canary.diagnose.remedies.build import Edits
from canary.diagnose.remedies.never_worse import objections
from canary.diagnose.remedies.services import update_service
from canary.model import Evidence, Remedy

AGAIN = "Start a new deployment of the present revision."
_LOG_GROUP = re.compile(r"[A-Za-z0-9./_#][A-Za-z0-9./_#-]*")  # AWS allows no other characters


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """A change from a good revision to a suspected one."""

    bad: TaskDefinition
    good: TaskDefinition
    at: str
    rolled_back: bool  # the service runs the good revision again

    @property
    def difference(self) -> Difference:
        """Return what the suspected revision changed."""
        return difference(self.good, self.bad)

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the change and its time as a line of evidence."""
        lines = self.difference.lines()[:6] or ["the same content"]
        return (
            Evidence(
                resource=f"{self.bad.family}:{self.bad.revision}",
                seen="; ".join(lines),
                expected=f"as in {self.good.family}:{self.good.revision}",
                at=self.at,
            ),
        )


def rollout(case: Case, name: str) -> Rollout | None:
    """Return the last change of a service's revision, None if it is not known."""
    if (service := case.ecs(name)) is None:
        return None
    bad = forerunner.suspect(service)
    good = forerunner.good(case, name, service, bad)
    newer, older = case.definition(bad), case.definition(good)
    if newer is None or older is None or newer.arn == older.arn:
        return None
    deployment = next((d for d in service.deployments if d.task_definition == bad), None)
    return Rollout(
        bad=newer,
        good=older,
        at=deployment.created_at if deployment else newer.registered_at,
        rolled_back=service.task_definition == older.arn,
    )


def change_evidence(case: Case, name: str) -> tuple[Evidence, ...]:
    """Return the last change of a service's revision, and what else changed, as evidence."""
    change, service = rollout(case, name), case.ecs(name)
    if change is None or service is None:
        return ()
    return (*change.evidence(), *service_back.evidence(case, service, change.good.arn))


@dataclass(frozen=True, kw_only=True)
class Back:
    """The way back to the previous revision; empty if none is known."""

    summary: str = ""
    edits: Edits = ()
    inspect: tuple[str, ...] = ()


def rollback(case: Case, name: str, *, unread: bool = False) -> Back:
    """Return the way back to the previous revision, an empty one if none is known.

    Where ECS went back by itself, tasks start anew. Nobody leaves a revision with which all was
    well for a while. A revision of the same content is no way back, except with `unread`: the
    fault may be in a value that the canary does not read.
    """
    change = rollout(case, name)
    if change is None or not (unread or change.difference.lines()):
        return Back()
    if forerunner.was_well_with(case, name, change.bad.arn):
        return Back()
    good, back = change.good, f"Go back to {change.good.family}:{change.good.revision}."
    edits = deploy(case, name, "" if change.rolled_back else good.arn)
    if objections(case, edits):
        return Back()
    return Back(
        summary=AGAIN if change.rolled_back else back,
        edits=edits,
        inspect=(case.aws("ecs", "describe-task-definition", task_definition=change.bad.arn),),
    )


def remedy(
    case: Case,
    name: str,
    decision: str,
    *,
    summary: str = "",
    unread: bool = False,
    verify: tuple[str, ...] = (),
) -> Remedy:
    """Return the roll back to the previous revision, else the decision that a person must make.

    `summary` and `verify` go with the decision.
    """
    back = rollback(case, name, unread=unread)
    return build.remedy(
        case,
        back.summary or summary or decision,
        back.edits,
        inspect=inspect(case, name),
        verify=_verify(case, name) if back.edits else verify,
        otherwise=decision,
    )


def deploy(case: Case, name: str, definition: str = "", **fields: Any) -> Edits:
    """Return the edit that deploys a revision, or the present one again; none without a service.

    What else of the service came with the fault goes back in the same call.
    """
    if (service := case.ecs(name)) is None:
        return ()
    changed = {"taskDefinition": definition, **fields} if definition else fields
    whole = {**changed, **service_back.restored(case, service, changed)}
    return (update_service(case.environment.cluster, service, **whole),)


def describe(case: Case, name: str) -> str:
    """Return the command that shows a service."""
    return case.aws.ecs("describe-services", services=[case.services[name].ecs_service])


def verify(case: Case, name: str) -> tuple[str, ...]:
    """Return the commands that show whether a deployment succeeded."""
    wait = case.aws.ecs("wait services-stable", services=[case.services[name].ecs_service])
    return (wait, describe(case, name))


_verify = verify  # where a parameter has its name


def inspect(case: Case, name: str) -> tuple[str, ...]:
    """Return the commands that show a service's deployments, stopped tasks and log."""
    service = case.ecs(name)
    if service is None:
        return ()
    found = [
        describe(case, name),
        case.aws.ecs("list-tasks", service_name=service.name, desired_status="STOPPED"),
    ]
    stopped = [t.arn for t in service.tasks if t.stopped_at][:3]
    if stopped:
        found.append(case.aws.ecs("describe-tasks", tasks=stopped))
    return (*found, *log_tail(case, name))


def log_tail(case: Case, name: str) -> tuple[str, ...]:
    """Return the command that shows the last half hour of the log that its tasks write to."""
    written = [c.log_group for c in case.containers(name) if c.log_group and not c.log_region]
    known, lost = case.services[name].log_group, log_groups.missing(case.state)
    group = next((g for g in (*written, known) if g not in lost), "")
    # by its place it has no name that keeps it from being read as an option or as a file
    can_be_one = _LOG_GROUP.fullmatch(group) is not None
    return (case.aws("logs", f"tail {shlex.quote(group)}", since="30m"),) if can_be_one else ()
