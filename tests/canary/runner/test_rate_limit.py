"""A platform that says 429 is left in peace by whom it said it to, and is still told of."""

from __future__ import annotations

import datetime as dt
import math
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from canary.comparison.previous import Previous, rate_limited
from canary.control_plane.state import PlatformState
from canary.diagnose import diagnose
from canary.model import Answer, Check, Principal, Report, RunLimits, Service, Severity, Status
from canary.pipeline import run_once
from canary.probes import KINDS
from canary.probes.base.api import client_key
from canary.runner import Outcome, RunRequest
from canary.runner.rate_limit import PATIENCE_S, RateLimitBackoff, backoff_s
from tests.canary.support import made, worlds
from tests.canary.support.servers.faults import read_head, serving
from tests.canary.support.servers.toolbox import ManualClock

WHO = client_key("https://api.example/x", "valid")
Policy = Callable[[str, str, int], tuple[int, str]]
"""Request line, who asks, how many of theirs came before -> status and further header lines."""


@dataclass
class Platform:
    """Counts who asks what, and answers by a policy."""

    policy: Policy
    asked: list[tuple[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, sock: socket.socket) -> None:
        while head := read_head(sock).decode("latin-1"):
            line = head.split(" HTTP/", 1)[0]
            who = "keyed" if "authorization:" in head.lower() else "nobody"
            with self.lock:
                before = self.count(who)
                self.asked.append((who, line))
            status, more = self.policy(line, who, before)
            body = '{"error_code":"RESOURCE_DOES_NOT_EXIST"}' if status == 404 else "{}"
            head = f"HTTP/1.1 {status} X\r\n{more}content-length: {len(body)}\r\n\r\n"
            sock.sendall((head + body).encode())

    def count(self, who: str) -> int:
        return sum(w == who for w, _ in self.asked)


def limits_keys(_line: str, who: str, _before: int) -> tuple[int, str]:
    return (429, "retry-after: 60\r\n") if who == "keyed" else (200, "")


def check(check_id: str, kind: str = "endpoint", **changes: Any) -> Check:
    spec = changes.pop("spec", {})
    return worlds.check(check_id, kind, spec=msgspec.convert(spec, KINDS[kind].spec), **changes)


def with_key(number: int, **changes: Any) -> Check:
    return check(f"api.k{number}", spec={"path": f"/k{number}", "principal": "valid"}, **changes)


def run(url: str, *checks: Check, concurrency: int = 1, before: Report | None = None) -> Outcome:
    where = worlds.config(
        *checks,
        services={"api": Service(url=url)},
        principals={"valid": Principal(secret="canary/valid")},
        run=RunLimits(budget=20.0, request_timeout=3, concurrency=concurrency),
    )
    key = worlds.Credential("k" * 40)
    return worlds.carried_out(where, before=before, kinds=KINDS, credential=lambda _: key)


def statuses(outcome: Outcome) -> dict[str, str]:
    return {r.check_id: r.status.value for r in outcome.results}


def report_of(outcome: Outcome) -> Report:
    return made.report(*outcome.results)


@pytest.fixture
def limited() -> Iterator[tuple[Platform, str]]:
    platform = Platform(limits_keys)
    with serving(platform.serve) as port:
        yield platform, f"http://127.0.0.1:{port}"


def test_after_a_429_a_run_asks_nothing_more_as_that_principal(
    limited: tuple[Platform, str],
) -> None:
    platform, url = limited
    matrix = {"cases": [{"principal": "valid", "repeat": 3}, {"status": [200]}]}
    keyed = [with_key(n) for n in range(6)]
    keyed += [check(f"api.m{n}", "access", spec=matrix) for n in range(2)]
    outcome = run(url, check("api.open", spec={"path": "/"}), *keyed)
    assert (platform.count("keyed"), platform.count("nobody")) == (1, 3)
    found = statuses(outcome)
    assert found.pop("api.open") == "PASS"
    assert sorted(found.values()) == ["FAIL", *["SKIP"] * 7]  # each planned check has its result
    held = [r.reason for r in outcome.results if r.status is Status.SKIP]
    assert all(r.endswith(f"held back: {url} has answered 429 to valid") for r in held)


def test_the_cause_is_named_by_those_that_were_turned_away(limited: tuple[Platform, str]) -> None:
    _, url = limited
    outcome = run(url, *(with_key(n) for n in range(4)))
    where = worlds.environment(
        services={"api": Service(url=url)}, principals={"valid": Principal(secret="canary/valid")}
    )
    verdict = diagnose(outcome.results, PlatformState(read_at="now"), where, None, worlds.NOW)
    assert [(d.cause, d.resource) for d in verdict.diagnoses] == [
        ("capacity-throttled", "canary/valid")
    ]
    assert verdict.unexplained == ()


def test_a_critical_check_asks_once_whatever_the_others_met(limited: tuple[Platform, str]) -> None:
    platform, url = limited
    matrix = {"cases": [{"principal": "valid", "forms": ["bearer", "lower-case-scheme"]}]}
    critical = {"severity": Severity.CRITICAL}
    outcome = run(
        url,
        *(with_key(n) for n in range(4)),
        with_key(9, **critical),
        check("api.matrix", "access", spec=matrix, **critical),
    )
    assert platform.count("keyed") == 2
    assert statuses(outcome)["api.k9"] == statuses(outcome)["api.matrix"] == "FAIL"


def test_a_429_that_a_check_expects_silences_nobody() -> None:
    platform = Platform(lambda line, _who, _n: (429 if "/limit" in line else 200, ""))
    limit = {"path": "/limit", "principal": "valid", "status": [429]}
    with serving(platform.serve) as port:
        outcome = run(
            f"http://127.0.0.1:{port}",
            check("api.limit", spec=limit),
            *(with_key(n, needs=("api.limit",)) for n in range(3)),
        )
    assert set(statuses(outcome).values()) == {"PASS"}
    assert rate_limited(report_of(outcome)) == frozenset()


def test_a_platform_that_names_a_time_is_asked_again_after_it() -> None:
    clock = ManualClock(100.0)
    backoff = RateLimitBackoff(clock)
    for seconds in ("5", "2"):  # the later and shorter one does not shorten the first
        backoff.answered(WHO, Answer(status=429, headers=(("Retry-After", seconds),)))
    clock.at += 4.9
    assert backoff.blocked(WHO, 0)
    clock.at += 0.2
    assert not backoff.blocked(WHO, 0)
    backoff.answered(WHO, Answer(status=429))
    clock.at += 1e6
    assert backoff.blocked(WHO, 0)


def flow(url: str) -> Outcome:
    spec = {"with_run": False, "base": ""}
    return run(url, check("api.flow", "registration", spec=spec, timeout=10.0))


def test_a_flow_that_was_turned_away_still_clears_away_what_it_made() -> None:
    def after_the_model(line: str, _who: str, _before: int) -> tuple[int, str]:
        made = any("registered-models/create" in seen for _, seen in platform.asked)
        if line.startswith("DELETE"):
            return (200 if made else 404), ""
        good = not made or "registered-models/create" in line
        return (200 if good else 429), ""

    platform = Platform(after_the_model)
    with serving(platform.serve) as port:
        (result,) = flow(f"http://127.0.0.1:{port}").results
    assert result.status is Status.FAIL
    assert any(line.startswith("DELETE") and "delete" in line for _, line in platform.asked)
    assert [s.status for s in result.steps if s.name == "delete model"] == [Status.PASS]
    kept = [line for _, line in platform.asked if "registered-models/create" in line]
    assert len(kept) == 1


def test_a_flow_that_was_held_back_clears_nothing_away_for_it_made_nothing() -> None:
    platform = Platform(limits_keys)
    with serving(platform.serve) as port:
        longer = {"cases": [{"principal": "valid", "forms": ["bearer"]}] * 20}
        outcome = run(
            f"http://127.0.0.1:{port}",
            check("api.first", "access", spec=longer),
            check("api.flow", "registration", spec={"with_run": False, "base": ""}),
        )
    assert platform.count("keyed") == 1
    assert statuses(outcome) == {"api.first": "FAIL", "api.flow": "SKIP"}


def test_the_next_run_begins_with_one_question_and_goes_on_when_it_is_answered(
    limited: tuple[Platform, str],
) -> None:
    platform, url = limited
    checks = [with_key(n) for n in range(8)]
    first = run(url, *checks, concurrency=8)
    assert rate_limited(report_of(first)) == {client_key(url, "valid")}
    platform.asked.clear()
    second = run(url, *checks, concurrency=8, before=report_of(first))
    assert platform.count("keyed") == 1
    assert sorted(statuses(second).values()) == ["FAIL", *["SKIP"] * 7]
    platform.policy = lambda *_: (200, "")
    third = run(url, *checks, concurrency=8, before=report_of(second))
    assert set(statuses(third).values()) == {"PASS"}
    assert rate_limited(report_of(third)) == frozenset()


def test_a_whole_run_knows_of_the_run_before(limited: tuple[Platform, str]) -> None:
    platform, url = limited
    where = worlds.config(*(with_key(n) for n in range(8)), services={"api": Service(url=url)})
    known = [Previous()]
    ports = worlds.ports(
        where.environment,
        kinds=KINDS,
        credential=lambda _: worlds.Credential("k" * 40),
        previous=lambda: known[-1],
        diagnose=diagnose,
    )
    asked = []
    for _ in range(3):
        platform.asked.clear()
        known.append(Previous(report=run_once(ports, where, RunRequest())))
        asked.append(platform.count("keyed"))
    assert asked[1:] == [1, 1]


def test_a_first_question_that_is_never_answered_is_waited_for_once() -> None:
    clock = Jumping()
    backoff = RateLimitBackoff(clock, frozenset({WHO}))
    assert backoff.blocked(WHO, 30) == ""  # this one asks, and dies of something else
    assert backoff.blocked(WHO, 0.05) == ""
    assert backoff.blocked(WHO, 30) == ""
    assert clock.waited < PATIENCE_S


class Jumping(worlds.SystemClock):
    """The machine's clock, which remembers how far it went."""

    def __init__(self) -> None:
        self._began = self.monotonic()

    @property
    def waited(self) -> float:
        return self.monotonic() - self._began


def test_a_caller_is_a_principal_at_one_address() -> None:
    backoff = RateLimitBackoff(worlds.SystemClock())
    backoff.answered(WHO, Answer(status=429))
    assert backoff.blocked(WHO, 1) and backoff.blocked(WHO, 1, must=True) == ""
    assert not backoff.blocked(client_key("https://api.example/x", ""), 1)
    assert not backoff.blocked(client_key("https://auth.example/x", "valid"), 1)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("60", 60.0),
        (" 5 ", 5.0),
        ("0", 1.0),
        ("9" * 5000, 999_999_999.0),
        ("", math.inf),
        ("-5", math.inf),
        ("soon", math.inf),
        ("١٢", math.inf),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 1.0),
        ("Sun, 22 Nov 99999 12:00:30 GMT", math.inf),
    ],
)
def test_how_long_a_platform_asks_for_is_read_from_any_header(header: str, seconds: float) -> None:
    assert backoff_s(header, worlds.NOW) == pytest.approx(seconds)
    assert worlds.NOW.tzinfo is dt.UTC
