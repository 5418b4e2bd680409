"""Look-ups of a case: objects of the platform, and the failures that an outage explains."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import (
    EVERYTHING,
    Action,
    Forward,
    LogLine,
    PlatformState,
    TargetHealth,
    Unavailable,
)
from canary.diagnose.core import serving
from canary.diagnose.core.case import Case
from canary.diagnose.core.symptoms import Symptom
from canary.model import Environment, Evidence, Result, Role, Service, Status
from canary.model.urls import place
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

NAMES = p.Names()
HEALTHY = p.healthy()
REGISTRY, AUTH = f"https://registry.{NAMES.domain}", f"https://auth.{NAMES.domain}"


def case(*results: Result, state: PlatformState = HEALTHY, **fields: Any) -> Case:
    known = {"environment": p.environment(NAMES), "previous": None, "now": p.NOW}
    return Case(results=results, state=state, **known | fields)


def gap(action: str) -> PlatformState:
    found = Unavailable(action=action, resource="*", code="Denied", reason="no")
    return p.replace(HEALTHY, unavailable=(found,))


@pytest.mark.parametrize(
    ("state", "actions", "read"),
    [
        (HEALTHY, ("ecs:A",), True),
        (gap("ecs:A"), ("ecs:A",), False),
        (gap("ecs:A"), ("ecs:B",), True),
        (gap("ecs:A"), ("ecs:B", "ecs:A"), False),
        (gap("ecs:A"), (), True),
        (gap(EVERYTHING), ("ecs:B",), False),
        (gap(EVERYTHING), (), True),
    ],
)
def test_a_reading_that_failed_proves_nothing(
    state: PlatformState, actions: tuple[str, ...], read: bool
) -> None:
    assert case(state=state).read(*actions) is read


def test_objects_are_found_by_the_names_of_the_file() -> None:
    of = case(previous=p.healthy())
    assert of.ecs("auth") is HEALTHY.ecs_services[0]
    assert of.ecs("cache") is None and of.ecs("none") is None
    assert of.ecs("auth", PlatformState()) is None
    assert of.ecs_before("auth") == HEALTHY.ecs_services[0]
    assert case().ecs_before("auth") is None
    assert of.balancer("mlflow") is HEALTHY.load_balancers[1]
    assert of.balancer("cache") is None
    assert of.balancer("mlflow", PlatformState()) is None
    assert of.group(NAMES.group("mlflow")) is HEALTHY.target_groups[2]
    assert of.group("none") is None
    assert of.group(NAMES.group("mlflow"), PlatformState()) is None
    assert of.security_group("sg-cache") is HEALTHY.security_groups[5]
    assert of.security_group("none") is None
    assert (of.host("auth"), of.host("mlflow")) == ("auth.hokus.ai", "")
    assert of.used(Role.DATABASE, "auth") == "database" and of.used(Role.OTHER) == ""
    assert of.closure("mlflow") == {"mlflow", "database"}
    assert of.dependants("mlflow") == {"registry", "mlflow"}
    assert of.dependants("database") == {"auth", "registry", "mlflow", "database"}


def test_a_revision_is_known_from_this_run_or_the_one_before() -> None:
    arn = NAMES.revision("auth")
    empty = p.replace(HEALTHY, task_definitions=())
    assert case().definition(arn) is HEALTHY.task_definitions[1]
    assert case(state=empty).definition(arn) is None
    assert case(state=empty, previous=HEALTHY).definition(arn) is HEALTHY.task_definitions[1]
    other = p.change(HEALTHY, "task_definitions", arn, architecture="ARM64")
    found = case(state=other, previous=HEALTHY).definition_of("auth")
    assert found is not None and found.architecture == "ARM64"
    assert case().definition_of("cache") is None
    assert case().containers("auth") == HEALTHY.task_definitions[1].containers
    assert case().containers("cache") == ()


def test_rules_of_the_run_before() -> None:
    listeners = [x for b in HEALTHY.load_balancers for x in b.listeners]
    of = case(previous=HEALTHY)
    assert of.rules_before() == tuple(r for x in listeners for r in x.rules)
    assert of.rules_before(listeners[1].arn) == listeners[1].rules
    assert of.rules_before("none") == () and case().rules_before() == ()


def groups(of: Case, name: str) -> list[str]:
    return [g.name for g in of.groups(name)]


def test_the_groups_of_a_service_are_those_named_and_those_attached() -> None:
    own, other = "hokusai-auth-development-tg", "hokusai-mlflow-development-tg"
    assert groups(case(), "auth") == [own]
    attached = (NAMES.group("auth"), NAMES.group("mlflow"), "arn:green")
    green = p.replace(HEALTHY.target_groups[0], arn="arn:green", name="green")
    state = p.change(HEALTHY, "ecs_services", NAMES.of("auth"), target_groups=attached)
    state = p.replace(state, target_groups=(*HEALTHY.target_groups, green))
    assert groups(case(state=state), "auth") == [own, "green"]  # the file gives one to mlflow
    assert groups(case(state=state), "mlflow") == [other]
    assert groups(case(state=state), "cache") == []


def test_answers_belong_to_the_service_that_was_asked() -> None:
    def asked(status: Status, url: str, **fields: Any) -> Result:
        made = p.failed("c", "registry", p.answer(url, 200), status=status)
        return p.replace(made, **fields)

    good = asked(Status.PASS, f"{REGISTRY}/health")
    of = case(
        good, asked(Status.FAIL, f"{REGISTRY}/x"), asked(Status.PASS, f"{AUTH}/health"),
        asked(Status.PASS, f"{REGISTRY}/old", reused=True),
    )  # fmt: skip
    assert of.passed("registry") == [good.steps[0].evidence[0]]
    assert len(of.exchanges) == 3
    assert of.entry_of(good.steps[0].evidence[0]) == "registry"


LINE = LogLine(at="t", message="one")


def test_logs_evidence_and_ages() -> None:
    state = p.replace(HEALTHY, logs={"auth": (LINE, p.replace(LINE, message="two"))})
    of = case(state=state)
    assert (of.log_text("auth"), of.log_text("mlflow")) == ("one\ntwo", "")
    assert of.evidence("r", "s", "e") == (
        Evidence(resource="r", seen="s", expected="e", at=HEALTHY.read_at),
    )
    assert of.evidence("r", "s", "e", "")[0].at == ""
    assert of.age(p.ago(2)) == 120.0
    assert of.age("") == of.age("no time") == float("inf")
    assert of.age("2026-11-22T12:00:00") == float("inf")  # without a zone


def many() -> Case:
    return case(
        p.failed("auth.health", "auth", p.page(f"{AUTH}/health", 503)),
        p.failed("registry.health", "registry", p.page(f"{REGISTRY}/health", 503)),
        p.failed("registry.route", "registry", p.fixed_404(f"{REGISTRY}/x")),
        p.failed("registry.app", "registry", p.answer(f"{REGISTRY}/y", 500, "no")),
        p.control("ecs_service", "registry"),
        p.control("target_group", "mlflow"),
        p.control("listener_rule", "registry"),
    )


def checks(found: Any) -> set[str]:
    return {f.check_id for f in found}


def test_an_outage_explains_what_depends_on_the_service() -> None:
    of = many()
    shown = {"registry.ecs-service", "mlflow.target-group"}
    asked = {"registry.health", "registry.app"}
    assert checks(of.failures_of_outage("registry")) == {*asked, "registry.ecs-service"}
    assert checks(of.failures_of_outage("mlflow")) == {*asked, *shown}
    assert checks(of.failures_of_outage("auth")) == {*asked, "auth.health", "registry.ecs-service"}
    assert checks(of.failures_of_outage("database")) == {*asked, *shown, "auth.health"}
    assert checks(of.failures_of_outage("database", via="auth")) == {
        *asked, "auth.health", "registry.ecs-service",
    }  # fmt: skip
    assert checks(of.failures_of_outage("database", via="mlflow")) == {*asked, *shown}


def test_failures_are_chosen_by_symptom_and_entry() -> None:
    of = many()
    assert checks(of.having(Symptom.BALANCER_503)) == {"auth.health", "registry.health"}
    assert checks(of.having(Symptom.BALANCER_503, entry="auth")) == {"auth.health"}
    assert checks(of.having(Symptom.BALANCER_404, Symptom.APP_5XX)) == {
        "registry.route", "registry.app",
    }  # fmt: skip
    assert of.having() == frozenset()
    assert of.entry_services(Symptom.BALANCER_503, Symptom.APP_5XX) == ["auth", "registry"]


def test_suspects_are_services_whose_outage_explains_something() -> None:
    of = case(p.failed("auth.health", "auth", p.page(f"{AUTH}/health", 503)))
    assert [(s.name, s.service.name, checks(s.failures)) for s in of.suspects()] == [
        ("auth", NAMES.of("auth"), {"auth.health"})
    ]
    assert [(n, g.name) for n, g, _ in of.suspect_groups()] == [
        ("auth", "hokusai-auth-development-tg")
    ]
    assert list(case().suspects()) == [] and list(case().suspect_groups()) == []


def state_of(health: str = "healthy", running: int = 1) -> PlatformState:
    target = TargetHealth(id="10.0.1.11", port=8001, state=health)
    state = p.change(HEALTHY, "ecs_services", NAMES.of("registry"), running=running)
    return p.change(state, "target_groups", NAMES.group("registry"), targets=(target,))


@pytest.mark.parametrize(
    ("state", "well"),
    [
        (state_of(), True),
        (state_of(running=2), True),
        (state_of(running=0), False),
        (state_of("initial"), False),
        (p.change(HEALTHY, "target_groups", NAMES.group("registry"), targets=()), False),
        (p.replace(HEALTHY, target_groups=()), False),
        (p.replace(HEALTHY, ecs_services=()), False),
    ],
)
def test_a_service_is_well_with_tasks_and_healthy_targets_in_each_group(
    state: PlatformState, well: bool
) -> None:
    assert case(state=state).has_healthy_targets("registry") is well


def test_one_healthy_target_of_each_group_is_enough_and_all_groups_need_one() -> None:
    sick = TargetHealth(id="10.0.1.12", port=8001, state="unhealthy")
    group = HEALTHY.target_groups[1]
    both = p.change(HEALTHY, "target_groups", group.arn, targets=(sick, *group.targets))
    assert case(state=both).has_healthy_targets("registry")
    other = p.replace(group, arn="arn:green", name="green", targets=(sick,))
    state = p.replace(HEALTHY, target_groups=(*HEALTHY.target_groups, other))
    arns = (group.arn, "arn:green")
    state = p.change(state, "ecs_services", NAMES.of("registry"), target_groups=arns)
    assert case(state=state).has_healthy_targets("registry")  # no rule leads there: not its turn
    led = faults.with_rule(
        state,
        NAMES.priorities[1],
        Action(type="forward", forwards=(Forward(target_group="arn:green"),)),
    )
    assert not case(state=led).has_healthy_targets("registry")


def test_while_other_tasks_answer_churn_explains_no_error_of_the_application() -> None:
    assert checks(many().failures_during_churn("registry")) == {
        "registry.health", "registry.ecs-service",
    }  # fmt: skip
    down = p.change(HEALTHY, "target_groups", NAMES.group("registry"), targets=())
    of = case(*many().results, state=down)
    assert of.failures_during_churn("registry") == of.failures_of_outage("registry")
    assert "registry.app" in checks(of.failures_during_churn("registry"))
    assert [s.name for s in many().suspects(churn=True)] == ["auth", "registry", "mlflow"]


# --- the listener that serves a service


def platform(**services: Service) -> Environment:
    return p.replace(p.environment(NAMES), services=services)


def where(environment: Environment, name: str, host: str = "") -> str:
    found = serving.address(case(environment=environment), name, host)
    return f"{found.scheme} {found.host} {found.port}" if found else ""


SERVED = platform(
    a=Service(url="https://a.example.com", load_balancer="lb"),
    b=Service(load_balancer="lb"),
    c=Service(url="http://c.example.com:8080", load_balancer="other"),
    d=Service(),
    e=Service(load_balancer="alone"),
)


@pytest.mark.parametrize(
    ("name", "host", "at"),
    [
        ("a", "", "https a.example.com 443"),
        ("b", "", "https a.example.com 443"),  # by another service of its balancer
        ("c", "", "http c.example.com 8080"),
        ("d", "", ""),
        ("e", "", ""),
        ("b", "c.example.com", "http c.example.com 8080"),
        ("a", "none.example.com", ""),
    ],
)
def test_a_service_is_asked_at_its_own_url_or_one_of_its_balancer(
    name: str, host: str, at: str
) -> None:
    assert where(SERVED, name, host) == at


def test_the_listener_that_serves_is_the_one_at_that_scheme_and_port() -> None:
    of = case()
    assert serving.listener(of, "registry") is HEALTHY.load_balancers[1].listeners[1]
    assert serving.listener(of, "mlflow") is HEALTHY.load_balancers[1].listeners[1]
    assert serving.listener(of, "cache") is None
    assert serving.listener(of, "registry", state=PlatformState()) is None
    assert serving.is_asked_there(of, "registry", "https", 443, "registry.hokus.ai")
    assert not serving.is_asked_there(of, "registry", "http", 443, "registry.hokus.ai")
    assert not serving.is_asked_there(of, "registry", "https", 80, "registry.hokus.ai")
    assert not serving.is_asked_there(of, "registry", "https", 443, "none.hokus.ai")
    assert place("https://registry.hokus.ai").port == 443
