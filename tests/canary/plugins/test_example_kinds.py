"""The kinds of the worked example against real servers: gRPC's own, and some that are none."""

from __future__ import annotations

import importlib
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from canary.model import Check, Service, Severity, Status, Step, Suite
from canary.probes.base.api import Kind
from tests.canary.support.servers.shop import AUTHORITY, EXAMPLE, PRICES, grpc_server
from tests.canary.support.servers.toolbox import Bench, environment


@pytest.fixture(scope="module")
def kind() -> Iterator[Kind]:
    """The kind as it stands in the example's folder."""
    sys.path.insert(0, str(EXAMPLE))
    try:
        yield importlib.import_module("acme_canary.grpc_health").KIND
    finally:
        sys.path.remove(str(EXAMPLE))
        for name in [n for n in sys.modules if n.split(".")[0] == "acme_canary"]:
            del sys.modules[name]


@contextmanager
def other_server(answer: Callable[[socket.socket], object]) -> Iterator[int]:
    """Serve one connection that is no gRPC."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                taken, _ = server.accept()
                with taken:
                    answer(taken)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def checked(kind: Kind, service: Service, *, seconds: float = 5.0, **more: Any) -> Step:
    """Carry one check out, and return its only step."""
    spec = kind.spec(serves=more.pop("serves", ""))
    bench = Bench(environment(services={"prices": service}, **more), seconds=seconds)
    check = Check(
        id="prices.serving", title="prices are served", kind="grpc-health", suite=Suite.ENDPOINTS,
        service="prices", severity=Severity.HIGH, spec=spec,
    )  # fmt: skip
    kind.run(check, spec, bench.context())
    (step,) = bench.steps
    return step


def at(port: int) -> Service:
    return Service(url=f"http://127.0.0.1:{port}")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with grpc_server() as found:
        yield found


@pytest.mark.parametrize(
    ("serves", "status", "reason"),
    [
        ("", Status.PASS, ""),
        (PRICES, Status.PASS, ""),
        ("acme.shop.Carts", Status.FAIL, "acme.shop.Carts is NOT_SERVING, expected SERVING"),
        ("acme.shop.New", Status.FAIL, "acme.shop.New is UNKNOWN, expected SERVING"),
        ("no.Such", Status.FAIL, "no.Such is NOT_FOUND (grpc-status 5), expected SERVING"),
    ],
)
def test_the_state_of_a_service_decides(
    kind: Kind, port: int, serves: str, status: Status, reason: str
) -> None:
    step = checked(kind, at(port), serves=serves)
    assert (step.status, step.reason) == (status, reason)
    (seen,) = step.evidence
    assert seen.url == f"tcp://127.0.0.1:{port}" and seen.body_bytes > 0
    assert seen.sent == f"/grpc.health.v1.Health/Check {serves}".strip()
    assert seen.timing.tcp_ms > 0 and seen.timing.first_byte_ms > 0


def test_a_server_without_the_health_service_is_told(kind: Kind) -> None:
    with grpc_server(health=False) as port:
        step = checked(kind, at(port))
    assert step.reason == "the server is UNIMPLEMENTED (grpc-status 12), expected SERVING"


@pytest.mark.parametrize(
    ("host", "reason"), [("prices.example", ""), ("other.example", "Hostname mismatch")]
)
def test_over_tls_the_certificate_is_verified_and_http_2_agreed_on(
    kind: Kind, host: str, reason: str, tmp_path: Path
) -> None:
    bundle = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(bundle))
    with grpc_server(tls=True) as port:
        service = Service(url=f"https://{host}", connect_to={"443": f"127.0.0.1:{port}"})
        step = checked(kind, service, serves=PRICES, ca_bundle=str(bundle))
    assert step.status is (Status.FAIL if reason else Status.PASS)
    assert reason in step.reason
    assert step.evidence[0].failure == ("tls" if reason else "")


def test_a_server_that_agrees_on_no_protocol_is_told(kind: Kind, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("prices.example").configure_cert(context)

    def shake(taken: socket.socket) -> None:
        with context.wrap_socket(taken, server_side=True) as over:
            over.recv(1)

    with other_server(shake) as port:
        service = Service(url="https://prices.example", connect_to={"443": f"127.0.0.1:{port}"})
        step = checked(kind, service, ca_bundle=str(bundle))
    assert step.reason == "protocol over TLS is none agreed, expected h2"


def test_who_speaks_http_1_is_told(kind: Kind) -> None:
    answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
    with other_server(lambda taken: (taken.recv(9999), taken.sendall(answer))) as port:
        step = checked(kind, at(port))
    assert step.reason == "the server is an answer of HTTP/1, expected SERVING"


def test_who_breaks_the_rules_of_http_2_is_told(kind: Kind) -> None:
    data = b"\x00\x00\x01\x00\x00\x00\x00\x00\x00x"  # a frame of data on stream 0
    with other_server(lambda taken: (taken.recv(9999), taken.sendall(data))) as port:
        step = checked(kind, at(port))
    assert step.reason.startswith("the server is no HTTP/2: ")


def test_silence_and_a_closed_port_have_their_own_words(kind: Kind) -> None:
    with other_server(lambda taken: threading.Event().wait(2)) as port:
        step = checked(kind, at(port), seconds=0.3)
    assert step.reason == (
        "the server is read-timeout: nothing came within the time, expected SERVING"
    )
    closed = checked(kind, at(port))
    assert closed.reason.startswith("connection is refused: ")
    assert closed.evidence[0].failure == "refused"
