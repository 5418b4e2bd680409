"""Where reports lie: a bucket or a folder, with the same promises.

`runs/<id>.json` is written once and never again; `latest/<environment>.json` is written last and
never replaces a newer run. Environments may share a store: what one of them keeps from run to run
bears its name. Only bytes pass through here: what they mean is the caller's business.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from pathlib import Path
from typing import Any, Protocol

RUNS = "runs/"
TYPES = {".json": "application/json", ".html": "text/html; charset=utf-8", ".svg": "image/svg+xml"}


def latest_name(environment: str) -> str:
    """Return the name of an environment's latest report."""
    return f"latest/{environment}.json"


class StoreError(Exception):
    """The store could not be read or written."""


class Store(Protocol):
    """Named bytes; a name has the form "runs/<id>.json"."""

    place: str

    def read(self, name: str) -> bytes | None:
        """Return what is kept under the name, None for nothing; raises StoreError."""
        ...

    def create(self, name: str, data: bytes) -> bool:
        """Write once and return True; a name that exists already is left as it is."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write, whatever was there before."""
        ...

    def point(self, name: str, data: bytes) -> bool:
        """Make these bytes the latest report of that name unless a newer run's are, and say so."""
        ...

    def names(self, limit: int) -> list[str]:
        """Return the names of runs, newest first."""
        ...

    def swap(self, name: str, seen: bytes, data: bytes) -> bool:
        """Write where `seen` is still there, and return whether it was."""
        ...


def open_store(place: str, s3: Any = None) -> Store:
    """Return the store at "s3://bucket/prefix" or in a folder; `s3` makes the client."""
    if place.startswith("s3://"):
        from canary.adapters.store.s3 import BucketStore

        return BucketStore(place, s3)
    return FolderStore(Path(place))


def run_id(data: bytes) -> str:
    """Return the run id in a report's bytes, "" where they are no report. Ids sort by time."""
    try:
        found = json.loads(data)["run"]["id"]
    except (ValueError, KeyError, TypeError):
        return ""
    return found if isinstance(found, str) else ""


def is_newer(data: bytes, present: bytes | None) -> bool:
    """Return whether a report may take the place of the present one."""
    return present is None or run_id(data) >= run_id(present)


class FolderStore:
    """A folder; each file appears whole, by renaming."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.place = str(folder)

    def read(self, name: str) -> bytes | None:
        """Return what is kept under the name, None for nothing."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{self._folder / name}: {error}") from error

    def create(self, name: str, data: bytes) -> bool:
        """Write once and return True; a name that exists already is left as it is."""
        path = self._folder / name
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data)
            os.link(part, path)  # fails where the name exists, and shows the file whole
        except FileExistsError:
            return False
        except OSError as error:
            raise StoreError(f"{path}: {error}") from error
        finally:
            _forget(part)
        return True

    def swap(self, name: str, seen: bytes, data: bytes) -> bool:
        """Write where `seen` is still there, and return whether it was."""
        path = self._folder / name
        try:
            with path.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # swaps of one name go one after the other
                if path.read_bytes() != seen:
                    return False
                self.write(name, data)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreError(f"{path}: {error}") from error
        return True

    def write(self, name: str, data: bytes) -> None:
        """Write, whatever was there before."""
        path = self._folder / name
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data)
            os.replace(part, path)
        except OSError as error:
            _forget(part)
            raise StoreError(f"{path}: {error}") from error

    def point(self, name: str, data: bytes) -> bool:
        """Make these bytes the latest report of that name unless a newer run's are."""
        if not is_newer(data, self.read(name)):
            return False
        self.write(name, data)
        return True

    def names(self, limit: int) -> list[str]:
        """Return the names of runs, newest first."""
        found = sorted((p.name for p in (self._folder / RUNS).glob("*.json")), reverse=True)
        return [RUNS + name for name in found[:limit]]


def _forget(part: Path) -> None:
    with contextlib.suppress(OSError):  # it was never made, or cannot be reached any more
        part.unlink()
