"""The requests of each channel, read as its service reads them, against a real local server."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from canary.adapters import post
from canary.messages.channels import CHANNELS, CHAT, PAGER, wants
from canary.messages.channels.form import Given, RefusedError, body_of, parts
from canary.messages.channels.topics import wants_mail, wants_page
from canary.messages.incidents import decide
from canary.messages.state import Message, Notified
from canary.model import Channel, Report, Severity
from tests.canary.messages.test_incidents import LINK, after
from tests.canary.messages.test_one_page import ONE, Night
from tests.canary.support import report_samples as samples

RUNBOOK = "https://runbooks.example.com/auth"
HOSTILE = "```\n<!channel> <https://evil.example|x> **b** & ‮"
SECRETS = {
    "slack": {"url": "/hook"},
    "teams": {"url": "/flow"},
    "pagerduty": {"routing_key": "r" * 32},
    "opsgenie": {"api_key": "g" * 36},
}


def first(report: Report | None = None, kind: str = "broke") -> Message:
    made = after(report or samples.seed_day())
    (found,) = [m for m in made.messages if m.kind == kind]
    return replace(found, runbook=RUNBOOK)


def over() -> Message:
    return replace(first(), kind="fixed", key="development/auth#1/fixed")


class Service(http.server.ThreadingHTTPServer):
    """A service that keeps what it was sent and answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.heard: list[tuple[str, dict[str, str], Any]] = []
        self.status, self.answer = 202, b"{}"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def sent(service: Service, kind: str, message: Message, **more: str) -> tuple[str, Any, str]:
    """Send a message over a channel to the service; return path, body and thread."""
    secret = {k: service.address + v if k == "url" else v for k, v in SECRETS[kind].items()}
    given = Given(secret={**secret, **more}, url=service.address)
    thread = post.send(CHANNELS[kind].form(message, given))
    path, _, body = service.heard[-1]
    return path, body, thread


def test_slack_gets_a_bar_in_the_colour_of_the_severity_and_two_buttons(service: Service) -> None:
    path, body, thread = sent(service, "slack", first())
    (attachment,) = body["attachments"]
    assert (path, thread, attachment["color"]) == ("/hook", "", "#b3261e")
    head, *_, actions = attachment["blocks"]
    assert head["text"]["text"].startswith("*[critical] development: registration and sign-in fail")
    assert [(b["text"]["text"], b["url"]) for b in actions["elements"]] == [
        ("Report", LINK), ("Runbook", RUNBOOK),
    ]  # fmt: skip
    assert sent(service, "slack", over())[1]["attachments"][0]["color"] == "#1e8e3e"
    mild = replace(first(), severity=Severity.LOW)
    assert sent(service, "slack", mild)[1]["attachments"][0]["color"] == "#5f6368"
    blind = first(samples.could_not_tell(), "blind")
    assert sent(service, "slack", blind)[1]["attachments"][0]["color"] == "#6750a4"


def test_slack_shows_every_line_and_no_mention_and_no_foreign_link(service: Service) -> None:
    message = first()
    hostile = replace(message, text=message.text + HOSTILE)
    _, body, _ = sent(service, "slack", hostile)
    blocks = body["attachments"][0]["blocks"]
    texts = [b["text"]["text"] for b in blocks if b["type"] == "section"]
    assert "".join(texts).count("```") == 2 * (len(texts) - 1)
    assert all("<" not in text and len(text) <= 3_000 for text in texts)
    shown = "\n".join(text.strip("`") for text in texts[1:]).replace("&gt;", ">")
    assert all(line in shown for line in body_of(message).splitlines())


def test_a_bot_of_slack_keeps_one_thread_for_an_incident(service: Service) -> None:
    service.status, service.answer = 200, b'{"ok": true, "ts": "1.5"}'
    secret = {"token": "t" * 20, "channel": "C1"}
    given = Given(secret=secret, url=service.address)
    assert post.send(CHANNELS["slack"].form(first(), given)) == "1.5"
    assert post.send(CHANNELS["slack"].form(over(), replace(given, thread="1.5"))) == "1.5"
    (_, headers, opened), (_, _, closed) = service.heard
    assert headers["Authorization"] == f"Bearer {'t' * 20}"
    assert (opened["channel"], "thread_ts" in opened) == ("C1", False)
    assert (closed["thread_ts"], closed["reply_broadcast"]) == ("1.5", True)
    service.answer = b'{"ok": false, "error": "not_in_channel"}'
    with pytest.raises(RefusedError, match="not ok"):
        post.send(CHANNELS["slack"].form(first(), given))


def test_teams_gets_a_card_with_the_colour_in_its_head_and_two_buttons(service: Service) -> None:
    path, body, _ = sent(service, "teams", first())
    card = body["attachments"][0]["content"]
    assert (path, card["body"][0]["style"]) == ("/flow", "attention")
    assert [(a["title"], a["url"]) for a in card["actions"]] == [
        ("Report", LINK), ("Runbook", RUNBOOK),
    ]  # fmt: skip
    assert card["body"][1]["inlines"][0]["text"] == body_of(first())
    assert all(block["type"] != "TextBlock" for block in card["body"])  # which reads Markdown
    ended = sent(service, "teams", over())[1]["attachments"][0]["content"]
    assert ended["body"][0]["style"] == "good"
    long = replace(first(), text=f"{'h' * 400}\n\n{'x' * 90_000}")
    assert len(json.dumps(sent(service, "teams", long)[1])) < 28_000


def test_pagerduty_triggers_under_the_incidents_key_and_resolves_it(service: Service) -> None:
    woken = first(kind="down")
    _, event, _ = sent(service, "pagerduty", woken)
    payload = event.pop("payload")
    assert event == {
        "routing_key": "r" * 32,
        "event_action": "trigger",
        "dedup_key": "development/auth#1",
        "client": "Hokusai Canary",
        "client_url": LINK,
        "links": [{"href": LINK, "text": "Report"}, {"href": RUNBOOK, "text": "Runbook"}],
    }
    assert payload["summary"] == woken.text.partition("\n")[0]
    assert (payload["severity"], payload["component"], payload["class"], payload["group"]) == (
        "critical", "auth", "port-mismatch", "development",
    )  # fmt: skip
    assert payload["source"] == "canary of development"
    assert "Fix (CHANGES THE PLATFORM)" in payload["custom_details"]["text"]
    assert sent(service, "pagerduty", over())[1] == {
        "routing_key": "r" * 32,
        "event_action": "resolve",
        "dedup_key": "development/auth#1",
    }
    blind = first(samples.could_not_tell(), "blind")
    own = sent(service, "pagerduty", blind)[1]
    assert (own["payload"]["severity"], own["payload"]["class"]) == ("warning", "canary-blind")


def test_opsgenie_creates_an_alert_under_the_incidents_alias_notes_and_closes_it(
    service: Service,
) -> None:
    path, alert, _ = sent(service, "opsgenie", first(kind="down"))
    assert service.heard[0][1]["Authorization"] == f"GenieKey {'g' * 36}"
    assert (path, alert["alias"], alert["priority"]) == ("/v2/alerts", "development/auth#1", "P1")
    assert len(alert["message"]) <= 130 and len(alert["description"]) <= 15_000
    assert alert["details"] == {"cause": "port-mismatch", "report": LINK}
    place = "/v2/alerts/development%2Fauth%231"
    path, note, _ = sent(service, "opsgenie", replace(first(), kind="still"))
    assert path == f"{place}/notes?identifierType=alias" and LINK in note["note"]
    path, closed, _ = sent(service, "opsgenie", over())
    assert path == f"{place}/close?identifierType=alias"
    assert set(closed) == {"note", "source"}


@pytest.mark.parametrize("kind", sorted(CHANNELS))
@pytest.mark.parametrize("status", [302, 400, 401, 429, 500])
def test_what_is_refused_is_an_error_without_a_key_in_it(
    service: Service, kind: str, status: int
) -> None:
    service.status = status
    with pytest.raises(RefusedError) as refused:
        sent(service, kind, first(kind="down"))
    assert str(refused.value) == f"answered {status}"
    assert len(service.heard) == 1  # a redirect would carry the key to another host


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_a_secret_without_its_key_is_told_by_the_keys_name_alone(kind: str) -> None:
    with pytest.raises(RefusedError, match=r"^the secret has no (url|routing_key|api_key)$"):
        CHANNELS[kind].form(first(), Given(secret={"other": "v"}))


def channel(kind: str, **more: Any) -> Channel:
    return Channel(kind=kind, secret="s", **more)  # type: ignore[arg-type]


def test_a_channel_takes_its_audience_its_severities_and_its_owners() -> None:
    message, blind = first(), first(samples.could_not_tell(), "blind")
    owned, high = replace(message, owners=("ml",)), replace(message, severity=Severity.HIGH)
    assert wants(channel("slack"), message) and wants(channel("slack"), blind)
    assert not wants(channel("slack", audience=("canary",)), message)
    assert not wants(channel("slack", audience=("platform",)), blind)
    assert wants(channel("teams", least=Severity.HIGH), high)
    assert not wants(channel("teams", least=Severity.CRITICAL), high)
    assert wants(channel("slack", owners=("ml",)), owned)
    assert not wants(channel("slack", owners=("ml",)), message)
    assert not wants(channel("pagerduty"), message)  # the first failing run wakes nobody
    assert not wants(channel("slack"), first(kind="down"))


def test_the_two_topics_share_no_message_but_the_reminder_of_what_rang() -> None:
    made = [replace(first(), kind=k, paged=True) for k in ("broke", "down", "page", "still")]
    assert [wants_mail(m) for m in made] == [True, False, False, True]
    assert [wants_page(m) for m in made] == [False, False, True, True]


def test_a_long_text_is_cut_between_its_lines_and_nothing_is_lost() -> None:
    assert parts("ab\ncd\nefghi\n\nj", 5) == ["ab\ncd", "efghi", "\nj"]
    assert parts("x" * 12, 5) == ["xxxxx", "xxxxx", "xx"]
    assert parts("", 5) == []


def test_a_channel_that_hangs_delays_no_other() -> None:
    night = Night()
    night.hang = {"pager"}
    night.run("F" * 4, ONE)
    assert (night.got["mail"], night.got["page"]) == (["broke"], ["page"])
    held = [m.channel for m in night.state.pending]
    assert held == ["pager"]


def test_the_state_never_holds_a_key() -> None:
    kept = decide(samples.seed_day(), Notified(), LINK)
    assert not {f for f in Message.__struct_fields__ if "key" in f or "secret" in f} - {"key"}
    assert all(m.channel == "" for m in kept.messages)


def test_what_chats_and_pagers_want() -> None:
    assert {"broke", "worse", "diagnosed", "still", "fixed", "blind", "sighted"} == CHAT
    assert {"down", "diagnosed", "still", "fixed", "blind", "sighted"} == PAGER
