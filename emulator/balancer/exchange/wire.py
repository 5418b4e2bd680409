"""Read and write HTTP/1.1 heads and bodies within the load balancer's limits.

Source of the limits: "Quotas for your Application Load Balancers".
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import msgspec

from emulator.balancer.exchange.stream import Reader

REQUEST_LINE_BYTES = 16 * 1024
HEADER_BYTES = 16 * 1024
REQUEST_HEAD_BYTES = 64 * 1024
RESPONSE_HEAD_BYTES = 32 * 1024
CHUNK_BYTES = 64 * 1024

UNTIL_CLOSE = -1
CHUNKED = -2

Headers = list[tuple[str, str]]

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_STATUS_LINE = re.compile(rb"HTTP/(\d)\.(\d) (\d{3})(?: ([^\r\n]*))?")


class RefusedError(Exception):
    """A malformed request or response; status is the response to the client."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class TruncatedError(Exception):
    """The peer closed before its message was complete."""


class RequestHead(msgspec.Struct, frozen=True, kw_only=True):
    """A request without its body; length is bytes or CHUNKED."""

    method: str
    target: str
    version: tuple[int, int]
    headers: Headers
    length: int


class ResponseHead(msgspec.Struct, frozen=True, kw_only=True):
    """An answer without its body; length is bytes, CHUNKED or UNTIL_CLOSE."""

    status: int
    phrase: str
    headers: Headers
    length: int


async def _line(reader: Reader, limit: int, status: int) -> bytes:
    try:
        line = await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        raise TruncatedError(f"closed after {len(error.partial)} bytes of a line") from error
    except asyncio.LimitOverrunError as error:
        raise RefusedError(status, "line too long") from error
    if len(line) > limit:
        raise RefusedError(status, f"line over {limit} bytes")
    return line.rstrip(b"\r\n")


async def _headers(reader: Reader, each: int, total: int, status: int) -> Headers:
    found: Headers = []
    while line := await _line(reader, each, status):
        total -= len(line) + 2
        if total < 0:
            raise RefusedError(status, "headers too large")
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not _TOKEN.fullmatch(name):
            raise RefusedError(400, "malformed header line")
        found.append((name, value.strip(" \t")))
    return found


def values(headers: Headers, name: str) -> list[str]:
    """Return all values of a header; name in lower case."""
    return [value for key, value in headers if key.lower() == name]


def first(headers: Headers, name: str) -> str | None:
    """Return the first value of a header, None if it is absent; name in lower case."""
    return next(iter(values(headers, name)), None)


def _length(headers: Headers, absent: int) -> int:
    encodings = ",".join(values(headers, "transfer-encoding")).lower().replace(" ", "")
    if encodings not in ("", "identity", "chunked"):
        raise RefusedError(501, f"transfer encoding {encodings}")
    if encodings == "chunked":
        return CHUNKED
    lengths = set(values(headers, "content-length"))
    if not lengths:
        return absent
    length = lengths.pop()
    if lengths or not (length.isascii() and length.isdigit()):
        raise RefusedError(400, "malformed content length")
    return int(length)


async def read_request(reader: Reader) -> RequestHead | None:
    """Return the next request's head, or None if the client closed.

    Raises RefusedError and TruncatedError.
    """
    line = b""
    while not line:  # a stray empty line before a request is forgiven (RFC 9112, 2.2)
        if reader.at_eof():
            return None
        try:
            line = await _line(reader, REQUEST_LINE_BYTES, 414)
        except TruncatedError as error:
            if isinstance(error.__cause__, asyncio.IncompleteReadError) and (
                not error.__cause__.partial
            ):
                return None
            raise
    parts = line.decode("latin-1").split(" ")
    if len(parts) != 3 or not _TOKEN.fullmatch(parts[0]) or not parts[1]:
        raise RefusedError(400, "malformed request line")
    if parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise RefusedError(505 if parts[2].startswith("HTTP/") else 400, "protocol version")
    headers = await _headers(reader, HEADER_BYTES, REQUEST_HEAD_BYTES, 413)
    version = (1, 1) if parts[2] == "HTTP/1.1" else (1, 0)
    hosts = len(values(headers, "host"))
    if hosts > 1 or (hosts == 0 and version == (1, 1)):
        raise RefusedError(400, "exactly one Host header is needed")
    length = _length(headers, 0)
    return RequestHead(
        method=parts[0], target=parts[1], version=version, headers=headers, length=length
    )


async def read_response(reader: Reader, method: str) -> ResponseHead:
    """Return the next response's head, without interim responses.

    Raises RefusedError and TruncatedError.
    """
    while True:
        line = await _line(reader, RESPONSE_HEAD_BYTES, 502)
        shape = _STATUS_LINE.fullmatch(line)
        if shape is None or shape[1] != b"1":
            raise RefusedError(502, "malformed status line")
        headers = await _headers(reader, RESPONSE_HEAD_BYTES, RESPONSE_HEAD_BYTES, 502)
        status = int(shape[3])
        if status >= 200:
            break
    length = _length(headers, UNTIL_CLOSE)
    if method == "HEAD" or status in (204, 304):
        length = 0
    phrase = (shape[4] or b"").decode("latin-1")
    return ResponseHead(status=status, phrase=phrase, headers=headers, length=length)


async def body(reader: Reader, length: int) -> AsyncIterator[bytes]:
    """Yield a body's bytes as they arrive, without the chunked encoding.

    Raises TruncatedError where it stops early, RefusedError where chunks are malformed.
    """
    if length == CHUNKED:
        async for piece in _chunks(reader):
            yield piece
        return
    while length != 0:
        piece = await reader.read(CHUNK_BYTES if length < 0 else min(CHUNK_BYTES, length))
        if not piece:
            if length > 0:
                raise TruncatedError(f"{length} bytes of the body are missing")
            return
        if length > 0:
            length -= len(piece)
        yield piece


async def _chunks(reader: Reader) -> AsyncIterator[bytes]:
    while True:
        mark = (await _line(reader, HEADER_BYTES, 400)).split(b";")[0].strip()
        try:
            size = int(mark, 16)
        except ValueError as error:
            raise RefusedError(400, "malformed chunk") from error
        if size < 0:
            raise RefusedError(400, "malformed chunk")
        if size == 0:
            while await _line(reader, HEADER_BYTES, 400):
                pass  # trailers are not passed on
            return
        async for piece in body(reader, size):
            yield piece
        if await _line(reader, HEADER_BYTES, 400):
            raise RefusedError(400, "malformed chunk")


def chunk(piece: bytes) -> bytes:
    """Return a piece of a body as one chunk."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


LAST_CHUNK = b"0\r\n\r\n"


def head_bytes(start: str, headers: Headers) -> bytes:
    """Return a head's bytes."""
    lines = [start, *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
