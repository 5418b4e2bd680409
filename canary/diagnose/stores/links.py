"""How sure it is that a store which AWS shows is the one that a service means."""

from __future__ import annotations

import datetime as dt

from canary.control_plane.stores import Store
from canary.diagnose.core.case import AHEAD_S, Case, Failures
from canary.diagnose.stores import events

_STOPPED_AT_MOST = dt.timedelta(days=7)
"""RDS User Guide, "Stopping an Amazon RDS DB instance temporarily": then RDS starts it itself."""
_HOUR_S = 3600.0
_PASSING = frozenset(
    {
        *("stopping", "rebooting", "failing-over", "promoting", "deleting"),
        "rebooting cluster nodes",
    }
)
"""Statuses that end after minutes: a store did not have them while all was well."""


def certain(case: Case, part: Store) -> bool:
    """Return whether a store is surely that of its service, and not one of several stores."""
    own = [s for s in case.state.stores if s.service == part.service]
    wholes = {s.whole for s in own if not s.copy_of} or {s.whole for s in own}
    return not part.doubtful and wholes == {part.whole}


def is_new(case: Case, part: Store, cause: str, failures: Failures) -> bool:
    """Return whether a store surely got its status after the failing checks were well.

    Stores are read after failures only: no baseline tells in which status they were.
    """
    lately = (case.age(e.at) for e in events.about(part, cause))
    if part.status in _PASSING or any(-AHEAD_S < age < _HOUR_S for age in lately):
        return True
    since, well = stopped_at(part), well_at(case, failures)
    return bool(since and well) and since > well


def was_so(case: Case, part: Store, failures: Failures) -> bool:
    """Return whether a database was stopped already when the failing checks were well."""
    since, well = stopped_at(part), well_at(case, failures)
    return bool(since) and since <= well


def stopped_at(part: Store) -> str:
    """Return when a stopped database stopped, in ISO 8601 UTC, "" if AWS does not tell."""
    try:
        again = dt.datetime.fromisoformat(part.restarts_at)
    except ValueError:
        return ""
    if part.status != "stopped" or again.tzinfo is None:
        return ""
    return (again - _STOPPED_AT_MOST).astimezone(dt.UTC).isoformat(timespec="seconds")


def well_at(case: Case, failures: Failures) -> str:
    """Return when the last of the failing checks was well, in ISO 8601 UTC, "" for never."""
    known = case.baselines.of
    found = []
    for check in {f.check_id for f in failures} & known.keys():
        try:
            found.append(dt.datetime.fromisoformat(known[check].at).astimezone(dt.UTC))
        except ValueError:
            continue
    return max(found).isoformat(timespec="seconds") if found else ""
