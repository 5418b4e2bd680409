"""The mutes of a run: which hold now, and for which check."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from canary.model import Environment, Frozen, MuteInForce, Scope, StoredMute, parse_time
from canary.mutes.scopes import Covered, covers, described


class Stored(Frozen, frozen=True, kw_only=True):
    """The mutes of the store that hold, and notes on what could not be read or is refused."""

    mutes: tuple[StoredMute, ...] = ()
    notes: tuple[str, ...] = ()


class Mutes(Frozen, frozen=True, kw_only=True):
    """The mutes that hold in a run, and notes on those that could not be told."""

    held: tuple[tuple[Scope, MuteInForce], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[MuteInForce, ...]:
        """Return the mutes as a report shows them."""
        return tuple(mute for _, mute in self.held)

    def of(self, check_id: str, check: Covered) -> str:
        """Return until when a check is muted and why, "" if it is not."""
        found = (m for scope, m in self.held if covers(scope, check_id, check))
        return next((ends(m) for m in found), "")


def ends(mute: MuteInForce) -> str:
    """Return the end, the author and the reason of a mute in one text."""
    by = f" by {mute.by}" if mute.by else ""
    return f"until {mute.until}{by}: {mute.reason}"


def in_force(
    environment: Environment,
    now: dt.datetime,
    stored: Iterable[StoredMute] = (),
    notes: tuple[str, ...] = (),
) -> Mutes:
    """Return the mutes that hold at `now` (UTC): of the file, of its windows, and stored ones."""
    today = now.date()
    held: list[tuple[Scope, MuteInForce]] = [
        (m, _shown(m, m.until.isoformat(), m.reason)) for m in environment.mutes if m.until >= today
    ]
    unknown: list[str] = []
    if environment.maintenance:
        from canary.mutes import windows  # zoneinfo: for environments that have a window

        for window in environment.maintenance:
            problem = windows.zone_problem(window.time_zone)
            end = None if problem else windows.open_until(window, now)
            if end is not None:
                held.append((window, _shown(window, _minute(end), window.reason)))
            if problem:
                unknown.append(f"a maintenance window does not hold: {problem}")
    for mute in stored:
        until = parse_time(mute.until)
        if until is not None:
            held.append((mute, _shown(mute, _minute(until), mute.reason, mute.by or "somebody")))
    return Mutes(held=tuple(held), notes=(*notes, *unknown))


def _shown(scope: Scope, until: str, reason: str, by: str = "") -> MuteInForce:
    return MuteInForce(what=described(scope), until=until, reason=reason, by=by)


def _minute(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="minutes")
