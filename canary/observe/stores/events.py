"""Read the events of the last hour of stores, in AWS's own words.

Each store is asked for by its id: of a whole account's events the newest could be beyond a bound.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeEvents.html
https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DescribeEvents.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from canary.control_plane.stores import Kind, Store, StoreEvent
from canary.observe.calls import Reader, when
from canary.observe.logs import scrub
from canary.observe.threads import begin

MINUTES = 60
MOST_KEPT = 20  # of one store, the newest
AT_ONCE = 4  # calls: RDS and ElastiCache slow down callers who ask for much at once
TYPES = {
    Kind.INSTANCE: "db-instance",
    Kind.CLUSTER: "db-cluster",
    Kind.GROUP: "replication-group",
    Kind.NODES: "cache-cluster",
}
Events = dict[str, Any]
Redact = Callable[[str], str]


def read(reader: Reader, stores: tuple[Store, ...], redact: Redact) -> dict[Store, Events]:
    """Return each store's events, and what of them is unread or cut, as fields of the store."""
    lanes = [begin(_several, reader, stores[n::AT_ONCE], redact) for n in range(AT_ONCE)]
    return {store: events for lane in lanes for store, events in lane.result().items()}


def _several(reader: Reader, stores: tuple[Store, ...], redact: Redact) -> dict[Store, Events]:
    return {store: _of(reader, store, redact) for store in stores}


def _of(reader: Reader, store: Store, redact: Redact) -> Events:
    service = "rds" if store.is_database else "elasticache"
    raw = reader.pages(
        f"{service}:DescribeEvents",
        "Events",
        SourceIdentifier=store.id,
        SourceType=TYPES[store.kind],
        Duration=MINUTES,
    )
    if raw is None:
        return {"unread": (*store.unread, "events")}
    own = [e for e in raw if str(e.get("SourceIdentifier") or "") == store.id]
    own.sort(key=lambda e: when(e.get("Date")))
    cut = len(own) > MOST_KEPT
    return {
        "events": tuple(_event(e, redact) for e in own[-MOST_KEPT:]),
        "bounded": (*store.bounded, "events") if cut else store.bounded,
    }


def _event(raw: dict[str, Any], redact: Redact) -> StoreEvent:
    return StoreEvent(at=when(raw.get("Date")), message=scrub(redact(str(raw.get("Message", "")))))
