"""Progress events of a run."""

from __future__ import annotations

from collections.abc import Callable

from canary.model import Frozen, Result


class Progress(Frozen, frozen=True, kw_only=True):
    """One event: a phase began, or a check started or ended."""

    phase: str = ""  # "observe", "probe", "diagnose", "publish"
    check_id: str = ""
    result: Result | None = None  # set when the check ended
    done: int = 0
    total: int = 0


OnProgress = Callable[[Progress], None]


def quiet(_progress: Progress) -> None:
    """Ignore the progress."""
