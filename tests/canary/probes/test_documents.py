"""What is a JSON document and what is none, for an endpoint and for a health document."""

from __future__ import annotations

import socket

import pytest

from canary.model import Answer, Status
from canary.probes.base.expectations import Expect, NoDocumentError, judge, parse
from canary.probes.dependency import Dependency
from tests.canary.support.servers import faults
from tests.canary.support.servers.toolbox import Bench, environment

GOOD = b'{"services":{"redis":{"status":"healthy"}}}'

NO_DOCUMENT = [
    (b"", "the body is empty"),
    (b" \r\n", "the body is empty"),
    (b"<html>It works</html>", "Expecting value at character 0: '<html>It works</html'"),
    (b'{"services": {"redis', "Unterminated string starting at character 14: '\"redis'"),
    (b'{"a":1} trailing', "Extra data at character 8: 'trailing'"),
    (b'{"a":NaN}', "NaN is no JSON number"),
    (b'{"a":[Infinity]}', "Infinity is no JSON number"),
    (b'{"a":-Infinity}', "-Infinity is no JSON number"),
    (b'{"n":"\xe9"}', "byte 6 is 0xe9: invalid continuation byte"),
    (b"[" * 30_000, "it is nested deeper than any document of a platform"),
]


@pytest.mark.parametrize(("body", "reason"), NO_DOCUMENT, ids=[r for _, r in NO_DOCUMENT])
def test_what_is_no_document_says_what_is_wrong_where(body: bytes, reason: str) -> None:
    with pytest.raises(NoDocumentError) as found:
        parse(Answer(status=200, body=body))
    assert str(found.value) == reason
    (status, judged) = judge(Expect(json={"a": 1}), Answer(status=200, body=body))
    assert (status.holds, judged.holds) == (True, False)
    assert judged.actual == f"no JSON ({reason})"


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a":1}', {"a": 1}),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        ('{"a":"ü"}'.encode("utf-16"), {"a": "ü"}),
        (b"null", None),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'{"a":9007199254740993}', {"a": 9007199254740993}),
        (b"9" * 4299, int("9" * 4299)),
        (b"9" * 5000, float("inf")),
    ],
)
def test_what_is_a_document_is_read(body: bytes, value: object) -> None:
    assert parse(Answer(status=200, body=body)) == value


def asked(body: bytes, *, required: bool = True, names: int = 1) -> Bench:
    """Run a dependency check against a server that sends this health document."""

    def serve(sock: socket.socket) -> None:
        while faults.read_head(sock):
            head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            sock.sendall(head + body)

    rows = {
        name: Dependency(path=f"services.{name}.status", healthy=("healthy",), required=required)
        for name in ("redis", "postgres")[:names]
    }
    with faults.serving(serve) as port:
        one = Bench(environment(f"http://127.0.0.1:{port}"))
        one.run("dependency", path="/health", dependencies=rows)
    return one


def outcome(one: Bench) -> dict[str, str]:
    return {step.name: step.status.value for step in one.steps}


@pytest.mark.parametrize("body", [b for b, _ in NO_DOCUMENT if len(b) < 100])
def test_a_health_document_that_is_none_fails_each_dependency(body: bytes) -> None:
    one = asked(body, names=2)
    assert outcome(one) == {"GET /health": "PASS", "redis": "FAIL", "postgres": "FAIL"}
    assert one.reason("redis").startswith("health document is no JSON (")


@pytest.mark.parametrize("body", [b"null", b"[]", b'"ok"', b"1", b'{"status":"ok"}'])
def test_a_document_without_a_required_entry_fails(body: bytes) -> None:
    assert outcome(asked(body)) == {"GET /health": "PASS", "redis": "FAIL"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (GOOD, "PASS"),
        (GOOD.replace(b"healthy", b"HEALTHY"), "FAIL"),
        (GOOD.replace(b'"healthy"', b'["healthy"]'), "FAIL"),
        (GOOD.replace(b"healthy", b"unhealthy"), "FAIL"),
    ],
)
def test_an_entry_is_judged_by_its_value(body: bytes, status: str) -> None:
    assert outcome(asked(body)) == {"GET /health": "PASS", "redis": status}


def test_an_optional_entry_may_be_missing_but_not_all_of_them() -> None:
    assert outcome(asked(GOOD, required=False, names=2)) == {
        "GET /health": "PASS",
        "redis": "PASS",
        "postgres": "SKIP",
    }
    nothing = asked(b'{"status":"ok"}', required=False, names=2)
    assert outcome(nothing) == {"GET /health": "FAIL", "redis": "SKIP", "postgres": "SKIP"}
    assert nothing.reason("GET /health") == (
        "health document is without any of them,"
        " expected an entry at services.redis.status or services.postgres.status"
    )


def test_without_an_answer_each_dependency_fails() -> None:
    one = Bench(environment("http://127.0.0.1:9"))
    rows = {"redis": Dependency(path="redis", healthy=("healthy",))}
    assert one.run("dependency", path="/health", dependencies=rows) is Status.FAIL
    assert one.reason("redis") == (
        "health document is absent (no complete answer came), expected a JSON document"
    )
