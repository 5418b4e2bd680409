"""The twin of a world that cells are tried on, well before each of them."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.canary.support.aws_snapshot import changed, taken
from tests.canary.support.live_twin import Report, Twin, broken, causes

WELL = 3
"""Healthy runs before the faults: then each check has its baseline."""
TRIES = 3


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
            _well(self._twin)
            self._well = taken(self._twin.client)
        return self._twin

    def healed(self) -> dict[str, Any]:
        """Heal, and return everything that AWS describes; it is what it was at the beginning."""
        why = ""
        for number in range(TRIES):
            try:
                self.twin.heal()
                found = taken(self.twin.client)
                if not (differs := list(changed(self._well, found))):
                    return found
                why = ", ".join(differs[:3])
            except (AssertionError, subprocess.TimeoutExpired) as error:
                why = str(error)
            if number:  # the first time the machine may only have been late
                self.stop()
        raise AssertionError(f"a twin that is healed is not what it was: {why}")

    def stop(self) -> None:
        """End the twin, if there is one."""
        if self._twin is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._twin.stop()
        self._twin = None


def _well(twin: Twin) -> None:
    """Make the store of healthy runs; a busy machine may be too slow for the first ones."""
    healthy = twin.folder / "healthy-store"
    for _ in range(TRIES):
        shutil.rmtree(healthy, ignore_errors=True)
        twin.settle()
        found = [twin.run(f"healthy-{number}", healthy) for number in range(WELL)]
        if not any(broken(report) or causes(report) for report in found):
            twin.healthy = found[0]
            return
    raise AssertionError(f"a healthy world is not: {what_is_wrong(found[-1])}")


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
