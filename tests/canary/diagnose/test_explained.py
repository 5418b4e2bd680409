"""How what the rules find becomes an explanation: sureness, rank, evidence, what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from canary.control_plane.baselines import NO_BASELINES, Baseline, Baselines
from canary.control_plane.state import PlatformState, Unavailable
from canary.diagnose import diagnose
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.slices import Slices
from canary.diagnose.rules import Rule
from canary.model import Confidence, Evidence, Explanation, Remedy, Result, Severity
from tests.canary.support import platforms as p

A = p.failed("a", "registry", severity=Severity.LOW)
B = p.failed("b", "registry", severity=Severity.HIGH)
Find = Callable[[Case], Iterator[Finding]]


def saying(cause: str, *checks: str, **more: Any) -> Find:
    """Return a rule that finds a cause of these checks' failures."""

    def find(case: Case) -> Iterator[Finding]:
        known = {
            "service": "registry", "resource": cause, "summary": cause,
            "remedy": Remedy(summary="s", decision="d"),
        }  # fmt: skip
        failures = frozenset(f for f in case.failures if f.check_id in checks)
        yield Finding(cause=cause, explained_failures=failures, **{**known, **more})

    return find


def told(
    *rules: Rule, results: tuple[Result, ...] = (A, B), state: PlatformState | None = None,
    baselines: Baselines = NO_BASELINES, slices: Slices | None = None,
) -> Explanation:  # fmt: skip
    return diagnose(
        results, state or p.healthy(), p.environment(p.Names()), None, p.NOW, baselines, slices,
        rules,
    )  # fmt: skip


def rule(find: Find, rank: int = 50, **more: Any) -> Rule:
    return Rule(find=find, rank=rank, **more)


def unread(*actions: str) -> PlatformState:
    gaps = tuple(Unavailable(action=a, resource="*", code="x", reason="y") for a in actions)
    return p.replace(p.healthy(), unavailable=gaps)


CERTAIN = {"confidence": Confidence.CERTAIN}


def test_what_nothing_explains_is_left_by_its_check() -> None:
    assert told() == Explanation(diagnoses=(), unexplained=("a", "b"))
    found = told(rule(saying("rule-missing", "a", **CERTAIN)))
    assert [d.cause for d in found.diagnoses] == ["rule-missing"]
    assert (found.unexplained, found.notes) == (("b",), ())
    assert told(results=()) == Explanation()


def test_a_check_of_which_a_part_is_explained_is_not_left() -> None:
    steps = tuple(p.failed("a", "registry", step=n).steps[0] for n in ("one", "two"))
    both = p.result("a", "registry", *steps)

    def find(case: Case) -> Iterator[Finding]:
        for found in saying("rule-missing", "a", **CERTAIN)(case):
            (one, *_) = sorted(found.explained_failures, key=lambda f: f.position)
            yield replace(found, explained_failures=frozenset({one}))

    assert told(rule(find), results=(both, B)).unexplained == ("b",)


def test_a_rule_runs_where_a_check_fails_and_what_it_needs_was_read() -> None:
    one = saying("rule-missing", "a", **CERTAIN)
    assert told(rule(one, needs=("x:Y",))).diagnoses
    assert not told(rule(one, needs=("x:Y", "x:Z")), state=unread("x:Z")).diagnoses
    always = saying("canary-permission-denied", always_report=True)
    assert not told(rule(always), results=()).diagnoses
    assert told(rule(always, without_failures=True), results=()).diagnoses


@pytest.mark.parametrize(
    ("missing", "sure", "line"),
    [
        ((), "CERTAIN", ()), (("x:Other",), "CERTAIN", ()),
        (("x:A",), "LIKELY", ("x:A",)), (("x:A", "x:B"), "LIKELY", ("x:A, x:B",)),
    ],
)  # fmt: skip
def test_where_a_reading_is_missing_it_is_likely_at_most(
    missing: tuple[str, ...], sure: str, line: tuple[str, ...]
) -> None:
    of = rule(saying("rule-missing", "a", **CERTAIN), also=("x:A", "x:B"))
    (found,) = told(of, state=unread(*missing)).diagnoses
    assert found.confidence.value == sure
    gaps = [e for e in found.evidence if e.seen == "could not be read"]
    assert [(e.resource, e.expected) for e in gaps] == [(one, "read") for one in line]
    guess = rule(saying("rule-missing", "a", confidence=Confidence.POSSIBLE), also=("x:A", "x:B"))
    (found,) = told(guess, state=unread(*missing)).diagnoses
    assert found.confidence.value == "POSSIBLE"
    assert not [e for e in found.evidence if e.seen == "could not be read"]


def test_the_evidence_of_a_finding_comes_before_that_of_its_failures_and_once() -> None:
    own = Evidence(resource="r", seen="s", expected="e")

    def lines(**more: Any) -> list[str]:
        find = saying("rule-missing", "a", "b", evidence=(own, own), **CERTAIN, **more)
        (found,) = told(rule(find)).diagnoses
        return [e.resource for e in found.evidence]

    first, *rest = lines()
    assert first == "r" and len(rest) == 1  # both failures say the same
    assert lines(shown_failures=0) == ["r"]


def test_a_finding_has_the_rank_of_its_rule_where_it_has_none() -> None:
    def order(low: int, high: int, **more: Any) -> list[str]:
        rules = (
            rule(saying("rule-missing", "a", **CERTAIN), high),
            rule(saying("listener-missing", "b", **CERTAIN, **more), low),
        )
        return [d.cause for d in told(*rules).diagnoses]

    assert order(10, 50) == ["listener-missing", "rule-missing"]
    assert order(50, 10) == ["rule-missing", "listener-missing"]
    assert order(50, 10, rank=0) == ["listener-missing", "rule-missing"]


# --- the past

WELL = Baseline(reference="well", state=p.replace(p.healthy(), read_at="well"), at=p.ago(30))
DAY = Baseline(reference="day", state=p.replace(p.healthy(), read_at="day"), at=p.ago(2000))


def test_a_rule_that_finds_nothing_is_not_asked_about_the_past() -> None:
    asked: list[str] = []

    def silent(case: Case) -> Iterator[Finding]:
        asked.append(case.state.read_at)
        yield from ()

    now = p.replace(p.healthy(), read_at="now")
    known = Baselines(of={"a": WELL}, incident=WELL)
    rules = rule(silent), rule(saying("rule-missing", "a", **CERTAIN))
    (found,) = told(*rules, state=now, baselines=known).diagnoses
    assert found.remedy.summary == ("Look for another cause first: this was so while all was well.")
    assert asked == ["now"]


def test_what_only_the_day_before_shows_is_told_as_possible() -> None:
    def beside_the_day(case: Case) -> Iterator[Finding]:
        incident = case.baselines.incident
        if incident is not None and incident.reference == "day":
            yield from saying("rule-missing", "a", **CERTAIN)(case)

    known = Baselines(of={"a": WELL}, incident=WELL, day_before={"a": DAY})
    (found,) = told(rule(beside_the_day), baselines=known).diagnoses
    assert (found.cause, found.confidence.value) == ("rule-missing", "POSSIBLE")


# --- lost rules


def test_all_is_said_anew_without_a_rule_that_is_lost() -> None:
    calls: list[str] = []

    def breaks_later(case: Case) -> Iterator[Finding]:
        calls.append("x")
        if len(calls) > 1:
            raise KeyError("k")
        yield from saying("rule-missing", "a", **CERTAIN)(case)

    slices = Slices(lambda _seconds, action: action(), 1.0)
    known = Baselines(of={"a": WELL}, incident=WELL)
    found = told(rule(breaks_later), baselines=known, slices=slices)
    assert (found.diagnoses, found.unexplained) == ((), ("a", "b"))
    (note,) = found.notes
    assert "breaks_later of the diagnosis failed" in note and note.endswith("KeyError: 'k'")
    with pytest.raises(KeyError):
        told(rule(breaks_later))
