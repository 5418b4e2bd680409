"""What the canary remembers between the runs of a replay."""

from __future__ import annotations

from canary.alarms.plan import AlarmPlan, Alarms
from canary.alarms.profile import Counted, down
from canary.comparison.history import KEPT, is_one_outage
from canary.comparison.windows import (
    BLIND,
    DOWN_CRITICAL,
    RECOVERED,
    UNSTABLE,
    Window,
    down_after,
    without_outages,
)
from canary.model import CheckHistory, Frozen
from canary.model.schedule import MINUTE

PERIOD_KEY = "heartbeat"


class Minute(Frozen, frozen=True, kw_only=True):
    """One minute: whether a run completed, which checks failed, which needed a second attempt."""

    completed: bool = True
    failed: frozenset[str] = frozenset()
    unstable: frozenset[str] = frozenset()
    skipped: frozenset[str] = frozenset()  # not tried, and no failure that pages is why
    deploying: bool = False
    state_lost: bool = False  # the canary could not read its previous report, or keep this one


def slot_of(alarms: Alarms) -> int:
    """Return the seconds between two runs of the schedule."""
    return next((p.period for p in alarms.alarms if p.key == PERIOD_KEY), MINUTE)


class Memory:
    """The history that the canary keeps between runs: each check's last outcomes."""

    def __init__(self, alarms: Alarms, critical: frozenset[str]) -> None:
        slot = slot_of(alarms)
        own: list[AlarmPlan | Counted] = [p for p in alarms.alarms if p.check]
        own += [c for p in alarms.alarms for c in p.counts]
        self._critical = critical
        self._slow = {p.check: max(round(p.every / slot), 1) for p in own if p.every > slot}
        self._blocking = {p.check for p in own if p.period > slot}
        self._windows = {p.check: p.window for p in own}
        self._bad: dict[str, str] = {}  # outcomes of checks that failed recently, newest last
        self._skips: dict[str, int] = {}  # runs in a row in which a check was not tried
        self._asked: dict[str, int] = {}
        self._metrics: dict[str, float] = {}
        self.rests: frozenset[str] = frozenset()
        """Checks that the last run did not ask."""

    def add(self, number: int, outcome: Minute) -> None:
        """Add one run's outcomes; a minute without a run adds nothing, nor a check that rests."""
        if not outcome.completed:
            return
        self.rests = frozenset(c for c in self._slow if not self._is_due(c, number))
        self._asked.update({c: number for c in self._slow if c not in self.rests})
        before = dict(self._bad)
        seen = outcome.failed | outcome.unstable | self._bad.keys()
        for check in seen - self.rests - outcome.skipped:
            letter = "F" if check in outcome.failed else "f" if check in outcome.unstable else "P"
            self._bad[check] = (self._bad.get(check, "") + letter)[-KEPT:]
        self._bad = {c: o for c, o in self._bad.items() if set(o[-15:]) != {"P"}}
        self._skips = {c: self._skips.get(c, 0) + 1 for c in outcome.skipped}
        self._metrics = self._measured(outcome)
        if outcome.state_lost:
            self._bad = before  # the next run sees the same past again

    def value(self, plan: AlarmPlan, outcome: Minute) -> float | None:
        """Return the value of the alarm's metric in this minute, None for no data point."""
        name = plan.series[0].name
        if name == "DeployInProgress":
            return 1.0 if outcome.deploying else None
        if not outcome.completed:
            return None
        if plan.check:
            asked = plan.check not in self.rests and plan.check not in outcome.skipped
            return float(plan.check in outcome.failed) if asked else None
        if plan.counts:
            paged = name == "SuiteDown" and self._metrics.get("CriticalDown", 0.0) > 0
            return 0.0 if paged else down(plan.counts, self._bad)
        return self._metrics.get(name, 0.0)

    def _is_due(self, check: str, number: int) -> bool:
        """Return whether a check of a slower cadence is asked: always until it recovered."""
        runs, known = self._slow[check], self._bad.get(check, "")
        if check not in self._blocking and "F" in known[-RECOVERED:]:
            return True
        if check not in self._asked:  # each check has its own minute, as chance would have it
            self._asked[check] = number - sum(map(ord, check)) % runs
        return number - self._asked[check] >= runs

    def _measured(self, outcome: Minute) -> dict[str, float]:
        judged = {c: o.replace("f", "P") for c, o in self._bad.items()}
        down = {c for c, o in judged.items() if down_after(o, self._window(c))}
        blind = {c for c in self._critical if self._skips.get(c, 0) >= BLIND}
        failed = outcome.failed - self.rests
        asked = self._critical - self.rests
        seen = not asked or bool(asked - outcome.skipped)
        newest = (without_outages(o)[-UNSTABLE.runs :] for o in self._bad.values())
        unstable = (sum(x in "Ff" for x in o) for o in newest)
        return {
            "RunCompleted": float(seen),
            "CriticalFailed": float(len(failed & self._critical)),
            "CriticalDown": float(max(len(down & self._critical), self._outage_goes_on(judged))),
            "ChecksDown": float(len(down)),
            "ChecksBlind": float(len(blind)),
            "UnstableChecks": float(sum(n >= UNSTABLE.bad for n in unstable)),
            "StateLost": float(outcome.state_lost),
        }

    def _outage_goes_on(self, judged: dict[str, str]) -> bool:
        """Return whether an outage of critical checks, now of one and now of another, goes on."""
        beside = self._critical - self._blocking
        known = {c: CheckHistory(outcomes=o) for c, o in judged.items() if c in beside}
        return is_one_outage((history, self._window(c)) for c, history in known.items())

    def _window(self, check: str) -> Window:
        return self._windows.get(check, DOWN_CRITICAL)
