"""What the readings know of one request: each question is answered yes, no, or unknown."""

from __future__ import annotations

import dataclasses

import pytest

from canary.control_plane.baselines import Baseline, Baselines
from canary.control_plane.stable import reference
from canary.control_plane.state import Action, Forward, PlatformState, TargetHealth
from canary.control_plane.unread import Known
from canary.diagnose.balancer.around import DESYNC, Around, both
from canary.diagnose.balancer.meanings import possible
from canary.diagnose.balancer.own_answers import own_answers
from canary.diagnose.core.case import Case
from canary.model import Confidence
from tests.canary.diagnose.balancer.test_meanings import (
    BALANCER,
    GROUP,
    RULE,
    Change,
    all_of,
    around,
    attribute,
    counted,
    diagnosed,
    firewall,
    group,
    late,
    no_firewall,
    rule,
    same,
    sign_in,
    targets,
)
from tests.canary.support import own_answers as made
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

YES, NO, UNKNOWN = Known.YES, Known.NO, Known.UNKNOWN
PAGE = made.own(faults.PROXY, 403)


def of(change: Change = same, status: int = 403) -> Around:
    return around(made.own(faults.PROXY, status), change(p.healthy()))


def bare(state: PlatformState) -> PlatformState:
    return p.replace(state, load_balancers=())


def fixed(kind: str, code: str) -> Change:
    return rule(action=Action(type=kind, status_code=code))


@pytest.mark.parametrize(
    ("change", "known"),
    [
        (fixed("fixed-response", "403"), YES),
        (fixed("fixed-response", "404"), NO),
        (fixed("redirect", "403"), NO),
        (same, NO),
        (bare, UNKNOWN),
    ],
)
def test_whether_the_rule_answers_by_itself(change: Change, known: Known) -> None:
    assert of(change).fixed() is known


COGNITO = rule(earlier=(Action(type="authenticate-cognito", config={
    "AuthenticateCognitoConfig": {"OnUnauthenticatedRequest": "deny"}}),))  # fmt: skip
JWT = rule(earlier=(Action(type="jwt-validation", config={}),))


@pytest.mark.parametrize(
    ("change", "signs_in", "denies", "allows", "jwt"),
    [
        (sign_in("deny"), YES, YES, NO, NO),
        (sign_in("authenticate"), YES, NO, YES, NO),
        (COGNITO, YES, YES, NO, NO),
        (JWT, NO, NO, NO, YES),
        (same, NO, NO, NO, NO),
        (bare, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_whether_the_rule_signs_users_in(
    change: Change, signs_in: Known, denies: Known, allows: Known, jwt: Known
) -> None:
    one = of(change)
    assert (one.signs_in(), one.signs_in(True), one.signs_in(False), one.validates_tokens()) == (
        signs_in, denies, allows, jwt,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "stands", "blocks"),
    [
        (firewall("BLOCK"), YES, YES),
        (firewall("CAPTCHA"), YES, NO),
        (firewall("CAPTCHA", "BLOCK"), YES, YES),
        (firewall(), YES, NO),
        (no_firewall, NO, NO),
        (same, UNKNOWN, UNKNOWN),  # it was not asked for
    ],
)
def test_whether_a_web_acl_stands_before_it(change: Change, stands: Known, blocks: Known) -> None:
    assert (of(change).has_web_acl(), of(change).has_web_acl("BLOCK")) == (stands, blocks)


def test_the_web_acl_of_another_balancer_is_none_of_this_one() -> None:
    state = firewall("BLOCK")(p.healthy())
    other = p.replace(state.web_acls[0], load_balancer="arn:other")
    assert around(PAGE, p.replace(state, web_acls=(other,))).association is None
    both_ = p.replace(state, web_acls=(other, state.web_acls[0]))
    assert around(PAGE, both_).association == state.web_acls[0]


@pytest.mark.parametrize(
    ("change", "lambdas", "tls"),
    [
        (group(target_type="lambda"), YES, NO),
        (group(protocol="HTTPS"), NO, YES),
        (same, NO, NO),
        (fixed("fixed-response", "403"), UNKNOWN, UNKNOWN),  # it leads to no group
        (lambda s: p.replace(s, target_groups=()), UNKNOWN, UNKNOWN),
    ],
)
def test_what_the_group_is(change: Change, lambdas: Known, tls: Known) -> None:
    assert (of(change).lambdas(), of(change).over_tls()) == (lambdas, tls)


def test_only_groups_with_a_weight_take_requests() -> None:
    auth = faults.NAMES.group("auth")
    forwards = (Forward(target_group=GROUP, weight=1), Forward(target_group=auth, weight=0))
    split = rule(action=Action(type="forward", forwards=forwards))
    assert [g.arn for g in of(split).groups] == [GROUP]
    assert of(bare).groups == ()


@pytest.mark.parametrize(
    ("states", "idle", "drains"),
    [
        ((), YES, NO),
        (("unused",), YES, NO),
        (("unused", "draining"), YES, YES),
        (("healthy", "draining"), NO, YES),
        (("healthy",), NO, NO),
    ],
)
def test_states_of_targets(states: tuple[str, ...], idle: Known, drains: Known) -> None:
    one = of(targets(*states))
    assert (one.target_states("unused", "draining"), one.has_target("draining")) == (idle, drains)


@pytest.mark.parametrize(
    ("change", "known"),
    [
        (targets("unhealthy", reason="Target.FailedHealthChecks"), YES),
        (targets("unhealthy", reason="Target.Timeout"), UNKNOWN),
        (counted("TargetConnectionErrorCount"), YES),
        (counted("TargetConnectionErrorCount", 0.0), UNKNOWN),
        (same, UNKNOWN),
        (all_of(counted("TargetConnectionErrorCount"), bare), UNKNOWN),
    ],
)
def test_whether_targets_refuse_connections(change: Change, known: Known) -> None:
    assert of(change).refuses_connections() is known


@pytest.mark.parametrize(
    ("seconds", "ten", "idle"),
    [(10.0, YES, NO), (11.0, YES, NO), (11.1, NO, NO), (9.0, YES, NO), (8.9, NO, NO),
     (60.0, NO, YES), (61.1, NO, NO)],
)  # fmt: skip
def test_how_long_an_answer_took(seconds: float, ten: Known, idle: Known) -> None:
    one = around(made.own(faults.PROXY, 504, **late(seconds)),
                 attribute("idle_timeout.timeout_seconds", "60")(p.healthy()))  # fmt: skip
    assert (one.took(10.0), one.idle()) == (ten, idle)
    assert around(PAGE, p.healthy()).attribute("no.such") == ""
    assert of(attribute("idle_timeout.timeout_seconds", "")).idle() is UNKNOWN
    assert of(bare).idle() is UNKNOWN and of(bare).attribute("x") == ""


@pytest.mark.parametrize(
    ("answers", "known"),
    [((YES, YES), YES), ((YES, NO), NO), ((UNKNOWN, NO), NO), ((UNKNOWN, YES), UNKNOWN), ((), YES)],
)
def test_two_answers_hold_together(answers: tuple[Known, ...], known: Known) -> None:
    assert both(*answers) is known


def test_the_remedy_shows_the_balancer_and_its_rules() -> None:
    (found,) = diagnosed(made.own(faults.PROXY, 463), p.healthy())
    listener = BALANCER.listeners[1].arn
    assert found.remedy.inspect == (
        "aws elbv2 describe-load-balancer-attributes --region us-east-1 --load-balancer-arn "
        + BALANCER.arn,
        f"aws elbv2 describe-rules --region us-east-1 --listener-arn {listener}",
    )
    assert found.remedy.summary == "Find out why the load balancer refuses the request."
    assert found.remedy.decision == (
        "Look at what stands before the balancer and adds addresses, such as proxies in a circle."
    )
    assert (found.resource, found.service) == (BALANCER.arn, "registry")
    assert found.summary.startswith(f"{BALANCER.name} answers 463 by itself: ")


def test_without_readings_the_host_is_the_resource_and_nothing_is_shown() -> None:
    (found,) = [d for d in diagnosed(made.own(faults.PROXY, 463), bare(p.healthy()))
                if d.cause == "request-refused"]  # fmt: skip
    assert (found.resource, found.remedy.inspect) == ("registry.hokus.ai", ())
    assert found.summary.startswith("registry.hokus.ai answers 463 by itself: ")


def test_a_doubted_page_is_said_to_be_perhaps_the_applications() -> None:
    (found,) = diagnosed(made.own(faults.PROXY, 463),
                         counted("HTTPCode_Target_4XX_Count")(p.healthy()))  # fmt: skip
    assert found.remedy.decision.endswith(
        ". CloudWatch counts such answers of targets alone: see whether the application writes the"
        " page."
    )
    both_ = all_of(counted("HTTPCode_Target_4XX_Count"), counted("HTTPCode_ELB_4XX_Count"))
    (sure,) = diagnosed(made.own(faults.PROXY, 463), both_(p.healthy()))
    assert "CloudWatch" not in sure.remedy.decision and sure.confidence is Confidence.LIKELY


def test_a_setting_of_the_rule_is_named_by_the_rule() -> None:
    (found,) = diagnosed(made.own(faults.PROXY, 401), sign_in("deny")(p.healthy()))
    assert (found.resource, found.confidence) == (RULE.arn, Confidence.LIKELY)


def test_one_group_or_one_target_of_several_is_enough() -> None:
    auth = faults.NAMES.group("auth")
    forwards = (Forward(target_group=GROUP, weight=1), Forward(target_group=auth, weight=1))
    split = rule(action=Action(type="forward", forwards=forwards))
    one = of(all_of(split, group(target_type="lambda")))
    assert (len(one.groups), one.lambdas(), one.over_tls()) == (2, YES, NO)
    sick = TargetHealth(id="10.0.1.8", port=1, state="unhealthy",
                        reason="Target.FailedHealthChecks")  # fmt: skip
    well = TargetHealth(id="10.0.1.9", port=1, state="healthy")
    assert of(group(targets=(well, sick))).refuses_connections() is YES
    assert of(group(targets=(well, well))).refuses_connections() is UNKNOWN


def test_targets_of_a_group_that_were_not_read_are_unknown() -> None:
    unread = group(targets=(), unread=("targets",))
    assert of(unread).target_states("unused") is UNKNOWN
    assert of(group(targets=())).target_states("unused") is YES


@pytest.mark.parametrize(
    ("mode", "body", "says"),
    [
        ("monitor", made.page(400), ["malformed"]),
        ("strictest", made.page(400), ["malformed", "desync"]),
        ("", made.page(400), ["malformed", "desync"]),
        ("strictest", made.page(400, "400 The plain HTTP request was sent to HTTPS port"),
         ["Plain HTTP"]),
    ],
)  # fmt: skip
def test_the_desync_mode_refuses_unless_it_only_watches(
    mode: str, body: str, says: list[str]
) -> None:
    change = attribute(DESYNC, mode) if mode else same
    left = possible(around(made.own(faults.PROXY, 400, body=body), change(p.healthy())))
    assert len(left) == len(says)
    assert [word for (m, _), word in zip(left, says, strict=True) if word not in m.says] == []


def test_what_lies_in_the_sign_in_of_a_rule_is_named_by_the_rule() -> None:
    (found,) = diagnosed(made.own(faults.PROXY, 401), sign_in("authenticate")(p.healthy()))
    assert found.resource == RULE.arn
    assert "identity provider denies access" in found.summary


def test_a_rule_that_signed_in_while_all_was_well_is_not_new() -> None:
    state = sign_in("deny")(p.healthy())
    well = Baseline(reference=reference(state), state=state, at=p.ago(3))
    case = Case(
        results=(p.failed("registry.proxy", "registry", made.own(faults.PROXY, 401)),), state=state,
        environment=p.environment(faults.NAMES), previous=state, now=p.NOW,
        baselines=Baselines(of={"registry.proxy": well}, incident=well),
    )  # fmt: skip
    (found,) = own_answers(case)
    assert found.confidence is Confidence.LIKELY
    (new,) = own_answers(dataclasses.replace(case, baselines=Baselines(
        of={"registry.proxy": Baseline(reference="x", state=p.healthy(), at=p.ago(3))},
        incident=Baseline(reference="x", state=p.healthy(), at=p.ago(3)),
    )))  # fmt: skip
    assert new.confidence is Confidence.CERTAIN
