"""Read the previous run, and select the results that this run reuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

import msgspec

from canary.control_plane.state import PlatformState
from canary.model import (
    CheckHistory,
    Config,
    Exchange,
    Frozen,
    Report,
    Result,
    Step,
    exchanges_of,
    is_ahead,
)
from canary.probes.base.api import ClientKey, client_key


class Previous(Frozen, frozen=True, kw_only=True):
    """The previous report, or a note why there is none; a first run has neither."""

    report: Report | None = None
    note: str = ""


def read_previous(
    read: Callable[[], bytes | None], decode: Callable[[bytes], Report], now: dt.datetime
) -> Previous:
    """Return the previous report; nothing that is wrong with it ends the run."""
    try:
        data = read()
        report = None if data is None else decode(data)
    except Exception as error:  # noqa: BLE001 - the boundary: an unreadable past is a note
        return Previous(note=f"the previous report could not be read: {error}")
    if report is not None and is_ahead(report.run.started_at, now):
        when = report.run.started_at
        return Previous(note=f"the latest report is from the future ({when}): it is not used")
    return Previous(report=report)


def reused_results(previous: Report | None, check_ids: Iterable[str]) -> dict[str, Result]:
    """Return the last results of checks that do not run now, marked with their time."""
    if previous is None:
        return {}
    wanted = set(check_ids)
    return {
        r.check_id: msgspec.structs.replace(
            r, reused=True, as_of=r.as_of or previous.run.started_at
        )
        for r in previous.results
        if r.check_id in wanted
    }


def left_behind(previous: Report | None) -> frozenset[str]:
    """Return the names of the objects that the previous run could not remove."""
    return frozenset(r.name for r in (previous.residue if previous else ()) if not r.removed)


def rate_limited(previous: Report | None) -> frozenset[ClientKey]:
    """Return the clients that got a 429 in the previous run where no check expected it."""
    return frozenset(
        client_key(seen.url, seen.principal, temporary_key=bool(seen.header_form))
        for step, seen in exchanges_of(previous.results if previous else ())
        if _unexpected_429(step, seen)
    )


def _unexpected_429(step: Step, seen: Exchange) -> bool:
    unmet = any(not a.holds and a.actual.startswith("429") for a in step.assertions)
    return seen.status == 429 and unmet


def previous_state(
    previous: Report | None, read: Callable[[str], PlatformState] | None = None
) -> PlatformState | None:
    """Return the control plane as the previous run read it, None if that is not known.

    `read` returns the state of a name; a report that only names its state needs it.
    """
    if previous is None:
        return None
    if previous.platform is None:
        name = previous.platform_state
        return read(name) if read is not None and name else None
    try:
        return msgspec.convert(previous.platform, PlatformState)
    except msgspec.ValidationError:  # written by another version: no drift in this run
        return None


def pruned(history: dict[str, CheckHistory], config: Config) -> dict[str, CheckHistory]:
    """Return the history of the checks that still exist."""
    known = {c.id for c in config.checks}
    return {check_id: h for check_id, h in history.items() if check_id in known}
