"""The mutes of a run, asked once at its start and spread over its checks."""

from __future__ import annotations

import datetime as dt

import msgspec

from canary.comparison.previous import Previous
from canary.model import Config, Frozen, MuteInForce, Result
from canary.mutes.in_force import Mutes, in_force
from canary.runner.ports import Ports

UNREAD = "the stored mutes were not read, as the store did not answer: none of them holds"
NONE_HOLDS = "the mutes could not be told, none holds"


class Muted(Frozen, frozen=True, kw_only=True):
    """The mutes that hold in a run."""

    checks: dict[str, str] = msgspec.field(default_factory=dict)
    """Check id -> until when it is muted and why."""
    shown: tuple[MuteInForce, ...] = ()
    notes: tuple[str, ...] = ()


def mutes_of(ports: Ports, config: Config, now: dt.datetime, previous: Previous) -> Muted:
    """Return the mutes that hold at `now` (UTC).

    A store that just failed is not waited for a second time.
    """
    try:
        if previous.report is None and previous.note:
            return spread(config, in_force(config.environment, now, notes=(UNREAD,)))
        stored = ports.mutes(now)
        return spread(config, in_force(config.environment, now, stored.mutes, stored.notes))
    except Exception as error:  # noqa: BLE001 - the boundary: a mute is never worth a run
        return Muted(notes=(f"{NONE_HOLDS}: {type(error).__name__}: {error}",))


def spread(config: Config, mutes: Mutes) -> Muted:
    """Return the mutes by check."""
    found = ((c.id, mutes.of(c.id, c)) for c in config.checks)
    checks = {check_id: why for check_id, why in found if why}
    return Muted(checks=checks, shown=mutes.shown, notes=mutes.notes)


def muted_anew(results: dict[str, Result], muted: Muted) -> dict[str, Result]:
    """Return results of an earlier run with the mutes of this one: they may have ended since."""
    return {
        i: msgspec.structs.replace(r, muted=muted.checks.get(i, "")) for i, r in results.items()
    }
