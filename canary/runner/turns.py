"""One call with a key at a time to an origin that answers nothing else while it has one.

A service may ask its cache or its auth service in a way that keeps it from answering others: then
calls with a key side by side cost its users the sum of their waits, and one alone costs what any
user's call costs. The first call with a key to an origin goes alone, as nothing is known yet. If it
is answered in time, all others go side by side. If it is late, they go one at a time, until a call
without a key was answered promptly meanwhile and none was held up.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from canary.model import Check, RunLimits, Severity
from canary.probes.base.api import BLOCKED, Clock

LATE_SHARE = 0.5
"""A call is late after this share of the time that the environment calls slow (2 s: after 1 s)."""
PROMPT_SHARE = 0.25
"""A call without a key that takes at most this share of a late call's time waited for nobody."""
PROBING_SHARE = 0.5
"""The share of a run's probing time that late calls with a key may take at an origin."""

LIMIT, CRITICAL, OTHER = range(3)


@dataclass(frozen=True)
class Turn:
    """A call that may be sent; its origin gets it back when it was answered."""

    origin: str
    number: int


@dataclass
class _Lane:
    """The calls with a key to one origin."""

    under_way: dict[int, float] = field(default_factory=dict)  # number -> start
    waiting: dict[int, Callable[[], int]] = field(default_factory=dict)  # number -> class
    answered: bool = False
    took_s: float = 0.0  # the last late call
    late_since: float = 0.0
    bad: bool = False  # the last call had no answer, or an error of the service
    last: tuple[float, float] = (0.0, 0.0)  # start and end of the last call
    prompt_began: float = 0.0  # of the latest call without a key that was answered promptly
    held_up: bool = False  # a call without a key waited for one with a key
    calm: bool = False  # a call without a key was answered promptly beside a late one
    meanwhile: dict[int, float] = field(default_factory=dict)
    """Number of a late call under way -> when the first prompt answer beside it came."""

    @property
    def late(self) -> bool:
        return self.took_s > 0

    @property
    def one_at_a_time(self) -> bool:
        return not self.answered or (self.late and (self.held_up or not self.calm))

    def beside_s(self, began: float, ended: float) -> float:
        """Return how long a call from one moment to another had one call with a key beside it."""
        spans = [self.last, *((start, ended) for start in self.under_way.values())]
        return max(min(ended, until) - max(began, start) for start, until in spans)

    def note_calm(self, now: float, least_s: float) -> None:
        """Note an answer that came well before the end of a late call.

        One that came with its end may have waited for just that.
        """
        self.calm |= any(now - answered >= least_s for answered in self.meanwhile.values())

    def next(self) -> int:
        """Return the call whose turn is next."""
        return min(self.waiting, key=lambda number: (self.waiting[number](), number))


class Turns:
    """Who may call which origin with a key at this moment."""

    def __init__(self, clock: Clock, limits: RunLimits, start: float, until: float) -> None:
        """Take the environment's limits, and the moments between which checks are asked."""
        self._clock, self._late_s = clock, limits.slow_ms / 1000 * LATE_SHARE
        self._prompt_s = self._late_s * PROMPT_SHARE
        self._most = limits.concurrency
        self._until, self._most_s = until, (until - start) * PROBING_SHARE
        self._news = threading.Condition()
        self._lanes: dict[str, _Lane] = {}
        self._numbers = itertools.count()
        self._closed = False

    def take(
        self, origin: str, check: Check, *, first: bool, on_wait: Callable[[], None]
    ) -> Turn | str:
        """Return a turn, or why there is none; waits for it at most until probing ends.

        `first`: the check has sent no call with a key yet. `on_wait` is called while it waits for
        a late origin.
        """
        number = next(self._numbers)
        with self._news:
            lane = self._lanes.setdefault(origin, _Lane())
            lane.waiting[number] = lambda: _class(check, first, lane)
            try:
                while not self._may_go(lane, number):
                    if why := self._over(lane, origin):
                        return why
                    if lane.late:
                        on_wait()
                    self._news.wait(self._patience_s(lane))
            finally:
                del lane.waiting[number]
                self._news.notify_all()
            if why := self._over(lane, origin):
                return why
            lane.under_way[number] = self._clock.monotonic()
            return Turn(origin, number)

    def give_back(self, turn: Turn, *, bad: bool) -> None:
        """End a turn; `bad`: the call had no answer, or an error of the service."""
        with self._news:
            lane, now = self._lanes[turn.origin], self._clock.monotonic()
            lane.note_calm(now, self._prompt_s)
            lane.meanwhile.pop(turn.number, None)
            began = lane.under_way.pop(turn.number)
            took_s = now - began
            lane.answered, lane.bad, lane.last = True, bad, (began, now)
            if took_s >= self._late_s:
                self._note_late(lane, took_s)
            self._news.notify_all()

    def answered_without_key(self, origin: str, began: float) -> None:
        """Note whether a call without a key, now answered, waited for calls with one.

        One that others overtook is slow by itself: a document about a slow dependency, say.
        """
        with self._news:
            lane, now = self._lanes.get(origin), self._clock.monotonic()
            if lane is None:
                return
            if now - began >= self._late_s:
                overtaken = lane.prompt_began >= began + self._prompt_s
                lane.held_up |= not overtaken and lane.beside_s(began, now) >= self._late_s
            elif now - began <= self._prompt_s:
                lane.prompt_began = max(lane.prompt_began, began)
                for number, start in lane.under_way.items():
                    if now - start >= self._late_s:
                        lane.meanwhile.setdefault(number, now)
            self._news.notify_all()

    def close(self) -> None:
        """Give no more turns: the run was stopped."""
        with self._news:
            self._closed = True
            self._news.notify_all()

    def _may_go(self, lane: _Lane, number: int) -> bool:
        now = self._clock.monotonic()
        age_s = max((now - start for start in lane.under_way.values()), default=0.0)
        if age_s >= max(self._late_s, lane.took_s):
            self._note_late(lane, age_s)
        lane.note_calm(now, self._prompt_s)
        room = 1 if lane.one_at_a_time else self._most
        return len(lane.under_way) < room and lane.next() == number

    def _note_late(self, lane: _Lane, took_s: float) -> None:
        lane.late_since = lane.late_since or self._clock.monotonic()
        lane.took_s = took_s

    def _over(self, lane: _Lane, origin: str) -> str:
        """Return why a call gets no turn any more, "" if it may: there is no time for all."""
        now = self._clock.monotonic()
        if self._closed:
            return f"{BLOCKED}: the run was stopped"
        if not (lane.late and lane.one_at_a_time) or now < self._end_of(lane):
            return ""
        meanwhile = " and answered no other meanwhile" if lane.held_up else ""
        return (
            f"{BLOCKED}: {origin} took {lane.took_s:.1f} s for a call with a key{meanwhile};"
            " such calls go one at a time, and this one had no turn"
        )

    def _end_of(self, lane: _Lane) -> float:
        """Return until when a late origin gets calls: the last one must have the time it takes."""
        return min(self._until - lane.took_s, lane.late_since + self._most_s)

    def _patience_s(self, lane: _Lane) -> float:
        """Return the seconds after which a waiting call looks again without news."""
        moments = [start + self._late_s for start in lane.under_way.values()]
        if lane.late and lane.one_at_a_time:
            moments = [self._end_of(lane)]
            if not lane.calm:  # else there is nothing more to learn, and no reason to look again
                moments += [at + self._prompt_s for at in lane.meanwhile.values()]
        until = min(moments, default=self._until)
        return max(until - self._clock.monotonic(), 0.0) + 0.001


class Place:
    """One check's place in the queues; `queued` while it waits, which takes no slot of the run."""

    def __init__(self, turns: Turns, clock: Clock, check: Check, on_wait: Callable[[], None]):
        """`on_wait` is called when the check begins to wait for a late origin."""
        self._turns, self._clock, self._check, self._on_wait = turns, clock, check, on_wait
        self._turn: Turn | None = None
        self._had_one = False
        self.queued = False
        self.waited_s = 0.0

    def take(self, origin: str) -> str:
        """Wait for the turn to call an origin with a key; return why it does not come, else ""."""
        began = self._clock.monotonic()
        found = self._turns.take(origin, self._check, first=not self._had_one, on_wait=self._waits)
        self.waited_s += self._clock.monotonic() - began
        self.queued = False
        if isinstance(found, str):
            return found
        self._turn, self._had_one = found, True
        return ""

    def end(self, *, bad: bool) -> None:
        """End the turn if there is one; `bad`: no answer, or an error of the service."""
        turn, self._turn = self._turn, None
        if turn is not None:
            self._turns.give_back(turn, bad=bad)

    def _waits(self) -> None:
        if not self.queued:
            self.queued = True
            self._on_wait()


def _class(check: Check, first: bool, lane: _Lane) -> int:
    """Return how early a call comes: what judges the time, then what pages, then the others.

    While the origin answers well, though late, no page is at stake.
    """
    if first and _limits_time(check):
        return LIMIT
    return CRITICAL if first and lane.bad and check.severity is Severity.CRITICAL else OTHER


def _limits_time(check: Check) -> bool:
    specs = (check.spec, *getattr(check.spec, "cases", ()))
    return any(getattr(spec, "limit_ms", 0) for spec in specs)
