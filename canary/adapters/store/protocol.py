"""The store of reports as a protocol, the names in it, and which of two reports is newer.

`runs/<id>.json` is written once and never replaced; `latest/<environment>.json` is written last
and never replaces the report of a newer run. Several environments may share a store: each file
that one of them keeps from run to run has the environment in its name, and a state of the control
plane is named by its content. A store handles bytes only.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Protocol

import msgspec

from canary.model import is_ahead, parse_time

RUN_ID = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})t([0-9]{2})([0-9]{2})([0-9]{2})")
NEVER = "9999-12-31T23:59:59+00:00"
RUNS = "runs/"
LARGEST = 64_000_000
"""Bytes of an object, unpacked: a report of 25,000 checks has some 40 million."""
TYPES = {".json": "application/json", ".html": "text/html; charset=utf-8", ".svg": "image/svg+xml"}


def run_name(run_id: str, suffix: str = ".json") -> str:
    """Return the name of a run's report."""
    return f"{RUNS}{run_id}{suffix}"


def latest_name(environment: str) -> str:
    """Return the name of an environment's latest report."""
    return f"latest/{environment}.json"


def latest_page(environment: str) -> str:
    """Return the name of the HTML page of an environment's latest run."""
    return f"latest/{environment}.html"


def state_name(reference: str) -> str:
    """Return the name of a state of the control plane, which is named by its content."""
    return f"state/{reference}.json"


def changes_name(environment: str) -> str:
    """Return the name of the history of an environment's control plane."""
    return f"changes/{environment}.json"


class StoreError(Exception):
    """The store could not be read or written."""


class TooLargeError(StoreError):
    """An object is larger than a report can be, so it is none."""

    def __init__(self, largest: int, name: str = "") -> None:
        self.largest = largest
        where = f"{name}: " if name else ""
        what = f"the object is larger than a report can be ({largest // 1_000_000} MB)"
        super().__init__(f"{where}{what}")


class Store(Protocol):
    """Bytes under names of the form "runs/<id>.json"; each method raises StoreError."""

    place: str

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a name, None if there are none."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write, and replace earlier bytes."""
        ...

    def put_if_absent(self, name: str, data: bytes) -> bool:
        """Write a name that does not exist yet; return whether it was written."""
        ...

    def compare_and_swap(self, name: str, seen: bytes, data: bytes) -> bool:
        """Write if the present bytes are still `seen`; return whether they were."""
        ...

    def set_latest(self, name: str, data: bytes) -> bool:
        """Write the latest report unless a newer run's is there; return whether it was written."""
        ...

    def names(self, limit: int) -> list[str]:
        """Return the names of runs, newest first."""
        ...


def run_id(data: bytes) -> str:
    """Return the run id in a report's bytes, "" if they are no report. Ids sort by time."""
    return _run(data).id


def is_newer(data: bytes, present: bytes | None, now: dt.datetime | None = None) -> bool:
    """Return whether a report may replace the present one.

    One that is ahead of the clock by more than `AHEAD` is no newer one: its writer's clock was
    wrong, and it would keep every later report out until its day comes.
    """
    if present is None:
        return True
    return is_later(run_id(data), (run_id(present), started_at(present)), now)


def is_later(mine: str, present: tuple[str, str], now: dt.datetime | None = None) -> bool:
    """Return whether a run may replace another one, which is given by its id and its start.

    What has no id of a run, or one that is ahead of the clock, keeps no later report out.
    """
    name, at = present
    moment = now or dt.datetime.now(dt.UTC)
    return mine >= name or is_ahead(at, moment) or is_ahead(_begun(name), moment)


def _begun(name: str) -> str:
    """Return the moment in a run's id as ISO 8601, the last one of all if it is no id."""
    found = RUN_ID.match(name)
    if found is None:
        return NEVER
    year, month, day, hour, minute, second = found.groups()
    text = f"{year}-{month}-{day}T{hour}:{minute}:{second}+00:00"
    return text if parse_time(text) else NEVER


def started_at(data: bytes) -> str:
    """Return when the run of a report began, "" if the bytes are no report."""
    return _run(data).started_at


class _Run(msgspec.Struct):
    id: str = ""
    started_at: str = ""


class _Stored(msgspec.Struct):
    run: _Run


def _run(data: bytes) -> _Run:
    """Return the run of a report; the rest of the bytes takes no memory."""
    try:
        return msgspec.json.decode(data, type=_Stored).run
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Run()
