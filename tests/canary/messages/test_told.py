"""Every word of the messages and events of an outage; run as a module it writes them anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from canary.messages.forms import retried
from canary.messages.incidents import decide, pending_after
from canary.messages.state import Notified, Outbox
from canary.model import ChangedBy, Evidence, Report, Severity, Status
from tests.canary.messages.test_incidents import LINK, after, at, with_status
from tests.canary.support import report_samples as samples

TOLD = Path(__file__).with_name("told.txt")
EVENTS = Path(__file__).with_name("events.json")


def changed(report: Report) -> Report:
    """Return the report with who changed the first cause, and three lines of evidence for it."""
    first, *others = report.diagnoses
    evidence = tuple(Evidence(resource="r", seen=f"seen {n}", expected="x" * n) for n in range(3))
    by = ChangedBy(who="alice", call="DeleteRule", at="2026-11-22T09:56:04Z")
    first = msgspec.structs.replace(first, changed_by=by, evidence=evidence)
    return msgspec.structs.replace(report, diagnoses=(first, *others))


def mild(report: Report) -> Report:
    results = tuple(msgspec.structs.replace(r, severity=Severity.LOW) for r in report.results)
    return msgspec.structs.replace(report, results=results)


def many() -> Report:
    """Return a report in which one service's checks fail without a cause, more than are named."""
    healthy = samples.healthy()
    failing = tuple(
        msgspec.structs.replace(
            r, service="auth", severity=list(Severity)[n % 4], status=Status.FAIL, reason="it broke"
        )
        for n, r in enumerate(healthy.results[:7])
    )
    return msgspec.structs.replace(healthy, results=(*failing, *healthy.results[7:]))


def undelivered() -> Outbox:
    """Return what is sent when an outage ends whose messages could not be sent."""
    outbox = decide(at(samples.seed_day(), 1), Notified(), LINK)
    keys = {m.key for m in outbox.messages}
    state = pending_after(outbox, keys, "2026-11-22T10:01:05Z", set())
    state = pending_after(decide(at(samples.healthy(), 2), state, LINK), keys, "", set())
    return decide(at(samples.healthy(), 12), state, LINK)


def outboxes() -> Iterator[tuple[str, Outbox]]:
    seed, well, blind = samples.seed_day(), samples.healthy(), samples.could_not_tell()
    unexplained = msgspec.structs.replace(seed, diagnoses=())
    yield "broken", after(seed)
    yield "changed by somebody", after(changed(seed))
    yield "fixed", after(seed, seed, well, *[well] * 10)
    yield "many without a cause", after(many())
    yield "many fixed", after(many(), well, *[well] * 10)
    yield "more severe", after(with_status(mild(seed), Status.PASS, "auth.health"), seed)
    yield "cause found", after(unexplained, changed(seed))
    yield "not judged", after(blind)
    yield "judged again", after(blind, well, *[well] * 10)
    yield "over before it was told", undelivered()


def told() -> str:
    lines = []
    for title, outbox in outboxes():
        lines.append(f"==== {title}")
        for m in outbox.messages:
            lines.append(f"-- {m.key} {m.kind} {m.audience} {m.severity} link={m.link}")
            # what a pager and who was woken get is the text of the first message
            lines += [m.subject, "", m.text] if m.kind not in ("down", "page") else [m.subject, ""]
    return "\n".join(lines)


def happened() -> str:
    events = {
        f"{title}: {event.key}": {"type": event.detail_type, "at": event.at, **event.detail}
        for title, outbox in outboxes()
        if title in ("broken", "fixed", "cause found")
        for event in outbox.events
    }
    return msgspec.json.format(msgspec.json.encode(events), indent=1).decode() + "\n"


def test_every_word_of_every_message_is_as_it_is_kept() -> None:
    assert told() == TOLD.read_text(encoding="utf-8")


def test_every_event_is_as_it_is_kept() -> None:
    assert happened() == EVENTS.read_text(encoding="utf-8")


def test_a_message_without_a_link_ends_with_its_run() -> None:
    (message, *_) = decide(at(samples.seed_day(), 1), Notified()).messages
    last = message.text.splitlines()[-1]
    assert last.startswith("Run run-01 of ") and message.link == ""


def test_a_late_message_says_when_it_could_not_be_sent() -> None:
    (message, *_) = decide(at(samples.seed_day(), 1), Notified(), LINK).messages
    assert retried(message) == message.text
    late = msgspec.structs.replace(message, attempts=1, first_tried_at="2026-11-22T10:01:05Z")
    first, link, note, blank, *rest = retried(late).splitlines()
    assert note == "(Late: this message could not be sent at 22 Nov 2026 10:01 UTC.)"
    assert [first, link, blank, *rest] == message.text.splitlines()


if __name__ == "__main__":
    TOLD.write_text(told(), encoding="utf-8")
    EVENTS.write_text(happened(), encoding="utf-8")
