"""The parts of an answer, and the verdicts on it."""

from __future__ import annotations

import gzip
import zlib

from canary.model import FailureKind
from tests.canary.support.servers.raw import HELLO

PROTOCOL, RESET, TRUNCATED = FailureKind.PROTOCOL, FailureKind.RESET, FailureKind.TRUNCATED
TOO_LARGE = FailureKind.TOO_LARGE
Verdict = tuple[int, bytes] | tuple[FailureKind, str]  # a status and a body, or a failure
Forms = dict[str, tuple[bytes, Verdict]]  # by name: what is sent, and how it is judged

CHUNKED, LENGTH = b"Transfer-Encoding: chunked", b"Content-Length: 5"
IN_A_LINE = "the body ends within a chunk's line or the trailer"
NO_LAST = "the body ends before its last chunk"
NO_END_MARK = "the compressed body ends before its end mark"
SWITCHED = "101 Switching Protocols, which was not asked for"
GOOD: Verdict = (200, b"hello")


def message(*fields: bytes, body: bytes = b"hello", status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join((status, *fields, b"", body))


def chunked(body: bytes) -> bytes:
    return message(CHUNKED, body=body)


def coded(coding: bytes, body: bytes) -> bytes:
    return message(b"Content-Encoding: " + coding, b"Content-Length: %d" % len(body), body=body)


def status(line: bytes) -> bytes:
    return message(LENGTH, status=line)


def length(value: bytes) -> bytes:
    return message(b"Content-Length:" + value)


def field(line: bytes) -> bytes:
    return message(line, LENGTH)


def bad(place: str, text: str) -> Verdict:
    return PROTOCOL, f"{place}: {text}"


def illegal(line: bytes) -> Verdict:
    return bad("head", f"illegal header line: {line!r}")


def no_status(line: bytes) -> Verdict:
    return bad("head", f"illegal status line: {line!r}")


def cut(where: str) -> Verdict:
    return TRUNCATED, where


def no_http(beginning: bytes) -> Verdict:
    return PROTOCOL, f"an answer begins with HTTP/1., this with {beginning!r}"


def no_chunk(line: bytes) -> Verdict:
    return bad("body", f"illegal chunk header: {line!r}")


def no_chunk_end(found: bytes) -> Verdict:
    return bad("body", f"malformed chunk footer: {found!r} (expected {CRLF!r})")


def damaged(why: str) -> Verdict:
    return PROTOCOL, f"the compressed body is damaged: {why}"


CRLF = b"\r\n"
ZLIB = "Error -3 while decompressing data: "
GZ, ZL = gzip.compress(b"hello", mtime=0), zlib.compress(b"hello")
RAW = ZL[2:-4]
BODY_AT = HELLO.index(b"hello")
END = b"\r\n0\r\n\r\n"

INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
