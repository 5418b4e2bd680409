"""Choose what a run that follows changes looks at, and which changes need no further run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from canary.model import Config, Environment, Followed, parse_time
from canary.probes.base.api import Kind

AGAIN_S = 120
"""Seconds after a change at which it is looked at for the second time."""
STALE_S = 900
"""Seconds after which a change is followed no more: scheduled runs have seen it long ago."""


class Covered:
    """When the newest run began that looked at a service; kept while the function is warm."""

    def __init__(self) -> None:
        self._began: dict[str, dt.datetime] = {}

    def left(self, changes: Iterable[Followed], now: dt.datetime) -> tuple[Followed, ...]:
        """Return the changes that no run looked at since they are due, each once, oldest first."""
        found = {}
        for one in changes:
            at = parse_time(one.at)
            if (
                at is None
                or (now - at).total_seconds() > STALE_S
                or at > now + dt.timedelta(seconds=AGAIN_S)
            ):
                continue
            due = at + dt.timedelta(seconds=AGAIN_S if one.again else 0)
            began = self._began.get(one.service)
            if began is None or began < due:
                found[one.service, one.event, one.id] = one
        return tuple(sorted(found.values(), key=lambda one: one.at))

    def began(self, changes: Iterable[Followed], now: dt.datetime) -> None:
        """Note that a run which looks at these changes begins now."""
        for one in changes:
            self._began[one.service] = now


def checks_of(
    changes: Iterable[Followed], config: Config, kinds: Mapping[str, Kind]
) -> tuple[str, ...]:
    """Return the checks of the changed services and of those that depend on them, in their order.

    A check that makes objects is left to the schedule, as two runs at once would remove each
    other's; a blocking check to its cadence (docs/decisions/0011). So is what needs one of these.
    """
    services = _with_dependants(config.environment, {one.service for one in changes})
    by_id = {c.id: c for c in config.checks}
    fit: dict[str, bool] = {}

    def fits(check_id: str) -> bool:
        if check_id not in fit:
            check = by_id[check_id]
            own = not check.blocking and not kinds[check.kind].makes_objects
            fit[check_id] = own and all(fits(need) for need in check.needs)
        return fit[check_id]

    return tuple(i for i, check in by_id.items() if check.service in services and fits(i))


def _with_dependants(environment: Environment, changed: set[str]) -> set[str]:
    depends = environment.services.items()
    return changed | {name for name, s in depends if changed.intersection(s.depends_on)}
