"""Tell whether the run that made an object has ended, so that the object may be removed.

Each object carries a tag: for how many seconds after its creation its run may need it. Runs of
other environments, with other budgets, and runs that died are thus told alike. Each side adds by
how much its clock differs from the platform's, so that a wrong clock removes nothing too early.
"""

from __future__ import annotations

import datetime as dt
import math
import re

from canary.probes.base.api import ProbeContext

NEEDED_TAG = "canary_needed_s"
MARGIN_S = 5.0  # for whole seconds of a date, and for a request that is slow to arrive
PLAIN = re.compile(r"\d{1,5}")


def needed_s(context: ProbeContext, clock_off_s: float) -> int:
    """Return the seconds for which this run may need an object that it makes now."""
    reserve = context.environment.run.cleanup_reserve
    return math.ceil(context.remaining(False) + reserve + clock_off_s + MARGIN_S)


def clocks_differ_s(now: dt.datetime, date: str) -> float:
    """Return by how many seconds our clock differs from an answer's date, 0 without a date."""
    try:
        theirs = dt.datetime.strptime(date, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=dt.UTC)
    except ValueError:
        return 0.0
    return abs((now - theirs).total_seconds())


def has_ended(age_s: float, tag: object, *, limit_s: float, clock_off_s: float) -> bool:
    """Return whether an object's run has ended; without a usable tag, `limit_s` alone decides."""
    if isinstance(tag, str) and PLAIN.fullmatch(tag):
        limit_s = min(limit_s, int(tag) + clock_off_s)
    return age_s > limit_s
