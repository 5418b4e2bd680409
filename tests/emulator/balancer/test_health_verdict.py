"""Verdicts on targets from their probes, headers, cookies: plain values, no process."""

from __future__ import annotations

import pytest

from emulator.balancer.choose import eligible
from emulator.balancer.exchange.headers import to_target, too_many_forwarders, trace_header
from emulator.balancer.exchange.pages import page
from emulator.balancer.health_verdict import (
    FAILED,
    HEALTHY,
    MISMATCH,
    REGISTERING,
    TIMEOUT,
    Probe,
    Verdict,
    code_matches,
    health_verdict,
)
from emulator.balancer.model import Target, TargetGroup

PASS = Probe(passed=True, code=200)
NOT_FOUND = Probe(passed=False, reason=MISMATCH, code=404)
BROKEN = Probe(passed=False, reason=MISMATCH, code=500)
LATE = Probe(passed=False, reason=TIMEOUT)
REFUSED = Probe(passed=False, reason=FAILED)

MATCHERS = [
    ("200", 200, True),
    ("200", 201, False),
    ("200,308", 308, True),
    ("200-299", 250, True),
    ("200-299,404", 404, True),
    ("200-299", 300, False),
    ("", 200, False),
]


@pytest.mark.parametrize(("matcher", "code", "expected"), MATCHERS)
def test_a_matcher_is_a_list_of_codes_and_ranges(matcher: str, code: int, expected: bool) -> None:
    assert code_matches(matcher, code) is expected


def after(probes: list[Probe], before: Verdict = REGISTERING) -> Verdict:
    """Return the verdict after probes, with thresholds healthy 3, unhealthy 2."""
    verdict, run = before, list[Probe]()
    for probe in probes:
        run = [*run, probe] if run and run[-1].passed == probe.passed else [probe]
        verdict = health_verdict(verdict, run, healthy=3, unhealthy=2)
    return verdict


def test_one_pass_makes_a_new_target_healthy_whatever_the_threshold() -> None:
    assert after([PASS]) == HEALTHY
    assert (HEALTHY.reason, HEALTHY.description) == (None, None)


def test_a_new_target_that_fails_is_initial_until_the_unhealthy_threshold() -> None:
    first = after([REFUSED])
    assert (first.state, first.reason) == ("initial", "Elb.InitialHealthChecking")
    assert first.description == "Initial health checks in progress"
    assert after([REFUSED, REFUSED]).state == "unhealthy"


def test_a_healthy_target_stays_so_until_failures_in_a_row_reach_the_threshold() -> None:
    assert after([PASS, NOT_FOUND]) == HEALTHY
    assert after([PASS, NOT_FOUND, PASS, NOT_FOUND]) == HEALTHY
    assert after([PASS, NOT_FOUND, NOT_FOUND]).state == "unhealthy"


def test_an_unhealthy_target_needs_its_passes_in_a_row() -> None:
    down = [LATE, LATE]
    assert after([*down, PASS, PASS]).state == "unhealthy"
    assert after([*down, PASS, PASS, LATE, PASS]).state == "unhealthy"
    assert after([*down, PASS, PASS, PASS]) == HEALTHY


REASONS = [
    ([NOT_FOUND] * 2, MISMATCH, "Health checks failed with these codes: [404]"),
    ([NOT_FOUND, BROKEN], MISMATCH, "Health checks failed with these codes: [404,500]"),
    ([LATE] * 2, "Target.Timeout", "Request timed out"),
    ([REFUSED] * 2, "Target.FailedHealthChecks", "Health checks failed"),
    ([REFUSED, REFUSED, LATE], "Target.Timeout", "Request timed out"),  # the last failure's
]


@pytest.mark.parametrize(("probes", "reason", "description"), REASONS)
def test_an_unhealthy_target_says_why(probes: list[Probe], reason: str, description: str) -> None:
    verdict = after(probes)
    assert verdict == Verdict(state="unhealthy", reason=reason, description=description)


PAGES = [(502, 122), (503, 162), (504, 132), (301, 134), (400, 122)]


@pytest.mark.parametrize(("status", "size"), PAGES)
def test_the_balancers_pages_have_the_size_that_aws_s_have(status: int, size: int) -> None:
    assert len(page(status)) == size


def test_a_trace_is_begun_or_continued() -> None:
    assert trace_header(None).startswith("Root=1-")
    kept = trace_header("Root=1-67891233-abcdef012345678912345678;CalledFrom=app")
    assert kept.startswith("Self=1-")
    assert kept.endswith(";Root=1-67891233-abcdef012345678912345678;CalledFrom=app")
    again = trace_header("Self=1-1-1;Root=1-2-2")
    assert again.count("Self=") == 1 and "1-1-1" not in again
    assert len(trace_header("Root=" + "x" * 8000)) < 50


FORWARDED = [
    ({}, "9.9.9.9, 127.0.0.1"),
    ({"routing.http.xff_header_processing.mode": "preserve"}, "9.9.9.9"),
    ({"routing.http.xff_header_processing.mode": "remove"}, None),
    ({"routing.http.xff_client_port.enabled": "true"}, "9.9.9.9, 127.0.0.1:4711"),
]


@pytest.mark.parametrize(("options", "expected"), FORWARDED)
def test_the_client_is_added_to_the_forwarders_as_the_attribute_says(
    options: dict[str, str], expected: str | None
) -> None:
    given = [("Host", "AUTH.hokus.ai"), ("X-Forwarded-For", "9.9.9.9"), ("Connection", "X-Hop")]
    given += [("X-Hop", "1"), ("X-Forwarded-Proto", "gopher"), ("X-Api-Key", "k")]
    sent = dict(
        to_target(
            given,
            peer="127.0.0.1",
            peer_port=4711,
            scheme="https",
            port=443,
            length=0,
            options=options,
        )
    )
    assert sent.get("X-Forwarded-For") == expected
    assert (sent["X-Forwarded-Proto"], sent["X-Forwarded-Port"]) == ("https", "443")
    assert (sent["Host"], sent["X-Api-Key"]) == ("auth.hokus.ai", "k")
    assert "X-Hop" not in sent and "Connection" not in sent


def test_more_than_thirty_forwarders_are_too_many() -> None:
    assert not too_many_forwarders([("X-Forwarded-For", ",".join(["1.1.1.1"] * 30))])
    assert too_many_forwarders([("x-forwarded-for", ",".join(["1.1.1.1"] * 31))])


@pytest.mark.parametrize(
    ("attributes", "asked"),
    [
        ({}, {"a"}),
        ({"count": "2"}, {"a", "b", "c"}),
        ({"percentage": "off"}, {"a"}),
        ({"percentage": "33"}, {"a"}),
        ({"percentage": "34"}, {"a", "b", "c"}),
    ],
)
def test_too_few_healthy_targets_let_the_unhealthy_be_asked_too(
    attributes: dict[str, str], asked: set[str]
) -> None:
    stem = "target_group_health.unhealthy_state_routing.minimum_healthy_targets."
    group = TargetGroup(
        arn="g",
        name="g",
        attributes={stem + key: value for key, value in attributes.items()},
        targets=[Target(id=name, port=80) for name in "abc"],
    )
    found = eligible(group, lambda _, one: "healthy" if one.id == "a" else "unhealthy")
    assert {one.id for one in found} == asked
