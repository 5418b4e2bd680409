"""A valid answer that ends before its last byte is never a complete answer."""

from __future__ import annotations

import gzip
import itertools
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canary.adapters.http_client.client import HttpClient
from canary.model import Answer, Request
from tests.canary.support.answers.build import END, INTERIM, chunked, coded
from tests.canary.support.servers.raw import HELLO, answering

NUMBERS = itertools.count()
CODINGS = {
    b"": lambda body: body,
    b"gzip": lambda body: gzip.compress(body, mtime=0),
    b"deflate": zlib.compress,
}


class Server:
    """One server for all examples; POST, so that each is asked once."""

    def __init__(self, url: str, answers: dict[str, bytes]) -> None:
        self._url, self._answers = url, answers
        self._client = HttpClient(run_id="test", trusted=frozenset())

    def ask(self, raw: bytes) -> Answer:
        target = f"/{next(NUMBERS)}"
        self._answers[target] = raw
        request = Request(method="POST", url=self._url + target, timeout_s=10, max_body=5000)
        return self._client.send(request)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    answers: dict[str, bytes] = {}
    with answering(answers) as url:
        yield Server(url, answers)


@st.composite
def valid_answers(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Return an answer that says where it ends, and its body."""
    body = draw(st.binary(max_size=200))
    coding = draw(st.sampled_from(sorted(CODINGS)))
    sent = CODINGS[coding](body)
    values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20)
    fields = [
        f"X-{n}:{value}".encode() for n, value in enumerate(draw(st.lists(values, max_size=4)))
    ]
    if coding:
        fields.append(b"Content-Encoding: " + coding)
    if draw(st.booleans()):
        fields.append(b"Transfer-Encoding: chunked")
        ends = sorted({*draw(st.lists(st.integers(0, len(sent)), max_size=3)), 0, len(sent)})
        pieces = [sent[a:b] for a, b in itertools.pairwise(ends)]
        trailer = draw(st.sampled_from([b"", b"X-Sum: 1\r\n"]))
        framed = (
            b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n" + trailer + b"\r\n"
        )
    else:
        fields.append(b"Content-Length: %d" % len(sent))
        framed = sent
    interim = INTERIM * draw(st.integers(0, 2))
    line = draw(st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.1 503 Not now", b"HTTP/1.1 200"]))
    return interim + b"\r\n".join((line, *fields, b"", framed)), body


@settings(max_examples=60, deadline=None)
@given(made=valid_answers(), where=st.floats(0, 1, exclude_max=True))
def test_a_part_of_a_valid_answer_is_none(
    server: Server, made: tuple[bytes, bytes], where: float
) -> None:
    raw, body = made
    whole = server.ask(raw)
    assert (whole.failure, whole.body) == (None, body)
    part = server.ask(raw[: int(len(raw) * where)])
    assert part.failure is not None, (part.status, part.body)


@pytest.mark.parametrize(
    "raw",
    [
        HELLO,
        INTERIM + HELLO,
        chunked(b"2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\nX-Sum: 1\r\n\r\n"),
        coded(b"gzip", gzip.compress(b"hello", mtime=0)),
        chunked(b"5\r\nhello" + END).replace(b"\r\n", b"\r\nContent-Length: 5\r\n", 1),
    ],
    ids=itertools.count(),
)
def test_an_answer_cut_at_each_byte_is_none(server: Server, raw: bytes) -> None:
    for cut in range(len(raw)):
        part = server.ask(raw[:cut])
        assert part.failure is not None, (cut, part.status, part.body)
    assert server.ask(raw).failure is None


@pytest.mark.parametrize("at", [0, 10, 18, 29])
def test_compression_finds_a_cut_that_the_end_of_the_connection_hides(
    server: Server, at: int
) -> None:
    """Without a length, TCP's end is the body's: only the coding knows where it ends."""
    packed = gzip.compress(b"hello " * 50, mtime=0)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    assert len(packed) > at and server.ask(head + packed).failure is None
    assert server.ask(head + packed[:at]).failure is not None
