"""A server that asks for a client certificate: the failure says so, its own is good."""

from __future__ import annotations

import contextlib
import socket
import ssl
from pathlib import Path

import pytest
import trustme

from canary.model import Service
from tests.canary.support.servers import faults
from tests.canary.support.servers.toolbox import Bench, environment

WORDS = "the server asks for a client certificate, and the canary has none"


def demanding(context: ssl.SSLContext) -> faults.Behaviour:
    """Return a server that ends TLS properly, as load balancers do, and reads what still comes."""

    def serve(sock: socket.socket) -> None:
        coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(coming, going, server_side=True)
        with contextlib.suppress(OSError):
            while True:
                try:
                    tls.do_handshake()
                except ssl.SSLWantReadError:
                    sock.sendall(going.read())
                    coming.write(sock.recv(65536))
                    continue
                except ssl.SSLError:
                    sock.sendall(going.read())
                break
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass

    return serve


@pytest.mark.parametrize(
    ("version", "endpoint"),
    [
        (ssl.TLSVersion.TLSv1_3, f"tls: {WORDS}"),
        (ssl.TLSVersion.TLSv1_2, "tls: SSLV3_ALERT_HANDSHAKE_FAILURE"),
    ],
)
def test_a_client_certificate_that_is_asked_for_is_named(
    tmp_path: Path, version: ssl.TLSVersion, endpoint: str
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with faults.serving(demanding(context)) as port:
        service = Service(url=f"https://127.0.0.1:{port}")
        bundle = str(tmp_path / "ca.pem")
        one = Bench(environment(services={"target": service}, ca_bundle=bundle))
        one.run("endpoint", path="/")
        (asked,) = one.steps
        one.steps.clear()
        one.run("certificate")
    assert asked.status.value == "FAIL"
    assert asked.reason == f"answer is {endpoint}, expected a complete answer"
    statuses = {step.name: step.status.value for step in one.steps}
    if version is ssl.TLSVersion.TLSv1_3:  # the client has verified the server by then
        assert statuses == dict.fromkeys(("trust", "name", "leaf", "chain"), "PASS")
