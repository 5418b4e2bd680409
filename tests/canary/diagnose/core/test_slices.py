"""A rule that fails costs itself alone; an answer is a statement where the service wrote it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from canary.diagnose.core.failures import Failure, collect
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.slices import Slices, Unguarded
from canary.diagnose.core.statements import confidence, is_statement
from canary.model import Confidence, Remedy
from tests.canary.support import platforms as p

FOUND = (
    Finding(cause="rule-missing", service="api", resource="r", summary="s",
            remedy=Remedy(summary="s", decision="d"), explained_failures=frozenset()),
)  # fmt: skip


def failing(error: Exception) -> Callable[[], Any]:
    def find() -> Any:
        raise error

    return find


def test_a_rule_gets_its_slice_of_time_and_its_findings_come_back() -> None:
    asked: list[float] = []

    def cut(seconds: float, action: Callable[[], Any]) -> Any:
        asked.append(seconds)
        return action()

    slices = Slices(cut, 1.5)
    assert slices.run("a", lambda: FOUND) == FOUND
    assert (asked, slices.lost, slices.notes) == ([1.5], {}, ())


def test_a_rule_that_was_lost_is_not_asked_again_and_the_others_are() -> None:
    slices = Slices(lambda _seconds, action: action(), 1.0)
    assert slices.run("b", failing(KeyError("k"))) == ()
    assert slices.run("a", failing(TimeoutError("it took too long"))) == ()
    assert slices.run("b", lambda: FOUND) == ()
    assert slices.run("c", lambda: FOUND) == FOUND
    assert slices.lost == {"a": "TimeoutError: it took too long", "b": "KeyError: 'k'"}
    said = "the rule {} of the diagnosis failed, so this run cannot name its causes: {}"
    assert slices.notes == (
        said.format("a", "TimeoutError: it took too long"), said.format("b", "KeyError: 'k'"),
    )  # fmt: skip


def test_without_a_guard_a_rule_is_asked_as_it_is() -> None:
    unguarded = Unguarded()
    assert unguarded.run("a", lambda: FOUND) == FOUND
    with pytest.raises(KeyError):
        unguarded.run("a", failing(KeyError("k")))
    assert unguarded.run("a", lambda: FOUND) == FOUND
    assert (unguarded.lost, unguarded.notes) == ({}, ())


def answer(path: str, body: str) -> Failure:
    url = f"https://registry.hokus.ai{path}"
    failed = p.failed("a", "registry", p.answer(url, 503, body))
    (found,) = collect((failed,), p.environment(p.Names()))
    return found


DOCUMENT = '{"checks": {"database": {"healthy": false}}}'


@pytest.mark.parametrize(
    "path",
    ["/health", "/healthz", "/ready", "/readiness", "/live", "/liveness", "/status",
     "/circuit-breaker", "/v1/health", "/api_health/x", "/x-ready", "/health-check?x=1"],
)  # fmt: skip
def test_a_document_at_its_own_path_is_a_statement(path: str) -> None:
    assert is_statement(answer(path, DOCUMENT))


@pytest.mark.parametrize(
    ("path", "body", "stated"),
    [
        ("/ready", DOCUMENT[:30], True),  # its end was cut
        ("/ready", '  { "checks" : {', True),
        ("/ready", "[" * 100_000, False),  # deeper than a parser goes
        ("/ready", '{"a":' * 100_000, True),
        ("/ready", '["database is down"]', False),
        ("/ready", '"database is down"', False),
        ("/ready", "database is down", False),
        ("/ready", '{"checks"', False),
        ("/ready", "", False),
        ("/models", DOCUMENT, False),
        ("/unhealthy", DOCUMENT, False),
        ("/statuses", DOCUMENT, False),
        ("/models", '{"checks": {', False),
    ],
)
def test_other_words_are_none(path: str, body: str, stated: bool) -> None:
    assert is_statement(answer(path, body)) is stated


def test_one_statement_among_words_makes_likely() -> None:
    words, stated = answer("/ready", "down"), answer("/ready", DOCUMENT)
    assert [confidence(some) for some in ((), (words,), (words, stated), (stated,))] == [
        Confidence.POSSIBLE, Confidence.POSSIBLE, Confidence.LIKELY, Confidence.LIKELY,
    ]  # fmt: skip
