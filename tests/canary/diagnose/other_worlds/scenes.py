"""Changes of the healthy platform that give it another shape, and what `diagnose` says."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import Action, Forward, PlatformState
from canary.diagnose import diagnose
from canary.model import Confidence, Diagnosis, Environment, Result
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

NAMES = faults.NAMES
Said = list[tuple[str, Confidence]]


def judged(
    state: PlatformState, before: PlatformState | None, *results: Result,
    environment: Environment | None = None,
) -> list[Diagnosis]:  # fmt: skip
    """Return the diagnoses of these results; all of them are explained."""
    where = environment or p.environment(NAMES)
    verdict = diagnose(list(results), state, where, before, p.NOW)
    assert verdict.unexplained == ()
    return list(verdict.diagnoses)


def said(found: list[Diagnosis]) -> Said:
    """Return causes and confidences."""
    return [(d.cause, d.confidence) for d in found]


def commands(found: list[Diagnosis]) -> str:
    """Return all printed fixes as one text."""
    return "\n".join(c for d in found for c in d.remedy.fix)


def to(group: str) -> Action:
    """Return an action that forwards to a group."""
    return Action(type="forward", forwards=(Forward(target_group=group),))


def revised(state: PlatformState, name: str, **fields: Any) -> PlatformState:
    """Return the platform whose service runs revision 8, which has other fields."""
    new = p.replace(p.definition(NAMES, name, 8), **fields)
    kept = tuple(d for d in state.task_definitions if d.arn != new.arn)
    state = p.replace(state, task_definitions=(*kept, new))
    known = next(s for s in state.ecs_services if s.name == NAMES.of(name))
    deployments = (p.replace(known.deployments[0], task_definition=new.arn),)
    return faults.service(state, name, task_definition=new.arn, deployments=deployments,
                          tasks=(p.running_task(NAMES, name, 8),))  # fmt: skip
