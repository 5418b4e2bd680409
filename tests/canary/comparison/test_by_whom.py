"""Who made a change of the control plane is kept with it, where CloudTrail was asked."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from canary.comparison import changes
from canary.comparison.by_whom import described, objects
from canary.comparison.drift import drift, lasting
from canary.control_plane.state import Action, PlatformState
from canary.control_plane.write_calls import Audit, WriteCall, changed_by
from canary.model import Drift
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

HOUR = "2026-11-22T11:00:00+00:00"
ELB, ECS, EC2 = "elasticloadbalancing", "ecs", "ec2"


def real(state: PlatformState) -> PlatformState:
    """Return the state with ARNs of rules as AWS writes them."""
    text = msgspec.json.encode(state).decode()
    text = re.sub(r":listener/(app/[^\"]+/(?:80|443)/\w+)\"", r':listener-rule/\1"', text)
    return msgspec.json.decode(text, type=PlatformState)


WELL = real(p.healthy())
(_, SECURE) = WELL.load_balancers[1].listeners
RULE = SECURE.rules[1]


def call(name: str, source: str, given: dict[str, Any], **more: Any) -> WriteCall:
    origin = f"{source}.amazonaws.com"
    known = {"id": name, "at": p.ago(3), "who": "alice", "caller": "alice"}
    return WriteCall(
        **{**known, "name": name, "source": origin, "changed": changed_by(origin, given), **more}
    )


def by(after: PlatformState, *calls: WriteCall, whole: bool = True, since: str = HOUR) -> Any:
    before, after = WELL, real(after)
    rows = drift(before, after)
    assert rows
    audit = Audit(calls=calls, whole=whole, since=since)
    return {row.by for row in described(rows, objects([before, None, after]), audit)}


WRONG = faults.with_rule(p.healthy(), 105, Action(type="fixed-response", status_code="503"))
GONE = faults._rules(p.healthy(), lambda rules: rules[2:])
CLOSED = p.change(p.healthy(), "security_groups", "sg-auth", ingress=())
SERVICE = {"cluster": "c", "service": faults.NAMES.of("auth")}
ZERO = faults.service(p.healthy(), "auth", desired=0)


@pytest.mark.parametrize(
    ("after", "name", "source", "given"),
    [
        (WRONG, "ModifyRule", ELB, {"ruleArn": RULE.arn}),
        (GONE, "DeleteListener", ELB, {"listenerArn": SECURE.arn}),
        (CLOSED, "RevokeSecurityGroupIngress", EC2, {"groupId": "sg-auth"}),
        (ZERO, "UpdateService", ECS, SERVICE),
    ],
)
def test_a_change_is_of_the_call_on_its_object(
    after: PlatformState, name: str, source: str, given: dict[str, Any]
) -> None:
    assert by(after, call(name, source, given)) == {"alice"}
    assert by(after, call(name, source, given, error="AccessDenied")) == {""}
    assert by(after, call(name, source, given, at=p.ago(-10))) == {""}  # later than it was seen
    assert by(after, call(name, source, given, at=p.ago(70))) == {""}  # runs after it saw nothing
    assert by(after, call(name, source, given, origin="canary")) == {""}
    assert by(after, call(name, source, {k: f"{v}x" for k, v in given.items()})) == {""}


def test_what_was_not_asked_or_not_read_whole_stays_unknown() -> None:
    assert by(WRONG, whole=False) == {None}
    found = call("ModifyRule", ELB, {"ruleArn": RULE.arn})
    assert by(WRONG, found, whole=False) == {"alice"}  # what was read is known
    assert by(WRONG, since=p.NOW.replace(year=2027).isoformat()) == {None}
    rows = drift(p.healthy(), WRONG)
    assert described(rows, objects([WELL]), None) == rows


def test_where_two_fit_both_are_told_the_later_one_first() -> None:
    first = call("ModifyRule", ELB, {"ruleArn": RULE.arn})
    second = call("ModifyRule", ELB, {"ruleArn": RULE.arn}, at=p.ago(2), who="the role deploy")
    assert by(WRONG, second, first) == {"the role deploy or alice"}


def test_a_call_on_the_listener_makes_its_default_rule_and_no_other() -> None:
    modified = call("ModifyListener", ELB, {"listenerArn": SECURE.arn})
    assert by(WRONG, modified) == {""}

    def change(rules: Any) -> Any:
        gone = Action(type="fixed-response", status_code="410")
        return [p.replace(r, action=gone) if r.priority == "default" else r for r in rules]

    state = faults._rules(p.healthy(), change)
    assert by(state, modified) == {"alice"}


def test_what_makes_a_part_of_a_listener_changed_the_part_and_not_the_listener() -> None:
    given = {"listenerArn": SECURE.arn}
    made, modified = call("CreateRule", ELB, given), call("ModifyListener", ELB, given)
    assert by(WRONG, made) == {"alice"}
    first, second = p.healthy().load_balancers
    listeners = (second.listeners[0], p.replace(second.listeners[1], protocol="HTTP"))
    plain = p.replace(p.healthy(), load_balancers=(first, p.replace(second, listeners=listeners)))
    assert (by(plain, made), by(plain, modified)) == ({""}, {"alice"})
    both = p.replace(modified, changed=(*changed_by(ELB, {"listenerArn": "x"}), *modified.changed))
    assert by(plain, both) == {"alice"}


def test_a_new_listener_is_no_change_of_its_balancer() -> None:
    first, second = p.healthy().load_balancers
    given = {"loadBalancerArn": second.arn}
    moved = p.replace(
        p.healthy(), load_balancers=(first, p.replace(second, security_groups=("sg-new",)))
    )
    assert by(moved, call("CreateListener", ELB, given)) == {""}
    assert by(moved, call("SetSecurityGroups", ELB, given)) == {"alice"}


def test_a_call_fits_from_an_hour_before_to_ninety_seconds_after_it_was_seen() -> None:
    given = {"ruleArn": RULE.arn}

    def seen(seconds: float) -> Any:
        return by(WRONG, call("ModifyRule", ELB, given, at=p.ago(-seconds / 60)))

    assert [seen(s) for s in (-3601, -3600, 90, 91)] == [{""}, {"alice"}, {"alice"}, {""}]
    assert by(WRONG, call("ModifyRule", ELB, given, at="never")) == {""}
    three = [call("ModifyRule", ELB, given, at=p.ago(n), who=f"w{n}") for n in (1, 2, 3, 4)]
    assert by(WRONG, *three, call("ModifyRule", ELB, given, at=p.ago(5), who="w1")) == {
        "w1 or w2 or w3"
    }


def test_a_change_whose_time_or_maker_is_not_open_stays_as_it_is() -> None:
    (row,) = drift(WELL, real(WRONG))
    calls = (call("ModifyRule", ELB, {"ruleArn": RULE.arn}),)
    audit = Audit(calls=calls, whole=True, since=HOUR)
    known = objects([WELL, None])
    for kept in (
        p.replace(row, at="never"),
        p.replace(row, by="bob"),
        p.replace(row, at=p.ago(99)),
    ):
        assert described([kept], known, audit) == (kept,)
    assert described([row], {}, audit) == (row,)
    assert described([row], known, p.replace(audit, since="")) == (row,)
    assert described([p.replace(row, at=HOUR)], known, audit)[0].by == ""


def test_a_later_run_names_who_made_a_change_that_is_kept() -> None:
    rows = lasting(drift(p.healthy(), CLOSED))
    kept = changes.decode(changes.added(changes.Changes(), rows))
    assert [r.by for r in kept.changes] == [None]
    named = [p.replace(r, by="alice") for r in rows]
    other = Drift(resource="x", attribute="y", before="", after="z", at=p.ago(1))
    again = changes.decode(changes.added(kept, [other], named))
    assert [(r.resource, r.by) for r in again.changes] == [
        ("x", None),
        (rows[0].resource, "alice"),
    ]
