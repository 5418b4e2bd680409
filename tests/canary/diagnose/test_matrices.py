"""The matrices of docs/diagnosis.md: what a row counts as, and that no fault lacks its row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.canary.support.diagnosis_matrix import MATRIX, OUTSIDE, OutsideRow, Row, shown, write
from tests.canary.support.live_faults import CLASSIC, EXCEPTIONS, HARMLESS, PEOPLE
from tests.canary.support.live_outside import at_fault, wrong

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "diagnosis.md"


def diagnosis(
    service: str, confidence: str = "LIKELY", summary: str = "", decision: str = ""
) -> Any:
    return {"cause": "c", "service": service, "confidence": confidence, "summary": summary,
            "remedy": {"decision": decision}}  # fmt: skip


def report(*found: Any, failed: bool = True) -> Any:
    result = {"check_id": "a", "status": "FAIL" if failed else "PASS"}
    return {"results": [result], "diagnoses": list(found)}


@pytest.mark.parametrize(
    ("seen", "service", "verdict"),
    [
        (report(diagnosis("mlflow")), "mlflow", ""),
        (report(diagnosis("registry")), "mlflow", "registry is named, not mlflow"),
        (report(diagnosis("registry", summary="see mlflow")), "mlflow",
         "registry is named, not mlflow"),
        (report(diagnosis("registry", "POSSIBLE", "or MLflow")), "mlflow", ""),
        (report(diagnosis("registry", "POSSIBLE", "or auth")), "mlflow",
         "registry is named, not mlflow"),
        (report(diagnosis("auth", decision="auth needs database")), "database", ""),
        (report(diagnosis("auth", decision="read the log")), "database",
         "auth is named, not database"),
        (report(diagnosis("auth"), diagnosis("mlflow")), "mlflow", "auth is named, not mlflow"),
        (report(diagnosis("mlflow", "CERTAIN")), "mlflow",
         "a cause is CERTAIN, and no control plane was read"),
        (report(diagnosis("mlflow", decision="Decide which image is right")), "mlflow",
         "an image is doubted"),
        (report(), "mlflow", "no cause"),
        (report(failed=False), "mlflow", ""),
    ],
)  # fmt: skip
def test_a_run_from_outside_is_judged_by_the_service_it_names(
    seen: Any, service: str, verdict: str
) -> None:
    assert wrong(seen, service) == verdict


def test_both_matrices_keep_the_rows_of_other_faults(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    marks = "\n".join((MATRIX.begin, MATRIX.end, "between", OUTSIDE.begin, OUTSIDE.end, "after"))
    file.write_text(f"before\n{marks}\n")
    inside = Row(fault="b", expected="x", named=("x", "y"), failed=2).healed_by("command")
    kept = Row(fault="c", expected="x", named=("x",), failed=1).healed_by("command")
    write(
        file,
        [
            inside.left(0),
            kept.left(2, "a group stays"),
            Row(fault="a", expected="x", named=("y",), failed=1),
        ],
    )
    for fault, verdict in (("b", "no cause"), ("a", "")):
        named = [diagnosis("mlflow")]
        row = OutsideRow(fault=fault, service="mlflow", named=named, failed=3, wrong=verdict)
        write(file, [row], OUTSIDE)
    assert shown(file, MATRIX).splitlines()[2:] == [
        "| a | x | y | **no** | – | 1 | no | – |",
        "| b | x | x | yes | y | 2 | by command | as before |",
        "| c | x | x | yes | – | 1 | by command | 2 places differ: a group stays |",
        "",
        "2 of 3 faults right.",
    ]
    assert shown(file, OUTSIDE).splitlines()[2:] == [
        "| a | mlflow | c | mlflow | LIKELY | yes | – | 3 |",
        "| b | mlflow | c | mlflow | LIKELY | **no** | – | 3 |",
        "",
        "1 of 2 faults right.",
    ]
    lines = file.read_text().splitlines()
    assert (lines[0], lines[-1], "between" in lines) == ("before", "after", True)


def test_every_fault_of_the_library_is_healed_and_leaves_the_platform_as_it_was() -> None:
    rows = [x.split(" | ") for x in shown(DOCUMENT, MATRIX).splitlines()[2:] if x.startswith("| ")]
    told = {r[0].removeprefix("| "): (r[3], r[6], r[7].removesuffix(" |")) for r in rows}
    assert {f: told[f] for f in PEOPLE} == dict.fromkeys(PEOPLE, ("yes", "by person", "–"))
    unseen = dict.fromkeys(HARMLESS, ("yes", "nothing to heal", "–"))
    assert {f: told[f] for f in HARMLESS} == unseen
    others = {f: told[f] for f in set(CLASSIC) - PEOPLE - HARMLESS - EXCEPTIONS.keys()}
    assert others == dict.fromkeys(others, ("yes", "by command", "as before"))
    assert {f: told[f][2].partition(": ")[2] for f in EXCEPTIONS} == EXCEPTIONS
    assert told.keys() == set(CLASSIC)


def test_every_fault_of_the_library_is_named_rightly_from_outside() -> None:
    rows = [x.split(" | ") for x in shown(DOCUMENT, OUTSIDE).splitlines()[2:] if x.startswith("| ")]
    assert [(r[0].removeprefix("| "), r[1], r[5]) for r in rows] == [
        (fault, at_fault(fault), "yes") for fault in sorted(CLASSIC)
    ]
