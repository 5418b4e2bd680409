"""All of the matrix: every fault, the pairs and the harmless changes in every world.

Half a day on one machine: `HOKUSAI_SHARD=K/N` selects a part of the faults.
"""

from __future__ import annotations

import os

import pytest

from sandbox.world.load import CLASSIC, known
from tests import turns
from tests.worlds import quiet_trial, table, trial
from tests.worlds.cells import cells, pairs, shard
from tests.worlds.ground import Ground

pytestmark = [pytest.mark.sweep, pytest.mark.timeout(3600)]
OTHERS = [name for name in known() if name != CLASSIC]
FAULTS = shard(cells(OTHERS), os.environ.get("HOKUSAI_SHARD", "1/1"))
PAIRS = [(world, pair) for world in known() for pair in pairs(world)]


@pytest.mark.parametrize(("ground", "fault"), FAULTS, indirect=["ground"])
def test_a_fault_is_named_first_healed_and_leaves_the_world_as_it_was(
    ground: Ground, fault: str
) -> None:
    row = trial.fault(ground, fault, turns.commit())
    why = table.reasons()
    reason = why.get(ground.world, {}).get(fault) or why["every"].get(fault, "")
    assert row.certain_and_wrong == ()
    assert not row.misses or reason, row


@pytest.mark.parametrize(("ground", "pair"), PAIRS, indirect=["ground"])
def test_both_of_two_faults_are_named(ground: Ground, pair: str) -> None:
    row = trial.pair(ground, pair, turns.commit())
    assert row.misses == (), row


@pytest.mark.parametrize("ground", known(), indirect=True)
def test_harmless_changes_give_no_finding(ground: Ground) -> None:
    found = list(quiet_trial.changes(ground, turns.commit()))
    assert [row for row in found if row.misses] == []
