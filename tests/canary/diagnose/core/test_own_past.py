"""A finding is told beside the platform in which its own checks were well last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from canary.control_plane.baselines import Baseline, Baselines
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.own_past import OwnPast, beside
from canary.model import Remedy
from tests.canary.support import platforms as p

OLD, MIDDLE, NEW = (
    Baseline(reference=name, state=p.replace(p.healthy(), read_at=f"read {name}"), at=p.ago(age))
    for name, age in (("old", 90), ("middle", 60), ("new", 30))
)
A, B, C = (p.failed(name, "registry") for name in "abc")


def case(incident: Baseline | None = OLD, **of: Baseline) -> Case:
    return Case(
        results=(A, B, C), state=p.healthy(), environment=p.environment(p.Names()),
        previous=None, now=p.NOW, baselines=Baselines(of=of, incident=incident),
    )  # fmt: skip


def finding(of: Case, *checks: str, resource: str = "r", **more: object) -> Finding:
    known = Finding(
        cause="rule-missing", service="registry", resource=resource, summary="today",
        remedy=Remedy(summary="s", decision="d"),
        explained_failures=frozenset(f for f in of.failures if f.check_id in checks),
    )  # fmt: skip
    return replace(known, **more)  # type: ignore[arg-type]  # fields of the test's choice


class Judging:
    """Tells of each past which one it is, and counts how often it was asked."""

    def __init__(self, *findings: Finding) -> None:
        self.findings, self.asked = findings, list[str]()

    def __call__(self, of: Case) -> Iterable[Finding]:
        assert of.baselines.incident is not None
        self.asked.append(of.baselines.incident.reference)
        return (replace(f, summary=f"beside {self.asked[-1]}") for f in self.findings)


def told(of: Case, one: Finding) -> tuple[str, list[str]]:
    judge = Judging(replace(one, resource="other"), replace(one, cause="rule-shadowed"), one)
    return OwnPast(of, judge).described(one).summary, judge.asked


def test_a_newer_past_of_its_own_checks_tells_it() -> None:
    of = case(a=NEW)
    assert told(of, finding(of, "a")) == ("beside new", ["new"])


def test_of_several_checks_the_oldest_past_counts() -> None:
    of = case(a=NEW, b=MIDDLE, c=OLD)
    assert told(of, finding(of, "a", "b")) == ("beside middle", ["middle"])
    assert told(of, finding(of, "a", "b", "c")) == ("today", [])


SAME_TIME = p.replace(NEW, at=OLD.at)
SAME_STATE = p.replace(NEW, reference=OLD.reference)


@pytest.mark.parametrize(
    ("of", "checks"),
    [
        (case(), "a"), (case(b=NEW), "a"), (case(None, a=NEW), "a"), (case(a=OLD), "a"),
        (case(MIDDLE, a=OLD), "a"), (case(a=SAME_TIME), "a"), (case(a=SAME_STATE), "a"),
        (case(a=NEW), ""),
    ],
    ids=["none known", "of another check", "no incident", "the same", "older", "of the same time",
         "of the same state", "no check"],
)  # fmt: skip
def test_else_it_is_told_as_it_is(of: Case, checks: str) -> None:
    assert told(of, finding(of, *checks)) == ("today", [])


def test_what_is_always_told_has_no_past() -> None:
    of = case(a=NEW)
    assert told(of, finding(of, "a", always_report=True)) == ("today", [])


def test_a_past_in_which_it_is_not_found_tells_nothing() -> None:
    of = case(a=NEW)
    one = finding(of, "a")
    past = OwnPast(of, Judging(replace(one, resource="other"), replace(one, cause="other")))
    assert past.described(one) is one


def test_each_past_is_judged_once() -> None:
    of = case(a=NEW, b=MIDDLE)
    judge = Judging(finding(of, "a"))
    past = OwnPast(of, judge)
    for checks in ("a", "a", "b", "a"):
        assert past.described(finding(of, checks)).summary.startswith("beside ")
    assert judge.asked == ["new", "middle"]


def test_an_earlier_platform_is_the_one_that_was_well_for_every_check() -> None:
    found = beside(case(a=OLD, b=MIDDLE), NEW)
    assert found.previous == p.replace(NEW.state, read_at=NEW.at)
    assert found.baselines == Baselines(of={"a": NEW, "b": NEW}, incident=NEW)
    assert (found.results, found.state) == ((A, B, C), p.healthy())
