"""Content codings: a body as it was meant, complete, and never longer than a limit."""

from __future__ import annotations

import zlib

from canary.adapters.http_client.exchange import CutShortError, NotHttpError

_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's window bits


def decoded(body: bytes, codings: str, limit: int, *, whole: bool) -> tuple[bytes, bool]:
    """Return a body without its content codings, and whether that is all of it.

    It is at most one byte longer than `limit`, and then is not all. `whole`: the body was read to
    its end. Raises NotHttpError, CutShortError.
    """
    for coding in reversed([c.strip().lower() for c in codings.split(",") if c.strip()]):
        if coding in ("gzip", "x-gzip"):
            body = _inflated(body, _GZIP, limit, whole=whole)
        elif coding == "deflate":  # RFC 9110, 8.4.1.2: some send it without zlib's frame
            body = _inflated(body, _ZLIB if _framed(body) else _RAW, limit, whole=whole)
        elif coding != "identity":
            raise NotHttpError(f"Content-Encoding {coding[:40]} was not asked for")
        whole = whole and len(body) <= limit
    return body, whole


def _framed(body: bytes) -> bool:
    """Return whether a body begins with zlib's two bytes (RFC 1950, 2.2)."""
    first = int.from_bytes(body[:2], "big")
    return len(body) > 1 and first >> 8 & 0x0F == 8 and first % 31 == 0


def _inflated(body: bytes, bits: int, limit: int, *, whole: bool) -> bytes:
    made = bytearray()
    while True:
        stream = zlib.decompressobj(bits)
        try:
            made += stream.decompress(body, limit + 1 - len(made))
        except zlib.error as error:
            raise NotHttpError(f"the compressed body is damaged: {error}") from error
        if len(made) > limit:
            return bytes(made)
        if not stream.eof:
            if whole:
                raise CutShortError("the compressed body ends before its end mark")
            return bytes(made)
        body = stream.unused_data
        if not body:
            return bytes(made)
        if bits != _GZIP:  # of which members may follow each other (RFC 1952, 2.2)
            raise NotHttpError("the compressed body is damaged: bytes follow its end")
