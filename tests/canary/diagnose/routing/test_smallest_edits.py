"""Without a baseline the smallest edit leads a path right; all else of a rule stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from canary.control_plane.state import Action, Forward, Listener, PlatformState, Rule
from canary.diagnose.routing.misroutes import Need
from canary.diagnose.routing.rule_remedies import (
    for_rule,
    look,
    orphans,
    retargeted,
    with_forwards,
)
from canary.diagnose.routing.way_back import Back
from tests.canary.support import platforms as p
from tests.canary.support.routed import (
    API,
    AUTH,
    BALANCER,
    ENVIRONMENT,
    HEALTHY,
    MLFLOW,
    SECURE,
    case,
    listener,
    misroute,
    need,
    platform,
    rule,
    to,
)

GROUP = {g.arn: g for g in HEALTHY.target_groups}
DEFAULT = rule("default", arn=f"{SECURE.arn}/default")
FIXED = Action(type="fixed-response", status_code="404")
SIGN_IN = Action(type="authenticate-cognito")


def weighted(*forwards: tuple[str, int], **more: Any) -> Action:
    return Action(
        type="forward",
        forwards=tuple(Forward(target_group=g, weight=w) for g, w in forwards),
        **more,
    )


# --- actions


@pytest.mark.parametrize(
    ("actions", "wanted"),
    [
        ((), to(API)),
        ((FIXED,), to(API)),
        ((to(MLFLOW),), to(API)),
        ((weighted((MLFLOW, 5), sticky=True),), weighted((API, 5), sticky=True)),
        ((weighted((API, 0)),), weighted((API, 1))),
        ((weighted((API, 3), (MLFLOW, 2)),), weighted((API, 3), (MLFLOW, 0))),
        ((weighted((API, 0), (MLFLOW, 2)),), weighted((API, 1), (MLFLOW, 0))),
        ((weighted((AUTH, 1), (MLFLOW, 2)),), to(API)),
        ((weighted((AUTH, 1), (MLFLOW, 2), sticky=True, config={"a": 1}),),
         weighted((API, 1), sticky=True)),
        ((to(),), to(API)),
    ],
)  # fmt: skip
def test_an_action_is_led_to_the_right_group(actions: tuple[Action, ...], wanted: Action) -> None:
    assert retargeted(actions, frozenset({API}), GROUP[API]) == (wanted,)
    before = (SIGN_IN, *actions) if actions else ()
    if before:
        assert retargeted(before, frozenset({API}), GROUP[API]) == (SIGN_IN, wanted)


def test_groups_are_exchanged_wherever_an_action_names_them() -> None:
    groups = {"a": "b"}
    assert with_forwards(to("a", "c"), groups) == to("b", "c")
    config = {
        "TargetGroupArn": "a",
        "Order": 2,
        "ForwardConfig": {
            "TargetGroups": [{"TargetGroupArn": "a", "Weight": 3}, {"TargetGroupArn": "c"}],
            "TargetGroupStickinessConfig": {"Enabled": True},
        },
    }
    assert with_forwards(to("a", config=config), groups).config == {
        "TargetGroupArn": "b",
        "Order": 2,
        "ForwardConfig": {
            "TargetGroups": [{"TargetGroupArn": "b", "Weight": 3}, {"TargetGroupArn": "c"}],
            "TargetGroupStickinessConfig": {"Enabled": True},
        },
    }
    assert with_forwards(to("a", config={"TargetGroupArn": "c"}), groups).config == {
        "TargetGroupArn": "c"
    }
    odd = {"ForwardConfig": {"TargetGroupStickinessConfig": {}}, "Type": "forward"}
    assert with_forwards(to("a", config=odd), groups) == to("b", config=odd)
    assert with_forwards(to("a", config={"ForwardConfig": None}), groups).config == {
        "ForwardConfig": None
    }


# --- edits


def told(now: Listener, *paths: Need, took: tuple[Rule, ...], kind: str) -> tuple[str, list[str]]:
    """Return the summary and the edits of a remedy without a baseline, without their region."""
    lost = replace(misroute(now, *paths, took=took[0], kind=kind), rules=took)
    found = for_rule(case(platform(secure=now)), lost, GROUP[API])
    return found.summary, [c.replace(" --region us-east-1", "") for c in found.fix]


def modify(arn: str, group: str = API) -> str:
    return (
        f"aws elbv2 modify-rule --rule-arn {arn} --actions"
        f' \'[{{"Type":"forward","TargetGroupArn":"{group}"}}]\''
    )


def create(priority: int, pattern: str, group: str = API) -> str:
    return (
        f"aws elbv2 create-rule --listener-arn {SECURE.arn} --priority {priority} --conditions"
        f' \'[{{"Field":"path-pattern","PathPatternConfig":{{"Values":["{pattern}"]}}}}]\''
        f' --actions \'[{{"Type":"forward","TargetGroupArn":"{group}"}}]\''
    )


A = need("/a/1", pattern="/a/*", priority=7)


def test_one_wrong_rule_is_led_to_the_right_group_and_so_are_several() -> None:
    one, two = (rule(n, f"/{n}", action=to(MLFLOW)) for n in (1, 2))
    now = listener(one, two, DEFAULT)
    name = "hokusai-registry-development-tg"
    assert told(now, A, took=(one,), kind="rule-wrong-target") == (
        f"Let the rule for /a/* forward to {name}.", [modify("arn:1")]
    )  # fmt: skip
    plain = need("/plain")
    assert told(now, plain, took=(one,), kind="rule-wrong-target")[0] == (
        f"Let the rule for /plain forward to {name}."
    )
    both = [modify("arn:1"), modify("arn:2")]
    assert told(now, A, took=(one, two), kind="rule-wrong-target") == (
        f"Let the rules forward to {name}.", both)  # fmt: skip
    assert told(now, A, took=(one,), kind="target-group-detached") == (
        f"Let the rules forward to {name}.", both[:1])  # fmt: skip


def test_a_default_rule_is_led_by_its_listener() -> None:
    wrong = p.replace(DEFAULT, action=to(MLFLOW))
    assert told(listener(wrong), need("/a"), took=(wrong,), kind="rule-wrong-target")[1] == [
        f"aws elbv2 modify-listener --listener-arn {SECURE.arn} --default-actions"
        f' \'[{{"Type":"forward","TargetGroupArn":"{API}"}}]\''
    ]


@pytest.mark.parametrize("kind", ["rule-missing", "rule-on-wrong-listener"])
def test_a_missing_rule_is_told_by_its_pattern_and_is_created_by_a_person(kind: str) -> None:
    other = p.replace(DEFAULT, action=to(AUTH))
    nobody = need("/c", "cache", pattern="/c", priority=9)
    name = "hokusai-registry-development-tg"
    for paths, words in (
        ((A, need("/b", pattern="/b")), f"Create the rule for /a/* towards {name}."),
        ((need("/x"), A), f"Create the rule for /a/* towards {name}."),
        ((nobody, A), "Create the rule for /c towards cache."),
    ):
        lost = misroute(listener(other), *paths, took=other, kind=kind)
        found = for_rule(case(platform(other)), lost, GROUP[API])
        assert (found.summary, found.fix, found.decision) == (
            words, (), f"To do by hand: {words} No command is printed, because nobody knows whether"
            " there was such a rule while all was well.",
        )  # fmt: skip


def test_a_path_without_a_pattern_is_led_by_the_default_rule_alone() -> None:
    other = p.replace(DEFAULT, action=to(AUTH))
    nobody = need("/c", "cache")
    summary, edits = told(listener(other), need("/x"), nobody, took=(other,), kind="rule-missing")
    assert summary == "Let the default action forward to hokusai-registry-development-tg."
    assert [e.split()[2] for e in edits] == ["modify-listener"]
    wide = rule(3, "/*", action=to(AUTH))
    assert told(listener(wide, DEFAULT), need("/x"), took=(wide,), kind="rule-missing") == (
        summary, []
    )  # fmt: skip


def test_a_rule_in_the_way_goes_behind_the_others_where_they_serve_all_paths() -> None:
    wide, right, last = rule(1, "/*", action=to(AUTH)), rule(5, "/a/*"), rule(8, "/z")
    now = listener(wide, right, last, DEFAULT)
    assert told(now, A, took=(wide,), kind="rule-shadowed") == (
        "Move rule 1 behind the rules of the contract.",
        ["aws elbv2 set-rule-priorities --rule-priorities"
         ' \'[{"RuleArn":"arn:1","Priority":9}]\''],
    )  # fmt: skip
    deleted = ("Delete rule 1, which takes /a/1 away.", [])
    assert told(listener(wide, last, DEFAULT), A, took=(wide,), kind="rule-shadowed") == deleted
    assert told(now, A, need("/q"), took=(wide,), kind="rule-shadowed") == deleted


def test_a_rule_in_the_way_is_deleted_where_the_rules_of_a_good_run_are_known() -> None:
    wide, right = rule(1, "/a/1", action=to(AUTH)), rule(5, "/a/*")
    lost = misroute(listener(wide, right, DEFAULT), A, took=wide, kind="rule-shadowed")
    for unread, words in (((), "Delete"), (("rules",), "Move")):
        before = platform(secure=listener(right, DEFAULT, unread=unread))
        found = for_rule(case(platform(secure=lost.listener), before), lost, GROUP[API])
        assert found.summary.split()[0] == words


def test_a_rule_whose_deletion_takes_from_others_is_a_decision() -> None:
    wide = rule(1, "/a/*", "/shop", action=FIXED)
    lost = misroute(listener(wide, DEFAULT), A, took=wide, kind="rule-shadowed")
    found = for_rule(case(platform(wide, DEFAULT)), lost, GROUP[API])
    assert (found.summary, found.fix, found.decision) == (
        "Lead /a/* to hokusai-registry-development-tg again.", (),
        "Rule 1 is new and takes /a/1 away, but it carries /shop as well: decide what it shall"
        " keep.",
    )  # fmt: skip


# --- what is looked at


def test_the_routing_of_a_balancer_is_looked_at() -> None:
    names = f"aws elbv2 describe-load-balancers --region us-east-1 --names {BALANCER.name}"
    listeners = (
        "aws elbv2 describe-listeners --region us-east-1 --load-balancer-arn " + BALANCER.arn
    )
    assert look(case(), BALANCER.name).inspect == (names, listeners)
    assert look(case(), "other").inspect == (names.replace(BALANCER.name, "other"),)
    assert look(case(), "").inspect == ()
    nowhere = case(environment=p.replace(ENVIRONMENT, cluster=""))
    assert look(nowhere, "").decision == (
        "Whoever may read the rules of this load balancer must look at them."
    )


# --- groups that nothing leads to


def extra(*names: str, targets: tuple[Any, ...] = ()) -> tuple[Any, ...]:
    made = [p.replace(GROUP[API], arn=f"arn:{n}", name=n, targets=targets) for n in names]
    return (*HEALTHY.target_groups, *made)


def left(state: PlatformState, after: Listener, before: PlatformState | None = HEALTHY) -> str:
    return orphans(case(state, before), Back(summary="", edits=(), listener=after))


def leading(*groups: str, **more: Any) -> PlatformState:
    rules = [rule(n, f"/{n}", action=to(f"arn:{g}")) for n, g in enumerate(groups, 1)]
    return p.replace(platform(*rules, DEFAULT), **more)


def test_new_groups_that_nothing_leads_to_then_are_told() -> None:
    one = leading("new", target_groups=extra("new"))
    assert left(one, listener(DEFAULT)) == (
        "Decide whether anybody needs the new target group new, to which nothing leads then: else"
        " delete it."
    )
    two = leading("new", "other", target_groups=extra("new", "other", "unled"))
    assert left(two, listener(DEFAULT)) == (
        "Decide whether anybody needs the new target groups new, other, to which nothing leads"
        " then: else delete it."
    )


def test_a_group_that_is_used_or_old_or_has_targets_is_left_alone() -> None:
    one = leading("new", target_groups=extra("new"))
    assert left(one, listener(rule(1, action=to("arn:new")), DEFAULT)) == ""
    assert left(one, listener(DEFAULT), p.replace(HEALTHY, target_groups=extra("new"))) == ""
    assert left(one, listener(DEFAULT), None) == ""
    unread = p.replace(HEALTHY, unread=("target_groups",))
    assert left(one, listener(DEFAULT), unread) == ""
    used = leading("new", target_groups=extra("new", targets=GROUP[API].targets))
    assert left(used, listener(DEFAULT)) == ""
    service = HEALTHY.ecs_services[0]
    served = leading("new", target_groups=extra("new"), ecs_services=(
        p.replace(service, target_groups=("arn:new",)),))  # fmt: skip
    assert left(served, listener(DEFAULT)) == ""
    plain = p.replace(BALANCER.listeners[0], rules=(rule(2, "/", action=to("arn:new")),))
    elsewhere = p.replace(
        platform(plain=plain, secure=listener(rule(1, "/", action=to("arn:new")), DEFAULT)),
        target_groups=extra("new"),
    )
    assert left(elsewhere, listener(DEFAULT)) == ""
