"""The fault library: what the table promises, and what each fault does to the edge.

A few faults are planted here. `tests/canary/diagnose/test_live_faults.py` plants the whole library
in `make test-slow`, and looks for each fault's symptoms.
"""

from __future__ import annotations

import pytest

from sandbox.faults import FAULTS, inexpressible
from sandbox.world.load import load
from tests.sandbox.support import classic as names
from tests.sandbox.support import fingerprint
from tests.sandbox.support.symptoms import SYMPTOMS, shown
from tests.sandbox.support.twin import RunningTwin

CLASSIC = [fault for fault in FAULTS if not inexpressible(load(), fault)]
PLANTED = (
    "mlflow-api-rule-wrong-target",
    *(
        pytest.param(fault, marks=pytest.mark.slow)
        for fault in ("api-rules-missing", "api-blocked", "seed-2025-08-05")
    ),
)


@pytest.mark.parametrize("fault", PLANTED)
def test_a_fault_shows_at_the_edge_as_it_did(healthy_twin: RunningTwin, fault: str) -> None:
    healthy_twin.plant(fault)
    healthy_twin.settle()
    for symptom in (s for s in SYMPTOMS if s.fault == fault):
        assert shown(healthy_twin, symptom) == ""


def test_every_fault_that_shows_at_the_edge_has_its_symptom() -> None:
    assert {s.fault for s in SYMPTOMS} == {f for f in CLASSIC if FAULTS[f].symptom}


@pytest.fixture(scope="module")
def healthy_answers(twin: RunningTwin) -> tuple[fingerprint.Answer | str, ...]:
    """What the healthy platform answers."""
    return fingerprint.take(twin)


@pytest.mark.sweep
@pytest.mark.parametrize("fault", CLASSIC)
def test_every_fault_settles_shows_as_promised_and_heals(
    healthy_answers: tuple[fingerprint.Answer | str, ...], twin: RunningTwin, fault: str
) -> None:
    try:
        twin.plant(fault)
        twin.settle()
        broken = fingerprint.take(twin)
    finally:
        twin.heal()
    if FAULTS[fault].symptom:
        assert broken != healthy_answers
    else:
        assert fingerprint.statuses(broken) == fingerprint.statuses(healthy_answers)
    healed = fingerprint.take(twin)
    assert fingerprint.statuses(healed) == fingerprint.statuses(healthy_answers)


@pytest.mark.sweep
def test_on_the_seed_day_ecs_calls_auth_well(healthy_twin: RunningTwin) -> None:
    healthy_twin.plant("seed-2025-08-05")
    healthy_twin.settle()
    answer = healthy_twin.client("ecs").describe_services(
        cluster=names.CLUSTER, services=[names.AUTH_SERVICE]
    )
    (auth,) = answer["services"]
    assert (auth["runningCount"], auth["desiredCount"]) == (1, 1)
    assert len(auth["deployments"]) == 2


@pytest.mark.parametrize("fault", list(FAULTS.values()), ids=list(FAULTS))
def test_a_fault_is_a_sentence_and_a_cause(fault: object) -> None:
    found = FAULTS[fault.id]  # type: ignore[attr-defined]
    assert found.sentence[0].isupper()
    assert not found.sentence.endswith(".")
    assert len(found.sentence) <= 100
    assert found.cause == found.cause.lower()
    assert found.plant.__doc__


def test_the_library_holds_at_least_thirty_faults_and_both_seed_days() -> None:
    assert len(FAULTS) >= 30
    assert {"seed-2025-08-05", "seed-2025-08-05-as-reported"} <= set(FAULTS)
