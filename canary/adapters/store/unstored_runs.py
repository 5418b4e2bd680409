"""Runs whose report could not be stored, remembered on this machine until the next run."""

from __future__ import annotations

import tempfile
from pathlib import Path

from canary.model import names


class UnstoredRuns:
    """A small file in the temporary folder, which a warm function keeps from run to run."""

    def __init__(self, environment: str, folder: Path | None = None) -> None:
        place = folder or Path(tempfile.gettempdir())
        self._file = place / f"{names.own(environment)}.lost"

    def remember(self, run_id: str) -> None:
        """Note that this run's report is not in the store."""
        try:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(run_id + "\n")
        except OSError:
            return  # the log has the whole report; this was only a hint for the next run

    def pop(self) -> tuple[str, ...]:
        """Return the ids of the noted runs and delete the note."""
        try:
            found = tuple(self._file.read_text(encoding="utf-8").split())
            self._file.unlink()
        except OSError:
            return ()
        return found
