"""Wires the messages: what changed goes to the topics and the bus, each thing once."""

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
from canary.wiring.run import World


def state_name(environment: str) -> str:
    """Return the name under which is kept what was said of an environment."""
    return f"notified/{environment}.json"


class Channels(Frozen, frozen=True, kw_only=True):
    """Where messages go; an empty name sends nothing there.

    Never to the page's topic: what broke is told at its first failing run, and what wakes people
    is decided by the alarms' windows, once for an incident.
    """

    ticket: str = ""
    bus: str = ""


def channels() -> Channels:
    """Return the channels that the function's variables name."""
    return Channels(
        ticket=os.environ.get("CANARY_TICKET_TOPIC", ""),
        bus=os.environ.get("CANARY_EVENT_BUS", ""),
    )


def notifier(made: World, to: Channels) -> Callable[[Report], Iterable[str]]:
    """Return what tells people and programs of a report, and returns what could not be told."""

    def notify(report: Report) -> Iterable[str]:
        if to == Channels():
            return ()
        known, problems = _known(made)
        if known is None:
            return problems
        outbox = decide(report, known, link=_link(made, report))
        delivery = deliver(
            outbox,
            functools.partial(_send, made, to),
            functools.partial(_put, made, to),
            StoreLeases(made.store, made.clock.now),
            report.run.finished_at,
            without_lease=frozenset({events.completed_key(report)}),
        )
        made.store.write(state_name(made.environment.name), dump(delivery.state).encode())
        return (*problems, *delivery.problems)

    return notify


def _known(made: World) -> tuple[Notified | None, tuple[str, ...]]:
    """Return what was said before, None where the store does not tell.

    Then nothing is told now: it would be told again, and what is open would be forgotten. The next
    run decides on the state as it stands. A state that can be read and is none is begun anew.
    """
    try:
        data = made.store.read(state_name(made.environment.name))
        return (Notified() if data is None else load(data, Notified)), ()
    except StoreError as error:
        return None, (f"nothing was told, what was said before could not be read: {error}",)
    except ReportError as error:
        return Notified(), (f"what was said before was begun anew: {error}",)


def _link(made: World, report: Report) -> str:
    base = made.environment.notify.report_url or made.store.place
    return f"{base.rstrip('/')}/{latest_page(report.run.environment)}"


def _send(made: World, to: Channels, message: Message) -> None:
    if to.ticket:
        sns = functools.partial(made.clients.client, "sns")
        publish_text(sns, to.ticket, message.subject, _opened(made, message))


def _opened(made: World, message: Message) -> str:
    """Return the text to send; a link that opens by itself stands in it alone, never in a log."""
    text, hours = retried(message), made.environment.notify.presigned_hours
    if not hours or not message.link:
        return text
    s3 = functools.partial(made.clients.client, "s3")
    return text.replace(message.link, signed(s3, message.link, hours * 3600))


def _put(made: World, to: Channels, found: Sequence[Event]) -> Sequence[str]:
    if not to.bus:
        return ()
    bus = functools.partial(made.clients.client, "events")
    failed = put_entries(bus, events.entries(found, to.bus))
    return [found[position].key for position in failed]
