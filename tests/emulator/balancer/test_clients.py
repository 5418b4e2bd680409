"""What a client's connection, its headers and the attributes of balancer and listener decide."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from tests.emulator.support import faulty_targets as faulty
from tests.emulator.support.balancer_rig import (
    Rig,
    fixed_response,
    forward,
    group,
    listener,
    rule,
    target,
)

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36"


def seen(rig: Rig, **headers: Any) -> dict[str, str]:
    """Return the headers that an echoing target saw, names as they came."""
    return dict(msgspec.json.decode(rig.get("/echo", **headers).body)["headers"])


def test_a_client_that_sends_nothing_or_half_a_request_is_a_408(rig: Rig) -> None:
    rig.show(
        listener(rule("default", fixed_response("fine"))), **{"idle_timeout.timeout_seconds": "1"}
    )
    for sent in (b"", b"GET / HTTP/1.1\r\nHo"):
        answer = rig.raw(sent)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"Connection: close" in answer


def test_a_connection_that_idles_between_requests_is_closed_without_a_word(rig: Rig) -> None:
    rig.show(
        listener(rule("default", fixed_response("fine"))), **{"idle_timeout.timeout_seconds": "1"}
    )
    began = time.monotonic()
    answer = rig.raw(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.count(b"HTTP/1.1 ") == 1 and answer.endswith(b"fine")
    assert 0.8 < time.monotonic() - began < 5


def test_a_connection_past_its_age_serves_one_more_request(rig: Rig) -> None:
    rig.show(
        listener(rule("default", fixed_response("fine"))), **{"client_keep_alive.seconds": "1"}
    )
    with socket.create_connection(rig.edge(), timeout=5) as plug:
        plug.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b"Connection: keep-alive" in plug.recv(65536)
        time.sleep(1.1)
        plug.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b"Connection: close" in plug.recv(65536)


def test_100_continue_comes_at_once_also_before_the_balancer_s_own_answer(rig: Rig) -> None:
    rig.show(listener(rule("default", fixed_response("no", "404"))))
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection(rig.edge(), timeout=0.7) as plug:
        plug.sendall(head)
        assert plug.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        plug.sendall(b"abc")
        assert plug.recv(65536).startswith(b"HTTP/1.1 404 ")


def test_an_error_page_is_padded_for_browsers_alone(rig: Rig) -> None:
    empty = group()
    rules = [rule("10", fixed_response("own", "404"), "/own"), rule("default", forward(empty))]
    rig.show(listener(*rules), groups=[empty])
    assert len(rig.get("/").body) == 162
    padded = rig.get("/", User_Agent=BROWSER)
    assert (len(padded.body), padded.headers["Content-Length"]) == (162 + 402, "564")
    assert rig.get("/own", User_Agent=BROWSER).body == b"own"


def test_identity_is_no_encoding(rig: Rig, targets: faulty.Targets) -> None:
    rig.forward_to(target(targets.run(faulty.echo)))
    answer = rig.raw(
        b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n"
        b"Content-Length: 3\r\nConnection: close\r\n\r\nabc"
    )
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"body_bytes": 3' in answer


def test_a_host_is_lower_case_unless_it_shall_be_preserved(
    rig: Rig, targets: faulty.Targets
) -> None:
    port = targets.run(faulty.echo)
    rig.forward_to(target(port))
    assert seen(rig, Host="REGISTRY.hokus.ai")["Host"] == "registry.hokus.ai"
    rig.forward_to(target(port), attributes={"routing.http.preserve_host_header.enabled": "true"})
    assert seen(rig, Host="REGISTRY.hokus.ai")["Host"] == "REGISTRY.hokus.ai"


def test_invalid_header_names_are_dropped_where_the_balancer_says_so(
    rig: Rig, targets: faulty.Targets
) -> None:
    port = targets.run(faulty.echo)
    rig.forward_to(target(port))
    assert "X.Odd" in seen(rig, **{"X.Odd": "1"})
    rig.forward_to(
        target(port), attributes={"routing.http.drop_invalid_header_fields.enabled": "true"}
    )
    found = seen(rig, **{"X.Odd": "1", "X-Even": "1"})
    assert "X.Odd" not in found and "X-Even" in found


def test_a_listener_may_hide_the_server_header(rig: Rig, targets: faulty.Targets) -> None:
    one = group(target(targets.run(faulty.echo)))
    rules = [rule("10", fixed_response("own"), "/own"), rule("default", forward(one))]
    hidden = {"routing.http.response.server.enabled": "false"}
    rig.show(listener(*rules), groups=[one])
    rig.until("healthy", one["targets"][0]["port"])
    assert [rig.get(p).headers["Server"] for p in ("/own", "/")] == ["awselb/2.0", "target/1"]
    rig.show(listener(*rules, attributes=hidden), groups=[one])
    assert all("Server" not in rig.get(path).headers for path in ("/own", "/"))


def test_a_group_that_takes_no_http_1_1_is_a_464(rig: Rig, targets: faulty.Targets) -> None:
    rig.forward_to(target(targets.run(faulty.echo)), version="GRPC")
    answer = rig.get("/")
    assert (answer.status, answer.headers["Server"]) == (464, "awselb/2.0")


def test_a_request_without_a_query_has_no_value_to_compare(rig: Rig) -> None:
    config = {"QueryStringConfig": {"Values": [{"Value": "*"}]}}
    asked = {"arn": "arn:rule/1", "priority": "1", "actions": [fixed_response("query")]}
    asked["conditions"] = [{"Field": "query-string", **config}]
    rig.show(listener(asked, rule("default", fixed_response("none"))))
    assert [rig.get(p).body for p in ("/", "/?", "/?a=b")] == [b"none", b"none", b"query"]


def test_a_target_in_a_zone_that_is_not_enabled_is_neither_checked_nor_asked(
    rig: Rig, targets: faulty.Targets
) -> None:
    port = targets.run(faulty.echo)
    rig.forward_to(target(port, enabled=False), wait="unused")
    assert (rig.get("/").status, rig.balancer.steady()) == (503, True)
    assert (rig.verdict(port) or {})["checks"] == 0


def test_a_request_that_outlives_its_target_s_draining_is_a_502(
    rig: Rig, targets: faulty.Targets
) -> None:
    port = targets.run(faulty.quiet)
    one = rig.forward_to(target(port), wait="unhealthy")
    rules = listener(rule("default", forward(one)))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(rig.get, "/slow")
        time.sleep(0.3)
        draining = {**one, "targets": [target(port, draining=True)]}
        rig.show(rules, groups=[draining])
        time.sleep(0.3)
        assert not asked.done()
        rig.show(rules, groups=[{**one, "targets": []}])
        assert asked.result(3).status == 502
