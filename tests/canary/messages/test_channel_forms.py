"""The whole request of each channel for a message of plain values, and each of its bounds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from canary.messages.channels import CHANNELS, wants
from canary.messages.channels.form import Given, Post, RefusedError
from canary.messages.channels.topics import attributes
from canary.messages.delivery import thread_name
from canary.messages.state import Message
from canary.model import Channel, Severity

REPORT, RUNBOOK = "https://reports.example.com/r.html", "https://runbooks.example.com/auth"
HEAD = "[critical] shop: sign-in fails: the rule for /é forwards to nothing"
BODY = "Cause (certain): a < b & c > d\n  `x`"
MESSAGE = Message(
    key="shop/auth#1/down",
    kind="down",
    audience="platform",
    severity=Severity.CRITICAL,
    subject="[critical] shop: a < b",
    text=f"{HEAD}\n{REPORT}\n\n{BODY}\n",
    link=REPORT,
    incident="shop/auth#1",
    environment="shop",
    cause="rule-missing",
    service="auth",
    runbook=RUNBOOK,
    owners=("ml", "web"),
    at="2026-11-30T03:00:00+00:00",
)
OVER = replace(MESSAGE, kind="fixed")
BLIND = replace(MESSAGE, kind="blind", audience="canary", cause="")
KEYS = {
    "slack": {"url": "https://chat.example.com/hook"},
    "teams": {"url": "https://flow.example.com/hook"},
    "pagerduty": {"routing_key": "r"},
    "opsgenie": {"api_key": "g"},
}


def made(kind: str, message: Message, **given: Any) -> Post:
    return CHANNELS[kind].form(message, Given(**{"secret": KEYS[kind], **given}))


def body(kind: str, message: Message, **given: Any) -> Any:
    return json.loads(made(kind, message, **given).body)


def long(head: int, rest: int) -> Message:
    return replace(MESSAGE, text=f"{'h' * head}\n{REPORT}\n\n{'x' * rest}")


def test_opsgenie_whole() -> None:
    found = made("opsgenie", MESSAGE)
    assert found.url == "https://api.opsgenie.com/v2/alerts"
    assert found.headers == {
        "Content-Type": "application/json; charset=utf-8",
        "Authorization": "GenieKey g",
    }
    assert json.loads(found.body) == {
        "message": HEAD,
        "alias": "shop/auth#1",
        "description": f"{REPORT}\n\n{BODY}",
        "priority": "P1",
        "source": "canary of shop",
        "entity": "auth",
        "tags": ["canary", "shop", "ml", "web"],
        "details": {"cause": "rule-missing", "report": REPORT},
    }
    assert "é" in found.body.decode()  # in UTF-8, as the header says


@pytest.mark.parametrize(
    ("severity", "audience", "priority"),
    [
        (Severity.CRITICAL, "platform", "P1"),
        (Severity.HIGH, "platform", "P2"),
        (Severity.MEDIUM, "platform", "P3"),
        (Severity.LOW, "platform", "P4"),
        (Severity.CRITICAL, "canary", "P3"),
    ],
)
def test_opsgenie_priorities(severity: Severity, audience: Any, priority: str) -> None:
    message = replace(MESSAGE, severity=severity, audience=audience)
    assert body("opsgenie", message)["priority"] == priority


@pytest.mark.parametrize(
    ("kind", "action"),
    [("diagnosed", "notes"), ("still", "notes"), ("fixed", "close"), ("sighted", "close")],
)
def test_opsgenie_adds_to_the_alert(kind: Any, action: str) -> None:
    found = made("opsgenie", replace(MESSAGE, kind=kind), url="https://eu.example.com/")
    alert = "https://eu.example.com/v2/alerts/shop%2Fauth%231"
    assert found.url == f"{alert}/{action}?identifierType=alias"
    assert json.loads(found.body) == {
        "note": f"{HEAD}\n{REPORT}\n\n{BODY}",
        "source": "canary of shop",
    }


def test_opsgenie_opens_an_alert_for_its_own_blindness() -> None:
    assert made("opsgenie", BLIND).url.endswith("/v2/alerts")
    assert body("opsgenie", BLIND)["details"] == {"cause": "not proven", "report": REPORT}


def test_opsgenies_bounds() -> None:
    assert body("opsgenie", long(130, 1))["message"] == "h" * 130
    assert body("opsgenie", long(131, 1))["message"] == f"{'h' * 127}..."
    assert len(body("opsgenie", long(1, 99_999))["description"]) == 15_000
    note = body("opsgenie", replace(long(1, 99_999), kind="still"))["note"]
    assert len(note) == 25_000
    named = replace(MESSAGE, incident=f"a{'b' * 512}", environment="e" * 99)
    found = body("opsgenie", replace(named, owners=tuple("abcdefghijklmnopqrstuvwxyz")))
    assert found["alias"] == "b" * 512
    assert found["source"] == f"canary of {'e' * 90}"
    assert found["tags"] == ["canary", "e" * 99, *"abcdefghijklmnopqr"]
    assert f"/alerts/{'b' * 512}/close" in made("opsgenie", replace(named, kind="fixed")).url


def test_pagerduty_whole() -> None:
    found = made("pagerduty", MESSAGE)
    assert found.url == "https://events.pagerduty.com/v2/enqueue"
    assert found.headers == {"Content-Type": "application/json; charset=utf-8"}
    assert json.loads(found.body) == {
        "routing_key": "r",
        "event_action": "trigger",
        "dedup_key": "shop/auth#1",
        "client": "Hokusai Canary",
        "client_url": REPORT,
        "links": [{"href": REPORT, "text": "Report"}, {"href": RUNBOOK, "text": "Runbook"}],
        "payload": {
            "summary": HEAD,
            "source": "canary of shop",
            "severity": "critical",
            "timestamp": "2026-11-30T03:00:00+00:00",
            "component": "auth",
            "group": "shop",
            "class": "rule-missing",
            "custom_details": {"text": BODY, "owner": "ml, web"},
        },
    }
    assert made("pagerduty", MESSAGE, url="https://eu.example.com").url == "https://eu.example.com"


@pytest.mark.parametrize(
    ("message", "severity", "kind"),
    [
        (replace(MESSAGE, severity=Severity.HIGH), "error", "rule-missing"),
        (replace(MESSAGE, severity=Severity.MEDIUM), "warning", "rule-missing"),
        (replace(MESSAGE, severity=Severity.LOW), "info", "rule-missing"),
        (replace(MESSAGE, cause=""), "critical", "not proven"),
        (BLIND, "warning", "canary-blind"),
    ],
)
def test_pagerduty_severities_and_classes(message: Message, severity: str, kind: str) -> None:
    payload = body("pagerduty", message)["payload"]
    assert (payload["severity"], payload["class"]) == (severity, kind)


def test_pagerdutys_bounds_and_end() -> None:
    assert body("pagerduty", OVER) == {
        "routing_key": "r",
        "event_action": "resolve",
        "dedup_key": "shop/auth#1",
    }
    found = body("pagerduty", replace(long(2_000, 200_000), incident=f"a{'b' * 255}"))
    assert found["dedup_key"] == "b" * 255
    assert found["payload"]["summary"] == "h" * 1_024
    assert found["payload"]["custom_details"]["text"] == "x" * 100_000
    local = body("pagerduty", replace(MESSAGE, link="out/report.html", runbook=""))
    assert local["links"] == [] and "client_url" not in local


SHOWN = {
    "type": "section",
    "text": {
        "type": "mrkdwn",
        "text": "```Cause (certain): a &lt; b &amp; c &gt; d\n  \u02cbx\u02cb```",
    },
}


def test_slack_whole() -> None:
    found = made("slack", MESSAGE)
    assert found.url == "https://chat.example.com/hook"
    assert json.loads(found.body) == {
        "text": "[critical] shop: a &lt; b",
        "attachments": [
            {
                "color": "#b3261e",
                "blocks": [
                    {"type": "section", "text": {"type": "mrkdwn", "text": f"*{HEAD}*"}},
                    SHOWN,
                    {
                        "type": "actions",
                        "elements": [
                            {
                                "type": "button",
                                "text": {"type": "plain_text", "text": "Report"},
                                "url": REPORT,
                            },
                            {
                                "type": "button",
                                "text": {"type": "plain_text", "text": "Runbook"},
                                "url": RUNBOOK,
                            },
                        ],
                    },
                ],
            }
        ],
    }
    local = body("slack", replace(MESSAGE, link="out/report.html", runbook=""))
    assert [block["type"] for block in local["attachments"][0]["blocks"]] == ["section", "section"]


@pytest.mark.parametrize(
    ("message", "colour"),
    [
        (replace(MESSAGE, severity=Severity.HIGH), "#e8710a"),
        (replace(MESSAGE, severity=Severity.MEDIUM), "#f2b600"),
        (replace(MESSAGE, severity=Severity.LOW), "#5f6368"),
        (OVER, "#1e8e3e"),
        (BLIND, "#6750a4"),
        (replace(BLIND, kind="sighted"), "#1e8e3e"),
    ],
)
def test_slack_colours(message: Message, colour: str) -> None:
    assert body("slack", message)["attachments"][0]["color"] == colour


@pytest.mark.parametrize(
    ("characters", "shown"),
    [
        (2_900 * 6, [2_900] * 6),
        (2_900 * 6 + 1, [*[2_900] * 6, "1 parts of this text are left out: see the report."]),
        (2_900 * 8, [*[2_900] * 6, "2 parts of this text are left out: see the report."]),
    ],
)
def test_slack_says_what_it_leaves_out(characters: int, shown: list[Any]) -> None:
    blocks = body("slack", long(1, characters))["attachments"][0]["blocks"]
    texts = [b["text"]["text"] for b in blocks[1:] if b["type"] == "section"]
    assert [t.count("x") if set(t) == {"x", "`"} else t for t in texts] == shown


def test_slacks_bot() -> None:
    secret = {"token": "t", "channel": "C1"}
    found = made("slack", MESSAGE, secret=secret)
    assert found.url == "https://slack.com/api/chat.postMessage"
    assert found.headers["Authorization"] == "Bearer t"
    assert "thread_ts" not in json.loads(found.body)
    joined = body("slack", MESSAGE, secret=secret, thread="1.5")
    assert (joined["channel"], joined["thread_ts"], joined["reply_broadcast"]) == (
        "C1",
        "1.5",
        False,
    )
    assert body("slack", OVER, secret=secret, thread="1.5")["reply_broadcast"] is True
    elsewhere = made("slack", MESSAGE, secret=secret, url="https://slack.example.com")
    assert elsewhere.url == "https://slack.example.com"


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (b"<html>", "the answer is not JSON"),
        (b'{"ok": false}', "the answer is not ok"),
        (b'{"ok": "true", "ts": "1"}', "the answer is not ok"),
        (b"[]", "the answer is not ok"),
    ],
)
def test_slacks_refusals(answer: bytes, refused: str) -> None:
    found = made("slack", MESSAGE, secret={"token": "t", "channel": "C1"})
    with pytest.raises(RefusedError) as error:
        found.thread(answer)
    assert str(error.value) == refused
    assert found.thread(b'{"ok": true, "ts": "1.5"}') == "1.5"
    assert found.thread(b'{"ok": true}') == ""


def test_teams_whole() -> None:
    found = made("teams", MESSAGE)
    assert found.url == "https://flow.example.com/hook"
    assert json.loads(found.body) == {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "msteams": {"width": "Full"},
                    "body": [
                        {
                            "type": "Container",
                            "style": "attention",
                            "bleed": True,
                            "items": [
                                {
                                    "type": "RichTextBlock",
                                    "inlines": [
                                        {"type": "TextRun", "text": HEAD, "weight": "Bolder"}
                                    ],
                                }
                            ],
                        },
                        {
                            "type": "RichTextBlock",
                            "inlines": [{"type": "TextRun", "text": BODY, "fontType": "Monospace"}],
                        },
                    ],
                    "actions": [
                        {"type": "Action.OpenUrl", "title": "Report", "url": REPORT},
                        {"type": "Action.OpenUrl", "title": "Runbook", "url": RUNBOOK},
                    ],
                },
            }
        ],
    }


@pytest.mark.parametrize(
    ("message", "style"),
    [
        (replace(MESSAGE, severity=Severity.HIGH), "warning"),
        (replace(MESSAGE, severity=Severity.MEDIUM), "warning"),
        (replace(MESSAGE, severity=Severity.LOW), "emphasis"),
        (OVER, "good"),
        (BLIND, "accent"),
        (replace(BLIND, kind="sighted"), "good"),
    ],
)
def test_teams_styles(message: Message, style: str) -> None:
    card = body("teams", message)["attachments"][0]["content"]
    assert card["body"][0]["style"] == style


@pytest.mark.parametrize(
    ("characters", "end"),
    [
        (16_000, ""),
        (16_001, "\n(1 characters are left out: see the report)"),
        (18_500, "\n(2,500 characters are left out: see the report)"),
    ],
)
def test_teams_says_what_it_leaves_out(characters: int, end: str) -> None:
    card = body("teams", long(1, characters))["attachments"][0]["content"]
    assert card["body"][1]["inlines"][0]["text"] == "x" * 16_000 + end


def test_a_subscription_can_choose_by_attributes() -> None:
    def text(value: str) -> dict[str, str]:
        return {"DataType": "String", "StringValue": value}

    assert attributes(MESSAGE) == {
        "audience": text("platform"),
        "kind": text("down"),
        "severity": text("critical"),
        "owner": {"DataType": "String.Array", "StringValue": '["ml", "web"]'},
    }
    assert attributes(BLIND)["owner"]["StringValue"] == '["canary"]'
    assert "owner" not in attributes(replace(MESSAGE, owners=()))


@pytest.mark.parametrize("kind", ["pagerduty", "opsgenie"])
@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"paged": True}, True),
        ({"paged": False}, False),
        ({"paged": True, "severity": Severity.HIGH}, False),
        ({"paged": True, "kind": "broke"}, False),
        ({"paged": True, "kind": "worse"}, False),
        ({"paged": True, "kind": "fixed"}, True),
        ({"audience": "canary", "kind": "blind", "paged": False}, False),
    ],
)
def test_what_a_pager_wants(kind: Any, changes: dict[str, Any], wanted: bool) -> None:
    assert wants(Channel(kind=kind, secret="s"), replace(MESSAGE, **changes)) is wanted


def test_a_pager_takes_the_canarys_own_where_it_is_asked_to() -> None:
    channel = Channel(kind="pagerduty", secret="s", audience=("canary",))
    assert wants(channel, BLIND) is True
    assert wants(channel, replace(MESSAGE, paged=True)) is False
    assert wants(channel, replace(BLIND, severity=Severity.HIGH)) is False


def test_a_thread_is_of_a_channel_and_an_incident() -> None:
    assert thread_name(replace(MESSAGE, channel="slack:s")) == "slack:s shop/auth#1"
