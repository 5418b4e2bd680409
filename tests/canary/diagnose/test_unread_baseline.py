"""A part of the baseline that was not read is unknown: it neither condemns nor clears."""

from __future__ import annotations

import pytest

from canary.control_plane.baselines import Baseline, Baselines
from canary.control_plane.stable import reference
from canary.control_plane.state import LoadBalancer, PlatformState
from canary.diagnose import diagnose
from canary.model import Confidence, Diagnosis
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

CATCH_ALL = faults.by_id("catch-all")
GONE = next(f for f in faults.FAULTS if f.cause == "rule-missing")


def without_rules(state: PlatformState) -> PlatformState:
    def blind(balancer: LoadBalancer) -> LoadBalancer:
        lists = (p.replace(x, rules=(), unread=("rules",)) for x in balancer.listeners)
        return p.replace(balancer, listeners=tuple(lists))

    return p.replace(state, load_balancers=tuple(map(blind, state.load_balancers)))


def without_balancers(state: PlatformState) -> PlatformState:
    return p.replace(state, load_balancers=(), unread=("load_balancers",))


def named(fault: faults.Fault, well: PlatformState | None) -> Diagnosis:
    """Return the first diagnosis of a fault, with this state as the baseline of its checks."""
    state, results = faults.plant(fault)
    known = Baselines()
    if well is not None:
        last = Baseline(reference=reference(well), state=well, at=p.ago(3))
        known = Baselines(of={r.check_id: last for r in results}, incident=last)
    found = diagnose(results, state, p.environment(faults.NAMES), well, p.NOW, known)
    return found.diagnoses[0]


def test_a_rule_that_was_not_there_is_deleted() -> None:
    found = named(CATCH_ALL, p.healthy(faults.NAMES))
    assert found.cause == "rule-shadowed"
    assert any("delete-rule" in line for line in found.remedy.fix)


@pytest.mark.parametrize("blind", [without_rules, without_balancers])
def test_a_rule_of_which_nobody_knows_whether_it_was_there_stays(blind: object) -> None:
    well = blind(faults.plant(CATCH_ALL)[0])  # type: ignore[operator]  # one of the two above
    found = named(CATCH_ALL, well)
    assert found.cause == "rule-shadowed"
    assert not any("delete-rule" in line for line in found.remedy.fix)


@pytest.mark.parametrize(
    ("well", "sure"),
    [
        (p.healthy(faults.NAMES), Confidence.CERTAIN),
        (without_rules(p.healthy(faults.NAMES)), Confidence.LIKELY),
        (without_balancers(p.healthy(faults.NAMES)), Confidence.LIKELY),
        (None, Confidence.LIKELY),
    ],
    ids=["read", "without rules", "without balancers", "none"],
)
def test_only_a_run_that_saw_a_rule_makes_it_certain_that_it_is_missed(
    well: PlatformState | None, sure: Confidence
) -> None:
    found = named(GONE, well)
    assert (found.cause, found.confidence) == ("rule-missing", sure)
    assert bool(found.remedy.fix) is (sure is Confidence.CERTAIN)
