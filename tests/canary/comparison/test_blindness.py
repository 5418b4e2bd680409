"""A canary that reaches nothing is told from a platform that is down, by facts alone."""

from __future__ import annotations

import pytest

from canary.comparison.blindness import reaches_nothing, unseen_checks, without_blind
from canary.control_plane.state import PlatformState, Unavailable, not_read
from canary.messages.grouping import groups
from canary.model import Confidence, Diagnosis, Exchange, Remedy, Result, Status, Timing
from canary.report.score import run_status
from canary.report.verdict import verdict
from tests.canary.support import platforms as p
from tests.canary.support.made import report, result

AUTH, API = "https://auth.example.test/health", "https://api.example.test/health"


def silent(*codes: str) -> PlatformState:
    """Return a control plane of which nothing was read, for these reasons."""
    return PlatformState(
        read_at="2026-11-22T10:00:00+00:00",
        unread=("load_balancers",),
        unavailable=tuple(
            Unavailable(action=f"a:A{n}", resource="*", code=code, reason="no way")
            for n, code in enumerate(codes)
        ),
    )


SILENT = silent("ConnectTimeoutError", "EndpointConnectionError")


def asked(*failures: str) -> tuple[Result, ...]:
    return tuple(
        p.failed(f"a.{n}", "auth", p.none((AUTH, API)[n % 2], failure))
        for n, failure in enumerate(failures)
    )


@pytest.mark.parametrize("failure", ["connect-timeout", "unreachable", "refused", "dns"])
def test_where_nobody_answers_and_aws_neither_nothing_is_known(failure: str) -> None:
    without_key = result("E", "a.key", reason="the secret could not be read")
    passed_before = result("F", "a.old", reused=True)
    found = without_blind((*asked(failure, failure), without_key, passed_before), SILENT)
    assert [r.status.value for r in found] == ["ERROR", "ERROR", "ERROR", "FAIL"]
    assert found[0].reason.startswith("not judged: the canary reaches nothing, AWS's own API")
    assert {s.status for r in found[:2] for s in r.steps} == {Status.ERROR}
    assert found[2:] == (without_key, passed_before)


def test_a_control_plane_that_was_not_read_in_time_is_silence() -> None:
    assert reaches_nothing(asked("connect-timeout"), not_read("Timeout", "not within the time"))


CLOSED = asked("connect-timeout", "connect-timeout")
TELLS = {
    "AWS answers": (CLOSED, p.healthy()),
    "AWS answers a part": (CLOSED, p.replace(SILENT, load_balancers=p.healthy().load_balancers)),
    "AWS refuses": (CLOSED, silent("ConnectTimeoutError", "AccessDeniedException")),
    "AWS throttles": (CLOSED, silent("Throttling")),
    "AWS was not asked": (CLOSED, not_read("NoCluster", "the environment names no cluster")),
    "a reader has a bug": (CLOSED, not_read("ReaderFailed", "KeyError")),
    "nothing is unavailable": (CLOSED, PlatformState()),
    "a host answers": ((*CLOSED, p.failed("b", "auth", p.page(API, 502))), SILENT),
    "a host refuses the certificate": (asked("connect-timeout", "tls"), SILENT),
    "a host breaks off": (asked("connect-timeout", "reset"), SILENT),
    "a host is silent after the connection": (asked("connect-timeout", "read-timeout"), SILENT),
    "no request was sent": ((result("F", "a"),), SILENT),
    "only time was lacking": (asked("deadline"), SILENT),
}


@pytest.mark.parametrize("case", sorted(TELLS))
def test_any_answer_leaves_a_failure_with_the_platform(case: str) -> None:
    results, state = TELLS[case]
    assert without_blind(results, state) == results


def test_a_request_without_time_to_connect_does_not_count() -> None:
    late = p.failed("late", "auth", p.none(API, "deadline"))
    timing = Timing(tcp_ms=3.0)
    connected = p.failed("late", "auth", p.none(API, "deadline", timing=timing))
    assert reaches_nothing((*CLOSED, late), SILENT)
    assert not reaches_nothing((*CLOSED, connected), SILENT)


def test_an_answer_of_an_earlier_run_proves_nothing() -> None:
    before = result("P", "b", reused=True, steps=p.failed("b", "auth", p.page(API, 200)).steps)
    assert isinstance(before.steps[0].evidence[0], Exchange)
    assert reaches_nothing((*CLOSED, before), SILENT)


def because(cause: str, *explains: str, sure: Confidence = Confidence.LIKELY) -> Diagnosis:
    return Diagnosis(
        cause=cause, service="api", resource="r", confidence=sure, summary=f"It is {cause}.",
        explains=explains, evidence=(), remedy=Remedy(summary="s", decision="Decide."),
    )  # fmt: skip


OWN = because("canary-credential-missing", "a", "b")
BOTH = (OWN, because("rule-wrong-target", "b"))
MAYBE = because("canary-egress-blocked", "a", "b", sure=Confidence.POSSIBLE)


def test_what_only_the_canary_explains_was_not_seen() -> None:
    assert unseen_checks((OWN,)) == {"a", "b"}
    assert unseen_checks(BOTH) == {"a"}
    assert unseen_checks((MAYBE,)) == unseen_checks(()) == frozenset()


def test_the_verdict_tells_the_canarys_own_failures_as_unknown() -> None:
    results = (result("F", "a"), result("F", "b"), result("P", "c"))
    assert [run_status(results, u) for u in ((), "a", "ab", "c")] == [
        "FAIL",
        "FAIL",
        "ERROR",
        "FAIL",
    ]
    blind = verdict(report(*results, diagnoses=(OWN,)))
    assert (blind.status, blind.word) == (Status.ERROR, "could not tell")
    assert blind.sentence == (
        "The canary could not tell whether test is healthy: 2 checks could not be judged,"
        " 1 passed, none failed."
    )
    mixed = verdict(report(*results, diagnoses=BOTH))
    assert mixed.sentence == "test: requests to api fail: probably It is rule-wrong-target."
    assert "1 check could not be judged." in mixed.details
    assert verdict(report(*results, diagnoses=(MAYBE,))).status is Status.FAIL


def test_a_check_that_fails_for_both_is_told_to_the_platforms_people() -> None:
    made = report(result("F", "a"), result("F", "b"), diagnoses=BOTH)
    told = [(g.audience, [r.check_id for r in g.members]) for g in groups(made, [])]
    assert told == [("platform", ["b"]), ("canary", ["a"])]
    maybe = report(result("F", "a"), diagnoses=(MAYBE,))
    assert [g.audience for g in groups(maybe, [])] == ["platform"]
