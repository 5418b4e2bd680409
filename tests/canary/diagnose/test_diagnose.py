"""The diagnosis of plain values names each fault with its resource and a remedy."""

from __future__ import annotations

import time

import pytest

from canary.control_plane.state import (
    Action,
    Condition,
    Forward,
    PlatformState,
    Rule,
    TargetHealth,
    Unavailable,
)
from canary.diagnose import diagnose
from canary.model import Confidence, Explanation, Load, Result, Status
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.platform_faults import FAULTS, Fault, plant


def judge(
    state: PlatformState,
    results: list[Result],
    previous: PlatformState | None = None,
    names: p.Names | None = None,
) -> Explanation:
    """Diagnose for the environment of the names."""
    return diagnose(results, state, p.environment(names or p.Names()), previous, p.NOW)


def test_a_healthy_platform_has_no_diagnosis() -> None:
    assert judge(p.healthy(), []) == Explanation()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.id)
def test_each_fault_is_named_first_with_its_resource(fault: Fault) -> None:
    state, results = plant(fault)
    verdict = judge(state, results, p.healthy())
    first = verdict.diagnoses[0]
    assert (first.cause, fault.resource in first.resource) == (fault.cause, True)
    assert verdict.unexplained == ()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.id)
def test_each_fault_is_named_without_a_previous_run(fault: Fault) -> None:
    state, results = plant(fault)
    causes = [d.cause for d in judge(state, results).diagnoses]
    assert fault.cause in causes


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.id)
def test_one_fault_is_one_diagnosis(fault: Fault) -> None:
    state, results = plant(fault)
    assert len(judge(state, results, p.healthy()).diagnoses) == 1


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.id)
def test_each_diagnosis_offers_a_command_or_a_decision(fault: Fault) -> None:
    state, results = plant(fault)
    for diagnosis in judge(state, results, p.healthy()).diagnoses:
        remedy = diagnosis.remedy
        assert remedy.summary and (remedy.fix or remedy.decision)
        assert all(c.startswith("aws ") and "--region us-east-1" in c for c in remedy.fix)


PAIRS = [
    (a, b) for n, a in enumerate(FAULTS) for b in FAULTS[n + 1 :] if a.touches.isdisjoint(b.touches)
]


def test_there_are_enough_pairs() -> None:
    assert len(PAIRS) >= 20


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=lambda f: f.id)
def test_two_faults_give_both_causes(one: Fault, other: Fault) -> None:
    state, results = plant(one, other)
    causes = {d.cause for d in judge(state, results, p.healthy()).diagnoses}
    assert {one.cause, other.cause} <= causes


def test_an_auth_outage_is_one_diagnosis_and_explains_its_dependants() -> None:
    state, results = plant(faults.by_id("auth-scaled-to-zero"))
    more = [
        p.failed(f"registry.access-{n}", "registry", faults.auth_unavailable()) for n in range(30)
    ]
    verdict = judge(state, [*results, *more])
    assert [d.cause for d in verdict.diagnoses] == ["service-scaled-to-zero"]
    assert len(verdict.diagnoses[0].explains) >= 30


def test_what_nothing_explains_is_listed() -> None:
    strange = p.failed("registry.teapot", "registry", p.answer(faults.REGISTRY, 418, "{}"))
    verdict = judge(p.healthy(), [strange])
    assert verdict == Explanation(unexplained=("registry.teapot",))


def test_noise_is_not_blamed() -> None:
    state, results = plant(faults.by_id("api-scaled-to-zero"))
    assert [d.cause for d in judge(faults.noisy(state), results).diagnoses] == [
        "service-scaled-to-zero"
    ]


def test_a_carried_failure_is_not_diagnosed_again() -> None:
    state, results = plant(faults.by_id("api-scaled-to-zero"))
    reused = [p.replace(r, reused=True) for r in results]
    assert judge(state, reused) == Explanation()


def test_the_failure_of_a_blocking_check_stands_until_its_next_answer() -> None:
    """It is asked every five minutes: its cause must not go away in between."""
    state, results = plant(faults.by_id("api-scaled-to-zero"))
    standing = [p.replace(r, reused=True, load=Load.BLOCKING) for r in results]
    assert judge(state, standing) == judge(state, results)


def test_a_denied_reading_is_reported_even_when_all_is_well() -> None:
    state = p.replace(p.healthy(), unavailable=(_denied("logs:FilterLogEvents"),))
    (only,) = judge(state, []).diagnoses
    assert (only.cause, only.resource) == ("canary-permission-denied", "logs:FilterLogEvents")


ACTIONS = (
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "ecs:DescribeServices",
    "ecs:ListTasks",
    "ecs:DescribeTasks",
    "ecs:DescribeTaskDefinition",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "servicediscovery:ListInstances",
    "acm:DescribeCertificate",
)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.id)
def test_without_a_permission_nothing_wrong_is_certain(fault: Fault, action: str) -> None:
    state, results = plant(fault)
    state = faults.unread(state, action)
    state = p.replace(state, unavailable=(_denied(action),))
    found = judge(state, results, p.healthy()).diagnoses
    sure = {d.cause for d in found if d.confidence is Confidence.CERTAIN}
    assert sure <= {fault.cause, "canary-permission-denied"}
    assert action in {d.resource for d in found}


def _denied(action: str) -> Unavailable:
    return Unavailable(
        action=action, resource="*", code="AccessDenied", reason="not allowed", denied=True
    )


def test_a_missing_secret_of_a_principal_is_named() -> None:
    missing = p.failed(
        "registry.valid", "registry", status=Status.ERROR,
        reason="the secret canary/valid of principal valid could not be read",
    )  # fmt: skip
    (only,) = judge(p.healthy(), [missing]).diagnoses
    assert (only.cause, only.resource) == ("canary-credential-missing", "canary/valid")


def test_a_closed_way_out_is_the_canarys_own_fault() -> None:
    names = p.Names()
    results = [
        p.failed(f"{s}.health", s, p.none(f"https://{s}.{names.domain}/health", "connect-timeout"))
        for s in ("auth", "registry")
    ]
    lost = Unavailable(
        action="ecs:DescribeServices", resource="*", code="ConnectTimeoutError", reason="time out"
    )
    state = PlatformState(unavailable=(lost,))
    assert judge(state, results).diagnoses[0].cause == "canary-egress-blocked"


def test_the_seed_day_names_the_rule_and_the_right_target_group() -> None:
    state, results = plant(faults.by_id("mlflow-path-to-mlflow"), faults.by_id("auth-wrong-port"))
    first, second = judge(state, results, p.healthy()).diagnoses
    names = p.Names()
    assert (first.cause, second.cause) == ("rule-wrong-target", "port-mismatch")
    assert names.group("registry") in first.remedy.fix[0]
    assert names.group("mlflow") not in first.remedy.fix[0]


def test_the_day_as_reported_creates_the_rule_towards_the_api() -> None:
    state, results = plant(faults.by_id("api-rules-gone"))
    (only,) = judge(state, results, p.healthy()).diagnoses
    assert only.cause == "rule-missing"
    assert "create-rule" in only.remedy.fix[0]
    assert p.Names().group("registry") in only.remedy.fix[0]


def test_a_rule_in_everyones_way_is_moved_or_deleted() -> None:
    state, results = plant(faults.by_id("catch-all"))
    (only,) = judge(state, results, p.healthy()).diagnoses
    assert "set-rule-priorities" in only.remedy.fix[0] or "delete-rule" in only.remedy.fix[0]


def test_no_secret_value_can_stand_in_a_remedy() -> None:
    for fault in FAULTS:
        state, results = plant(fault)
        for diagnosis in judge(state, results, p.healthy()).diagnoses:
            for command in diagnosis.remedy.fix:
                assert "secret-string" not in command and "--value" not in command.replace(
                    '--value "$(', ""
                )


def test_a_diagnosis_costs_less_than_fifty_milliseconds() -> None:
    state, results = plant(*(f for f in FAULTS[:6]))
    many = [*results, *(p.failed(f"registry.x{n}", "registry", faults.auth_unavailable())
                        for n in range(60))]  # fmt: skip
    judge(state, many, p.healthy())
    began = time.process_time()
    judge(state, many, p.healthy())
    assert time.process_time() - began < 0.2  # generous: the machine is shared


def test_a_weighted_rule_with_a_stray_group_is_seen() -> None:
    names = p.Names()
    stray = p.replace(p.healthy(names).target_groups[0], arn="arn:stray/x/1", name="stray",
                      targets=(), load_balancers=())  # fmt: skip
    state = faults.with_rule(
        p.healthy(names),
        names.priorities[1],
        Action(
            type="forward",
            forwards=(Forward(target_group=names.group("registry")),
                      Forward(target_group="arn:stray/x/1")),
        ),
    )  # fmt: skip
    state = p.replace(state, target_groups=(*state.target_groups, stray))
    results = [
        p.failed("registry.proxy", "registry", p.page(faults.REGISTRY + p.API_PATH, 503)),
        p.control("listener_rule", "registry", p.API_PATH),
    ]
    assert judge(state, results).diagnoses[0].cause == "target-group-empty"


def test_an_extra_harmless_rule_is_not_blamed() -> None:
    names = p.Names()
    extra = Rule(
        arn="arn:extra", priority="7",
        conditions=(Condition(field="path-pattern", values=("/campaign/*",)),),
        action=Action(type="fixed-response", status_code="410"),
    )  # fmt: skip
    state = faults.add_rule(p.healthy(names), extra)
    strange = p.failed("registry.x", "registry", p.answer(faults.REGISTRY + "/x", 418))
    assert judge(state, [strange]).diagnoses == ()


def test_rules_that_were_led_into_one_strange_group_are_one_finding() -> None:
    names = p.Names()
    nobody = TargetHealth(id="10.9.9.9", port=8001, state="healthy")
    strange = p.replace(p.healthy(names).target_groups[1], arn="arn:green/x/1", name="green",
                        targets=(nobody,))  # fmt: skip
    state = p.replace(p.healthy(names), target_groups=(*p.healthy(names).target_groups, strange))
    to_green = Action(type="forward", forwards=(Forward(target_group=strange.arn),))
    for priority in names.priorities[1:]:
        state = faults.with_rule(state, priority, to_green)
    results = [
        p.failed("registry.proxy", "registry", p.page(faults.PROXY, 502)),
        p.failed("registry.models", "registry", p.page(faults.REGISTRY + "/api/v1/models", 502)),
    ]
    (found,) = judge(state, results, p.healthy()).diagnoses
    assert found.cause == "rule-wrong-target"
    assert [f"/{n} " in c for n, c in zip(names.priorities[1:], found.remedy.fix, strict=True)] == [
        True,
        True,
    ]
