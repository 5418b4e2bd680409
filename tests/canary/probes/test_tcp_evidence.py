"""What a `tcp` check asked and what came is evidence: bounded, masked, with its times."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from canary.diagnose.core.failures import collect
from canary.diagnose.core.symptoms import Symptom
from canary.model import Exchange, Result, Service, Severity, Status, Suite
from canary.report.verdict import answered
from tests.canary.probes.test_tcp import (
    AUTHORITY,
    bench,
    free_port,
    listening,
    ping,
    secured,
    silent,
)
from tests.canary.support.servers.toolbox import Bench, environment

KEY = "hk_live_" + "0123456789abcdef" * 2  # made here: a scanner takes it for one


def seen(tried: Bench) -> Exchange:
    (step,) = tried.steps
    (exchange,) = step.evidence
    return exchange


def said(exchange: Exchange) -> dict[str, object]:
    """Return what an exchange says, without its times and the client's own port."""
    every = msgspec.structs.asdict(exchange)
    empty = msgspec.structs.asdict(Exchange(method="", url=""))
    return {k: v for k, v in every.items() if v != empty[k] and k != "timing"}


def symptom(tried: Bench) -> Symptom:
    """Return what diagnosis takes the failed check for."""
    result = Result(
        check_id="target.check", title="a check", suite=Suite.ENDPOINTS, kind="tcp",
        service="target", severity=Severity.LOW, status=Status.FAIL, steps=tuple(tried.steps),
    )  # fmt: skip
    (failure,) = collect((result,), tried.environment)
    return failure.symptom


def test_an_answer_is_shown_with_what_was_sent() -> None:
    with listening(ping) as port:
        tried = bench(port)
        tried.run("tcp", send="PING\r\n", contains="+PONG")
    at = f"127.0.0.1:{port}"
    assert said(seen(tried)) == {
        "method": "CONNECT", "url": f"tcp://{at}", "sent": "PING", "excerpt": "+PONG",
        "body_bytes": 7, "peer": at,
    }  # fmt: skip
    assert answered(seen(tried)) == "connected, 7 bytes came"


def test_an_open_port_that_is_asked_nothing_is_shown_as_connected() -> None:
    with listening(silent) as port:
        tried = bench(port)
        tried.run("tcp")
    at = f"127.0.0.1:{port}"
    assert said(seen(tried)) == {"method": "CONNECT", "url": f"tcp://{at}", "peer": at}
    assert answered(seen(tried)) == "connected, 0 bytes came"
    assert seen(tried).answered


def test_a_closed_port_is_shown_with_why_and_with_each_address_that_was_tried() -> None:
    tried = bench(port := free_port())
    tried.run("tcp")
    at = f"127.0.0.1:{port}"
    assert said(seen(tried)) == {
        "method": "CONNECT", "url": f"tcp://{at}", "failure": "refused",
        "failure_detail": f"{at}: Connection refused",
        "dead_addresses": (f"{at}: Connection refused",),
    }  # fmt: skip
    assert not seen(tried).answered
    assert symptom(tried) is Symptom.REFUSED


def test_a_name_without_an_address_is_no_name() -> None:
    tried = bench(5432)
    tried.run("tcp", host="nowhere.invalid")
    shown = said(seen(tried))
    assert shown.pop("failure_detail")
    assert shown == {"method": "CONNECT", "url": "tcp://nowhere.invalid:5432", "failure": "dns"}
    assert symptom(tried) is Symptom.NO_NAME


def test_silence_is_a_failure_that_says_how_much_came_before() -> None:
    with listening(lambda taken: (taken.sendall(b"HELLO\n"), taken.recv(1))) as port:
        tried = bench(port, seconds=0.4)
        tried.run("tcp", contains="220")
    assert (seen(tried).failure, seen(tried).excerpt) == ("read-timeout", "HELLO")
    assert seen(tried).failure_detail == "nothing more came within the time after 6 bytes"
    assert symptom(tried) is Symptom.NO_ANSWER


def test_another_answer_and_a_late_one_are_told_apart() -> None:
    with listening(lambda taken: taken.sendall(b"554 no")) as port:
        tried = bench(port)
        tried.run("tcp", contains="220")
    assert symptom(tried) is Symptom.WRONG_ANSWER
    with listening(lambda taken: taken.sendall(b"220")) as port:
        tried = bench(port)
        tried.clock = Late()
        tried.run("tcp", contains="220", limit_ms=50)
    assert symptom(tried) is Symptom.SLOW


class Late:
    """A clock on which each look costs 30 ms."""

    at = 0.0

    def monotonic(self) -> float:
        self.at += 0.03
        return self.at


def test_a_connection_that_is_reset_says_so() -> None:
    with listening(lambda taken: taken.recv(1)) as port:  # closed with bytes unread: a reset
        tried = bench(port)
        tried.run("tcp", send="PING and more\r\n", contains="+PONG")
    assert (seen(tried).failure, seen(tried).sent) == ("reset", "PING and more")
    assert symptom(tried) is Symptom.RESET


def test_nothing_that_looks_like_a_key_is_kept() -> None:
    hello = f"220 token={KEY} for you\r\n".encode()
    with listening(lambda taken: (taken.sendall(hello), taken.recv(1))) as port:
        tried = bench(port, seconds=0.4)
        tried.run("tcp", send=f"AUTH password={KEY}", contains="250")
    text = msgspec.json.encode(tried.steps).decode()
    assert KEY not in text and "0123456789abcdef" not in text
    assert (seen(tried).sent, seen(tried).excerpt) == ("AUTH password=***", "220 token=*** for you")


def test_what_is_kept_is_bounded_and_bytes_that_are_no_text_are_shown() -> None:
    flood = b"\xff\x00" + b"word " * 5000
    with listening(lambda taken: taken.sendall(flood)) as port:
        tried = bench(port)
        assert tried.run("tcp", contains="220") is Status.FAIL
    assert len(seen(tried).excerpt) == 600 and seen(tried).excerpt.startswith("\\xff\x00word word")
    assert 4096 <= seen(tried).body_bytes < 8192


@pytest.mark.parametrize(("name", "failure"), [("mail.example", ""), ("other.example", "tls")])
def test_tls_has_a_phase_of_its_own_and_a_refused_certificate_its_code(
    name: str, failure: str, tmp_path: Path
) -> None:
    bundle = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(bundle))
    with listening(secured(name)) as port:
        service = Service(url="https://mail.example:465", connect_to={"465": f"127.0.0.1:{port}"})
        where = environment(services={"target": service}, ca_bundle=str(bundle))
        tried = Bench(where, seconds=5)
        tried.run("tcp", tls=True, contains="220")
    found = seen(tried)
    assert (found.url, found.failure, found.failure_code) == (
        "tls://mail.example:465", failure, 62 if failure else 0,
    )  # fmt: skip
    took = found.timing
    assert took.tls_ms > 0 and took.tcp_ms > 0
    assert took.total_ms >= took.tls_ms + took.tcp_ms + took.first_byte_ms
    assert (took.first_byte_ms > 0) is (not failure)
