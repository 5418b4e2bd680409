"""Break a twin, diagnose it, type the printed fix; the platform is as it was before the fault.

All checks pass again, and everything that the AWS API describes is as it was: identifiers, times,
revision and version numbers apart. The few faults of which this cannot hold are in EXCEPTIONS.
`make test-slow` runs all faults and a third of the pairs on two twins.
`HOKUSAI_FAULTS` (ids) selects faults; `HOKUSAI_DIAGNOSIS_REPORT` names the file that gets the rows
of the confusion matrix. Each fault must also show at the edge as the incidents recorded it, lower
or keep every score, and write no secret into a report.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.faults import FAULTS
from sandbox.state import read
from tests.canary.support.aws_snapshot import changed, taken
from tests.canary.support.diagnosis_matrix import Row, write
from tests.canary.support.live_faults import EXCEPTIONS, PAIRS, PEOPLE, ROUNDS, wanted
from tests.canary.support.live_resources import GROUPS, RESOURCES
from tests.canary.support.live_twin import Report, Twin, broken, causes, fixes, mended
from tests.sandbox.support import fingerprint
from tests.sandbox.support.symptoms import SYMPTOMS, shown
from tests.sandbox.support.twin import Outside
from tests.turns import in_turn

pytestmark = pytest.mark.timeout(420)


def _shared(number: int) -> list[pytest.MarkDecorator]:
    """Return the marks of a case: they are for two processes and their twins."""
    return [pytest.mark.xdist_group(f"live-{number % 2}"), pytest.mark.slow]


FAULT_CASES = [pytest.param(fault, marks=_shared(n), id=fault) for n, fault in enumerate(wanted())]
PAIR_CASES = [
    pytest.param(tuple(case.id.split("+")), marks=(*case.marks, *_shared(n)), id=case.id)
    for n, case in enumerate(in_turn(("+".join(pair) for pair in PAIRS), 3))
]


WELL = 3
"""Healthy runs before the faults: then each check has its baseline."""


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """Yield a twin after its healthy runs."""
    made = Twin(tmp_path_factory.mktemp("diagnosis"))
    try:
        made.store()
        for number in range(1, WELL):
            made.run(f"healthy-{number}", made.folder / "healthy-store")
        made.healthy_statuses = _statuses(made)
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def well(twin: Twin) -> dict[str, Any]:
    """Return what AWS describes before any fault."""
    return taken(twin.client)


def _statuses(twin: Twin) -> list[object]:
    return fingerprint.statuses(fingerprint.take(Outside(read(twin.state_file))))


def _shows(twin: Twin, fault: str) -> None:
    """Check the edge as a client would, without the canary."""
    outside = Outside(read(twin.state_file))
    for symptom in (s for s in SYMPTOMS if s.fault == fault):
        assert shown(outside, symptom) == "", symptom


def _planted(twin: Twin, *faults: str) -> tuple[Report, Path]:
    """Plant faults on a healed twin and return the failing run's report and its store."""
    again = _statuses(twin) if twin.healthy_statuses != _statuses(twin) else twin.healthy_statuses
    assert again == twin.healthy_statuses, "the twin is not as before the faults until here"
    for fault in faults:
        twin.plant(fault)
    twin.settle()
    if len(faults) == 1:  # of two faults, one may hide the symptom of the other
        _shows(twin, faults[0])
    store = twin.store()
    return twin.run("+".join((*faults, "broken")), store), store


def _mend(twin: Twin, report: Report, fault: str) -> str:
    """Apply the report's remedies, and return whether a command or a person healed the fault."""
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
    """Rows for the confusion matrix, written after the test even if it failed."""
    rows: list[Row] = []
    yield rows
    target = os.environ.get("HOKUSAI_DIAGNOSIS_REPORT")
    if target and rows:
        write(Path(target), rows[-1:])


def _resource(twin: Twin, fault: str) -> str:
    """Return a part of the resource name that the first diagnosis must have."""
    if fault not in GROUPS:
        return RESOURCES[fault]
    return twin.shell(
        f"aws ec2 describe-security-groups --filters Name=group-name,Values={GROUPS[fault]}"
        " --query 'SecurityGroups[0].GroupId' --output text"
    )


def _after(twin: Twin, store: Path, fault: str) -> tuple[Report, set[str]]:
    """Return the report of the run after a fix, and the checks that it calls fixed.

    On a busy machine a task that began just before the fix ends after it: the next minute's run,
    without a further fix, has the last word then.
    """
    fixed: set[str] = set()
    for _ in range(2):
        report = twin.run(f"{fault}-mended", store)
        fixed |= mended(report)
        if not broken(report):
            break
        twin.settle()
    return report, fixed


def _healed(twin: Twin, report: Report, store: Path, fault: str) -> tuple[str, Report, set[str]]:
    """Apply remedies until all checks pass."""
    by, fixed = "", set[str]()
    for _ in range(ROUNDS):
        by = _mend(twin, report, fault)
        report, mended_now = _after(twin, store, fault)
        fixed |= mended_now
        if not broken(report):
            break
    return by, report, fixed


def _scores_fall(report: Report, healthy: Report) -> None:
    """Compare the scores with the healthy run's: none is higher or over fewer checks."""
    for suite, before in healthy["scores"].items():
        now = report["scores"][suite]
        assert now["total"] == before["total"], suite
        assert now["percent"] <= before["percent"], suite
        assert (now["percent"] < before["percent"]) == bool(now["lost"]), suite
    assert set(report["scores"]["overall"]["lost"]) >= set(broken(report))


def _as_before(row: Row, differs: dict[str, Any]) -> Row:
    """Check that only exceptions leave something, and return the row that says so."""
    if row.fault in EXCEPTIONS:
        assert differs, "it is no exception any more"
    else:
        assert differs == {}
    return row.left(len(differs), EXCEPTIONS.get(row.fault, ""))


@pytest.mark.parametrize("fault", FAULT_CASES)
def test_the_fault_is_named_first_and_its_fix_leaves_the_platform_as_it_was(
    twin: Twin, well: dict[str, Any], fault: str, keep: list[Row]
) -> None:
    known = FAULTS[fault]
    twin.heal()
    before = taken(twin.client)
    assert changed(well, before) == {}, "the twin is not as before the faults until here"
    report, store = _planted(twin, fault)
    failed, named = broken(report), causes(report)
    keep.append(Row(fault=fault, expected=known.cause, named=tuple(named), failed=len(failed)))
    _scores_fall(report, twin.healthy)
    assert twin.leaked(f"{fault}-broken", store) == []
    if not failed:
        assert (known.symptom, named) == (False, [])
        return
    assert named[:1] == [known.cause], (named, failed)
    assert _resource(twin, fault) in report["diagnoses"][0]["resource"]
    by, after, fixed = _healed(twin, report, store, fault)
    assert broken(after) == [], causes(after)
    keep.append(keep[0].healed_by(by))
    assert set(failed) <= fixed
    if by == "command":
        keep.append(_as_before(keep[-1], changed(before, taken(twin.client))))


@pytest.mark.parametrize("pair", PAIR_CASES)
def test_two_faults_give_two_causes(twin: Twin, pair: tuple[str, str]) -> None:
    twin.heal()
    report, _ = _planted(twin, *pair)
    named, expected = causes(report), [FAULTS[f].cause for f in pair]
    assert [c for c in named if c in expected][:2] == expected, named
    _scores_fall(report, twin.healthy)


def test_few_faults_are_exceptions() -> None:
    assert len(EXCEPTIONS) <= 8 and EXCEPTIONS.keys() <= FAULTS.keys() - PEOPLE
