"""How long a run over several functions may take: its waits, and its waves of shards.

In an outage every shard takes the whole time of a function. The state machine's own time-out must
leave room for all waves and for the conclusion, or the outage is the one thing that is not told.
"""

from __future__ import annotations

import datetime as dt
import math

from canary.config.aws_limits import RUNTIME_MARGIN_S
from canary.model import Config, Environment
from canary.model.schedule import schedule_period
from canary.plan import make_plan
from canary.probes.plugged import ALL_KINDS
from canary.sharding.split import AT_ONCE, split

AROUND_S = 5
"""Seconds that a task of the machine may take longer than its function."""
TRANSIENT_S, TRANSIENT_TRIES = 1, 2
"""The first pause after a passing fault of Lambda, which then doubles, and the further tries."""
BUSY_S = 5
"""Seconds between two tries while a function is busy."""
SHARD_TRIES = 2
"""Further tries of a shard for which the account has no concurrency left."""
WAVE_S = 10
"""Seconds in which Step Functions reads the items and starts the children of a wave."""
ANY_TIME = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def function_s(environment: Environment) -> int:
    """Return the longest time of one function in seconds: the run's budget and a margin."""
    return int(environment.run.budget) + RUNTIME_MARGIN_S


def waves(config: Config) -> int:
    """Return in how many waves the shards of a run with every check are probed."""
    shards = split(make_plan(config, ALL_KINDS, {}, ANY_TIME), ALL_KINDS)
    return max(math.ceil(len(shards) / AT_ONCE), 1)


def busy_tries(environment: Environment) -> int:
    """Return how often a plan or a conclusion tries again that finds its function busy.

    It waits within its own period, for then the next run is due, and no longer than the run that
    keeps the function busy may take.
    """
    wait = min(schedule_period(environment.schedule.expression), function_s(environment))
    return max((wait - 1) // BUSY_S, 1)


def limit_s(config: Config) -> int:
    """Return the longest time of a run in seconds, in one function or in the state machine."""
    environment = config.environment
    if environment.deployment.scale != "map":
        return function_s(environment)
    pauses = sum(TRANSIENT_S << number for number in range(TRANSIENT_TRIES))
    task = function_s(environment) + AROUND_S + pauses
    lead = task + BUSY_S * busy_tries(environment)
    wave = WAVE_S + task + BUSY_S * SHARD_TRIES
    return 2 * lead + waves(config) * wave
