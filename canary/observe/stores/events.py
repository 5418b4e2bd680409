"""Read the events of the last hour of stores, in AWS's own words.

Each store is asked for by its id: of a whole account's events the newest could be beyond a bound.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeEvents.html
https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DescribeEvents.html
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from canary.control_plane.stores import Kind, Store, StoreEvent
from canary.observe.calls import Permission, Reader, when
from canary.observe.logs import scrub
from canary.observe.reading.deadline import Deadline
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


def begin_events(
    reader: Reader, stores: tuple[Store, ...], redact: Redact
) -> dict[Store, Future[Events]]:
    """Begin to read each store's events, as fields of the store, with what is unread or cut."""
    begun: dict[Store, Future[Events]] = {store: Future() for store in stores}

    def several(own: tuple[Store, ...]) -> None:
        for store in own:
            try:
                begun[store].set_result(_of(reader, store, redact))
            except Exception as error:  # noqa: BLE001 - carried over to the waiting thread
                begun[store].set_exception(error)

    for lane in range(AT_ONCE):
        begin(several, stores[lane::AT_ONCE])
    return begun


def by(
    reader: Reader, begun: dict[Store, Future[Events]], deadline: Deadline
) -> dict[Store, Events]:
    """Return what was read by the deadline; the events of other stores are unread."""
    return {store: _in_time(reader, store, future, deadline) for store, future in begun.items()}


def _in_time(reader: Reader, store: Store, future: Future[Events], deadline: Deadline) -> Events:
    try:
        return deadline.result(future)
    except TimeoutError:
        deadline.note(reader, (Permission(action=_action(store)),), store.id)
        return {"unread": (*store.unread, "events")}


def _action(store: Store) -> str:
    return f"{'rds' if store.is_database else 'elasticache'}:DescribeEvents"


def _of(reader: Reader, store: Store, redact: Redact) -> Events:
    raw = reader.pages(
        _action(store),
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
