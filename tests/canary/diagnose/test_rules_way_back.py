"""Rules that lost a path come back as they were, and nothing else of the listener changes."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from typing import Any

import pytest

from canary.control_plane.state import (
    Action,
    Condition,
    Forward,
    PlatformState,
    Rule,
    TargetGroup,
)
from canary.diagnose import diagnose
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.never_worse import objections
from canary.diagnose.remedies.rules import all_parts, create_rule
from canary.model import Diagnosis
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

NAMES = faults.NAMES
MLFLOW, PROXY, API = NAMES.priorities
REGISTRY, SECURE = NAMES.group("registry"), 443
NOT_FOUND = faults.NOT_FOUND
Edit = tuple[str, dict[str, Any]]


def at(state: PlatformState, port: int, rules: Iterable[Rule], **more: Any) -> PlatformState:
    """Return a platform whose registry has these rules on the listener of a port."""
    balancers = tuple(
        p.replace(
            b,
            listeners=tuple(
                p.replace(x, rules=tuple(rules), **more) if x.port == port else x
                for x in b.listeners
            ),
        )
        if "registry" in b.name
        else b
        for b in state.load_balancers
    )
    return p.replace(state, load_balancers=balancers)


def rules_of(state: PlatformState, port: int = SECURE) -> dict[str, Rule]:
    balancer = next(b for b in state.load_balancers if "registry" in b.name)
    return {r.priority: r for x in balancer.listeners if x.port == port for r in x.rules}


def paths(*values: str) -> tuple[Condition, ...]:
    return (Condition(field="path-pattern", values=values),)


def forward(group: str = REGISTRY) -> Action:
    return Action(type="forward", forwards=(Forward(target_group=group),))


def rule(priority: int, *values: str, action: Action | None = None, arn: str = "") -> Rule:
    return Rule(
        arn=arn or NAMES.elb("listener-rule", f"new/{priority}"),
        priority=str(priority), conditions=paths(*values), action=action or forward(),
    )  # fmt: skip


def changed(
    *more: Rule, without: tuple[int, ...] = (), default: Action | None = None, **fields: Any
) -> PlatformState:
    """Return a platform whose registry has more rules, or others, or fewer."""
    known = {k: r for k, r in rules_of(p.healthy()).items() if k not in map(str, without)}
    if default:
        known["default"] = p.replace(known["default"], action=default)
    for number, parts in fields.items():
        key = number.removeprefix("r")
        known[key] = p.replace(known[key], **parts)
    order = sorted(
        [*known.values(), *more], key=lambda r: int(r.priority.replace("default", "99999"))
    )
    return at(p.healthy(), SECURE, order)


def told(
    state: PlatformState, before: PlatformState | None, *, found: str = "api-rules-gone"
) -> Diagnosis:
    results = faults.by_id(found).failures()
    return diagnose(results, state, p.environment(NAMES), before, p.NOW).diagnoses[0]


def edits(diagnosis: Diagnosis) -> list[Edit]:
    return [_edit(c) for c in diagnosis.remedy.fix]


def _edit(command: str) -> Edit:
    words = shlex.split(command)
    pairs = dict(zip(words[5::2], words[6::2], strict=True))
    return words[2], {k: json.loads(v) if v[0] in "[{" else v for k, v in pairs.items()}


def created(priority: int, pattern: str, group: str = REGISTRY) -> Edit:
    return "create-rule", {
        "--listener-arn": listener(),
        "--priority": str(priority),
        "--conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": [pattern]}}],
        "--actions": [{"Type": "forward", "TargetGroupArn": group}],
    }


def deleted(arn: str) -> Edit:
    return "delete-rule", {"--rule-arn": arn}


def default_back() -> Edit:
    actions = [{"Type": "forward", "TargetGroupArn": REGISTRY}]
    return "modify-listener", {"--listener-arn": listener(), "--default-actions": actions}


def listener(port: int = SECURE) -> str:
    balancer = next(b for b in p.healthy().load_balancers if "registry" in b.name)
    return next(x.arn for x in balancer.listeners if x.port == port)


HEALTH = rule(120, "/", "/health*")


def test_lost_rules_come_back_at_their_places_and_what_replaced_the_default_goes() -> None:
    state = changed(HEALTH, without=(PROXY, API), default=NOT_FOUND)
    found = told(state, p.healthy())
    assert found.cause == "rule-missing"
    assert edits(found) == [
        created(PROXY, "/api/mlflow/*"),
        created(API, "/api/*"),
        default_back(),
        deleted(HEALTH.arn),
    ]
    assert len(found.remedy.undo) == 4
    assert found.remedy.summary == (
        f"Create rule {PROXY} again, create rule {API} again, give the default rule its action"
        " back, delete rule 120, which is not needed then."
    )


def test_a_path_falls_through_every_rule_that_took_it() -> None:
    """The rule for /api/mlflow/* is gone, the one behind it narrowed, the default answers 404."""
    narrow = {"conditions": paths("/api/v1/*", "/api/models/*")}
    state = changed(HEALTH, without=(PROXY,), default=NOT_FOUND, **{f"r{API}": narrow})
    found = told(state, p.healthy(), found="mlflow-path-to-mlflow")
    arn = rules_of(p.healthy())[str(API)].arn
    assert edits(found) == [
        created(PROXY, "/api/mlflow/*"),
        ("modify-rule", {
            "--rule-arn": arn,
            "--conditions": created(API, "/api/*")[1]["--conditions"],
        }),
        default_back(),
        deleted(HEALTH.arn),
    ]  # fmt: skip


def test_a_rule_that_no_lost_path_touched_stays_as_somebody_made_it() -> None:
    other = {"conditions": paths("/mlflow/*", "/ui/*")}
    beta = rule(7, "/beta/*")
    state = changed(beta, without=(PROXY, API), default=NOT_FOUND, **{f"r{MLFLOW}": other})
    assert edits(told(state, p.healthy())) == [
        created(PROXY, "/api/mlflow/*"),
        created(API, "/api/*"),
        default_back(),
    ]


@pytest.mark.parametrize(
    "new",
    [
        rule(120, "/", action=forward(NAMES.group("mlflow"))),
        rule(120, "/", action=Action(type="fixed-response", status_code="403")),
        p.replace(HEALTH, earlier=(Action(type="authenticate-oidc", config={"Type": "x"}),)),
        p.replace(HEALTH, transforms=({"Type": "url-rewrite"},)),
    ],
    ids=["another group", "a refusal", "a sign-in", "a rewrite"],
)
def test_a_new_rule_that_does_anything_else_is_not_deleted(new: Rule) -> None:
    state = changed(new, without=(PROXY, API), default=NOT_FOUND)
    assert deleted(new.arn) not in edits(told(state, p.healthy()))


def test_a_new_rule_before_one_that_others_use_is_not_deleted() -> None:
    theirs = rule(130, "/theirs/*", action=forward(NAMES.group("mlflow")))
    before = changed(theirs)
    state = changed(HEALTH, theirs, without=(PROXY, API), default=NOT_FOUND)
    found = edits(told(state, before))
    assert found == [created(PROXY, "/api/mlflow/*"), created(API, "/api/*"), default_back()]


SHOP = Condition(field="host-header", values=("shop.example.com",))


@pytest.mark.parametrize(
    "new",
    [
        p.replace(rule(120, "/shop/*"), conditions=(SHOP,)),
        p.replace(rule(120, "/health*"), conditions=(SHOP, *paths("/health*"))),
        rule(120, "/shop/*"),
    ],
    ids=["another host", "a known path of another host", "another path"],
)
def test_a_new_rule_that_takes_no_path_of_the_environment_is_not_deleted(new: Rule) -> None:
    """All behind it do the same today, once the default is back: tomorrow they may not."""
    state = changed(new, without=(PROXY, API), default=NOT_FOUND)
    assert edits(told(state, p.healthy())) == [
        created(PROXY, "/api/mlflow/*"),
        created(API, "/api/*"),
        default_back(),
    ]


def test_a_place_that_another_rule_has_now_is_left_to_it() -> None:
    theirs = rule(PROXY, "/theirs/*", action=forward(NAMES.group("mlflow")))
    state = changed(theirs, without=(PROXY,), default=NOT_FOUND)
    state = at(state, SECURE, [r for r in rules_of(state).values() if r.priority != str(API)])
    found = edits(told(state, p.healthy()))
    assert created(PROXY + 1, "/api/mlflow/*") in found
    assert not [e for e in found if e[0] in ("delete-rule", "set-rule-priorities")]


def test_a_rule_stays_before_the_one_that_followed_it_where_its_place_is_taken() -> None:
    """No place is left between: the lost rule comes before the one that has its place."""
    filled = [rule(n, f"/theirs/{n}", action=NOT_FOUND) for n in range(PROXY, API)]
    state = changed(*filled, without=(PROXY,), default=NOT_FOUND)
    narrow = {"conditions": paths("/api/v1/*")}
    known = [
        p.replace(r, **narrow) if r.priority == str(API) else r for r in rules_of(state).values()
    ]
    found = edits(told(at(state, SECURE, known), p.healthy(), found="mlflow-path-to-mlflow"))
    assert created(PROXY - 1, "/api/mlflow/*") in found


def test_a_lost_rule_without_a_place_between_its_neighbours_is_a_decision() -> None:
    numbers = [n for n in range(MLFLOW + 1, API) if n != PROXY]
    more = [rule(n, f"/theirs/{n}", action=NOT_FOUND) for n in (PROXY, *numbers)]
    narrow = {f"r{API}": {"conditions": paths("/api/v1/*")}}
    state = changed(*more, default=NOT_FOUND, **narrow)
    gone = rules_of(p.healthy())[str(PROXY)].arn
    state = at(state, SECURE, [r for r in rules_of(state).values() if r.arn != gone])
    found = told(state, p.healthy(), found="mlflow-path-to-mlflow")
    assert found.remedy.fix == ()
    assert found.remedy.decision == (
        f"Other rules fill the places around rule {PROXY}: decide which one makes room."
    )


def billing(priority: int, *values: str, **more: Any) -> Rule:
    values = values or ("/api/billing/*",)
    return p.replace(rule(priority, *values, action=forward(NAMES.group("mlflow"))), **more)


def test_a_rule_that_would_shadow_a_newer_one_is_a_decision() -> None:
    state = changed(billing(API + 50), without=(API,), default=NOT_FOUND)
    found = told(state, p.healthy())
    assert (found.cause, found.remedy.fix) == ("rule-missing", ())
    assert found.remedy.decision == (
        f"Put back, rule {API} would take requests for /api/billing/* away from rule {API + 50},"
        " which is newer: decide where each of them shall stand."
    )


def test_a_rule_that_would_shadow_one_that_takes_other_paths_now_is_a_decision() -> None:
    theirs = billing(API + 50, "/theirs/*")
    moved = p.replace(theirs, conditions=paths("/api/billing/*"))
    state = changed(moved, without=(API,), default=NOT_FOUND)
    assert told(state, changed(theirs)).remedy.fix == ()
    stayed = changed(theirs, without=(API,), default=NOT_FOUND)
    assert edits(told(stayed, changed(theirs))) == [created(API, "/api/*"), default_back()]


def test_a_lost_rule_comes_back_behind_a_newer_one_that_has_its_place() -> None:
    state = changed(billing(API), without=(API,), default=NOT_FOUND)
    assert edits(told(state, p.healthy())) == [created(API + 1, "/api/*"), default_back()]


@pytest.mark.parametrize(
    "new",
    [
        billing(API - 1),
        billing(API + 50, "/billing/*"),
        billing(API + 50, "/api"),
        billing(API + 50, action=forward()),
        billing(API + 50, conditions=paths("/v?/api/*")),
    ],
    ids=["before it", "another path", "a shorter path", "the same action", "a deeper path"],
)
def test_a_newer_rule_that_loses_nothing_is_no_objection(new: Rule) -> None:
    state = changed(new, without=(API,), default=NOT_FOUND)
    assert edits(told(state, p.healthy())) == [created(API, "/api/*"), default_back()]


@pytest.mark.parametrize("health", [True, False])
def test_a_way_back_that_would_lead_a_right_path_otherwise_is_a_decision(health: bool) -> None:
    """The default serves /health since its rule is gone: with its old answer that would end."""
    before = changed(HEALTH, default=NOT_FOUND)
    state = changed(*([HEALTH] if health else []), without=(MLFLOW,))
    check = p.control("listener_rule", "registry", f"{REGISTRY_HOST}/mlflow/")
    (found,) = diagnose([check], state, p.environment(NAMES), before, p.NOW).diagnoses
    if health:
        assert [e[0] for e in edits(found)] == ["create-rule", "modify-listener"]
        return
    assert found.remedy.fix == ()
    assert found.remedy.decision == (
        "Put back, the rules would lead /health otherwise, which reaches registry now: decide how"
        " both shall be led."
    )


def test_rules_of_two_hosts_take_nothing_from_each_other() -> None:
    own = Condition(field="host-header", values=(f"*.{NAMES.domain}",))
    here = {"conditions": (own, *paths("/api/*"))}
    theirs = billing(API + 50, conditions=(SHOP, *paths("/api/*")))
    before = changed(**{f"r{API}": here})
    found = told(changed(theirs, without=(API,), default=NOT_FOUND), before)
    assert [e[0] for e in edits(found)] == ["create-rule", "modify-listener"]
    upper = p.replace(SHOP, values=(f"A.{NAMES.domain.upper()}",))
    same = p.replace(theirs, conditions=(upper, *paths("/api/*")))
    found = told(changed(same, without=(API,), default=NOT_FOUND), before)
    assert found.remedy.fix == ()


def test_a_rule_on_the_wrong_listener_comes_back_and_its_copy_goes() -> None:
    lost = [r for k, r in rules_of(p.healthy()).items() if k != "default"]
    copies = [p.replace(r, arn=NAMES.elb("listener-rule", f"copy/{r.priority}")) for r in lost]
    own = rule(7, "/plain/*")
    plain = rules_of(p.healthy(), 80)["default"]
    state = changed(without=(MLFLOW, PROXY, API), default=NOT_FOUND)
    state = at(state, 80, [own, *copies, plain])
    found = told(state, p.healthy())
    assert found.cause == "rule-on-wrong-listener"
    assert edits(found) == [
        created(MLFLOW, "/mlflow/*", NAMES.group("mlflow")),
        created(PROXY, "/api/mlflow/*"),
        created(API, "/api/*"),
        default_back(),
        *(deleted(c.arn) for c in copies),
    ]


def on_auth(state: PlatformState, *rules: Rule) -> PlatformState:
    """Return a platform whose other load balancer has more rules on its secure listener."""
    balancers = tuple(
        p.replace(
            b,
            listeners=tuple(
                p.replace(x, rules=(*rules, *x.rules)) if x.port == SECURE else x
                for x in b.listeners
            ),
        )
        if "auth" in b.name
        else b
        for b in state.load_balancers
    )
    return p.replace(state, load_balancers=balancers)


def test_a_copy_on_another_load_balancer_is_named_and_stays() -> None:
    lost = rules_of(p.healthy())[str(API)]
    copy = p.replace(lost, arn=NAMES.elb("listener-rule", "other/1"), priority="210")
    second = p.replace(lost, arn=NAMES.elb("listener-rule", "other/2"), priority="211")
    own = p.replace(lost, arn=NAMES.elb("listener-rule", "copy/1"))
    plain = rules_of(p.healthy(), 80)["default"]
    state = at(changed(without=(API,), default=NOT_FOUND), 80, [own, plain])
    found = told(on_auth(state, copy), p.healthy())
    assert found.cause == "rule-on-wrong-listener"
    assert [e for e in edits(found) if e[0] == "delete-rule"] == [deleted(own.arn)]
    name = next(b.name for b in state.load_balancers if "auth" in b.name)
    assert found.remedy.decision == (
        f"Decide whether anybody needs the new rule 210 of {name}:443, which is like one that is"
        " missing here."
    )
    two = told(on_auth(state, copy, second), p.healthy()).remedy.decision
    assert f"the new rules 210 of {name}:443, 211 of {name}:443, which are like one" in two


def test_a_copy_that_stood_there_already_stays() -> None:
    lost = rules_of(p.healthy())[str(PROXY)]
    copy = p.replace(lost, arn=NAMES.elb("listener-rule", "copy/1"))
    plain = rules_of(p.healthy(), 80)["default"]
    before = at(p.healthy(), 80, [copy, plain])
    state = at(changed(without=(PROXY, API), default=NOT_FOUND), 80, [copy, plain])
    assert [e for e in edits(told(state, before)) if e[0] == "delete-rule"] == []


def test_rules_that_changed_places_go_back_in_one_call() -> None:
    known = rules_of(p.healthy())
    state = changed(**{
        f"r{PROXY}": {"priority": str(API)}, f"r{API}": {"priority": str(PROXY)},
    })  # fmt: skip
    wrong = p.replace(known[str(API)], action=forward(NAMES.group("mlflow")))
    before = at(
        p.healthy(), SECURE, [wrong if r.priority == str(API) else r for r in known.values()]
    )
    swapped = [
        p.replace(r, action=wrong.action) if r.arn == wrong.arn else r
        for r in rules_of(state).values()
    ]
    found = told(at(state, SECURE, swapped), before, found="mlflow-path-to-mlflow")
    moves = [
        {"RuleArn": wrong.arn, "Priority": API},
        {"RuleArn": known[str(PROXY)].arn, "Priority": PROXY},
    ]
    (edit,) = edits(found)
    assert edit[0] == "set-rule-priorities"
    assert sorted(edit[1]["--rule-priorities"], key=str) == sorted(moves, key=str)


def test_a_new_rule_that_takes_the_path_goes() -> None:
    state = faults.by_id("catch-all").change(p.healthy())
    assert edits(told(state, p.healthy(), found="catch-all")) == [deleted("arn:catch-all")]


def test_a_new_rule_with_a_sign_in_is_a_decision() -> None:
    """Once it is deleted, nothing gives it back."""
    sign_in = Action(type="authenticate-oidc", config={"Type": "authenticate-oidc"})
    new = p.replace(rule(3, "/api*"), earlier=(sign_in,), action=forward(NAMES.group("mlflow")))
    found = told(changed(new), p.healthy(), found="catch-all")
    assert (found.cause, found.remedy.fix) == ("rule-shadowed", ())
    assert found.remedy.decision == (
        f"Rule 3 is new and takes {p.API_PATH} away. AWS does not tell the client secret of its"
        " sign-in, so a deleted rule does not come back: decide whether anybody needs it."
    )


REGISTRY_HOST = f"registry.{NAMES.domain}"


@pytest.mark.parametrize(
    ("conditions", "carried"),
    [
        (paths("/billing/*", "/api/*"), "/billing/*"),
        (paths("/a/*", "/api*", "/b"), "/a/*, /b"),
        (
            (
                Condition(field="host-header", values=("shop.example.com", REGISTRY_HOST)),
                *paths("/api/*"),
            ),
            "shop.example.com",
        ),
    ],
    ids=["a path", "two paths", "a host"],
)
def test_a_new_rule_that_carries_more_than_the_lost_paths_is_a_decision(
    conditions: tuple[Condition, ...], carried: str
) -> None:
    new = p.replace(rule(7, "/api/*"), conditions=conditions, action=forward(NAMES.group("mlflow")))
    found = told(changed(new), p.healthy(), found="catch-all")
    assert found.remedy.fix == ()
    assert found.remedy.decision == (
        f"Rule 7 is new and takes {p.API_PATH} away, but it carries {carried} as well: decide what"
        " it shall keep."
    )


def test_a_new_rule_whose_every_path_and_host_takes_a_lost_path_goes() -> None:
    hosts = Condition(field="host-header", values=(REGISTRY_HOST.upper(), "*." + NAMES.domain))
    new = p.replace(
        rule(7, "/api/*"),
        conditions=(hosts, *paths("/api/*", "/ap?/*")),
        action=forward(NAMES.group("mlflow")),
    )
    assert edits(told(changed(new), p.healthy(), found="catch-all")) == [deleted(new.arn)]


def test_transforms_come_back_with_the_rest() -> None:
    rewrite = {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": []}}
    before = changed(**{f"r{PROXY}": {"transforms": (rewrite,)}})
    state = changed(**{f"r{PROXY}": {"action": forward(NAMES.group("mlflow"))}})
    ((name, options),) = edits(told(state, before, found="mlflow-path-to-mlflow"))
    assert (name, options["--transforms"]) == ("modify-rule", [rewrite])
    found = told(
        changed(**{f"r{PROXY}": {
            "action": forward(NAMES.group("mlflow")), "transforms": (rewrite,),
        }}),
        p.healthy(), found="mlflow-path-to-mlflow",
    )  # fmt: skip
    assert "--reset-transforms" in found.remedy.fix[0]


def test_a_rule_comes_back_with_its_tags_but_not_those_that_aws_gives() -> None:
    tags = {"team": "ml", "aws:cloudformation:stack-name": "s", "empty": ""}
    before = changed(**{f"r{PROXY}": {"tags": tags}})
    found = edits(told(changed(without=(PROXY, API), default=NOT_FOUND), before))
    assert found[0][1]["--tags"] == [
        {"Key": "team", "Value": "ml"}, {"Key": "empty", "Value": ""},
    ]  # fmt: skip
    assert "--tags" not in found[1][1]


def test_a_rule_is_not_created_with_tags_that_it_did_not_have() -> None:
    known = rules_of(p.healthy())[str(PROXY)]
    balancer = next(b for b in p.healthy().load_balancers if "registry" in b.name)
    here = next(x for x in balancer.listeners if x.port == SECURE)
    case = Case(
        results=(), state=p.healthy(), environment=p.environment(NAMES), previous=p.healthy(),
        now=p.NOW,
    )  # fmt: skip
    parts = all_parts(known)
    assert objections(case, (create_rule(here, PROXY, *parts),)) == []
    tagged = create_rule(here, PROXY, *parts[:3], {"team": "ml"})
    assert objections(case, (tagged,)) == ["the listener had no such rule while all was well"]


def test_without_a_baseline_nothing_is_created_or_deleted() -> None:
    state = changed(HEALTH, without=(PROXY, API), default=NOT_FOUND)
    assert edits(told(state, None)) == []


def test_a_baseline_whose_rules_were_not_read_shows_no_way_back() -> None:
    before = at(p.healthy(), SECURE, (), unread=("rules",))
    state = changed(HEALTH, without=(PROXY, API), default=NOT_FOUND)
    assert edits(told(state, before)) == []


def test_a_baseline_that_was_wrong_itself_shows_no_way_back() -> None:
    wrong = faults.by_id("mlflow-path-to-mlflow").change(p.healthy())
    assert edits(told(changed(without=(PROXY, API), default=NOT_FOUND), wrong)) == []


def test_rules_of_a_listener_that_was_created_anew_come_back_by_its_port() -> None:
    state = changed(without=(PROXY, API), default=NOT_FOUND)
    arn = listener().replace("/443", "/again")
    known = [p.replace(r, arn=f"{arn}/{r.priority}") for r in rules_of(state).values()]
    found = edits(told(at(state, SECURE, known, arn=arn), p.healthy()))
    again = [(name, {**options, "--listener-arn": arn}) for name, options in (
        created(PROXY, "/api/mlflow/*"), created(API, "/api/*"), default_back(),
    )]  # fmt: skip
    assert found == again


def with_new_group(**fields: Any) -> PlatformState:
    """Return a platform whose API rules forward to a group that was not there."""
    new = TargetGroup(
        arn=NAMES.elb("targetgroup", "new/1"), name="new", protocol="HTTP", port=80, **fields
    )
    action = {"action": forward(new.arn)}
    state = changed(default=forward(new.arn), **{f"r{PROXY}": action, f"r{API}": action})
    return p.replace(state, target_groups=(*state.target_groups, new))


def test_a_group_that_a_fix_leaves_without_rules_is_a_decision() -> None:
    found = told(with_new_group(), p.healthy())
    assert found.cause == "target-group-detached"
    assert [e[0] for e in edits(found)] == ["modify-rule", "modify-rule", "modify-listener"]
    assert found.remedy.decision == (
        "Decide whether anybody needs the new target group new, to which nothing leads then:"
        " else delete it."
    )


def test_a_group_that_was_there_or_that_tasks_are_in_is_not_named() -> None:
    state = with_new_group()
    before = p.replace(p.healthy(), target_groups=state.target_groups)
    assert told(state, before).remedy.decision == ""
    unread = p.replace(p.healthy(), unread=("target_groups",))
    assert told(state, unread).remedy.decision == ""
