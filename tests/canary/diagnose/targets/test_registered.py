"""Targets that are registered, and not: by hand, on another port, of another version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from canary.control_plane.state import BalancerEntry, Container, PlatformState, TargetHealth
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.targets import commands, health_checks, ports, protocol_version, targets
from canary.model import Environment, Result
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import ENVIRONMENT, HEALTHY, HOST, NAMES, case, platform, rule, to
from tests.canary.support.scenes.ecs import definition
from tests.canary.support.told_scenes import down, group

ARN = NAMES.group("auth")
MINE = p.ADDRESSES["auth"]
Find = Callable[[Case], Iterator[Finding]]


def at(identifier: str, state: str = "healthy", port: int = 8000, **more: Any) -> TargetHealth:
    return TargetHealth(id=identifier, port=port, state=state, **more)


def auth(*found: TargetHealth, of: PlatformState = HEALTHY, **fields: Any) -> PlatformState:
    """Return auth with these targets; `fields` change its service."""
    state = group(of, targets=found)
    return faults.service(state, "auth", **fields) if fields else state


def rows(find: Find, state: PlatformState, *results: Result, **more: Any) -> list[Finding]:
    return [*find(case(state, more.get("before"), *(results or down())))]


def summaries(find: Find, state: PlatformState, *results: Result, **more: Any) -> list[str]:
    return [f.summary for f in rows(find, state, *results, **more)]


# --- empty groups


def test_a_group_without_a_target_that_takes_requests() -> None:
    name = "hokusai-auth-development"
    assert summaries(targets.empty, auth()) == [
        f"No target is registered in {name}-tg, though 1 task(s) of {name} run."
    ]
    gone = auth(at(MINE, "draining"), at("10.0.9.9", "unused"))
    (found,) = rows(targets.empty, gone)
    assert found.summary.startswith(f"No target takes requests in {name}-tg")
    assert found.evidence[0].seen == f"{MINE} draining, 10.0.9.9 unused"
    assert rows(targets.empty, auth(at(MINE, "unhealthy"))) == []
    assert rows(targets.empty, auth(tasks=(), running=0)) == []
    assert rows(targets.empty, group(auth(), load_balancers=())) == []


def test_a_group_that_is_no_longer_attached_gets_its_entry_back_beside_the_others() -> None:
    flow = NAMES.group("mlflow")
    other = BalancerEntry(target_group=flow, container="hokusai-auth", port=8000)
    state = auth(target_groups=(flow,), balancer_entries=(other,))
    lost = (p.replace(other, target_group=ARN, port=9), p.replace(other, target_group=ARN))
    was = faults.service(HEALTHY, "auth", balancer_entries=lost)

    def entries(before: PlatformState | None, *places: int) -> str:
        shown = ",".join(
            f'{{"targetGroupArn":"{arn}","containerName":"hokusai-auth","containerPort":{number}}}'
            for arn, number in zip((flow, ARN), places, strict=True)
        )
        (found,) = targets.empty(case(state, before, *down()))
        assert f"--load-balancers '[{shown}]'" in found.remedy.fix[-1]
        return " ".join(c.split()[2] for c in found.remedy.fix)

    assert entries(was, 8000, 9) == "register-targets update-service"
    assert entries(None, 8000, 8000) == "update-service"  # whose group it was is not known


# --- foreign and unhealthy targets


def test_an_unhealthy_target_that_is_no_task() -> None:
    assert summaries(targets.foreign_targets, auth(at(MINE), at("10.9.9.9", "unhealthy"))) == [
        "1 target(s) of hokusai-auth-development-tg belong to no running task and are unhealthy."
    ]
    assert rows(targets.foreign_targets, auth(at("10.9.9.9", "unavailable"))) != []
    for state in ("healthy", "draining", "unused", "initial"):
        assert rows(targets.foreign_targets, auth(at("10.9.9.9", state))) == []
    assert rows(targets.foreign_targets, auth(at(MINE, "unhealthy"))) == []
    assert rows(targets.foreign_targets, auth(at("10.9.9.9", "unhealthy"), tasks=())) == []
    ended = p.replace(p.running_task(NAMES, "auth"), last_status="STOPPED")
    other = auth(at("10.9.9.9", "unhealthy"), tasks=(ended,))
    assert rows(targets.foreign_targets, other) == []


def test_the_foreign_targets_leave_and_the_tasks_come_back() -> None:
    (both,) = rows(targets.foreign_targets, auth(at("10.9.9.9", "unhealthy"), at(MINE, "draining")))
    assert both.remedy.summary == (
        "Take the targets out that belong to no task, and register those that do."
    )
    assert [c.split()[2] for c in both.remedy.fix] == ["deregister-targets", "register-targets"]
    (one,) = rows(targets.foreign_targets, auth(at("10.9.9.9", "unhealthy"), at(MINE)))
    assert one.remedy.summary == "Take the targets out that belong to no task."
    assert [c.split()[2] for c in one.remedy.fix] == ["deregister-targets"]


SICK = at(MINE, "unhealthy", reason="Target.Timeout", description="timed out")


def test_unhealthy_targets_explain_answers_of_the_balancer() -> None:
    half = auth(SICK, at("10.0.1.77"))
    page = p.failed("a", "auth", p.page(f"https://auth.{NAMES.domain}/x", 503))
    assert summaries(targets.unhealthy, half, page) == [
        "1 of 2 targets of hokusai-auth-development-tg fail their health checks: timed out."
    ]
    assert rows(targets.unhealthy, half, p.control("target_group", "auth")) != []
    assert rows(targets.unhealthy, half, p.control("ecs_service", "auth")) == []
    assert rows(targets.unhealthy, auth(SICK), p.control("ecs_service", "auth")) != []
    assert rows(targets.unhealthy, auth(at(MINE)), page) == []
    (two,) = rows(targets.unhealthy, auth(SICK, at("10.0.1.77", "unhealthy")), page)
    assert len([e for e in two.evidence if e.expected == "healthy"]) == 1


def ended(minutes: float, why: str = "Task failed ELB health checks in (target-group x)") -> Any:
    return p.replace(p.running_task(NAMES, "auth"), arn=f"task/{minutes}", last_status="STOPPED",
                     stopped_at=p.ago(minutes), stopped_reason=why)  # fmt: skip


def replaced(*tasks: Any, results: list[Result] | None = None) -> list[str]:
    state = faults.service(HEALTHY, "auth", tasks=(p.running_task(NAMES, "auth"), *tasks))
    found = targets.replaced(case(state, None, *(results or [p.control("ecs_service", "auth")])))
    return [f"{f.evidence[0].resource} {f.confidence.name}" for f in found]


def test_a_task_that_was_ended_for_its_health_lately() -> None:
    assert replaced(ended(3), ended(4)) == ["task/3 POSSIBLE"]
    assert replaced(ended(16)) == replaced(ended(3, "Scaling activity")) == replaced() == []
    assert replaced(ended(16), ended(5)) == ["task/5 POSSIBLE"]
    assert replaced(ended(3), results=[p.control("target_group", "auth")]) != []
    assert replaced(ended(3), results=[p.control("target_group", "registry")]) == []
    assert replaced(ended(3), results=down()[:1]) in ([], ["task/3 POSSIBLE"])


# --- ports


def containers(*found: Container, of: PlatformState = HEALTHY) -> PlatformState:
    return definition(of, "auth", 7, containers=found)


def mapped(name: str, *numbers: int) -> Container:
    return Container(name=name, image="i", ports=numbers)


def port(state: PlatformState, of: str = ARN, environment: Environment = ENVIRONMENT) -> int:
    found = case(state, environment=environment)
    wanted = found.group(of)
    return commands.port_of(found, "auth", wanted)


def test_the_port_of_targets_is_that_of_the_entry_else_of_the_container_else_of_the_file() -> None:
    own = mapped("hokusai-auth", 81, 82)
    assert port(containers(mapped("side", 80), own)) == 81
    assert port(containers(mapped("hokusai-auth"), mapped("side", 80))) == 8000
    assert port(p.replace(HEALTHY, task_definitions=())) == 8000
    entries = (BalancerEntry(target_group="arn:o", container="c", port=1),
               BalancerEntry(target_group=ARN, container="c", port=0),
               BalancerEntry(target_group=ARN, container="c", port=7),
               BalancerEntry(target_group=ARN, container="c", port=8))  # fmt: skip
    state = faults.service(containers(own), "auth", balancer_entries=entries)
    assert port(state) == 7
    assert commands.port_of(case(state), "auth") == 81
    services = {**ENVIRONMENT.services}
    services["auth"] = p.replace(services["auth"], container="")
    file = p.replace(ENVIRONMENT, services=services)
    assert port(containers(mapped("side", 80), own), environment=file) == 80
    assert port(containers(mapped("side"), own), environment=file) == 81


def test_a_target_on_a_port_where_nothing_listens() -> None:
    name = "hokusai-auth-development"
    wrong = auth(at(MINE, "unhealthy", 9))
    assert summaries(ports.ports, wrong) == [
        f"{name}-tg sends traffic to port 9; the container of {name} listens on 8000."
    ]
    assert rows(ports.ports, p.replace(wrong, task_definitions=())) == []
    for fine in (at(MINE, "healthy", 9), at(MINE, "unhealthy"), at(MINE, "unhealthy", 0),
                 at(MINE, "draining", 9), at("10.9.9.9", "unhealthy", 9)):  # fmt: skip
        assert rows(ports.ports, auth(fine)) == []
    assert rows(ports.ports, auth(at("10.9.9.9", "unhealthy", 9), tasks=())) != []
    many = auth(*(at(MINE, "unhealthy", n) for n in range(1, 6)))
    (found,) = rows(ports.ports, many)
    assert len([e for e in found.evidence if e.expected == "port 8000"]) == 3


# --- protocol versions

API = NAMES.group("registry")
DEFAULT = rule("default")
NEW = p.replace(HEALTHY.target_groups[1], arn="arn:new", name="new-tg", protocol_version="HTTP2")
NAMED = p.replace(ENVIRONMENT.services["registry"], target_groups=(
    "new-tg", "hokusai-registry-development-tg"))  # fmt: skip
ENV = p.replace(ENVIRONMENT, services={**ENVIRONMENT.services, "registry": NAMED})


def refused(
    state: PlatformState, *results: Result, before: PlatformState | None = None
) -> list[Finding]:
    given = results or (p.failed("a", "registry", p.answer(f"https://{HOST}/api/x", 464)),)
    return [*protocol_version.refused(case(state, before, *given, environment=ENV))]


def versions(*rules: Any, **group_fields: Any) -> PlatformState:
    there = (*HEALTHY.target_groups, p.replace(NEW, **group_fields))
    return p.replace(platform(*rules), target_groups=there)


LED = rule(110, "/api/*", action=to("arn:new"))
WAS = versions(rule(110, "/api/*"), DEFAULT)


def test_a_group_of_another_version_refuses_requests() -> None:
    (found,) = refused(versions(LED, DEFAULT))
    assert (found.service, found.resource) == ("registry", "arn:new")
    assert [(e.seen, e.expected) for e in found.evidence] == [
        ("protocol version HTTP2", "protocol version HTTP1")
    ]
    assert refused(versions(LED, DEFAULT, protocol_version="HTTP1")) == []
    assert refused(versions(LED, DEFAULT, protocol_version="")) == []
    assert refused(versions(rule(110, "/api/*"), DEFAULT)) == []
    other = p.failed("a", "registry", p.answer(f"https://{HOST}/api/x", 500))
    assert refused(versions(LED, DEFAULT), other) == []
    assert refused(versions(LED, DEFAULT), other, p.failed(
        "b", "auth", p.answer(f"https://auth.{NAMES.domain}/x", 464))) == []  # fmt: skip


def test_its_own_checks_follow_and_no_others() -> None:
    mine = p.failed("a", "registry", p.answer(f"https://{HOST}/api/x", 464))
    more = [p.control("target_group", n) for n in ("registry", "auth")]
    more += [p.control("ecs_service", "registry"),
             p.failed("o", "registry", p.answer(f"https://{HOST}/api/x", 500))]  # fmt: skip
    (found,) = refused(versions(LED, DEFAULT), mine, *more)
    assert sorted(f.check_id for f in found.explained_failures) == ["a", "registry.target-group"]


@pytest.mark.parametrize(
    ("states", "serves"),
    [(("healthy",), True), (("draining", "healthy"), True), (("unused",), False), ((), False)],
)
def test_the_rules_go_back_to_a_group_that_still_has_targets(
    states: tuple[str, ...], serves: bool
) -> None:
    state = versions(LED, DEFAULT)
    old = tuple(at(f"10.0.1.{n}", s) for n, s in enumerate(states))
    state = p.change(state, "target_groups", API, targets=old)
    (found,) = refused(state, before=WAS)
    assert found.evidence[0].expected == "before: hokusai-registry-development-tg with HTTP1"
    assert found.remedy.summary == (
        "Let the rules forward to hokusai-registry-development-tg again."
        if serves
        else "A group's protocol version cannot be changed: make a new group."
    )
    assert [c.split()[2] for c in found.remedy.fix] == ["modify-rule"] * serves
    assert found.remedy.verify[0].endswith(API if serves else "arn:new")


def test_a_rule_that_was_not_there_stays_as_it_is() -> None:
    new = rule(109, "/new/*", action=to("arn:new"))
    paths = ("/api/x", "/new/x")
    failures = [
        p.failed(path, "registry", p.answer(f"https://{HOST}{path}", 464)) for path in paths
    ]
    (found,) = refused(versions(LED, new, DEFAULT), *failures, before=WAS)
    (command,) = found.remedy.fix
    assert LED.arn in command
    assert refused(versions(LED, DEFAULT), before=None)[0].remedy.fix == ()


def test_without_a_past_a_new_group_of_the_usual_version_is_made() -> None:
    (found,) = refused(versions(LED, DEFAULT))
    assert found.remedy.decision == (
        "Create a target group of protocol version HTTP1, attach it to the ECS service and let the"
        " rules forward to it."
    )
    grpc = p.change(WAS, "target_groups", API, protocol_version="GRPC")
    now = p.change(versions(LED, DEFAULT), "target_groups", API, targets=())
    (other,) = refused(now, before=grpc)
    assert other.remedy.decision.startswith("Create a target group of protocol version GRPC,")


# --- health checks


@pytest.mark.parametrize(
    ("matcher", "code", "fits"),
    [
        ("200", 200, True), ("200", 201, False), ("200,202", 202, True), ("200, 202", 202, True),
        ("200-299", 200, True), ("200-299", 299, True), ("200-299", 300, False),
        ("201-299", 200, False), ("", 200, True), ("x", 200, False), ("x,200", 200, True),
    ],
)  # fmt: skip
def test_a_matcher_accepts_a_code(matcher: str, code: int, fits: bool) -> None:
    assert health_checks.accepts(matcher, code) is fits


def check(**fields: Any) -> list[str]:
    reason = fields.pop("reason", "Target.ResponseCodeMismatch")
    sick = at(MINE, "unhealthy", reason=reason)
    before = fields.pop("before", None)
    state = group(auth(sick), **fields)
    return [f"{f.cause}: {f.summary.rpartition(': ')[2]}" for f in rows(
        health_checks.health_check, state, before=before)]  # fmt: skip


def test_a_check_that_does_not_fit_the_application() -> None:
    assert check() == []
    assert check(health_path="/x") == ["health-check-mismatch: path is /x, expected /health."]
    assert check(health_path="/x", reason="Target.Timeout") != []
    assert check(health_path="/x", reason="Target.FailedHealthChecks") == []
    assert check(health_matcher="201") == ["health-check-mismatch: codes is 201, expected 200."]
    assert check(health_matcher="201", reason="Target.Timeout") == []
    assert check(health_matcher="201", matcher_kind="GrpcCode") == []
    assert check(health_port="9") == ["port-mismatch: port is 9, expected traffic-port."]
    assert check(health_port="8000") == []
    assert check(health_protocol="HTTPS") == [
        "target-protocol-mismatch: protocol is HTTPS, expected HTTP."
    ]


def test_what_changed_in_a_check_is_at_fault_where_it_explains_the_reason() -> None:
    was = group(health_path="/own", health_matcher="204")
    own = {"health_path": "/own", "health_matcher": "204", "before": was}
    path, codes = "path is /x, expected /own", "codes is 9, expected 204"
    assert check(**own | {"health_path": "/x"}) == [f"health-check-mismatch: {path}."]
    both = own | {"health_path": "/x", "health_matcher": "9"}
    assert check(**both) == [f"health-check-mismatch: {path}; {codes}."]
    assert check(**both, reason="Target.Timeout") == [f"health-check-mismatch: {path}."]
    assert check(**both, reason="Target.FailedHealthChecks") == []
    moved = {**own, "health_port": "9", "reason": "Target.FailedHealthChecks"}
    assert check(**moved) == ["port-mismatch: port is 9, expected traffic-port."]
