"""How often the heartbeat rings falsely: its points alone, in many quarters without a fault.

The whole replay takes minutes for a quarter, and a false ring is rarer than one in fifty quarters.
"""

from __future__ import annotations

import math
import random

import pytest

from canary.alarms.plan import plan_alarms
from canary.config import load
from tests.infra.conftest import DEVELOPMENT
from tests.replayed.outcomes import Delays
from tests.replayed.told import QUARTER

pytestmark = pytest.mark.sweep
QUARTERS, SEED = 150, 7
MOST = 6  # periods that the longest window reads
D = Delays()


def arrivals(chance: random.Random) -> list[float]:
    """Return the second at which each minute's point can be read, infinity if it is lost."""
    second, found = chance.uniform(D.jitter, 60 - D.jitter), []
    for minute in range(QUARTER):
        if chance.random() < D.missed_runs or chance.random() < D.lost:
            found.append(math.inf)
            continue
        ended = second + chance.uniform(-D.jitter, D.jitter) + chance.uniform(*D.healthy_run)
        late = chance.uniform(*D.much_later) if chance.random() < D.late else 0.0
        found.append(minute * 60 + ended + chance.uniform(*D.ingestion) + late)
    return found


def rings(arrives: list[float], phase: float) -> set[int]:
    """Return the windows, in periods, that are wholly silent at some minute's look."""
    silent = set[int]()
    for minute in range(MOST, len(arrives)):
        now, periods = minute * 60 + phase, 0
        while periods < MOST and arrives[minute - 1 - periods] > now:
            periods += 1
        silent.add(periods)
    return silent


def shipped() -> int:
    """Return after how many silent periods the heartbeat rings."""
    (found,) = (
        a for a in plan_alarms(load(str(DEVELOPMENT)), "f", 60).alarms if a.key == "heartbeat"
    )
    assert found.datapoints == found.periods
    return found.periods


def test_the_heartbeat_rings_falsely_in_no_quarter() -> None:
    """The figures of docs/reliability.md: quarters with a silence of so many periods."""
    chance = random.Random(SEED)
    longest = [max(rings(arrivals(chance), chance.uniform(0, 60))) for _ in range(QUARTERS)]
    found = {n: sum(periods >= n for periods in longest) for n in (4, 5, 6)}
    assert found == {4: 81, 5: 1, 6: 0}
    assert found[shipped()] == 0
