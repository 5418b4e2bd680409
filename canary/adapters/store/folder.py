"""The store in a folder of the local file system."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from pathlib import Path

from canary.adapters.store.protocol import (
    LARGEST,
    RUNS,
    StoreError,
    TooLargeError,
    is_newer,
)


class FolderStore:
    """A folder; each file appears whole, by renaming."""

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        self._folder, self._largest = folder, largest
        self.place = str(folder)

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a name, None if there are none."""
        try:
            with (self._folder / name).open("rb") as file:
                found = file.read(self._largest + 1)
            if len(found) > self._largest:
                raise TooLargeError(self._largest, str(self._folder / name))
            return found
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{self._folder / name}: {error.strerror or error}") from error

    def put_if_absent(self, name: str, data: bytes) -> bool:
        """Write a name that does not exist yet; return whether it was written."""
        path = self._folder / name
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data)
            os.link(part, path)  # fails where the name exists, and shows the file whole
        except FileExistsError:
            return False
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror or error}") from error
        finally:
            _remove_part(part)
        return True

    def compare_and_swap(self, name: str, seen: bytes, data: bytes) -> bool:
        """Write if the present bytes are still `seen`; return whether they were."""
        path = self._folder / name
        try:
            with path.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # one swap of a name at a time
                if path.read_bytes() != seen:
                    return False
                self.write(name, data)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror or error}") from error
        return True

    def write(self, name: str, data: bytes) -> None:
        """Write, and replace earlier bytes."""
        path = self._folder / name
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data)
            os.replace(part, path)
        except OSError as error:
            _remove_part(part)
            raise StoreError(f"{path}: {error.strerror or error}") from error

    def set_latest(self, name: str, data: bytes) -> bool:
        """Write the latest report unless a newer run's is there; return whether it was written."""
        try:
            present = self.read(name)
        except TooLargeError:
            present = None  # no report of a run: the next one replaces it
        if not is_newer(data, present):
            return False
        self.write(name, data)
        return True

    def names(self, limit: int) -> list[str]:
        """Return the names of runs, newest first."""
        found = sorted((p.name for p in (self._folder / RUNS).glob("*.json")), reverse=True)
        return [RUNS + name for name in found[:limit]]


def _remove_part(part: Path) -> None:
    with contextlib.suppress(OSError):  # it was never made, or cannot be reached any more
        part.unlink()
