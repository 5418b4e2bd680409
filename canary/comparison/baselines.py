"""Remember, of each check, the state of the control plane in which it was well."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping

import msgspec

from canary.comparison.drift import lasting
from canary.comparison.states import state_of
from canary.control_plane.baselines import Baseline, Baselines
from canary.control_plane.stable import is_complete
from canary.control_plane.state import PlatformState
from canary.model import CheckHistory, Kept, Report, Result, parse_time

WELL = "PPP"
"""The last outcomes of a check that is well: one pass may be luck, and three in a row are not."""
RECENT = dt.timedelta(hours=24)
"""What began to fail within this time belongs to the incident; older failures are chronic."""
STATES = 3
"""Most different baselines that a run reads from the store for its diagnosis."""
EARLIER = 2
"""Most states of the day before them that it reads."""
SHOWN = 10
"""The changes of the platform that a report carries on; the store has more of them."""

ReadState = Callable[[str], PlatformState]
"""The name of a state -> the state; raises where it cannot be read."""


def remembered(report: Report, previous: Report | None) -> Report:
    """Return the report with the name of its state, the checks' baselines and the changes."""
    state = state_of(report)
    if state is None:
        return report
    name, at = state.reference, report.run.started_at
    history = report.history
    if is_complete(state.platform):
        history = _with_baselines(history, report.results, name, at)
    changes = lasting(report.comparison.drift)
    earlier = report.changes or (previous.changes if previous else ())
    return msgspec.structs.replace(
        report,
        history=history,
        platform_state=name,
        state_kept_at=_kept_at(previous, name, at),
        changes=(*changes, *earlier)[:SHOWN],
    )


def _with_baselines(
    history: Mapping[str, CheckHistory], results: Iterable[Result], name: str, at: str
) -> dict[str, CheckHistory]:
    well = {r.check_id for r in results if not r.reused}
    return {
        check: _well(kept, name, at) if check in well and kept.outcomes.endswith(WELL) else kept
        for check, kept in history.items()
    }


def _well(kept: CheckHistory, name: str, at: str) -> CheckHistory:
    """Return the history of a check that is well: once a day its baseline is kept for later."""
    days = kept.day_before
    if not days or _moment(at) - _moment(days[-1].at) >= RECENT:
        days = (*days, Kept(state=name, at=at))[-2:]
    return msgspec.structs.replace(kept, baseline=name, baseline_at=at, day_before=days)


def _kept_at(previous: Report | None, name: str, at: str) -> str:
    """Return when the state was written, "" if it is another one or another day has begun."""
    if previous is None or previous.platform_state != name:
        return ""
    return "" if is_first_of_day(previous.run.started_at, at) else previous.state_kept_at


def is_first_of_day(previous_at: str, at: str) -> bool:
    """Return whether a run that starts `at` is the first one of its day (UTC)."""
    return previous_at[:10] != at[:10]


def named_states(report: Report) -> tuple[str, ...]:
    """Return the names of all states that a report's history refers to."""
    names = {
        name
        for kept in report.history.values()
        for name in (kept.baseline, *(day.state for day in kept.day_before))
    }
    return tuple(sorted(names - {""}))


def wanted(
    history: Mapping[str, CheckHistory], failing: Iterable[str], now: str
) -> tuple[str, tuple[str, ...]]:
    """Return the check whose baseline is that of the incident, "" for none, and all in order.

    An incident is what began to fail within the last day, or else everything that fails. Its
    baseline is the newest of its checks' that is older than its first failure. After it come the
    checks whose state most of them name. The state of the first failing run itself is not older,
    though some checks passed in it: kept connections and answers outlive what broke.
    """
    kept = {check: history[check] for check in failing if check in history}
    incident = {c: h for c, h in kept.items() if _moment(now) - _moment(h.since) <= RECENT} or kept
    # a check that was never well does not tell when something changed
    began = [_moment(h.since) for h in incident.values() if h.baseline]
    begin = min(began, default=_moment(now))
    found = {check: h for check, h in kept.items() if h.baseline}
    older = [c for c in found if c in incident and _moment(found[c].baseline_at) < begin]
    first = max(older, key=lambda c: (_moment(found[c].baseline_at), c), default="")
    names = [h.baseline for h in found.values()]
    order = sorted(found, key=lambda c: (c != first, -names.count(found[c].baseline), c))
    return first, tuple(order)


def _moment(at: str) -> dt.datetime:
    return parse_time(at) or dt.datetime.min.replace(tzinfo=dt.UTC)


def baselines(
    history: Mapping[str, CheckHistory], failing: Iterable[str], now: str, read: ReadState
) -> tuple[Baselines, tuple[str, ...]]:
    """Read the baselines of failing checks; return them and why others could not be read."""
    first, checks = wanted(history, failing, now)
    states, problems = dict[str, PlatformState](), list[str]()
    days = {c: history[c].day_before[0] for c in checks if history[c].day_before}
    last = list(dict.fromkeys(history[c].baseline for c in checks))[:STATES]
    before = list(dict.fromkeys(day.state for day in days.values() if day.state not in last))
    for name in (*last, *before[:EARLIER]):
        try:
            states[name] = read(name)
        except Exception as error:  # noqa: BLE001 - the boundary: a state that is lost is a note
            problems.append(f"the state {name} could not be read: {error}")
    of = {
        check: Baseline(reference=name, state=states[name], at=history[check].baseline_at)
        for check in checks
        if (name := history[check].baseline) in states
    }
    day_before = {
        check: Baseline(reference=day.state, state=states[day.state], at=day.at)
        for check, day in days.items()
        if day.state in states
    }
    found = Baselines(of=of, incident=of.get(first), day_before=day_before)
    return found, tuple(problems)
