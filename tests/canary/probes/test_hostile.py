"""Hostile answers and files: one step each, within time and memory, and no call elsewhere."""

from __future__ import annotations

import gzip
import json
import math
import resource
import socket
import threading
import time
import tomllib
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canary.adapters.aws import emf
from canary.adapters.http_client.client import ForbiddenTargetError, HttpClient
from canary.config.decode import decode
from canary.metrics.measure import measure, measure_explained
from canary.model import Answer, Check, Credential, Environment, Request, RunLimits, Service, Status
from canary.probes import KINDS
from canary.probes.base.expectations import Expect, judge
from canary.probes.endpoint import EndpointSpec
from canary.report import html, junit, markdown
from canary.report import json as canonical
from canary.report.text import ReportError
from emulator.metrics.emf import extract
from tests.canary.support import made, worlds
from tests.canary.support.servers.faults import Behaviour, read_head, serving

FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
METADATA = "http://169.254.169.254/latest/meta-data/iam/security-credentials/"
TASK_METADATA = "http://169.254.170.2/v2/credentials"


def answering(head: str, body: bytes = b"", *, length: bool = True) -> Behaviour:
    """Send one raw answer to every request."""
    lines = [f"content-length: {len(body)}"] if length else []
    raw = "\r\n".join((head, *lines, "connection: close", "", "")).encode("latin-1") + body

    def behave(sock: socket.socket) -> None:
        read_head(sock)
        sock.sendall(raw)

    return behave


def endless_headers(sock: socket.socket) -> None:
    read_head(sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(100_000):
        sock.sendall(b"x-%d: %s\r\n" % (number, b"y" * 100))


def long_header(sock: socket.socket) -> None:
    read_head(sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 10_000_000)


def endless_chunks(sock: socket.socket) -> None:
    read_head(sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    for _ in range(10_000):
        sock.sendall(b"10000\r\n" + b"z" * 65_536 + b"\r\n")


def interim_answers(sock: socket.socket) -> None:
    read_head(sock)
    for _ in range(200_000):
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


OK = "HTTP/1.1 200 OK"
JSON = f"{OK}\r\ncontent-type: application/json"
BOMB = gzip.compress(b"\0" * 50_000_000)
HOSTILE: dict[str, Behaviour] = {
    "oversized": answering(JSON, b'{"status":"' + b"A" * 5_000_000 + b'"}'),
    "endless headers": endless_headers,
    "one endless header": long_header,
    "endless chunks": endless_chunks,
    "endless interim answers": interim_answers,
    "wrong encoding": answering(f"{JSON}; charset=utf-16", b"\xff\xfe\xd8\x00\x80"),
    "unknown charset": answering(f"{OK}\r\ncontent-type: text/plain; charset=none", b"\xff"),
    "deep JSON": answering(JSON, b'{"status":' + b"[" * 30_000),
    "deep JSON, closed": answering(JSON, b"[" * 30_000 + b"]" * 30_000),
    "a number without end": answering(JSON, b'{"status":' + b"9" * 60_000 + b"}"),
    "not a number": answering(JSON, b'{"status":NaN,"other":Infinity}'),
    "doubled keys": answering(JSON, b'{"status":"no","status":"ok","status":"no"}'),
    "lone surrogates": answering(JSON, b'{"status":"\\ud800\\udfff\\ud800"}'),
    "gzip bomb": answering(f"{JSON}\r\ncontent-encoding: gzip", BOMB),
    "gzip bomb in a bomb": answering(
        f"{JSON}\r\ncontent-encoding: gzip, gzip", gzip.compress(BOMB)
    ),
    "broken deflate": answering(f"{JSON}\r\ncontent-encoding: deflate", zlib.compress(b"a")[:5]),
    "unknown encoding": answering(f"{JSON}\r\ncontent-encoding: br", b"\x00\x01"),
    "negative chunk": answering(
        f"{OK}\r\ntransfer-encoding: chunked", b"-5\r\nhello", length=False
    ),
    "negative length": answering(f"{OK}\r\ncontent-length: -1", length=False),
    "two lengths": answering(f"{OK}\r\ncontent-length: 5\r\ncontent-length: 500000", b"hello"),
    "two answers": answering(OK, b"HTTP/1.1 200 OK\r\n\r\n" * 3),
    "bad status": answering("HTTP/1.1 9999999 OK"),
    "HTTP/0.9": answering("<html>hello"),
    "control characters": answering(
        f"{OK}\r\nserver: \x1b]0;t\x07\x9b2J\r\nlocation: \x00", b"\x1b[2J"
    ),
    "header injection": answering(f"{OK}\r\nlocation: /a%0d%0aset-cookie:b\r\n x: folded", b"{}"),
    "redirect to metadata": answering(f"HTTP/1.1 302 Found\r\nlocation: {METADATA}"),
    "redirect to task credentials": answering(f"HTTP/1.1 307 No\r\nlocation: {TASK_METADATA}"),
    "refresh to metadata": answering(f"{OK}\r\nrefresh: 0; url={METADATA}", b"{}"),
    "redirect to a file": answering("HTTP/1.1 301 Moved\r\nlocation: file:///etc/passwd"),
    "redirect loop": answering("HTTP/1.1 301 Moved\r\nlocation: /health"),
    "redirect without place": answering("HTTP/1.1 301 Moved\r\nlocation: http://[::1"),
}
SPEC = EndpointSpec(
    path="/health", status=(200,), content_type="application/json", json={"status": "ok"}
)
LIMIT_S = 1.5


def run_once(url: str) -> tuple[Status, int, float]:
    """Carry one endpoint check out; return status, steps and seconds."""
    check = worlds.check("api.it", "endpoint", spec=SPEC, timeout=LIMIT_S)
    made_ = worlds.config(
        check,
        services={"api": Service(url=url)},
        run=RunLimits(budget=8.0, request_timeout=LIMIT_S),
    )
    began = time.monotonic()
    outcome = worlds.carried_out(made_, kinds=KINDS)
    (result,) = outcome.results
    canonical.load(canonical.render(made.report(result)))
    for form in (html, markdown, junit):
        form.render(made.report(result))
    return result.status, len(result.steps), time.monotonic() - began


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_one_step_that_fails_within_time_and_memory(name: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with serving(HOSTILE[name]) as port:
        status, steps, took = run_once(f"http://127.0.0.1:{port}")
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert (status in (Status.FAIL, Status.ERROR), steps) == (True, 1)
    assert took < LIMIT_S + 3 and grown_mb < 60


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed_to_another_origin_and_no_credential_leaves(code: int) -> None:
    elsewhere: list[bytes] = []

    def notes(sock: socket.socket) -> None:
        elsewhere.append(read_head(sock))

    with serving(notes, address="127.0.0.2") as other:
        there = f"http://127.0.0.2:{other}/steal"
        head = f"HTTP/1.1 {code} Go\r\nlocation: {there}\r\nlink: <{there}>; rel=preload"
        head += f'\r\nalt-svc: h2="127.0.0.2:{other}"'
        with serving(answering(head, f'<img src="{there}">'.encode())) as port:
            url = f"http://127.0.0.1:{port}"
            client = HttpClient(run_id="r", trusted=frozenset({("http", "127.0.0.1", port)}))
            held = Credential("opaque-0123456789-abcdef")
            keys = ("Authorization: Bearer {}", "X-API-Key: {}")
            request = Request(method="GET", url=url, credential_headers=keys, timeout_s=3)
            assert client.send(request, held).status == code
            with pytest.raises(ForbiddenTargetError):
                client.send(Request(method="GET", url=there, credential_headers=keys), held)
    assert elsewhere == []


def test_a_secret_with_a_line_end_cannot_inject_a_header() -> None:
    seen: list[bytes] = []

    def notes(sock: socket.socket) -> None:
        seen.append(read_head(sock))
        sock.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

    with serving(notes) as port:
        client = HttpClient(run_id="r", trusted=frozenset({("http", "127.0.0.1", port)}))
        request = Request(
            method="GET", url=f"http://127.0.0.1:{port}/", credential_headers=("X-API-Key: {}",)
        )
        with pytest.raises(ValueError, match="return character"):
            client.send(request, Credential("abcdefgh\r\nX-Injected: 1"))
    assert not any(b"X-Injected" in head for head in seen)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = st.sampled_from([*Environment.__struct_fields__, *Check.__struct_fields__])


@FEW
@given(st.dictionaries(KEYS | st.text(max_size=10), PLAIN, max_size=8))
def test_config_of_any_form_is_a_value_or_a_list_of_problems(raw: dict[str, object]) -> None:
    for wanted in (Environment, Check, *(k.spec for k in KINDS.values())):
        value, problems = decode(raw, wanted)
        assert (value is None) == bool(problems)
        assert all(isinstance(what, str) and what for _, what in problems)


@FEW
@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace")))
def test_no_bytes_make_the_report_loader_raise_anything_but_its_own_error(data: bytes) -> None:
    good = canonical.render(made.report(made.result("F"))).encode()
    cut = len(data) * 7 % len(good)
    for broken in (data, good[:cut], good[:cut] + data + good[cut:]):
        try:
            canonical.load(broken)
        except ReportError:
            continue


@FEW
@given(PLAIN)
def test_no_document_makes_the_report_loader_raise_anything_but_its_own_error(raw: object) -> None:
    text = json.dumps({"schema": "hokusai-canary/report/1", "run": raw}, default=str)
    with pytest.raises(ReportError):
        canonical.load(text)


@FEW
@given(
    st.text(max_size=30),
    st.floats(),
    st.sampled_from("PFES"),
    st.text("abcdefghijklmnop.-", min_size=1, max_size=40),
)
def test_every_line_of_metrics_is_valid_however_odd_the_report(
    run_id: str, duration: float, status: str, check_id: str
) -> None:
    odd = made.report(made.result(status, check_id, duration_ms=duration))
    lines = emf.documents((*measure(odd), *measure_explained(odd)), run_id)
    data = [d for line in lines for d in extract(line, time.time())]
    assert lines and data
    assert all(math.isfinite(v) for d in data for v in d.values)
    assert {d.metric.namespace for d in data} and all("\n" not in line for line in lines)


@FEW
@given(
    st.integers(-1, 1000),
    st.lists(st.tuples(st.text(max_size=15), st.text(max_size=40)), max_size=5),
    st.binary(max_size=300) | PLAIN.map(lambda v: json.dumps(v, default=str).encode()),
)
def test_any_answer_is_judged_and_none_raises(
    status: int, headers: list[tuple[str, str]], body: bytes
) -> None:
    answer = Answer(status=status, headers=(*headers, ("Location", "http://[")), body=body)
    expect = Expect(
        status=(200,),
        content_type="application/json",
        headers=("x-a",),
        redirect="https://h/p",
        json={"status": "ok", "a.b.0.c": 1},
        contains=("x",),
        absent=("y",),
    )
    judged = judge(expect, answer)
    assert judged and all(isinstance(a.actual, str) for a in judged)


@FEW
@given(st.text(max_size=300))
def test_any_text_that_is_toml_or_not_is_a_config_or_a_refusal(text: str) -> None:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert decode(raw, Environment)[1]


def test_a_server_that_accepts_and_closes_a_thousand_times_costs_two_attempts() -> None:
    lock, count = threading.Lock(), [0]

    def hangs_up(sock: socket.socket) -> None:
        with lock:
            count[0] += 1

    with serving(hangs_up) as port:
        assert run_once(f"http://127.0.0.1:{port}")[0] is Status.FAIL
    assert count[0] == 2
