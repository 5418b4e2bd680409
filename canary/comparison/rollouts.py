"""Failures that a rollout explains wait until it ended, or until its time was up.

Only a rollout that ECS itself carries out counts, and only as long as ECS calls it IN_PROGRESS. A
roll back is no rollout: it says that a deployment failed. Nor is one whose tasks failed as often in
a row as the circuit breaker's smallest threshold:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import msgspec

from canary.comparison.previous import Previous
from canary.control_plane.dependencies import closure
from canary.control_plane.ecs import primary, rolled_back
from canary.control_plane.state import EcsService, PlatformState
from canary.model import (
    CheckHistory,
    Config,
    Environment,
    Result,
    Rollout,
    Status,
    is_ahead,
    parse_time,
)
from canary.probes.ecs_service import EcsServiceSpec

NO_ROLLOUTS: tuple[Rollout, ...] = ()
LONGEST = dt.timedelta(minutes=15)
"""A rollout explains nothing after this time, whatever a check allows it."""
FAILED_TASKS = 3
"""Tasks that failed in a row after which a rollout explains nothing: ECS's smallest threshold."""
BY_READING = ("ecs_service", "target_group", "dependency")
"""Kinds that see a rollout in what AWS or another service says of the service."""
SERVER_ERROR = 500


def explained_by(
    results: tuple[Result, ...],
    config: Config,
    state: PlatformState,
    now: dt.datetime,
    previous: Previous,
) -> tuple[tuple[Result, ...], tuple[Rollout, ...]]:
    """Return the results, those that wait marked, and the rollouts that are in progress `now`."""
    rollouts = under_way(config, state, now)
    if not rollouts:
        return results, ()
    history = previous.report.history if previous.report else {}
    return with_waiting(results, rollouts, config.environment, history), rollouts


def under_way(config: Config, state: PlatformState, now: dt.datetime) -> tuple[Rollout, ...]:
    """Return the rollouts that are in progress and within their time, by the services' names."""
    by_name = {s.name: s for s in state.ecs_services}
    found = []
    for name, service in config.environment.services.items():
        known = by_name.get(service.ecs_service)
        rollout = _rollout(name, known, _longest(config, name)) if known else None
        if rollout is not None and _lasts(rollout, now):
            found.append(rollout)
    return tuple(found)


def _rollout(name: str, service: EcsService, longest: dt.timedelta) -> Rollout | None:
    newest = primary(service)
    since = parse_time(newest.created_at) if newest else None
    if newest is None or since is None or service.controller not in ("", "ECS"):
        return None
    moving = newest.rollout_state == "IN_PROGRESS" and newest.failed_tasks < FAILED_TASKS
    if not moving or rolled_back(service):
        return None
    until = (since + longest).isoformat(timespec="seconds")
    return Rollout(service=name, deployment=newest.id, since=newest.created_at, until=until)


def _longest(config: Config, service: str) -> dt.timedelta:
    """Return how long a rollout of a service may take: by its own check, 15 minutes at most."""
    specs = (c.spec for c in config.checks if c.service == service)
    own = [dt.timedelta(minutes=s.rollout_minutes) for s in specs if isinstance(s, EcsServiceSpec)]
    return min((*own, LONGEST))


def _lasts(rollout: Rollout, now: dt.datetime) -> bool:
    until = parse_time(rollout.until)
    return until is not None and now < until and not is_ahead(rollout.since, now)


def with_waiting(
    results: Iterable[Result],
    rollouts: tuple[Rollout, ...],
    environment: Environment,
    history: Mapping[str, CheckHistory],
) -> tuple[Result, ...]:
    """Return the results; those that a rollout explains say for what they wait.

    `history` is that of the runs before: a check that failed before the rollout, or of which
    nothing is known, waits for nothing.
    """
    return tuple(_judged(r, rollouts, environment, history.get(r.check_id)) for r in results)


def _judged(
    result: Result,
    rollouts: tuple[Rollout, ...],
    environment: Environment,
    before: CheckHistory | None,
) -> Result:
    if result.reused or result.status is not Status.FAIL or not _explainable(result):
        return result
    needed = closure(environment, result.service)
    for rollout in rollouts:
        if rollout.service in needed and _began_after(before, rollout):
            waits = f"the rollout {rollout.deployment} of {rollout.service}, until {rollout.until}"
            return msgspec.structs.replace(result, waits=waits)
    return result


def _explainable(result: Result) -> bool:
    """Return whether a rollout can be why a check fails: no task answers, or with an error.

    Any other answer is the new revision's own: it would be the same when the rollout is over.
    """
    if result.kind in BY_READING:
        return True
    failed = [step for step in result.steps if step.status is Status.FAIL]
    answers = [step.evidence[-1] for step in failed if step.evidence]
    return bool(failed) and len(answers) == len(failed) and all(
        bool(a.failure) or a.status >= SERVER_ERROR for a in answers
    )  # fmt: skip


def _began_after(before: CheckHistory | None, rollout: Rollout) -> bool:
    if before is None or not before.last_run_at:
        return False
    if not before.last_status.is_bad:
        return True
    began, since = parse_time(before.since), parse_time(rollout.since)
    return began is not None and since is not None and began >= since
