"""A run that is stopped: nothing more starts, what was made is removed, the rest is left alone."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from canary.adapters.http_client.deadline import watchdog
from canary.model import Check, Credential, Residue, Status, Step
from canary.probes.base.api import Kind, ProbeContext, RunOutOfTimeError
from canary.runner import RunInterruptedError
from canary.runner.context import Times
from canary.runner.interruption import cut_short
from tests.canary.support import worlds
from tests.canary.support.worlds import TinySpec, carried_out, check, config


def makes(check: Check, spec: TinySpec, context: ProbeContext) -> None:
    """Make something by a request that hangs, and remove it by another one."""
    for _ in range(2):  # at the second the run is over
        with contextlib.suppress(RunOutOfTimeError):
            worlds.asks(check, spec, context)
    context.remaining(True)
    time.sleep(spec.seconds)
    context.residue(Residue(kind="run", name="one", removed=False, reason="is still there"))
    context.record(Step(name="removed", status=Status.PASS))


KINDS = {
    **worlds.KINDS,
    "makes": Kind(name="makes", spec=TinySpec, run=makes, summary="", makes_objects=True),
}


@pytest.fixture
def server() -> Iterator[str]:
    with worlds.local_server() as url:
        yield url


def stopped(
    server: str, *checks: Check, after: tuple[float, ...] = (0.3,), **changes: object
) -> tuple[RunInterruptedError, float]:
    """Return how a run ended that was stopped at these moments, and how long after the first."""
    began: list[float] = []

    @contextlib.contextmanager
    def stoppable(stop: Callable[[], None], limit_s: float) -> Iterator[None]:
        assert limit_s == pytest.approx(2.4)

        def signal() -> None:
            began.append(time.monotonic())
            stop()

        timers = [threading.Timer(seconds, signal) for seconds in after]
        for timer in timers:
            timer.start()
        yield
        for timer in timers:
            timer.cancel()

    made = config(*checks, services={"api": worlds.Service(url=server)})
    with pytest.raises(RunInterruptedError) as caught:
        carried_out(
            made,
            kinds=KINDS,
            stoppable=stoppable,
            end_requests=watchdog.end_requests,
            credential=lambda _: Credential("k"),
            **changes,
        )
    return caught.value, time.monotonic() - began[0]


def test_a_request_that_makes_something_is_ended_and_its_clean_up_begins(server: str) -> None:
    flow = check("api.flow", "makes", path="/hang/9")
    later = check("api.later", needs=("api.flow",))
    error, seconds = stopped(server, flow, later, check("api.passes"))
    assert str(error) == "1 of 3 checks had ended"
    assert [r.name for r in error.residue] == ["one"] and error.unfinished == ()
    assert seconds < 1.5


def test_a_check_that_makes_nothing_is_not_waited_for(server: str) -> None:
    error, seconds = stopped(server, check("api.it", "asks", path="/hang/9"))
    assert str(error) == "0 of 1 checks had ended"
    assert error.residue == error.unfinished == () and seconds < 0.5


@pytest.mark.parametrize(("after", "least", "most"), [((0.3,), 2.0, 3.5), ((0.3, 0.5), 0.1, 1.5)])
def test_a_clean_up_that_hangs_is_named_after_its_reserve_or_a_second_signal(
    after: tuple[float, ...], least: float, most: float, server: str
) -> None:
    flow = check("api.flow", "makes", path="/hang/9", seconds=9.0)
    error, seconds = stopped(server, flow, after=after)
    assert error.unfinished == ("api.flow may have left synthetic-canary-run-1-*",)
    assert least < seconds < most


@pytest.mark.parametrize(
    ("now", "probing", "cleanup"), [(10.0, 10.0, 16.0), (42.0, 40.0, 46.0), (39.0, 39.0, 45.0)]
)
def test_only_the_reserve_is_left_to_a_run_that_stops(
    now: float, probing: float, cleanup: float
) -> None:
    times = Times(start=0.0, probing=40.0, cleanup=46.0, end=50.0)
    assert cut_short(times, now) == Times(start=0.0, probing=probing, cleanup=cleanup, end=50.0)
