"""Side-cars that have ended, while other containers of their tasks need them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from canary.control_plane.ecs import live
from canary.control_plane.state import Container, EcsService, Task, TaskDefinition
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding
from canary.diagnose.ecs import revisions
from canary.diagnose.ecs.last_words import last_words
from canary.diagnose.ecs.variables import affected, dependency_of
from canary.diagnose.remedies import build
from canary.model import Confidence, Remedy

_OWN = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?(?:localhost|127\.0\.0\.1):(\d+)(?:/.*)?", re.I)


class Need(NamedTuple):
    """What leads to a container, and the failures that its end explains."""

    user: str
    failures: Failures


def ended(case: Case) -> Iterator[Finding]:
    """Report containers that are not essential, have ended, and are needed by what fails.

    What nothing is seen to need is no cause: an init container ends, too.
    """
    for name in case.services:
        service, definition = case.ecs(name), case.definition_of(name)
        if service is None or definition is None:
            continue
        tasks = [t for t in live(service) if t.task_definition == definition.arn]
        if not tasks:
            continue
        gone = set.intersection(*(_ended(task) for task in tasks))
        for one in definition.containers:
            if one.name not in gone or one.essential:
                continue
            need = _needed(case, name, service, definition, one)
            if need and need.failures:
                yield _finding(case, name, service, tasks[0], one.name, need)


def _ended(task: Task) -> set[str]:
    return {c.name for c in task.containers if c.exit_code is not None}


def _needed(
    case: Case, name: str, service: EcsService, definition: TaskDefinition, one: Container
) -> Need | None:
    """Return what leads to a container, and the failures that this explains.

    A variable that configures no dependency of the service, such as where traces go, explains
    nothing that users see.
    """
    if any(entry.container == one.name for entry in service.balancer_entries):
        return Need("the load balancer", case.failures_of_outage(name))
    for other in definition.containers:
        for variable, value in other.plain.items():
            if beside(definition, other, value) is one and dependency_of(case, name, variable):
                return Need(f"{variable} of {other.name}", affected(case, name, variable))
    return None


def beside(definition: TaskDefinition, container: Container, address: str) -> Container | None:
    """Return the other container of a task that an address of its localhost leads to."""
    own = _OWN.fullmatch(address)
    others = [c for c in definition.containers if c is not container]
    return next((c for c in others if own and int(own[1]) in c.ports), None)


def _finding(
    case: Case, name: str, service: EcsService, task: Task, container: str, need: Need
) -> Finding:
    code = next(c.exit_code for c in task.containers if c.name == container)
    seen = f"container {container}: exit code {code}; the task runs on"
    return Finding(
        cause="container-ended",
        service=name,
        resource=service.arn,
        confidence=Confidence.CERTAIN,
        summary=f"Container {container} of {service.name} has ended, and {need.user} leads to it.",
        evidence=(
            *case.evidence(task.arn, seen, f"container {container}: running"),
            *last_words(case, name, task),
            *revisions.change_evidence(case, name),
        ),
        shown_failures=1,
        remedy=_remedy(case, name),
        explained_failures=need.failures,
    )


def _remedy(case: Case, name: str) -> Remedy:
    """Return the way back where a revision brought the container's end, else new tasks."""
    back = revisions.rollback(case, name)
    return build.remedy(
        case,
        back.summary or revisions.AGAIN,
        back.edits or revisions.deploy(case, name),
        inspect=(*back.inspect, *revisions.inspect(case, name)),
        verify=revisions.verify(case, name),
    )
