"""A side-car that has ended is a cause where what fails leads to it, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import (
    BalancerEntry,
    Container,
    PlatformState,
    StoppedContainer,
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
    ],
    ids=["no symptom", "runs", "one of two", "nothing leads", "port", "host", "essential", "none"],
)
def test_a_side_car_that_nothing_is_seen_to_need_is_no_cause(
    state: PlatformState, results: list[Result]
) -> None:
    assert found(state, results) == []
