"""Show the progress of a run: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from canary.model import Result, Status
from canary.report.text import milliseconds, visible
from canary.runner import Progress as RunProgress

WORDS = {
    "observe": "Reading the control plane",
    "probe": "Probing",
    "diagnose": "Looking for the cause",
    "publish": "Writing the report",
}
STYLE = {Status.FAIL: "red", Status.ERROR: "magenta", Status.SKIP: "yellow", Status.PASS: "green"}


_LINES = 8  # lines of checks that do not pass, on a terminal: the summary that follows has the rest


class Oldest(ProgressColumn):
    """The check that has been running the longest, and for how long."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._begun: dict[str, float] = {}

    def begin(self, check_id: str) -> None:
        """Note that a check has started."""
        self._begun[check_id] = self._clock()

    def end(self, check_id: str) -> None:
        """Note that a check has ended."""
        self._begun.pop(check_id, None)

    def render(self, task: Task) -> Text:  # noqa: ARG002 - rich's own signature
        """Return its text in the bar."""
        running = list(self._begun.items())  # the run goes on while the bar is drawn
        if not running:
            return Text("")
        check_id, begun = min(running, key=lambda item: item[1])
        return Text(f"{check_id} {milliseconds(1000 * (self._clock() - begun))}", style="dim")


class RunDisplay:
    """Shows the progress of a run on stderr; a context manager."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._console = Console(stderr=True, highlight=False)
        self._bar: Progress | None = None
        self._oldest = Oldest()
        self._not_passing = 0
        if sys.stderr.isatty() and not quiet:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=20),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                self._oldest,
                console=self._console,
                transient=True,
            )
            self._task = self._bar.add_task("Starting", total=None)

    def __enter__(self) -> RunDisplay:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def on_progress(self, event: RunProgress) -> None:
        """Show one progress event."""
        if self._quiet:
            return
        if self._bar is not None:
            self._move(self._bar, event)
        elif not event.check_id:
            self._console.print(f"{WORDS.get(event.phase, event.phase)} …")
        if event.result is not None and event.result.status is not Status.PASS:
            self._not_passing += 1
            # one object, one line: with the bar on screen rich loses a line that is not ended
            if self._bar is None:
                self._console.print(line(event.result), soft_wrap=True)
            elif self._not_passing <= _LINES:
                self._console.print(line(event.result), no_wrap=True, overflow="ellipsis")

    def _move(self, bar: Progress, event: RunProgress) -> None:
        if event.result is not None:
            self._oldest.end(event.check_id)
        elif event.check_id:
            self._oldest.begin(event.check_id)
        further = f", {self._not_passing} not passing" if self._not_passing else ""
        bar.update(
            self._task,
            description=WORDS.get(event.phase, event.phase) + further,
            total=event.total or None,
            completed=event.done if event.result else None,
        )


def line(result: Result) -> Text:
    """Return a check that did not pass as one line; every value is plain text, never markup."""
    return Text.assemble(
        "  ",
        (f"{result.status.value:5}", STYLE[result.status]),
        f" {result.check_id} {milliseconds(result.duration_ms)}  ",
        (" ".join(visible(result.reason).split()), "dim"),
    )
