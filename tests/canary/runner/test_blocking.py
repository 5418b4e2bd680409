"""A blocking check is asked alone, last, and only after its light checks passed quickly."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from canary import config as configs
from canary.adapters.http_client.client import HttpClient
from canary.control_plane.state import PlatformState
from canary.model import (
    Answer,
    Check,
    Config,
    Credential,
    Load,
    Request,
    RunLimits,
    Service,
    Status,
)
from canary.plan import Selection, make_plan
from canary.probes import KINDS
from canary.probes.base.api import Http
from canary.redaction.redactor import Redactor
from canary.runner import Outcome, carry_out
from canary.runner.outcomes import SLOW_NEED_S, not_asked
from tests.canary.support import made, worlds
from tests.canary.support.servers.faults import serving
from tests.canary.support.servers.recording import Recording
from tests.canary.support.worlds import carried_out, check, config

DEVELOPMENT = Path(__file__).resolve().parents[3] / "canary/environments/development.toml"


@dataclass
class Target:
    """A recording server and its address."""

    recording: Recording
    url: str

    def config(self, *checks: Check, **limits: float) -> Config:
        run = RunLimits(**{"budget": 20, "cleanup_reserve": 2, "publish_reserve": 1, **limits})
        return config(*checks, services={"api": Service(url=self.url)}, run=run)


@pytest.fixture
def target() -> Iterator[Target]:
    recording = Recording()
    with serving(recording.serve) as port:
        yield Target(recording, f"http://127.0.0.1:{port}")


def light(number: int = 0, **changes: object) -> Check:
    return check(f"api.light-{number}", "asks", path=f"/light/{number}", **changes)


def blocking(
    number: int = 0, needs: tuple[str, ...] = ("api.light-0",), **changes: object
) -> Check:
    name = f"api.blocking-{number}"
    path = f"/blocking/{number}"
    return check(name, "asks", needs=needs, load=Load.BLOCKING, path=path, every=300, **changes)


def reasons(outcome: Outcome) -> dict[str, str]:
    return {r.check_id: r.reason for r in outcome.results if r.status is Status.SKIP}


def test_blocking_checks_are_asked_one_by_one_after_every_light_one(target: Target) -> None:
    checks = [blocking(n) for n in range(3)] + [light(n) for n in range(8)]
    outcome = carried_out(target.config(*checks))
    assert {r.status for r in outcome.results} == {Status.PASS}
    assert target.recording.overlaps == []
    asked = target.recording.asked
    assert sorted(asked[-3:]) == [f"/blocking/{n}" for n in range(3)] and len(asked) == 11


def shipped(target: Target, auth: str) -> Config:
    """Return the shipped checks over plain HTTP, the auth service at an address of its own."""
    found = configs.load(str(DEVELOPMENT), authoring=False)
    services = {
        name: msgspec.structs.replace(s, url=auth if name == "auth" else target.url) if s.url else s
        for name, s in found.environment.services.items()
    }
    checks = tuple(
        msgspec.structs.replace(c, needs=tuple(n for n in c.needs if not n.endswith("certificate")))
        for c in found.checks
        if c.kind not in ("certificate", "registration")
    )
    environment = msgspec.structs.replace(found.environment, services=services)
    return Config(environment=environment, checks=checks)


def paths(one: Check) -> list[str]:
    """Return the paths that a check asks."""
    return [case.path for case in getattr(one.spec, "cases", (one.spec,))]


def test_the_shipped_blocking_documents_are_asked_beside_nothing(target: Target) -> None:
    with serving(Recording().serve) as port:
        found = shipped(target, f"http://127.0.0.1:{port}")
        documents = [path for c in found.checks if c.blocking for path in paths(c)]
        target.recording.blocking = frozenset(documents)
        plan = make_plan(found, KINDS, {}, worlds.NOW, Selection())
        ports = worlds.ports(
            found.environment,
            kinds=KINDS,
            credential=lambda name: Credential(f"key-{name}-0123456789"),
        )
        outcome = carry_out(ports, worlds.start_of(found, plan))
    assert target.recording.overlaps == []
    assert {"/health?detailed=true", "/ready", "/metrics"} < set(documents)
    assert sorted(target.recording.asked[-len(documents) :]) == sorted(documents)
    assert not [r.reason for r in outcome.results if r.blocking and r.status is Status.SKIP]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("fails", "failed"),
        ("breaks", "could not be judged"),
        ("says_nothing", "could not be judged"),
    ],
)
def test_a_need_that_did_not_pass_keeps_the_document_from_being_asked(
    target: Target, kind: str, words: str
) -> None:
    outcome = carried_out(target.config(check("api.light-0", kind), blocking(), light(1)))
    assert reasons(outcome) == {
        "api.blocking-0": f"not asked: api.light-0 {words}, and this check would block the service"
    }
    assert target.recording.asked == ["/light/1"]


def test_a_need_that_passed_slowly_keeps_the_document_from_being_asked(target: Target) -> None:
    target.recording.slow["/light/0"] = SLOW_NEED_S + 0.2
    outcome = carried_out(target.config(light(), blocking()))
    (reason,) = reasons(outcome).values()
    assert reason.startswith("not asked: api.light-0 took 2.")
    assert reason.endswith(" s, and this check would block the service")
    assert target.recording.asked == ["/light/0"]


def test_a_result_of_an_earlier_run_is_no_pass_of_a_need(target: Target) -> None:
    where = target.config(light(), blocking())
    ports, plan = worlds.ports(where.environment), worlds.plan_of(where)
    alone = msgspec.structs.replace(
        plan, order=tuple(msgspec.structs.replace(p, needs=()) for p in plan.order[1:])
    )
    start = worlds.start_of(where, alone)
    reused = {"api.light-0": made.result("P", "api.light-0", reused=True)}
    outcome = carry_out(ports, msgspec.structs.replace(start, reused=reused))
    assert reasons(outcome) == {
        "api.blocking-0": "not asked: api.light-0 has no result of this run, and this check would"
        " block the service"
    }
    assert target.recording.asked == []


def test_a_document_that_is_slow_and_passes_stops_no_other(target: Target) -> None:
    target.recording.slow["/blocking/0"] = SLOW_NEED_S + 0.2
    outcome = carried_out(target.config(light(), blocking(), blocking(1)))
    assert reasons(outcome) == {}
    assert target.recording.overlaps == []


def test_after_a_document_that_gave_no_answer_no_other_is_asked(target: Target) -> None:
    """The client gave up, and the service is still busy with the first one."""
    target.recording.slow["/blocking/0"] = 5.0
    first = blocking(timeout=SLOW_NEED_S + 0.6)
    outcome = carried_out(target.config(light(), first, blocking(1)))
    (reason,) = reasons(outcome).values()
    assert reason.startswith("not asked: api.blocking-0 failed after 2.")
    assert target.recording.asked == ["/light/0", "/blocking/0"]
    assert target.recording.overlaps == []


class Stubborn:
    """A client whose requests do not end with the time of their check."""

    def __init__(self, inner: Http) -> None:
        self._inner = inner

    def send(self, request: Request, credential: Credential | None = None) -> Answer:
        return self._inner.send(msgspec.structs.replace(request, timeout_s=30), credential)


def test_while_a_request_of_an_abandoned_check_is_open_no_document_is_asked(
    target: Target,
) -> None:
    target.recording.slow["/light/1"] = 2.0
    where = target.config(light(), light(1, timeout=0.2), blocking(), blocking(1))
    inner = HttpClient.for_environment(where.environment, "run-1", Redactor())
    outcome = carried_out(where, http=lambda _: Stubborn(inner))
    why = "a request of api.light-1 is still open, and this check would block the service"
    assert reasons(outcome) == dict.fromkeys(
        ("api.blocking-0", "api.blocking-1"), f"not asked: {why}"
    )
    assert sorted(target.recording.asked) == ["/light/0", "/light/1"]


def test_the_control_plane_may_be_read_meanwhile(target: Target) -> None:
    def slowly() -> PlatformState:
        time.sleep(0.8)
        return PlatformState(read_at="then")

    outcome = carried_out(target.config(light(), blocking()), observe=slowly)
    assert {r.status for r in outcome.results} == {Status.PASS}
    assert max(r.started_ms for r in outcome.results) < 700


def test_a_light_check_that_waits_for_the_control_plane_comes_before_a_document(
    target: Target,
) -> None:
    def slowly() -> PlatformState:
        time.sleep(0.6)
        return PlatformState(read_at="then")

    reading = check("api.tasks", "reads")
    outcome = carried_out(target.config(light(), blocking(), reading), observe=slowly)
    began = {r.check_id: r.started_ms for r in outcome.results}
    assert began["api.light-0"] < 600 <= began["api.tasks"] < began["api.blocking-0"]


def test_a_run_without_time_left_asks_no_document(target: Target) -> None:
    where = target.config(
        light(), check("api.long", seconds=1.0), blocking(),
        budget=1.2, cleanup_reserve=0.1, publish_reserve=0.1,
    )  # fmt: skip
    outcome = carried_out(where)
    assert reasons(outcome) == {"api.blocking-0": "no time left in this run"}
    assert "/blocking/0" not in target.recording.asked


def test_the_measured_path_is_the_light_chain_and_then_each_blocking_check() -> None:
    def held(number: int) -> Check:
        return check(f"api.b{number}", seconds=0.1, load=Load.BLOCKING, needs=("api.a",))

    outcome = carried_out(config(check("api.a", seconds=0.2), held(1), held(2)))
    assert outcome.critical_path_ms == pytest.approx(400, abs=1)


def test_every_need_must_have_passed_quickly_and_the_first_bad_one_is_named() -> None:
    asking = blocking(needs=("api.one", "api.two"))
    good = made.result("P", "api.one", duration_ms=SLOW_NEED_S * 1000)
    assert not_asked(asking, {"api.one": good, "api.two": made.result("P", "api.two")}) == ""
    slow = made.result("P", "api.two", duration_ms=3100.0)
    assert not_asked(asking, {"api.one": good, "api.two": slow}) == (
        "not asked: api.two took 3.1 s, and this check would block the service"
    )
