"""Keeps the pages for people in the store: what was there is read, this run is added, all written.

At the first refusal of the store everything is left as it is: a month of history is not begun
anew for one denied request, and a store that hangs costs no more than one time-out.
"""

from __future__ import annotations

from canary.adapters.store.protocol import Store, StoreError
from canary.model import Report


def keep_latest(store: Store, report: Report, every_s: int = 0) -> tuple[str, ...]:
    """Write every page of the latest run and return what went wrong; never raises for the store."""
    from canary.report import pages  # Jinja2 costs a cold start; by now everybody has been told

    try:
        archived = store.read(pages.archive_name(report.run.environment))
        indexed = store.read(pages.INDEX)
        made = pages.pages(report, archived, indexed, every_s=every_s)
        for name, text in made.files.items():
            store.write(name, text.encode())
    except StoreError as error:
        return (f"pages are left as they were: {error}",)
    return made.notes
