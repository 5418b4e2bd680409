"""A sample of the matrix that changes with the commit: two worlds side by side, a twin each.

Drawn are cells of which a kept row says that they are right: what was never tried, and what is
known to miss, is no surprise here. `make sweep` tries all of them.
"""

from __future__ import annotations

import random

import pytest

from tests import turns
from tests.worlds import quiet, quiet_trial, rows, trial
from tests.worlds.cells import Cell, cells, sample
from tests.worlds.changes import Named
from tests.worlds.ground import Ground
from tests.worlds.rows import CHANGE, FAULT, Row

WORLDS, EACH, CHANGED = 2, 12, 3


def known_to_be_right() -> list[Cell]:
    """Return the cells whose newest row is as it must be."""
    every = set(cells())
    found = [
        Cell(r.world, r.what) for r in rows.latest(rows.read()) if r.kind == FAULT and _fine(r)
    ]
    return [cell for cell in found if cell in every]


def _fine(row: Row) -> bool:
    return row.right and not row.certain_and_wrong and row.healed


DRAWN = sample(known_to_be_right(), turns.commit(), WORLDS, EACH)
CASES = [
    pytest.param(
        cell.world,
        cell.fault,
        marks=[pytest.mark.xdist_group(f"worlds-{number}"), pytest.mark.slow],
        id="-".join(cell),
    )
    for number, group in enumerate(DRAWN)
    for cell in group
]


def quiet_before(world: str) -> list[Named]:
    """Draw changes that found nothing in this world when all of them were made."""
    well = {r.what for r in rows.latest(rows.read()) if r.key[:2] == (CHANGE, world) and r.right}
    known = [each for each in quiet.CHANGES if each.name in quiet.ALONE and each.name in well]
    return random.Random(turns.commit()).sample(known, min(CHANGED, len(known)))


QUIET = [
    pytest.param(
        world,
        some,
        marks=[pytest.mark.xdist_group(f"worlds-{number}"), pytest.mark.slow],
        id=world,
    )
    for number, group in enumerate(DRAWN)
    for world in {cell.world for cell in group}
    if (some := tuple(quiet_before(world)))
]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("ground", "fault"), CASES, indirect=["ground"])
def test_a_fault_of_another_world_is_named_first_and_what_is_printed_heals(
    ground: Ground, fault: str
) -> None:
    row = trial.fault(ground, fault, turns.commit())
    if row.crash:  # a machine that is too busy to settle in time gets a new twin
        row = trial.fault(ground, fault, turns.commit())
    assert _fine(row), row


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("ground", "some"), QUIET, indirect=["ground"])
def test_harmless_changes_of_another_world_give_no_finding(
    ground: Ground, some: tuple[Named, ...]
) -> None:
    found = list(quiet_trial.changes(ground, turns.commit(), some))
    assert [(row.what, row.misses) for row in found] == [(each.name, ()) for each in some]
