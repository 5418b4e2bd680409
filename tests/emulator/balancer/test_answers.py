"""What the balancer answers itself, and which requests it refuses."""

from __future__ import annotations

import contextlib
import http.client
import re

import pytest

from tests.emulator.support import faulty_targets as faulty
from tests.emulator.support.balancer_rig import (
    PAGE_502,
    Rig,
    fixed_response,
    forward,
    group,
    listener,
    rule,
    target,
)


def test_a_fixed_response_is_the_balancers_own(rig: Rig) -> None:
    rig.show(listener(rule("default", fixed_response("Not Found", "404"))))
    got = rig.get("/fixed")
    assert (got.status, got.body) == (404, b"Not Found")
    assert got.headers["Server"] == "awselb/2.0"
    assert got.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert rig.last_record("/fixed")["answered_by"] == "fixed-response"


def test_an_own_answer_reads_byte_for_byte_as_aws_s(rig: Rig) -> None:
    rig.forward_to(wait=None)
    answer = rig.raw(b"GET / HTTP/1.1\r\nHost: a.b\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert re.fullmatch(
        rb"HTTP/1.1 503 Service Temporarily Unavailable\r\n"
        rb"Server: awselb/2.0\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n"
        rb"Content-Type: text/html\r\nContent-Length: 162\r\nConnection: close",
        head,
    )
    assert body == PAGE_502.replace(b"502 Bad Gateway", b"503 Service Temporarily Unavailable")


def test_port_80_leads_to_443_with_the_port_written_out(rig: Rig) -> None:
    config = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    rig.show(listener(rule("default", {"Type": "redirect", "RedirectConfig": config})))
    got = rig.get("/a/b?x=1")
    assert (got.status, len(got.body)) == (301, 134)
    assert got.headers["Location"] == "https://registry.hokus.ai:443/a/b?x=1"


def test_an_authenticating_action_lets_nobody_pass(rig: Rig) -> None:
    rig.show(listener(rule("default", {"Type": "authenticate-oidc", "Order": 1})))
    assert rig.get().status == 500


MALFORMED = [
    (b"TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 405),
    (b"nonsense\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400),  # no Host
    (b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
    (b"GET /" + b"x" * 17_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 17_000 + b"\r\n\r\n", 413),
    (b"GET / HTTP/1.1\r\nHost: a\r\n" + (b"X: " + b"x" * 9000 + b"\r\n") * 8 + b"\r\n", 413),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
    (b"GET / HTTP/1.0\r\nX-Forwarded-For: " + b"1.1.1.1," * 31 + b"\r\n\r\n", 463),
]


@pytest.mark.parametrize(("data", "status"), MALFORMED)
def test_a_request_that_cannot_be_served_is_refused_by_the_balancer(
    rig: Rig, data: bytes, status: int
) -> None:
    rig.show(listener(rule("default", fixed_response("fine", "200"))))
    answer = rig.raw(data)
    assert answer.startswith(f"HTTP/1.1 {status}".encode())
    assert b"Server: awselb/2.0" in answer


def test_a_request_under_the_limits_passes(rig: Rig, targets: faulty.Targets) -> None:
    rig.forward_to(target(targets.run(faulty.echo)))
    assert rig.get("/" + "x" * 15_000, X_Long="x" * 15_000).status == 200


def test_one_connection_carries_many_requests(rig: Rig, targets: faulty.Targets) -> None:
    one = group(target(targets.run(faulty.echo)))
    rules = [rule("10", fixed_response("no", "404"), "/fixed"), rule("default", forward(one))]
    rig.show(listener(*rules), groups=[one])
    rig.until("healthy", one["targets"][0]["port"])
    connection = http.client.HTTPConnection(*rig.edge(), timeout=5)
    with contextlib.closing(connection):
        connection.connect()
        plug = connection.sock
        for path, method, status in [
            ("/a", "GET", 200),
            ("/fixed", "POST", 404),
            ("/b", "HEAD", 200),
        ]:
            connection.request(method, path, b"body" if method == "POST" else None)
            response = connection.getresponse()
            assert response.status == status
            response.read()
        assert connection.sock is plug
