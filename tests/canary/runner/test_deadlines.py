"""What a check says that ran out of time, and whom it blames."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from canary.model import Failure, FailureKind, RunLimits, Service, Status, Step
from canary.runner import outcomes as results
from canary.runner.job import was_cut
from tests.canary.support.worlds import carried_out, check, config


@pytest.fixture
def mute_port() -> Iterator[int]:
    """Accept connections and never say a word: no handshake comes to its end."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: _hold(server, held), daemon=True).start()
        yield server.getsockname()[1]
    for one in held:
        one.close()


def _hold(server: socket.socket, held: list[socket.socket]) -> None:
    try:
        while True:
            held.append(server.accept()[0])
    except OSError:
        return


@pytest.mark.parametrize("kind", ["asks", "tidies"])
def test_a_handshake_cut_short_by_the_runs_end_is_not_blamed_on_the_target(
    kind: str, mute_port: int
) -> None:
    made = config(
        check("api.late", kind),
        services={"api": Service(url=f"https://127.0.0.1:{mute_port}")},
        run=RunLimits(budget=1.5, cleanup_reserve=0.2, publish_reserve=0.3),
    )
    (result,) = carried_out(made).results
    assert result.status is Status.ERROR and "the run's time was over" in result.reason


@pytest.mark.parametrize(
    ("failure", "waited", "cut"),
    [
        (Failure(kind=FailureKind.TLS), 0.9, True),
        (Failure(kind=FailureKind.DNS), 0.7, True),
        (Failure(kind=FailureKind.DNS), 0.01, False),  # the name does not exist
        (Failure(kind=FailureKind.TLS, code=10), 0.9, False),  # an expired certificate
        (Failure(kind=FailureKind.RESET), 0.9, False),
        (Failure(kind=FailureKind.DEADLINE), 1.0, True),
    ],
)
def test_what_came_back_is_told_from_what_took_too_long(
    failure: Failure, waited: float, cut: bool
) -> None:
    assert was_cut(failure, waited, 1.0) is cut


def test_a_check_of_which_a_part_was_not_tried_does_not_pass() -> None:
    steps = (
        Step(name="valid key", status=Status.PASS),
        Step(name="revoked key", status=Status.SKIP, reason="no time left for this step"),
    )
    found = results.result(check(), steps, duration_ms=1.0, started_ms=0.0)
    assert (found.status, found.reason) == (
        Status.ERROR,
        "revoked key: no time left for this step",
    )


def test_a_failure_is_a_failure_though_no_time_was_left_for_the_rest() -> None:
    steps = (
        Step(name="valid key", status=Status.FAIL, reason="refused"),
        Step(name="revoked key", status=Status.SKIP, reason="no time left for this step"),
    )
    assert results.result(check(), steps, duration_ms=1, started_ms=0).status is Status.FAIL
