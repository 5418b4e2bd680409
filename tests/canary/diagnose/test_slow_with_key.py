"""A cache is called slow if services wait with a key alone, each beside the auth service's time."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from canary.control_plane.state import LogLine, PlatformState, not_read
from canary.diagnose import diagnose
from canary.model import Assertion, Confidence, Exchange, Explanation, Result, Status, Step, Timing
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

VALIDATE = faults.AUTH + "/api/v1/keys/validate"
REFUSED = ("revoked", "expired", "unknown")
# Least time in ms for each key: at the auth service itself, and of the registry's refusal.
AT_AUTH = {"revoked": 1211.0, "expired": 3673.0, "unknown": 1313.0}
AT_REGISTRY = {"revoked": 2415.0, "expired": 2414.0, "unknown": 2417.0}


def seen(url: str, status: int, ms: float, principal: str = "", method: str = "GET") -> Exchange:
    timing = Timing(total_ms=ms)
    return p.answer(url, status, "{}", principal=principal, method=method, timing=timing)


def passed(service: str, *exchanges: Exchange) -> Result:
    step = Step(name="answer", status=Status.PASS, evidence=exchanges)
    return p.result(f"{service}.{exchanges[0].principal}", service, step, status=Status.PASS)


def late() -> list[Result]:
    """Return a call with a key that had no answer, one that was slow, and a step without time."""
    hung = Exchange(method="GET", url=faults.PROXY, failure="read-timeout", principal="valid")
    unmet = Assertion(subject="duration", expected="within 3000 ms", actual="", holds=False)
    slow = seen(faults.PROXY, 200, 8470, "valid")
    steps = (
        Step(name="run removal", status=Status.FAIL, evidence=(hung,)),
        Step(name="runs", status=Status.ERROR, reason="the run's time was over before this"),
    )
    return [
        p.result("registration.model", "registry", *steps),
        p.failed("registry.latency", "registry", slow, assertions=(unmet,)),
    ]


def refusals(
    auth: Mapping[str, float] = AT_AUTH, registry: Mapping[str, float] = AT_REGISTRY
) -> list[Result]:
    asked = [passed("auth", seen(VALIDATE, 401, ms, who, "POST")) for who, ms in auth.items()]
    again = [
        passed("registry", *(seen(faults.PROXY, 401, ms + more, who) for more in (0, 2450)))
        for who, ms in registry.items()
    ]
    return asked + again


def quick(ms: float = 5, database_ms: float = 11) -> list[Result]:
    """Return what the services answer without a key; the auth service reports its database."""
    ready = seen(faults.AUTH + "/ready", 200, database_ms)
    steps = (Step(name="database", status=Status.PASS, evidence=(ready,)),)
    return [
        passed("registry", seen(faults.REGISTRY + "/health", 200, ms)),
        passed("auth", seen(faults.AUTH + "/health", 200, ms)),
        passed("auth", seen(VALIDATE, 401, 4, "", "POST")),  # without a key it asks nobody
        p.result("auth.ready", "auth", *steps, status=Status.PASS),
    ]


def logged(text: str) -> PlatformState:
    lines = {"registry": (LogLine(at=p.ago(2), message=text),)}
    return p.replace(p.healthy(), logs=lines)


def judge(*results: Result, state: PlatformState | None = None) -> Explanation:
    now = state or p.healthy()
    return diagnose(list(results), now, p.environment(faults.NAMES), p.healthy(), p.NOW)


@pytest.mark.parametrize("outside", [False, True], ids=["with-aws", "from-outside"])
def test_what_two_services_wait_for_with_a_key_is_the_cache(outside: bool) -> None:
    state = not_read("NotAsked", "no cluster") if outside else None
    verdict = judge(*late(), *refusals(), *quick(), state=state)
    [found] = verdict.diagnoses
    assert (found.cause, found.service, found.resource) == (
        "latency-degraded", "cache", "cache-guard",
    )  # fmt: skip
    assert found.confidence is Confidence.LIKELY
    assert found.explains == ("registration.model", "registry.latency")
    assert [(e.resource, e.seen) for e in found.evidence[:4]] == [
        ("auth, requests with a key", "at least 1211 ms"),
        (f"GET {faults.AUTH}/health", "200 in 5 ms"),
        ("registry, requests with a key", "at least 1203 ms beside the answer of auth"),
        (f"GET {faults.REGISTRY}/health", "200 in 5 ms"),
    ]
    assert found.remedy.decision and not found.remedy.fix
    assert verdict.unexplained == ()


def test_a_service_that_only_waits_for_a_slow_auth_service_is_not_the_cache_twice() -> None:
    own = {who: ms + 40 for who, ms in AT_AUTH.items()}
    verdict = judge(*late(), *refusals(registry=own), *quick())
    assert [(d.cause, d.service) for d in verdict.diagnoses] == [("latency-degraded", "auth")]


@pytest.mark.parametrize(
    "others",
    [
        (*refusals(dict.fromkeys(REFUSED, 30), dict.fromkeys(REFUSED, 40)), *quick()),
        (*refusals(), *quick(ms=1100)),
        (*refusals(), *quick(database_ms=1300)),
        (*refusals({"revoked": 1211}, {"revoked": 2415}), *quick()),
    ],
    ids=["keys-are-fast", "all-is-slow", "or-the-database", "one-key-is-chance"],
)
def test_else_the_cache_is_not_called_slow(others: tuple[Result, ...]) -> None:
    verdict = judge(*late(), *others)
    assert verdict.diagnoses and "cache" not in {d.service for d in verdict.diagnoses}


@pytest.mark.parametrize(
    "line",
    [
        "redis.exceptions.TimeoutError: Timeout reading from socket (cache.x.local:6379)",
        "WARNING Cache read error: Timeout reading from socket",
        "WARNING Cache write error: Timeout connecting to server",
    ],
)
def test_a_log_that_names_the_cache_says_that_it_does_not_answer(line: str) -> None:
    """A step without time is heavy and speaks for no cause, so that it does not decide."""
    state = logged(line)
    verdict = judge(*late(), *refusals(), *quick(), state=state)
    assert [(d.cause, d.service) for d in verdict.diagnoses] == [("cache-unreachable", "cache")]
    assert verdict.unexplained == ()


def test_words_about_a_cache_that_works_name_nothing() -> None:
    state = logged("INFO cache miss, 404 error for /favicon.ico")
    verdict = judge(*late(), *refusals(), *quick(), state=state)
    assert [d.cause for d in verdict.diagnoses] == ["latency-degraded"]
