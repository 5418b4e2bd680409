"""How lost paths come back: the edits and what a person decides, rule by rule."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import Condition, PlatformState, Rule
from canary.diagnose.routing.misroutes import Need
from canary.diagnose.routing.way_back import Back, way_back
from tests.canary.support import platforms as p
from tests.canary.support.routed import (
    API,
    BALANCER,
    HEALTHY,
    MLFLOW,
    PLAIN,
    SECURE,
    case,
    listener,
    misroute,
    need,
    platform,
    rule,
    to,
)

DEFAULT = rule("default", action=to(MLFLOW))
PATH = need("/a", pattern="/a")
OWN = rule(10, "/a")


def back(
    was: tuple[Rule, ...], now: tuple[Rule, ...], *paths: Need, kind: str = "rule-missing",
    plain: tuple[Any, Any] = (PLAIN, PLAIN), others: tuple[Any, Any] = ((), ()),
) -> Back | None:  # fmt: skip
    """Return the way back on the registry's listener; `plain`, `others`: what was and is beside."""
    here = listener(*now)

    def state(at: Any, side: Any, more: Any) -> PlatformState:
        found = platform(plain=side, secure=at)
        return p.replace(found, load_balancers=(*found.load_balancers, *more))

    known = case(state(here, plain[1], others[1]), state(listener(*was), plain[0], others[0]))
    return way_back(known, misroute(here, *(paths or (PATH,)), took=now[-1], kind=kind))


def edits(found: Back | None) -> list[tuple[str, Any]]:
    """Return the operation of each edit, with the rule or the place."""
    if found is None:
        return []
    keys = ("RuleArn", "Priority", "RulePriorities", "ListenerArn")
    return [
        (e.operation, next(e.parameters[k] for k in keys if k in e.parameters)) for e in found.edits
    ]


def test_a_lost_rule_comes_back_to_its_place() -> None:
    found = back((OWN, DEFAULT), (DEFAULT,))
    assert edits(found) == [("create-rule", 10)]
    assert found is not None
    assert (found.summary, found.decision, found.against) == ("Create rule 10 again.", "", "")
    assert found.listener.rules == (OWN, DEFAULT)


def test_where_nothing_changed_or_the_path_stays_lost_there_is_no_way_back() -> None:
    assert back((DEFAULT,), (DEFAULT,)) is None
    wrong = rule(10, "/a", action=to(MLFLOW))
    assert back((wrong, DEFAULT), (DEFAULT,)) is None  # it led there before
    assert back((OWN, DEFAULT), (OWN, DEFAULT)) is None


def test_where_nobody_can_tell_who_takes_the_path_there_is_no_way_back() -> None:
    odd = p.replace(rule(5), conditions=(Condition(field="odd", values=("x",)),))
    assert back((OWN, DEFAULT), (odd, DEFAULT)) is None


def test_where_one_of_two_paths_stays_lost_there_is_no_way_back() -> None:
    wide, third = rule(20, "/*", action=to(MLFLOW), arn="arn:20"), rule(12, "/c")
    taken = rule(10, "/b", arn="arn:taken")
    moved = p.replace(OWN, priority="30", action=to(MLFLOW))
    paths = need("/c", pattern="/c"), need("/a")
    was, now = (OWN, third, wide, DEFAULT), (taken, wide, moved, DEFAULT)
    assert back(was, now, *paths) is None
    assert edits(back(was, now, *paths[:1])) == [("create-rule", 12)]


def test_a_new_neighbour_does_not_bound_the_place_of_a_lost_rule() -> None:
    new = [rule(n, f"/{n}", arn=f"arn:new{n}") for n in (10, 11)]
    assert edits(back((OWN, DEFAULT), (*new, DEFAULT))) == [("create-rule", 12)]


def test_a_rule_that_was_made_again_keeps_its_new_name() -> None:
    again = p.replace(OWN, arn="arn:again", action=to(MLFLOW))
    found = back((OWN, DEFAULT), (again, DEFAULT))
    assert edits(found) == [("modify-rule", "arn:again")]
    assert found is not None
    assert found.listener.rules == (p.replace(OWN, arn="arn:again"), DEFAULT)


def test_a_past_in_which_a_rule_was_the_default_moves_nothing_there() -> None:
    was = p.replace(rule("default", action=to(API)), arn=OWN.arn)
    now = p.replace(OWN, action=to(MLFLOW))
    assert edits(back((was,), (now, DEFAULT))) == [("modify-listener", SECURE.arn)]


def test_a_new_rule_stays_where_nothing_behind_it_came_back() -> None:
    first = rule(5, "/a")
    new = rule(50, "/mlflow/*", action=to(MLFLOW), arn="arn:new")
    assert edits(back((first, DEFAULT), (new, DEFAULT))) == [("create-rule", 5)]
    behind = rule(60, "/a", action=to(MLFLOW))
    edited = p.replace(behind, action=to(API))
    found = back((behind, DEFAULT), (new, edited, DEFAULT), need("/a", "mlflow", "/a"))
    assert edits(found) == [("modify-rule", "arn:60"), ("delete-rule", "arn:new")]


def test_a_new_rule_at_the_place_of_the_lost_one_goes_first() -> None:
    new = rule(10, "/*", action=to(MLFLOW), arn="arn:new")
    found = back((OWN, DEFAULT), (new, DEFAULT))
    assert edits(found) == [("delete-rule", "arn:new"), ("create-rule", 10)]
    assert found is not None
    assert found.summary == "Delete rule 10, which is new, create rule 10 again."
    assert found.against == ""  # what it takes is a lost path


def test_a_place_that_another_rule_has_is_left_for_the_next_one_behind() -> None:
    other = rule(10, "/b", arn="arn:other")
    found = back((OWN, DEFAULT), (other, DEFAULT))
    assert edits(found) == [("create-rule", 11)]
    assert found is not None and [r.priority for r in found.listener.rules] == [
        "10", "11", "default"
    ]  # fmt: skip


def test_of_two_lost_rules_none_takes_the_place_of_the_other() -> None:
    second = rule(11, "/a2")
    other = rule(10, "/b", arn="arn:other")
    paths = (PATH, need("/a2", pattern="/a2"))
    assert edits(back((OWN, second, DEFAULT), (other, DEFAULT), *paths)) == [
        ("create-rule", 9), ("create-rule", 11)
    ]  # fmt: skip


def test_where_the_neighbours_leave_no_place_a_person_decides() -> None:
    near = [rule(n, f"/{n}", arn=f"arn:{n}") for n in (9, 11)]
    other = rule(10, "/b", arn="arn:other")
    found = back((near[0], OWN, near[1], DEFAULT), (near[0], other, near[1], DEFAULT))
    assert found is not None and found.against == (
        "Other rules fill the places around rule 10: decide which one makes room."
    )
    assert edits(found) == [("create-rule", 8)]


def test_each_rule_without_a_place_is_told() -> None:
    near = [rule(n, f"/{n}", arn=f"arn:{n}") for n in (9, 11, 19, 21)]
    others = rule(10, "/b", arn="arn:b"), rule(20, "/c", arn="arn:c")
    second = rule(20, "/a2", arn="arn:second")
    paths = (PATH, need("/a2", pattern="/a2"))
    was = (*near[:1], OWN, *near[1:3], second, near[3], DEFAULT)
    found = back(was, (*near, *others, DEFAULT), *paths)
    assert found is not None and found.against == " ".join(
        f"Other rules fill the places around rule {n}: decide which one makes room."
        for n in (10, 20)
    )


def test_a_moved_rule_goes_back_where_its_place_is_free() -> None:
    moved = p.replace(OWN, priority="30")
    before = rule(20, "/*", action=to(MLFLOW), arn="arn:20")
    found = back((OWN, before, DEFAULT), (before, moved, DEFAULT))
    assert edits(found) == [("set-rule-priorities", [{"RuleArn": "arn:10", "Priority": 10}])]
    assert found is not None and found.summary == "Move rule 30 back to 10."
    taken = rule(10, "/b", arn="arn:taken")
    assert back((OWN, before, DEFAULT), (taken, before, moved, DEFAULT)) is None


def test_a_changed_rule_and_the_default_one_get_their_actions_back() -> None:
    wrong = p.replace(OWN, action=to(MLFLOW))
    found = back((OWN, DEFAULT), (wrong, DEFAULT), kind="rule-wrong-target")
    assert edits(found) == [("modify-rule", "arn:10")]
    assert found is not None and found.summary == "Give rule 10 back what it had."
    right = rule("default", action=to(API))
    first = back((right,), (DEFAULT,), need("/z"))
    assert edits(first) == [("modify-listener", SECURE.arn)]
    assert first is not None and first.summary == "Give the default rule its action back."


def test_a_new_rule_that_the_lost_one_makes_needless_is_deleted() -> None:
    spare = rule(5, "/mlflow/x", action=to(MLFLOW), arn="arn:5")
    assert edits(back((OWN, DEFAULT), (spare, DEFAULT))) == [("create-rule", 10)]
    alike = rule(5, "/health", action=to(API), arn="arn:5")
    right = rule("default", action=to(API))
    wrong = rule("default", action=to(MLFLOW))
    found = back((right,), (alike, wrong), need("/z"))
    assert edits(found) == [("modify-listener", SECURE.arn), ("delete-rule", "arn:5")]
    assert found is not None and found.summary == (
        "Give the default rule its action back, delete rule 5, which is not needed then."
    )
    for kept in (
        p.replace(alike, transforms=({"Type": "url-rewrite"},)),
        p.replace(alike, action=to(MLFLOW)),
        rule(5, "/shop", arn="arn:5"),  # nobody of the file asks it
    ):
        assert edits(back((right,), (kept, wrong), need("/z"))) == [("modify-listener", SECURE.arn)]


# --- copies on other listeners


def with_rules(*rules: Rule, at: Any = PLAIN, **more: Any) -> Any:
    return p.replace(at, rules=(*rules, *at.rules), **more)


STRAY = "rule-on-wrong-listener"


def test_a_new_copy_on_another_listener_of_the_balancer_is_deleted() -> None:
    copy = rule(3, "/a", arn="arn:copy")
    found = back((OWN, DEFAULT), (DEFAULT,), kind=STRAY, plain=(PLAIN, with_rules(copy)))
    assert edits(found) == [("create-rule", 10), ("delete-rule", "arn:copy")]
    assert found is not None
    assert found.summary == "Create rule 10 again, delete its copy on port 80."
    alone = back((OWN, DEFAULT), (DEFAULT,), plain=(PLAIN, with_rules(copy)))
    assert edits(alone) == [("create-rule", 10)]
    for other in (rule(3, "/b", arn="arn:copy"), p.replace(copy, action=to(MLFLOW))):
        beside = back((OWN, DEFAULT), (DEFAULT,), kind=STRAY, plain=(PLAIN, with_rules(other)))
        assert edits(beside) == [("create-rule", 10)]


def test_a_copy_that_was_there_or_on_a_listener_that_was_not_stays() -> None:
    copy = rule(3, "/a", arn="arn:copy")
    old = back((OWN, DEFAULT), (DEFAULT,), kind=STRAY, plain=(with_rules(copy), with_rules(copy)))
    assert edits(old) == [("create-rule", 10)]
    new = p.replace(with_rules(copy), arn="arn:new-listener", port=81)
    made = back((OWN, DEFAULT), (DEFAULT,), kind=STRAY, plain=(PLAIN, new))
    assert edits(made) == [("create-rule", 10)]


def test_a_copy_on_another_load_balancer_is_only_named() -> None:
    def other(*rules: Rule) -> Any:
        at = p.replace(SECURE, arn="arn:l", port=8443, rules=(*rules, DEFAULT))
        return (p.replace(BALANCER, arn="arn:b", name="shop-lb", listeners=(at,)),)

    copies = [rule(n, "/a", arn=f"arn:copy{n}") for n in (3, 4)]
    one = back((OWN, DEFAULT), (DEFAULT,), kind=STRAY, others=(other(), other(copies[0])))
    assert one is not None and edits(one) == [("create-rule", 10)]
    assert one.decision == (
        "Decide whether anybody needs the new rule 3 of shop-lb:8443, which is like one that is"
        " missing here."
    )
    two = back((OWN, DEFAULT), (DEFAULT,), kind=STRAY, others=(other(), other(*copies)))
    assert two is not None and two.decision == (
        "Decide whether anybody needs the new rules 3 of shop-lb:8443, 4 of shop-lb:8443, which"
        " are like one that is missing here."
    )
    assert HEALTHY.load_balancers[1] == BALANCER
