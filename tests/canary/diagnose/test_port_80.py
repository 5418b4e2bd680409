"""A rule of port 80 that does not redirect to HTTPS is named."""

from __future__ import annotations

from canary.control_plane.state import Action, Condition, Forward, Listener, PlatformState, Rule
from canary.diagnose import diagnose
from canary.model import Explanation, Result
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

PLAIN = f"http://registry.{faults.NAMES.domain}/health"
GONE = Action(type="fixed-response", status_code="410")


def judge(
    state: PlatformState, *results: Result, before: PlatformState | None = None
) -> Explanation:
    was = before or p.healthy()
    return diagnose(list(results), state, p.environment(faults.NAMES), was, p.NOW)


def port_80(state: PlatformState, *rules: Rule, there: bool = True) -> PlatformState:
    """Return the state with other rules on the registry's port 80, or without the listener."""

    def change(listener: Listener) -> Listener:
        kept = tuple(r for r in listener.rules if r.priority not in {x.priority for x in rules})
        return p.replace(listener, rules=(*rules, *kept)) if listener.port == 80 else listener

    balancers = tuple(
        p.replace(b, listeners=tuple(change(x) for x in b.listeners if there or x.port != 80))
        if "registry" in b.name
        else b
        for b in state.load_balancers
    )
    return p.replace(state, load_balancers=balancers)


def failures(status: int = 410) -> list[Result]:
    seen = p.answer(PLAIN, status, answered_by="balancer", content_type="text/plain")
    return [
        p.failed("registry.https-redirect", "registry", seen),
        p.control("listener_rule", "registry", "listener 80 redirects"),
    ]


def test_a_default_that_serves_explains_the_request_and_the_routing_check() -> None:
    to_api = Action(
        type="forward", forwards=(Forward(target_group=faults.NAMES.group("registry")),)
    )
    state = port_80(p.healthy(), Rule(arn="arn:80/default", priority="default", action=to_api))
    verdict = judge(state, *failures(200))
    (found,) = verdict.diagnoses
    assert (found.cause, verdict.unexplained) == ("rule-wrong-target", ())
    assert len(found.explains) == 2


def test_a_missing_listener_explains_the_request_and_the_routing_check() -> None:
    refused = p.failed("registry.https-redirect", "registry", p.none(PLAIN, "refused"))
    verdict = judge(port_80(p.healthy(), there=False), refused, failures()[1])
    (found,) = verdict.diagnoses
    assert (found.cause, verdict.unexplained) == ("listener-missing", ())
    assert "create-listener" in found.remedy.fix[0]


def test_a_rule_before_the_redirect_is_in_its_way() -> None:
    paths = (Condition(field="path-pattern", values=("/health",)),)
    rule = Rule(arn="arn:80/3", priority="3", conditions=paths, action=GONE)
    (found,) = judge(port_80(p.healthy(), rule), failures()[0]).diagnoses
    assert (found.cause, found.resource) == ("rule-shadowed", "arn:80/3")
    assert "delete-rule" in found.remedy.fix[0]


def test_a_new_rule_that_carries_other_paths_as_well_is_a_decision() -> None:
    paths = (Condition(field="path-pattern", values=("/health", "/.well-known/acme/*")),)
    rule = Rule(arn="arn:80/3", priority="3", conditions=paths, action=GONE)
    (found,) = judge(port_80(p.healthy(), rule), failures()[0]).diagnoses
    assert found.remedy.fix == ()
    assert found.remedy.decision == (
        "Rule 3 of port 80 is new and carries /.well-known/acme/* as well: decide what it shall"
        " keep."
    )


def test_a_new_rule_for_another_host_as_well_is_a_decision() -> None:
    hosts = Condition(
        field="host-header", values=(f"registry.{faults.NAMES.domain}", "shop.example")
    )
    rule = Rule(arn="arn:80/3", priority="3", conditions=(hosts,), action=GONE)
    state = port_80(p.healthy(), rule)
    (found,) = judge(state, failures()[0]).diagnoses
    assert found.remedy.fix == ()
    assert found.remedy.decision == (
        "Rule 3 of port 80 is new and carries shop.example as well: decide what it shall keep."
    )
    environment = p.environment(faults.NAMES)
    (found,) = diagnose([failures()[0]], state, environment, None, p.NOW).diagnoses
    assert found.remedy.fix == ()
    assert found.remedy.decision == (
        "Rule 3 of port 80 carries shop.example as well: decide what it shall keep."
    )


def test_a_rule_that_redirected_before_is_not_deleted_but_redirects_again() -> None:
    paths = (Condition(field="path-pattern", values=("/health",)),)
    to_443 = Action(type="redirect", status_code="HTTP_301", redirect="HTTPS://#{host}:443/#{path}")
    rule = Rule(arn="arn:80/3", priority="3", conditions=paths, action=to_443)
    state = port_80(p.healthy(), p.replace(rule, action=GONE))
    before = port_80(p.healthy(), rule)
    (found,) = judge(state, failures()[0], before=before).diagnoses
    (command,) = found.remedy.fix
    assert "modify-rule" in command and '"Type":"redirect"' in command
    assert "--conditions" not in command


TO_443 = Action(type="redirect", status_code="HTTP_301", redirect="HTTPS://#{host}:443/#{path}")
HEALTH = (Condition(field="path-pattern", values=("/health",)),)
REDIRECTS = Rule(arn="arn:80/3", priority="3", conditions=HEALTH, action=TO_443)
GOES = Rule(arn="arn:80/9", priority="9", conditions=HEALTH, action=GONE)


def test_a_rule_that_only_changed_its_place_goes_back_to_it() -> None:
    """It was dead behind the redirect, as it was written, and now stands before it."""
    before = port_80(p.healthy(), REDIRECTS, GOES)
    state = port_80(p.healthy(), p.replace(GOES, priority="2"), REDIRECTS)
    (found,) = judge(state, failures()[0], before=before).diagnoses
    (command,) = found.remedy.fix
    assert "set-rule-priorities" in command
    assert '[{"RuleArn":"arn:80/9","Priority":9}]' in command


def test_a_rule_that_changed_its_place_and_its_action_gets_both_back() -> None:
    before = port_80(p.healthy(), REDIRECTS)
    state = port_80(p.healthy(), p.replace(REDIRECTS, priority="5", action=GONE))
    (found,) = judge(state, failures()[0], before=before).diagnoses
    assert [c.split()[2] for c in found.remedy.fix] == ["modify-rule", "set-rule-priorities"]


def test_a_rule_whose_place_another_one_has_now_is_a_decision() -> None:
    before = port_80(p.healthy(), REDIRECTS, GOES)
    theirs = Rule(arn="arn:80/new", priority="9", conditions=HEALTH, action=TO_443)
    state = port_80(p.healthy(), p.replace(GOES, priority="2"), REDIRECTS, theirs)
    (found,) = judge(state, failures()[0], before=before).diagnoses
    assert found.remedy.fix == ()
    assert found.remedy.decision == (
        "Decide whether port 80 shall redirect to HTTPS, or serve by itself."
    )


def test_a_rule_that_is_as_it_was_is_no_edit() -> None:
    """The redirect before it was deleted; the rule behind it did not change."""
    before = port_80(p.healthy(), REDIRECTS, GOES)
    (found,) = judge(port_80(p.healthy(), GOES), failures()[0], before=before).diagnoses
    assert found.remedy.fix == ()
    assert found.remedy.decision == (
        "Decide whether port 80 shall redirect to HTTPS, or serve by itself."
    )


def test_what_is_wrong_on_443_does_not_explain_port_80() -> None:
    state, results = faults.plant(faults.by_id("mlflow-path-to-mlflow"))
    to_old = Action(type="redirect", status_code="HTTP_301", redirect="HTTP://#{host}:8080/")
    state = port_80(state, Rule(arn="arn:80/default", priority="default", action=to_old))
    verdict = judge(state, *results, *failures(301))
    assert [d.cause for d in verdict.diagnoses] == ["rule-wrong-target", "rule-wrong-target"]
    assert verdict.unexplained == ()


def test_without_a_baseline_it_redirects_to_the_port_of_the_service_s_address() -> None:
    to_old = Action(type="redirect", status_code="HTTP_301", redirect="HTTP://#{host}:8080/")
    rule = Rule(arn="arn:80/default", priority="default", action=to_old)
    base = p.environment(faults.NAMES)
    host = f"registry.{faults.NAMES.domain}"
    registry = p.replace(base.services["registry"], url=f"https://{host}:8443", connect_to={})
    environment = p.replace(base, services={**base.services, "registry": registry})

    def on_8443(listener: Listener) -> Listener:
        return p.replace(listener, port=8443) if listener.port == 443 else listener

    state = port_80(p.healthy(), rule)
    moved = tuple(
        p.replace(b, listeners=tuple(map(on_8443, b.listeners))) for b in state.load_balancers
    )
    found = diagnose(
        failures(301), p.replace(state, load_balancers=moved), environment, None, p.NOW
    ).diagnoses[0]
    (fix,) = found.remedy.fix
    assert '"Port":"8443"' in fix and "443" not in fix.replace("8443", "")
