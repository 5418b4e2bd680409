"""Names of the environment file that AWS does not know are told while all is well."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.configured import unknown_names
from canary.control_plane.state import LogLine, PlatformState, not_read
from canary.diagnose import diagnose
from canary.model import Environment
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p


def known() -> Environment:
    return p.environment(faults.NAMES)


def told(environment: Environment, state: PlatformState) -> list[tuple[str, str]]:
    found = diagnose([], state, environment, p.healthy(), p.NOW)
    assert found.unexplained == ()
    return [(d.cause, d.resource) for d in found.diagnoses]


def test_of_a_platform_whose_names_are_known_nothing_is_told() -> None:
    assert told(known(), p.healthy()) == []


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("load_balancer", "lb-gone", "lb-gone"),
        ("target_groups", ("tg-gone",), "tg-gone"),
        ("security_group", "guard-gone", "guard-gone"),
        ("discovery", "gone.hokusai.local", "gone.hokusai.local"),
    ],
)
def test_each_wrong_name_is_told_on_a_healthy_day(field: str, value: object, name: str) -> None:
    environment = known()
    wrong = p.replace(environment.services["mlflow"], **{field: value})
    services = {**environment.services, "mlflow": wrong}
    assert told(p.replace(environment, services=services), p.healthy()) == [
        ("canary-config-wrong", name)
    ]


@pytest.mark.parametrize(
    ("field", "name"), [("missing_log_groups", "/ecs/gone"), ("missing_services", "svc-gone")]
)
def test_what_aws_misses_is_told_on_a_healthy_day(field: str, name: str) -> None:
    assert told(known(), p.replace(p.healthy(), **{field: (name,)})) == [
        ("canary-config-wrong", name)
    ]


def test_the_endpoint_of_a_store_is_no_wrong_name_of_cloud_map() -> None:
    environment = known()
    for end in ("main.example.rds.amazonaws.com", "x.cache.amazonaws.com.cn"):
        own = p.replace(environment.services["database"], discovery=end)
        services = {**environment.services, "database": own}
        assert told(p.replace(environment, services=services), p.healthy()) == []


def two_wrong_names(name: str) -> tuple[Environment, PlatformState]:
    """Return an environment with two wrong names of a service, and the state that it reads."""
    environment, state = known(), p.healthy()
    right = environment.services[name]
    wrong = p.replace(right, ecs_service="svc-typo", target_groups=("tg-typo",))
    services = {**environment.services, name: wrong}
    read = p.replace(
        state,
        ecs_services=tuple(s for s in state.ecs_services if s.name != right.ecs_service),
        missing_services=("svc-typo",),
    )
    return p.replace(environment, services=services), read


@pytest.mark.parametrize(
    ("status", "by", "cause"),
    [
        (200, "target", "canary-config-wrong"),
        (404, "target", "canary-config-wrong"),
        (503, "balancer", "service-missing"),
        (404, "balancer", "service-missing"),
        (500, "target", "service-missing"),
    ],
)
def test_a_service_that_answers_exists_whatever_the_file_calls_it(
    status: int, by: str, cause: str
) -> None:
    environment, state = two_wrong_names("registry")
    url = f"https://registry.{faults.NAMES.domain}/health"
    seen = p.answer(url, status, answered_by=by)
    step = p.Step(name="GET /health", status=p.Status.PASS, evidence=(seen,))
    good = p.result("registry.health", "registry", step, status=p.Status.PASS)
    results = [good, p.control("ecs_service", "registry"), p.control("target_group", "registry")]
    found = diagnose(results, state, environment, None, p.NOW)
    assert [d.cause for d in found.diagnoses] == [cause]
    told = "svc-typo" in found.diagnoses[0].summary and "tg-typo" in found.diagnoses[0].summary
    assert told is (cause == "canary-config-wrong")


def test_a_service_that_an_earlier_run_saw_is_missing_although_it_answered() -> None:
    environment, state = two_wrong_names("registry")
    known_before = p.replace(known().services["registry"], target_groups=("tg-typo",))
    services = {**environment.services, "registry": known_before}
    environment = p.replace(environment, services=services)
    state = p.replace(state, missing_services=(known_before.ecs_service,))
    url = f"https://registry.{faults.NAMES.domain}/health"
    step = p.Step(name="GET", status=p.Status.PASS, evidence=(p.answer(url, 200),))
    good = p.result("registry.health", "registry", step, status=p.Status.PASS)
    results = [good, p.control("ecs_service", "registry")]
    found = diagnose(results, state, environment, p.healthy(), p.NOW)
    assert [d.cause for d in found.diagnoses] == ["service-missing"]


def test_a_log_that_does_not_exist_is_shown_to_nobody() -> None:
    state, results = faults.plant(faults.by_id("auth-crashes"))
    group = f"/ecs/{faults.NAMES.of('auth')}"
    for missing, shown in (((), True), ((group,), False)):
        lost = p.replace(state, missing_log_groups=missing)
        found = diagnose(results, lost, known(), p.healthy(), p.NOW).diagnoses[0]
        assert any(f"tail {group}" in c for c in found.remedy.inspect) is shown


def test_what_a_task_wrote_last_is_evidence() -> None:
    state, results = faults.plant(faults.by_id("auth-crashes"))
    service = next(s for s in state.ecs_services if s.name == faults.NAMES.of("auth"))
    task = next(t for t in service.tasks if t.stopped_at)
    words = "The settings were not taken (found version 1, but expected 2)"
    lines = tuple(LogLine(at=p.ago(2), message=m, stream="ecs/a/1") for m in ("Starting", words))
    state = p.replace(state, last_lines={task.arn: lines})
    found = diagnose(results, state, known(), p.healthy(), p.NOW).diagnoses[0]
    assert [(e.resource, e.seen) for e in found.evidence if e.seen == words] == [
        ("last line of ecs/a/1", words)
    ]


@pytest.mark.parametrize(
    "gap",
    [
        {"unread": ("target_groups",)},
        {"unavailable": not_read("NoCluster", "no cluster").unavailable},
    ],
    ids=["one part", "everything"],
)
def test_of_what_was_not_read_no_name_is_told(gap: dict[str, Any]) -> None:
    environment = known()
    wrong = p.replace(environment.services["mlflow"], target_groups=("tg-gone",))
    environment = p.replace(environment, services={**environment.services, "mlflow": wrong})
    assert unknown_names(environment, p.healthy()) == ("tg-gone",)
    assert unknown_names(environment, p.replace(p.healthy(), **gap)) == ()
