"""The checks of edits of listeners and rules, one fact at a time."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import Action, Forward, Listener, PlatformState, Rule
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.edit import Edit, Later
from canary.diagnose.remedies.listeners import whole_listener
from canary.diagnose.remedies.never_worse import objections
from canary.diagnose.remedies.rules import condition_json, rule_json
from tests.canary.support import platforms as p

NAMES = p.Names()
HEALTHY = p.healthy()
BALANCER = HEALTHY.load_balancers[1]
PLAIN, SECURE = BALANCER.listeners
FIRST, SECOND, THIRD, LAST = SECURE.rules
API, MLFLOW = NAMES.group("registry"), NAMES.group("mlflow")
LATER = Later(service="elbv2", operation="describe-listeners", parameters={}, query="q")


def said(
    operation: str, parameters: dict[str, Any], state: PlatformState = HEALTHY,
    was: PlatformState | None = HEALTHY, account: str = "123456789012",
) -> list[str]:  # fmt: skip
    made = Edit(service="elbv2", operation=operation, parameters=parameters, resource="x")
    environment = p.replace(p.environment(NAMES), account=account)
    known = Case(results=(), state=state, environment=environment, previous=was, now=p.NOW)
    return objections(known, (made,))


def with_listener(port: int, **fields: Any) -> PlatformState:
    changed = tuple(p.replace(x, **fields) if x.port == port else x for x in BALANCER.listeners)
    return p.change(HEALTHY, "load_balancers", BALANCER.arn, listeners=changed)


def with_rule(rule: Rule, **fields: Any) -> PlatformState:
    rules = tuple(p.replace(r, **fields) if r.arn == rule.arn else r for r in SECURE.rules)
    return with_listener(443, rules=rules)


def forward(*groups: str) -> Action:
    return Action(type="forward", forwards=tuple(Forward(target_group=g) for g in groups))


SIGN_IN = Action(
    type="authenticate-oidc", order=1, config={"Type": "authenticate-oidc", "Order": 1}
)
POOL = Action(type="authenticate-cognito", order=1)
TOKEN = Action(type="jwt-validation", order=1)
FORBID = Action(type="fixed-response", status_code="403")


def actions(*found: Action) -> list[dict[str, Any]]:
    return rule_json(found)


# --- references


@pytest.mark.parametrize(
    ("arn", "why"),
    [
        (API, []),
        ("arn:aws:elasticloadbalancing::123456789012:targetgroup/x/1",
         ["target group arn:aws:elasticloadbalancing::123456789012:targetgroup/x/1 is not there"]),
        ("arn:aws:iam::123456789012:server-certificate/x", []),  # of IAM, which has no region
        ("arn:aws:elasticloadbalancing:us-east-1:9:targetgroup/x/1",
         ["arn:aws:elasticloadbalancing:us-east-1:9:targetgroup/x/1 belongs to another account or"
          " region"]),
        ("arn:short", []),  # no ARN
    ],
)  # fmt: skip
def test_what_an_edit_refers_to_is_of_this_account_and_region(arn: str, why: list[str]) -> None:
    parameters = {"TargetGroupArn": API, "Matcher": {"x": [arn]}}
    assert said("modify-target-group", parameters) == why


def test_an_environment_without_an_account_compares_none() -> None:
    parameters = {"x": "arn:aws:elasticloadbalancing:us-east-1:9:other/x"}
    assert said("modify-target-group", parameters, account="") == []


@pytest.mark.parametrize(
    ("balancer", "group", "good"),
    [("vpc-1", "vpc-2", False), ("vpc-1", "", True), ("", "vpc-2", True), ("v", "v", True)],
)
@pytest.mark.parametrize("named", [BALANCER.arn, SECURE.arn, FIRST.arn])
def test_a_target_group_is_of_the_balancers_vpc(
    balancer: str, group: str, good: bool, named: str
) -> None:
    state = p.change(HEALTHY, "load_balancers", BALANCER.arn, vpc_id=balancer)
    state = p.change(state, "target_groups", API, vpc_id=group)
    found = said("modify-target-group", {"Named": named, "TargetGroupArn": API}, state)
    name = NAMES.of("registry")
    why = f"target group {name}-tg belongs to another VPC than hokusai-registry-lb"
    assert found == ([] if good else [why])


# --- a rule that is changed


def modified(rule: Rule = SECOND, **fields: Any) -> dict[str, Any]:
    return {"RuleArn": rule.arn, **fields}


def test_a_rule_that_is_not_there_is_not_changed() -> None:
    assert said("modify-rule", {"RuleArn": "gone", "Actions": actions(FORBID)}) == [
        "rule gone is not there"
    ]


@pytest.mark.parametrize("guard", [SIGN_IN, POOL, TOKEN])
@pytest.mark.parametrize("known", [True, False])
def test_a_guard_that_a_rule_has_is_kept(guard: Action, known: bool) -> None:
    state = with_rule(SECOND, earlier=(guard,))
    was = state if known else None
    kept = modified(Actions=actions(guard, forward(MLFLOW)))
    assert said("modify-rule", kept, state, was) == []
    lost = modified(Actions=actions(forward(MLFLOW)))
    assert said("modify-rule", lost, state, was) == [
        f"the action {guard.type} would be lost", f"the action {guard.type} would be changed",
    ]  # fmt: skip
    other = {**actions(guard)[0], "Order": 9}
    assert said("modify-rule", modified(Actions=[other, *actions(forward(API))]), state, was) == [
        f"the action {guard.type} would be changed"
    ]


def test_a_guard_that_a_rule_had_comes_back_unchanged() -> None:
    was = with_rule(SECOND, earlier=(TOKEN,))
    other = {**actions(TOKEN)[0], "Order": 9}
    wanted = modified(Actions=[other, *actions(forward(MLFLOW))])
    assert said("modify-rule", wanted, HEALTHY, was) == [
        "the action jwt-validation would be changed"
    ]


def test_a_fixed_response_is_lost_as_well() -> None:
    state = with_rule(SECOND, action=FORBID)
    assert said("modify-rule", modified(Actions=actions(forward(API))), state, state) == [
        "the action fixed-response would be lost"
    ]


def test_what_a_rule_had_while_all_was_well_counts_and_not_what_it_has_now() -> None:
    """Somebody put a fixed response there: the forward comes back."""
    state = with_rule(SECOND, action=FORBID)
    assert said("modify-rule", modified(Actions=actions(forward(API))), state) == []
    assert said("modify-rule", modified(Actions=actions(forward(MLFLOW))), state) == []
    assert said("modify-rule", modified(Actions=actions(forward(API))), state, None) == [
        "the action fixed-response would be lost"
    ]


@pytest.mark.parametrize(
    ("conditions", "known", "good"),
    [
        (SECOND.conditions, True, True),
        (THIRD.conditions, True, False),
        (SECOND.conditions, False, False),
        ((), True, False),
    ],
)
def test_a_rule_gets_the_conditions_that_it_had(conditions: Any, known: bool, good: bool) -> None:
    wanted = modified(Conditions=[condition_json(c) for c in conditions])
    found = said("modify-rule", wanted, was=HEALTHY if known else None)
    assert found == ([] if good else ["the conditions would not be those that rule 105 had"])


REWRITE = {"Type": "url-rewrite"}


@pytest.mark.parametrize(
    ("fields", "had", "good"),
    [
        ({"Transforms": [REWRITE]}, (REWRITE,), True),
        ({"Transforms": [REWRITE]}, (), False),
        ({"ResetTransforms": True}, (), True),
        ({"ResetTransforms": True}, (REWRITE,), False),
        ({}, (REWRITE,), True),
    ],
)
def test_a_rule_gets_the_transforms_that_it_had(
    fields: dict[str, Any], had: tuple[dict[str, str], ...], good: bool
) -> None:
    why = "the transforms would not be those that rule 105 had"
    found = said("modify-rule", modified(**fields), was=with_rule(SECOND, transforms=had))
    assert found == ([] if good else [why])
    if fields:
        assert said("modify-rule", modified(**fields), was=None) == [why]


CERTIFICATE = p.certificate_arn(NAMES)


@pytest.mark.parametrize(
    ("fields", "good"),
    [({}, True), ({"status": "EXPIRED"}, False), ({"not_after": p.ago(1)}, False),
     ({"arn": "arn:aws:acm:us-east-1:123456789012:certificate/other"}, False)],
)  # fmt: skip
def test_a_certificate_that_an_edit_refers_to_is_valid_now(
    fields: dict[str, Any], good: bool
) -> None:
    state = p.replace(HEALTHY, certificates=(p.replace(HEALTHY.certificates[0], **fields),))
    wanted = change(Certificates=[{"CertificateArn": CERTIFICATE}])
    why = f"certificate {CERTIFICATE} is not known to be valid now"
    assert said("modify-listener", wanted, state) == ([] if good else [why])


# --- rules that are created, deleted, moved


def new(
    rule: Rule = SECOND, listener: Any = SECURE.arn, found: tuple[Action, ...] = ()
) -> dict[str, Any]:
    return {
        "ListenerArn": listener, "Priority": 1,
        "Conditions": [condition_json(c) for c in rule.conditions],
        "Actions": rule_json(found or rule.actions),
    }  # fmt: skip


GUARDED = with_rule(FIRST, earlier=(TOKEN,))


@pytest.mark.parametrize(
    ("parameters", "state", "was", "why"),
    [
        (new(), HEALTHY, HEALTHY, []),
        (new(), GUARDED, HEALTHY, []),  # just the one that was there
        (new(listener=LATER), GUARDED, None, []),
        (new(), GUARDED, None,
         ["other rules begin with jwt-validation, and nobody knows whether this one did"]),
        (new(found=(forward(MLFLOW),)), GUARDED, HEALTHY,
         ["the listener had no such rule while all was well"]),
        (new(THIRD, found=SECOND.actions), HEALTHY, HEALTHY, []),
        (new(THIRD, found=(forward(MLFLOW),)), HEALTHY, HEALTHY,
         ["the listener had no such rule while all was well"]),
        (new(found=(SIGN_IN, forward(API))), HEALTHY, with_rule(SECOND, earlier=(SIGN_IN,)),
         ["AWS does not tell the client secret of its sign-in"]),
        (new(listener="gone"), GUARDED, HEALTHY,
         ["nobody knows whether there was such a rule while all was well"]),
        (new(), HEALTHY, None,
         ["nobody knows whether there was such a rule while all was well"]),
    ],
)  # fmt: skip
def test_a_rule_that_is_created_opens_nothing(
    parameters: dict[str, Any], state: PlatformState, was: PlatformState | None, why: list[str]
) -> None:
    assert said("create-rule", parameters, state, was) == why


NEW = p.replace(SECOND, arn="new", priority="1")
ADDED = with_listener(443, rules=(NEW, *SECURE.rules))


@pytest.mark.parametrize(
    ("arn", "known", "why"),
    [
        (SECOND.arn, True, ["rule 105 was there while all was well"]),
        (SECOND.arn, False, ["nobody knows whether this rule was there while all was well"]),
        ("new", True, []),
        ("new", False, ["nobody knows whether this rule was there while all was well"]),
        (LATER, True, []),
    ],
)
def test_a_rule_that_is_deleted_was_not_there(arn: Any, known: bool, why: list[str]) -> None:
    assert said("delete-rule", {"RuleArn": arn}, ADDED, HEALTHY if known else None) == why


def test_a_deleted_rule_is_named_by_its_arn_where_it_is_gone() -> None:
    gone = with_listener(443, rules=(FIRST, LAST))
    assert said("delete-rule", {"RuleArn": SECOND.arn}, gone, HEALTHY) == [
        f"rule {SECOND.arn} was there while all was well"
    ]


def moved(arn: str, priority: int) -> dict[str, Any]:
    return {"RulePriorities": [{"RuleArn": arn, "Priority": priority}]}


@pytest.mark.parametrize(
    ("parameters", "state", "known", "why"),
    [
        (moved(SECOND.arn, 105), HEALTHY, True, []),
        (moved(SECOND.arn, 7), HEALTHY, True, ["rule 105 stood there while all was well"]),
        (moved("new", 7), ADDED, True, []),
        (moved("new", 7), ADDED, False, []),
        (moved(SECOND.arn, 7), with_rule(SECOND, earlier=(TOKEN,)), False,
         ["rule 105 guards what it takes: it may be there on purpose"]),
        (moved(SECOND.arn, 7), with_rule(SECOND, action=FORBID), False,
         ["rule 105 guards what it takes: it may be there on purpose"]),
        (moved(SECOND.arn, 105), with_rule(SECOND, earlier=(TOKEN,)), True, []),
        (moved("gone", 7), HEALTHY, False, []),
    ],
)  # fmt: skip
def test_a_rule_moves_back_to_where_it_was(
    parameters: dict[str, Any], state: PlatformState, known: bool, why: list[str]
) -> None:
    assert said("set-rule-priorities", parameters, state, HEALTHY if known else None) == why


def test_every_move_of_one_call_is_checked() -> None:
    both = {"RulePriorities": [*moved(SECOND.arn, 105)["RulePriorities"],
                               *moved(THIRD.arn, 9)["RulePriorities"]]}  # fmt: skip
    assert said("set-rule-priorities", both) == ["rule 110 stood there while all was well"]


# --- listeners

TLS12, TLS13 = "ELBSecurityPolicy-TLS-1-2-2017-01", "ELBSecurityPolicy-TLS13-1-2-2021-06"
STRICT = with_listener(443, ssl_policy=TLS13)
VERIFIED = {"Mode": "verify", "TrustStoreArn": "t"}
MUTUAL = with_listener(443, mutual_authentication=VERIFIED)


def change(listener: Listener = SECURE, **fields: Any) -> dict[str, Any]:
    return {"ListenerArn": listener.arn, **fields}


def redirect(port: str) -> list[dict[str, Any]]:
    return [{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": port}}]


ONLY_PLAIN = p.change(HEALTHY, "load_balancers", BALANCER.arn, listeners=(PLAIN,))


@pytest.mark.parametrize(
    ("parameters", "state", "was", "why"),
    [
        (change(), HEALTHY, HEALTHY, []),
        ({"ListenerArn": "gone"}, HEALTHY, HEALTHY, ["listener gone is not there"]),
        (change(SslPolicy=TLS13), HEALTHY, STRICT, []),
        (change(SslPolicy=TLS12), HEALTHY, STRICT,
         [f"the TLS policy {TLS12} is not the one that the listener had"]),
        (change(SslPolicy=TLS13), STRICT, None,
         [f"the TLS policy {TLS13} is not the one that the listener had"]),
        (change(PLAIN, Protocol="HTTPS"), HEALTHY, HEALTHY,
         ["nothing tells the TLS policy that the listener had"]),
        (change(PLAIN, Protocol="HTTPS", SslPolicy=TLS13), HEALTHY,
         with_listener(80, ssl_policy=TLS13), []),
        (change(Protocol="HTTPS"), HEALTHY, HEALTHY, []),
        (change(DefaultActions=actions(forward(API))), HEALTHY, HEALTHY, []),
        (change(DefaultActions=actions(forward(API))), with_rule(LAST, action=FORBID), HEALTHY, []),
        (change(DefaultActions=actions(forward(API))), with_rule(LAST, action=FORBID), None,
         ["the action fixed-response would be lost"]),
        (change(DefaultActions=redirect("443")), HEALTHY, HEALTHY, []),
        (change(DefaultActions=redirect("8443")), HEALTHY, HEALTHY,
         ["it would redirect to port 8443, where hokusai-registry-lb has no listener"]),
        (change(PLAIN, DefaultActions=redirect("443")), ONLY_PLAIN, HEALTHY,
         ["it would redirect to port 443, where hokusai-registry-lb has no listener"]),
        (change(DefaultActions=redirect("#{port}")), HEALTHY, HEALTHY, []),
        (change(MutualAuthentication=VERIFIED), HEALTHY, MUTUAL, []),
        (change(MutualAuthentication={"Mode": "off"}), MUTUAL, MUTUAL,
         ["the mutual authentication would not be the one that the listener had"]),
        (change(MutualAuthentication={"Mode": "off"}), MUTUAL, None,
         ["the mutual authentication would not be the one that the listener had"]),
        (change(PLAIN, Protocol="HTTPS", SslPolicy=TLS13), HEALTHY,
         with_listener(80, ssl_policy=TLS13, unread=("certificates",)),
         ["nothing tells all certificates that the listener had"]),
        (change(Certificates=[{"CertificateArn": p.certificate_arn(NAMES)}]), HEALTHY, HEALTHY, []),
    ],
)  # fmt: skip
def test_a_listener_keeps_its_policy_and_leads_somewhere(
    parameters: dict[str, Any], state: PlatformState, was: PlatformState | None, why: list[str]
) -> None:
    assert said("modify-listener", parameters, state, was) == why


def created(listener: Listener, **fields: Any) -> dict[str, Any]:
    return {"LoadBalancerArn": BALANCER.arn, **whole_listener(listener), **fields}


def of(state: PlatformState, port: int) -> Listener:
    return next(x for x in state.load_balancers[1].listeners if x.port == port)


SIGNED = with_listener(443, ssl_policy=TLS13, default_actions=(SIGN_IN, forward(API)))
UNREAD = with_listener(443, ssl_policy=TLS13, unread=("rules", "attributes"))


@pytest.mark.parametrize(
    ("parameters", "was", "why"),
    [
        (created(of(STRICT, 443)), STRICT, []),
        (created(PLAIN), HEALTHY, []),
        (created(SECURE), HEALTHY, ["nothing tells the TLS policy that the listener had"]),
        (created(of(STRICT, 443), SslPolicy=TLS12), STRICT,
         ["the listener would not be the one that was on 443"]),
        (created(of(STRICT, 443), Port=8443), STRICT,
         ["nothing tells how the listener on 8443 was"]),
        (created(of(STRICT, 443)), None, ["nothing tells how the listener on 443 was"]),
        (created(of(UNREAD, 443)), UNREAD,
         ["of the listener that was on 443, rules, attributes could not be read"]),
        (created(of(SIGNED, 443)), SIGNED, ["AWS does not tell the client secret of its sign-in"]),
    ],
)  # fmt: skip
def test_a_listener_that_is_created_is_the_one_that_was(
    parameters: dict[str, Any], was: PlatformState | None, why: list[str]
) -> None:
    assert said("create-listener", parameters, ONLY_PLAIN, was) == why
