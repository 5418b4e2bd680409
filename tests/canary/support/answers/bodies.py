"""Answers that are cut, framed or coded, rightly and wrongly."""

from __future__ import annotations

import gzip

from canary.adapters.http_client.exchange import MOST_HEAD
from tests.canary.support.answers.build import (
    BODY_AT,
    CHUNKED,
    CRLF,
    END,
    GOOD,
    GZ,
    IN_A_LINE,
    INTERIM,
    LENGTH,
    NO_END_MARK,
    NO_LAST,
    PROTOCOL,
    RAW,
    RESET,
    SWITCHED,
    ZL,
    ZLIB,
    Forms,
    bad,
    chunked,
    coded,
    cut,
    damaged,
    illegal,
    length,
    message,
    no_chunk,
    no_chunk_end,
    no_http,
)
from tests.canary.support.servers.raw import HELLO

CUTS: Forms = {
    f"cut at byte {n}": (HELLO[:n], cut(f"the answer ends within its head, {n} bytes in"))
    for n in range(1, BODY_AT)
} | {
    f"cut at byte {BODY_AT + n}": (
        HELLO[: BODY_AT + n],
        cut(f"the body ends after {n} of 5 bytes"),
    )
    for n in range(5)
}

INTERIMS: Forms = {
    "nothing": (b"", (RESET, "closed without an answer")),
    "100": (b"HTTP/1.1 100 Continue\r\n\r\n" + HELLO, GOOD),
    "100 twice": (b"HTTP/1.1 100 Continue\r\n\r\n" * 2 + HELLO, GOOD),
    "102": (b"HTTP/1.1 102 Processing\r\n\r\n" + HELLO, GOOD),
    "103": (INTERIM + HELLO, GOOD),
    "199, which nobody knows": (b"HTTP/1.1 199 X\r\n\r\n" + HELLO, GOOD),
    "103 alone": (INTERIM, cut("the answer ends within its head, 40 bytes in")),
    "103 and a beginning": (
        INTERIM + HELLO[:9],
        cut("the answer ends within its head, 49 bytes in"),
    ),
    "103 and no HTTP": (INTERIM + b"hello", no_http(b"hello")),
    "101": (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n" + HELLO, bad("head", SWITCHED)),
}

LENGTHS: Forms = {
    **{
        f"length {value!r}": (length(value), bad("head", "bad Content-Length"))
        for value in (b"abc", b"-1", b"+5", b"0x5", b"", b" ", b"5;", b"5 5", b"5.0", b"1e1", b"5a")
    },
    **{
        f"length {value!r}": (length(value), GOOD)
        for value in (b"5", b" 5", b"5 ", b"\t5\t", b"05", b"5, 5", b"5,5")
    },
    "length 5,6": (length(b"5,6"), bad("head", "conflicting Content-Length headers")),
    "two lengths": (
        message(LENGTH, b"Content-Length: 6"),
        bad("head", "conflicting Content-Length headers"),
    ),
    "one length twice": (message(LENGTH, LENGTH), GOOD),
    "length of 21 digits": (length(b"9" * 21), bad("head", "bad Content-Length")),
    "length of 20 digits": (
        length(b"9" * 20),
        cut(f"the body ends after 5 of {'9' * 20} bytes"),
    ),
    "length one more": (length(b"6"), cut("the body ends after 5 of 6 bytes")),
    "length one less": (length(b"4"), (200, b"hell")),
    "length 0": (length(b"0"), (200, b"")),
    "no length": (message(), GOOD),
    "length with a blank before the colon": (
        message(b"Content-Length : 5"),
        illegal(b"Content-Length : 5"),
    ),
    "length folded": (message(b"Content-Length: 1", b" 5"), bad("head", "bad Content-Length")),
}

CHUNKS: Forms = {
    "chunks": (chunked(b"2\r\nhe\r\n3\r\nllo" + END), GOOD),
    "chunk in capitals": (chunked(b"A\r\nhellohello" + END), (200, b"hellohello")),
    "chunk with zeros": (chunked(b"0005\r\nhello\r\n000\r\n\r\n"), GOOD),
    "chunk extension": (chunked(b"5;a=b\r\nhello\r\n0;c\r\n\r\n"), GOOD),
    "blank after the size": (chunked(b"5 \r\nhello" + END), GOOD),
    "trailer": (chunked(b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"), GOOD),
    "bytes after the last chunk": (chunked(b"5\r\nhello" + END + b"more"), GOOD),
    **{
        f"size {size!r}": (chunked(size + b"\r\nhello" + END), no_chunk(size + CRLF))
        for size in (b"zz", b"-5", b"+5", b"0x5", b"", b" 5", b"5 5", b"0" * 20 + b"5")
    },
    "chunk too short": (chunked(b"4\r\nhello" + END), no_chunk_end(b"o\r")),
    "chunk too long": (chunked(b"6\r\nhello" + END), no_chunk_end(b"\n0")),
    "chunk without end": (chunked(b"5\r\nhello0\r\n\r\n"), no_chunk_end(b"0\r")),
    "chunk ended by LF": (chunked(b"5\r\nhello\n0\r\n\r\n"), no_chunk_end(b"\n0")),
    "chunks' lines ended by LF": (chunked(b"5\nhello\n0\n\n"), cut(IN_A_LINE)),
    "no chunks": (chunked(b"hello"), cut(IN_A_LINE)),
    "no chunk at all": (chunked(b""), cut(NO_LAST)),
    "cut in a size": (chunked(b"5"), cut(IN_A_LINE)),
    "cut before a chunk": (chunked(b"5\r\n"), cut(NO_LAST)),
    "cut in a chunk": (chunked(b"5\r\nhel"), cut(NO_LAST)),
    "cut before a chunk's end": (chunked(b"5\r\nhello"), cut(NO_LAST)),
    "cut in a chunk's end": (chunked(b"5\r\nhello\r"), cut(NO_LAST)),
    "cut before the last chunk": (chunked(b"5\r\nhello\r\n"), cut(NO_LAST)),
    "cut in the last chunk": (chunked(b"5\r\nhello\r\n0"), cut(IN_A_LINE)),
    "cut after the last chunk": (chunked(b"5\r\nhello\r\n0\r\n"), cut(NO_LAST)),
    "cut in the last line": (chunked(b"5\r\nhello\r\n0\r\n\r"), cut(IN_A_LINE)),
    "cut in the trailer": (chunked(b"5\r\nhello\r\n0\r\nX: 1\r\n"), cut(IN_A_LINE)),
    "trailer without colon": (
        chunked(b"5\r\nhello\r\n0\r\nnocolon\r\n\r\n"),
        bad("body", "illegal header line: b'nocolon'"),
    ),
    "a size's line without end": (
        chunked(b"5;" + b"a" * 2 * MOST_HEAD),
        bad("body", "a chunk's line too long"),
    ),
    "length and chunks": (
        message(b"Content-Length: 3", CHUNKED, body=b"5\r\nhello" + END),
        GOOD,
    ),
    "length and no chunks": (message(LENGTH, CHUNKED), cut(IN_A_LINE)),
    "chunks of HTTP/1.0": (
        message(CHUNKED, body=b"5\r\nhello" + END, status=b"HTTP/1.0 200 OK"),
        GOOD,
    ),
    "chunked twice": (
        message(CHUNKED, CHUNKED),
        bad("head", "multiple Transfer-Encoding headers"),
    ),
    **{
        f"coding {value!r}": (
            message(b"Transfer-Encoding:" + value, LENGTH),
            bad("head", "Transfer-Encoding is not chunked"),
        )
        for value in (b"", b"gzip, chunked", b"identity", b"chunkedx", b"chunked;q=1")
    },
}

CODINGS: Forms = {
    **{
        f"{coding!r} whole": (coded(coding, body), GOOD)
        for coding, body in (
            (b"gzip", GZ),
            (b"X-GZIP", GZ),
            (b"deflate", ZL),
            (b"deflate", RAW),
            (
                b"deflate",
                b"\x08\x05\0\xfa\xffhello\x03\0",
            ),  # not zlib's second byte
            (b"identity", b"hello"),
            (b"", b"hello"),
            (b"gzip, gzip", gzip.compress(GZ)),
            (b"deflate, gzip", gzip.compress(ZL)),
        )
    },
    **{
        f"gzip cut at {n}": (coded(b"gzip", GZ[:n]), cut(NO_END_MARK))
        for n in (1, 2, 9, 10, 12, len(GZ) - 8, len(GZ) - 1)
    },
    **{
        f"zlib cut at {n}": (coded(b"deflate", ZL[:n]), cut(NO_END_MARK))
        for n in (1, 2, 5, len(ZL) - 1)
    },
    **{
        f"deflate cut at {n}": (coded(b"deflate", RAW[:n]), cut(NO_END_MARK))
        for n in (1, 3, len(RAW) - 1)
    },
    "gzip in two members": (coded(b"gzip", GZ + GZ), (200, b"hellohello")),
    "gzip with a cut second member": (coded(b"gzip", GZ + GZ[:3]), cut(NO_END_MARK)),
    "gzip within gzip cut": (coded(b"gzip, gzip", gzip.compress(GZ[:-1])), cut(NO_END_MARK)),
    "gzip of another sum": (
        coded(b"gzip", GZ[:-8] + b"\0" * 8),
        damaged(f"{ZLIB}incorrect data check"),
    ),
    "gzip of another length": (
        coded(b"gzip", GZ[:-4] + b"\0" * 4),
        damaged(f"{ZLIB}incorrect length check"),
    ),
    "zlib of another sum": (
        coded(b"deflate", ZL[:-1] + b"\0"),
        damaged(f"{ZLIB}incorrect data check"),
    ),
    "no gzip": (coded(b"gzip", b"hello"), damaged(f"{ZLIB}incorrect header check")),
    "gzip and more": (coded(b"gzip", GZ + b"more"), damaged(f"{ZLIB}incorrect header check")),
    "zlib and more": (coded(b"deflate", ZL + b"more"), damaged("bytes follow its end")),
    "deflate and more": (coded(b"deflate", RAW + b"more"), damaged("bytes follow its end")),
    "gzip of length 0": (coded(b"gzip", b""), (200, b"")),
    "gzip up to the end": (message(b"Content-Encoding: gzip", body=GZ), GOOD),
    "gzip cut by the end": (message(b"Content-Encoding: gzip", body=GZ[:-4]), cut(NO_END_MARK)),
    "gzip cut before its first byte": (
        message(b"Content-Encoding: gzip", body=b""),
        cut(NO_END_MARK),
    ),
    **{
        f"coding {coding.decode()}": (
            coded(coding, b"hello"),
            (PROTOCOL, f"Content-Encoding {coding.decode().lower()} was not asked for"),
        )
        for coding in (b"br", b"zstd", b"X-Own", b"gzipp")
    },
    "gzip, then br": (coded(b"gzip, br", GZ), (PROTOCOL, "Content-Encoding br was not asked for")),
}
