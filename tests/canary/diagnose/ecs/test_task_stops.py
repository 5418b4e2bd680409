"""Why tasks stopped: stopped reasons, log lines, exit codes and events, row by row."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from canary.control_plane.state import (
    Event,
    LogLine,
    PlatformState,
    SecretState,
    StoppedContainer,
    TargetGroup,
    TargetHealth,
    Task,
)
from canary.diagnose.core.case import Case
from canary.diagnose.ecs.last_words import last_words, own_words
from canary.diagnose.ecs.task_stops import Stop, by_text, redeploy_stopped, refine, stop_of
from canary.diagnose.targets.health_record import target_evidence, unhealthy_targets
from canary.model import Evidence
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

NAMES = p.Names()
HEALTHY = p.healthy()


def case(state: PlatformState = HEALTHY, previous: PlatformState | None = None) -> Case:
    return Case(
        results=(), state=state, environment=p.environment(NAMES), previous=previous, now=p.NOW
    )


def task(reason: str = "", code: str = "EssentialContainerExited", **fields: Any) -> Task:
    known = {
        "arn": "task/1", "service": NAMES.of("auth"), "task_definition": NAMES.revision("auth"),
        "last_status": "STOPPED", "stopped_at": p.ago(3), "created_at": p.ago(5),
        "stop_code": code, "stopped_reason": reason,
    }  # fmt: skip
    return Task(**known | fields)


def with_tasks(*tasks: Task, **fields: Any) -> PlatformState:
    return faults.service(HEALTHY, "auth", tasks=tasks, **fields)


def stop(*tasks: Task, **fields: Any) -> Stop | None:
    return stop_of(case(with_tasks(*tasks, **fields)), "auth")


REASONS = [
    ("AccessDeniedException: x", "execution-role-denied"),
    ("AccessDenied", "execution-role-denied"),
    ("CannotPullContainerError: x", "image-pull-failed"),
    ("OutOfMemoryError: Container killed", "task-out-of-memory"),
    ("ResourceInitializationError: x", "deployment-stuck"),
    ("Task failed container health checks", "health-check-mismatch"),
    ("Task failed ELB health checks in (target-group x)", "targets-unhealthy"),
    ("Task failed ELB health checks in (elb x)", "targets-unhealthy"),
    ("Essential container in task exited", "task-crash-loop"),
    # words within others: whoever chose them, AWS begins with its own
    ("it says CannotPullContainerError: x", "task-crash-loop"),
    ("it says Task failed container health checks", "task-crash-loop"),
]


@pytest.mark.parametrize(("reason", "cause"), REASONS)
def test_a_stopped_reason_names_a_cause(reason: str, cause: str) -> None:
    found = stop(task(reason))
    assert found is not None
    assert (found.cause, found.task) == (cause, task(reason))
    assert reason in found.words


def test_the_reason_of_a_container_counts_too() -> None:
    one = StoppedContainer(name="c", reason="OutOfMemoryError: x")
    found = stop(task("Essential container in task exited", containers=(one,)))
    assert found is not None and found.cause == "task-out-of-memory"
    assert found.words == "Essential container in task exited OutOfMemoryError: x"
    denied = stop(
        task("AccessDeniedException: User u is not authorized to perform: ssm:GetParameters on x")
    )
    assert denied is not None and denied.name == "ssm:GetParameters"


@pytest.mark.parametrize(
    ("found", "cause", "words"),
    [
        (task("x", code="Other", containers=(StoppedContainer(name="c", exit_code=1),)),
         "task-crash-loop", "x; exit code 1"),
        (task("x", containers=(StoppedContainer(name="c", exit_code=0),)),
         "task-crash-loop", "x; exit code 0"),
        (task("x"), "task-crash-loop", "x; exit code unknown"),
        (task("x", code="TaskFailedToStart"), "deployment-stuck", "x"),
        (task("x", code="Other"), "", ""),
        (task("x", code="Other", containers=(StoppedContainer(name="c", exit_code=0),)), "", ""),
    ],
)  # fmt: skip
def test_without_words_the_way_of_the_end_decides(found: Task, cause: str, words: str) -> None:
    told = stop(found)
    assert (told.cause if told else "", told.words if told else "") == (cause, words)


LINES = [
    ("exec format error", "image-wrong-architecture", ""),
    ("FATAL: password authentication failed for user", "database-auth-failed", ""),
    ("FATAL: database mlflow does not exist", "database-auth-failed", ""),
    ("psycopg2.errors.UndefinedTable: x", "database-schema-missing", ""),
    ("no such table: runs", "database-schema-missing", ""),
    ("relation runs does not exist", "database-schema-missing", ""),
    ("KeyError: 'DB_HOST'", "environment-variable-missing", "DB_HOST"),
    ("DB_HOST is not set", "environment-variable-missing", "DB_HOST"),
    ("'DB_HOST' not found in environment", "environment-variable-missing", "DB_HOST"),
    ("DB_HOST is missing", "environment-variable-missing", "DB_HOST"),
    ("DB_HOST is required", "environment-variable-missing", "DB_HOST"),
    ("DB_HOST must be set", "environment-variable-missing", "DB_HOST"),
    ("DB_HOST not configured", "environment-variable-missing", "DB_HOST"),
    ("missing environment variable DB_HOST", "environment-variable-missing", "DB_HOST"),
    ("required setting DB_HOST", "environment-variable-missing", "DB_HOST"),
    ("Could not parse rfc1738 URL from string", "environment-variable-wrong", ""),
    ("Invalid database URL", "environment-variable-wrong", ""),
    ("Database password not found", "secret-not-injected", ""),
    ("the token is missing", "secret-not-injected", ""),
    ("credentials not set", "secret-not-injected", ""),
    ("secret not found", "secret-not-injected", ""),
    ("could not connect to the database", "database-unreachable", ""),
    ("connection refused: postgres", "database-unreachable", ""),
    ("connection timed out at 10.0.0.1:5432", "database-unreachable", ""),
    ("10.0.0.1:5432 unreachable", "database-unreachable", ""),
    ("database: refused", "database-unreachable", ""),
    ("could not translate host name", "database-unreachable", ""),
    ("connection refused at 10.0.0.1:6379", "", ""),
    ("started", "", ""),
]


@pytest.mark.parametrize(("line", "cause", "name"), LINES)
def test_a_line_of_a_log_names_a_cause(line: str, cause: str, name: str) -> None:
    told = by_text(case(), f"before\nI say {line} now\nafter")
    assert told == ((cause, name, f"I say {line} now") if cause else None)


def test_the_last_line_that_fits_counts_and_the_first_row_decides() -> None:
    assert by_text(case(), "A_ONE is missing\nB_TWO is missing") == (
        "environment-variable-missing", "B_TWO", "B_TWO is missing",
    )  # fmt: skip
    both = by_text(case(), "A_ONE is missing\nno such table: runs")
    assert both is not None and both[0] == "database-schema-missing"


FAILED = StoppedContainer(name="c", exit_code=1)


def said(own: str, service: str = "", code: int = 1) -> Stop | None:
    one = task("Essential container in task exited",
               containers=(p.replace(FAILED, exit_code=code),))  # fmt: skip
    state = p.replace(
        with_tasks(one),
        last_lines={"task/1": (LogLine(at="t", message=own),)},
        logs={"auth": (LogLine(at="t", message=service),)},
    )
    return stop_of(case(state), "auth")


def test_a_tasks_own_last_lines_come_before_the_services_log() -> None:
    found = said("A_ONE is missing", "B_TWO is missing")
    assert found is not None and (found.name, found.words) == ("A_ONE", "A_ONE is missing")
    found = said("bye", "B_TWO is missing")
    assert found is not None and found.name == "B_TWO"
    found = said("A_ONE is missing", code=0)  # it did not fail
    assert found is not None and found.cause == "task-crash-loop"


def test_one_container_of_several_that_failed_is_enough_for_its_log() -> None:
    both = (StoppedContainer(name="side"), StoppedContainer(name="done", exit_code=0), FAILED)
    state = p.replace(with_tasks(task("Essential container in task exited", containers=both)),
                      logs={"auth": (LogLine(at="t", message="A_ONE is missing"),)})  # fmt: skip
    found = stop_of(case(state), "auth")
    assert found is not None and found.name == "A_ONE"


@pytest.mark.parametrize(("seconds", "recent"), [(3599, True), (3600, False)])
def test_a_stop_counts_for_an_hour(seconds: int, recent: bool) -> None:
    at = (p.NOW - dt.timedelta(seconds=seconds)).isoformat()
    assert (stop(task("OutOfMemory", stopped_at=at)) is not None) is recent


ACCESS = '10.0.1.7 - - [29/Nov/2026] "GET / HTTP/1.1" 200 12 "-" "{}"'


def test_the_words_of_a_visitor_are_not_those_of_a_task() -> None:
    """One request with a made-up User-Agent must not name why a task ends later."""
    found = said(ACCESS.format("A_ONE is missing"), ACCESS.format("B_TWO is missing"))
    assert found is not None and found.cause == "task-crash-loop"


@pytest.mark.parametrize(
    ("stream", "at", "cause"),
    [
        ("ecs/c/1", "t", "environment-variable-missing"),
        ("ecs/c/2", "t", "task-crash-loop"),  # of another task
        ("ecs/c/1", p.ago(-0.5), "environment-variable-missing"),
        ("ecs/c/1", p.ago(-2), "task-crash-loop"),  # of the future
    ],
)
def test_of_the_services_log_only_the_tasks_own_stream_counts(
    stream: str, at: str, cause: str
) -> None:
    one = task("Essential container in task exited", containers=(FAILED,))
    line = LogLine(at=at, message="B_TWO is missing", stream=stream)
    found = stop_of(case(p.replace(with_tasks(one), logs={"auth": (line,)})), "auth")
    assert found is not None and found.cause == cause


@pytest.mark.parametrize(
    ("stopped_at", "counts"), [(p.ago(59.9), True), (p.ago(60), False), (p.ago(61), False)]
)
def test_a_stop_of_more_than_an_hour_ago_is_no_cause(stopped_at: str, counts: bool) -> None:
    assert (stop(task("OutOfMemoryError: x", stopped_at=stopped_at)) is not None) is counts


def test_of_the_newest_three_stops_the_first_that_tells_something_counts() -> None:
    odd, known = task("x", code="Other"), task("OutOfMemoryError: x")
    found = stop(odd, odd, known)
    assert found is not None and found.cause == "task-out-of-memory"
    assert stop(odd, odd, odd, known) is None
    assert stop_of(case(), "cache") is None and stop_of(case(), "auth") is None


def deployed(**fields: Any) -> Any:
    return p.replace(HEALTHY.ecs_services[0].deployments[0], created_at=p.ago(4), **fields)


RUNNING = p.replace(HEALTHY.ecs_services[0].tasks[0], started_at=p.ago(2))


@pytest.mark.parametrize(
    ("running", "deployment", "past"),
    [
        (RUNNING, deployed(), True),
        (p.replace(RUNNING, started_at=p.ago(4)), deployed(), False),
        (p.replace(RUNNING, started_at=""), deployed(), False),
        (p.replace(RUNNING, last_status="PENDING"), deployed(), False),
        (RUNNING, p.replace(deployed(), created_at=p.ago(6)), False),
        (RUNNING, deployed(rollout_state="IN_PROGRESS"), False),
        (RUNNING, deployed(failed_tasks=1), False),
        (RUNNING, deployed(status="ACTIVE"), False),
        (
            RUNNING,
            deployed(rollout_reason=faults.ROLLING_BACK),
            False,
        ),
    ],
)
def test_a_later_completed_deployment_makes_a_stop_past(
    running: Task, deployment: Any, past: bool
) -> None:
    found = stop(task("OutOfMemoryError: x"), running, deployments=(deployment,))
    assert (found is None) is past


def event(message: str, minutes: float = 2) -> Event:
    return Event(at=p.ago(minutes), message=message)


PLACE = "(service auth) was unable to place a task"


@pytest.mark.parametrize(
    ("events", "cause"),
    [
        ((event(PLACE),), "deployment-stuck"),
        ((event(f"{PLACE}. Reason: OutOfMemoryError: x."),), "task-out-of-memory"),
        (
            (event("(service auth) is unable to consistently start tasks successfully."),),
            "deployment-stuck",
        ),
        ((event("x"), event(PLACE)), "deployment-stuck"),
        ((event(PLACE, 61),), ""),
        ((event("(service auth) has reached a steady state."), event(PLACE)), ""),
        ((event("x"),), ""),
    ],
)
def test_events_tell_where_no_task_is_kept(events: tuple[Event, ...], cause: str) -> None:
    found = stop(events=events)
    assert (found.cause if found else "") == cause
    if found:
        assert found.task is None and found.words == events[-1].message
        (line,) = found.evidence()
        assert line == Evidence(
            resource="service event", seen=found.words, expected="running", at=p.ago(2)
        )


def test_a_stop_as_evidence() -> None:
    found = Stop(cause="c", task=task("x"), words="y" * 401)
    assert found.evidence() == (
        Evidence(resource="task/1", seen="y" * 400, expected="running", at=p.ago(3)),
    )


def test_services_whose_tasks_failed_are_deployed_again() -> None:
    of = case(with_tasks(task("OutOfMemoryError: x")))
    (edit,) = redeploy_stopped(of, "auth", "mlflow", "auth", "cache")
    assert edit.parameters["service"] == NAMES.of("auth")
    old = case(with_tasks(task("OutOfMemoryError: x", stopped_at=p.ago(61))))
    assert redeploy_stopped(old, "auth") == ()


def revised(**fields: Any) -> PlatformState:
    """Return the platform with another content of auth's newest revision."""
    definition = HEALTHY.task_definitions[1]
    container = p.replace(definition.containers[0], **fields)
    return p.change(HEALTHY, "task_definitions", definition.arn, containers=(container,))


def before() -> PlatformState:
    return faults.service(HEALTHY, "auth", task_definition=NAMES.revision("auth", 6))


def refined(cause: str, state: PlatformState, name: str = "", words: str = "w") -> tuple[str, str]:
    found = refine(case(state, before()), "auth", Stop(cause=cause, task=task(), words=words,
                                                       name=name))  # fmt: skip
    return found.cause, found.name


SECRETS = HEALTHY.task_definitions[1].containers[0].secrets
NO_VARIABLE = revised(variables=(), plain={})
NO_SECRET = revised(secrets={"REDIS_HOST": SECRETS["REDIS_HOST"]})
OTHER_VALUE = revised(plain={"PORT": "8000", "NEW": "x"}, variables=("PORT",))


@pytest.mark.parametrize(
    ("cause", "state", "name", "found"),
    [
        ("task-crash-loop", HEALTHY, "", ("task-crash-loop", "")),
        ("task-crash-loop", NO_VARIABLE, "", ("environment-variable-missing", "PORT")),
        ("environment-variable-missing", NO_VARIABLE, "OTHER",
         ("environment-variable-missing", "PORT")),
        ("task-crash-loop", NO_SECRET, "", ("secret-not-injected", "DB_PASSWORD")),
        ("task-crash-loop", revised(secrets={}), "", ("secret-not-injected", "DB_PASSWORD")),
        ("secret-not-injected", NO_SECRET, "DB_PASSWORD", ("secret-not-injected", "DB_PASSWORD")),
        ("database-auth-failed", NO_SECRET, "", ("database-auth-failed", "")),
        ("database-auth-failed", revised(plain={"PORT": "9"}), "",
         ("environment-variable-wrong", "PORT")),
        ("database-unreachable", revised(plain={"PORT": "9"}), "",
         ("environment-variable-wrong", "PORT")),
        ("task-crash-loop", revised(plain={"PORT": "9"}), "",
         ("environment-variable-wrong", "PORT")),
        ("image-pull-failed", revised(plain={"PORT": "9"}), "", ("image-pull-failed", "")),
        ("environment-variable-missing", OTHER_VALUE, "X", ("environment-variable-missing", "X")),
    ],
)  # fmt: skip
def test_a_change_of_the_revision_is_nearer_to_the_root(
    cause: str, state: PlatformState, name: str, found: tuple[str, str]
) -> None:
    alone = faults.service(state, "auth", tasks=())
    assert refined(cause, alone, name) == found


def test_a_lost_variable_keeps_no_program_from_being_found() -> None:
    alone = faults.service(NO_VARIABLE, "auth", tasks=())
    one = task("CannotStartContainerError: x", code="TaskFailedToStart")
    told = case(alone, before())
    found = stop_of(case(with_tasks(one)), "auth")
    assert found is not None and found.names_no_program()
    assert refine(told, "auth", found) == found


def test_a_crash_beside_tasks_of_another_revision_is_the_deployments() -> None:
    other = p.replace(RUNNING, task_definition=NAMES.revision("auth", 6))
    assert refined("task-crash-loop", with_tasks(other))[0] == "deployment-stuck"
    assert refined("task-crash-loop", with_tasks(RUNNING))[0] == "task-crash-loop"
    back = deployed(rollout_reason=faults.ROLLING_BACK)
    state = with_tasks(other, deployments=(back,))
    assert refined("task-crash-loop", state)[0] == "deployment-rolled-back"
    told = Stop(cause="task-crash-loop", task=None, words="w")  # by an event
    assert refine(case(with_tasks(other), before()), "auth", told).cause == "deployment-stuck"


def test_a_denial_of_a_secret_that_is_missing_is_no_denial() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf"
    words = f"AccessDenied on resource: {arn}."
    gone = p.replace(HEALTHY, secrets=(p_secret(arn, False),))
    there = p.replace(HEALTHY, secrets=(p_secret(arn, True),))
    assert refined("execution-role-denied", gone, words=words)[0] == "secret-unavailable"
    assert refined("execution-role-denied", there, words=words)[0] == "execution-role-denied"
    assert refined("execution-role-denied", gone, words="AccessDenied")[0] == (
        "execution-role-denied"
    )
    assert refined("log-group-missing", gone, words=words)[0] == "log-group-missing"
    moved = revised(secrets={**SECRETS, "DB_PASSWORD": f"{arn}2:x::"})
    other = f"AccessDenied on resource {arn}2"
    assert refined("execution-role-denied", moved, words=other)[0] == "secret-unavailable"


def p_secret(reference: str, exists: bool) -> SecretState:
    return SecretState(reference=reference, exists=exists)


# --- what a task wrote last, and what ECS recorded of targets


def test_the_last_line_that_says_something_is_evidence() -> None:
    lines = tuple(LogLine(at=f"t{n}", message=m, stream="s/1") for n, m in enumerate("ab "))
    lines = (*lines[:2], LogLine(at="t9", message="", stream="s/1"))
    of = case(p.replace(HEALTHY, last_lines={"task/1": lines}))
    (told,) = last_words(of, "auth", task())
    assert told == Evidence(resource="last line of s/1", seen="b", at="t1")
    assert last_words(of, "auth", task(arn="task/2")) == () == last_words(of, "auth", None)


GROUP: TargetGroup = HEALTHY.target_groups[0]
EMPTY = p.replace(GROUP, targets=())


def recorded(why: str, group: str = GROUP.arn, minutes: float = 2) -> PlatformState:
    where = f"(service auth) (port 8000) is unhealthy in (target-group {group})"
    message = f"{where} due to (reason {why})"
    return faults.service(HEALTHY, "auth", tasks=(), events=(event(message, minutes),))


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("Health checks failed with these codes: [404]", "Target.ResponseCodeMismatch"),
        ("Request timed out", "Target.Timeout"),
        ("Health checks failed", "Target.FailedHealthChecks"),
    ],
)
def test_an_event_tells_of_a_target_that_is_gone(why: str, reason: str) -> None:
    (found,) = unhealthy_targets(case(recorded(why)), "auth", EMPTY)
    assert (found.port, found.state, found.reason, found.description) == (
        8000, "unhealthy", reason, why,
    )  # fmt: skip
    assert found.id == "a task"  # an event's text is no address
    (long,) = unhealthy_targets(case(recorded("x" * 201)), "auth", EMPTY)
    assert long.description == "x" * 200


@pytest.mark.parametrize("who", ["task 0a1b", "instance i-1"])
def test_an_event_that_names_a_task_tells_of_that_one(who: str) -> None:
    (old,) = next(s for s in recorded("x").ecs_services if s.name == NAMES.of("auth")).events
    named = p.replace(old, message=old.message.replace("(port 8000)", f"(port 8000) ({who})"))
    state = faults.service(HEALTHY, "auth", tasks=(), events=(named,))
    (found,) = unhealthy_targets(case(state), "auth", EMPTY)
    assert found.id == who.partition(" ")[2]


@pytest.mark.parametrize(
    "state",
    [recorded("x", "arn:other"), recorded("x", minutes=15), HEALTHY],
    ids=["another group", "a quarter of an hour ago", "nothing"],
)
def test_other_events_tell_of_none(state: PlatformState) -> None:
    assert unhealthy_targets(case(state), "auth", EMPTY) == []


def test_a_task_that_failed_its_health_checks_tells_too() -> None:
    reason = f"Task failed ELB health checks in (target-group {GROUP.arn})"
    (found,) = unhealthy_targets(case(with_tasks(task(reason))), "auth", EMPTY)
    assert (found.id, found.reason, found.description) == (
        "task/1", "Target.ResponseCodeMismatch", reason[:200],
    )  # fmt: skip
    late = task(reason, stopped_at=p.ago(15))
    assert unhealthy_targets(case(with_tasks(late)), "auth", EMPTY) == []
    assert unhealthy_targets(case(with_tasks(task("x"))), "auth", EMPTY) == []


def test_what_is_unhealthy_now_counts_first_and_a_healthy_target_ends_the_past() -> None:
    sick = TargetHealth(id="10.0.0.1", port=1, state="unhealthy", reason="r", description="d")
    well = TargetHealth(id="10.0.0.2", port=1, state="healthy")
    of = case(recorded("x"))
    assert unhealthy_targets(of, "auth", p.replace(GROUP, targets=(sick, well))) == [sick]
    assert unhealthy_targets(of, "auth", p.replace(GROUP, targets=(well,))) == []
    assert unhealthy_targets(of, "cache", EMPTY) == []
    (line,) = target_evidence(of, GROUP, [sick], "healthy")
    assert line == Evidence(
        resource=GROUP.name, seen="10.0.0.1:1 unhealthy r (d)", expected="healthy",
        at=HEALTHY.read_at,
    )  # fmt: skip


def test_a_tasks_own_words_are_its_last_lines_and_the_error_lines_of_its_stream() -> None:
    ended = task(arn="arn:aws:ecs:x:1:task/c/0a1b")
    stream = f"{NAMES.of('auth')}/auth/0a1b"
    lines = tuple(LogLine(at=p.ago(3), message=m, stream=stream) for m in ("one", "two"))
    other = LogLine(at=p.ago(3), message="three", stream="a/b/other")
    state = p.replace(
        HEALTHY, logs={"auth": (*lines, other)}, last_lines={ended.arn: (other, *lines)}
    )
    assert own_words(case(state), "auth", ended) == ("three\none\ntwo", "one\ntwo")
