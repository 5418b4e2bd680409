"""Plan a run: which checks run now, in which order, within which time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from canary.comparison.history import LETTER
from canary.comparison.median import median
from canary.comparison.windows import recovering
from canary.model import Check, CheckHistory, Config, Frozen, Status, Suite, parse_time
from canary.probes.base.api import Kind

JITTER_S = 30.0
"""A schedule of one minute may fire 59 s early or late, so a check is due half a period early."""
OPEN = (Status.FAIL, Status.ERROR)
"""A check with these outcomes runs every time: an alarm needs several runs in a row."""
GUESS_MS = 60.0
"""Milliseconds of one request, for a check without history."""


class PlanError(Exception):
    """The selection names something that does not exist."""


class Planned(Frozen, frozen=True, kw_only=True):
    """A check that runs: what it needs within this run, and how long it is expected to take."""

    check: Check
    needs: tuple[str, ...]
    requests: int
    keyed: int  # requests that carry a key
    expected_ms: float
    because: str = ""  # "needed by …" where the selection did not name it


class Plan(Frozen, frozen=True, kw_only=True):
    """What a run will do; `order` starts what others wait for, and what takes long, first.

    Blocking checks are its end: each is asked when no other check is left or running.
    """

    order: tuple[Planned, ...]
    not_due: tuple[str, ...] = ()  # their last result is reused
    narrowed: bool = False  # a selection, not the whole environment
    budget_s: float
    cleanup_reserve_s: float
    publish_reserve_s: float
    requests: int
    keyed: int  # requests that carry a key
    expected_ms: float  # of the longest chain of light checks, then of each blocking check


class Selection(Frozen, frozen=True, kw_only=True):
    """What to run: everything, or some checks, or some suites."""

    only: tuple[str, ...] = ()
    suites: tuple[str, ...] = ()
    without: tuple[str, ...] = ()  # checks that another schedule runs while they pass
    due_only: bool = False  # each check at its own cadence; a person who asks gets everything

    @property
    def narrow(self) -> bool:
        """Return whether this is less than everything."""
        return bool(self.only or self.suites)

    def names(self, check: Check) -> bool:
        """Return whether this names a check, itself or by its suite."""
        return not self.narrow or check.id in self.only or check.suite.value in self.suites


def make_plan(
    config: Config,
    kinds: Mapping[str, Kind],
    history: Mapping[str, CheckHistory],
    now: dt.datetime,
    selection: Selection | None = None,
    budget_s: float = 0.0,
) -> Plan:
    """Return the plan of a run that starts `now`; `budget_s` 0 takes the environment's own."""
    chosen = selection or Selection()
    by_id = {c.id: c for c in config.checks}
    wanted = _chosen(by_id, chosen, history)
    wait = {
        c.id
        for c in config.checks
        if chosen.due_only and not chosen.only and not is_due(c, history.get(c.id), now)
    }
    due = wanted - wait
    running = _with_needs(by_id, due, wait)
    # in the configuration's order: a set's own order differs from process to process
    planned = {
        i: _planned(c, kinds, history.get(i), running, due)
        for i, c in by_id.items()
        if i in running
    }
    run = config.environment.run
    return Plan(
        order=tuple(_ordered(planned)),
        not_due=tuple(c.id for c in config.checks if c.id not in running),
        narrowed=chosen.narrow,
        budget_s=budget_s or run.budget,
        cleanup_reserve_s=run.cleanup_reserve,
        publish_reserve_s=run.publish_reserve,
        requests=sum(p.requests for p in planned.values()),
        keyed=sum(p.keyed for p in planned.values()),
        expected_ms=_expected_ms(planned),
    )


def _expected_ms(planned: Mapping[str, Planned]) -> float:
    light = {i: (p.expected_ms, p.needs) for i, p in planned.items() if not p.check.blocking}
    alone = sum(p.expected_ms for p in planned.values() if p.check.blocking)
    return max(chain_lengths(light).values(), default=0.0) + alone


def is_due(check: Check, history: CheckHistory | None, now: dt.datetime) -> bool:
    """Return whether the check's own cadence asks for a run now.

    A check that fails, or that could not be judged, is looked at in every run until it recovered,
    so that its alarm's window is minutes whatever its cadence (docs/decisions/0005).
    So is one that the last run could not try: a reused skip would stand until its next due time.
    A blocking check never leaves its cadence (docs/decisions/0011). A skip of it asked nothing and
    does not count, so that it is tried in each run from its next due time on.
    """
    if history is None:
        return True
    if not check.blocking and (_waits_for_nothing(history) or recovering(history.outcomes)):
        return True
    last = parse_time(history.last_run_at)
    if last is None:
        return True
    age = (now - last).total_seconds()
    return age < 0 or age >= check.every - JITTER_S


def _chosen(
    by_id: Mapping[str, Check], selection: Selection, history: Mapping[str, CheckHistory]
) -> set[str]:
    unknown = [i for i in selection.only if i not in by_id]
    unknown += [s for s in selection.suites if s not in [k.value for k in Suite]]
    if unknown:
        raise PlanError(f"no such check or suite here: {', '.join(unknown)}")
    if not selection.narrow:
        return {
            i for i, c in by_id.items() if i not in selection.without or _is_open(c, history.get(i))
        }
    suites = set(selection.suites)
    return set(selection.only) | {i for i, c in by_id.items() if c.suite.value in suites}


def _is_open(check: Check, history: CheckHistory | None) -> bool:
    """Return whether even a check of another schedule belongs into this run.

    Its alarm's window is this schedule's, and a check without history (a new one, a lost report)
    must not be missing from the report until the slower schedule comes round.
    """
    if history is None or not history.last_run_at or _waits_for_nothing(history):
        return True
    return not check.blocking and recovering(history.outcomes)


def _waits_for_nothing(history: CheckHistory) -> bool:
    return history.last_status in OPEN or history.outcomes.endswith(LETTER[Status.SKIP])


def _with_needs(by_id: Mapping[str, Check], due: Iterable[str], wait: set[str]) -> set[str]:
    """Add what the due checks need, unless its last outcome is still fresh by its own cadence.

    What a blocking check needs must pass in the same run: no earlier outcome will do.
    """
    found: set[str] = set()
    open_ids = list(due)
    while open_ids:
        check_id = open_ids.pop()
        if check_id not in found:
            found.add(check_id)
            check = by_id[check_id]
            open_ids += [n for n in check.needs if check.blocking or n not in wait]
    return found


def _planned(
    check: Check,
    kinds: Mapping[str, Kind],
    history: CheckHistory | None,
    running: set[str],
    due: set[str],
) -> Planned:
    requests = kinds[check.kind].requests(check.spec)
    known = history.latency_ms if history else ()
    expected = median(known) if known else max(requests, 1) * GUESS_MS
    return Planned(
        check=check,
        needs=tuple(n for n in check.needs if n in running),
        requests=requests,
        keyed=kinds[check.kind].requests_with_key(check.spec),
        expected_ms=expected,
        because="" if check.id in due else "needed by another check",
    )


def chain_lengths(nodes: Mapping[str, tuple[float, tuple[str, ...]]]) -> dict[str, float]:
    """Return, for each node, the length of the longest chain that ends with it."""
    found: dict[str, float] = {}
    for node in needs_first({i: needs for i, (_, needs) in nodes.items()}):
        length, needs = nodes[node]
        found[node] = length + max((found[n] for n in needs if n in found), default=0.0)
    return found


def needs_first(graph: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the nodes so that each comes after what it needs; there is no cycle (config)."""
    order: list[str] = []
    seen: set[str] = set()
    for start in graph:
        stack = [(start, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node not in seen and node in graph:
                seen.add(node)
                stack.append((node, True))
                stack += [(need, False) for need in graph[node]]
    return order


def _ordered(planned: Mapping[str, Planned]) -> list[Planned]:
    """Longest remaining chain first, so that a run is as short as its critical path allows.

    Blocking checks come last: nothing waits for them, and they wait for everything, so that they
    make no chain longer than another.
    """
    backwards: dict[str, list[str]] = {i: [] for i in planned}
    for check_id, one in planned.items():
        for need in () if one.check.blocking else one.needs:
            backwards[need].append(check_id)
    ahead = chain_lengths({i: (planned[i].expected_ms, tuple(b)) for i, b in backwards.items()})
    rank = {i: n for n, i in enumerate(needs_first({i: p.needs for i, p in planned.items()}))}
    return sorted(
        planned.values(),
        key=lambda p: (p.check.blocking, -ahead[p.check.id], rank[p.check.id]),
    )
