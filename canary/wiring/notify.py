"""Send the changes of a run to the ticket topic and the event bus, each change once."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Sequence

from canary.adapters.aws.sns_eventbridge import publish_text, put_entries, signed
from canary.adapters.store.protocol import StoreError, latest_page
from canary.messages import events
from canary.messages.delivery import deliver
from canary.messages.incidents import decide
from canary.messages.leases import StoreLeases
from canary.messages.state import Event, Message, Notified
from canary.messages.texts import retried
from canary.model import Frozen, Report
from canary.report.stored import dump, load
from canary.report.text import ReportError
from canary.wiring.run import Runtime


def state_name(environment: str) -> str:
    """Return the name of the state of an environment's messages in the store."""
    return f"notified/{environment}.json"


class Channels(Frozen, frozen=True, kw_only=True):
    """Where messages go; an empty name sends nothing there.

    The topic of pages is not among them: a message goes out at the first failing run, while the
    windows of the alarms decide when to wake people, once for each incident.
    """

    ticket: str = ""
    bus: str = ""


def channels() -> Channels:
    """Return the channels that the function's environment variables name."""
    return Channels(
        ticket=os.environ.get("CANARY_TICKET_TOPIC", ""),
        bus=os.environ.get("CANARY_EVENT_BUS", ""),
    )


def notifier(runtime: Runtime, to: Channels) -> Callable[[Report], Iterable[str]]:
    """Return a function that sends the messages of a report and returns the problems."""

    def notify(report: Report) -> Iterable[str]:
        if to == Channels():
            return ()
        known, problems = _known(runtime)
        if known is None:
            return problems
        outbox = decide(report, known, link=_link(runtime, report))
        delivery = deliver(
            outbox,
            functools.partial(_send, runtime, to),
            functools.partial(_put, runtime, to),
            StoreLeases(runtime.store, runtime.clock.now),
            report.run.finished_at,
            without_lease=frozenset({events.completed_key(report)}),
        )
        runtime.store.write(state_name(runtime.environment.name), dump(delivery.state).encode())
        return (*problems, *delivery.problems)

    return notify


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
    return f"{base.rstrip('/')}/{latest_page(report.run.environment)}"


def _send(runtime: Runtime, to: Channels, message: Message) -> None:
    if to.ticket:
        sns = functools.partial(runtime.clients.client, "sns")
        publish_text(sns, to.ticket, message.subject, _text(runtime, message))


def _text(runtime: Runtime, message: Message) -> str:
    """Return the text to send; only the text gets the presigned link, never a log."""
    text, hours = retried(message), runtime.environment.notify.presigned_hours
    if not hours or not message.link:
        return text
    s3 = functools.partial(runtime.clients.client, "s3")
    return text.replace(message.link, signed(s3, message.link, hours * 3600))


def _put(runtime: Runtime, to: Channels, found: Sequence[Event]) -> Sequence[str]:
    if not to.bus:
        return ()
    bus = functools.partial(runtime.clients.client, "events")
    failed = put_entries(bus, events.entries(found, to.bus))
    return [found[position].key for position in failed]
