"""Look-ups that hang and addresses that are dead cost their bound, and are named."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from canary.adapters.http_client.addresses import (
    Found,
    LookUp,
    connect_first,
    interleaved,
)
from canary.adapters.http_client.client import HttpClient
from canary.model import Answer, FailureKind, Request
from tests.canary.support.servers import faults
from tests.canary.support.servers.faults import dead_port, refused_port, serving

V4, V6 = socket.AF_INET, socket.AF_INET6
Row = tuple[socket.AddressFamily, str, int]


def finds(*rows: Row) -> LookUp:
    """Return a look-up that finds these addresses, each with a port of its own."""
    return lambda *_: [(family, socket.SOCK_STREAM, 6, "", (a, p)) for family, a, p in rows]


def ask(look_up: LookUp, timeout_s: float = 5.0, method: str = "GET", url: str = "") -> Answer:
    client = HttpClient(run_id="test", trusted=frozenset(), look_up=look_up)
    request = Request(method=method, url=url or "http://a.test:1/", timeout_s=timeout_s)
    answer = client.send(request)
    client.close()
    return answer


def kind(answer: Answer) -> FailureKind | None:
    return answer.failure.kind if answer.failure is not None else None


@contextlib.contextmanager
def timed(least: float, most: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert least <= time.monotonic() - began < most


@pytest.mark.parametrize("dead", [1, 2, 3])
def test_a_dead_address_costs_a_quarter_of_a_second_and_is_named(dead: int) -> None:
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(dead_port()) for _ in range(dead)]
        live = stack.enter_context(serving(faults.good))
        with timed(0.25 * dead, 0.25 * dead + 0.5):
            answer = ask(finds(*((V4, "127.0.0.1", port) for port in (*ports, live))))
    assert (answer.failure, answer.status, answer.attempts) == (None, 200, 1)
    assert answer.peer == f"127.0.0.1:{live}"
    assert 250 * dead <= answer.timing.tcp_ms < 250 * dead + 500
    assert len(answer.dead_addresses) == dead
    for port, text in zip(ports, answer.dead_addresses, strict=True):
        assert re.fullmatch(rf"127\.0\.0\.1:{port}: no answer in [0-9.]+ s", text)


def test_an_address_that_is_not_needed_is_neither_tried_nor_named() -> None:
    with dead_port() as dead, serving(faults.good) as live, timed(0.0, 0.25):
        answer = ask(finds((V4, "127.0.0.1", live), (V4, "127.0.0.1", dead)))
    assert (answer.failure, answer.dead_addresses) == (None, ())


def test_an_address_that_had_less_than_its_time_is_not_named() -> None:
    """The first address opens after a second, when the system sends its SYN once more."""
    with contextlib.ExitStack() as stack:
        dead = [stack.enter_context(dead_port()) for _ in range(4)]
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        late: int = listener.getsockname()[1]
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", late))
        found: list[Found] = [(V4, ("127.0.0.1", port)) for port in (late, *dead)]

        def accept() -> None:
            with contextlib.suppress(OSError):  # the test is over
                while True:
                    listener.accept()[0].close()

        timer = threading.Timer(0.3, accept)
        timer.daemon = True
        timer.start()
        opened = connect_first(found, socket.socket, 10.0)
        opened.sock.close()
    assert opened.address == ("127.0.0.1", late)
    named = [text.partition(": ")[0] for text in opened.dead]
    assert named == [f"127.0.0.1:{port}" for port in dead[: len(named)]]
    assert 2 <= len(named) <= 3


@pytest.mark.parametrize(
    ("first", "second"), [((V6, "::1"), (V4, "127.0.0.1")), ((V4, "127.0.0.1"), (V6, "::1"))]
)
def test_a_refused_family_is_passed_over_at_once_and_named(
    first: tuple[socket.AddressFamily, str], second: tuple[socket.AddressFamily, str]
) -> None:
    refused = refused_port(first[1])
    with serving(faults.good, address=second[1]) as live, timed(0.0, 0.25):
        answer = ask(finds((*first, refused), (*second, live)))
    shown = f"[{first[1]}]" if first[0] == V6 else first[1]
    assert (answer.failure, answer.status) == (None, 200)
    assert answer.dead_addresses == (f"{shown}:{refused}: Connection refused",)


def test_all_dead_is_a_connect_timeout_that_names_each() -> None:
    with dead_port() as one, dead_port() as two, timed(0.5, 1.25):
        answer = ask(finds((V4, "127.0.0.1", one), (V4, "127.0.0.1", two)), timeout_s=1.0)
    assert answer.failure is not None and answer.failure.kind is FailureKind.CONNECT_TIMEOUT
    assert f"no connection within the time: 127.0.0.1:{one}: no answer in " in answer.failure.detail
    assert [text.partition(": ")[0] for text in answer.dead_addresses] == [
        f"127.0.0.1:{one}",
        f"127.0.0.1:{two}",
    ]


def test_dead_and_refused_is_a_connect_timeout() -> None:
    refused = refused_port()
    with dead_port() as dead:
        answer = ask(finds((V4, "127.0.0.1", refused), (V4, "127.0.0.1", dead)), timeout_s=0.5)
    assert kind(answer) is FailureKind.CONNECT_TIMEOUT
    assert f"127.0.0.1:{refused}: Connection refused" in answer.dead_addresses


def test_all_refused_is_refused_and_tried_twice() -> None:
    one, two = refused_port(), refused_port("::1")
    with timed(0.1, 0.5):
        answer = ask(finds((V4, "127.0.0.1", one), (V6, "::1", two)), method="POST")
    assert (kind(answer), answer.attempts) == (FailureKind.REFUSED, 2)
    assert answer.dead_addresses == (
        f"127.0.0.1:{one}: Connection refused",
        f"[::1]:{two}: Connection refused",
    )


def test_a_family_that_this_machine_lacks_does_not_hide_a_refusal() -> None:
    refused = refused_port()
    answer = ask(finds((socket.AF_UNSPEC, "::1", 1), (V4, "127.0.0.1", refused)))
    assert kind(answer) is FailureKind.REFUSED
    assert answer.dead_addresses == (f"127.0.0.1:{refused}: Connection refused",)


def test_a_family_that_this_machine_lacks_is_unreachable_where_there_is_no_other() -> None:
    answer = ask(finds((socket.AF_UNSPEC, "::1", 1)))
    assert kind(answer) is FailureKind.UNREACHABLE
    assert answer.dead_addresses == ()


def test_a_name_with_eight_dead_addresses_keeps_to_the_time() -> None:
    with dead_port() as dead, timed(0.5, 1.25):
        answer = ask(finds(*[(V4, "127.0.0.1", dead)] * 8), timeout_s=1.0)
    assert kind(answer) is FailureKind.CONNECT_TIMEOUT


def test_a_look_up_that_hangs_ends_with_the_request() -> None:
    released = threading.Event()

    def hangs(*_: object) -> list[tuple[object, ...]]:
        released.wait(60)
        return []

    with timed(0.3, 0.75):
        answer = ask(hangs, timeout_s=0.4)
    released.set()
    assert answer.failure is not None and answer.attempts == 1
    assert (answer.failure.kind, answer.failure.detail) == (
        FailureKind.DNS,
        "no answer within the time",
    )


def in_turn(*outcomes: LookUp | Exception) -> LookUp:
    """Return a look-up with one outcome after the other; the last one stays."""
    left = list(outcomes)

    def look_up(host: str, port: int, family: int, kind: int) -> Sequence[tuple[Any, ...]]:
        outcome = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome(host, port, family, kind)

    return look_up


@pytest.mark.parametrize(
    ("look_up", "detail"),
    [
        (in_turn(socket.gaierror(-2, "Not known")), "[Errno -2] Not known"),
        (in_turn(socket.gaierror(-3, "Temporary failure")), "[Errno -3] Temporary failure"),
        (in_turn(OSError(24, "Too many open files")), "[Errno 24] Too many open files"),
        (in_turn(UnicodeError("label too long")), "[Errno -2] not a host name"),
        (in_turn(ValueError("embedded null character")), "[Errno -2] not a host name"),
        (finds(), "[Errno -2] the name has no address"),
    ],
)  # fmt: skip
def test_a_look_up_that_fails_says_why_and_is_tried_twice(look_up: LookUp, detail: str) -> None:
    answer = ask(look_up)
    assert answer.failure is not None and answer.attempts == 2
    assert (answer.failure.kind, answer.failure.detail) == (FailureKind.DNS, detail)


def test_a_look_up_that_fails_once_is_no_failure() -> None:
    with serving(faults.good) as live:
        look_up = in_turn(socket.gaierror(-3, "Temporary"), finds((V4, "127.0.0.1", live)))
        answer = ask(look_up, method="POST")
    assert (answer.failure, answer.status, answer.attempts) == (None, 200, 2)


def test_a_dead_address_of_the_first_attempt_is_named_after_a_second_one() -> None:
    with dead_port() as dead, serving(faults.good) as live:
        rows = finds((V4, "127.0.0.1", dead)), finds((V4, "127.0.0.1", live))
        answer = ask(in_turn(*rows), timeout_s=1.0)
    assert (answer.failure, answer.status, answer.attempts) == (None, 200, 2)
    assert [text.partition(": ")[0] for text in answer.dead_addresses] == [f"127.0.0.1:{dead}"]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_an_address_is_not_looked_up(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    with serving(faults.good, address=address) as live:
        answer = ask(in_turn(AssertionError()), url=f"http://{host}:{live}/")
    assert (answer.failure, answer.peer) == (None, f"{host}:{live}")


@pytest.mark.parametrize(
    ("families", "expected"),
    [
        ("", ""), ("4", "4"), ("6644", "6464"), ("4466", "4646"), ("6444", "6444"), ("66", "66"),
        ("46", "46"), ("64446", "64644"),
    ],
)  # fmt: skip
def test_families_take_turns_and_each_keeps_its_order(families: str, expected: str) -> None:
    found: list[Found] = [
        (V6 if family == "6" else V4, (family, number)) for number, family in enumerate(families)
    ]
    mixed = interleaved(found)
    assert "".join(address[0] for _, address in mixed) == expected
    for family in (V4, V6):
        assert [r for r in mixed if r[0] == family] == [r for r in found if r[0] == family]
