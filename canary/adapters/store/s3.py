"""The store in an S3 bucket; conditional writes keep two runs from overwriting each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from canary.adapters.store.packing import is_packed, pack, unpack
from canary.adapters.store.protocol import (
    LARGEST,
    RUNS,
    TYPES,
    StoreError,
    TooLargeError,
    is_later,
    run_id,
    started_at,
)

ATTEMPTS = 4
"""Tries to write the latest report; each fails only if another run wrote it in between."""
MISSING = ("NoSuchKey", "404", "NotFound")
EXISTS = ("PreconditionFailed", "412")
RUN, STARTED = "run-id", "started-at"
"""Metadata of the latest report: who asks whether it is newer need not read it."""
RACE = (*EXISTS, "ConditionalRequestConflict", "409", *MISSING)


class BucketStore:
    """Objects under "s3://bucket/prefix"."""

    def __init__(self, place: str, s3: Callable[[], Any], largest: int = LARGEST) -> None:
        self._largest = largest
        self.place = place.rstrip("/")
        self._bucket, _, prefix = place.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._s3 = s3

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a name, None if there are none."""
        found = self._get(name)
        return None if found is None else found[0]

    def put_if_absent(self, name: str, data: bytes) -> bool:
        """Write a name that does not exist yet; return whether it was written."""
        return self._put(name, data, lost=EXISTS, IfNoneMatch="*")

    def compare_and_swap(self, name: str, seen: bytes, data: bytes) -> bool:
        """Write if the present bytes are still `seen`; return whether they were."""
        found = self._get(name)
        return (
            found is not None
            and found[0] == seen
            and self._put(name, data, lost=RACE, IfMatch=found[1])
        )

    def write(self, name: str, data: bytes) -> None:
        """Write, and replace earlier bytes."""
        self._put(name, data)

    def set_latest(self, name: str, data: bytes) -> bool:
        """Write the latest report unless a newer run's is there; return whether it was written."""
        stamp = {RUN: run_id(data), STARTED: started_at(data)}
        for _ in range(ATTEMPTS):
            found = self._stamp(name)
            if found is not None and not is_later(stamp[RUN], (found[0], found[1])):
                return False
            condition = {"IfMatch": found[2]} if found else {"IfNoneMatch": "*"}
            if self._put(name, data, lost=RACE, Metadata=stamp, **condition):
                return True
        raise StoreError(f"{self.place}/{name}: lost the race {ATTEMPTS} times")

    def names(self, limit: int) -> list[str]:
        """Return the names of runs, newest first."""
        start = self._prefix + RUNS
        with self._errors(RUNS):
            pages = self._s3().get_paginator("list_objects_v2")
            listed = pages.paginate(Bucket=self._bucket, Prefix=start)
            keys = [o["Key"] for page in listed for o in page.get("Contents", [])]
        found = sorted(k.removeprefix(self._prefix) for k in keys if k.endswith(".json"))
        return found[::-1][:limit]

    def _get(self, name: str) -> tuple[bytes, str] | None:
        with self._errors(name):
            try:
                answer = self._s3().get_object(Bucket=self._bucket, Key=self._prefix + name)
                if answer["ContentLength"] > self._largest:
                    raise TooLargeError(self._largest)
                return unpack(answer["Body"].read(), self._largest), answer["ETag"]
            except TooLargeError as error:
                raise TooLargeError(self._largest, f"{self.place}/{name}") from error
            except StoreError as error:
                raise StoreError(f"{self.place}/{name}: {error}") from error
            except ClientError as error:
                if _code(error) in MISSING:
                    return None
                raise

    def _stamp(self, name: str) -> tuple[str, str, str] | None:
        """Return the run, its start and the ETag of a report; its bytes are read only if need be.

        A report of an earlier version has no metadata that name its run.
        """
        with self._errors(name):
            try:
                head = self._s3().head_object(Bucket=self._bucket, Key=self._prefix + name)
            except ClientError as error:
                if _code(error) in MISSING:
                    return None
                raise
        known = head.get("Metadata", {})
        if known.get(RUN):
            return known[RUN], known.get(STARTED, ""), head["ETag"]
        try:
            found = self._get(name)
        except TooLargeError:
            return "", "", head["ETag"]  # no report of a run: the next one replaces it
        return None if found is None else (run_id(found[0]), started_at(found[0]), found[1])

    def _put(self, name: str, data: bytes, lost: tuple[str, ...] = (), **more: Any) -> bool:
        """Write and return True; False where a condition did not hold."""
        kind = TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")
        if is_packed(name, data):
            data, more = pack(data), {**more, "ContentEncoding": "gzip"}
        with self._errors(name):
            try:
                self._s3().put_object(
                    Bucket=self._bucket,
                    Key=self._prefix + name,
                    Body=data,
                    ContentType=kind,
                    **more,
                )
            except ClientError as error:
                if _code(error) in lost:
                    return False
                raise
        return True

    @contextmanager
    def _errors(self, name: str) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            raise StoreError(f"{self.place}/{name}: {error}") from error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
