"""The composite alarms of an environment: one page, and one ticket for each suite.

An outage puts dozens of checks' alarms into ALARM at once. Only the composites notify people: the
page, and a ticket for each suite, which waits while the page is in ALARM because both report the
same outage. A suppressor only delays them: an alarm that remains in ALARM is reported afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import chain

from canary.model import Environment, Frozen, names

# Limits of PutCompositeAlarm: 100 alarms and 10,240 characters in a rule
MAX_CHILDREN = 100
MAX_RULE = 10_240


PAGES_ON = ("critical-down", "critical-failed-long", "state-lost", "critical-flapping")
"""The alarms on a whole run of which the page is made; a test holds them to the rule's order."""


class Route(StrEnum):
    """Where the messages of an alarm go."""

    PAGE = "page"
    TICKET = "ticket"
    VIA_COMPOSITE = "composite"  # part of a composite; sends nothing by itself
    NONE = "none"  # muted, or a suppressor


class CompositePlan(Frozen, frozen=True, kw_only=True):
    """One composite alarm; its suppressor ("": none) may delay its messages, not cancel them."""

    key: str
    name: str
    description: str
    rule: str
    listens: tuple[str, ...]  # names of the alarms in the rule
    suppressor: str
    route: Route
    wait_s: int
    extension_s: int


def hold_of(environment: Environment, own: Mapping[str, str]) -> CompositePlan:
    """Return the composite that holds the page back; `own` has the names of alarms by their key.

    A deployment is announced, not for an hour yet, and no critical check fails for that long.
    """
    deploying, too_long = own["deploy-in-progress"], own["deploy-too-long"]
    long = own["critical-failed-long"]
    return CompositePlan(
        key="page-held",
        name=names.alarm(environment.name, "page-held"),
        description=described(
            environment,
            f"A deployment of {environment.name} is announced: the page waits for its end.",
            environment.runbook("docs/runbooks/canary.md#deploy-in-progress"),
        ),
        rule=f"{_alarm(deploying)} AND NOT {_alarm(too_long)} AND NOT {_alarm(long)}",
        listens=(deploying, too_long, long),
        suppressor="",
        route=Route.NONE,
        wait_s=0,
        extension_s=0,
    )


def page_of(
    environment: Environment,
    own: Mapping[str, str],
    *,
    critical: tuple[str, ...],
    suppressor: str,
    burning: tuple[tuple[str, str], ...] = (),
) -> CompositePlan:
    """Return the one composite that pages; `own` has the names of alarms by their key.

    It is in ALARM when a critical check is down in the canary's own window, which has hysteresis
    both ways; when critical checks failed in most runs, whatever the canary remembers; or, while
    its history is lost, when a critical check's own alarm is in ALARM or critical checks flap.
    `burning` are pairs of keys: where both alarms of a pair ring, the error budget burns too fast.
    """
    # for alarms that do not fit into the rule, `critical-failed-long` remains
    listens = tuple(own[key] for key in PAGES_ON)
    both = tuple((own[long], own[short]) for long, short in burning)
    spent = "".join(f" OR ({_alarm(long)} AND {_alarm(short)})" for long, short in both)
    room = MAX_RULE - len(_page_rule(listens, ())) - len(spent)
    raw = _fitting(critical, MAX_CHILDREN - len(listens) - 2 * len(both), room)
    return CompositePlan(
        key="page",
        name=names.alarm(environment.name, "page"),
        description=described(
            environment,
            f"In ALARM while a critical check of {environment.name} is down.",
            environment.runbook("docs/runbooks/canary.md#page"),
        ),
        rule=_page_rule(listens, raw) + spent,
        listens=(*raw, *listens, *chain.from_iterable(both)),
        suppressor=suppressor,
        route=Route.PAGE,
        # a deployment is announced minutes before three runs have failed: the wait costs a page's
        # time and is needed for the order of two evaluations only
        wait_s=10,
        extension_s=60,
    )


def _page_rule(own: tuple[str, ...], raw: tuple[str, ...]) -> str:
    down, long, state_lost, flapping = own
    remembered = f"{_alarm(down)} OR {_alarm(long)}"
    return f"{remembered} OR ({_alarm(state_lost)} AND ({_any((flapping, *raw))}))"


def _fitting(names: tuple[str, ...], most: int, characters: int) -> tuple[str, ...]:
    """Return as many of the first names as fit into a rule."""
    kept = names[:most]
    while len(_any(kept)) > characters:
        kept = kept[:-1]
    return kept


def ticket_of_critical(
    environment: Environment, own: Mapping[str, str], *, suppressor: str
) -> CompositePlan:
    """Return the ticket for critical checks of which now one fails and now another."""
    return _ticket(environment, "critical", 1, (own["critical-flapping"],), suppressor)


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
            environment,
            f"In ALARM while a {_checks(suite)} fails in {environment.name}, and no page tells it.",
            environment.runbook("docs/runbooks/canary.md#ticket"),
        ),
        rule=_any(listens),
        listens=listens,
        suppressor=suppressor,
        route=Route.TICKET,
        # the page goes into ALARM at most a period later than a check's alarm, then waits a minute
        wait_s=180,
        extension_s=180,
    )


def _checks(suite: str) -> str:
    return "critical check" if suite == "critical" else f"check of the suite {suite}"


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


def described(environment: Environment, meaning: str, runbook: str, command: str = "") -> str:
    """Return a description of at most 1024 characters: meaning, report, runbook, first command.

    Without a command of its own an alarm is looked into by the latest report.
    The same text stands in the notification of the alarm's end, so it says what ALARM means.
    """
    show = f"python -m canary show latest --environment {environment.name} --store environment"
    where = f"Report: {environment.latest_report}"
    where += f" Runbook: {runbook}." if runbook else ""
    return f"{meaning} {where} First: {command or show}"[:1024]
