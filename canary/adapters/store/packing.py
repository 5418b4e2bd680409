"""Compression of the objects in a bucket: reports are long and repeat themselves."""

from __future__ import annotations

import zlib
from pathlib import PurePosixPath

from canary.adapters.store.protocol import LARGEST, StoreError, TooLargeError

GZIP = 31  # zlib's number for a gzip header with a window of 32 KB
LEVEL = 6
MAGIC = b"\x1f\x8b"
SHORTEST = 1_024  # bytes; a shorter file gains nothing
PLAIN = ("spread/",)  # Step Functions reads the list of shards by itself


def is_packed(name: str, data: bytes) -> bool:
    """Return whether a file is stored compressed: JSON is, pages are not.

    Pages are served by whatever a company has, often from a copy that loses the encoding.
    """
    wanted = PurePosixPath(name).suffix == ".json" and len(data) >= SHORTEST
    return wanted and not name.startswith(PLAIN)


def pack(data: bytes) -> bytes:
    """Return the bytes as gzip, the same for the same bytes."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
    return packer.compress(data) + packer.flush()


def unpack(data: bytes, largest: int = LARGEST) -> bytes:
    """Return the bytes as they were given; those that are no gzip stay. Raises StoreError."""
    if not data.startswith(MAGIC):  # written by an earlier version, or by hand
        return data
    unpacker = zlib.decompressobj(GZIP)
    try:
        found = unpacker.decompress(data, largest)
    except zlib.error as error:
        raise StoreError(f"the object is damaged: {error}") from error
    if not unpacker.eof:
        if len(found) == largest:
            raise TooLargeError(largest)
        raise StoreError("the object is cut off")
    return found
