"""Why tasks of a service do not start or do not stay, from stopped reasons and logs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from canary.control_plane.aws_lists.form import Form
from canary.control_plane.aws_lists.no_room import NO_ROOM
from canary.control_plane.aws_lists.stops import SPOT
from canary.control_plane.aws_lists.task_starts import NO_PROGRAM
from canary.control_plane.ecs import (
    exited,
    interrupted,
    is_failure,
    is_steady,
    never_started,
    primary,
    rolled_back,
)
from canary.control_plane.state import EcsService, Task
from canary.diagnose.core.blame import port_words
from canary.diagnose.core.case import Case
from canary.diagnose.ecs import exits, log_groups, stop_reasons
from canary.diagnose.ecs.last_words import own_words
from canary.diagnose.ecs.revisions import Rollout, deploy, rollout
from canary.diagnose.ecs.stop_words import LOGS
from canary.diagnose.remedies.build import Edits
from canary.diagnose.remedies.edit import Edit
from canary.model import Evidence, Role

RECENT_S = 3600.0
STANDING_S = 6 * 3600.0
"""Seconds for which ECS does not repeat an event whose cause lasts ("Service event messages")."""


@dataclass(frozen=True, kw_only=True)
class Stop:
    """The cause that a stopped task shows, and the text that shows it."""

    cause: str
    task: Task | None
    words: str
    name: str = ""  # of the variable, secret or action in the text
    form: Form | None = None  # AWS's own message, where one shows the cause
    event_at: str = ""  # of the service event that shows it
    likely: bool = False  # AWS shows it, but not that it still holds

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the stop as a line of evidence."""
        resource = self.task.arn if self.task else "service event"
        at = self.task.stopped_at if self.task else self.event_at
        return (Evidence(resource=resource, seen=self.words[:400], expected="running", at=at),)

    def names_no_program(self) -> bool:
        """Return whether the program that the revision names cannot be started."""
        return self.form in NO_PROGRAM


def redeploy_stopped(case: Case, *names: str) -> Edits:
    """Return edits that deploy services again whose tasks failed: it skips ECS's back-off."""
    found: list[Edit] = []
    for name in dict.fromkeys(names):
        service = case.ecs(name)
        if service and _recent_failures(case, service):
            found += deploy(case, name)
    return tuple(found)


def _recent_failures(case: Case, service: EcsService) -> list[Task]:
    return [t for t in service.tasks if is_failure(t) and case.age(t.stopped_at) < RECENT_S]


def stop_of(case: Case, name: str) -> Stop | None:
    """Return why the service's newest tasks stopped, None if a later deployment succeeded."""
    service = case.ecs(name)
    if service is None:
        return None
    event = _by_event(case, name, service)
    for task in _recent_failures(case, service)[:3]:
        if not _is_past(service, task) and not _is_newer(case, event, task):
            found = (
                _by_reason(case, name, task) or _by_log(case, name, task) or _by_exit(case, task)
            )
            if found:
                return found
    return event or _interrupted(case, service)


def _is_newer(case: Case, event: Stop | None, task: Task) -> bool:
    """Return whether ECS has found no room for tasks since one of them stopped."""
    if event is None or event.cause not in NO_ROOM:
        return False
    return case.age(event.event_at) < case.age(task.stopped_at)


def _is_past(service: EcsService, task: Task) -> bool:
    """Return whether a later completed deployment made this stop irrelevant."""
    newest = primary(service)
    if newest is None or newest.rollout_state != "COMPLETED" or newest.failed_tasks:
        return False
    since = [t for t in service.tasks if t.last_status == "RUNNING"]
    later = any(t.started_at > task.stopped_at for t in since if t.started_at)
    return later and newest.created_at > task.created_at and not rolled_back(service)


def _texts(task: Task) -> str:
    return " ".join([task.stopped_reason, *(c.reason for c in task.containers)])


def _by_reason(case: Case, name: str, task: Task) -> Stop | None:
    text, form = _texts(task), stop_reasons.of_task(task)
    if form is None:
        return None
    action = re.search(r"not authorized to perform:? (\S+)", text)
    named = action[1] if action else exits.by_reason(task, form)
    cause, likely = log_groups.cause(case, name, form, task)
    return Stop(cause=cause, task=task, words=text, name=named, form=form, likely=likely)


def _by_log(case: Case, name: str, task: Task) -> Stop | None:
    if not any(c.exit_code for c in task.containers):
        return None
    found = next((f for t in own_words(case, name, task) if (f := by_text(case, t))), None)
    return Stop(cause=found[0], task=task, words=found[2], name=found[1]) if found else None


def by_text(case: Case, text: str) -> tuple[str, str, str] | None:
    """Return the cause, the name and the line that a log shows, None if no line fits."""
    port = port_words(case.environment, Role.DATABASE)
    for pattern, cause in LOGS:
        hits = list(re.finditer(pattern.replace("PORT", port), text))
        if hits:
            hit = hits[-1]
            start = text.rfind("\n", 0, hit.start()) + 1
            line = text[start : hit.end()] + text[hit.end() :].partition("\n")[0]
            return cause, hit.groupdict().get("name") or "", line
    return None


def _by_exit(case: Case, task: Task) -> Stop | None:
    codes = [c.exit_code for c in task.containers if c.exit_code is not None]
    if check := stop_reasons.of_health(task):  # the scheduler's SIGTERM leaves an exit code too
        return Stop(cause=check.causes[0], task=task, words=task.stopped_reason)
    if exited(task) or any(codes):
        named = exits.first(task, case.definition(task.task_definition))
        words = f"{task.stopped_reason}; {exits.codes(task)}"
        return Stop(cause="task-crash-loop", task=task, words=words, name=named)
    if never_started(task):
        return Stop(cause="deployment-stuck", task=task, words=task.stopped_reason)
    return None


def _by_event(case: Case, name: str, service: EcsService) -> Stop | None:
    """Return what hinders ECS by its events since the last steady state, the plainest of them.

    That there is no room holds only while the service is short of tasks.
    """
    found: Stop | None = None
    for event in service.events:
        age = case.age(event.at)
        if is_steady(event) or age > STANDING_S:
            break
        form = stop_reasons.of_event(event)
        cause = log_groups.cause(case, name, form, None)[0] if form else ""
        stands = _is_short(service) if cause in NO_ROOM else age <= RECENT_S
        if not form or not stands:
            continue
        told = Stop(cause=cause, task=None, words=event.message, form=form, event_at=event.at)
        if cause != "deployment-stuck":
            return told
        found = found or told
    return found


def _is_short(service: EcsService) -> bool:
    """Return whether ECS has fewer tasks than are wanted, those that start included."""
    newest = primary(service)
    late = newest is not None and newest.running + newest.pending < newest.desired
    return late or service.running + service.pending < service.desired


def _interrupted(case: Case, service: EcsService) -> Stop | None:
    """Return that AWS took back the Spot capacity of a service that is short of tasks."""
    ended = [t for t in service.tasks if t.stopped_at and case.age(t.stopped_at) < RECENT_S]
    if not _is_short(service) or not ended or not interrupted(ended[0]):
        return None
    words = ended[0].stopped_reason or SPOT.text
    return Stop(cause=SPOT.causes[0], task=ended[0], words=words, form=SPOT, likely=True)


def _no_such_secret(case: Case, stop: Stop, change: Rollout | None) -> bool:
    """Return whether access was denied because the secret is missing, not the permission.

    A role's policy names real secrets; it allows neither a placeholder nor a deleted secret.
    """
    resource = re.search(r"on resource:? (arn:\S+)", stop.words)
    if resource is None:
        return False
    denied = resource[1].rstrip(".")
    now = [v for _, _, v in change.difference.changed_secrets] if change else []
    gone = [s.reference for s in case.state.secrets if not s.exists]
    return any(v.startswith(denied) or denied.startswith(v) for v in (*now, *gone) if v)


def _others_run(case: Case, name: str, stop: Stop) -> bool:
    """Return whether tasks of another revision keep running beside those that stop."""
    service = case.ecs(name)
    tried = stop.task.task_definition if stop.task else ""
    return any(
        t.last_status == "RUNNING" and t.task_definition != tried
        for t in (service.tasks if service else ())
    )


def _deployment_cause(case: Case, name: str) -> str:
    """Return the cause for a deployment whose new tasks stop while older ones run."""
    service = case.ecs(name)
    back = service is not None and rolled_back(service)
    return "deployment-rolled-back" if back else "deployment-stuck"


def refine(case: Case, name: str, stop: Stop) -> Stop:
    """Prefer a change of the task definition over the symptom in the log."""
    change = rollout(case, name)
    if stop.cause == "execution-role-denied" and _no_such_secret(case, stop, change):
        return replace(stop, cause="secret-unavailable")
    if stop.cause == "task-crash-loop" and _others_run(case, name, stop):
        return replace(stop, cause=_deployment_cause(case, name))
    if change is None:
        return stop
    changes = change.difference
    if stop.names_no_program():
        return stop  # no variable keeps a program from being found
    if stop.cause in ("environment-variable-missing", "secret-not-injected", "task-crash-loop"):
        lost = (*changes.lost_secrets, *changes.lost_variables)
        guess = stop.name if stop.name in lost else (lost[0] if lost else "")
        if guess:
            secret = guess in changes.lost_secrets
            cause = "secret-not-injected" if secret else "environment-variable-missing"
            return replace(stop, cause=cause, name=guess)
    if stop.cause in ("database-auth-failed", "database-unreachable", "task-crash-loop"):
        plain = [n for n, _, _ in changes.changed_plain]
        if plain:
            return replace(stop, cause="environment-variable-wrong", name=plain[0])
    return stop
