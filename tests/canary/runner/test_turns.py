"""Calls with a key go one at a time to an origin that answers nothing else while it has one."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec
import pytest

from canary.model import Check, Config, Credential, Result, RunLimits, Service, Severity, Status
from canary.probes import KINDS
from canary.probes.access import AccessSpec, Case
from canary.probes.endpoint import EndpointSpec
from canary.runner import Outcome
from canary.runner.turns import Turn, Turns
from tests.canary.support.servers.faults import read_head, serving
from tests.canary.support.servers.toolbox import ManualClock
from tests.canary.support.worlds import carried_out, config
from tests.canary.support.worlds import check as made_check

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@dataclass
class Keyed:
    """A server that takes its time for calls with a key, and counts those it has at a time.

    `freezes`: as a service with one event loop, it answers nothing else meanwhile.
    """

    slow_s: dict[str, float] = field(default_factory=dict)  # path -> seconds, "" for all others
    freezes: bool = False
    asked: list[str] = field(default_factory=list)
    most: int = 0
    open_to_all: list[int] = field(default_factory=list)
    """Of each call without a key: how many calls with one had come before it."""
    _open: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _loop: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, sock) -> None:  # type: ignore[no-untyped-def]  # a socket, as `serving` hands it
        while head := read_head(sock).decode("latin-1"):
            path = head.split()[1]
            if "authorization:" not in head.lower():
                with self._lock:
                    self.open_to_all.append(len(self.asked))
                with self._loop:
                    pass
                time.sleep(self.slow_s.get(path, 0))
                sock.sendall(ANSWER)
                continue
            with self._lock:
                self.asked.append(path)
                self._open += 1
                self.most = max(self.most, self._open)
            with self._loop if self.freezes else contextlib.nullcontext():
                time.sleep(self.slow_s.get(path, self.slow_s.get("", 0.02)))
            with self._lock:
                self._open -= 1
            sock.sendall(ANSWER)


@dataclass
class Target:
    server: Keyed
    url: str

    def run(self, *checks: Check, budget: float = 12, **limits: float) -> Outcome:
        run = RunLimits(budget=budget, cleanup_reserve=1, publish_reserve=1, slow_ms=800, **limits)
        made: Config = config(*checks, services={"api": Service(url=self.url)}, run=run)
        return carried_out(made, kinds=KINDS, credential=lambda _: Credential("key-0123456789"))


@pytest.fixture
def target() -> Iterator[Target]:
    server = Keyed()
    with serving(server.serve) as port:
        yield Target(server, f"http://127.0.0.1:{port}")


def asks(number: int, *, key: bool = True, limit_ms: int = 0, **more: object) -> Check:
    path = f"/{'key' if key else 'open'}/{number}"
    spec = EndpointSpec(
        path=path, principal="valid" if key else "", status=(200,), limit_ms=limit_ms
    )
    return made_check(f"api.{path[1:].replace('/', '-')}", kind="endpoint", spec=spec, **more)


def slowly(one: Check) -> EndpointSpec:
    """Return the spec of a check that asks five times, so that it spans late calls."""
    return msgspec.structs.replace(one.spec, repeat=5)


def by_status(outcome: Outcome) -> dict[Status, list[Result]]:
    found: dict[Status, list[Result]] = {}
    for result in outcome.results:
        found.setdefault(result.status, []).append(result)
    return found


def test_where_the_first_call_with_a_key_is_quick_the_others_go_side_by_side(
    target: Target,
) -> None:
    target.server.slow_s = {"": 0.1}
    began = time.monotonic()
    outcome = target.run(*(asks(n) for n in range(12)))
    assert set(by_status(outcome)) == {Status.PASS} and len(outcome.results) == 12
    assert target.server.most > 4
    assert time.monotonic() - began < 12 * 0.1


def test_after_a_late_call_with_a_key_the_others_go_one_at_a_time(target: Target) -> None:
    target.server.slow_s = {"": 0.5}
    outcome = target.run(*(asks(n) for n in range(6)))
    assert set(by_status(outcome)) == {Status.PASS}
    assert (target.server.most, len(target.server.asked)) == (1, 6)


def test_a_call_that_is_late_later_ends_the_calls_side_by_side(target: Target) -> None:
    target.server.slow_s = {"": 0.01, "/key/1": 0.6, "/key/2": 0.6}
    checks = [asks(0), asks(1, needs=("api.key-0",)), asks(2, needs=("api.key-0",))]
    checks += [asks(n, needs=("api.key-1",)) for n in range(3, 9)]
    target.run(*checks[:3])
    assert target.server.most == 2
    target.server.most = 0
    target.server.slow_s["/key/2"] = 0.01
    outcome = target.run(*checks)
    assert set(by_status(outcome)) == {Status.PASS}
    assert target.server.most <= 2 and len(outcome.results) == 9


def test_calls_without_a_key_wait_for_nobody_and_take_the_slots_of_those_that_wait(
    target: Target,
) -> None:
    target.server.slow_s, target.server.freezes = {"": 0.5}, True
    checks = [asks(n) for n in range(6)] + [asks(n, key=False) for n in range(6)]
    outcome = target.run(*checks, concurrency=3)
    assert set(by_status(outcome)) == {Status.PASS} and target.server.most == 1
    assert len(target.server.asked) == 6 and len(target.server.open_to_all) == 6
    assert max(target.server.open_to_all) < 6  # all came before the last call with a key


@pytest.mark.parametrize("document_s", [0.0, 0.7], ids=["prompt", "one-is-slow-by-itself"])
def test_where_others_are_answered_meanwhile_calls_go_side_by_side_again(
    target: Target, document_s: float
) -> None:
    """A service that only waits itself is harmed by nobody: the run loses no knowledge."""
    paths = {f"/open/{n}": 0.05 for n in range(1, 4)}
    target.server.slow_s = {"": 0.6, **paths, "/open/0": document_s}
    checks = [asks(n) for n in range(8)]
    checks += [asks(n, key=False, needs=(f"api.open-{n - 1}",) if n > 1 else ()) for n in range(4)]
    paced = [msgspec.structs.replace(c, spec=slowly(c)) if "open" in c.id else c for c in checks]
    outcome = target.run(*paced)
    assert set(by_status(outcome)) == {Status.PASS}
    assert target.server.most > 2


def test_where_one_call_is_held_up_they_do_not(target: Target) -> None:
    target.server.slow_s, target.server.freezes = {"": 0.6}, True
    checks = [asks(n) for n in range(5)] + [asks(n, key=False) for n in range(4)]
    outcome = target.run(*checks)
    assert set(by_status(outcome)) == {Status.PASS}
    assert target.server.most == 1


def test_what_gets_no_turn_is_skipped_with_the_reason_and_within_the_run(target: Target) -> None:
    target.server.slow_s = {"": 0.8}
    began = time.monotonic()
    outcome = target.run(*(asks(n, timeout=2) for n in range(20)), budget=6)
    assert time.monotonic() - began < 5.5
    found = by_status(outcome)
    assert set(found) == {Status.PASS, Status.SKIP} and len(outcome.results) == 20
    assert len(found[Status.PASS]) == len(target.server.asked) <= 4
    assert {r.reason for r in found[Status.SKIP]} == {
        f"held back: {target.url} took 0.8 s for a call with a key; such calls go one at a time,"
        " and this one had no turn"
    }


def test_half_of_the_time_at_most_goes_to_calls_that_are_late(target: Target) -> None:
    target.server.slow_s = {"": 0.5}
    outcome = target.run(*(asks(n) for n in range(30)), budget=8)  # 6 s of probing
    assert len(outcome.results) == 30
    assert 4 <= len(target.server.asked) <= 8


def test_time_in_the_queue_is_no_time_of_the_check(target: Target) -> None:
    target.server.slow_s = {"": 0.5}
    outcome = target.run(*(asks(n, timeout=0.9) for n in range(6)))
    assert set(by_status(outcome)) == {Status.PASS}


def test_the_check_of_the_time_comes_first_so_that_the_run_tells_what_is_wrong(
    target: Target,
) -> None:
    target.server.slow_s = {"": 0.8}
    checks = [asks(n) for n in range(12)] + [asks(12, limit_ms=300)]
    found = by_status(target.run(*checks, budget=6))
    assert [r.check_id for r in found[Status.FAIL]] == ["api.key-12"]
    assert target.server.asked[1] == "/key/12" and found[Status.SKIP]


def test_where_no_call_with_a_key_is_answered_the_critical_checks_come_first(
    target: Target,
) -> None:
    target.server.slow_s = {"": 5.0}
    checks = [asks(n, timeout=0.7) for n in range(9)]
    checks += [asks(9, timeout=0.7, severity=Severity.CRITICAL)]
    outcome = target.run(*checks, budget=8)
    failed = {r.check_id for r in by_status(outcome)[Status.FAIL]}
    assert "api.key-9" in failed and Status.PASS not in by_status(outcome)
    assert target.server.asked.index("/key/9") <= 1


def test_two_origins_have_turns_of_their_own(target: Target) -> None:
    other = Keyed(slow_s={"": 0.02})
    target.server.slow_s = {"": 0.5}
    with serving(other.serve) as port:
        services = {"api": Service(url=target.url), "next": Service(url=f"http://127.0.0.1:{port}")}
        checks = [asks(n) for n in range(4)]
        checks += [
            made_check(f"next.{n}", kind="endpoint", service="next", needs=("api.key-0",),
                       spec=EndpointSpec(path=f"/key/{n}", principal="valid", status=(200,)))
            for n in range(4)
        ]  # fmt: skip
        run = RunLimits(budget=12, cleanup_reserve=1, publish_reserve=1, slow_ms=800)
        made = config(*checks, services=services, run=run)
        outcome = carried_out(made, kinds=KINDS, credential=lambda _: Credential("key-0123456789"))
    assert set(by_status(outcome)) == {Status.PASS}
    assert (target.server.most, len(other.asked)) == (1, 4)


def test_a_check_of_many_calls_keeps_what_it_saw_and_is_skipped_for_the_rest(
    target: Target,
) -> None:
    target.server.slow_s = {"": 0.8}
    cases = (Case(path="/key/0", principal="valid", status=(200,), repeat=1),) * 5
    many = made_check("api.many", kind="access", spec=AccessSpec(cases=cases))
    (result,) = target.run(many, budget=6).results
    assert result.status is Status.SKIP and ": held back: " in result.reason
    assert [s.status for s in result.steps].count(Status.PASS) == len(target.server.asked) < 5


class Waits(Exception):  # noqa: N818 - no error: what the next call would do
    """The next call with a key would wait for its turn."""


def wait() -> None:
    raise Waits


def turns_after_a_late_call(goes_on_s: float) -> Turns:
    """Return the turns after a call of 1.2 s that went on after a prompt answer without a key."""
    clock = ManualClock()
    turns = Turns(clock, RunLimits(slow_ms=2000), 0.0, 30.0)
    first = turns.take("o", asks(0), first=True, on_wait=wait)
    assert isinstance(first, Turn)
    clock.at = 1.2
    turns.answered_without_key("o", began=1.0)
    clock.at = 1.2 + goes_on_s
    turns.give_back(first, bad=False)
    return turns


@pytest.mark.parametrize("goes_on_s", [0.0, 0.01, 0.2])
def test_an_answer_at_the_end_of_a_late_call_does_not_show_that_others_are_answered(
    goes_on_s: float,
) -> None:
    turns = turns_after_a_late_call(goes_on_s)
    assert isinstance(turns.take("o", asks(1), first=True, on_wait=wait), Turn)
    with pytest.raises(Waits):
        turns.take("o", asks(2), first=True, on_wait=wait)


@pytest.mark.parametrize("goes_on_s", [0.3, 5.0])
def test_an_answer_well_before_the_end_of_a_late_call_shows_it(goes_on_s: float) -> None:
    turns = turns_after_a_late_call(goes_on_s)
    taken = [turns.take("o", asks(n), first=True, on_wait=wait) for n in range(1, 4)]
    assert [isinstance(t, Turn) for t in taken] == [True] * 3


def test_while_a_late_call_goes_on_an_answer_soon_shows_that_others_are_answered() -> None:
    clock = ManualClock()
    turns = Turns(clock, RunLimits(slow_ms=2000), 0.0, 30.0)
    assert isinstance(turns.take("o", asks(0), first=True, on_wait=wait), Turn)
    quick = turns.take("other", asks(9), first=True, on_wait=wait)
    assert isinstance(quick, Turn)
    clock.at = 0.1
    turns.give_back(quick, bad=False)
    lane = turns.take("other", asks(9), first=True, on_wait=wait)  # goes on all the time
    assert isinstance(lane, Turn)
    clock.at = 1.2
    turns.answered_without_key("other", began=1.0)
    with pytest.raises(Waits):
        turns.take("other", asks(1), first=True, on_wait=wait)
    clock.at = 1.5
    assert isinstance(turns.take("other", asks(1), first=True, on_wait=wait), Turn)
