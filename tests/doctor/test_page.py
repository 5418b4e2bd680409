"""The page says what the kept rows say, and each reason is of a fault that there is."""

from __future__ import annotations

import pytest

from sandbox.faults import FAULTS
from tests.doctor import matrix, page
from tests.doctor.trial import Row
from tests.worlds.cells import Cell


def row(fault: str, expected: str, *causes: str, beside: tuple[str, ...] = ()) -> Row:
    return Row(world="classic", fault=fault, expected=expected, causes=causes, beside=beside)


@pytest.mark.parametrize("kind", ["hidden", "missed"])
def test_each_reason_is_of_a_fault_of_the_library(kind: str) -> None:
    assert set(page.reasons()[kind]) <= set(FAULTS)


def test_no_fault_is_both_hidden_and_missed() -> None:
    known = page.reasons()
    assert set(known["hidden"]) & set(known["missed"]) == set()


def test_named_first_beside_and_missed_are_told_apart() -> None:
    first = row("api-blocked", "security-group-blocked", "security-group-blocked", "x")
    later = row("api-blocked", "security-group-blocked", "x", "security-group-blocked")
    beside = row("discovery-missing", "service-discovery-missing",
                 beside=("service-discovery-missing",))  # fmt: skip
    nothing = row("api-blocked", "security-group-blocked")
    keyed = row("key-unknown", "credential-rejected")
    every = (first, later, beside, nothing, keyed)
    assert [r.named for r in every] == [True, True, True, False, False]
    assert [r.first for r in every] == [True, False, True, False, False]
    assert [page.missed(r) for r in every] == [False, False, False, True, False]
    assert "| classic | 5 | 4 | 3 | 2 | 75 % |" in page.tables(every)


def test_a_sample_is_the_same_for_a_seed_and_of_each_world() -> None:
    cells = [Cell(w, f"f{n}") for w in ("a", "b") for n in range(9)]
    drawn = matrix.chosen(cells, 4, "1")
    assert drawn == matrix.chosen(cells[::-1], 4, "1") != matrix.chosen(cells, 4, "2")
    assert [c.world for c in drawn] == ["a"] * 4 + ["b"] * 4
    assert matrix.chosen(cells, 0, "1") == sorted(cells)


def test_the_page_has_the_tables_of_the_kept_rows() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    kept = text.partition(page.BEGIN)[2].partition(page.END)[0].strip()
    assert kept == page.tables(matrix.read()).strip()


def test_each_miss_of_the_kept_rows_has_its_reason() -> None:
    known = page.reasons()["missed"]
    assert [page.line(r) for r in matrix.read() if page.missed(r) and r.fault not in known] == []
