"""The states of the control plane and its changes, as the store keeps them from run to run.

    state/<name>.json            one state, named by its content; environments may share it
    changes/<environment>.json   what changed in the control plane, newest first

Nothing is deleted here. The bucket's lifecycle rule removes states that no run has written for
longer than it keeps reports; a run writes its own state, and once a day each one that is named.
"""

from __future__ import annotations

import msgspec

from canary.adapters.store.protocol import Store, changes_name, state_name
from canary.comparison import changes
from canary.comparison.baselines import is_first_of_day, named_states
from canary.comparison.drift import lasting
from canary.comparison.states import decode, encode, is_well, state_of
from canary.control_plane.state import PlatformState
from canary.model import Report

ATTEMPTS = 3
"""Tries to add changes; each fails only if another run added its own in between."""


def read_state(store: Store, name: str) -> PlatformState:
    """Return the state of a name; raises StateError and StoreError."""
    return decode(store.read(state_name(name)), name)


def keep_state(store: Store, report: Report) -> Report:
    """Write the state of a run where it is not kept yet, and return the report as it is stored.

    The report of a run in which nothing failed refers to its state. Where checks failed it also
    has the whole platform, with the logs that the diagnosis used.
    """
    state, at = state_of(report), report.run.started_at
    if state is None or not report.platform_state:
        return report
    if not report.state_kept_at:
        store.write(state_name(report.platform_state), encode(state))
    if is_first_of_day(report.comparison.previous_at, at):
        _renew(store, set(named_states(report)) - {report.platform_state})
    kept = msgspec.structs.replace(report, state_kept_at=report.state_kept_at or at)
    return msgspec.structs.replace(kept, platform=None) if is_well(report) else kept


def _renew(store: Store, names: set[str]) -> None:
    """Write states that a history names once more, as they are, so that they do not expire."""
    for name in sorted(names):
        data = store.read(state_name(name))
        if data is not None:
            store.write(state_name(name), data)


def keep_changes(store: Store, report: Report) -> tuple[str, ...]:
    """Add the changes of this run to those of its environment; return the problems.

    After a failure a run may also know who made a change that an earlier run saw.
    """
    new, name = lasting(report.comparison.drift), changes_name(report.run.environment)
    earlier = () if is_well(report) else tuple(d for d in report.changes if d.by)
    if not new and not earlier:
        return ()
    for _ in range(ATTEMPTS):
        data, problems = store.read(name), list[str]()
        known = changes.Changes()
        try:
            known = changes.decode(data)
        except changes.ChangesError as error:
            problems.append(f"{name} was started anew: it was {error}")
        after = changes.added(known, new, earlier)
        if after == data:
            return ()
        if data is None:
            written = store.put_if_absent(name, after)
        else:
            written = store.compare_and_swap(name, data, after)
        if written:
            return tuple(problems)
    return (f"{name}: other runs wrote it {ATTEMPTS} times; the changes of this run are missing",)
