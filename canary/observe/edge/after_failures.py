"""Read what stands before the platform, as far as the failures of a run ask for it."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from canary.control_plane.edge.counters import Counter
from canary.control_plane.edge.dns import HostRecords
from canary.control_plane.edge.web_acl import Association
from canary.observe.calls import Reader
from canary.observe.edge import dns_records, metrics, web_acls
from canary.observe.edge.failed import Failed
from canary.observe.reading.base import Base
from canary.observe.reading.deadline import Deadline
from canary.observe.threads import Begun, begin_optional


class Edge(NamedTuple):
    """These readings, under way."""

    counters: Begun[tuple[Counter, ...]]
    web_acls: Begun[tuple[Association, ...]]
    dns: Begun[tuple[HostRecords, ...]]

    def fields(self, deadline: Deadline, reader: Reader) -> dict[str, Any]:
        """Return the fields of the state that these readers know by the end of the time."""
        counters = self.counters.by(deadline, reader)
        return {
            "counters": counters,
            "errors": metrics.errors(counters),
            "web_acls": self.web_acls.by(deadline, reader),
            "dns": self.dns.by(deadline, reader),
        }


def begin_edge(reader: Reader, base: Base, failed: Failed, now: dt.datetime) -> Edge:
    """Begin these readings; each waits for what it needs of the base alone."""
    front, behind, public = base.front, base.behind, base.public
    return Edge(
        begin_optional(
            "counters", metrics.ACTIONS, (),
            lambda r: metrics.read(r, front.result(), behind.result(), now), reader,
        ),
        begin_optional(
            "web_acls", web_acls.ACTIONS, (),
            lambda r: web_acls.read(r, front.result(), failed, now), reader,
        ),
        begin_optional(
            "dns", dns_records.ACTIONS, (),
            lambda r: dns_records.read(r, public.result(), failed), reader,
        ),
    )  # fmt: skip
