"""What may go on after an answer or a handshake is bounded, and never disturbs another request."""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path

import pytest
import trustme

from canary.adapters.http_client.certificates import read_untrusted
from canary.adapters.http_client.connection import Received
from canary.adapters.http_client.deadline import InFlightRequest, watchdog
from canary.adapters.http_client.exchange import Exchange, NoAnswerError, NotHttpError
from canary.adapters.http_client.response import read_answer
from canary.model import Request
from tests.canary.support.servers.faults import dead_port, serving
from tests.canary.support.servers.raw import HELLO


class Kept:
    """A connection and its pool, which notes whether the request before is over."""

    def __init__(self, exchange: Exchange, in_flight: InFlightRequest) -> None:
        self.exchange, self._in_flight = exchange, in_flight
        self.over_when_given_back: list[bool] = []

    def _put_conn(self, connection: object) -> None:
        assert connection is self
        self.over_when_given_back.append(self._in_flight.done)


def test_a_connection_is_given_back_when_no_deadline_can_end_it_any_more() -> None:
    """Otherwise a deadline could cut the answer to the next request, and pass as its end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(HELLO)
        exchange = Exchange(ours)
        exchange.send("GET", "/", [("Host", "a.test")], b"")
        in_flight = InFlightRequest(
            connect_to="",
            deadline=time.monotonic() + 10,
            new_connection=False,
            look_up=socket.getaddrinfo,
        )
        watchdog.watch(in_flight)
        kept = Kept(exchange, in_flight)
        received = Received(kept, exchange.read_head())
        received._pool = kept
        request = Request(method="GET", url="http://a.test/")
        answer = read_answer(received, request, in_flight, time.perf_counter(), 1)
    assert (answer.failure, answer.body) == (None, b"hello")
    assert kept.over_when_given_back == [True]


def test_an_end_before_the_second_answer_is_no_answer_whatever_came_before() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.sendall(HELLO)
            exchange = Exchange(ours)
            exchange.send("GET", "/", [("Host", "a.test")], b"")
            exchange.read_head()
            assert (exchange.read_body(10), exchange.reusable) == (b"hello", True)
            exchange.send("GET", "/", [("Host", "a.test")], b"")
            theirs.recv(65_536)
        with pytest.raises(NoAnswerError, match="closed without an answer"):
            exchange.read_head()


@pytest.mark.parametrize("shaken", [0, 1, 2])
def test_evidence_of_an_untrusted_certificate_keeps_to_one_time_in_all(
    tmp_path: Path, shaken: int
) -> None:
    """The server shakes hands so many times, and hangs then."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("a.test").configure_cert(context)
    count = iter(range(10))

    def behave(sock: socket.socket) -> None:
        if next(count) < shaken:
            time.sleep(0.2)
            with context.wrap_socket(sock, server_side=True) as wrapped:
                wrapped.recv(1)
        else:
            time.sleep(3)

    began = time.monotonic()
    with serving(behave) as port:
        shown = read_untrusted("a.test", ("127.0.0.1", port), 0.6, str(tmp_path / "ca.pem"))
    assert 0.55 < time.monotonic() - began < 0.9
    assert (shown is not None) == (shaken > 0)


def test_what_no_request_can_carry_is_not_sent() -> None:
    """The text names the field, and no byte has gone out."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        for fields, words in (
            ([("Host", "a"), ("X-A", "b\r\nX-B: c")], r"Illegal header value b'b\r\nX-B: c'"),
            ([("Host", "a"), ("X A", "b")], r"Illegal header name b'X A'"),
            ([("Host", "a"), ("X-A", "✓")], "latin-1"),
            ([], "Missing mandatory Host: header"),
        ):
            with pytest.raises(NotHttpError) as caught:
                Exchange(ours).send("GET", "/", fields, b"")
            assert str(caught.value).startswith("the request cannot be sent: ")
            assert words in str(caught.value)
        with pytest.raises(BlockingIOError):
            theirs.recv(1)


def test_evidence_of_a_certificate_waits_no_longer_for_a_connection(tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    began = time.monotonic()
    with dead_port() as port:
        shown = read_untrusted("a.test", ("127.0.0.1", port), 0.3, str(tmp_path / "ca.pem"))
    assert shown is None
    assert 0.25 < time.monotonic() - began < 0.9
