"""What a session of a key sees: how long a revoked one is looked at, and which keys are ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import pytest

from canary.model import Answer, Credential, Request, Service
from canary.probes.base.api import NoTimeError
from canary.probes.base.recorder import StepFailedError
from canary.probes.key_lifecycle import refused_in_use
from canary.probes.key_lifecycle.session import KeyLifecycleSpec, KeySession
from tests.canary.support.servers.toolbox import Bench, ManualClock, environment


@dataclass
class Answers:
    """Answers each request with the next status, the last one again and again."""

    clock: ManualClock
    statuses: tuple[int, ...]
    took_s: float
    asked: int = 0
    body: bytes = b""

    def send(self, request: Request, credential: Credential | None = None) -> Answer:
        self.clock.at += self.took_s
        self.asked += 1
        status = self.statuses[min(self.asked, len(self.statuses)) - 1]
        return Answer(status=status, body=self.body)


def revoked(answers: Answers, left: Callable[[bool], float]) -> KeySession:
    """Return the session of a key that was revoked, whose use a service caches for two seconds."""
    where = environment("http://127.0.0.1:9")
    bench = Bench(where, {"admin": "a" * 20}, clock=answers.clock)
    context = msgspec.structs.replace(bench.context(), http=answers, remaining=left)
    spec = KeyLifecycleSpec(use_service="target", use_path="/use", cache_s=2)
    auth = Service(url="http://127.0.0.1:9")
    return KeySession(auth=auth, spec=spec, context=context, name="n", key=Credential("k" * 20))


@pytest.mark.parametrize(
    ("took_s", "left_s", "ends"),
    [
        (3.0, 1.9, NoTimeError),  # a second more than the cache: it is looked at once more
        (3.1, 1.9, StepFailedError),
        (0.1, 1.9, NoTimeError),
        (3.1, 9.0, StepFailedError),
    ],
)
def test_a_revoked_key_is_looked_at_for_a_second_longer_than_it_is_cached(
    took_s: float, left_s: float, ends: type[Exception]
) -> None:
    answers = Answers(ManualClock(), (403,), took_s)
    session = revoked(answers, lambda _cleanup: left_s)
    with pytest.raises(ends):
        refused_in_use(session)
    assert answers.asked == 1
    shown = [(a.expected, a.actual, a.holds) for a in session.assertions]
    assert shown == ([] if ends is NoTimeError else [("401 within 2 s", "403", False)])


def test_two_seconds_are_enough_to_look_once_more() -> None:
    answers = Answers(ManualClock(), (403, 401), 0.1)
    session = revoked(answers, lambda _cleanup: 2.0)
    refused_in_use(session)
    assert (answers.asked, [a.holds for a in session.assertions]) == (2, [True])


def test_a_key_that_is_refused_at_once_needs_no_second_look() -> None:
    answers = Answers(ManualClock(), (401,), 9.0)
    session = revoked(answers, lambda _cleanup: 0.1)
    refused_in_use(session)
    assert (answers.asked, [a.holds for a in session.assertions]) == (1, [True])


def test_what_the_management_of_keys_answers_is_no_evidence_and_other_names_are_not_ours() -> None:
    rows = [
        {"key_id": "k1", "name": "synthetic-canary-a"},
        {"key_id": "k/2", "name": "synthetic-canary-b"},
        {"key_id": "k3", "name": "of-the-operator"},
    ]
    body = json.dumps({"keys": rows}).encode()
    session = revoked(Answers(ManualClock(), (200,), 0.1, body=body), lambda _cleanup: 9.0)
    assert session.active() == {"k1": "synthetic-canary-a"}
    (seen,) = session.evidence
    assert (seen.status, seen.excerpt, seen.body_bytes) == (200, "", len(body))
