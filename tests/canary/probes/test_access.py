"""The access matrix and endpoint checks against a local server that checks keys."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from canary.model import RunLimits, Service, Status
from canary.probes import KINDS
from canary.probes.access import AccessSpec, cells
from canary.probes.base.request import FORMS
from tests.canary.support import worlds
from tests.canary.support.servers import faults
from tests.canary.support.servers.toolbox import Bench, environment

GOOD, REVOKED = secrets.token_hex(16), secrets.token_hex(16)


def refusal(head: str) -> tuple[int, str]:
    """Answer as the platform's middleware does."""
    key = ""
    for line in head.split("\r\n"):
        name, _, value = line.partition(": ")
        if name.lower() == "x-api-key":
            key = value
        if name == "Authorization" and value.startswith(("Bearer ", "ApiKey ")):
            key = value.partition(" ")[2]
    if not key:
        return 401, '{"detail":"API key required"}'
    if key != GOOD:
        return 401, '{"detail":"Invalid or expired API key"}'
    return 200, '{"experiments":[]}'


def keeper(sock: socket.socket) -> None:
    while head := faults.read_head(sock).decode():
        status, body = refusal(head)
        text = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n"
        sock.sendall(f"{text}content-length: {len(body)}\r\n\r\n{body}".encode())


@contextlib.contextmanager
def platform(behave: faults.Behaviour = keeper, **credentials: Any) -> Iterator[Bench]:
    with faults.serving(behave) as port:
        known = {"valid": GOOD, "revoked": REVOKED} | credentials
        yield Bench(environment(f"http://127.0.0.1:{port}"), known)


def cases(*rows: dict[str, Any]) -> tuple[Any, ...]:
    return msgspec.convert({"cases": rows}, AccessSpec).cases


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ("bearer", 200),
        ("x-api-key", 200),
        ("apikey", 200),
        ("lower-case-header", 200),
        ("both", 200),
        ("lower-case-scheme", 401),
        ("upper-case-scheme", 401),
        ("no-space", 401),
        ("two-spaces", 401),
        ("raw", 401),
        ("query", 401),
        ("basic", 401),
    ],
)
def test_every_form_is_carried_as_its_name_says(form: str, status: int) -> None:
    with platform() as bench:
        rows = cases({"principal": "valid", "forms": [form], "status": [status]})
        assert bench.run("access", cases=rows) is Status.PASS, bench.steps


def test_every_form_of_the_table_is_tested() -> None:
    assert set(FORMS) - {"none"} == {
        "bearer", "x-api-key", "apikey", "lower-case-header", "both", "lower-case-scheme",
        "upper-case-scheme", "no-space", "two-spaces", "raw", "query", "basic",
    }  # fmt: skip


def test_each_principal_gets_its_own_words() -> None:
    with platform() as bench:
        rows = cases(
            {"status": [401], "contains": ["API key required"]},
            {"principal": "revoked", "status": [401], "contains": ["Invalid or expired"]},
            {
                "principal": "valid",
                "status": [200],
                "repeat": 2,
                "content_type": "application/json",
            },
        )
        assert bench.run("access", cases=rows) is Status.PASS, bench.steps
        evidence = bench.steps[2].evidence
    assert [s.name for s in bench.steps] == [
        "nobody: GET /",
        "revoked as bearer: GET /",
        "valid as bearer: GET /",
    ]
    assert [e.principal for e in evidence] == ["valid", "valid"]
    assert GOOD not in str(bench.steps)


def test_a_refusal_with_a_server_error_or_an_open_door_fails() -> None:
    def broken(sock: socket.socket) -> None:
        while faults.read_head(sock):
            sock.sendall(b"HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n")

    rows = cases({"principal": "revoked", "status": [401]})
    with platform(broken) as bench:
        assert bench.run("access", cases=rows) is Status.FAIL
    with platform(faults.good) as bench:
        assert bench.run("access", cases=rows) is Status.FAIL
    assert "status is 200, expected 401" in bench.steps[0].reason


def test_a_missing_secret_is_an_error_of_its_step_alone() -> None:
    with platform() as bench:
        rows = cases({"principal": "expired", "status": [401]}, {"status": [401]})
        bench.run("access", cases=rows)
    assert [s.status for s in bench.steps] == [Status.ERROR, Status.PASS]
    assert bench.steps[0].reason == "the secret of expired could not be read"


def test_a_rotated_key_is_read_again_once_and_noted() -> None:
    with platform(valid=[REVOKED, GOOD]) as bench:
        rows = cases({"principal": "valid", "status": [200]})
        assert bench.run("access", cases=rows) is Status.PASS
    assert bench.forgotten == ["valid"]
    assert bench.steps[0].facts["credential"] == "the secret was read again after a refusal"


def test_a_rotated_key_that_another_check_has_read_again_meanwhile_is_asked_again() -> None:
    def others_are_faster(sock: socket.socket) -> None:
        while head := faults.read_head(sock).decode():
            status, body = refusal(head)
            if status == 401:
                bench.forgotten.append("valid")
            text = f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n\r\n{body}"
            sock.sendall(text.encode())

    with platform(others_are_faster, valid=[REVOKED, GOOD]) as bench:
        assert bench.run("endpoint", path="/", principal="valid") is Status.PASS, bench.steps
    assert bench.forgotten == ["valid"]


@pytest.mark.parametrize(
    "wanted", [{"status": [403]}, {"status": [401, 403], "contains": ["scope"]}]
)
def test_a_rotated_key_that_must_be_refused_for_its_scope_is_read_again(
    wanted: dict[str, Any],
) -> None:
    def narrow(sock: socket.socket) -> None:
        while head := faults.read_head(sock).decode():
            status, body = (403, "no such scope") if GOOD in head else refusal(head)
            text = f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n\r\n{body}"
            sock.sendall(text.encode())

    rows = cases({"principal": "narrow", **wanted})
    with platform(narrow, narrow=[REVOKED, GOOD]) as bench:
        assert bench.run("access", cases=rows) is Status.PASS, bench.steps
    assert bench.steps[0].facts["credential"] == "the secret was read again after a refusal"


def test_a_refused_key_that_did_not_change_is_not_tried_again() -> None:
    seen: list[str] = []

    def counting(sock: socket.socket) -> None:
        while head := faults.read_head(sock).decode():
            seen.append(head)
            sock.sendall(b"HTTP/1.1 401 X\r\ncontent-length: 0\r\n\r\n")

    with platform(counting) as bench:
        assert bench.run("endpoint", path="/", principal="valid") is Status.FAIL
    assert len(seen) == 1


def test_a_reset_of_a_post_is_asked_again_and_counted() -> None:
    seen: list[int] = []

    def first_resets(sock: socket.socket) -> None:
        seen.append(1)
        (faults.reset_before_headers if len(seen) == 1 else keeper)(sock)

    with platform(first_resets) as bench:
        rows = cases({"principal": "valid", "method": "POST", "body": "{}", "status": [200]})
        assert bench.run("access", cases=rows) is Status.PASS, bench.steps
    assert bench.steps[0].attempts == 2


def test_without_time_a_step_is_skipped_with_the_reason() -> None:
    with platform() as bench:
        bench.seconds = 0
        bench.run("access", cases=cases({"status": [401]}))
    assert (bench.steps[0].status, bench.steps[0].reason) == (
        Status.SKIP,
        "no time left for this step",
    )


def test_a_matrix_that_the_runs_end_cuts_short_names_every_cell() -> None:
    """What was wrong before the end stays wrong; the cells behind it are named as not tried."""

    seen: list[int] = []

    def first_only(sock: socket.socket) -> None:
        faults.read_head(sock)
        seen.append(1)
        if len(seen) == 1:
            sock.sendall(b"HTTP/1.1 200 X\r\ncontent-length: 0\r\n\r\n")
        threading.Event().wait(5)

    made = worlds.config(
        worlds.check(
            "api.late",
            "access",
            spec=AccessSpec(cases=cases({"status": [401], "repeat": 2}, {"status": [401]})),
            timeout=30,
        ),
    )
    with faults.serving(first_only) as port:
        where = msgspec.structs.replace(
            made.environment,
            services={"api": Service(url=f"http://127.0.0.1:{port}")},
            run=RunLimits(budget=1.5, cleanup_reserve=0.2, publish_reserve=0.3),
        )
        config = msgspec.structs.replace(made, environment=where)
        (result,) = worlds.carried_out(config, kinds=KINDS).results
    assert [s.status for s in result.steps][:1] == [Status.FAIL], result
    assert {s.status for s in result.steps[1:]} <= {Status.SKIP, Status.ERROR}
    assert len(result.steps) == 2
    assert result.status is Status.FAIL and "status is 200" in result.reason


def test_a_slow_answer_is_noted_and_beyond_its_limit_a_failure() -> None:
    def slow(sock: socket.socket) -> None:
        faults.read_head(sock)
        threading.Event().wait(0.15)
        sock.sendall(b"HTTP/1.1 200 X\r\ncontent-length: 0\r\n\r\n")

    with platform(slow) as bench:
        assert bench.run("endpoint", path="/", max_ms=100) is Status.PASS
        assert "threshold 100 ms" in bench.steps[0].facts["slow"]
    with platform(slow) as bench:
        assert bench.run("endpoint", path="/", limit_ms=100) is Status.FAIL


def test_a_health_document_is_judged_dependency_by_dependency() -> None:
    body = '{"status":"degraded","services":{"redis":"unhealthy","mlflow":"healthy"}}'

    def health(sock: socket.socket) -> None:
        while faults.read_head(sock):
            sock.sendall(f"HTTP/1.1 200 X\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode())

    names = {
        "redis": {"path": "services.redis", "healthy": ["healthy"]},
        "mlflow": {"path": "services.mlflow", "healthy": ["healthy"]},
        "queue": {"path": "services.queue", "healthy": ["healthy"], "required": False},
    }
    from canary.probes.dependency import DependencySpec

    spec = msgspec.convert({"path": "/health", "dependencies": names}, DependencySpec)
    with platform(health) as bench:
        bench.run("dependency", path=spec.path, dependencies=spec.dependencies)
    assert [(s.name, s.status.value) for s in bench.steps] == [
        ("GET /health", "PASS"),
        ("redis", "FAIL"),
        ("mlflow", "PASS"),
        ("queue", "SKIP"),
    ]


def test_a_case_has_a_step_for_each_form() -> None:
    spec = msgspec.convert(
        {"cases": [{"principal": "valid", "forms": ["bearer", "raw"]}], "path": "/x"}, AccessSpec
    )
    assert [c.name for c in cells(spec)] == ["valid as bearer: GET /x", "valid as raw: GET /x"]


def test_a_platform_that_answers_429_is_not_asked_on_by_that_principal() -> None:
    seen: list[bool] = []

    def throttling(sock: socket.socket) -> None:
        while head := faults.read_head(sock).decode():
            keyed = "authorization:" in head.lower()
            seen.append(keyed)
            status = 429 if keyed else 401
            sock.sendall(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n".encode())

    matrix = cases(
        {"principal": "valid", "forms": ["bearer", "lower-case-scheme"], "repeat": 3},
        {"status": [401]},
        {"principal": "valid", "path": "/other"},
    )
    with platform(throttling) as bench:
        assert bench.run("access", cases=matrix) is Status.FAIL
    assert seen.count(True) == 1 and seen.count(False) == 1
    assert [s.status.value for s in bench.steps] == ["FAIL", "SKIP", "PASS", "SKIP"]
    with platform(throttling) as bench:
        assert bench.run("endpoint", path="/", principal="valid", repeat=5) is Status.FAIL
    assert [s.status.value for s in bench.steps] == ["FAIL", *["SKIP"] * 4]


def test_a_429_that_is_expected_is_an_answer_like_any_other() -> None:
    def throttling(sock: socket.socket) -> None:
        while faults.read_head(sock):
            sock.sendall(b"HTTP/1.1 429 X\r\ncontent-length: 0\r\n\r\n")

    matrix = cases({"principal": "valid", "status": [429], "repeat": 3})
    with platform(throttling) as bench:
        assert bench.run("access", cases=matrix) is Status.PASS
