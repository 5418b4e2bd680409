"""What a finding may say beside the platform's past: judged by a rule made for the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from canary.control_plane.baselines import Baseline, Baselines
from canary.control_plane.state import HostAddress, PlatformState
from canary.diagnose.core.accuse import accused
from canary.diagnose.core.case import Case
from canary.diagnose.core.day_before import of_the_day_before
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.own_past import Judge, beside
from canary.model import Confidence, Evidence, Remedy, Result, Status
from tests.canary.support import platforms as p

NAMES = p.Names()
CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
HEALTHY = p.healthy()
# Three platforms that differ in what the rule below looks at.
GOOD = HEALTHY
BAD = p.replace(HEALTHY, namespaces={"bad": "ns"})
RULE = "rule-wrong-target"
LATE_CAUSE = "service-discovery-stale"


def baseline(state: PlatformState, at: str, name: str = "") -> Baseline:
    return Baseline(reference=name or at, state=state, at=at)


def case(
    known: Baselines | None = None, state: PlatformState = BAD, *more: Result, **fields: Any
) -> Case:
    results = (p.failed("a", "registry"), p.failed("b", "registry"), *more)
    return Case(
        results=results, state=state, environment=p.environment(NAMES), previous=None, now=p.NOW,
        baselines=known or Baselines(), **fields,
    )  # fmt: skip


def finding(of: Case, cause: str = RULE, **fields: Any) -> Finding:
    known = {
        "service": "registry", "resource": "thing", "confidence": CERTAIN, "summary": "It is so.",
        "remedy": Remedy(summary="s", fix=("true",), inspect=("look",)),
        "explained_failures": frozenset(of.failures),
    }  # fmt: skip
    return Finding(cause=cause, **known | fields)


def rule(cause: str = RULE, **fields: Any) -> Judge:
    """Return a rule that finds the fault in the bad platform."""

    def judge(of: Case) -> list[Finding]:
        return [finding(of, cause, **fields)] if of.state.namespaces == {"bad": "ns"} else []

    return judge


def one(of: Case, found: Finding, judge: Judge) -> Finding:
    (told,) = accused(of, [found], judge)
    return told


LAST, DAY = p.ago(3), p.ago(60 * 30)


def pasts(
    last: PlatformState, day: PlatformState | None = None, checks: tuple[str, ...] = ("a", "b")
) -> Baselines:
    before = {} if day is None else {c: baseline(day, DAY) for c in checks}
    return Baselines(of={c: baseline(last, LAST) for c in checks}, day_before=before)


def test_what_changed_since_then_is_accused_as_it_was_found() -> None:
    of = case(pasts(GOOD))
    assert one(of, finding(of), rule()) == finding(of)


def test_what_was_so_is_possible_and_says_when() -> None:
    of = case(pasts(BAD))
    told = one(of, finding(of, evidence=(Evidence(resource="x", seen="y"),)), rule())
    assert (told.confidence, told.held) == (POSSIBLE, True)
    assert told.explained_failures == frozenset(of.failures)
    assert told.evidence == (
        Evidence(resource="thing", seen="the same while these checks passed", at=LAST),
        Evidence(resource="x", seen="y"),
    )
    assert told.remedy == Remedy(
        summary="Look for another cause first: this was so while all was well.",
        inspect=("look",),
        decision=(
            f"It was so in the run of {LAST}, in which these checks passed. Decide whether it is"
            " as you want it, and change it only then."
        ),
    )


def test_the_last_run_that_was_well_is_named() -> None:
    known = Baselines(of={"a": baseline(BAD, p.ago(9)), "b": baseline(BAD, p.ago(4))})
    of = case(known)
    assert one(of, finding(of), rule()).evidence[0].at == p.ago(4)


@pytest.mark.parametrize(
    "fields",
    [{"summary": "It is otherwise."}, {"resource": "other"}, {"cause": "rule-missing"}],
    ids=["summary", "resource", "cause"],
)
def test_another_finding_of_the_past_holds_nothing(fields: dict[str, Any]) -> None:
    of = case(pasts(BAD))
    assert one(of, finding(of), rule(**fields)).confidence is CERTAIN


def test_a_finding_of_the_past_for_other_checks_holds_nothing() -> None:
    def judge(of: Case) -> list[Finding]:
        return [finding(of, explained_failures=frozenset())]

    of = case(pasts(BAD))
    assert one(of, finding(of), judge).confidence is CERTAIN


def test_only_failures_whose_checks_were_well_with_it_are_held() -> None:
    known = Baselines(of={"a": baseline(BAD, LAST), "b": baseline(GOOD, LAST)})
    of = case(known)
    told = one(of, finding(of), rule())
    assert {f.check_id for f in told.explained_failures} == {"b"}
    assert (told.confidence, told.held) == (CERTAIN, False)


def test_an_object_that_was_edited_since_accuses() -> None:
    balancer = HEALTHY.load_balancers[0]
    edited = p.change(BAD, "load_balancers", balancer.arn, scheme="internal")
    of = case(pasts(BAD), edited)
    assert one(of, finding(of, resource=balancer.arn), rule(resource=balancer.arn)).held is False
    other = HEALTHY.load_balancers[1].arn
    assert one(of, finding(of, resource=other), rule(resource=other)).held is True
    rules = p.replace(balancer.listeners[1], rules=())
    listeners = (balancer.listeners[0], rules)
    without = p.change(BAD, "load_balancers", balancer.arn, listeners=listeners)
    of = case(pasts(BAD), without)  # a rule is an object of its own
    assert one(of, finding(of, resource=balancer.arn), rule(resource=balancer.arn)).held is True


NAMED: list[tuple[str, str, dict[str, Any]]] = [
    ("target_groups", NAMES.group("auth"), {"port": 9}),
    ("ecs_services", NAMES.of("auth"), {"desired": 9}),
    ("task_definitions", NAMES.revision("auth"), {"revision": 9}),
    ("security_groups", "sg-auth", {"ingress": ()}),
    ("discovery", "auth.hokusai.local", {"id": "x"}),
]


@pytest.mark.parametrize(("kind", "name", "fields"), NAMED, ids=[k for k, *_ in NAMED])
def test_each_kind_of_object_is_compared(kind: str, name: str, fields: dict[str, Any]) -> None:
    edited = p.change(BAD, kind, name, **fields)
    of = case(pasts(BAD), edited)
    assert one(of, finding(of, resource=name), rule(resource=name)).held is False
    of = case(pasts(BAD))
    assert one(of, finding(of, resource=name), rule(resource=name)).held is True


def test_a_listener_and_a_rule_are_compared() -> None:
    balancer = HEALTHY.load_balancers[0]
    secure = balancer.listeners[1]
    edits: list[tuple[str, Callable[[], Any]]] = [
        (secure.arn, lambda: p.replace(secure, ssl_policy="x")),
        (secure.rules[0].arn,
         lambda: p.replace(secure, rules=(p.replace(secure.rules[0], conditions=()),))),
    ]  # fmt: skip
    for name, changed in edits:
        edited = p.change(BAD, "load_balancers", balancer.arn, listeners=(changed(),))
        of = case(pasts(BAD), edited)
        assert one(of, finding(of, resource=name), rule(resource=name)).held is False
        of = case(pasts(BAD))
        assert one(of, finding(of, resource=name), rule(resource=name)).held is True


def test_the_addresses_of_a_public_name_may_be_told_otherwise() -> None:
    hosts = (HostAddress(host="thing"),)
    then = p.replace(BAD, hosts=hosts)
    of = case(pasts(then), then)
    assert one(of, finding(of, summary="now"), rule(summary="then")).held is True
    of = case(pasts(BAD), then)  # nobody had looked the name up then
    assert one(of, finding(of), rule()).held is False
    of = case(pasts(BAD), BAD)
    assert one(of, finding(of, summary="now"), rule(summary="then")).held is False


def test_an_event_since_then_accuses() -> None:
    event = Evidence(resource="task", seen="stopped", at=p.ago(1))
    reading = Evidence(resource="task", seen="stopped", at=HEALTHY.read_at)
    timeless = Evidence(resource="task", seen="stopped")
    of = case(pasts(BAD))
    told = {
        name: one(of, finding(of, evidence=(line,)), rule()).held
        for name, line in (("event", event), ("reading", reading), ("timeless", timeless))
    }
    assert told == {"event": False, "reading": True, "timeless": True}
    assert one(of, finding(of, evidence=(event,)), rule(evidence=(event,))).held is True


def test_a_day_before_without_it_still_accuses_but_later() -> None:
    of = case(pasts(BAD, GOOD))
    told = one(of, finding(of), rule())
    assert (told.confidence, told.held) == (LIKELY, False)
    assert told.explained_failures == frozenset(of.failures)
    of = case(pasts(BAD, BAD))
    assert one(of, finding(of), rule()).held is True
    of = case(pasts(BAD, GOOD))
    possible = finding(of, confidence=POSSIBLE)
    assert one(of, possible, rule(confidence=POSSIBLE)).confidence is POSSIBLE


def test_causes_whose_symptoms_come_late_stay_certain() -> None:
    of = case(pasts(BAD, GOOD))
    assert one(of, finding(of, LATE_CAUSE), rule(LATE_CAUSE)).confidence is CERTAIN


def test_a_check_that_failed_at_once_proves_what_changed() -> None:
    known = Baselines(
        of={"a": baseline(BAD, LAST), "b": baseline(GOOD, p.ago(2))},
        day_before={"a": baseline(GOOD, DAY), "b": baseline(GOOD, DAY)},
    )
    of = case(known)
    told = one(of, finding(of), rule())
    assert (told.confidence, len(told.explained_failures)) == (CERTAIN, 2)


def late(found: Callable[[Case], list[Finding]]) -> Finding:
    """Return a late finding, told by a rule that looks at the platform of the day before."""

    def judge(of: Case) -> list[Finding]:
        if of.previous is not None and of.state.namespaces == {"bad": "ns"}:
            return found(of)
        return rule()(of)

    of = case(pasts(BAD, GOOD))
    return one(of, finding(of), judge)


def test_a_late_finding_is_told_beside_the_platform_of_the_day_before() -> None:
    assert late(lambda of: [finding(of, summary="back")]).summary == "back"
    assert late(lambda of: [finding(of, resource="other", summary="o")]).summary == "o"
    some = frozenset(list(case().failures)[:1])
    assert late(lambda of: [finding(of, summary="x", explained_failures=some)]).summary == "x"
    assert late(lambda of: []).summary == "It is so."
    assert late(lambda of: [finding(of, "rule-missing", summary="x")]).summary == "It is so."
    part = frozenset(list(case().failures)[:1])
    assert (
        late(lambda of: [finding(of, resource="o", summary="x", explained_failures=part)]).summary
        == "It is so."
    )
    assert (
        late(lambda of: [finding(of, resource="o", summary="x"), finding(of, summary="same")])
        .summary
        == "same"
    )  # fmt: skip


def test_the_case_of_the_day_before_has_its_platform_as_the_one_that_was_well() -> None:
    of = case(pasts(BAD, GOOD))
    day = baseline(GOOD, DAY)
    found = beside(of, day)
    assert found.previous == p.replace(GOOD, read_at=DAY)
    assert found.baselines == Baselines(of={"a": day, "b": day}, incident=day)
    assert (found.state, found.now) == (of.state, of.now)


def test_the_past_is_judged_by_its_own_clock_and_once_for_each_reading() -> None:
    seen: list[tuple[Any, Any]] = []

    def judge(of: Case) -> list[Finding]:
        seen.append((of.now, of.previous))
        return rule()(of)

    of = case(pasts(BAD))
    accused(of, [finding(of), finding(of, resource="other")], judge)
    assert seen == [(p.NOW.replace(minute=57, hour=11), None)]
    seen.clear()
    of = case(Baselines(of={"a": baseline(BAD, "no time", "r")}))
    accused(of, [finding(of)], judge)
    assert seen == [(p.NOW, None)]


def test_what_is_not_of_the_control_plane_is_never_held() -> None:
    of = case(pasts(BAD))
    assert one(of, finding(of, "credential-rejected"), rule("credential-rejected")).held is False
    nothing = finding(of, explained_failures=frozenset())
    assert one(of, nothing, rule()) == nothing
    always = finding(of, always_report=True)
    assert one(of, always, rule()) is always


def test_without_a_baseline_a_good_answer_contradicts() -> None:
    url = f"https://registry.{NAMES.domain}/health"
    good = p.failed("c", "registry", p.answer(url, 200), status=Status.PASS)
    of = case(None, BAD, good)
    told = one(of, finding(of, "service-missing"), rule("service-missing"))
    assert (told.confidence, told.held) == (POSSIBLE, True)
    assert told.evidence[0] == Evidence(
        resource=url, seen="200 from the target", expected="no answer, if this were the cause"
    )
    assert told.remedy == Remedy(
        summary="Look for another cause first: an answer of this run contradicts it.",
        inspect=("look",),
        decision=(
            "registry answered in this run. Decide which is right: the environment file, or what"
            " AWS shows."
        ),
    )
    nobody = finding(of, "service-missing", service="")
    assert one(of, nobody, rule("service-missing")).held is False
    of = case(pasts(GOOD), BAD, good)  # what changed is known
    assert one(of, finding(of, "service-missing"), rule("service-missing")).held is False


def test_failures_that_the_cause_cannot_make_are_taken_away() -> None:
    url = f"https://registry.{NAMES.domain}/x"
    refused = p.failed("c", "registry", p.none(url, "refused"))
    of = case(None, BAD, refused)
    told = one(of, finding(of, "security-group-blocked"), rule())
    assert {f.check_id for f in told.explained_failures} == {"a", "b"}


# --- the platform of the day before


def day_case(
    day: PlatformState | None, incident: str = LAST, checks: tuple[str, ...] = ("a",),
    name: str = "",
) -> Case:  # fmt: skip
    before = {} if day is None else {c: baseline(day, DAY, name) for c in checks}
    last = baseline(BAD, LAST)
    known = Baselines(
        of={"a": last, "b": baseline(BAD, "older", "older")},
        incident=replace_reference(last, incident), day_before=before,
    )  # fmt: skip
    return case(known)


def replace_reference(found: Baseline, name: str) -> Baseline:
    return p.replace(found, reference=name)


def by_the_past(of: Case) -> list[Finding]:
    """Find something where the platform that was well is another one than now."""
    was = of.previous.namespaces if of.previous else {}
    changed = was != of.state.namespaces
    return [finding(of), finding(of, "credential-rejected")] if changed else []


def test_a_change_of_the_day_before_is_possible() -> None:
    of = day_case(GOOD)
    (told,) = of_the_day_before(of, [], by_the_past)
    assert (told.cause, told.confidence) == (RULE, POSSIBLE)
    assert of_the_day_before(of, [finding(of)], by_the_past) == []
    (again,) = of_the_day_before(of, [finding(of, resource="other")], by_the_past)
    assert again == told


def test_its_failures_are_those_that_the_cause_can_make() -> None:
    url = f"https://registry.{NAMES.domain}/x"
    refused = p.failed("c", "registry", p.none(url, "refused"))
    of = replace(day_case(GOOD), results=(refused,))

    def judge(one: Case) -> list[Finding]:
        return [finding(one, "security-group-blocked")]

    (told,) = of_the_day_before(of, [], judge)
    assert told.explained_failures == frozenset()


@pytest.mark.parametrize(
    "of",
    [
        case(),
        case(Baselines(of={"a": baseline(BAD, LAST)}, day_before={"a": baseline(GOOD, DAY)})),
        day_case(None),
        day_case(GOOD, name=LAST),  # the same platform
        day_case(GOOD, checks=("b",)),  # of a check that failed before the incident
        day_case(GOOD, incident="unknown"),
    ],
    ids=["nothing", "no incident", "no day", "the same", "another check", "another incident"],
)
def test_where_no_day_before_is_known_nothing_is_told(of: Case) -> None:
    assert of_the_day_before(of, [], by_the_past) == []
