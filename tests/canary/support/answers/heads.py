"""Answers with versions, status codes and fields, rightly and wrongly."""

from __future__ import annotations

from canary.adapters.http_client.exchange import MOST_HEAD
from tests.canary.support.answers.build import (
    CHUNKED,
    CRLF,
    END,
    GOOD,
    INTERIM,
    LENGTH,
    PROTOCOL,
    Forms,
    Verdict,
    bad,
    cut,
    field,
    illegal,
    message,
    no_http,
    no_status,
    status,
)
from tests.canary.support.servers.raw import HELLO

VERSIONS: Forms = {
    "HTTP/1.0 by the end": (message(status=b"HTTP/1.0 200 OK"), GOOD),
    "HTTP/1.0 with a length": (status(b"HTTP/1.0 200 OK"), GOOD),
    "HTTP/1.0 cut": (
        message(b"Content-Length: 6", status=b"HTTP/1.0 200 OK"),
        cut("the body ends after 5 of 6 bytes"),
    ),
    "HTTP/1.2": (status(b"HTTP/1.2 200 OK"), GOOD),
    **{
        f"HTTP/{version}": (
            status(f"HTTP/{version} 200 OK".encode()),
            bad("head", f"version {version} of HTTP"),
        )
        for version in ("0.9", "2.0", "3.0")
    },
    "HTTP/2.0 before the answer": (
        b"HTTP/2.0 103 E\r\n\r\n" + HELLO,
        bad("head", "version 2.0 of HTTP"),
    ),
    **{
        line.decode(): (status(line), no_status(line))
        for line in (b"HTTP/2 200 OK", b"http/1.1 200 OK", b"HTTP/11 200 OK", b"ICY 200 OK")
    },
    "HTTP/0.9": (b"hello", no_http(b"hello")),
    "HTTP/0.9 in a line": (b"hello\r\n", no_http(b"hello\r\n")),
    "HTTP/0.9 with an empty line": (b"<p>\n\nhello", no_status(b"<p>")),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", no_status(b"PRI * HTTP/2.0")),
    "HTTP/2 settings": (b"\0\0\x12\x04\0\0\0\0\0", no_http(b"\0\0\x12\x04\0\0\0\0\0")),
    "alert of TLS": (b"\x15\x03\x01\0\x02\x02\x46", no_http(b"\x15\x03\x01\0\x02\x02\x46")),
    "SSH": (b"SSH-2.0-OpenSSH_9.6\r\n", no_http(b"SSH-2.0-OpenSSH_9.6\r")),
    "zeros": (b"\0" * 30, no_http(b"\0" * 20)),
    "empty line first": (CRLF + HELLO, bad("head", "the answer begins with an empty line")),
    "LF first": (b"\n" + HELLO, bad("head", "the answer begins with an empty line")),
}

STATUSES: Forms = {
    **{
        f"status {code!r}": (
            status(b"HTTP/1.1 " + code + b" X"),
            no_status(b"HTTP/1.1 " + code + b" X"),
        )
        for code in (
            b"1000",
            b"20",
            b"abc",
            b"-20",
            b"+200",
            b"2 00",
            b" 200",
            b"2e2",
            b"",
            b"200\t",
        )
    },
    "status 000": (
        status(b"HTTP/1.1 000 X"),
        bad("head", "the status code 0 is below 100"),
    ),
    "status 099": (
        status(b"HTTP/1.1 099 X"),
        bad("head", "the status code 99 is below 100"),
    ),
    "status 600": (status(b"HTTP/1.1 600 X"), (600, b"hello")),
    "status 999": (status(b"HTTP/1.1 999 X"), (999, b"hello")),
    "no reason": (status(b"HTTP/1.1 200"), GOOD),
    "empty reason": (status(b"HTTP/1.1 200 "), GOOD),
    "reason in UTF-8": (status("HTTP/1.1 200 Schön".encode()), GOOD),
    "CR in the reason": (status(b"HTTP/1.1 200 O\rK"), no_status(b"HTTP/1.1 200 O\rK")),
    "NUL in the reason": (status(b"HTTP/1.1 200 O\0K"), no_status(b"HTTP/1.1 200 O\0K")),
    "204 with a length and a body": (message(LENGTH, status=b"HTTP/1.1 204 N"), (204, b"")),
    "204 with chunks": (
        message(CHUNKED, body=b"5\r\nhello" + END, status=b"HTTP/1.1 204 N"),
        (204, b""),
    ),
    "204": (message(body=b"", status=b"HTTP/1.1 204 N"), (204, b"")),
    "304 with a length and a body": (message(LENGTH, status=b"HTTP/1.1 304 N"), (304, b"")),
    "304 with a coding": (
        message(b"Content-Encoding: gzip", body=b"", status=b"HTTP/1.1 304 N"),
        (304, b""),
    ),
    "205 with a body": (message(LENGTH, status=b"HTTP/1.1 205 R"), (205, b"hello")),
}

FIELDS: Forms = {
    "150 fields": (message(*(b"X-%d: v" % n for n in range(150)), LENGTH), GOOD),
    "no field": (message(), GOOD),
    "folded": (message(b"X-A: b", b"  folded", LENGTH), GOOD),
    "folded first": (
        field(b" X-A: b"),
        bad("head", "continuation line at start of headers"),
    ),
    **{
        f"field {line!r}": (field(line), illegal(line))
        for line in (
            b"nocolon",
            b": x",
            b"X A: b",
            b"X-A : b",
            b"X-A\t: b",
            "X-é: b".encode(),
            b"X\0A: b",
            b"X-A: a\0b",
            b"X-A: a\rb",
            b"X-A: a\x0cb",
            b"\x7f: b",
        )
    },
    **{
        f"field {line!r}": (field(line), GOOD)
        for line in (b"X-A:", b"X-A:b", b"X-A:\tb \t", b"X-A: caf\xe9", b"X-A: a\x01b", b"X-A: a:b")
    },
    "lines ended by LF": (HELLO.replace(CRLF, b"\n"), GOOD),
    "the last line ended by LF": (HELLO.replace(CRLF + CRLF, b"\r\n\n"), GOOD),
    "lines ended by CR": (
        HELLO.replace(CRLF, b"\r"),
        cut("the answer ends within its head, 40 bytes in"),
    ),
    "lines ended by CR CR LF": (
        HELLO.replace(CRLF, b"\r\r\n"),
        cut("the answer ends within its head, 46 bytes in"),
    ),
}

PAD = b"HTTP/1.1 200 OK\r\nX-Pad: \r\n\r\n"
TOO_LONG: Verdict = (PROTOCOL, "the head is longer than 65,536 bytes")


def padded(size: int) -> bytes:
    return PAD.replace(b": ", b": " + b"v" * (size - len(PAD)))


HEADS: Forms = {
    "head of the most bytes": (padded(MOST_HEAD), (200, b"")),
    "head of one byte more": (
        padded(MOST_HEAD + 1)[:-1],
        cut("the answer ends within its head, 65536 bytes in"),
    ),
    "head of two bytes more": (padded(MOST_HEAD + 2), TOO_LONG),
    "head of 100,000 bytes": (padded(100_000), TOO_LONG),
    "head without end": (PAD[:-4] + b"v" * 200_000, TOO_LONG),
    "interim answers without end": (INTERIM * (MOST_HEAD // len(INTERIM) + 1) + HELLO, TOO_LONG),
}
