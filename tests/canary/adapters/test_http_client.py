"""The HTTP client: what it sends, follows, times, retries and refuses."""

from __future__ import annotations

import secrets
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
import trustme

from canary.adapters.http_client.client import ForbiddenTargetError, HttpClient
from canary.adapters.http_client.pool import origin
from canary.model import Credential, FailureKind, Request
from tests.canary.support.servers import faults
from tests.canary.support.servers.faults import serving


def echo(seen: list[bytes]) -> faults.Behaviour:
    def behave(sock: object) -> None:
        while head := faults.read_head(sock):  # type: ignore[arg-type]
            seen.append(head)
            body = head
            start = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            sock.sendall(start + body)  # type: ignore[attr-defined]

    return behave


def client(*urls: str, ca: str = "") -> HttpClient:
    return HttpClient(run_id="r-7", trusted=frozenset(map(origin, urls)), ca_bundle=ca)


def test_a_credential_goes_where_its_form_says_and_is_struck_from_the_answer() -> None:
    key, seen = secrets.token_hex(16), []  # type: ignore[var-annotated]
    with serving(echo(seen)) as port:
        url = f"http://127.0.0.1:{port}/a"
        request = Request(
            method="GET",
            url=url,
            credential_headers=("Authorization: Bearer  {}", "X-API-Key: {}"),
            credential_query="api_key",
        )
        answer = client(url).send(request, Credential(key))
    head = seen[0].decode()
    assert f"Authorization: Bearer  {key}\r\n" in head
    assert f"X-API-Key: {key}\r\n" in head
    assert head.startswith(f"GET /a?api_key={key} ")
    assert key.encode() not in answer.body and b"***" in answer.body


def test_a_credential_never_goes_to_another_host() -> None:
    with serving(faults.good) as port:
        request = Request(
            method="GET",
            url=f"http://127.0.0.1:{port}/",
            credential_headers=("X-API-Key: {}",),
        )
        with pytest.raises(ForbiddenTargetError, match=r"no credential goes to 127\.0\.0\.1"):
            client("https://registry.hokus.ai").send(request, Credential("x"))


def test_every_request_names_its_run_and_its_trace() -> None:
    seen: list[bytes] = []
    with serving(echo(seen)) as port:
        client().send(Request(method="GET", url=f"http://127.0.0.1:{port}/"))
    text = seen[0].decode()
    assert "User-Agent: hokusai-canary/" in text and "(+run r-7)" in text
    assert "traceparent: 00-" in text
    assert "Accept-Encoding: identity" in text


def test_the_environment_gives_neither_proxy_nor_netrc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login someone password nothing\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    seen: list[bytes] = []
    with serving(echo(seen)) as port:
        answer = client().send(Request(method="GET", url=f"http://127.0.0.1:{port}/"))
    assert answer.status == 200 and b"Authorization" not in seen[0]


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    seen: list[bytes] = []

    def away(sock: object) -> None:
        while head := faults.read_head(sock):  # type: ignore[arg-type]
            seen.append(head)
            sock.sendall(  # type: ignore[attr-defined]
                b"HTTP/1.1 301 Moved\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n"
            )

    with serving(away) as port:
        answer = client().send(Request(method="GET", url=f"http://127.0.0.1:{port}/a"))
    assert (answer.status, answer.header("Location"), len(seen)) == (301, "/b", 1)


def test_a_decompression_bomb_is_cut_after_decoding() -> None:
    import zlib

    packer = zlib.compressobj(wbits=31)
    bomb = packer.compress(b"\0" * 50_000_000) + packer.flush()

    def gzip(sock: object) -> None:
        faults.read_head(sock)  # type: ignore[arg-type]
        sock.sendall(  # type: ignore[attr-defined]
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: "
            + str(len(bomb)).encode()
            + b"\r\n\r\n"
            + bomb
        )

    with serving(gzip) as port:
        answer = client().send(
            Request(method="GET", url=f"http://127.0.0.1:{port}/", max_body=10_000)
        )
    assert answer.truncated and len(answer.body) == 10_000
    assert answer.failure is not None and answer.failure.kind is FailureKind.TOO_LARGE


def test_a_second_request_uses_the_same_connection_and_a_fresh_one_does_not() -> None:
    one = client()
    with serving(faults.good) as port:
        request = Request(method="GET", url=f"http://127.0.0.1:{port}/")
        first, second = one.send(request), one.send(request)
        fresh = one.send(Request(method="GET", url=request.url, new_connection=True))
    assert (first.timing.reused, second.timing.reused, fresh.timing.reused) == (False, True, False)
    assert first.timing.tcp_ms > 0 and second.timing.tcp_ms == 0
    assert first.peer == second.peer == f"127.0.0.1:{port}"


def test_a_connection_that_the_server_closed_meanwhile_is_no_failure_even_for_post() -> None:
    one = client()
    with serving(faults.once_then_closed) as port:
        for _ in range(3):
            answer = one.send(Request(method="POST", url=f"http://127.0.0.1:{port}/", body=b"{}"))
            assert answer.failure is None and answer.attempts == 1
            time.sleep(0.05)


class Authority:
    """A certificate authority of the test's own, and a server context for a name."""

    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA()
        self.bundle = str(folder / "ca.pem")
        self.ca.cert_pem.write_to_path(self.bundle)

    def context(self, name: str, **times: object) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(name, **times).configure_cert(context)  # type: ignore[arg-type]
        return context


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_connect_to_keeps_the_name_for_tls_and_host(authority: Authority) -> None:
    seen: list[bytes] = []
    context = authority.context("registry.hokus.ai")
    with serving(echo(seen), context) as port:
        answer = client(ca=authority.bundle).send(
            Request(
                method="GET",
                url="https://registry.hokus.ai/health",
                connect_to=f"127.0.0.1:{port}",
                new_connection=True,
            )
        )
    assert answer.failure is None and answer.status == 200
    assert b"Host: registry.hokus.ai\r\n" in seen[0]
    timing = answer.timing
    assert timing.tls_ms > 0 and timing.tcp_ms > 0 and timing.first_byte_ms > 0
    assert answer.tls_version.startswith("TLSv1.")
    assert answer.certificate is not None
    assert answer.certificate.names == ("registry.hokus.ai",)
    assert answer.certificate.chain_days_left is not None


def test_two_connect_to_of_one_name_never_share_a_connection(authority: Authority) -> None:
    one = client(ca=authority.bundle)
    context = authority.context("auth.hokus.ai")
    peers = []
    with serving(faults.good, context) as first, serving(faults.good, context) as second:
        for port in (first, second, first):
            answer = one.send(
                Request(
                    method="GET",
                    url="https://auth.hokus.ai/",
                    connect_to=f"127.0.0.1:{port}",
                )
            )
            peers.append(answer.peer)
    assert peers == [f"127.0.0.1:{p}" for p in (first, second, first)]


@pytest.mark.parametrize(
    ("name", "days", "trusted", "code"),
    [
        ("auth.hokus.ai", -1, True, 10),
        ("other.hokus.ai", 90, True, 62),
        ("auth.hokus.ai", 90, False, 20),
    ],
)
def test_a_certificate_that_does_not_hold_says_why_and_is_shown(
    authority: Authority, tmp_path: Path, name: str, days: int, trusted: bool, code: int
) -> None:
    import datetime as dt

    now = dt.datetime.now(dt.UTC)
    context = authority.context(
        name, not_before=now - dt.timedelta(days=60), not_after=now + dt.timedelta(days=days)
    )
    bundle = authority.bundle
    if not trusted:
        (tmp_path / "other").mkdir()
        bundle = Authority(tmp_path / "other").bundle
    with serving(faults.good, context) as port:
        answer = client(ca=bundle).send(
            Request(method="GET", url="https://auth.hokus.ai/", connect_to=f"127.0.0.1:{port}")
        )
    assert answer.failure is not None and answer.failure.kind is FailureKind.TLS
    assert (answer.failure.code, answer.attempts) == (code, 1)
    assert answer.certificate is not None
    assert answer.certificate.names == (name,)
    assert round(answer.certificate.days_left) == days


def test_a_drip_over_tls_ends_at_the_deadline(authority: Authority) -> None:
    context = authority.context("auth.hokus.ai")
    with serving(faults.header_drip, context) as port:
        began = time.monotonic()
        answer = client(ca=authority.bundle).send(
            Request(
                method="GET",
                url="https://auth.hokus.ai/",
                connect_to=f"127.0.0.1:{port}",
                timeout_s=0.6,
            )
        )
    assert answer.failure is not None and answer.failure.kind is FailureKind.DEADLINE
    assert time.monotonic() - began < 0.9


def test_many_threads_share_one_door() -> None:
    one = client()
    with serving(faults.good) as port, ThreadPoolExecutor(16) as threads:
        request = Request(method="GET", url=f"http://127.0.0.1:{port}/", timeout_s=10)
        fresh = msgspec.structs.replace(request, new_connection=True)
        answers = list(threads.map(one.send, [request, request, fresh] * 100))
    assert {(a.status, a.failure, a.attempts) for a in answers} == {(200, None, 1)}
    assert one.sent == 300
    assert sum(not a.timing.reused for a in answers) <= 100 + 16
