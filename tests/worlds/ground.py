"""The twin of a world that cells are tried on, well before each of them."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path
from typing import Any

from tests.canary.support.aws_snapshot import changed, taken
from tests.canary.support.live_twin import Report, Twin, broken, causes

WELL = 3
"""Healthy runs before the faults: then each check has its baseline."""


class Ground:
    """A world's twin with a store of healthy runs; another twin comes where one is left broken."""

    def __init__(self, world: str, folder: Path) -> None:
        self.world, self.folder = world, folder
        self._count = 0
        self._twin: Twin | None = None
        self._well: dict[str, Any] = {}

    @property
    def twin(self) -> Twin:
        """Return the twin, started when it is first asked for."""
        if self._twin is None:
            self._count += 1
            folder = self.folder / f"{self.world}-{self._count}"
            folder.mkdir(parents=True)
            self._twin = Twin(folder, "--world", self.world)
            self._twin.store()
            for number in range(1, WELL):
                self._twin.run(f"healthy-{number}", folder / "healthy-store")
            self._well = taken(self._twin.client)
        return self._twin

    def healed(self) -> dict[str, Any]:
        """Heal, and return everything that AWS describes; it is what it was at the beginning."""
        for _ in range(2):
            with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
                self.twin.heal()
                found = taken(self.twin.client)
                if not changed(self._well, found):
                    return found
            self.stop()
        raise AssertionError("a twin that is healed is not what it was at the beginning")

    def stop(self) -> None:
        """End the twin, if there is one."""
        if self._twin is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._twin.stop()
        self._twin = None


def after(twin: Twin, name: str, store: Path) -> Report:
    """Return the report of the run after a fix.

    On a busy machine a task that began just before the fix ends after it: the next run, without a
    further fix, has the last word then.
    """
    report = twin.run(name, store)
    if broken(report):
        twin.settle()
        report = twin.run(name, store)
    return report


def what_is_wrong(report: Report) -> str:
    """Return the failed checks and the causes of a run, in one line."""
    failed = ", ".join(broken(report)[:4])
    return f"{failed} ({', '.join(causes(report)[:3]) or 'no cause'})"
