"""How often the pages of the latest run are written while nothing changes.

A write costs as much as twelve reads. A page that would say what it says already is written again
after a while only, so that its time shows that the canary lives and a lost page comes back.
"""

from __future__ import annotations

import msgspec

from canary.model import Frozen, Profile, parse_time
from canary.report.index import Entry

REFRESH_S = 300
"""Seconds after which the index and the badge are written again; silent is 900."""


class PageCadence(Frozen, frozen=True, kw_only=True):
    """Seconds after which unchanged page and archive are written again; 0: by each run."""

    every_s: int = 0


PAGES = {
    Profile.FULL: PageCadence(),
    Profile.STANDARD: PageCadence(),
    Profile.LEAN: PageCadence(every_s=REFRESH_S),
}
"""The page of the latest run, which shows each run's times, and the archive of its plots."""


def is_due(known: Entry | None, new: Entry) -> bool:
    """Return whether a run says something else than what is known, or that is too old."""
    if known is None or _said(known) != _said(new):
        return True
    before, now = parse_time(known.finished_at), parse_time(new.finished_at)
    return before is None or now is None or (now - before).total_seconds() >= REFRESH_S


def _said(entry: Entry) -> Entry:
    """Return what an entry says beside its run, its time and figures that move with each run."""
    return msgspec.structs.replace(entry, run_id="", finished_at="", strips=(), figures=())
