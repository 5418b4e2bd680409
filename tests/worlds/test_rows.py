"""Rows: what counts as right and as a miss, and that files of them can be taken up again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.worlds import rows, table
from tests.worlds.rows import CHANGE, FAULT, HEALTHY, PAIR, SHAPE, Named, Row

GOOD = Named("rule-missing", "app/door/1", "CERTAIN")
OTHER = Named("targets-unhealthy", "group", "LIKELY")
FALSE = Named("listener-missing", "app/door/1", "CERTAIN")


def row(**more: Any) -> Row:
    told = {"kind": FAULT, "world": "w", "what": "f", "commit": "c", "at": "2026-01-02T03",
            "expected": ("rule-missing",), "place": "door", "failed": 3, "named": (GOOD,),
            "by": "command", "commands": 1}  # fmt: skip
    return Row(**{**told, **more})


@pytest.mark.parametrize(
    ("seen", "misses"),
    [
        (row(), ()),
        (row(by="person", commands=0), ()),
        (row(named=(GOOD, OTHER)), ()),
        (row(named=(OTHER, GOOD)), ("named otherwise",)),
        (row(named=()), ("named otherwise",)),
        (row(place="another"), ("named otherwise",)),
        (row(named=(GOOD, FALSE)), ("CERTAIN and wrong: listener-missing",)),
        (row(named=(GOOD, FALSE), also=("listener-missing",)), ()),
        (row(by="", note="refused: x"), ("not healed: refused: x",)),
        (row(differs=(".a", ".b")), ("2 places differ",)),
        (row(failed=0, named=(), by=""), ("no check failed",)),
        (row(failed=0, named=(), by="", silent=True), ()),
        (row(failed=0, named=(GOOD,), by="", silent=True), ("no check failed",)),
        (row(failed=0, named=(), by="", expected=("",)), ()),
        (row(crash="TimeoutError: late", by=""), ("crashed: TimeoutError: late",)),
        (row(kind=HEALTHY, expected=(), failed=0, named=(), by=""), ()),
        (row(kind=HEALTHY, expected=(), failed=1, named=(), by=""), ("named otherwise",)),
        (row(kind=CHANGE, expected=(), failed=0, named=(OTHER,), by=""), ("no check failed",)),
        (row(kind=PAIR, expected=("rule-missing", "targets-unhealthy"), named=(GOOD, OTHER)), ()),
        (row(kind=PAIR, expected=("rule-missing", "targets-unhealthy"), named=(FALSE, GOOD, OTHER)),
         ("CERTAIN and wrong: listener-missing",)),
        (row(kind=PAIR, expected=("rule-missing", "targets-unhealthy"), named=(OTHER, GOOD)),
         ("named otherwise",)),
        (row(kind=PAIR, expected=("rule-missing", "targets-unhealthy"), by=""),
         ("named otherwise",)),
    ],
)  # fmt: skip
def test_a_row_tells_its_misses(seen: Row, misses: tuple[str, ...]) -> None:
    assert seen.misses == misses


def test_rows_are_read_back_and_a_line_cut_short_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "rows.jsonl"
    assert rows.read(file) == []
    written = [row(), row(what="g", cannot={"why": ["a"]}, cells=2)]
    for each in written:
        rows.append(file, each)
    file.write_bytes(file.read_bytes() + b'{"kind": "fau')
    assert rows.read(file) == written


def test_the_newest_row_of_a_cell_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    old, new = row(), row(at="2026-01-03", commit="d")
    other = row(kind=PAIR)
    rows.write(file, [new, old, other])
    assert rows.read(file) == [new, other]


def test_the_tables_count_what_the_rows_say() -> None:
    found = [
        row(kind=SHAPE, what="", cells=9, cannot={"no HTTPS": ["x", "y"]}, expected=(), named=()),
        row(kind=HEALTHY, what="", expected=(), failed=0, named=(), by=""),
        row(what="a"),
        row(what="b", named=(OTHER, FALSE), by="", note="refused: a | b"),
        row(what="c", differs=(".x",), at="2026-01-03T03", commit="d"),
        row(what="d", by="person", commands=0),
        row(kind=CHANGE, what="roll", expected=(), failed=0, named=(), by=""),
        row(kind=PAIR, what="a+b", expected=("rule-missing", "x"), named=(GOOD,), by=""),
    ]
    why = {"every": {"b": "everywhere", "c": "everywhere"}, "w": {"c": "here"}}
    assert table.written(found, why).splitlines() == [
        "Rows: 7 of commit c, 2026-01-02; 1 of commit d, 2026-01-03.",
        "",
        table.HEAD,
        "|---|---|---|---|---|---|---|---|---|---|",
        "| w | 9 | 4 | 3 of 4 | 1 | 2 of 3 | 1 of 2 | 1 of 1 | 1 of 1 | 0 of 1 |",
        "",
        table.MISSES,
        "|---|---|---|---|---|---|",
        "| w | b | rule-missing | targets-unhealthy of group | named otherwise | everywhere |",
        "| w | b | rule-missing | targets-unhealthy of group | CERTAIN and wrong: listener-missing"
        " | everywhere |",
        "| w | b | rule-missing | targets-unhealthy of group | not healed: refused: a / b"
        " | everywhere |",
        "| w | c | rule-missing | rule-missing of app/door/1 | 1 places differ | here |",
        "| w | a+b | rule-missing + x | rule-missing of app/door/1 | named otherwise |  |",
        "",
        table.CANNOT,
        "|---|---|---|",
        "| w | x, y | no HTTPS |",
    ]


def test_the_document_shows_the_rows_that_are_kept() -> None:
    assert table.shown() == table.written(rows.read(), table.reasons())


def test_a_reason_is_of_a_fault_that_missed() -> None:
    missed = {(r.world, r.what) for r in rows.latest(rows.read()) if r.misses}
    own = {(w, f) for w, found in table.reasons().items() if w != "every" for f in found}
    assert own <= missed
