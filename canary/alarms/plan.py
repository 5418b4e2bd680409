"""The alarms of an environment, made from the checks that the canary runs.

`infra` writes them into the template, and `rehearse` replays runs through them. A test requires
that every check has an alarm that leads to an action.

The windows are calculated in docs/decisions/0005: a critical check pages after three failing
minutes in a row, which at 0.5 % independent failures a minute gives 0.005 false pages a month and
shows a hard outage within three minutes. All other alarms need 3 of 5 periods, and the alarms of a
suite open one ticket together. A blocking check keeps its cadence while it fails, so its alarm has
periods of that cadence, and needs 2 of 2 (docs/decisions/0011).
"""

from __future__ import annotations

import math

import msgspec

from canary.alarms.composites import CompositePlan, Route, described, page_of, tickets_of
from canary.alarms.purposes import PURPOSES, THE_REST, Missing, Purpose
from canary.comparison.windows import DOWN_CRITICAL, window_of
from canary.metrics.table import MOST_OWN, NAMESPACE
from canary.model import Check, Config, Environment, Frozen, Severity, Suite, by_severity, names
from canary.model.schedule import MINUTE, schedule_period

NEAR_TIMEOUT_SHARE = 0.7


class Series(Frozen, frozen=True, kw_only=True):
    """One metric that an alarm reads."""

    id: str
    name: str
    dimensions: dict[str, str]
    stat: str = "Maximum"
    namespace: str = NAMESPACE


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
    purpose: str = ""
    muted: str = ""
    pages: bool = False  # the alarm of a critical check, which is part of the page


class Alarms(Frozen, frozen=True, kw_only=True):
    """All alarms of one environment."""

    alarms: tuple[AlarmPlan, ...]
    page: CompositePlan
    tickets: tuple[CompositePlan, ...]

    @property
    def composites(self) -> tuple[CompositePlan, ...]:
        """Return the composites in the order in which one may listen to another."""
        return (self.page, *self.tickets)


def plan_alarms(config: Config, function_name: str, budget_s: float) -> Alarms:
    """Return the environment's alarms; `budget_s` is the longest time of a run in seconds."""
    environment = config.environment
    known = [c for c in config.checks if c.id not in environment.disable]
    checks = sorted(_with_own_alarm(known), key=lambda c: c.id)
    of_checks = tuple(_of_check(environment, c) for c in checks)
    own = _own(environment, function_name, budget_s)
    if len(checks) < len(known):
        own += (_simple(environment, THE_REST),)
    names = {a.key: a.name for a in own}
    page = page_of(
        environment,
        down=names["critical-down"],
        state_lost=names["state-lost"],
        critical=tuple(a.name for a in of_checks if a.pages),
        suppressor=names["deploy-in-progress"],
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
        page=page,
        tickets=tickets_of(environment, suites, suppressor=page.name),
    )


def _with_own_alarm(checks: list[Check]) -> list[Check]:
    """Return the checks with an alarm each: all of them, or the most severe of very many."""
    ranked = sorted(checks, key=lambda c: by_severity(c.severity, c.id))
    return ranked[:MOST_OWN]


def _of_check(environment: Environment, check: Check) -> AlarmPlan:
    critical = check.severity is Severity.CRITICAL
    window = window_of(check.severity, check.load)
    mute = next((m for m in environment.mutes if m.check == check.id), None)
    return AlarmPlan(
        key=check.id,
        name=names.alarm(environment.name, check.id),
        description=described(
            f"The check requires: {check.title}.",
            check.runbook,
            f"python -m canary run --environment {environment.name} --only {check.id}",
        ),
        series=(_series("CheckFailed", environment, Check=check.id),),
        period=_period(environment, check),
        datapoints=window.bad,
        periods=window.runs,
        missing=Missing.IGNORE,
        route=Route.NONE if mute else Route.VIA_COMPOSITE,
        pages=critical and not mute,
        check=check.id,
        muted=f"until {mute.until}: {mute.reason}" if mute else "",
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


def _own(environment: Environment, function_name: str, budget_s: float) -> tuple[AlarmPlan, ...]:
    """Return the alarms on the canary itself and on metrics of all checks together."""
    long_run = float(round(budget_s * 1000 * NEAR_TIMEOUT_SHARE))
    watched = tuple(
        _simple(environment, purpose)
        if purpose.key != "near-timeout"
        else _simple(environment, msgspec.structs.replace(purpose, threshold=long_run))
        for purpose in PURPOSES
    )
    fn = {"FunctionName": function_name}
    return (
        _heartbeat(environment),
        *watched,
        _lambda(environment, "lambda-errors", "Errors", fn, "runs end in an error"),
        _lambda(environment, "lambda-throttles", "Throttles", fn, "runs are throttled or overlap"),
        _deploy(environment),
    )


def _heartbeat(environment: Environment) -> AlarmPlan:
    name = environment.name
    return AlarmPlan(
        key="heartbeat",
        name=names.alarm(name, "heartbeat"),
        description=described(
            "The canary completes no run: while this is in ALARM, nothing is checked.",
            environment.runbook("docs/runbooks/canary.md#heartbeat"),
            f"aws scheduler get-schedule --group-name {names.own(name)}"
            f" --name {names.own(name, 'every')} --region {environment.region}",
        ),
        series=(_series("RunCompleted", environment, stat="Sum"),),
        expression="FILL(m, 0)",
        comparison="LessThanThreshold",
        threshold=1,
        period=schedule_period(environment.schedule.expression),
        datapoints=DOWN_CRITICAL.bad,
        periods=DOWN_CRITICAL.runs,
        missing=Missing.BREACHING,
        route=Route.PAGE,
        purpose="no data is never taken for a healthy platform",
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
            f"In ALARM when {purpose.when}.",
            environment.runbook(f"docs/runbooks/canary.md#{purpose.key}"),
            f"python -m canary show latest --environment {environment.name}",
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


def _lambda(
    environment: Environment, key: str, metric: str, dimensions: dict[str, str], when: str
) -> AlarmPlan:
    plan = _simple(environment, Purpose(key=key, metric=metric, when=when, datapoints=2, periods=3))
    series = Series(id="m", name=metric, dimensions=dimensions, stat="Sum", namespace="AWS/Lambda")
    return msgspec.structs.replace(plan, series=(series,))


def _deploy(environment: Environment) -> AlarmPlan:
    """Return the suppressor: a pipeline reports its deployment for a bounded time."""
    purpose = Purpose(
        key="deploy-in-progress",
        metric="DeployInProgress",
        when="a deployment of the platform is in progress (delays the page, never cancels it)",
        datapoints=1,
        periods=1,
        route=Route.NONE,
    )
    return msgspec.structs.replace(_simple(environment, purpose), period=MINUTE)
