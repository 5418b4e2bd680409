"""A run sends no more than its plan says, and a platform that hangs up makes it twice that."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from canary import config as configs
from canary.model import Config, Credential, Result
from canary.plan import Plan, Selection, make_plan
from canary.probes import KINDS
from canary.runner import Outcome, carry_out
from tests.canary.support import worlds
from tests.canary.support.servers.faults import read_head, serving

DEVELOPMENT = Path(__file__).resolve().parents[3] / "canary/environments/development.toml"
KEYED = ("authorization:", "x-api-key:", "api_key=")
Answering = Callable[[str], bytes]


def answer(status: int, body: str = "{}") -> Answering:
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n"
    return lambda _: f"{head}content-length: {len(body)}\r\n\r\n{body}".encode()


ANSWERS: dict[str, Answering] = {
    "all is well": answer(200),
    "everybody is refused": answer(401, '{"detail":"Invalid or expired API key"}'),
    "nothing is there": answer(404),
    "everything fails": answer(500),
    "moved": lambda _: b"HTTP/1.1 302 X\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n",
    "turned away": answer(429),
}


@dataclass
class Counting:
    """Counts the requests that arrive, and those with a key."""

    answering: Answering | None
    all: int = 0
    keyed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, sock: socket.socket) -> None:
        while head := read_head(sock).decode("latin-1"):
            with self.lock:
                self.all += 1
                self.keyed += any(mark in head.lower() for mark in KEYED)
            if self.answering is None:
                return
            sock.sendall(self.answering(head))


def shipped(port: int) -> Config:
    """Return every check that is shipped, also those to be asked for, against one server."""
    found = configs.load(str(DEVELOPMENT), authoring=False)
    where = found.environment
    services = {
        name: msgspec.structs.replace(s, url=f"http://127.0.0.1:{port}") if s.url else s
        for name, s in where.services.items()
    }
    checks = tuple(msgspec.structs.replace(c, needs=()) for c in found.checks)
    return Config(environment=msgspec.structs.replace(where, services=services), checks=checks)


def carried_out(counting: Counting) -> tuple[Plan, Outcome]:
    with serving(counting.serve) as port:
        made = shipped(port)
        plan = make_plan(made, KINDS, {}, worlds.NOW, Selection(), 0.0)
        ports = worlds.ports(
            made.environment,
            kinds=KINDS,
            credential=lambda name: Credential(f"key-{name}-0123456789"),
        )
        return plan, carry_out(ports, worlds.start_of(made, plan))


def asked(result: Result) -> int:
    """Count the requests that a check's evidence shows; an exchange may stand in several steps."""
    return len({msgspec.json.encode(e) for step in result.steps for e in step.evidence})


@pytest.mark.parametrize("name", ANSWERS)
def test_no_answer_makes_a_run_ask_more_than_its_plan(name: str) -> None:
    counting = Counting(ANSWERS[name])
    plan, outcome = carried_out(counting)
    planned = {p.check.id: p.requests for p in plan.order}
    assert {r.check_id for r in outcome.results if asked(r) > planned[r.check_id]} == set()
    assert 10 < counting.all <= plan.requests
    assert 0 < counting.keyed <= plan.keyed


def test_a_platform_that_turns_everybody_away_gets_a_quarter_of_the_questions_or_less() -> None:
    counting = Counting(ANSWERS["turned away"])
    plan, _ = carried_out(counting)
    print(f"{counting.all} of {plan.requests} requests, {counting.keyed} of {plan.keyed} keyed")
    assert counting.all <= plan.requests // 4


def test_a_platform_that_hangs_up_is_asked_twice_at_most() -> None:
    counting = Counting(None)
    plan, _ = carried_out(counting)
    assert plan.requests // 2 < counting.all <= 2 * plan.requests
    assert counting.keyed <= 2 * plan.keyed
