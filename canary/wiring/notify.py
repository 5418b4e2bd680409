"""Send the changes of a run over its channels and to the event bus, each change once."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from canary.adapters.aws.sns_eventbridge import put_entries
from canary.adapters.store.protocol import StoreError, latest_page, run_name
from canary.messages import events
from canary.messages.delivery import addressed, deliver
from canary.messages.incidents import decide
from canary.messages.leases import StoreLeases
from canary.messages.state import Event, Notified
from canary.model import Frozen, Report
from canary.report.stored import dump, load
from canary.report.text import ReportError
from canary.wiring.channels import opened
from canary.wiring.run import Runtime


def state_name(environment: str) -> str:
    """Return the name of the state of an environment's messages in the store."""
    return f"notified/{environment}.json"


class Channels(Frozen, frozen=True, kw_only=True):
    """Where messages go; an empty name sends nothing there.

    Alarms wake people, by their windows. The topic of pages gets the cause of what rang, once it is
    known, reminders, and the end; the ticket topic all messages, from the first failing run on.
    """

    ticket: str = ""
    page: str = ""
    bus: str = ""


def channels() -> Channels:
    """Return the channels that the function's environment variables name."""
    return Channels(
        ticket=os.environ.get("CANARY_TICKET_TOPIC", ""),
        page=os.environ.get("CANARY_PAGE_TOPIC", ""),
        bus=os.environ.get("CANARY_EVENT_BUS", ""),
    )


def notifier(runtime: Runtime, to: Channels) -> Callable[[Report], Iterable[str]]:
    """Return a function that sends the messages of a report and returns the problems."""

    def notify(report: Report) -> Iterable[str]:
        settings = runtime.environment.notify
        if to == Channels():
            return ()
        known, problems = _known(runtime)
        if known is None:
            return problems
        open_channels = opened(runtime, to.ticket, to.page, known.threads)
        outbox = decide(report, known, _link(runtime, report), settings.reminders)
        delivery = deliver(
            addressed(outbox, open_channels.wants),
            open_channels.sends,
            functools.partial(_put, runtime, to),
            StoreLeases(runtime.store, runtime.clock.now),
            report.run.finished_at,
            without_lease=frozenset({events.completed_key(report)}),
        )
        if not _is_kept(known, delivery.state):
            runtime.store.write(state_name(runtime.environment.name), dump(delivery.state).encode())
        return (*problems, *delivery.problems)

    return notify


def _is_kept(known: Notified, now: Notified) -> bool:
    """Return whether the store holds this state already, but for the id of a quiet run.

    A healthy platform would cost a write each minute for it. Without an incident the id orders
    nothing: what an overtaken run finds is an incident that the next run goes on with.
    """
    quiet = not (now.incidents or now.pending or now.pending_events)
    return quiet and bool(known.last_run) and now == replace(known, last_run=now.last_run)


def _known(runtime: Runtime) -> tuple[Notified | None, tuple[str, ...]]:
    """Return the state of the messages, None where the store cannot be read, and the problems.

    Without the state nothing is sent: messages would be repeated, and open incidents forgotten.
    The next run decides on the state as it is. A state that is damaged is started anew.
    """
    try:
        data = runtime.store.read(state_name(runtime.environment.name))
        return (Notified() if data is None else load(data, Notified)), ()
    except StoreError as error:
        return None, (f"no message was sent: the state of the messages could not be read: {error}",)
    except ReportError as error:
        return Notified(), (f"the state of the messages was started anew: {error}",)


def _link(runtime: Runtime, report: Report) -> str:
    base = runtime.environment.notify.report_url or runtime.store.place
    # the latest page shows nothing of a run that followed a change
    name = run_name(report.run.id, ".html") if report.followed else ""
    return f"{base.rstrip('/')}/{name or latest_page(report.run.environment)}"


def _put(runtime: Runtime, to: Channels, found: Sequence[Event]) -> Sequence[str]:
    if not to.bus:
        return ()
    bus = functools.partial(runtime.clients.client, "events")
    failed = put_entries(bus, events.entries(found, to.bus))
    return [found[position].key for position in failed]
