"""Some 300 forms of an answer, made from parts: status lines, fields, framings, line ends, cuts."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import NamedTuple

GZ = gzip.compress(b"hello", mtime=0)
PLAIN = "none"  # the part that is as it should be


class Form(NamedTuple):
    """One form; each part by its name."""

    status: str
    fields: str
    framing: str
    ends: str = "CRLF"
    cut: int = 0  # bytes that are missing at the end

    @property
    def name(self) -> str:
        cut = f", {self.cut} bytes missing" if self.cut else ""
        return f"{self.status}; {self.fields}; {self.framing}; {self.ends}{cut}"

    @property
    def parts(self) -> tuple[str, ...]:
        """Return the names of the parts, the cut by its place."""
        if not self.cut:
            return self.status, self.fields, self.framing
        in_body = self.cut <= len(FRAMINGS[self.framing][1])
        cut = f"{self.framing}, cut in the body" if in_body else "cut in the head"
        return self.status, self.fields, self.framing, cut

    @property
    def raw(self) -> bytes:
        """Return what the server sends."""
        fields, body = FRAMINGS[self.framing]
        head = b"\r\n".join((STATUSES[self.status], *FIELDS[self.fields], *fields, b"", b""))
        if self.ends == "LF":
            head = head.replace(b"\r\n", b"\n")
        return (head + body)[: -self.cut or None]


STATUSES = {
    "200": b"HTTP/1.1 200 OK",
    "503": b"HTTP/1.1 503 Not now",
    "999": b"HTTP/1.1 999 Odd",
    "no reason": b"HTTP/1.1 200",
    "103 first": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK",
    "101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nHTTP/1.1 200 OK",
    "HTTP/1.0": b"HTTP/1.0 200 OK",
    "HTTP/2.0": b"HTTP/2.0 200 OK",
    "version in small letters": b"http/1.1 200 OK",
    "status of two digits": b"HTTP/1.1 20 OK",
    "status of four digits": b"HTTP/1.1 2000 OK",
    "status 099": b"HTTP/1.1 099 Odd",
    "status in letters": b"HTTP/1.1 abc OK",
    "NUL in the reason": b"HTTP/1.1 200 O\0K",
    "empty line first": b"\r\nHTTP/1.1 200 OK",
}
FIELDS: dict[str, tuple[bytes, ...]] = {
    PLAIN: (),
    "150 fields": tuple(b"X-%d: v" % n for n in range(150)),
    "folded": (b"X-A: b", b"  folded"),
    "no colon": (b"nocolon",),
    "blank before the colon": (b"X-A : b",),
    "blank in the name": (b"X A: b",),
    "empty name": (b": b",),
    "NUL in a value": (b"X-A: a\0b",),
    "CR in a value": (b"X-A: a\rb",),
    "control character in a value": (b"X-A: a\x01b",),
    "latin-1 in a value": (b"X-A: caf\xe9",),
}
CHUNKED = (b"Transfer-Encoding: chunked",)
PACKED = (b"Content-Encoding: gzip",)
FRAMINGS: dict[str, tuple[tuple[bytes, ...], bytes]] = {
    "length": ((b"Content-Length: 5",), b"hello"),
    "length in small letters": ((b"content-length:5",), b"hello"),
    "length twice": ((b"Content-Length: 5", b"Content-Length: 5"), b"hello"),
    "two lengths": ((b"Content-Length: 5", b"Content-Length: 4"), b"hello"),
    "length abc": ((b"Content-Length: abc",), b"hello"),
    "length -1": ((b"Content-Length: -1",), b"hello"),
    "length +5": ((b"Content-Length: +5",), b"hello"),
    "length 5 and letters": ((b"Content-Length: 5a",), b"hello"),
    "length empty": ((b"Content-Length:",), b"hello"),
    "length one more": ((b"Content-Length: 6",), b"hello"),
    "length one less": ((b"Content-Length: 4",), b"hello"),
    "no length": ((), b"hello"),
    "chunks": (CHUNKED, b"2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\nX-Sum: 1\r\n\r\n"),
    "chunks and a length": ((b"Content-Length: 3", *CHUNKED), b"5\r\nhello\r\n0\r\n\r\n"),
    "chunk size in letters": (CHUNKED, b"zz\r\nhello\r\n0\r\n\r\n"),
    "chunk size negative": (CHUNKED, b"-5\r\nhello\r\n0\r\n\r\n"),
    "chunk size 0x5": (CHUNKED, b"0x5\r\nhello\r\n0\r\n\r\n"),
    "chunk size too small": (CHUNKED, b"4\r\nhello\r\n0\r\n\r\n"),
    "chunk size too large": (CHUNKED, b"6\r\nhello\r\n0\r\n\r\n"),
    "chunk lines ended by LF": (CHUNKED, b"5\nhello\n0\n\n"),
    "no last chunk": (CHUNKED, b"5\r\nhello\r\n"),
    "trailer without colon": (CHUNKED, b"5\r\nhello\r\n0\r\nnocolon\r\n\r\n"),
    "transfer coding unknown": ((b"Transfer-Encoding: x-own",), b"hello"),
    "gzip": ((*PACKED, b"Content-Length: %d" % len(GZ)), GZ),
    "gzip without length": (PACKED, GZ),
    "gzip cut": ((*PACKED, b"Content-Length: %d" % len(GZ[:-6])), GZ[:-6]),
    "gzip without length cut": (PACKED, GZ[:-6]),
    "gzip that is none": ((*PACKED, b"Content-Length: 5"), b"hello"),
    "gzip and more": ((*PACKED, b"Content-Length: %d" % (len(GZ) + 4)), GZ + b"more"),
    "coding unknown": ((b"Content-Encoding: x-own", b"Content-Length: 5"), b"hello"),
}
CUT = ("length", "chunks", "gzip", "gzip without length", "no length")
USUAL = ("200", "no reason", "103 first")


def forms() -> Iterator[Form]:
    """Yield each form once: pairs of parts, the third as it should be, and cuts."""
    for framing in FRAMINGS:
        for status in USUAL:
            yield Form(status, PLAIN, framing)
        yield Form("200", PLAIN, framing, "LF")
        yield Form("200", "folded", framing)
    for status in STATUSES:
        for fields in ("150 fields", "no colon", "CR in a value"):
            yield Form(status, fields, "length")
    for status in sorted(set(STATUSES) - set(USUAL)):
        for framing in ("length", "chunks", "no length"):
            yield Form(status, PLAIN, framing)
    for fields in sorted(set(FIELDS) - {PLAIN, "folded"}):
        for framing in ("chunks", "no length"):
            yield Form("200", fields, framing)
    for status in USUAL[::2]:
        for framing in CUT:
            size = len(Form(status, PLAIN, framing).raw)
            for missing in sorted({1, 3, 6, 9, 20, 30, 36, size - 12, size - 5}):
                yield Form(status, PLAIN, framing, "CRLF", missing)


ALL = tuple(dict.fromkeys(forms()))
