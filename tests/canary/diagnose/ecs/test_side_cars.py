"""A side-car that has ended is a cause where what fails leads to it, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import (
    BalancerEntry,
    Container,
    LogLine,
    PlatformState,
    StoppedContainer,
    TaskDefinition,
)
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.ecs import configuration, side_cars
from canary.model import Confidence, Result
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

NAMES = p.Names()
URL = {"MLFLOW_SERVER_URL": "http://localhost:15000"}
PROXY = Container(name="proxy", image="i", ports=(15000,), essential=False)
ENDED, RUNS = (StoppedContainer(name="proxy", exit_code=code) for code in (1, None))
NO_MLFLOW = faults.by_id("mlflow-url-wrong").failures()


def platform(
    *ended: StoppedContainer, plain: dict[str, str] = URL, proxy: Container = PROXY, **fields: Any
) -> PlatformState:
    """Return the platform with a proxy beside the API; `ended`: what each task says of it."""
    state = p.healthy()
    name = NAMES.revision("registry")
    (old,) = (d for d in state.task_definitions if d.arn == name)
    (own,) = old.containers
    own = p.replace(own, plain={**own.plain, **plain})
    new = p.replace(old, containers=(own, proxy))
    revisions = tuple(new if d is old else d for d in state.task_definitions)
    (service,) = (s for s in state.ecs_services if s.name == NAMES.of("registry"))
    app = StoppedContainer(name=own.name)
    tasks = tuple(p.replace(service.tasks[0], containers=(app, each)) for each in ended)
    state = faults.service(state, "registry", tasks=tasks, **fields)
    return p.replace(state, task_definitions=revisions)


def found(state: PlatformState, results: list[Result] = NO_MLFLOW) -> list[Finding]:
    environment = p.environment(NAMES)
    case = Case(
        results=tuple(results), state=state, environment=environment, previous=None, now=p.NOW
    )
    return list(side_cars.ended(case))


def test_a_side_car_that_a_variable_leads_to_is_named_with_its_exit_code() -> None:
    (one,) = found(platform(ENDED))
    assert (one.cause, one.service, one.confidence) == (
        "container-ended", "registry", Confidence.CERTAIN,
    )  # fmt: skip
    name = NAMES.of("registry")
    leads = f"MLFLOW_SERVER_URL of {NAMES.prefix}-registry leads to it"
    assert one.summary == f"Container proxy of {name} has ended, and {leads}."
    assert one.evidence[0].seen == "container proxy: exit code 1; the task runs on"
    assert one.remedy.fix


def with_tasks(*tasks: tuple[int, StoppedContainer]) -> PlatformState:
    """Return the platform whose API has a task of each revision, and how its proxy ended."""
    state = platform(*(each for _, each in tasks))
    (service,) = (s for s in state.ecs_services if s.name == NAMES.of("registry"))
    made = tuple(
        p.replace(t, arn=f"task/{n}", task_definition=NAMES.revision("registry", number))
        for n, (t, (number, _)) in enumerate(zip(service.tasks, tasks, strict=True))
    )
    return faults.service(state, "registry", tasks=made)


def test_only_tasks_of_the_running_revision_count_and_the_first_is_shown() -> None:
    again = "Start a new deployment of the present revision."
    back = f"Go back to {NAMES.of('registry')}:6."
    for tasks, shown, summary in (
        (((7, ENDED), (7, ENDED)), "task/0", again),
        (((6, RUNS), (7, ENDED)), "task/1", back),
        (((6, ENDED), (7, ENDED)), "task/1", back),
    ):
        (one,) = found(with_tasks(*tasks))
        assert (one.evidence[0].resource, one.shown_failures) == (shown, 1)
        assert one.remedy.summary == summary
    assert found(with_tasks((6, ENDED), (7, RUNS))) == found(with_tasks((6, ENDED))) == []


def test_the_last_words_and_the_change_are_shown_and_the_revision_before_comes_back() -> None:
    state = with_tasks((6, RUNS), (7, ENDED))
    words = (LogLine(at=p.ago(3), message="bind: address in use", stream="proxy/1"),)
    (one,) = found(p.replace(state, last_lines={"task/1": words}))
    shown = [(e.resource, e.seen) for e in one.evidence[1:]]
    assert any("bind: address in use" in seen for _, seen in shown)
    assert shown[-1][0] == f"{NAMES.of('registry')}:7"
    assert f"{NAMES.of('registry')}:6" in one.remedy.fix[0]


def test_an_address_of_the_container_itself_leads_to_no_other_one() -> None:
    own = Container(name="own", image="i", ports=(80,))
    task = TaskDefinition(arn="td/x:1", family="x", revision=1, containers=(own, PROXY))
    assert side_cars.beside(task, own, "http://localhost:80") is None
    assert side_cars.beside(task, PROXY, "http://localhost:80") is own
    assert side_cars.beside(task, own, "http://localhost:15000/x") is PROXY


@pytest.mark.parametrize(
    "variable", ["OTEL_EXPORTER_OTLP_ENDPOINT", "STATSD_HOST", "PROXY_URL", "DEBUG_PAGE"]
)
def test_where_traces_and_counts_go_explains_no_failure(variable: str) -> None:
    state = platform(ENDED, plain={variable: "http://localhost:15000"})
    assert found(state) == []
    assert found(state, faults.by_id("api-role-denied").failures()) == []


@pytest.mark.parametrize(("port", "causes"), [(15000, []), (15001, ["upstream-url-wrong"])])
def test_an_address_that_leads_to_a_side_car_is_no_wrong_upstream(
    port: int, causes: list[str]
) -> None:
    state = platform(RUNS, plain={"MLFLOW_SERVER_URL": f"http://localhost:{port}/x"})
    environment = p.environment(NAMES)
    case = Case(
        results=tuple(NO_MLFLOW), state=state, environment=environment, previous=None, now=p.NOW
    )
    assert [f.cause for f in configuration.upstream(case)] == causes


def test_a_side_car_that_the_balancer_asks_is_named_too() -> None:
    entry = BalancerEntry(target_group="g", container="proxy", port=15000)
    state = platform(ENDED, plain={}, balancer_entries=(entry,))
    (one,) = found(state, faults.by_id("api-role-denied").failures())
    assert one.summary.endswith("has ended, and the load balancer leads to it.")


@pytest.mark.parametrize(
    ("state", "results"),
    [
        (platform(ENDED), []),
        (platform(RUNS), NO_MLFLOW),
        (platform(ENDED, RUNS), NO_MLFLOW),  # another task has it
        (platform(ENDED, plain={}), NO_MLFLOW),
        (platform(ENDED, plain={"MLFLOW_SERVER_URL": "http://localhost:1"}), NO_MLFLOW),
        (platform(ENDED, plain={"MLFLOW_SERVER_URL": "http://other:15000"}), NO_MLFLOW),
        (platform(ENDED, proxy=p.replace(PROXY, essential=True)), NO_MLFLOW),
        (platform(), NO_MLFLOW),
        (p.replace(platform(ENDED), task_definitions=()), NO_MLFLOW),
        (p.replace(platform(ENDED), ecs_services=()), NO_MLFLOW),
    ],
    ids=[
        "no symptom",
        "runs",
        "one of two",
        "nothing leads",
        "port",
        "host",
        "essential",
        "none",
        "unread",
        "no service",
    ],
)
def test_a_side_car_that_nothing_is_seen_to_need_is_no_cause(
    state: PlatformState, results: list[Result]
) -> None:
    assert found(state, results) == []
