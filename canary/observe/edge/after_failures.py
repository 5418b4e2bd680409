"""Read what stands before the platform, as far as the failures of a run ask for it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from canary.control_plane.state import PlatformState
from canary.observe.calls import Reader
from canary.observe.edge import dns_records, metrics, web_acls
from canary.observe.edge.failed import Failed
from canary.observe.threads import begin_optional


def read(reader: Reader, state: PlatformState, failed: Failed, now: dt.datetime) -> dict[str, Any]:
    """Return the fields of the state that these readers know; they run in parallel."""
    counters = begin_optional(
        "counters", metrics.ACTIONS, (),
        metrics.read, reader, state.load_balancers, state.target_groups, now,
    )  # fmt: skip
    firewalls = begin_optional(
        "web_acls", web_acls.ACTIONS, (), web_acls.read, reader, state.load_balancers, failed, now
    )
    records = begin_optional(
        "dns", dns_records.ACTIONS, (), dns_records.read, reader, state.hosts, failed
    )
    return {
        "counters": counters.result(),
        "errors": metrics.errors(counters.result()),
        "web_acls": firewalls.result(),
        "dns": records.result(),
    }
