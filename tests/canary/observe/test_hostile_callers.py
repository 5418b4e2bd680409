"""Names that a caller gives itself stay texts, from CloudTrail to report, page and message."""

from __future__ import annotations

import datetime as dt
import html as escapes
import time
from collections.abc import Iterator
from typing import Any

import msgspec

from canary.comparison.by_whom import described
from canary.comparison.changers import completed
from canary.comparison.suspects import suspects
from canary.control_plane.named_objects import object_of
from canary.control_plane.state import PlatformState
from canary.control_plane.write_calls import Audit
from canary.model import Diagnosis, Drift, Explanation, Report
from canary.report import html, json, markdown
from emulator.aws.endpoint import Endpoint
from emulator.settings import ACCOUNT, REGION
from emulator.trail.history import Call, keep
from tests.canary.messages.test_incidents import after
from tests.canary.observe.test_write_calls import Clients, audited, aws
from tests.canary.report.test_html import Page
from tests.canary.support import report_samples as samples

__all__ = ["aws"]  # a fixture
GROUP = "sg-0123456789abcdef0"
HOSTILE = (
    "<script>window.pwned=1</script>\"'><img src=x onerror=y>",
    "mallory\x1b[2J\x1b]0;title\x07\nresource: all is well\r\n## fixed",
    "$(reboot)`id`; aws iam create-access-key --user-name root",
    "](http://evil.example) @everyone | **x** ``` \u202e\u2066",
    "x" * 5_000,
    "hk_live_" + "0123456789abcdef0123456789abcdef",
)


def recorded(text: str, number: int) -> Call:
    """Return the call of somebody who writes `text` wherever CloudTrail keeps a caller's words."""
    arn = f"arn:aws:iam::{ACCOUNT}:user/{text}"
    event = {
        "eventVersion": "1.08",
        "userIdentity": {"type": "IAMUser", "arn": arn, "userName": text, "invokedBy": text},
        "eventSource": "ec2.amazonaws.com",
        "eventName": "RevokeSecurityGroupIngress",
        "awsRegion": REGION,
        "recipientAccountId": ACCOUNT,
        "sourceIPAddress": text,
        "userAgent": text,
        "requestParameters": {"groupId": GROUP},
    }
    return Call(
        event_id=str(number), name=event["eventName"], source=event["eventSource"],  # type: ignore[arg-type]
        at=int(time.time()) - 60, username=text, key_id="", resources=(), event=event,
        recorded=time.monotonic() - 1,
    )  # fmt: skip


def audits(aws: Endpoint) -> Iterator[Audit]:
    """Yield what CloudTrail tells of each hostile caller, one look-up for all."""
    for number, text in enumerate(HOSTILE):
        keep(REGION, recorded(text, number))
    found = audited(Clients(aws.url), GROUP)
    assert {c.name for c in found.calls} == {"RevokeSecurityGroupIngress"}
    assert len(found.calls) == len(HOSTILE)
    for call in found.calls:
        yield msgspec.structs.replace(found, calls=(call,))


def report_of(audit: Audit) -> Report:
    """Return a report whose first diagnosis names the group that this caller closed."""
    seed, now = samples.seed_day(), dt.datetime.now(dt.UTC)
    first: Diagnosis = msgspec.structs.replace(seed.diagnoses[0], resource=GROUP)
    explanation = Explanation(diagnoses=(first, *seed.diagnoses[1:]))
    made = suspects(explanation, {}, None, PlatformState(), now)
    found = completed(explanation, made, audit, now)
    row = Drift(resource="security group", attribute="in", before="allowed", after="",
                at=now.isoformat())  # fmt: skip
    since = (now - dt.timedelta(hours=1)).isoformat()
    whole = msgspec.structs.replace(audit, since=since, whole=True)
    drift = described([row], {"security group": object_of("security group", GROUP)}, whole)
    comparison = msgspec.structs.replace(seed.comparison, drift=drift)
    return msgspec.structs.replace(seed, diagnoses=found.diagnoses, comparison=comparison)


def test_a_caller_s_own_words_are_texts_and_nothing_else(aws: Endpoint) -> None:
    for audit in audits(aws):
        _judge(audit)


def _judge(audit: Audit) -> None:
    report, plain = report_of(audit), samples.seed_day()
    first = report.diagnoses[0]
    assert first.changed_by is not None and report.comparison.drift[0].by
    said = (first.changed_by.who, first.evidence[0].seen, report.comparison.drift[0].by)
    for text in said:
        assert text.isprintable() or "\u202e" in text
        assert len(text) <= 600 and "`" not in text
        assert "0123456789abcdef0123456789abcdef" not in text, "a key is masked"
    for command in (*first.remedy.inspect, *first.remedy.fix, *first.remedy.verify):
        assert said[0] not in command
    _page(report, plain)
    _markdown(report, said[0])
    _message(report)


def _page(report: Report, plain: Report) -> None:
    page = Page(html.render(report))
    assert set(page.tags) <= set(Page(html.render(plain)).tags)
    assert not {a for a in page.attributes if a.startswith("on")}
    assert not [x for x in page.links if "evil.example" in x]
    assert page.crossed == []
    raw = escapes.unescape(html.render(report))
    assert "\x1b" not in raw and "\u202e" not in raw


def _markdown(report: Report, who: str) -> None:
    written = markdown.render(report)
    assert "\x1b" not in written and "\u202e" not in written
    assert not [row for row in written.splitlines() if row.startswith(("## fixed", "resource:"))]
    assert who[:20] not in written or "`" in written
    assert json.load(json.render(report)).diagnoses[0].changed_by == report.diagnoses[0].changed_by


def _message(report: Report) -> None:
    message: Any = after(report).messages[0]
    silent = tuple(msgspec.structs.replace(d, changed_by=None) for d in report.diagnoses)
    known = after(msgspec.structs.replace(report, diagnoses=silent)).messages[0]
    assert message.text.count("\n") == known.text.count("\n") + 1  # who changed it
    assert message.subject.isascii() and "\n" not in message.subject
    assert not {c for c in message.text if not c.isprintable()} - {"\n"}
