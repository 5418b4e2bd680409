"""The numbers of things that AWS bills by number, as a deployment makes them."""

from __future__ import annotations

import math

from canary.alarms.plan import plan_alarms
from canary.alarms.profile import with_own_alarm
from canary.alarms.published import selection_of
from canary.deployment.permissions import has_topic_key, secret_names
from canary.metrics.table import CHECK, METRICS, RUN, SUITE
from canary.model import Config, Frozen
from canary.model.schedule import schedule_period

FAILING = 0.01
"""Share of checks that fail at one time: AWS bills a metric for the hours in which it has data."""


class Counts(Frozen, frozen=True, kw_only=True):
    """Numbers of the things that AWS bills by number."""

    metrics: int
    documents: int  # in which a run prints its metrics: one for each set of dimensions
    alarms: int  # metrics that alarms read, for AWS bills each of them; without the composites
    composites: int
    period_s: int  # seconds between two runs
    secrets: int = 0
    keys: int = 1  # customer managed KMS keys


def counted(config: Config) -> Counts:
    """Return the numbers of an environment in its own profile."""
    environment = config.environment
    plan = plan_alarms(config, "function", environment.run.budget)
    names = selection_of(config).names
    of_runs = sum(m.dimensions == RUN and m.name in names for m in METRICS)
    others = _of_suites(config, names) + _of_checks(config, names)
    return Counts(
        metrics=of_runs + others,
        documents=1 + others,
        alarms=sum(len(a.series) for a in plan.alarms),
        composites=len(plan.composites),
        period_s=schedule_period(environment.schedule.expression),
        secrets=len(secret_names(config)),
        keys=int(has_topic_key(environment.profile)),
    )


def _of_suites(config: Config, names: frozenset[str]) -> int:
    """Return the number of metrics of suites; a profile publishes one for each suite at most."""
    one = any(m.dimensions == SUITE and m.name in names for m in METRICS)
    return len({c.suite for c in config.checks}) if one else 0


def _of_checks(config: Config, names: frozenset[str]) -> int:
    """Return the number of metrics of checks, those that fail now and then among them."""
    each = sum(m.dimensions == CHECK and m.name in names for m in METRICS)
    own = len(with_own_alarm(config.environment.profile, config.checks))
    late = math.ceil((len(config.checks) - own) * FAILING) if each else 0
    return each * own + late
