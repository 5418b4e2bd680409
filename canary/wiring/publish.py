"""Update the latest page, badge, archive and index in the store, each call with a time-out.

After the first refusal of the store the pages stay as they are: one denied request must not start
a month of history anew, and a store that hangs costs no more than one time-out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from canary.adapters.store.protocol import Store, StoreError, run_name
from canary.model import Report
from canary.wiring.run import within

T = TypeVar("T")

STORE_HUNG_S = 0.3
"""Seconds for a call of the store after one timed out in this run; the log takes what is lost."""


class StoreTimeout:
    """Apply a short time-out to the store after its first time-out in a run."""

    def __init__(self) -> None:
        self._hung = False

    def call(self, seconds: float, action: Callable[[], T]) -> T:
        """Return the action's value; raises TimeoutError when it takes longer."""
        try:
            return within(STORE_HUNG_S if self._hung else seconds, action)
        except TimeoutError:
            self._hung = True
            raise


def publish_page(store: Store, report: Report) -> None:
    """Write the page of one run."""
    from canary.report import html  # Jinja2 costs a cold start, and most runs need no page

    store.write(run_name(report.run.id, ".html"), html.render(report).encode())


def publish_latest_pages(store: Store, report: Report, every_s: int = 0) -> tuple[str, ...]:
    """Write every page of the latest run and return the problems; never raises for the store.

    `every_s` is the period of the schedule.
    """
    from canary.report import pages  # Jinja2 costs a cold start; messages are out by now

    try:
        archived = store.read(pages.archive_name(report.run.environment))
        indexed = store.read(pages.INDEX)
        made = pages.pages(report, archived, indexed, every_s=every_s)
        for name, text in made.files.items():
            store.write(name, text.encode())
    except StoreError as error:
        return (f"pages are left as they were: {error}",)
    return made.notes
