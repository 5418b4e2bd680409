"""Break the twin, run, read the diagnosis, type its fix with the AWS CLI, settle, run: green.

A few faults in `make test`, more and the pairs in `make test-slow`, all by `make
diagnosis-report`. `HOKUSAI_FAULTS` (ids, or "all") chooses; `HOKUSAI_DIAGNOSIS_REPORT` names a
file that the confusion matrix is written into, row by row.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.faults import FAULTS
from tests.canary.diagnosis_matrix import Row, write
from tests.canary.live_faults import FAST, PAIRS, PEOPLE, wanted
from tests.canary.live_twin import Report, Twin, broken, causes, fixes, mended

pytestmark = pytest.mark.timeout(420)
FAULT_CASES = [
    pytest.param(fault, marks=() if fault in FAST else pytest.mark.sweep) for fault in wanted()
]


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A twin with one healthy run behind it."""
    made = Twin(tmp_path_factory.mktemp("diagnosis"))
    try:
        made.store()
        yield made
    finally:
        made.stop()


def _planted(twin: Twin, *faults: str) -> tuple[Report, Path]:
    """Plant faults on a healed twin and return the failing run's report and its store."""
    twin.heal()
    for fault in faults:
        twin.sandbox("break", fault)
    twin.settle()
    store = twin.store()
    return twin.run("broken", store), store


def _mend(twin: Twin, report: Report, fault: str) -> str:
    """Do what the report says, and return who did it."""
    commands = [] if fault in PEOPLE else fixes(report)
    for command in commands:
        twin.shell(command)
    if not commands:
        assert any(d["remedy"]["decision"] for d in report["diagnoses"]), "neither fix nor decision"
        twin.sandbox("heal")
    twin.settle()
    return "command" if commands else "person"


@pytest.fixture
def keep() -> Iterator[list[Row]]:
    """Rows for the confusion matrix, written when the test is over, however it ended."""
    rows: list[Row] = []
    yield rows
    target = os.environ.get("HOKUSAI_DIAGNOSIS_REPORT")
    if target and rows:
        write(Path(target), rows[-1:])


@pytest.mark.parametrize("fault", FAULT_CASES)
def test_the_fault_is_named_first_and_its_remedy_heals(
    twin: Twin, fault: str, keep: list[Row]
) -> None:
    known = FAULTS[fault]
    report, store = _planted(twin, fault)
    failed, named = broken(report), causes(report)
    keep.append(Row(fault=fault, expected=known.cause, named=tuple(named), failed=len(failed)))
    if not failed:
        assert (known.symptom, named) == (False, [])
        return
    assert named[:1] == [known.cause], (named, failed)
    by = _mend(twin, report, fault)
    after = twin.run("mended", store)
    assert broken(after) == [], causes(after)
    keep.append(keep[0].healed_by(by))
    assert set(failed) <= mended(after)


@pytest.mark.sweep
@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_two_faults_give_two_causes(twin: Twin, pair: tuple[str, str]) -> None:
    report, _ = _planted(twin, *pair)
    assert {FAULTS[f].cause for f in pair} <= set(causes(report))
