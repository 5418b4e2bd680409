"""What a way back would take from rules that somebody made since, in words."""

from __future__ import annotations

import pytest

from canary.control_plane.state import Action, Condition, Forward, Rule
from canary.diagnose.routing.harms import of_crowding, of_deletion, of_places, of_turning
from tests.canary.support import platforms as p
from tests.canary.support.routed import (
    API,
    AUTH,
    HOST,
    MLFLOW,
    case,
    listener,
    misroute,
    need,
    platform,
    rule,
    to,
)

DEFAULT = rule("default")
SIGN_IN = Action(type="authenticate-oidc", config={"Issuer": "a"})
LEFT = "AWS does not tell the client secret of its sign-in, so a deleted rule does not come back"


def deletion(new: Rule, *paths: str) -> str:
    state = platform(new, rule(110, "/api/*"), DEFAULT)
    lost = misroute(listener(new, DEFAULT), *map(need, paths), took=new)
    return of_deletion(case(state), lost, new)


def test_a_new_rule_that_only_takes_lost_paths_may_be_deleted() -> None:
    assert deletion(rule(1, "/api/v1/*", action=to(MLFLOW)), "/api/v1/models") == ""


def test_what_a_new_rule_carries_beside_lost_paths_is_decided() -> None:
    new = rule(1, "/api/x/*", "/shop/*", "/cart", action=to(MLFLOW))
    assert deletion(new, "/unseen", "/api/x/1") == (
        "Rule 1 is new and takes /api/x/1 away, but it carries /shop/*, /cart as well: decide what"
        " it shall keep."
    )
    host = p.replace(new, conditions=(Condition(field="host-header", values=(HOST, "b.example")),))
    assert deletion(host, "/unseen", "/api/x/1") == (
        "Rule 1 is new and takes /unseen away, but it carries b.example as well: decide what it"
        " shall keep."
    )


def test_a_path_of_the_environment_that_goes_wrong_too_is_no_burden() -> None:
    new = rule(1, "/api/x/*", "/api/mlflow/*", "/health", action=to(MLFLOW))
    led = rule(1, "/api/x/*", "/mlflow/*", action=to(MLFLOW))
    assert deletion(new, "/api/x/1") == ""
    assert deletion(led, "/api/x/1") == (
        "Rule 1 is new and takes /api/x/1 away, but it carries /mlflow/* as well: decide what it"
        " shall keep."
    )


def test_the_first_lost_path_is_told_of_a_rule_that_takes_none() -> None:
    new = rule(1, "/shop", action=to(MLFLOW))
    assert deletion(new, "/b", "/a") == (
        "Rule 1 is new and takes /b away, but it carries /shop as well: decide what it shall keep."
    )


@pytest.mark.parametrize("earlier", [(), (Action(type="authenticate-cognito"),)])
def test_a_sign_in_whose_secret_nobody_reads_is_not_deleted(earlier: tuple[Action, ...]) -> None:
    new = rule(7, "/api/v1/*", action=to(MLFLOW), earlier=(*earlier, SIGN_IN))
    assert deletion(new, "/api/v1/models") == (
        f"Rule 7 is new and takes /api/v1/models away. {LEFT}: decide whether anybody needs it."
    )
    assert deletion(p.replace(new, earlier=earlier), "/api/v1/models") == ""


def test_a_rule_put_back_takes_requests_of_a_newer_one_behind_it() -> None:
    back, new = rule(5, "/a/*"), rule(9, "/a/b", "/a/c", action=to(AUTH))
    told = (
        "Put back, rule 5 would take requests for /a/b, /a/c away from rule 9, which is newer:"
        " decide where each of them shall stand."
    )
    assert of_places([back], [new]) == [told]
    assert of_places([back, rule(6, "/z")], [new, rule(10, "/y")]) == [told]
    assert of_places([back], [p.replace(new, priority="4")]) == []
    assert of_places([back], [p.replace(new, priority="5")]) == []
    assert of_places([back], [rule(9, "/b", action=to(AUTH))]) == []
    assert of_places([back], [rule(9, "/a/b")]) == []  # it leads to the same group
    turned = rule(9, "/a/b", transforms=({"Type": "url-rewrite"},))
    assert len(of_places([back], [turned])) == 1


def test_a_lost_rule_that_finds_no_place_is_decided() -> None:
    assert of_crowding(rule(12, "/a")) == (
        "Other rules fill the places around rule 12: decide which one makes room."
    )


API_RULE, PROXY = rule(110, "/api/*"), rule(105, "/api/mlflow/*")
MLFLOW_RULE = rule(50, "/mlflow/*", action=to(MLFLOW))


def turned(now: tuple[Rule, ...], after: tuple[Rule, ...]) -> list[str]:
    return of_turning(case(platform(*now)), listener(*now), listener(*after))


def test_a_path_that_is_led_right_now_may_not_be_led_otherwise() -> None:
    now = (MLFLOW_RULE, PROXY, API_RULE, DEFAULT)
    assert turned(now, now) == []
    assert turned(now, (p.replace(MLFLOW_RULE, action=to(AUTH)), PROXY, API_RULE, DEFAULT)) == [
        "Put back, the rules would lead /mlflow/ otherwise, which reaches mlflow now: decide how"
        " both shall be led."
    ]
    assert [t[:41] for t in turned(now, (MLFLOW_RULE, PROXY, API_RULE))] == [
        "Put back, the rules would lead /health ot"
    ]


def test_a_path_that_comes_to_its_service_by_another_rule_is_led_right() -> None:
    now = (MLFLOW_RULE, PROXY, API_RULE, DEFAULT)
    weighted = to(API, config={"TargetGroupArn": API})
    assert turned(now, (MLFLOW_RULE, rule(1, "/api/*", action=weighted), DEFAULT)) == []
    assert turned(now, (MLFLOW_RULE, DEFAULT)) == []


def test_a_path_may_be_led_by_another_action_that_leads_right_or_as_it_was() -> None:
    both = Action(type="forward", forwards=(
        Forward(target_group=API), Forward(target_group=MLFLOW, weight=0)))  # fmt: skip
    now = (MLFLOW_RULE, PROXY, API_RULE, DEFAULT)
    assert turned(now, (MLFLOW_RULE, PROXY, p.replace(API_RULE, action=both), DEFAULT)) == []
    wide = rule(50, "/mlflow/*", "/docs", action=to(MLFLOW))  # the file has it for MLflow
    lost = p.failed("a", "registry", p.answer(f"https://{HOST}/docs", 404))
    rules = (wide, PROXY, API_RULE, DEFAULT)
    known = case(platform(*rules), None, lost)
    assert of_turning(known, listener(*rules), listener(*rules)) == []


def test_a_path_that_goes_wrong_already_is_not_turned() -> None:
    now = (p.replace(MLFLOW_RULE, action=to(API)), PROXY, API_RULE, DEFAULT)
    assert turned(now, (p.replace(MLFLOW_RULE, action=to(AUTH)), PROXY, API_RULE, DEFAULT)) == []


def test_another_listener_turns_nothing() -> None:
    rules = (MLFLOW_RULE, PROXY, API_RULE, DEFAULT)
    known, now = case(platform(*rules)), listener(*rules, arn="arn:another")
    assert of_turning(known, now, listener(arn="arn:another")) == []
    assert len(of_turning(known, listener(*rules), listener())) == 4
