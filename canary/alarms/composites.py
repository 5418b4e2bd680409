"""The composite alarms of an environment: one page, and one ticket for each suite.

An outage puts dozens of checks' alarms into ALARM at once. Only the composites notify people: the
page, and a ticket for each suite, which waits while the page is in ALARM because both report the
same outage. A suppressor only delays them: an alarm that remains in ALARM is reported afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from canary.model import Environment, Frozen, names

# Limits of PutCompositeAlarm: 100 alarms and 10,240 characters in a rule
MAX_CHILDREN = 100
MAX_RULE = 10_240


class Route(StrEnum):
    """Where the messages of an alarm go."""

    PAGE = "page"
    TICKET = "ticket"
    VIA_COMPOSITE = "composite"  # part of a composite; sends nothing by itself
    NONE = "none"  # muted, or a suppressor


class CompositePlan(Frozen, frozen=True, kw_only=True):
    """One composite alarm; its suppressor may delay its messages but not cancel them."""

    key: str
    name: str
    description: str
    rule: str
    listens: tuple[str, ...]  # names of the alarms in the rule
    suppressor: str
    route: Route
    wait_s: int
    extension_s: int


def page_of(
    environment: Environment,
    *,
    down: str,
    state_lost: str,
    critical: tuple[str, ...],
    suppressor: str,
) -> CompositePlan:
    """Return the one composite that pages.

    It is in ALARM when a critical check is down in the canary's own window, which has hysteresis
    both ways, or, while the history is lost, when any critical check's own alarm is in ALARM.
    """
    # for alarms that do not fit into the rule, `critical-failed-long` remains
    raw = _fitting(critical, MAX_CHILDREN - 2, MAX_RULE - len(_page_rule(down, state_lost, ())))
    return CompositePlan(
        key="page",
        name=names.alarm(environment.name, "page"),
        description=described(
            f"A critical check of {environment.name} has failed three runs in a row.",
            environment.runbook("docs/runbooks/canary.md#page"),
            f"python -m canary show latest --environment {environment.name} --store environment",
        ),
        rule=_page_rule(down, state_lost, raw),
        listens=(*raw, down, state_lost),
        suppressor=suppressor,
        route=Route.PAGE,
        wait_s=60,
        extension_s=120,
    )


def _page_rule(down: str, state_lost: str, raw: tuple[str, ...]) -> str:
    return f"{_alarm(down)} OR ({_alarm(state_lost)} AND ({_any(raw)}))"


def _fitting(names: tuple[str, ...], most: int, characters: int) -> tuple[str, ...]:
    """Return as many of the first names as fit into a rule."""
    kept = names[:most]
    while len(_any(kept)) > characters:
        kept = kept[:-1]
    return kept


def tickets_of(
    environment: Environment, suites: Mapping[str, tuple[str, ...]], *, suppressor: str
) -> tuple[CompositePlan, ...]:
    """Return a ticket for each suite; `suites` has the alarm names of each suite's checks.

    A suite that is too large for one rule has several tickets, numbered from the second on.
    """
    return tuple(
        _ticket(environment, suite, number, listens, suppressor)
        for suite, alarms in suites.items()
        for number, listens in enumerate(_parts(alarms), start=1)
    )


def _ticket(
    environment: Environment, suite: str, number: int, listens: tuple[str, ...], suppressor: str
) -> CompositePlan:
    key = f"ticket-{suite}" + (f"-{number}" if number > 1 else "")
    return CompositePlan(
        key=key,
        name=names.alarm(environment.name, key),
        description=described(
            f"A check of the suite {suite} fails in {environment.name}, and no page reports it.",
            environment.runbook("docs/runbooks/canary.md#ticket"),
            f"python -m canary show latest --environment {environment.name} --store environment",
        ),
        rule=_any(listens),
        listens=listens,
        suppressor=suppressor,
        route=Route.TICKET,
        # the page goes into ALARM at most a period later than a check's alarm, then waits a minute
        wait_s=180,
        extension_s=180,
    )


def _parts(names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    part: list[str] = []
    for name in names:
        if len(part) == MAX_CHILDREN or len(_any((*part, name))) > MAX_RULE:
            yield tuple(part)
            part = []
        part.append(name)
    if part:
        yield tuple(part)


def _any(names: tuple[str, ...]) -> str:
    return " OR ".join(_alarm(name) for name in names) or "FALSE"


def _alarm(name: str) -> str:
    return f'ALARM("{name}")'


def described(meaning: str, runbook: str, command: str) -> str:
    """Return a description of at most 1024 characters: meaning, runbook, first command."""
    return f"{meaning} Runbook: {runbook}. First: {command}"[:1024]
