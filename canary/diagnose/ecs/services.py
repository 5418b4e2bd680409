"""ECS services: missing, scaled to zero, not starting, deployments that do not end."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.aws_lists.no_room import NO_ROOM
from canary.control_plane.ecs import primary, rolled_back
from canary.control_plane.state import EcsDeployment, EcsService
from canary.diagnose.core.case import Case, Suspect
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import CONTROL
from canary.diagnose.dependencies.named_in_logs import resource_of
from canary.diagnose.ecs import revisions
from canary.diagnose.ecs.last_words import last_words
from canary.diagnose.ecs.remedies import create_service, start_remedy
from canary.diagnose.ecs.scheduling import history, own_scaling
from canary.diagnose.ecs.stop_words import UNREACHED
from canary.diagnose.ecs.task_stops import Stop, refine, stop_of
from canary.diagnose.edge.configured_names import never_there
from canary.diagnose.remedies import build, service_back
from canary.diagnose.remedies.services import update_service
from canary.model import Confidence, Evidence, Role

STUCK_S = 900.0
_START_CAUSES = {
    "execution-role-denied": "may not read what its tasks need at start",
    "secret-unavailable": "refers to a secret or parameter that its tasks cannot get",
    "log-group-missing": "names a log group that does not exist",
    "image-wrong-architecture": "has an image for another processor architecture",
    "image-pull-failed": "has an image that cannot be pulled",
    "task-out-of-memory": "needs more memory than its tasks have",
    "task-crash-loop": "has tasks that end soon after their start",
    "environment-variable-missing": "lacks a variable that it needs",
    "environment-variable-wrong": "has a variable with a wrong value",
    "secret-not-injected": "lacks a secret that it needs",
    "database-auth-failed": "is refused by the database",
    "database-schema-missing": "finds no table in the database",
    "database-connections-exhausted": "gets no connection of the database: all are taken",
    "database-full": "is refused by the database, which has no storage left",
    "database-read-only": "is refused by the database, which takes no writes",
    "database-failing-over": "is refused by the database, which starts, stops or recovers",
    "database-schema-outdated": "finds another version of its schema in the database",
    "database-unreachable": "does not reach the database",
    "security-group-blocked": "has tasks that cannot reach AWS at start",
    "capacity-unavailable": "gets no new task: there is no capacity for it",
    "quota-reached": "gets no new task: a quota of the account is reached",
    "subnet-full": "gets no new task: its subnet has no free address",
    "volume-unavailable": "names a volume that its tasks cannot have",
    "health-check-mismatch": "has tasks that fail their container's own health check",
    "deployment-stuck": "has a deployment that does not come through: its new tasks end",
    "deployment-rolled-back": "went back to the revision before: the new one's tasks end",
}

_OF_THE_STORE = (
    *("database-connections-exhausted", "database-full", "database-read-only"),
    *("database-failing-over", "database-unreachable"),
)


def missing(case: Case) -> Iterator[Finding]:
    """Report services that ECS does not know."""
    for name, service in case.services.items():
        if not service.ecs_service or service.ecs_service not in case.state.missing_services:
            continue
        failures = case.failures_of_outage(name)
        if failures and not never_there(case, name):
            what = "The cluster" if case.state.cluster_missing else "The ECS service"
            named = case.environment.cluster if case.state.cluster_missing else service.ecs_service
            yield Finding(
                cause="service-missing",
                service=name,
                resource=service.ecs_service,
                confidence=Confidence.CERTAIN,
                summary=f"{what} {named} does not exist.",
                evidence=case.evidence(
                    service.ecs_service, "ECS answers MISSING", "an active service"
                ),
                remedy=create_service(case, name),
                explained_failures=failures,
            )


def scaled_to_zero(case: Case) -> Iterator[Finding]:
    """Report services with a desired count of 0."""
    for suspect in case.suspects():
        name, service, failures = suspect
        if service.desired > 0:
            continue
        before = case.ecs_before(name)
        count = before.desired if before and before.desired else 1
        if activity := history.scaled_by_itself(case, name, service):
            sure = history.had_another_count(case, name, service)
            yield own_scaling.on_purpose(case, suspect, activity, sure=sure)
            continue
        yield Finding(
            cause="service-scaled-to-zero",
            service=name,
            resource=service.arn,
            confidence=Confidence.CERTAIN,
            summary=f"The desired count of {service.name} is 0.",
            evidence=(
                *case.evidence(
                    service.name, f"desired 0, running {service.running}", f"desired {count}"
                ),
                *service_back.evidence(case, service),
            ),
            remedy=build.remedy(
                case,
                f"Set the desired count to {count}.",
                (
                    update_service(
                        case.environment.cluster, service, anew=False, desiredCount=count
                    ),
                ),
                inspect=(revisions.describe(case, name),),
                verify=revisions.verify(case, name),
            ),
            explained_failures=failures,
        )


def not_starting(case: Case) -> Iterator[Finding]:
    """Report why tasks stop: from the stopped reason, the exit code and the log."""
    for suspect in case.suspects(churn=True):
        stop = stop_of(case, suspect.name)
        if stop and stop.cause not in ("targets-unhealthy", UNREACHED):  # see network.start_ways
            yield _start_finding(case, suspect, refine(case, suspect.name, stop))


def _start_finding(case: Case, suspect: Suspect, stop: Stop) -> Finding:
    name, service, failures = suspect
    change = revisions.rollout(case, name)
    now = f"running {service.running}, pending {service.pending}"
    shown_by_aws = not stop.cause.startswith(("database-", "security-"))
    if stop.cause == "health-check-mismatch":  # a changed check is wrong, else the application is
        lines = change.difference.lines() if change else []
        shown_by_aws = any(line.startswith("health command") for line in lines)
    # ECS repeats that there is no room while it holds; what tasks that run answer is another thing
    short = not case.has_healthy_targets(name) or all(f.symptom in CONTROL for f in failures)
    in_force = bool(stop.task) or (stop.cause in NO_ROOM and short)
    shown_by_aws = shown_by_aws and in_force and not stop.likely
    revision = change.bad.arn if change and _of_revision(stop.cause) else ""
    logged = stop.cause.startswith("environment-") and not (change or stop.name)
    return Finding(
        cause=stop.cause,
        service=name,
        resource=revision or _store(case, name, stop.cause) or service.arn,
        confidence=Confidence.CERTAIN if shown_by_aws and not logged else Confidence.LIKELY,
        summary=f"{service.name} {_says(stop)}" + (f": {stop.name}." if stop.name else "."),
        evidence=(
            *stop.evidence(),
            *(line for line in last_words(case, name, stop.task) if line.seen not in stop.words),
            *revisions.change_evidence(case, name),
            *case.evidence(service.name, now, f"running {service.desired}"),
        ),
        shown_failures=1,
        remedy=start_remedy(case, name, stop),
        explained_failures=failures,
    )


def _store(case: Case, name: str, cause: str) -> str:
    """Return the only database that a service needs, if its tasks tell of it, else ""."""
    if cause not in _OF_THE_STORE:
        return ""
    needed = case.closure(name)
    found = [each for each in case.environment.of_role(Role.DATABASE) if each in needed]
    return resource_of(case, found[0]) if len(found) == 1 else ""


def _says(stop: Stop) -> str:
    if stop.names_no_program():
        return "names a program that its tasks cannot start"
    return _START_CAUSES[stop.cause]


def _of_revision(cause: str) -> bool:
    return cause.startswith(("environment-", "secret-not", "image-", "task-"))


def deployments(case: Case) -> Iterator[Finding]:
    """Report a deployment that hangs or was rolled back, if no stopped task shows why."""
    for name, service, failures in case.suspects(churn=True):
        newest = primary(service)
        cause = _deployment_cause(case, name, service, newest) if newest else ""
        if newest is None or not cause or _unreached(case, name):
            continue
        back = revisions.rollback(case, name)
        yield Finding(
            cause=cause,
            service=name,
            resource=service.arn,
            summary=_described(service, cause, newest),
            evidence=(
                *history.back_evidence(case, service),
                *(_short(case, service) if _is_over(newest, cause) else _state(case, newest)),
            ),
            shown_failures=1,
            remedy=build.remedy(
                case,
                back.summary or revisions.AGAIN,
                back.edits or revisions.deploy(case, name),
                inspect=revisions.inspect(case, name),
                verify=revisions.verify(case, name),
            ),
            explained_failures=failures,
        )


def _unreached(case: Case, name: str) -> bool:
    """Return whether the service's tasks stop because they do not reach AWS at their start."""
    stop = stop_of(case, name)
    return stop is not None and stop.cause == UNREACHED


def _deployment_cause(case: Case, name: str, service: EcsService, newest: EcsDeployment) -> str:
    if rolled_back(service) or history.went_back(case, service):
        return "deployment-rolled-back"
    hanging = case.age(newest.created_at) > STUCK_S or newest.failed_tasks
    if newest.rollout_state == "FAILED" or (newest.rollout_state == "IN_PROGRESS" and hanging):
        return "deployment-stuck"
    stop = stop_of(case, name)
    failing = stop is not None and stop.cause == "targets-unhealthy"  # ECS replaces such tasks
    short = service.running < service.desired and service.pending == 0
    return "deployment-stuck" if short and not failing else ""


def _is_over(newest: EcsDeployment, cause: str) -> bool:
    return newest.rollout_state == "COMPLETED" and cause == "deployment-stuck"


def _described(service: EcsService, cause: str, newest: EcsDeployment) -> str:
    if _is_over(newest, cause):
        return f"ECS starts no task of {service.name}, though it runs too few."
    back = cause == "deployment-rolled-back"
    return f"The deployment of {service.name} {'was rolled back' if back else 'does not end'}."


def _state(case: Case, newest: EcsDeployment) -> tuple[Evidence]:
    seen = f"{newest.rollout_state} {newest.rollout_reason}".strip()
    return case.evidence(newest.id, seen, "rollout COMPLETED", newest.updated_at)


def _short(case: Case, service: EcsService) -> tuple[Evidence]:
    seen = f"running {service.running} of {service.desired}, pending {service.pending}"
    return case.evidence(service.name, seen, f"running {service.desired}")
