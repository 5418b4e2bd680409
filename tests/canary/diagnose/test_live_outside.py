"""Break a twin and diagnose it from outside alone: the service at fault is named.

The environment file names no cluster, so no control plane is read. `make test-slow` plants a few
faults, `make sweep` all of them. `HOKUSAI_FAULTS` (ids) selects faults; `HOKUSAI_DIAGNOSIS_REPORT`
names the file that gets the rows of the second matrix.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.canary.support.diagnosis_matrix import OUTSIDE, OutsideRow, write
from tests.canary.support.live_faults import wanted
from tests.canary.support.live_outside import SLOW, at_fault, from_outside, wrong
from tests.canary.support.live_twin import Twin, broken

pytestmark = pytest.mark.timeout(300)

CASES = [
    pytest.param(
        fault,
        marks=[
            pytest.mark.xdist_group("outside"),
            pytest.mark.slow if fault in SLOW else pytest.mark.sweep,
        ],
        id=fault,
    )
    for fault in wanted()
]


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """Yield a twin that its canary sees from outside, after one healthy run."""
    made = from_outside(Twin(tmp_path_factory.mktemp("outside")))
    try:
        made.store()
        yield made
    finally:
        made.stop()


@pytest.mark.parametrize("fault", CASES)
def test_the_service_at_fault_is_named_from_outside(twin: Twin, fault: str) -> None:
    twin.heal()
    twin.plant(fault)
    twin.settle()
    report = twin.run(fault, twin.store())
    service = at_fault(fault)
    verdict = wrong(report, service)
    if target := os.environ.get("HOKUSAI_DIAGNOSIS_REPORT"):
        row = OutsideRow(
            fault=fault,
            service=service,
            named=report["diagnoses"],
            failed=len(broken(report)),
            wrong=verdict,
        )
        write(Path(target), [row], OUTSIDE)
    assert verdict == "", report["diagnoses"]
    assert report["unexplained"] == []
