"""Events and subjects: their schema, their limits, and hostile text in them."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from moto.events.models import EventPattern

from canary.messages import events
from canary.messages.channels.topics import attributes
from canary.messages.event_types import DETAILS
from canary.messages.forms import ascii_subject
from canary.messages.incidents import decide
from canary.messages.state import Event, Incident, Notified
from canary.model import ChangedBy, Diagnosis, Severity
from tests.canary.messages.test_incidents import LINK, after, at
from tests.canary.support import report_samples as samples
from tests.house.documents import blocks

DOCUMENT = Path(__file__).parents[3] / "docs" / "events.md"


def test_every_event_of_an_outage_fits_its_schema() -> None:
    seen = set()
    for outbox in (after(samples.seed_day()), after(samples.seed_day(), samples.healthy())):
        for batch in events.entries(outbox.events, bus="platform"):
            assert len(batch) <= 10
            for entry in batch:
                detail = json.loads(entry["Detail"])
                detail.pop("key")
                msgspec.convert(detail, DETAILS[entry["DetailType"]])
                assert entry["Source"] == "hokusai.canary"
                assert entry["EventBusName"] == "platform"
                assert len(entry["Detail"]) < 20_000
                seen.add(entry["DetailType"])
    assert seen == set(DETAILS)


def test_every_broken_check_has_its_event_and_every_fixed_one() -> None:
    failed = {r.check_id for r in samples.seed_day().results if r.status == "FAIL"}
    broke = after(samples.seed_day()).events
    fixed = after(samples.seed_day(), samples.healthy()).events
    assert {e.detail["check_id"] for e in broke if e.detail_type == "CheckBroke"} == failed
    assert {e.detail["check_id"] for e in fixed if e.detail_type == "CheckFixed"} == failed


def test_what_was_fixed_while_its_incident_joined_another_has_its_event() -> None:
    seed = samples.seed_day()
    first, second = seed.diagnoses[0].explains[:2]
    fixed = next(r.check_id for r in seed.results if r.status == "PASS")
    known = Notified(
        incidents=(
            incident("known", (first,), seed.diagnoses[0]),
            incident("unexplained", (second, fixed)),
        ),
        last_run="run-00",
    )
    told = decide(at(seed, 1), known, LINK).events
    assert [e.detail["check_id"] for e in told if e.detail_type == "CheckFixed"] == [fixed]


def incident(identity: str, checks: tuple[str, ...], cause: Diagnosis | None = None) -> Incident:
    return Incident(
        identity=identity,
        generation=1,
        audience="platform",
        opened_at="2026-11-22T09:00:00Z",
        severity=Severity.HIGH,
        checks=checks,
        ever=checks,
        cause=cause.cause if cause else "",
        service=cause.service if cause else "",
    )


def test_large_events_are_split_into_calls_that_eventbridge_takes() -> None:
    """A call of more than 256 KiB is refused whole, with what would have fitted."""
    large = [
        Event(key=f"k{n}", detail_type="Diagnosed", at="", detail={"fix": ["€" * 20_000]})
        for n in range(10)
    ]
    batches = events.entries(large)
    assert [len(b) for b in batches] == [3, 3, 3, 1]
    assert all(len(json.dumps(b, ensure_ascii=False).encode()) < 256 * 1024 for b in batches)


@pytest.mark.parametrize("name", sorted(DETAILS))
def test_every_field_of_every_event_is_documented(name: str) -> None:
    section = DOCUMENT.read_text("utf-8").partition(f"## {name}\n")[2].partition("\n## ")[0]
    fields = {f.name for f in msgspec.structs.fields(DETAILS[name])}
    documented = {row.split("`")[1] for row in section.splitlines() if row.startswith("| `")}
    assert documented == fields - {"schema"}


def test_the_rule_of_the_document_takes_critical_failures_and_nothing_else() -> None:
    (block,) = [b for b in blocks("json") if b.page == DOCUMENT]
    rule = EventPattern.load(block.text)
    taken = [
        (entry["DetailType"], detail.get("severity"))
        for batch in events.entries(after(samples.seed_day(), samples.healthy()).events)
        + events.entries(after(samples.seed_day()).events)
        for entry in batch
        if (detail := json.loads(entry["Detail"]))
        and rule.matches_event(
            {"source": entry["Source"], "detail-type": entry["DetailType"], "detail": detail}
        )
    ]
    assert taken and set(taken) == {("CheckBroke", "critical")}


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("ünïcode", "Canary: ?n?code"),
        ("two\nlines\x07", "two lines<BEL>"),
        ("", "Hokusai Canary"),
        ("x" * 200, "x" * 96 + "..."),
    ],
)
def test_a_subject_is_what_sns_accepts(text: str, subject: str) -> None:
    assert ascii_subject(text) == subject


def test_a_message_says_who_changed_it_and_when_and_else_nothing() -> None:
    seed = samples.seed_day()
    by = ChangedBy(who="alice", call="DeleteRule", at="2026-11-22T09:56:04Z")
    named = tuple(msgspec.structs.replace(d, changed_by=by) for d in seed.diagnoses)
    (before, *_) = after(seed).messages
    (message, *_) = after(msgspec.structs.replace(seed, diagnoses=named)).messages
    told = "Changed by alice at 22 Nov 2026 09:56 UTC, 4 min before this run (DeleteRule)."
    rows = message.text.splitlines()
    assert [row for row in rows if row != told] == before.text.splitlines()
    assert rows.count(told) == 1


def test_a_message_names_the_owners_of_what_fails_and_goes_to_them() -> None:
    seed = samples.seed_day()
    owner = {"auth": "identity-team", "registry": "ml-team"}
    owned = tuple(msgspec.structs.replace(r, owner=owner.get(r.service, "")) for r in seed.results)
    (message, *_) = after(msgspec.structs.replace(seed, results=owned)).messages
    assert message.owners == ("identity-team", "ml-team")
    assert "Failing since 22 Nov 2026 09:27 UTC. Owner: identity-team, ml-team." in message.text
    assert attributes(message)["owner"] == {
        "DataType": "String.Array", "StringValue": '["identity-team", "ml-team"]',
    }  # fmt: skip
    (nobody, *_) = after(seed).messages
    assert nobody.owners == () and "owner" not in attributes(nobody)
    (own, *_) = after(samples.could_not_tell()).messages
    assert attributes(own)["owner"]["StringValue"] == '["canary"]'
