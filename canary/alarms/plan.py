"""The alarms of an environment, made from the checks that the canary runs.

`infra` writes them into the template, and `rehearse` replays runs through them. A test requires
that every check has an alarm that leads to an action.

The windows are calculated in docs/decisions/0005: a critical check pages after three failing
minutes in a row, all other alarms need 3 of 5 periods. The metric of a muted check is 0. A blocking
check keeps its cadence, so its alarm has periods of that, and needs 2 of 2 (docs/decisions/0011).
"""

from __future__ import annotations

import math

import msgspec

from canary.alarms import burn, profile
from canary.alarms.composites import (
    CompositePlan,
    Route,
    described,
    hold_of,
    page_of,
    ticket_of_critical,
    tickets_of,
)
from canary.alarms.machinery import Series, Watched, of_machinery
from canary.alarms.purposes import DEPLOYING, PURPOSES, Missing, Purpose
from canary.comparison.windows import DOWN_CRITICAL, Window, window_of
from canary.model import Check, Config, Environment, Frozen, Severity, Suite, names
from canary.model.schedule import MINUTE, schedule_period

NEAR_TIMEOUT_SHARE = 0.7
SILENT, SILENT_MINUTES = 5, 6
"""Periods without a point until the heartbeat rings, and how many where they are minutes.

A late point comes up to seven minutes after its own, so that several of a minute's schedule can be
late or lost at once: 5 of 5 rang falsely in 16 of 1,000 quarters, 6 of 6 in none (decision 5).
"""


class AlarmPlan(Frozen, frozen=True, kw_only=True):
    """One metric alarm; `expression` is metric math over `series`, "" for the one series."""

    key: str  # stable: the check's id or the alarm's purpose, never a position
    name: str
    description: str
    series: tuple[Series, ...]
    expression: str = ""
    comparison: str = "GreaterThanThreshold"
    threshold: float = 0.0
    period: int
    datapoints: int
    periods: int
    missing: Missing = Missing.NOT_BREACHING
    route: Route = Route.TICKET
    check: str = ""  # the check that it watches, "" for other alarms
    window: Window = DOWN_CRITICAL  # of the check, as the canary itself counts it
    every: int = MINUTE  # seconds between two runs of the check while it passes
    purpose: str = ""
    pages: bool = False  # the alarm of a critical check, which is part of the page
    # the checks that its metric counts, where it says how many
    counts: tuple[profile.Counted, ...] = ()


class Alarms(Frozen, frozen=True, kw_only=True):
    """All alarms of one environment."""

    alarms: tuple[AlarmPlan, ...]
    hold: CompositePlan | None  # holds the page back while a deployment is announced
    page: CompositePlan
    tickets: tuple[CompositePlan, ...]

    @property
    def composites(self) -> tuple[CompositePlan, ...]:
        """Return the composites in the order in which one may listen to another."""
        return (*((self.hold,) if self.hold else ()), self.page, *self.tickets)


def plan_alarms(config: Config, function_name: str, budget_s: float) -> Alarms:
    """Return the environment's alarms; `budget_s` is the longest time of a run in seconds."""
    environment = config.environment
    known = [c for c in config.checks if c.id not in environment.disable]
    own_alarm = profile.with_own_alarm(environment.profile, known)
    checks = sorted(own_alarm, key=lambda c: c.id)
    of_checks = tuple(_of_check(environment, c) for c in checks)
    critical = sum(c.severity is Severity.CRITICAL for c in known)
    own = _own(environment, function_name, budget_s, critical)
    rest = [c for c in known if c not in checks]
    own += tuple(_of_rest(environment, part) for part in profile.parts(environment.profile, rest))
    kept = profile.kept(environment.profile, [a.key for a in own])
    own = tuple(a for a in own if a.key in kept)
    names = {a.key: a.name for a in own}
    hold = hold_of(environment, names) if profile.holds_page(environment.profile) else None
    page = page_of(
        environment,
        names,
        critical=tuple(a.name for a in of_checks if a.pages),
        suppressor=hold.name if hold else "",
        burning=burn.pairs(environment, critical),
    )
    via_composite = {a.check: a.name for a in of_checks if a.route is Route.VIA_COMPOSITE}
    suites = {
        suite.value: tuple(
            via_composite[c.id] for c in checks if c.suite is suite and c.id in via_composite
        )
        for suite in Suite
    }
    return Alarms(
        alarms=of_checks + own,
        hold=hold,
        page=page,
        tickets=(
            ticket_of_critical(environment, names, suppressor=page.name),
            *tickets_of(environment, suites, suppressor=page.name),
        )
        if profile.has_tickets(environment.profile)
        else (),
    )


def _of_rest(environment: Environment, part: profile.Part) -> AlarmPlan:
    """Return the alarm that tells of checks which have none each."""
    plan = _simple(environment, part.purpose)
    suite = {"Suite": part.suite} if part.suite else {}
    counts = (
        profile.Counted(
            check=c.id,
            period=_period(environment, c),
            window=window_of(c.severity, c.load, c.alarm),
            every=c.every,
        )
        for c in part.checks
    )
    read = _series(part.purpose.metric, environment, **suite)
    return msgspec.structs.replace(plan, series=(read,), counts=tuple(counts))


def _of_check(environment: Environment, check: Check) -> AlarmPlan:
    window = window_of(check.severity, check.load, check.alarm)
    return AlarmPlan(
        key=check.id,
        name=names.alarm(environment.name, check.id),
        description=described(
            environment,
            f"The check requires: {check.title}.",
            check.runbook,
            f"python -m canary run --environment {environment.name} --only {check.id}",
        ),
        series=(_series("CheckFailed", environment, Check=check.id),),
        period=_period(environment, check),
        datapoints=window.bad,
        periods=window.runs,
        missing=Missing.IGNORE,
        route=Route.VIA_COMPOSITE,
        pages=check.severity is Severity.CRITICAL,
        check=check.id,
        window=window,
        every=check.every,
    )


def _period(environment: Environment, check: Check) -> int:
    """Return the seconds between two datapoints of a check that fails.

    A light check runs in every period of the schedule while it fails (see `plan`), whatever its
    interval is. A blocking one keeps its interval; CloudWatch takes whole minutes only.
    """
    schedule = schedule_period(environment.schedule.expression)
    if not check.blocking:
        return schedule
    return max(schedule, math.ceil(check.every / MINUTE) * MINUTE)


def _own(
    environment: Environment, function_name: str, budget_s: float, critical: int
) -> tuple[AlarmPlan, ...]:
    """Return the alarms on the canary itself and on metrics of all checks together."""
    long_run = float(round(budget_s * 1000 * NEAR_TIMEOUT_SHARE))
    limits = {"near-timeout": {"threshold": long_run}}
    watched = (msgspec.structs.replace(p, **limits.get(p.key, {})) for p in PURPOSES)
    return (
        _heartbeat(environment),
        *(_simple(environment, purpose) for purpose in watched),
        *(_by_aws(environment, w) for w in of_machinery(environment, function_name)),
        *(_by_aws(environment, w) for w in burn.of_budget(environment, critical)),
        # a pipeline reports its deployment minute by minute, whatever the schedule is
        *(msgspec.structs.replace(_simple(environment, d), period=MINUTE) for d in DEPLOYING),
    )


def _heartbeat(environment: Environment) -> AlarmPlan:
    name, silent = environment.name, "what was not seen is never taken for healthy"
    often = schedule_period(environment.schedule.expression) == MINUTE
    periods = SILENT_MINUTES if often else SILENT
    purpose = Purpose(
        key="heartbeat", metric="RunCompleted", when=silent, datapoints=periods, periods=periods,
        threshold=1, route=Route.PAGE, missing=Missing.BREACHING,
    )  # fmt: skip
    return msgspec.structs.replace(
        _simple(environment, purpose),
        description=described(
            environment,
            f"In ALARM while the canary sees nothing of {name}: no run completes, or no critical"
            " check can be judged.",
            environment.runbook("docs/runbooks/canary.md#heartbeat"),
            f"aws scheduler get-schedule --group-name {names.own(name)}"
            f" --name {names.own(name, 'every')} --region {environment.region}",
        ),
        series=(_series("RunCompleted", environment, stat="Sum"),),
        expression="FILL(m, 0)",
        comparison="LessThanThreshold",
    )


def _series(name: str, environment: Environment, stat: str = "Maximum", **extra: str) -> Series:
    return Series(
        id="m", name=name, stat=stat, dimensions={"Environment": environment.name, **extra}
    )


def _simple(environment: Environment, purpose: Purpose) -> AlarmPlan:
    return AlarmPlan(
        key=purpose.key,
        name=names.alarm(environment.name, purpose.key),
        description=described(
            environment,
            f"In ALARM when {purpose.when}.",
            environment.runbook(f"docs/runbooks/canary.md#{purpose.runbook or purpose.key}"),
        ),
        series=(_series(purpose.metric, environment),),
        period=schedule_period(environment.schedule.expression),
        datapoints=purpose.datapoints,
        periods=purpose.periods,
        threshold=purpose.threshold,
        route=purpose.route,
        missing=purpose.missing,
        purpose=purpose.when,
    )


def _by_aws(environment: Environment, watched: Watched) -> AlarmPlan:
    """Return an alarm on one metric by itself."""
    plan = _simple(environment, watched.purpose)
    period = watched.period or plan.period
    return msgspec.structs.replace(plan, series=(watched.series,), period=period)
