"""Each form of an answer has its verdict, and a refused one says which place is wrong."""

from __future__ import annotations

import gzip
import itertools
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from canary.adapters.http_client.client import HttpClient
from canary.model import Answer, Request
from tests.canary.support.answers.bodies import CHUNKS, CODINGS, CUTS, INTERIMS, LENGTHS
from tests.canary.support.answers.build import (
    BODY_AT,
    END,
    GOOD,
    GZ,
    NO_LAST,
    RESET,
    TOO_LARGE,
    Verdict,
    bad,
    chunked,
    coded,
    cut,
    length,
    message,
    no_http,
    status,
)
from tests.canary.support.answers.heads import FIELDS, HEADS, STATUSES, VERSIONS
from tests.canary.support.servers.faults import read_head, serving
from tests.canary.support.servers.raw import HELLO, answering

TABLES = (CUTS, INTERIMS, LENGTHS, CHUNKS, CODINGS, VERSIONS, STATUSES, FIELDS, HEADS)
FORMS = {name: form for table in TABLES for name, form in table.items()}
assert len(FORMS) == sum(map(len, TABLES)), "two forms have one name"
TARGETS = {name: f"/{number}" for number, name in enumerate(FORMS)}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with answering({TARGETS[name]: raw for name, (raw, _) in FORMS.items()}) as url:
        yield url


@pytest.fixture(scope="module")
def client() -> HttpClient:
    return HttpClient(run_id="test", trusted=frozenset())


def verdict(answer: Answer) -> Verdict:
    if answer.failure is not None:
        return answer.failure.kind, answer.failure.detail
    return answer.status, answer.body


@pytest.mark.parametrize("name", FORMS)
def test_each_form_has_its_verdict(server: str, client: HttpClient, name: str) -> None:
    """POST: it is sent once, whatever comes back."""
    answer = client.send(Request(method="POST", url=server + TARGETS[name], timeout_s=10))
    assert verdict(answer) == FORMS[name][1]
    assert answer.attempts == 1


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (HELLO, (200, b"")),
        (HELLO[:BODY_AT], (200, b"")),
        (chunked(b"5\r\nhello" + END), (200, b"")),
        (coded(b"gzip", GZ), (200, b"")),
        (coded(b"br", b"hello"), (200, b"")),
        (status(b"HTTP/1.1 204 N"), (204, b"")),
        (length(b"abc"), bad("head", "bad Content-Length")),
        (b"hello", no_http(b"hello")),
    ],
)
def test_an_answer_to_head_has_no_body(client: HttpClient, raw: bytes, expected: Verdict) -> None:
    with answering({"/": raw}) as url:
        answer = client.send(Request(method="HEAD", url=f"{url}/", timeout_s=10))
    assert verdict(answer) == expected


AFTER_1000 = "the body ends after 1000 of 1001 bytes"
MORE: Verdict = (TOO_LARGE, "more than 1000 bytes")
THOUSAND = b"x" * 1000
NOISE = bytes((n * n * 7 + n // 3) % 251 for n in range(2000))  # compresses badly


@pytest.mark.parametrize(
    ("raw", "expected", "kept"),
    [
        (message(b"Content-Length: 999", body=b"x" * 999), (200, b"x" * 999), 999),
        (message(b"Content-Length: 1000", body=THOUSAND), (200, THOUSAND), 1000),
        (message(b"Content-Length: 1001", body=b"x" * 1001), MORE, 1000),
        (message(b"Content-Length: 9999", body=b"x" * 1001), MORE, 1000),
        (message(b"Content-Length: 1001", body=THOUSAND), cut(AFTER_1000), 0),
        (message(body=THOUSAND), (200, THOUSAND), 1000),
        (message(body=b"x" * 1001), MORE, 1000),
        (chunked(b"3e8\r\n" + THOUSAND + END), (200, THOUSAND), 1000),
        (chunked(b"3e8\r\n" + THOUSAND), cut(NO_LAST), 0),
        (chunked(b"3e9\r\n" + b"x" * 1001 + END), MORE, 1000),
        (coded(b"gzip", gzip.compress(THOUSAND)), (200, THOUSAND), 1000),
        (coded(b"gzip", gzip.compress(b"x" * 1001)), MORE, 1000),
        (coded(b"gzip", gzip.compress(b"x" * 500) * 2), (200, THOUSAND), 1000),
        (coded(b"gzip", gzip.compress(b"x" * 500) * 3), MORE, 1000),
        (coded(b"gzip, gzip", gzip.compress(gzip.compress(b"x" * 1001))), MORE, 1000),
        (coded(b"gzip, gzip", gzip.compress(gzip.compress(NOISE, 0), 0)), MORE, None),
        (coded(b"gzip", gzip.compress(NOISE[:995], 0)), MORE, None),  # 1,018 bytes on the way
        (coded(b"gzip", gzip.compress(NOISE[:995], 0)[:1001]), MORE, None),
        (coded(b"gzip", gzip.compress(NOISE[:900], 0)), (200, NOISE[:900]), 900),
    ],
    ids=itertools.count(),
)
def test_a_body_at_the_limit_is_whole_and_one_byte_more_is_too_large(
    client: HttpClient, raw: bytes, expected: Verdict, kept: int | None
) -> None:
    request = Request(method="POST", url="", timeout_s=10, max_body=1000)
    with answering({"/": raw}) as url:
        answer = client.send(Request(method="POST", url=f"{url}/", timeout_s=10, max_body=1000))
    assert verdict(answer) == expected
    assert answer.truncated is (expected == MORE)
    assert len(answer.body) <= request.max_body
    assert kept is None or len(answer.body) == kept


RAGGED = (
    "the TLS connection ended without close_notify, and the answer announced no length:"
    " it may be cut"
)


@pytest.mark.parametrize(
    ("raw", "orderly", "expected"),
    [
        (message(), True, GOOD),
        (message(), False, cut(RAGGED)),
        (message(body=b""), True, (200, b"")),
        (message(body=b""), False, cut(RAGGED)),
        (message(status=b"HTTP/1.0 200 OK"), False, cut(RAGGED)),
        (HELLO, False, GOOD),
        (chunked(b"5\r\nhello" + END), False, GOOD),
        (chunked(b"5\r\nhello\r\n"), False, cut(NO_LAST)),
        (HELLO[:-1], True, cut("the body ends after 4 of 5 bytes")),
        (HELLO[:-1], False, cut("the body ends after 4 of 5 bytes")),
        (HELLO[:9], False, cut("the answer ends within its head, 9 bytes in")),
        (b"", False, (RESET, "closed without an answer")),
        (b"", True, (RESET, "closed without an answer")),
        (message(body=b"", status=b"HTTP/1.1 204 N"), False, (204, b"")),
    ],
)
def test_an_end_of_tls_without_close_notify_ends_no_body(
    tls: tuple[ssl.SSLContext, HttpClient], raw: bytes, orderly: bool, expected: Verdict
) -> None:
    context, client = tls

    def answer(sock: socket.socket) -> None:
        read_head(sock)
        sock.sendall(raw)
        if orderly and isinstance(sock, ssl.SSLSocket):
            sock.unwrap()

    with serving(answer, context) as port:
        url = f"https://127.0.0.1:{port}/"
        found = client.send(Request(method="POST", url=url, timeout_s=10))
    assert verdict(found) == expected


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, HttpClient]:
    """A server's context, and a client that trusts its authority."""
    bundle: Path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context, HttpClient(run_id="test", trusted=frozenset(), ca_bundle=str(bundle))
