"""Each request is judged by its own answer, whatever a server sends on a kept connection."""

from __future__ import annotations

import itertools
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from canary.adapters.http_client.client import HttpClient
from canary.adapters.http_client.connection import IDLE_LIMIT_S
from canary.adapters.http_client.exchange import MOST_HEAD
from canary.model import Answer, FailureKind, Request
from tests.canary.support.servers import faults
from tests.canary.support.servers.faults import serving
from tests.canary.support.servers.scripts import STEPS, STRAY, Script, following

KEYS = itertools.count()


class Server:
    """The server of all tests here; each script runs under a key of its own."""

    def __init__(self, url: str, scripts: dict[bytes, Script]) -> None:
        self.url, self.scripts = url, scripts

    def ask(self, steps: tuple[str, ...], methods: tuple[str, ...]) -> tuple[list[Answer], Script]:
        """Send one request after the other with one client; return the answers and the script."""
        key = str(next(KEYS))
        script = self.scripts[key.encode()] = Script(steps)
        client = HttpClient(run_id="test", trusted=frozenset())
        answers = [
            client.send(Request(method=method, url=f"{self.url}/{key}/n{n}", timeout_s=10))
            for n, method in enumerate(methods)
        ]
        client.close()
        return answers, script


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    scripts: dict[bytes, Script] = {}
    with following(scripts) as url:
        yield Server(url, scripts)


def outcome(answer: Answer) -> object:
    return answer.failure.kind if answer.failure is not None else answer.status


def assert_own(answers: list[Answer], script: Script, methods: tuple[str, ...]) -> None:
    """Each complete answer is that of its request, and nothing was sent too often."""
    for n, (answer, method) in enumerate(zip(answers, methods, strict=True)):
        number = f"n{n}"
        if answer.failure is None:
            assert answer.header("X-Number") == number
            assert answer.body.decode().rstrip("x") == (
                "" if method == "HEAD" or answer.status != 200 else number
            )
        assert script.arrived[number.encode()] <= (1 if method == "POST" else 2)
        assert answer.attempts <= (1 if method == "POST" else 2)
        assert not (method == "POST" and answer.timing.reused)


KEPT = ("good", "chunks")
INCOMPLETE = (
    "close unanswered", "cut head", "no HTTP", "103 alone", "rest of another", "long",
    "head, and more later",
    "shorter than announced",
)  # fmt: skip
DOUBTFUL = sorted(set(STEPS) - {*KEPT, *INCOMPLETE})


@pytest.mark.parametrize("step", KEPT)
def test_a_connection_whose_answer_was_complete_serves_the_next_request(
    server: Server, step: str
) -> None:
    methods = ("GET", "GET", "PUT", "DELETE")
    answers, script = server.ask((step,) * 4, methods)
    assert [a.timing.reused for a in answers] == [False, True, True, True]
    assert [outcome(a) for a in answers] == [200] * 4
    assert_own(answers, script, methods)


@pytest.mark.parametrize("step", DOUBTFUL)
def test_a_connection_with_anything_doubtful_on_it_serves_none(server: Server, step: str) -> None:
    methods = ("GET", "GET", "GET")
    answers, script = server.ask((step,), methods)
    assert answers[1].timing.reused is False
    assert [outcome(a) for a in answers][1:] == [200, 200]
    assert answers[0].failure is None and answers[0].attempts == 1
    assert_own(answers, script, methods)


def test_a_long_answer_leaves_the_next_one_all_its_room(server: Server) -> None:
    methods = ("GET",) * 3
    answers, script = server.ask(("long",) * 3, methods)
    assert [(outcome(a), len(a.body)) for a in answers] == [(200, 60_002)] * 3
    assert [a.timing.reused for a in answers] == [False, True, True]
    assert_own(answers, script, methods)


def test_an_answer_to_head_ends_its_connection(server: Server) -> None:
    """The server sends a body all the same: it must not be the next answer."""
    methods = ("HEAD", "GET", "HEAD", "GET")
    answers, script = server.ask(("head, and more later",), methods)
    assert [outcome(a) for a in answers] == [200] * 4
    # The third request uses the connection of the second one, which was a GET.
    assert [a.timing.reused for a in answers] == [False, False, True, False]
    assert_own(answers, script, methods)


@pytest.mark.parametrize(
    ("steps", "methods", "expected"),
    [
        (("close unanswered",), ("GET",), [(200, 2)]),
        (("close unanswered",) * 2, ("GET",), [(FailureKind.RESET, 2)]),
        (("close unanswered",), ("POST",), [(FailureKind.RESET, 1)]),
        (("good", "close unanswered"), ("GET", "GET"), [(200, 1), (200, 2)]),
        (("good", "close unanswered"), ("GET", "PUT"), [(200, 1), (200, 2)]),
        (("good", "close unanswered"), ("GET", "POST"), [(200, 1), (FailureKind.RESET, 1)]),
        (("cut head",), ("GET",), [(200, 2)]),
        (("cut head",) * 2, ("GET",), [(FailureKind.TRUNCATED, 2)]),
        (("103 alone",), ("GET",), [(200, 2)]),
        (("shorter than announced",), ("GET",), [(200, 2)]),
        (("no HTTP",), ("GET",), [(FailureKind.PROTOCOL, 1)]),
        (("good", "no HTTP"), ("GET", "GET"), [(200, 1), (200, 2)]),
        (("good", "no HTTP", "no HTTP"), ("GET", "GET"), [(200, 1), (FailureKind.PROTOCOL, 2)]),
        (("good", "rest of another"), ("GET", "GET"), [(200, 1), (200, 2)]),
        (("good", "rest of another"), ("GET", "POST"), [(200, 1), (FailureKind.PROTOCOL, 1)]),
    ],
    ids=itertools.count(),
)
def test_what_may_be_sent_twice_is_sent_twice_and_nothing_else(
    server: Server, steps: tuple[str, ...], methods: tuple[str, ...], expected: list[object]
) -> None:
    answers, script = server.ask(steps, methods)
    assert [(outcome(a), a.attempts) for a in answers] == expected
    assert [script.arrived[b"n%d" % n] for n in range(len(methods))] == [
        a.attempts for a in answers
    ]
    assert_own(answers, script, methods)


def test_a_post_never_uses_an_idle_connection(server: Server) -> None:
    methods = ("GET", "POST", "GET", "POST")
    answers, script = server.ask(("good",) * 4, methods)
    assert [a.timing.reused for a in answers] == [False, False, True, False]
    assert [outcome(a) for a in answers] == [200] * 4
    assert_own(answers, script, methods)


# An answer to GET whose body is another answer is its own answer: that step is for HEAD alone.
ANY_METHOD = sorted(set(STEPS) - {"head, and more later"})
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT"])


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(st.sampled_from(ANY_METHOD), min_size=1, max_size=6).map(tuple),
    methods=st.lists(METHODS, min_size=2, max_size=4).map(tuple),
)
def test_every_answer_is_that_of_its_request(
    server: Server, steps: tuple[str, ...], methods: tuple[str, ...]
) -> None:
    answers, script = server.ask(steps, methods)
    assert_own(answers, script, methods)


def test_a_second_attempt_uses_no_other_idle_connection() -> None:
    """Each connection takes one request; a second one is idle again when the first one fails."""
    closing = threading.Event()

    def once(sock: socket.socket) -> None:
        faults.read_head(sock)
        sock.sendall(faults.HEAD + faults.BODY)
        if b"/then" in faults.read_head(sock):
            closing.set()

    client = HttpClient(run_id="test", trusted=frozenset())

    def ask(path: str) -> Answer:
        return client.send(
            Request(method="GET", url=f"http://127.0.0.1:{port}{path}", timeout_s=10)
        )

    def ask_meanwhile() -> Answer:
        assert closing.wait(10)
        return ask("/meanwhile")

    with serving(once) as port, ThreadPoolExecutor(1) as threads:
        assert ask("/first").status == 200
        meanwhile = threads.submit(ask_meanwhile)
        answer = ask("/then")
        assert meanwhile.result().status == 200
    assert (answer.failure, answer.status, answer.attempts) == (None, 200, 2)


def test_a_connection_that_was_idle_for_long_is_not_used_again() -> None:
    client = HttpClient(run_id="test", trusted=frozenset())
    with serving(faults.good) as port:
        request = Request(method="GET", url=f"http://127.0.0.1:{port}/", timeout_s=10)
        client.send(request)
        (pool,) = client._adapters[""]._pools.values()
        assert pool.pool is not None
        for reused, idle_s in ((True, IDLE_LIMIT_S - 5), (False, IDLE_LIMIT_S + 1)):
            pool.pool.queue[-1].used_at -= idle_s
            assert client.send(request).timing.reused is reused


def test_bytes_that_tls_has_already_read_end_a_connection(tmp_path: Path) -> None:
    """The answer ends where we stop to read, and a stray one begins in the same record."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Pad: %s\r\n\r\n"
    padded = head % (b"v" * (MOST_HEAD + 1 - len(head % b"")))

    def pads(sock: socket.socket) -> None:
        while faults.read_head(sock):
            sock.sendall(padded + STRAY)

    client = HttpClient(run_id="test", trusted=frozenset(), ca_bundle=str(tmp_path / "ca.pem"))
    with serving(pads, context) as port:
        request = Request(method="GET", url=f"https://127.0.0.1:{port}/", timeout_s=10)
        answers = [client.send(request) for _ in range(2)]
    for answer in answers:
        assert (answer.failure, answer.body, answer.timing.reused) == (None, b"", False)


def test_a_late_byte_on_an_idle_connection_ends_it() -> None:
    """A server says 408 to a connection on which nothing is asked, as HAProxy does."""
    said = threading.Event()

    def bored(sock: socket.socket) -> None:
        faults.read_head(sock)
        sock.sendall(faults.HEAD + faults.BODY)
        if not said.is_set():
            sock.sendall(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
            said.set()
        faults.read_head(sock)

    client = HttpClient(run_id="test", trusted=frozenset())
    with serving(bored) as port:
        request = Request(method="GET", url=f"http://127.0.0.1:{port}/", timeout_s=10)
        first = client.send(request)
        assert said.wait(10)
        second = client.send(request)
    assert [(a.status, a.attempts, a.timing.reused) for a in (first, second)] == [
        (200, 1, False)
    ] * 2
