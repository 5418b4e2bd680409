"""Content codings: a body as it was meant, complete, and never longer than a limit."""

from __future__ import annotations

import zlib

from canary.adapters.http_client.exchange import CutShortError, NotHttpError

_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's window bits


def decoded(body: bytes, codings: str, limit: int, *, whole: bool) -> bytes:
    """Return a body without its content codings, at most one byte more than `limit`.

    `whole`: the body was read to its end. Raises NotHttpError, CutShortError.
    """
    for coding in reversed([c.strip().lower() for c in codings.split(",") if c.strip()]):
        if coding in ("gzip", "x-gzip"):
            body = _inflated(body, _GZIP, limit, whole=whole)
        elif coding == "deflate":  # RFC 9110, 8.4.1.2: some send it without zlib's frame
            bits = _ZLIB if body[:1] and body[0] & 0x0F == 8 and _checks(body) else _RAW
            body = _inflated(body, bits, limit, whole=whole)
        elif coding != "identity":
            raise NotHttpError(f"Content-Encoding {coding[:40]} was not asked for")
    return body


def _checks(body: bytes) -> bool:
    return len(body) > 1 and (body[0] << 8 | body[1]) % 31 == 0  # RFC 1950, 2.2


def _inflated(body: bytes, bits: int, limit: int, *, whole: bool) -> bytes:
    made = bytearray()
    while body:
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
        body = stream.unused_data if bits == _GZIP else b""  # RFC 1952, 2.2: members follow
    return bytes(made)
