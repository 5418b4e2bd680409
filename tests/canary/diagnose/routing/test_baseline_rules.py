"""Which rules a lost path fell through, and what is the same as it was: plain rules."""

from __future__ import annotations

import pytest

from canary.control_plane.state import Action, Condition, Forward, Rule
from canary.diagnose.routing.baseline_rules import (
    Pair,
    before,
    lost,
    pairs,
    place_beside,
    same_action,
)
from canary.diagnose.routing.misroutes import Need
from tests.canary.support import platforms as p
from tests.canary.support.routed import (
    API,
    AUTH,
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

DEFAULT = rule("default")
FIXED = Action(type="fixed-response", status_code="404")


@pytest.mark.parametrize(
    ("was", "now", "same", "newer"),
    [
        (rule(5, "/a"), rule(5, "/a"), True, False),
        (rule(5, "/a"), rule(6, "/a"), False, True),
        (rule(5, "/a"), rule(5, "/b"), False, True),
        (rule(5, "/a"), rule(5, "/a", action=to(AUTH)), False, False),
        (rule(5, "/a"), rule(5, "/a", earlier=(FIXED,)), False, False),
        (rule(5, "/a"), rule(5, "/a", transforms=({"Type": "url-rewrite"},)), False, False),
        (None, rule(5, "/a"), False, True),
        (rule(5, "/a"), None, False, False),
        (None, rule("default"), False, False),
        (rule("default"), rule("default"), True, False),
    ],
)
def test_a_rule_is_the_same_or_stands_otherwise(
    was: Rule | None, now: Rule | None, same: bool, newer: bool
) -> None:
    pair = Pair(was=was, now=now)
    assert (pair.same, pair.newer) == (same, newer)


def test_a_rule_is_found_again_by_its_arn_or_by_what_it_takes() -> None:
    a, b, c = rule(1, "/a"), rule(2, "/b"), rule(3, "/c")
    moved = p.replace(a, priority="9")
    again = rule(20, "/b", arn="arn:again")
    new = rule(30, "/new")
    other_default = rule("default", arn="arn:other")
    was, now = listener(a, b, c, DEFAULT), listener(moved, again, new, other_default)
    assert pairs(was, now) == (
        Pair(was=a, now=moved),
        Pair(was=b, now=again),
        Pair(was=c, now=None),
        Pair(was=DEFAULT, now=other_default),
        Pair(was=None, now=new),
    )


def test_a_default_rule_is_no_rule_that_takes_all_and_two_alike_are_two() -> None:
    everything, twice = rule(1, arn="arn:1"), rule(2, "/b")
    one, two = rule(11, "/b", arn="arn:x"), rule(12, "/b", arn="arn:y")
    assert pairs(listener(everything), listener(DEFAULT)) == (
        Pair(was=everything, now=None),
        Pair(was=None, now=DEFAULT),
    )
    assert pairs(listener(twice), listener(one, two)) == (
        Pair(was=twice, now=one),
        Pair(was=None, now=two),
    )


def changed(was: tuple[Rule, ...], now: tuple[Rule, ...], *paths: Need) -> list[str]:
    """Return which rules are at fault, as priorities before and now."""
    before_, after = listener(*was, DEFAULT), listener(*now, DEFAULT)
    found = lost(misroute(after, *paths, took=DEFAULT), before_, pairs(before_, after))
    return [f"{f.was and f.was.priority} {f.now and f.now.priority}" for f in found]


def test_a_lost_path_falls_through_all_rules_down_to_the_one_that_takes_it_now() -> None:
    first, second, third = rule(1, "/x/*"), rule(2, "/*"), rule(3, "/x/y")
    aside = rule(4, "/z")
    rest = rule(9, "/*", action=to(MLFLOW), arn="arn:9")
    was = (first, second, third, aside, rest)
    assert changed(was, (rest,), need("/x/y")) == ["1 None", "2 None", "3 None"]
    assert changed(was, (rest,), need("/z")) == ["2 None", "4 None"]
    assert changed(was, (second, rest), need("/x/y")) == ["1 None"]


def test_what_stands_behind_the_rule_that_takes_the_path_is_left() -> None:
    first, taking, behind = rule(1, "/x"), rule(5, "/*", action=to(MLFLOW)), rule(7, "/x")
    moved = p.replace(behind, action=to(AUTH))
    assert changed((first, taking, behind), (taking, moved), need("/x")) == ["1 None"]
    assert changed((first, taking, behind), (taking,), need("/x")) == ["1 None"]


def test_a_rule_that_is_new_or_was_moved_took_the_path_by_itself() -> None:
    first, between, last = rule(3, "/x"), rule(5, "/x", arn="arn:5"), rule(8, "/*", arn="arn:8")
    edited = p.replace(between, action=to(AUTH))
    forward = p.replace(last, priority="1")
    assert changed((first, between, last), (forward, first, edited), need("/x")) == ["8 1"]
    new = rule(2, "/x", arn="arn:new")
    assert changed((first, between), (new, first, edited), need("/x")) == ["None 2"]
    assert changed((first, between), (first, edited), need("/x")) == []


def test_where_nobody_can_tell_which_rule_took_a_path_only_the_present_one_is_at_fault() -> None:
    odd = Condition(field="geo", values=("x",))
    unknown = p.replace(rule(1), conditions=(odd,))
    one, between = rule(3, "/x"), rule(2, "/x", arn="arn:2")
    edited = p.replace(one, action=to(AUTH))
    assert changed((unknown, between, one), (edited,), need("/x")) == ["3 3"]


def test_of_several_paths_each_names_its_rules_once() -> None:
    one, two = rule(1, "/a*"), rule(2, "/b")
    found = changed((one, two), (), need("/b"), need("/a1"), need("/a2"))
    assert found == ["1 None", "2 None"]


@pytest.mark.parametrize(
    ("place", "kept", "used", "free"),
    [
        (10, {5, 10, 20}, {5, 10, 20}, 11),
        (10, {8, 10, 13}, {8, 10, 11, 13}, 12),
        (10, {8, 10, 12}, {8, 10, 11, 12}, 9),
        (10, {6, 10, 11}, {6, 9, 10, 11}, 8),
        (10, {9, 10, 11}, {9, 10, 11}, None),
        (10, {8, 10, 12, 40}, {8, 10, 11, 12, 40}, 9),
        (10, {3, 8, 10, 11}, {3, 8, 9, 10, 11}, None),
        (1, {1, 2}, {1, 2}, None),
        (2, {2, 3}, {2, 3}, 1),
        (50_000, {50_000}, {50_000}, 49_999),
        (49_999, {49_999}, {49_999}, 50_000),
        (50_000, {49_999, 50_000}, {49_999, 50_000}, None),
    ],
)
def test_a_place_is_free_behind_a_rule_else_before_it(
    place: int, kept: set[int], used: set[int], free: int | None
) -> None:
    assert place_beside(place, kept, used) == free


def weighted(**weights: int) -> Action:
    return Action(
        type="forward",
        forwards=tuple(Forward(target_group=g, weight=w) for g, w in weights.items()),
    )


SIGN_IN = Action(type="authenticate-oidc", config={"Issuer": "a"})


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (to(API), to(API), True),
        (to(API), to(MLFLOW), False),
        (to(API), to(API, config={"TargetGroupArn": API}), True),
        (to(API, order=1), to(API, order=2), True),
        (weighted(a=1), weighted(a=7), True),
        (weighted(a=1, b=2), weighted(b=2, a=1), True),
        (weighted(a=1, b=2), weighted(a=2, b=1), False),
        (FIXED, p.replace(FIXED, status_code="503"), False),
        (FIXED, p.replace(FIXED, config={"ContentType": "text/plain"}), True),
        (SIGN_IN, p.replace(SIGN_IN, config={"Issuer": "b"}), False),
        (SIGN_IN, p.replace(SIGN_IN, order=3), True),
    ],
)
def test_two_rules_do_the_same_in_whichever_form_aws_tells_it(
    one: Action, other: Action, same: bool
) -> None:
    assert same_action(rule(1, action=one), rule(2, action=other)) is same
    alone = rule(1, action=one), rule(1, action=other, earlier=(FIXED,))
    assert not same_action(*alone)


def test_a_listener_whose_rules_were_not_read_has_no_past() -> None:
    there = listener(rule(1, "/a"), DEFAULT)
    dark = p.replace(there, unread=("rules",))
    assert before(case(HEALTHY, HEALTHY), SECURE) == SECURE
    assert before(case(HEALTHY, platform(secure=there)), SECURE) == there
    assert before(case(HEALTHY, None), SECURE) is None
    assert before(case(HEALTHY, platform(rule(1, "/a"))), SECURE) is None  # no default rule
    assert before(case(HEALTHY, platform(secure=dark)), SECURE) is None
    assert before(case(HEALTHY, HEALTHY), dark) is None
