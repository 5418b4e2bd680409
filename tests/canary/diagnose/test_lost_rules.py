"""One rule that raises or never returns costs itself alone, and the report says which."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from canary.adapters.deadlines import cut_after
from canary.control_plane.baselines import NO_BASELINES, Baseline, Baselines
from canary.control_plane.stable import reference
from canary.control_plane.state import TargetHealth
from canary.diagnose import diagnose
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.slices import Slices
from canary.diagnose.rules import RULES, Rule
from canary.model import Explanation
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

OWN = p.ADDRESSES["auth"]
UNHEALTHY = TargetHealth(id=OWN, port=9000, state="unhealthy", reason="Target.Timeout",
                         description="Request timed out")  # fmt: skip
BROKEN = p.change(p.healthy(), "target_groups", faults.NAMES.group("auth"), targets=(UNHEALTHY,))
CHECK = p.control("target_group", "auth")
ports = next(r for r in RULES if r.name == "targets.ports.ports")


def raises(_case: Case) -> Iterator[Finding]:
    raise RuntimeError("a bug")


def raises_at_the_end(case: Case) -> Iterator[Finding]:
    yield from ports.find(case)
    raise RuntimeError("a bug")


def raises_of_the_past(case: Case) -> Iterator[Finding]:
    if case.previous is None:
        raise RuntimeError("a bug")
    yield from ports.find(case)


def loops(_case: Case) -> Iterator[Finding]:
    while True:
        pass
    yield


def backtracks(_case: Case) -> Iterator[Finding]:
    re.match(r"(a+)+$", "a" * 64 + "b")
    yield from ()


def explain(rules: tuple[Rule, ...], slices: Slices | None, known: Baselines) -> Explanation:
    where = p.environment(faults.NAMES)
    return diagnose([CHECK], BROKEN, where, p.healthy(), p.NOW, known, slices, rules)


def beside(find: object) -> tuple[Rule, ...]:
    """Return all rules and one more."""
    return (Rule(find=find, rank=5), *RULES)  # type: ignore[arg-type]  # typed by each test


def instead(find: object) -> tuple[Rule, ...]:
    """Return all rules with another one in the place of the one that knows the cause."""
    other = Rule(find=find, rank=ports.rank)  # type: ignore[arg-type]  # typed by each test
    return tuple(other if r is ports else r for r in RULES)


@pytest.mark.parametrize(
    ("find", "why"),
    [
        (raises, "RuntimeError: a bug"),
        (loops, "TimeoutError: not done within 1.5 s"),
        (backtracks, "TimeoutError: not done within 1.5 s"),
    ],
)
def test_a_lost_rule_is_named_and_all_others_explain(find: object, why: str) -> None:
    whole = explain(RULES, None, NO_BASELINES)
    assert [d.cause for d in whole.diagnoses] == ["port-mismatch"]
    found = explain(beside(find), Slices(cut_after, 1.5), NO_BASELINES)
    name = f"tests.canary.diagnose.test_lost_rules.{find.__name__}"  # type: ignore[attr-defined]  # a function
    assert found.notes == (
        f"the rule {name} of the diagnosis failed, so this run cannot name its causes: {why}",
    )
    assert (found.diagnoses, found.unexplained) == (whole.diagnoses, whole.unexplained)


def test_half_of_what_a_rule_finds_does_not_count() -> None:
    found = explain(instead(raises_at_the_end), Slices(cut_after, 5), NO_BASELINES)
    assert [d.cause for d in found.diagnoses] == ["targets-unhealthy"]
    assert len(found.notes) == 1


def test_a_rule_that_fails_over_the_past_says_nothing_of_today() -> None:
    """Else what it says of today would stand unproven: nobody asked whether it was always so."""
    well = Baseline(reference=reference(p.healthy()), state=p.healthy(), at=p.ago(3))
    known = Baselines(of={CHECK.check_id: well}, incident=well)
    assert [d.cause for d in explain(RULES, None, known).diagnoses] == ["port-mismatch"]
    found = explain(instead(raises_of_the_past), Slices(cut_after, 5), known)
    assert "port-mismatch" not in [d.cause for d in found.diagnoses]
    assert len(found.notes) == 1


def test_without_slices_a_bug_is_raised() -> None:
    with pytest.raises(RuntimeError, match=r"^a bug$"):
        explain(beside(raises), None, NO_BASELINES)


def test_each_rule_has_a_name_of_its_own() -> None:
    names = [r.name for r in RULES]
    assert len(set(names)) == len(names)
    assert names[0] == "canary_itself.egress"
