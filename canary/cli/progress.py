"""What a person sees while a run works: a line that moves on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from canary.model import Result, Status
from canary.report.text import visible
from canary.runner import Progress as News

WORDS = {
    "observe": "Reading the control plane",
    "probe": "Probing",
    "diagnose": "Looking for the cause",
    "publish": "Writing the report",
}
STYLE = {Status.FAIL: "red", Status.ERROR: "magenta", Status.SKIP: "yellow", Status.PASS: "green"}


class Shown:
    """Shows news of a run on stderr; a context manager."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._console = Console(stderr=True, highlight=False)
        self._bar: Progress | None = None
        if sys.stderr.isatty() and not quiet:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=30),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._task = self._bar.add_task("Starting", total=None)

    def __enter__(self) -> Shown:
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

    def tell(self, news: News) -> None:
        """Show one piece of news."""
        if self._quiet:
            return
        if self._bar is not None:
            self._bar.update(
                self._task,
                description=WORDS.get(news.phase, news.phase),
                total=news.total or None,
                completed=news.done if news.result else None,
            )
        elif not news.check_id:
            self._console.print(f"{WORDS.get(news.phase, news.phase)} …")
        if news.result is not None and news.result.status is not Status.PASS:
            # one object, one line: with the bar on screen rich loses a line that is not ended
            if self._bar is None:
                self._console.print(line(news.result), soft_wrap=True)
            else:
                self._console.print(line(news.result), no_wrap=True, overflow="ellipsis")


def line(result: Result) -> Text:
    """Return what did not pass as one line; every value is plain text, never markup."""
    return Text.assemble(
        "  ",
        (f"{result.status.value:5}", STYLE[result.status]),
        f" {result.check_id}  ",
        (" ".join(visible(result.reason).split()), "dim"),
    )
