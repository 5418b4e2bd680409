"""An edit changes the one fault and nothing else, and its way back changes it back."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from canary.control_plane.state import GroupRule, Rule, TargetGroup
from canary.diagnose.remedies.network import lost_permissions, peers, permission
from canary.diagnose.remedies.rules import action_json, modify_rule
from canary.diagnose.routing.rule_remedies import retargeted
from canary.observe.rules import rule as read_rule

quick = settings(max_examples=150, deadline=None, derandomize=True)
RIGHT = TargetGroup(arn="arn:right", name="right", protocol="HTTP", port=80)
Json = dict[str, Any]
guards = st.lists(
    st.sampled_from(
        [
            {"Type": "authenticate-oidc", "AuthenticateOidcConfig": {"Issuer": "i", "Scope": "s"}},
            {"Type": "authenticate-cognito", "AuthenticateCognitoConfig": {"UserPoolArn": "p"}},
            {"Type": "jwt-validation", "JwtValidationConfig": {"Issuer": "i", "JwksEndpoint": "e"}},
        ]
    ),
    max_size=2,
)
weights = st.lists(st.integers(0, 999), min_size=1, max_size=4)
stickiness = st.none() | st.fixed_dictionaries(
    {"Enabled": st.booleans(), "DurationSeconds": st.integers(1, 604800)}
)


def described(before: list[Json], groups: list[Json], sticky: Json | None) -> Rule:
    """Return a rule as DescribeRules gives it."""
    config: Json = {"TargetGroups": groups}
    if sticky:
        config["TargetGroupStickinessConfig"] = sticky
    last = {"Type": "forward", "ForwardConfig": config}
    actions = [{**a, "Order": n + 1} for n, a in enumerate([*before, last])]
    return read_rule({"RuleArn": "r", "Priority": "5", "Actions": actions})


@quick
@given(before=guards, weight=st.integers(1, 999), sticky=stickiness)
def test_one_wrong_group_is_exchanged_and_all_else_is_kept(
    before: list[Json], weight: int, sticky: Json | None
) -> None:
    rule = described(before, [{"TargetGroupArn": "arn:wrong", "Weight": weight}], sticky)
    wanted = described(before, [{"TargetGroupArn": "arn:right", "Weight": weight}], sticky)
    edit = modify_rule(rule, actions=retargeted(rule.actions, frozenset({"arn:right"}), RIGHT))
    assert edit.parameters["Actions"] == [action_json(a) for a in wanted.actions]
    assert edit.undo is not None
    assert edit.undo.parameters["Actions"] == [action_json(a) for a in rule.actions]


@quick
@given(before=guards, own=st.integers(1, 999), others=weights, sticky=stickiness)
def test_beside_the_right_group_the_others_get_no_requests(
    before: list[Json], own: int, others: list[int], sticky: Json | None
) -> None:
    wrong = [{"TargetGroupArn": f"arn:{n}", "Weight": w} for n, w in enumerate(others)]
    rule = described(before, [{"TargetGroupArn": "arn:right", "Weight": own}, *wrong], sticky)
    found = retargeted(rule.actions, frozenset({"arn:right"}), RIGHT)
    assert found[:-1] == rule.actions[:-1]
    assert [(f.target_group, f.weight) for f in found[-1].forwards] == [
        ("arn:right", own),
        *((f"arn:{n}", 0) for n in range(len(others))),
    ]
    sticks = action_json(found[-1])["ForwardConfig"].get("TargetGroupStickinessConfig", {})
    assert bool(sticks.get("Enabled")) is bool(sticky and sticky["Enabled"])


cidrs = st.sets(st.sampled_from(["10.0.0.0/8", "192.0.2.0/24", "0.0.0.0/0"]), max_size=3)
groups = st.sets(st.sampled_from(["sg-a", "sg-b", "sg-c"]), max_size=3)


@st.composite
def group_rules(draw: st.DrawFn) -> tuple[GroupRule, ...]:
    ports = draw(st.sets(st.sampled_from([80, 443, 8000]), max_size=3))
    return tuple(
        GroupRule(
            protocol="tcp", from_port=n, to_port=n,
            cidrs=tuple(sorted(draw(cidrs))), groups=tuple(sorted(draw(groups))),
        )
        for n in sorted(ports)
    )  # fmt: skip


@quick
@given(was=group_rules(), now=group_rules())
def test_a_group_gets_back_just_the_peers_that_it_lost(
    was: tuple[GroupRule, ...], now: tuple[GroupRule, ...]
) -> None:
    before = {x for r in was for x in peers(permission(r)) if x.from_port == 443 and x.peer}
    there = {x for r in now for x in peers(permission(r))}
    again = {x for one in lost_permissions(was, now, 443) for x in peers(one) if x.peer}
    assert again == before - there
