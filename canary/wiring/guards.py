"""Ask the latest report which services a security group guards."""

from __future__ import annotations

from canary.adapters.deadlines import within
from canary.adapters.store.protocol import StoreError, latest_name
from canary.comparison.previous import previous_state, read_previous
from canary.comparison.states import StateError
from canary.following.guards import Guards, guards_of
from canary.report import json as canonical
from canary.wiring.run import READ_S, Runtime
from canary.wiring.states import read_state


def guards(runtime: Runtime) -> Guards:
    """Return the services by security group, none where the latest report cannot tell.

    The next run of the schedule sees such a change all the same.
    """
    environment, store = runtime.environment, runtime.store
    found = read_previous(
        lambda: within(READ_S, lambda: store.read(latest_name(environment.name))),
        canonical.load,
        runtime.clock.now(),
    )
    try:
        state = previous_state(
            found.report, lambda name: within(READ_S, lambda: read_state(store, name))
        )
    except (StoreError, StateError, TimeoutError):
        return {}
    return guards_of(state, environment)
