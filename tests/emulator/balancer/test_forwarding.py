"""What the balancer makes of each way a target can answer, fail or fall silent."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import time

import pytest
import trustme

from tests.emulator.support import faulty_targets as faulty
from tests.emulator.support.balancer_rig import (
    PAGE_502,
    TARGET,
    Rig,
    target,
)

OK = faulty.answer("200 OK", b"hello")


BAD_ANSWERS: list[tuple[str, faulty.Behaviour]] = [
    ("reset after the request", faulty.rude),
    ("closed after the request", faulty.leaving),
    ("closed within the head", faulty.says(b"HTTP/1.1 200 OK\r\nContent-Le")),
    ("no HTTP at all", faulty.says(b"SSH-2.0-OpenSSH_9.6\r\n", then="hang")),
    ("malformed header", faulty.says(b"HTTP/1.1 200 OK\r\nbroken\r\n\r\n", then="hang")),
    ("head over 32 K", faulty.says(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 33_000 + b"\r\n\r\n")),
    ("many headers over 32 K", faulty.says(b"HTTP/1.1 200 OK\r\n" + b"X: 1234567\r\n" * 4000)),
    ("head, then closed before the body", faulty.says(OK[:-5])),
    ("bad length", faulty.says(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n")),
]


@pytest.mark.parametrize("behaviour", [b for _, b in BAD_ANSWERS], ids=[n for n, _ in BAD_ANSWERS])
def test_a_target_that_breaks_or_garbles_its_answer_is_a_502(
    rig: Rig, targets: faulty.Targets, behaviour: faulty.Behaviour
) -> None:
    port = targets.run(faulty.echo)
    rig.forward_to(target(port))
    targets.change("127.0.1.10", port, behaviour)
    got = rig.get("/broken")
    assert (got.status, got.body) == (502, PAGE_502)
    assert got.headers["Server"] == "awselb/2.0"


def test_a_port_where_nobody_listens_is_a_502_at_once_for_all_targets_fail_open(rig: Rig) -> None:
    port = faulty.free_port()
    rig.forward_to(target(port), wait="unhealthy")
    before = time.monotonic()
    assert rig.get("/refused").status == 502
    assert time.monotonic() - before < 0.3
    assert "Refused" in rig.last_record("/refused")["reason"]


def test_dropped_packets_are_a_504_after_the_connect_timeout(
    rig: Rig, targets: faulty.Targets
) -> None:
    port = targets.run(faulty.echo)
    rig.forward_to(target(port, reachable=False), wait="unhealthy")
    before = time.monotonic()
    got = rig.get("/dropped")
    assert 0.35 < time.monotonic() - before < 1.5
    assert (got.status, len(got.body)) == (504, 132)
    assert b"504 Gateway Time-out" in got.body


SILENT: list[tuple[str, faulty.Behaviour]] = [
    ("no answer", faulty.quiet),
    ("half a head", faulty.says(b"HTTP/1.1 200 OK\r\nContent-", then="hang")),
    ("a length longer than the body", faulty.says(OK[:-5], then="hang")),
]


@pytest.mark.parametrize("behaviour", [b for _, b in SILENT], ids=[n for n, _ in SILENT])
def test_a_target_that_goes_silent_is_a_504_after_the_idle_timeout(
    rig: Rig, targets: faulty.Targets, behaviour: faulty.Behaviour
) -> None:
    port = targets.run(faulty.echo)
    rig.forward_to(target(port), attributes={"idle_timeout.timeout_seconds": "1"})
    targets.change("127.0.1.10", port, behaviour)
    before = time.monotonic()
    assert rig.get("/silent").status == 504
    assert 0.9 < time.monotonic() - before < 2.5


def test_a_dripped_head_is_waited_for_while_it_moves(rig: Rig, targets: faulty.Targets) -> None:
    port = targets.run(faulty.echo)
    rig.forward_to(target(port), attributes={"idle_timeout.timeout_seconds": "1"})
    targets.change("127.0.1.10", port, faulty.drip(OK, pause_s=0.3, step=8))
    before = time.monotonic()
    assert rig.get("/drip").body == b"hello"
    assert time.monotonic() - before > 1.2  # longer in all than the idle timeout


def test_a_reset_within_the_body_truncates_the_answer(rig: Rig, targets: faulty.Targets) -> None:
    port = targets.run(faulty.echo)
    rig.forward_to(target(port))
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 40
    targets.change("127.0.1.10", port, faulty.says(long, then="reset"))
    with pytest.raises(http.client.IncompleteRead):
        rig.get("/cut")
    assert rig.last_record("/cut")["status"] == 200
    assert "cut off" in rig.last_record("/cut")["reason"]


def test_a_cut_chunked_answer_has_no_last_chunk(rig: Rig, targets: faulty.Targets) -> None:
    port = targets.run(faulty.echo)
    rig.forward_to(target(port))
    cut = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
    targets.change("127.0.1.10", port, faulty.says(cut))
    answer = rig.raw(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.endswith(b"5\r\nhello\r\n")


def test_50_megabytes_are_streamed_without_being_held(rig: Rig, targets: faulty.Targets) -> None:
    port = targets.run(faulty.echo)
    rig.forward_to(target(port))
    targets.change("127.0.1.10", port, faulty.big)
    assert len(rig.get("/big").body) == faulty.BIG_BYTES
    with open(f"/proc/{rig.balancer.pid}/status") as file:
        peak_kb = int(re.findall(r"VmHWM:\s+(\d+)", file.read())[0])
    assert peak_kb < 90_000


def test_bodies_go_both_ways_with_length_and_in_chunks(rig: Rig, targets: faulty.Targets) -> None:
    rig.forward_to(target(targets.run(faulty.echo)))
    for body in (b"x" * 3_000_000, iter([b"x" * 1_000_000] * 3)):
        got = rig.get("/upload", "POST", body)
        assert b'"body_bytes": 3000000' in got.body


ENDINGS = [
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n",
        b"abc",
    ),
    (b"HTTP/1.0 200 OK\r\n\r\nabc", b"abc"),  # the body ends with the connection
    (b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"abc"),
    (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
]


@pytest.mark.parametrize(("sent", "body"), ENDINGS)
def test_every_way_to_end_a_body_reaches_a_client_of_either_version(
    rig: Rig, targets: faulty.Targets, sent: bytes, body: bytes
) -> None:
    port = targets.run(faulty.echo)
    rig.forward_to(target(port))
    targets.change("127.0.1.10", port, faulty.says(sent))
    assert rig.get("/ending").body == body
    old = rig.raw(b"GET /ending HTTP/1.0\r\n\r\n")
    assert old.partition(b"\r\n\r\n")[2] == body


def test_a_target_learns_who_asked_and_its_own_headers_come_through(
    rig: Rig, targets: faulty.Targets
) -> None:
    rig.forward_to(target(targets.run(faulty.echo)))
    got = rig.get("/who?api_key=secret", Cookie="a=b")
    for part in (b'["X-Forwarded-For", "127.0.0.1"]', b'["X-Forwarded-Port", "80"]'):
        assert part in got.body
    assert b'["Host", "registry.hokus.ai"]' in got.body
    assert b'"target": "/who?api_key=secret"' in got.body
    assert b'"peer": "127.0.103.77"' in got.body
    assert got.headers["Server"] == "target/1"
    record = rig.last_record("/who")
    assert "secret" not in str(record) and record["target"].startswith(TARGET)


def test_a_client_that_leaves_is_460_in_the_record(rig: Rig, targets: faulty.Targets) -> None:
    port = targets.run(faulty.echo)
    rig.forward_to(target(port))
    targets.change("127.0.1.10", port, faulty.quiet)
    with socket.create_connection(rig.edge()) as plug:
        plug.sendall(b"GET /left HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.2)
    assert rig.last_record("/left")["status"] == 460


def test_a_client_that_stops_within_its_body_is_a_408(rig: Rig, targets: faulty.Targets) -> None:
    port = targets.run(faulty.echo)
    rig.forward_to(target(port), attributes={"idle_timeout.timeout_seconds": "1"})
    answer = rig.raw(b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
    assert answer.startswith(b"HTTP/1.1 408")


def test_targets_behind_tls_are_reached_whatever_their_certificate(
    rig: Rig, targets: faulty.Targets
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("nobody.example").configure_cert(context)
    port = targets.run(faulty.echo, tls=context)
    rig.forward_to(target(port), protocol="HTTPS", check={"protocol": "HTTPS"})
    assert rig.get("/tls").status == 200


def test_clear_text_to_a_tls_target_and_tls_to_a_clear_target_are_502(
    rig: Rig, targets: faulty.Targets
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("nobody.example").configure_cert(context)
    rig.forward_to(target(targets.run(faulty.echo, tls=context)), wait="unhealthy")
    assert rig.get("/mismatch").status == 502
    clear = targets.run(faulty.says(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    rig.forward_to(target(clear), protocol="HTTPS", check={"protocol": "HTTPS"}, wait="unhealthy")
    assert rig.get("/mismatch").status in (502, 504)
