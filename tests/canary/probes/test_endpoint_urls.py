"""Where an endpoint check asks, what a redirect to HTTPS must be, and what a user waited."""

from __future__ import annotations

import itertools
import socket
import time

import msgspec
import pytest

from canary.model import Answer, Failure, FailureKind, Service, Timing
from canary.probes.base.expectations import Expect
from canary.probes.base.request import https_url_of, url_of
from canary.probes.endpoint import notes
from tests.canary.support.servers import faults
from tests.canary.support.servers.toolbox import Bench, environment


@pytest.mark.parametrize(
    ("url", "plain", "secure"),
    [
        ("https://a.example", "http://a.example/x", "https://a.example/x"),
        ("https://a.example/", "http://a.example/x", "https://a.example/x"),
        ("https://a.example/base/", "http://a.example/base/x", "https://a.example/base/x"),
        ("https://a.example:8443", "http://a.example/x", "https://a.example:8443/x"),
        ("http://a.example:8080", "http://a.example/x", "https://a.example/x"),
        ("https://[::1]", "http://[::1]/x", "https://[::1]/x"),
        ("https://[::1]:8443/b", "http://[::1]/b/x", "https://[::1]:8443/b/x"),
    ],
)
def test_plain_and_secure_urls_keep_host_and_base_path(url: str, plain: str, secure: str) -> None:
    service = Service(url=url)
    assert url_of(service, "/x", use_http=True) == plain
    assert https_url_of(service, "/x") == secure


def test_plain_http_may_have_another_port_than_80() -> None:
    service = Service(url="https://a.example:8443/b", plain_port=8080)
    assert url_of(service, "/x", use_http=True) == "http://a.example:8080/b/x"
    assert https_url_of(service, "/x") == "https://a.example:8443/b/x"


def test_a_user_waits_for_all_attempts_and_so_they_are_judged() -> None:
    counter = itertools.count(1)

    def slow_then_good(sock: socket.socket) -> None:
        faults.read_head(sock)
        if next(counter) == 1:
            time.sleep(0.6)
            faults.reset(sock)
            return
        sock.sendall(faults.HEAD + faults.BODY)

    with faults.serving(slow_then_good) as port:
        one = Bench(environment(f"http://127.0.0.1:{port}"))
        one.run("endpoint", path="/", limit_ms=500)
    (step,) = one.steps
    assert (step.status.value, step.attempts) == ("FAIL", 2)
    (late,) = [a for a in step.assertions if not a.holds]
    assert (late.subject, late.expected) == ("duration", "within 500 ms")
    assert step.evidence[0].timing.total_ms >= 600


@pytest.mark.parametrize(
    ("dead", "facts"),
    [
        ((), {}),
        (
            ("10.0.0.1:443: no answer in 0.3 s",),
            {"dead addresses": "10.0.0.1:443: no answer in 0.3 s"},
        ),
        (("a: refused", "b: refused"), {"dead addresses": "a: refused; b: refused"}),
    ],
)
def test_a_dead_address_is_a_fact_of_the_step(dead: tuple[str, ...], facts: dict[str, str]) -> None:
    answer = Answer(status=200, dead_addresses=dead)
    assert notes(Expect(), answer, Bench(environment()).context()) == facts


@pytest.mark.parametrize(("ms", "slow"), [(100.0, False), (100.6, True)])
def test_an_answer_is_slow_that_takes_longer_than_the_threshold(ms: float, slow: bool) -> None:
    answer = Answer(status=200, timing=Timing(total_ms=ms))
    context = Bench(environment()).context()
    said = {"slow": "101 ms, threshold 100 ms"} if slow else {}
    assert notes(Expect(max_ms=100), answer, context) == said
    lost = Failure(kind=FailureKind.READ_TIMEOUT)
    failed = msgspec.structs.replace(answer, failure=lost)
    assert notes(Expect(max_ms=100), failed, context) == {}
    usual = context.environment.run.slow_ms
    later = msgspec.structs.replace(answer, timing=Timing(total_ms=usual + 1))
    assert notes(Expect(), later, context) == {"slow": f"{usual + 1} ms, threshold {usual} ms"}
