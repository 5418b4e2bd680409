"""Why tasks of a service do not start or do not stay, from stopped reasons and logs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from canary.control_plane.ecs import (
    exited,
    is_failure,
    is_steady,
    never_started,
    primary,
    rolled_back,
)
from canary.control_plane.state import EcsService, Task
from canary.diagnose.core.blame import port_words
from canary.diagnose.core.case import Case
from canary.diagnose.ecs import exits
from canary.diagnose.ecs.last_words import own_words
from canary.diagnose.ecs.revisions import Rollout, deploy, rollout
from canary.diagnose.ecs.stop_words import CANNOT_START, LOGS, REASONS
from canary.diagnose.remedies.build import Edits
from canary.diagnose.remedies.edit import Edit
from canary.model import Evidence, Role

RECENT_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class Stop:
    """The cause that a stopped task shows, and the text that shows it."""

    cause: str
    task: Task | None
    words: str
    name: str = ""  # of the variable, secret or action in the text

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the stop as a line of evidence."""
        resource = self.task.arn if self.task else "service event"
        at = self.task.stopped_at if self.task else ""
        return (Evidence(resource=resource, seen=self.words[:400], expected="running", at=at),)


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
    for task in _recent_failures(case, service)[:3]:
        if not _is_past(service, task):
            found = _by_reason(task) or _by_log(case, name, task) or _by_exit(case, task)
            if found:
                return found
    return _by_event(case, service)


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


def _by_reason(task: Task) -> Stop | None:
    text = _texts(task)
    for pattern, cause in REASONS:
        if re.search(pattern, text):
            action = re.search(r"not authorized to perform:? (\S+)", text)
            named = action[1] if action else exits.by_reason(task, pattern)
            return Stop(cause=cause, task=task, words=text, name=named)
    return None


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
    if "container health check" in task.stopped_reason:
        return Stop(cause="health-check-mismatch", task=task, words=task.stopped_reason)
    if "health check" in task.stopped_reason:  # the scheduler's SIGTERM leaves an exit code too
        return Stop(cause="targets-unhealthy", task=task, words=task.stopped_reason)
    if exited(task) or any(codes):
        named = exits.first(task, case.definition(task.task_definition))
        words = f"{task.stopped_reason}; {exits.codes(task)}"
        return Stop(cause="task-crash-loop", task=task, words=words, name=named)
    if never_started(task):
        return Stop(cause="deployment-stuck", task=task, words=task.stopped_reason)
    return None


def _by_event(case: Case, service: EcsService) -> Stop | None:
    """Return the stop that service events show, if ECS keeps no stopped task any more."""
    for event in service.events:
        if is_steady(event) or case.age(event.at) > RECENT_S:
            return None
        if "unable to place a task" in event.message or "unable to consistently" in event.message:
            for pattern, cause in REASONS:
                if re.search(pattern, event.message):
                    return Stop(cause=cause, task=None, words=event.message)
            return Stop(cause="deployment-stuck", task=None, words=event.message)
    return None


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
    if re.search(CANNOT_START, stop.words):
        return stop  # no variable keeps a program from being found
    if stop.cause in ("environment-variable-missing", "secret-not-injected", "task-crash-loop"):
        lost = (*changes.lost_secrets, *changes.lost_variables)
        guess = stop.name if stop.name in lost else (lost[0] if lost else "")
        if guess:
            secret = guess in changes.lost_secrets
            cause = "secret-not-injected" if secret else "environment-variable-missing"
            return Stop(cause=cause, task=stop.task, words=stop.words, name=guess)
    if stop.cause in ("database-auth-failed", "database-unreachable", "task-crash-loop"):
        plain = [n for n, _, _ in changes.changed_plain]
        if plain:
            return Stop(
                cause="environment-variable-wrong", task=stop.task, words=stop.words, name=plain[0]
            )
    return stop
