"""A request that AWS WAF ends: CERTAIN by the canary's own sample alone, and never weakened."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.edge.web_acl import AclRule, Association, OwnRequest, WebAcl
from canary.control_plane.state import PlatformState
from canary.diagnose import diagnose
from canary.diagnose.balancer.blocked import blocked
from canary.diagnose.core.case import Case
from canary.model import Confidence, Diagnosis, Exchange
from tests.canary.diagnose.balancer.test_meanings import (
    BALANCER,
    Change,
    counted,
    diagnosed,
    same,
)
from tests.canary.support import own_answers as made
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

PAGE = made.own(faults.PROXY, 403)
OWN = OwnRequest(
    method="GET", path=p.API_PATH, action="BLOCK", at=p.ago(20), status=403, run_id="now",
    of_this_run=True,
)  # fmt: skip
BEFORE = p.replace(OWN, run_id="before", of_this_run=False, at=p.ago(10))
TARGETS_ALONE = counted("HTTPCode_Target_4XX_Count")


def rule(*own: OwnRequest, **more: Any) -> AclRule:
    known = {"name": "no-bots", "action": "BLOCK", "metric": "m", "sampled": True, "own": own}
    return AclRule(**{**known, "ended": len(own), **more})


def behind(*rules: AclRule, name: str = "guard") -> PlatformState:
    acl = WebAcl(arn="arn:acl", name=name, rules=rules)
    association = Association(load_balancer=BALANCER.arn, acl=acl)
    return p.replace(p.healthy(), web_acls=(association,))


def told(
    state: PlatformState, answer: Exchange = PAGE, before: PlatformState | None = None
) -> Diagnosis | None:
    found = diagnosed(answer, state, before)
    return next((d for d in found if d.cause == "request-blocked"), None)


def test_the_canary_s_own_sample_is_certain_and_names_the_rule() -> None:
    found = told(behind(rule(name="other"), rule(OWN)))
    assert found is not None
    assert (found.confidence, found.resource) == (Confidence.CERTAIN, "arn:acl")
    assert found.summary == (
        'The rule "no-bots" of the web ACL "guard" ends the canary\'s request with BLOCK.'
    )
    assert found.evidence[0].at == OWN.at
    assert found.evidence[0].resource == f"GET {p.API_PATH}"


def test_the_rule_within_a_group_is_named_too() -> None:
    found = told(behind(rule(p.replace(OWN, inner="AWS#Common#NoUserAgent"), action="GROUP")))
    assert found is not None
    assert '"no-bots" ("AWS#Common#NoUserAgent")' in found.summary


@pytest.mark.parametrize(
    "request_",
    [
        p.replace(OWN, path="/another"),
        p.replace(OWN, method="POST"),
        p.replace(OWN, status=429),
    ],
)
def test_another_request_of_the_canary_proves_nothing_of_this_one(request_: OwnRequest) -> None:
    found = told(behind(rule(request_)))
    assert found is not None and found.confidence is Confidence.LIKELY


@pytest.mark.parametrize("action", ["CAPTCHA", "CHALLENGE"])
def test_only_block_is_certain(action: str) -> None:
    found = told(behind(rule(p.replace(OWN, action=action), action=action)))
    assert found is not None and found.confidence is Confidence.LIKELY


def test_a_web_acl_without_a_sample_of_the_canary_is_likely() -> None:
    found = told(behind(rule(ended=3)))
    assert found is not None and found.confidence is Confidence.LIKELY
    assert 'It ended requests lately by "no-bots".' in found.summary
    assert found.evidence[0].seen == "3 sampled requests were ended, none known as the canary's"


def test_samples_that_could_not_be_read_are_said() -> None:
    found = told(behind(rule(sampled=False)))
    assert found is not None and found.confidence is Confidence.LIKELY
    assert found.evidence[0].seen == "its sampled requests could not be read"


def test_counters_of_targets_alone_make_it_possible() -> None:
    found = told(counted("HTTPCode_Target_4XX_Count")(behind(rule())))
    assert found is not None and found.confidence is Confidence.POSSIBLE


@pytest.mark.parametrize(
    ("own", "change", "confidence"),
    [
        ((OWN,), counted("HTTPCode_ELB_4XX_Count"), Confidence.CERTAIN),
        ((BEFORE, OWN), same, Confidence.CERTAIN),  # this run's counts, whichever is newer
        ((BEFORE,), same, Confidence.LIKELY),
        ((OWN,), TARGETS_ALONE, Confidence.LIKELY),
        ((BEFORE,), TARGETS_ALONE, Confidence.POSSIBLE),
    ],
)
def test_a_sample_is_certain_of_this_run_alone_and_where_no_counter_speaks_against(
    own: tuple[OwnRequest, ...], change: Change, confidence: Confidence
) -> None:
    found = told(change(behind(rule(*own))))
    assert found is not None
    assert (found.confidence, found.evidence[0].at) == (confidence, own[-1].at)


def test_a_custom_response_of_a_rule_is_certain_by_the_sample_and_else_possible() -> None:
    answer = p.answer(faults.PROXY, 429, '{"slow": "down"}', answered_by="balancer")
    sure = told(behind(rule(p.replace(OWN, status=429))), answer)
    assert sure is not None and sure.confidence is Confidence.CERTAIN
    perhaps = told(behind(rule()), answer)
    assert perhaps is not None and perhaps.confidence is Confidence.POSSIBLE
    assert told(p.healthy(), answer) is None


def test_without_a_web_acl_nothing_is_blocked() -> None:
    none = p.replace(p.healthy(), web_acls=(Association(load_balancer=BALANCER.arn),))
    assert told(none) is None


def test_a_web_acl_that_was_not_read_is_possible() -> None:
    found = told(p.healthy())
    assert found is not None and found.confidence is Confidence.POSSIBLE
    assert "Its web ACL was not read." in found.summary


def test_a_target_s_own_403_is_not_waf_s() -> None:
    answer = p.answer(faults.PROXY, 403, '{"detail": "forbidden"}')
    assert told(behind(rule(ended=5)), answer) is None


def test_a_web_acl_that_was_there_while_all_was_well_accuses_by_a_sample_alone() -> None:
    state = behind(rule())
    held = told(state, before=state)
    assert held is not None and held.confidence is Confidence.POSSIBLE
    sure = told(behind(rule(OWN)), before=state)
    assert sure is not None and sure.confidence is Confidence.CERTAIN


@pytest.mark.parametrize(
    "name", ["$(touch /tmp/x)", "--profile", "aws wafv2 delete-web-acl", "\x1b[2J"]
)
def test_a_hostile_name_is_quoted_and_no_part_of_a_command(name: str) -> None:
    found = told(behind(rule(OWN, name=name), name=name))
    assert found is not None
    assert all(name not in c for c in (*found.remedy.inspect, *found.remedy.verify))
    assert name in found.summary.replace("\\u001b", "\x1b")
    assert "\x1b" not in found.summary


def test_nothing_that_weakens_the_firewall_is_printed() -> None:
    found = told(behind(rule(OWN)))
    assert found is not None
    assert found.remedy.fix == ()
    assert [c.split()[2] for c in found.remedy.inspect] == ["get-web-acl-for-resource"]
    for words in ("exclude this path", "label", "Count", "Do not take the web ACL away"):
        assert words in found.remedy.decision


LOOK = f"aws wafv2 get-web-acl-for-resource --region us-east-1 --resource-arn {BALANCER.arn}"


def test_the_remedy_shows_the_web_acl_and_takes_nothing_away() -> None:
    found = told(behind(rule(OWN)))
    assert found is not None
    assert (found.remedy.inspect, found.remedy.fix) == ((LOOK,), ())
    assert found.remedy.summary == (
        'Decide about the rule of the web ACL "guard" that ends the request.'
    )
    assert found.remedy.decision == (
        "Decide with whoever owns the web ACL whether the rule is right. AWS's ways to let good"
        " requests pass: exclude this path in the rule's statement, match a label of the rule in a"
        " later one, or set this one rule to Count while you look. Do not take the web ACL away."
    )


@pytest.mark.parametrize(
    ("status", "named"), [(403, True), (405, True), (500, True), (404, False), (501, False)]
)
def test_the_pages_of_aws_waf_have_three_codes(status: int, named: bool) -> None:
    found = told(behind(rule()), made.own(faults.PROXY, status))
    assert (found is not None) is named
    assert found is None or found.confidence is (
        Confidence.LIKELY if status == 403 else Confidence.POSSIBLE
    )


def test_a_web_acl_without_rules_that_end_requests_is_possible() -> None:
    found = told(behind())
    assert found is not None and found.confidence is Confidence.POSSIBLE
    assert found.summary == (
        'The web ACL "guard" stands before the load balancer, which answers 403 by itself.'
    )


def test_three_rules_that_ended_requests_are_named() -> None:
    rules = [rule(name=f"r{k}", ended=k) for k in range(5)]
    found = told(behind(*rules))
    assert found is not None
    assert found.summary.endswith('It ended requests lately by "r1", "r2", "r3".')
    assert found.evidence[0].seen == "10 sampled requests were ended, none known as the canary's"


def test_a_web_acl_that_was_not_read_is_possible_for_403_alone() -> None:
    found = told(p.healthy())
    assert found is not None
    assert (found.confidence, found.resource) == (Confidence.POSSIBLE, BALANCER.arn)
    assert found.summary.endswith("Its web ACL was not read.")
    assert found.remedy.summary == "Decide about the rule that ends the request."
    other = told(p.healthy(), made.own(faults.PROXY, 405))
    assert other is None or "Its web ACL was not read." not in other.summary


def of_run(*actions: str, **more: Any) -> Confidence:
    """Return how sure samples of several requests of this run make."""
    results = [
        p.failed(f"registry.{k}", "registry", p.replace(PAGE, url=f"{faults.REGISTRY}/p{k}"))
        for k in range(len(actions))
    ]
    own = [p.replace(OWN, path=f"/p{k}", action=action, **more) for k, action in enumerate(actions)]
    verdict = diagnose(results, behind(rule(*own)), p.environment(faults.NAMES), None, p.NOW)
    (found,) = [d for d in verdict.diagnoses if d.cause == "request-blocked"]
    assert set(found.explains) == {r.check_id for r in results}
    return found.confidence


def test_several_requests_are_certain_where_all_were_blocked() -> None:
    assert of_run("BLOCK", "BLOCK") is Confidence.CERTAIN
    assert of_run("BLOCK", "CAPTCHA") is Confidence.LIKELY
    assert of_run("BLOCK", "BLOCK", of_this_run=False) is Confidence.LIKELY


def test_each_rule_explains_the_requests_that_it_ended() -> None:
    results = [
        p.failed(f"registry.{k}", "registry", p.replace(PAGE, url=f"{faults.REGISTRY}/p{k}"))
        for k in range(3)
    ]
    rules = (
        rule(p.replace(OWN, path="/p0"), name="first"),
        rule(p.replace(OWN, path="/p0"), p.replace(OWN, path="/p1"), name="second"),
    )
    case = Case(results=tuple(results), state=behind(*rules), previous=None, now=p.NOW,
                environment=p.environment(faults.NAMES))  # fmt: skip
    found = {f.summary.split('"')[1]: f for f in blocked(case)}
    assert {n: {x.check_id for x in f.explained_failures} for n, f in found.items()} == {
        "first": {"registry.0"}, "second": {"registry.1"}, "guard": {"registry.2"},
    }  # fmt: skip


def test_the_status_of_a_sample_may_be_unknown() -> None:
    found = told(behind(rule(p.replace(OWN, status=0))))
    assert found is not None and found.confidence is Confidence.CERTAIN
