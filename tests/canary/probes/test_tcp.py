"""The kind `tcp` connects to real ports of this machine."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme

from canary.model import Service, Status
from tests.canary.support.servers.toolbox import Bench, environment

AUTHORITY = trustme.CA()


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve one connection on a port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                taken, _ = server.accept()
                with taken:
                    answer(taken)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def ping(taken: socket.socket) -> None:
    taken.sendall(b"+PONG\r\n" if taken.recv(100) == b"PING\r\n" else b"-ERR\r\n")


def silent(taken: socket.socket) -> None:
    taken.recv(1)


def bench(port: int, seconds: float = 5.0, **more: object) -> Bench:
    service = Service(discovery="127.0.0.1", port=port, **more)
    return Bench(environment(services={"target": service}), seconds=seconds)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_an_open_port_passes() -> None:
    with listening(silent) as port:
        tried = bench(port)
        assert tried.run("tcp") is Status.PASS
        (step,) = tried.steps
        assert step.name == f"127.0.0.1:{port}"


def test_a_closed_port_fails_and_says_why() -> None:
    tried = bench(port := free_port())
    assert tried.run("tcp") is Status.FAIL
    assert tried.steps[0].reason == (
        f"port is refused: 127.0.0.1:{port}: Connection refused, expected open"
    )


def test_an_answer_is_compared_with_what_is_expected() -> None:
    with listening(ping) as port:
        assert bench(port).run("tcp", send="PING\r\n", contains="+PONG") is Status.PASS
    with listening(ping) as port:
        tried = bench(port)
        assert tried.run("tcp", send="HELLO\r\n", contains="+PONG") is Status.FAIL
        assert tried.steps[0].reason == "answer is -ERR, expected contains +PONG"


def test_who_says_nothing_in_time_fails() -> None:
    with listening(silent) as port:
        tried = bench(port, seconds=0.3)
        assert tried.run("tcp", contains="220") is Status.FAIL
        assert tried.steps[0].reason == (
            "answer is (read-timeout: nothing came within the time), expected contains 220"
        )


def test_a_name_without_an_address_fails() -> None:
    tried = bench(5432)
    assert tried.run("tcp", host="nowhere.invalid") is Status.FAIL
    assert tried.steps[0].reason.startswith("port is dns: ")


def test_a_service_without_a_place_fails_and_says_what_it_lacks() -> None:
    tried = Bench(environment(services={"target": Service()}))
    assert tried.run("tcp") is Status.FAIL
    assert tried.steps[0].reason == "host is none, expected of the check or of its service"


def test_an_answer_that_takes_too_long_fails() -> None:
    with listening(lambda taken: (threading.Event().wait(0.2), taken.sendall(b"220 hi"))) as port:
        assert bench(port).run("tcp", contains="220", limit_ms=50) is Status.FAIL


def secured(name: str) -> Callable[[socket.socket], None]:
    """Return a server that shakes hands with a certificate of a name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(name).configure_cert(context)

    def answer(taken: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(taken, server_side=True) as over:
            over.sendall(b"220 ready")
            over.recv(1)

    return answer


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        ("mail.example", Status.PASS, ""),
        ("other.example", Status.FAIL, "Hostname mismatch"),
    ],
)
def test_tls_is_verified_where_the_service_is_elsewhere(
    name: str, status: Status, reason: str, tmp_path: Path
) -> None:
    bundle = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(bundle))
    with listening(secured(name)) as port:
        service = Service(url="https://mail.example:465", connect_to={"465": f"127.0.0.1:{port}"})
        where = environment(services={"target": service}, ca_bundle=str(bundle))
        tried = Bench(where, seconds=5)
        assert tried.run("tcp", tls=True, contains="220") is status
        assert reason in tried.steps[0].reason
