"""Every transport fault has its own kind, and none delays a request beyond its deadline."""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path

import pytest
import trustme

from canary.adapters.http_client.addresses import connect_first
from canary.adapters.http_client.client import HttpClient
from canary.model import Answer, FailureKind, Request
from tests.canary.support.servers import faults
from tests.canary.support.servers.faults import Behaviour, serving

DEADLINE_S = 0.6


def client() -> HttpClient:
    return HttpClient(run_id="test", trusted=frozenset())


def ask(url: str, timeout_s: float = DEADLINE_S, method: str = "GET", **more: object) -> Answer:
    request = Request(method=method, url=url, timeout_s=timeout_s, **more)  # type: ignore[arg-type]
    return client().send(request)


@pytest.mark.parametrize(
    ("behave", "kind"),
    [
        (faults.reset_before_headers, FailureKind.RESET),
        (faults.reset_in_body, FailureKind.RESET),
        (faults.closed_without_answer, FailureKind.RESET),
        (faults.truncated, FailureKind.TRUNCATED),
        (faults.silent, FailureKind.READ_TIMEOUT),
        (faults.header_drip, FailureKind.DEADLINE),
        (faults.body_drip, FailureKind.DEADLINE),
        (faults.closing_body_drip, FailureKind.DEADLINE),
        (faults.garbage, FailureKind.PROTOCOL),
        (faults.endless, FailureKind.TOO_LARGE),
    ],
)
def test_each_fault_has_its_word_and_ends_in_time(behave: Behaviour, kind: FailureKind) -> None:
    with serving(behave) as port:
        began = time.monotonic()
        answer = ask(f"http://127.0.0.1:{port}/")
        took = time.monotonic() - began
    assert answer.failure is not None and answer.failure.kind is kind, answer.failure
    assert took < DEADLINE_S + 0.25


def test_a_body_of_fifty_megabytes_is_cut_at_the_cap_and_its_beginning_kept() -> None:
    with serving(faults.endless) as port:
        answer = ask(f"http://127.0.0.1:{port}/", timeout_s=5, max_body=1000)
    assert (answer.status, answer.truncated, len(answer.body)) == (200, True, 1000)
    assert answer.timing.total_ms < 1000


def test_a_closed_port_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    answer = ask(f"http://127.0.0.1:{port}/")
    assert answer.failure is not None and answer.failure.kind is FailureKind.REFUSED
    assert answer.attempts == 2


def test_a_name_without_address_is_a_dns_failure() -> None:
    answer = ask("http://no-such-host.invalid/", timeout_s=5)
    assert answer.failure is not None and answer.failure.kind is FailureKind.DNS


def test_dropped_packets_are_a_connect_timeout_within_the_deadline() -> None:
    with faults.dead_port() as port:
        began = time.monotonic()
        answer = ask(f"http://127.0.0.1:{port}/")
        took = time.monotonic() - began
    assert answer.failure is not None and answer.failure.kind is FailureKind.CONNECT_TIMEOUT
    assert took < DEADLINE_S + 0.25


def test_a_peer_that_never_begins_tls_is_a_tls_failure() -> None:
    with serving(faults.no_handshake) as port:
        answer = ask(f"https://127.0.0.1:{port}/")
    assert answer.failure is not None and answer.failure.kind is FailureKind.TLS
    assert answer.failure.code == 0


def test_a_plain_server_on_the_tls_port_is_a_tls_failure() -> None:
    with serving(faults.good) as port:
        answer = ask(f"https://127.0.0.1:{port}/")
    assert answer.failure is not None and answer.failure.kind is FailureKind.TLS


@pytest.mark.parametrize(("method", "attempts"), [("GET", 2), ("DELETE", 2), ("POST", 1)])
def test_only_idempotent_methods_are_sent_again_after_a_reset(method: str, attempts: int) -> None:
    with serving(faults.reset_before_headers) as port:
        answer = ask(f"http://127.0.0.1:{port}/", method=method, timeout_s=3)
    assert answer.attempts == attempts


def test_a_post_that_changes_nothing_is_sent_again_after_a_reset() -> None:
    with serving(faults.reset_before_headers) as port:
        answer = ask(f"http://127.0.0.1:{port}/", method="POST", repeatable=True, timeout_s=3)
    assert answer.attempts == 2


def test_a_post_is_sent_again_when_it_never_reached_the_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert ask(f"http://127.0.0.1:{port}/", method="POST").attempts == 2


def test_a_second_attempt_that_succeeds_is_an_answer_with_two_attempts() -> None:
    seen: list[int] = []

    def first_resets(sock: socket.socket) -> None:
        seen.append(1)
        behave = faults.reset_before_headers if len(seen) == 1 else faults.good
        behave(sock)

    with serving(first_resets) as port:
        answer = ask(f"http://127.0.0.1:{port}/", timeout_s=3)
    assert answer.failure is None and (answer.status, answer.attempts) == (200, 2)


def test_a_wrong_answer_is_not_asked_again() -> None:
    seen: list[bytes] = []

    def always_500(sock: socket.socket) -> None:
        while head := faults.read_head(sock):
            seen.append(head)
            sock.sendall(b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n")

    with serving(always_500) as port:
        answer = ask(f"http://127.0.0.1:{port}/")
    assert (answer.status, answer.attempts, len(seen)) == (500, 1, 1)


def test_a_hanging_request_costs_no_other_one_anything() -> None:
    one = client()
    with serving(faults.header_drip) as bad, serving(faults.good) as fine:
        import threading

        hanging = Request(method="GET", url=f"http://127.0.0.1:{bad}/", timeout_s=2)
        thread = threading.Thread(target=one.send, args=(hanging,))
        thread.start()
        request = Request(method="GET", url=f"http://127.0.0.1:{fine}/", timeout_s=0.5)
        answers = [one.send(request) for _ in range(20)]
        thread.join()
    assert {a.status for a in answers} == {200}
    assert max(a.timing.total_ms for a in answers) < 400


def negative_chunk(sock: socket.socket) -> None:
    faults.read_head(sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-5\r\nhello\r\n")


@pytest.mark.parametrize("tls", [False, True])
def test_each_request_on_a_kept_connection_has_its_own_time(tls: bool, tmp_path: Path) -> None:
    pauses = iter((0.0, 0.7, 0.0, 0.7))

    def paused(sock: socket.socket) -> None:
        while faults.read_head(sock):
            time.sleep(next(pauses))
            sock.sendall(faults.HEAD + faults.BODY)

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    one = HttpClient(run_id="test", trusted=frozenset(), ca_bundle=str(tmp_path / "ca.pem"))
    with serving(paused, context if tls else None) as port:
        url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/"
        answers = [
            one.send(Request(method="PUT", url=url, timeout_s=limit_s, body=b"{}"))
            for limit_s in (0.3, 5.0, 5.0, 0.3)
        ]
    assert [a.timing.reused for a in answers] == [False, True, True, True]
    assert [a.failure.kind if a.failure else a.status for a in answers] == [
        200, 200, 200, FailureKind.READ_TIMEOUT,
    ]  # fmt: skip
    assert answers[-1].timing.total_ms < 500


def test_a_chunk_of_negative_length_is_the_target_s_fault() -> None:
    with serving(negative_chunk) as port:
        answer = ask(f"http://127.0.0.1:{port}/")
    assert answer.failure is not None and answer.failure.kind is FailureKind.PROTOCOL
    assert answer.status == 200


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example"])
def test_what_is_no_host_name_says_so_at_once(
    host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    answer = ask(f"http://{host}/", timeout_s=5)
    assert answer.failure is not None and answer.failure.kind is FailureKind.DNS
    assert "not a host name" in answer.failure.detail
    assert time.monotonic() - began < 1
    assert "Traceback" not in capsys.readouterr().err


def test_an_address_of_a_family_that_this_machine_lacks_is_passed_over() -> None:
    """A name has an IPv6 address and the function no IPv6: the next address is tried."""
    with serving(faults.silent) as port:
        lacking = socket.AF_UNSPEC, ("::1", port)
        found = [lacking, (socket.AF_INET, ("127.0.0.1", port))]
        opened = connect_first(found, lambda family: socket.socket(family), 1.0)
        opened.sock.close()
    assert (opened.address, opened.dead) == (("127.0.0.1", port), ())
