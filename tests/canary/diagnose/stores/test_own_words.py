"""What a server says of itself: another schema, workers that were killed; and what mends it."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from canary.control_plane.state import CapacityProvider, LogLine, PlatformState
from canary.diagnose import diagnose
from canary.model import Diagnosis, Exchange, Result
from tests.canary.support import commands
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

NAMES = faults.NAMES
SCHEMA = (
    "mlflow.exceptions.MlflowException: Detected out-of-date database schema (found version a1,"
    " but expected b2). Take a backup of your database, then run 'mlflow db upgrade'"
)
UI = p.failed("mlflow.ui", "mlflow", p.answer(f"{faults.REGISTRY}/mlflow/", 500, "no"))
GONE = p.failed("mlflow.ui", "mlflow", p.page(f"{faults.REGISTRY}/mlflow/", 502))
NETWORK = {
    "awsvpcConfiguration": {
        "subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED",
    }
}  # fmt: skip


def mlflow(state: PlatformState, container: dict[str, Any], **service: Any) -> PlatformState:
    """Return the platform whose MLflow has other settings, now as before."""
    known = tuple(
        p.replace(d, containers=(p.replace(d.containers[0], **container),))
        if d.family == NAMES.of("mlflow")
        else d
        for d in state.task_definitions
    )
    changed = faults.service(state, "mlflow", **service) if service else state
    return p.replace(changed, task_definitions=known)


WHOLE = mlflow(
    p.healthy(NAMES), {"secrets": {"MLFLOW_BACKEND_STORE_URI": "arn:secret"}},
    config={"networkConfiguration": NETWORK}, launch_type="FARGATE",
)  # fmt: skip


def judge(
    state: PlatformState, *results: Result, line: str = SCHEMA, minutes: float = 2
) -> list[Diagnosis]:
    told = p.replace(state, logs={"mlflow": (LogLine(at=p.ago(minutes), message=line),)})
    return list(diagnose(results, told, p.environment(NAMES), state, p.NOW).diagnoses)


def test_another_schema_is_possible_by_words_and_likely_if_tasks_are_missing() -> None:
    (found,) = judge(WHOLE, UI)
    assert (found.cause, found.service) == ("database-schema-outdated", "mlflow")
    assert found.confidence.value == "POSSIBLE" and found.remedy.fix == ()
    fewer = faults.service(WHOLE, "mlflow", running=0)
    again = next(d for d in judge(fewer, UI) if d.cause == "database-schema-outdated")
    assert again.confidence.value == "LIKELY"


def test_the_migration_is_a_decision_with_a_task_of_the_services_own_definition() -> None:
    (found,) = judge(WHOLE, UI)
    line = found.remedy.decision_command
    assert found.remedy.decision.startswith("Take a snapshot of the database first")
    assert commands.faults_of(line) == ""
    words = shlex.split(line)
    assert words[:3] == ["aws", "ecs", "run-task"]
    option = dict(zip(words[5::2], words[6::2], strict=False))
    assert option["--task-definition"] == NAMES.revision("mlflow")
    assert (option["--launch-type"], option["--cluster"]) == ("FARGATE", NAMES.of("cluster"))
    assert json.loads(option["--network-configuration"]) == NETWORK
    (override,) = json.loads(option["--overrides"])["containerOverrides"]
    assert override == {
        "name": f"{NAMES.prefix}-mlflow",
        "command": ["sh", "-c", 'exec mlflow db upgrade "$MLFLOW_BACKEND_STORE_URI"'],
    }


def test_capacity_providers_take_the_place_of_a_launch_type() -> None:
    spot = (CapacityProvider(name="FARGATE_SPOT", weight=1),)
    state = faults.service(WHOLE, "mlflow", launch_type="", capacity_providers=spot)
    line = judge(state, UI)[0].remedy.decision_command
    assert '"capacityProvider":"FARGATE_SPOT"' in line and "--launch-type" not in line


@pytest.mark.parametrize(
    "state",
    [
        mlflow(WHOLE, {"secrets": {}}),  # its address is not known by a name
        mlflow(WHOLE, {"secrets": {"BACKEND_STORE_URI": "a", "X_BACKEND_STORE_URI": "b"}}),
        mlflow(WHOLE, {"entry_point": ("/start.sh",)}),  # which takes the command as it likes
        faults.service(WHOLE, "mlflow", config={}),  # no network is known
    ],
    ids=["no-address", "two-addresses", "entry-point", "no-network"],
)
def test_where_not_all_is_known_there_is_no_command(state: PlatformState) -> None:
    (found,) = judge(state, UI)
    assert found.remedy.decision_command == "" and "mlflow db upgrade" in found.remedy.decision


def test_where_a_revision_brought_it_the_way_back_is_the_one_before() -> None:
    arn = NAMES.revision("mlflow", 7)
    new = next(d for d in WHOLE.task_definitions if d.arn == arn)
    new = p.replace(
        new,
        registered_at=p.ago(9),
        containers=(p.replace(new.containers[0], image="repo/mlflow:new"),),
    )
    before = p.change(WHOLE, "task_definitions", new.arn, registered_at=p.ago(9000))
    before = faults.service(before, "mlflow", task_definition=NAMES.revision("mlflow", 6))
    now = p.replace(
        WHOLE,
        task_definitions=tuple(new if d.arn == new.arn else d for d in WHOLE.task_definitions),
        logs={"mlflow": (LogLine(at=p.ago(1), message=SCHEMA),)},
    )
    found = diagnose([UI], now, p.environment(NAMES), before, p.NOW).diagnoses
    (named,) = [d for d in found if d.cause == "database-schema-outdated"]
    assert named.confidence.value == "LIKELY"
    assert any(f"{NAMES.of('mlflow')}:6" in line for line in named.remedy.fix)
    assert named.remedy.decision_command == ""


KILLED = (
    "[2026-11-22 11:58:00 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:9)",
    "[7] [ERROR] Worker (pid:9) was sent SIGKILL! Perhaps out of memory?",
    "INFO:     Child process [9] died",
)


@pytest.mark.parametrize("line", KILLED)
def test_a_killed_worker_is_likely_where_requests_break_off(line: str) -> None:
    (found,) = judge(WHOLE, GONE, line=line)
    assert (found.cause, found.confidence.value) == ("worker-killed", "LIKELY")
    assert found.remedy.fix == () and "more memory" in found.remedy.decision
    (error,) = judge(WHOLE, UI, line=line)
    assert (error.cause, error.confidence.value) == ("worker-killed", "POSSIBLE")


@pytest.mark.parametrize(
    ("line", "minutes"),
    [(KILLED[0], 20), (f'1.2.3.4 - - "GET /?q={KILLED[0]} HTTP/1.1" 200', 1),
     (KILLED[0], -30), ("Worker exiting (pid: 9)", 1), (SCHEMA, 20)],
)  # fmt: skip
def test_old_lines_and_lines_of_visitors_name_nothing(line: str, minutes: float) -> None:
    causes = {d.cause for d in judge(WHOLE, UI, line=line, minutes=minutes)}
    assert not causes & {"worker-killed", "database-schema-outdated"}


def option_of(line: str) -> dict[str, str]:
    words = shlex.split(line)
    return dict(zip(words[3::2], words[4::2], strict=False))


def test_the_task_runs_where_the_services_tasks_run() -> None:
    providers = (
        CapacityProvider(name="FARGATE_SPOT", weight=1),
        CapacityProvider(name="FARGATE", weight=2, base=1),
    )
    state = faults.service(
        WHOLE, "mlflow", launch_type="FARGATE", capacity_providers=providers,
        platform_version="1.4.0",
    )  # fmt: skip
    found = option_of(judge(state, UI)[0].remedy.decision_command)
    assert json.loads(found["--capacity-provider-strategy"]) == [
        {"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0},
        {"capacityProvider": "FARGATE", "weight": 2, "base": 1},
    ]
    assert (found["--platform-version"], "--launch-type" in found) == ("1.4.0", False)
    plain = option_of(judge(WHOLE, UI)[0].remedy.decision_command)
    assert "--platform-version" not in plain and "--capacity-provider-strategy" not in plain
    nowhere = faults.service(WHOLE, "mlflow", launch_type="", capacity_providers=())
    assert "--launch-type" not in option_of(judge(nowhere, UI)[0].remedy.decision_command)


def with_containers(*containers: dict[str, Any]) -> PlatformState:
    """Return the platform whose MLflow has these containers."""
    known = tuple(
        p.replace(d, containers=tuple(p.replace(d.containers[0], **c) for c in containers))
        if d.family == NAMES.of("mlflow")
        else d
        for d in WHOLE.task_definitions
    )
    return p.replace(WHOLE, task_definitions=known)


def test_the_one_essential_container_has_the_program() -> None:
    two = with_containers({"name": "log-router", "essential": False}, {"name": "web"})
    line = option_of(judge(two, UI)[0].remedy.decision_command)["--overrides"]
    assert json.loads(line)["containerOverrides"][0]["name"] == "web"
    both = with_containers({"name": "a"}, {"name": "b"})
    assert judge(both, UI)[0].remedy.decision_command == ""


def test_without_a_command_the_decision_says_what_to_run() -> None:
    (typed,) = judge(WHOLE, UI)
    assert "Then stop MLflow's writers, run this task, and wait for its exit code 0." in (
        typed.remedy.decision
    )
    (bare,) = judge(mlflow(WHOLE, {"secrets": {}}), UI)
    assert "Then run 'mlflow db upgrade' with MLflow's own address of the database, in a task" in (
        bare.remedy.decision
    )
    assert bare.remedy.summary == "Decide which of the two follows: the schema, or the program."
    assert bare.remedy.decision.endswith(
        "Where the schema is newer than the program, deploy the version that made it instead."
    )
    assert (bare.remedy.fix, bare.remedy.verify) == ((), ())


def test_another_program_has_its_own_migrations() -> None:
    failed = p.failed("auth.x", "auth", p.answer(f"{faults.AUTH}/x", 500, "no"))
    told = p.replace(WHOLE, logs={"auth": (LogLine(at=p.ago(2), message=SCHEMA),)})
    (found,) = diagnose([failed], told, p.environment(NAMES), WHOLE, p.NOW).diagnoses
    assert (found.cause, found.service) == ("database-schema-outdated", "auth")
    assert "Then run the migrations of auth against its database." in found.remedy.decision
    assert found.remedy.decision_command == ""


def test_the_words_are_quoted_and_the_service_is_named() -> None:
    (found,) = judge(WHOLE, UI, line=f"{SCHEMA} {'x' * 400}")
    service = next(s for s in WHOLE.ecs_services if s.name == NAMES.of("mlflow"))
    assert found.resource == service.arn
    assert found.summary == (
        "mlflow finds another version of its schema in the database than it expects."
    )
    assert (found.evidence[0].resource, len(found.evidence[0].seen)) == ("log of mlflow", 300)
    assert found.evidence[0].at == p.ago(2)
    unread = p.replace(WHOLE, ecs_services=(), logs={
        "mlflow": (LogLine(at=p.ago(2), message=SCHEMA),)})  # fmt: skip
    causes = {
        d.cause: d.resource
        for d in diagnose([UI], unread, p.environment(NAMES), WHOLE, p.NOW).diagnoses
    }
    assert causes.get("database-schema-outdated", "mlflow") == "mlflow"


def test_an_answer_of_the_service_itself_says_it_too() -> None:
    said = p.failed("mlflow.ui", "mlflow", p.answer(f"{faults.REGISTRY}/mlflow/", 500, SCHEMA))
    (found,) = diagnose([said], WHOLE, p.environment(NAMES), WHOLE, p.NOW).diagnoses
    assert (found.cause, found.service) == ("database-schema-outdated", "mlflow")
    assert found.evidence[0].resource == f"GET {faults.REGISTRY}/mlflow/"


@pytest.mark.parametrize(
    "line",
    ["[7] [ERROR] Worker (pid:9) was sent code 9!", "[7] Worker (pid:9) exited with code -9",
     "[7] Worker (pid:9) exited with code 9", "worker timeout (pid:9)"],
)  # fmt: skip
def test_each_form_of_a_killed_worker(line: str) -> None:
    (found,) = judge(WHOLE, GONE, line=line)
    assert (found.cause, found.service) == ("worker-killed", "mlflow")
    assert found.resource == NAMES.revision("mlflow")
    assert found.summary == (
        "Worker processes of mlflow are killed: they need more memory or time than they have."
    )
    assert found.evidence[0].seen == line
    assert found.remedy.summary == "See the memory of mlflow, and which requests take long."
    assert found.remedy.decision.startswith(
        "Give the tasks of mlflow more memory or fewer workers (MLflow: --workers), or its workers"
    )


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (p.none(f"{faults.REGISTRY}/mlflow/", "read-timeout"), True),
        (p.page(f"{faults.REGISTRY}/mlflow/", 504), True),
        (p.answer(f"{faults.REGISTRY}/mlflow/", 500, "no"), True),
        (p.answer(f"{faults.REGISTRY}/mlflow/", 404, "no"), False),
        (p.none(f"{faults.REGISTRY}/mlflow/", "reset"), True),
        (p.none(f"{faults.REGISTRY}/mlflow/", "tls"), False),
        (p.none(f"{faults.REGISTRY}/mlflow/", "dns"), False),
        (p.none(f"{faults.REGISTRY}/mlflow/", "refused"), False),
    ],
)
def test_a_killed_worker_makes_errors_and_time_outs_alone(answer: Exchange, named: bool) -> None:
    found = judge(WHOLE, p.failed("mlflow.ui", "mlflow", answer), line=KILLED[0])
    assert ("worker-killed" in {d.cause for d in found}) is named


@pytest.mark.parametrize("line", ["Worker (pid:9) exited with code 0", "Child process died"])
def test_a_worker_that_ended_by_itself_was_not_killed(line: str) -> None:
    assert "worker-killed" not in {d.cause for d in judge(WHOLE, GONE, line=line)}


@pytest.mark.parametrize(("seconds", "named"), [(899, True), (900, False)])
def test_words_count_for_a_quarter_of_an_hour(seconds: float, named: bool) -> None:
    causes = {d.cause for d in judge(WHOLE, UI, minutes=seconds / 60)}
    assert ("database-schema-outdated" in causes) is named


def test_the_words_of_an_answer_are_those_of_its_own_service() -> None:
    """The auth service quotes MLflow's words: that is no statement of MLflow."""
    own = p.failed("mlflow.ui", "mlflow", p.answer(f"{faults.REGISTRY}/mlflow/", 500, SCHEMA))
    other = p.failed("auth.x", "auth", p.answer(f"{faults.AUTH}/x", 500, SCHEMA))
    (found,) = judge(WHOLE, own, line="nothing")
    assert (found.cause, found.service) == ("database-schema-outdated", found.service)
    told = [(d.cause, d.service) for d in judge(WHOLE, UI, other, line="nothing")]
    assert ("database-schema-outdated", "auth") in told
    assert ("database-schema-outdated", "mlflow") not in told


def test_a_decision_without_a_way_back_verifies_nothing_and_says_what_to_decide() -> None:
    (found,) = judge(WHOLE, UI)
    assert found.remedy.summary == "Decide which of the two follows: the schema, or the program."
    assert found.remedy.verify == ()
