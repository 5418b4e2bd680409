"""A fix never takes a sign-in away, lowers TLS, opens a balancer or closes the only way in."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from canary.control_plane.state import Action, Forward, GroupRule, Listener, PlatformState, Rule
from canary.diagnose import diagnose
from canary.model import Diagnosis, Remedy, Result
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

NAMES = faults.NAMES
REGISTRY, MLFLOW = NAMES.group("registry"), NAMES.group("mlflow")
SIGN_IN = Action(
    type="authenticate-oidc",
    order=1,
    config={
        "Type": "authenticate-oidc",
        "Order": 1,
        "AuthenticateOidcConfig": {"Issuer": "https://id.example", "ClientId": "c"},
    },
)


def first(state: PlatformState, before: PlatformState | None, *results: Result) -> Diagnosis:
    return diagnose(list(results), state, p.environment(NAMES), before, p.NOW).diagnoses[0]


def option(command: str, name: str) -> Any:
    words = shlex.split(command)
    value = words[words.index(name) + 1]
    return json.loads(value) if value[0] in "[{" else value


def with_listener(state: PlatformState, port: int, **fields: Any) -> PlatformState:
    """Return a platform in which the registry's listener on a port has other fields."""
    return p.replace(
        state,
        load_balancers=tuple(
            p.replace(
                b,
                listeners=tuple(
                    p.replace(x, **fields) if x.port == port else x for x in b.listeners
                ),
            )
            if "registry" in b.name
            else b
            for b in state.load_balancers
        ),
    )


def listener(state: PlatformState, port: int) -> Listener:
    balancer = next(b for b in state.load_balancers if "registry" in b.name)
    return next(x for x in balancer.listeners if x.port == port)


def forward(*groups: tuple[str, int]) -> Action:
    forwards = tuple(Forward(target_group=g, weight=w) for g, w in groups)
    weighted = [{"TargetGroupArn": g, "Weight": w} for g, w in groups]
    sticky = {"Enabled": True, "DurationSeconds": 60}
    return Action(
        type="forward",
        order=2,
        forwards=forwards,
        config={
            "Type": "forward",
            "Order": 2,
            "ForwardConfig": {"TargetGroups": weighted, "TargetGroupStickinessConfig": sticky},
        },
    )


def proxied(state: PlatformState, *actions: Action) -> PlatformState:
    """Return a platform whose rule for /api/mlflow/* has these actions."""
    rules = tuple(
        p.replace(r, action=actions[-1], earlier=actions[:-1]) if r.priority == "105" else r
        for r in listener(state, 443).rules
    )
    return with_listener(state, 443, rules=rules)


def misrouted() -> list[Result]:
    return faults.by_id("mlflow-path-to-mlflow").failures()


@pytest.mark.parametrize("known", [True, False], ids=["with a baseline", "without"])
def test_a_rule_keeps_its_sign_in_its_weights_and_its_stickiness(known: bool) -> None:
    right = (SIGN_IN, forward((REGISTRY, 10)))
    before = proxied(p.healthy(), *right)
    state = proxied(p.healthy(), SIGN_IN, forward((MLFLOW, 10)))
    found = first(state, before if known else None, *misrouted())
    (command,) = found.remedy.fix
    written = option(command, "--actions")
    assert [a["Type"] for a in written] == ["authenticate-oidc", "forward"]
    assert written[0]["AuthenticateOidcConfig"] == {
        "Issuer": "https://id.example", "ClientId": "c", "UseExistingClientSecret": True,
    }  # fmt: skip
    assert written[1] == right[1].config
    (back,) = found.remedy.undo
    assert option(back, "--actions")[1]["ForwardConfig"]["TargetGroups"] == [
        {"TargetGroupArn": MLFLOW, "Weight": 10}
    ]
    assert MLFLOW in found.remedy.difference[0].before
    assert REGISTRY in found.remedy.difference[0].after


RULES = (
    Rule(arn="r/301", priority="5", action=Action(
        type="redirect", redirect="HTTPS://#{host}:443/docs?#{query}", status_code="HTTP_301"),
        conditions=p.healthy().load_balancers[1].listeners[1].rules[0].conditions),
    Rule(arn="r/403", priority="6", action=Action(type="fixed-response", status_code="403"),
         conditions=p.healthy().load_balancers[1].listeners[1].rules[1].conditions),
)  # fmt: skip


def lost_listener(**known: Any) -> tuple[PlatformState, PlatformState]:
    """Return the platform without the listener on 443, and as it was."""
    healthy = p.healthy()
    rules = (*RULES, *listener(healthy, 443).rules)
    before = with_listener(healthy, 443, rules=rules, **known)
    balancers = tuple(
        p.replace(b, listeners=tuple(x for x in b.listeners if x.port != 443))
        if "registry" in b.name
        else b
        for b in before.load_balancers
    )
    return p.replace(before, load_balancers=balancers), before


def refused() -> Result:
    url = f"https://registry.{NAMES.domain}/health"
    return p.failed("registry.health", "registry", p.none(url, "refused"))


def test_a_listener_comes_back_with_its_policy_and_all_its_rules() -> None:
    state, before = lost_listener(ssl_policy="ELBSecurityPolicy-TLS13-1-2-Res-2021-06", alpn=())
    found = first(state, before, refused())
    create, *rules = found.remedy.fix
    assert option(create, "--ssl-policy") == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
    actions = [option(r, "--actions")[0] for r in rules]
    assert [a["Type"] for a in actions][:2] == ["redirect", "fixed-response"]
    assert actions[0]["RedirectConfig"] == {
        "Protocol": "HTTPS", "Host": "#{host}", "Port": "443", "Path": "/docs",
        "Query": "#{query}", "StatusCode": "HTTP_301",
    }  # fmt: skip
    assert actions[1]["FixedResponseConfig"] == {"StatusCode": "403"}
    assert "delete-listener" in found.remedy.undo[-1]


@pytest.mark.parametrize("known", [True, False], ids=["policy not read", "no baseline"])
def test_a_listener_of_which_the_policy_is_not_known_is_a_decision(known: bool) -> None:
    state, before = lost_listener()
    remedy = first(state, before if known else None, refused()).remedy
    assert remedy.fix == ()
    assert ("TLS policy" in remedy.decision) is True


def test_a_listener_that_became_plain_gets_all_its_tls_settings_back() -> None:
    """AWS takes them with the protocol; what was lost is more than the default certificate."""
    more = p.certificate_arn(NAMES).replace("good", "more")
    trust = NAMES.elb("truststore", "clients/1")
    healthy = p.healthy()
    (good,) = healthy.certificates
    healthy = p.replace(healthy, certificates=(good, p.replace(good, arn=more)))
    own = {
        "certificates": (good.arn, more), "default_certificate": good.arn,
        "ssl_policy": "ELBSecurityPolicy-TLS13-1-3-2021-06",
        "mutual_authentication": {"Mode": "verify", "TrustStoreArn": trust},
    }  # fmt: skip
    gone = {k: type(v)() for k, v in own.items()}
    before = with_listener(healthy, 443, **own)
    found = first(with_listener(healthy, 443, protocol="HTTP", **gone), before, refused())
    change, add = found.remedy.fix
    assert option(change, "--protocol") == "HTTPS"
    assert option(change, "--ssl-policy") == own["ssl_policy"]
    assert option(change, "--mutual-authentication") == own["mutual_authentication"]
    assert option(change, "--certificates") == [{"CertificateArn": good.arn}]
    assert option(add, "--certificates") == [{"CertificateArn": more}]
    assert " remove-listener-certificates " in found.remedy.undo[0]


def private(rules: tuple[GroupRule, ...]) -> PlatformState:
    """Return a platform whose registry balancer admits these."""
    state = p.healthy()
    groups = tuple(
        p.replace(g, ingress=rules) if g.id == "sg-lb-registry" else g
        for g in state.security_groups
    )
    return p.replace(state, security_groups=groups)


def unanswered() -> Result:
    url = f"https://registry.{NAMES.domain}/health"
    return p.failed("registry.health", "registry", p.none(url, "connect-timeout"))


OFFICE = GroupRule(protocol="tcp", from_port=443, to_port=443, cidrs=("203.0.113.0/24",))


def test_a_private_balancer_is_opened_to_nobody_but_those_whom_it_admitted() -> None:
    found = first(private(()), private((OFFICE,)), unanswered())
    for command in found.remedy.fix:
        assert "0.0.0.0/0" not in command and "::/0" not in command


def test_what_nothing_shows_as_open_before_is_a_decision() -> None:
    remedy = first(private(()), None, unanswered()).remedy
    assert remedy.fix == () and "0.0.0.0/0" in remedy.decision


def test_what_the_baseline_had_is_given_back_peer_by_peer() -> None:
    both = GroupRule(
        protocol="tcp", from_port=443, to_port=443, cidrs=("0.0.0.0/0", "203.0.113.0/24")
    )
    plain = GroupRule(protocol="tcp", from_port=80, to_port=80, cidrs=("0.0.0.0/0",))
    told = first(private((OFFICE,)), private((both,)), unanswered()).remedy
    assert told.fix == () and "only the past tells that sg-lb-registry admitted" in told.decision
    # who may ask on another port now is no stranger
    remedy = first(private((OFFICE, plain)), private((both, plain)), unanswered()).remedy
    assert option(remedy.fix[0], "--ip-permissions") == [
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
         "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ]  # fmt: skip
    assert "revoke-security-group-ingress" in remedy.undo[0]


def test_the_only_serving_listener_is_not_turned_into_a_redirect_to_nothing() -> None:
    healthy = p.healthy()
    serving = (
        Rule(arn="plain/default", priority="default", action=Action(
            type="forward", forwards=(Forward(target_group=REGISTRY),))),
    )  # fmt: skip
    state = with_listener(healthy, 80, rules=serving)
    state = p.replace(
        state,
        load_balancers=tuple(
            p.replace(b, listeners=tuple(x for x in b.listeners if x.port == 80))
            for b in state.load_balancers
        ),
    )
    url = f"http://registry.{NAMES.domain}/health"
    down = p.failed("registry.health", "registry", p.page(url, 503))
    for before in (None, state):
        verdict = diagnose([down], state, p.environment(NAMES), before, p.NOW)
        fixes = [c for d in verdict.diagnoses for c in d.remedy.fix if "redirect" in c]
        assert fixes == []


def test_a_service_that_codedeploy_deploys_is_no_command() -> None:
    state, results = faults.plant(faults.by_id("auth-crashes"))
    state = faults.service(state, "auth", controller="CODE_DEPLOY")
    remedy = first(state, p.healthy(NAMES), *results).remedy
    assert remedy.fix == () and remedy.decision


def test_a_remedy_with_neither_fix_nor_decision_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="a fix or a decision"):
        Remedy(summary="Do something.")
