"""Recipients that hear nothing, against a local server that speaks SNS's API and Lambda's."""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.canary.cli.test_commands import call
from tests.canary.test_handler import ENVIRONMENT, PRINCIPALS

TOPIC = "arn:aws:sns:us-east-1:123456789012:hokusai-canary-nothing-answers"
NOTIFY = """
[notify]
page = ["email:oncall@example.com", "sms:+15550100"]
ticket = ["https://tickets.example.com/hook"]
"""
Subscriptions = dict[str, list[tuple[str, str, str]]]
CONFIRMED = "arn:aws:sns:us-east-1:123456789012:a:1"
ALL: Subscriptions = {
    f"{TOPIC}-page-topic": [
        ("email", "oncall@example.com", CONFIRMED),
        ("sms", "+15550100", CONFIRMED),
    ],
    f"{TOPIC}-ticket-topic": [("https", "https://tickets.example.com/hook", CONFIRMED)],
}


DENIED = (
    403,
    "<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code>"
    "<Message>not allowed</Message></Error></ErrorResponse>",
)


class Sns:
    """The subscriptions of the topics by page; a topic that is missing is denied."""

    def __init__(self) -> None:
        self.pages: list[Subscriptions] = [ALL]
        self.filters: dict[str, str] = {}  # of a subscription; one that is missing is denied
        self.url = ""

    def answer(self, asked: dict[str, str]) -> tuple[int, str]:
        if asked["Action"] == "GetSubscriptionAttributes":
            return self._attributes(asked["SubscriptionArn"])
        number = int(asked.get("NextToken", "0"))
        found = self.pages[number].get(asked["TopicArn"])
        if found is None:
            return DENIED
        members = "".join(
            f"<member><Protocol>{protocol}</Protocol><Endpoint>{endpoint}</Endpoint>"
            f"<SubscriptionArn>{arn}</SubscriptionArn></member>"
            for protocol, endpoint, arn in found
        )
        more = f"<NextToken>{number + 1}</NextToken>" if number + 1 < len(self.pages) else ""
        result = f"<Subscriptions>{members}</Subscriptions>{more}"
        name = "ListSubscriptionsByTopic"
        return 200, f"<{name}Response><{name}Result>{result}</{name}Result></{name}Response>"

    def _attributes(self, arn: str) -> tuple[int, str]:
        if arn not in self.filters:
            return DENIED
        policy = self.filters[arn]
        entry = f"<entry><key>FilterPolicy</key><value>{policy}</value></entry>" if policy else ""
        name = "GetSubscriptionAttributes"
        result = f"<{name}Result><Attributes>{entry}</Attributes></{name}Result>"
        return 200, f"<{name}Response>{result}</{name}Response>"


@pytest.fixture
def sns() -> Iterator[Sns]:
    state = Sns()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            if self.path == "/":
                status, text = state.answer(dict(urllib.parse.parse_qsl(body)))
            else:
                status, text = 200, json.dumps({"run_id": "r", "status": "PASS", "scores": {}})
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    server.server_close()


def file(sns: Sns, folder: Path, notify: str = NOTIFY) -> str:
    generated = [
        f'[principals.{p}]\ngenerated = "malformed"\n'
        for p in (*PRINCIPALS, "unknown", "malformed")
    ]
    path = folder / "nothing-answers.toml"
    text = ENVIRONMENT.format(url="https://127.0.0.1:1") + "\n".join(generated) + notify
    path.write_text(f'aws_endpoint_url = "{sns.url}"\n' + text)
    return str(path)


def lines(sns: Sns, folder: Path, notify: str = NOTIFY) -> list[str]:
    """Return what the gate tells of recipients; its status is that of the run."""
    done = call("gate", "-e", file(sns, folder, notify), "--format", "json")
    assert done.exit_code == 0
    return list(json.loads(done.stdout).get("recipients", ()))


def test_nothing_is_said_where_everybody_hears(sns: Sns, tmp_path: Path) -> None:
    assert lines(sns, tmp_path) == []
    pages: list[Subscriptions] = [{topic: [] for topic in ALL}, ALL]
    sns.pages = pages
    assert lines(sns, tmp_path) == []  # on the second page


def test_who_did_not_confirm_who_is_gone_and_what_was_not_read_is_told(
    sns: Sns, tmp_path: Path
) -> None:
    pending = ("email", "oncall@example.com", "PendingConfirmation")
    sns.pages = [{f"{TOPIC}-page-topic": [pending]}]
    told = lines(sns, tmp_path)
    assert told[:2] == [
        "notify.page: email:oncall@example.com has not confirmed its subscription",
        "notify.page: sms:+15550100 is not subscribed: deploy, or subscribe it again",
    ]
    assert told[2].startswith("notify.ticket: nobody can tell who hears it:")
    assert "AuthorizationError" in told[2] and len(told) == 3
    text = call("gate", "-e", file(sns, tmp_path)).stdout
    assert "nobody is told: notify.page: email:oncall@example.com has not confirmed" in text


def test_who_has_no_recipients_asks_nobody(sns: Sns, tmp_path: Path) -> None:
    sns.pages = [{}]
    assert lines(sns, tmp_path, "[notify]\npage = []\n") == []


def test_validate_asks_only_where_it_is_told_to(sns: Sns, tmp_path: Path) -> None:
    sns.pages = [{topic: [] for topic in ALL}]
    path = file(sns, tmp_path)
    text = Path(path).read_text()  # nothing but the topics is asked without a cluster
    Path(path).write_text(text.replace('cluster = "hokusai-development"', 'cluster = ""'))
    assert call("validate", path).exit_code == 0
    done = call("validate", path, "--live")
    assert done.exit_code == 3
    assert done.stderr.splitlines() == [
        f"nothing-answers.toml: notify.{key}: {target} is not subscribed: deploy, or subscribe it"
        " again"
        for key, target in (
            ("page", "email:oncall@example.com"),
            ("page", "sms:+15550100"),
            ("ticket", "https://tickets.example.com/hook"),
        )
    ]
    sns.pages = [ALL]
    assert call("validate", path, "--live").exit_code == 0


OWNED = """
[notify]
ticket = ["https://tickets.example.com/hook"]
[notify.owners]
ml = ["email:ml@example.com"]
[services.app]
url = "https://app.example.com"
owner = "ml"
"""


def test_a_team_that_has_not_confirmed_is_told(sns: Sns, tmp_path: Path) -> None:
    pending = ("email", "ml@example.com", "PendingConfirmation")
    tickets = f"{TOPIC}-ticket-topic"
    sns.pages = [{tickets: [*ALL[tickets], pending]}]
    assert lines(sns, tmp_path, OWNED) == [
        "notify.owners.ml: email:ml@example.com has not confirmed its subscription"
    ]


DUTY = "https://events.pagerduty.com/integration/{}/enqueue"
PAGED = f"""
[notify]
page = ["email:oncall@example.com", "sms:+15550100", "{DUTY.format("own")}"]
ticket = ["https://tickets.example.com/hook"]
[[notify.channels]]
kind = "pagerduty"
secret = "pager"
"""


def test_a_pager_that_hears_the_page_without_its_filter_is_told(sns: Sns, tmp_path: Path) -> None:
    """Subscribed by hand, or before the channel was there: the template's own has the filter."""
    page = f"{TOPIC}-page-topic"
    own, by_hand, denied, asked = (DUTY.format(n) for n in ("own", "by-hand", "denied", "asked"))
    arns = {
        url: f"arn:aws:sns:us-east-1:123456789012:a:{n}"
        for n, url in enumerate((own, by_hand, denied), 2)
    }
    hears = [("https", url, arn) for url, arn in arns.items()]
    sns.pages = [{**ALL, page: [*ALL[page], *hears, ("https", asked, "PendingConfirmation")]}]
    sns.filters = {arns[own]: "{&quot;AlarmName&quot;:[&quot;a&quot;]}", arns[by_hand]: ""}
    path = file(sns, tmp_path, PAGED)
    text = Path(path).read_text()
    Path(path).write_text(text.replace('cluster = "hokusai-development"', 'cluster = ""'))
    done = call("validate", path, "--live")
    assert done.exit_code == 3
    without, unknown = (x for x in done.stderr.splitlines() if ": notify.page: " in x)
    assert without == (
        f"nothing-answers.toml: notify.page: {by_hand} is subscribed without the filter on the"
        " heartbeat, and is a channel, too: an outage is two incidents there; deploy, or"
        " unsubscribe it"
    )
    told = f"nothing-answers.toml: notify.page: nobody can tell whether {denied} has its filter:"
    assert unknown.startswith(told) and "AuthorizationError" in unknown


def test_validate_warns_of_who_would_be_told_twice_and_of_nobody(sns: Sns, tmp_path: Path) -> None:
    path = file(sns, tmp_path, NOTIFY.replace("https://tickets.example.com/hook", "sms:+15550100"))
    done = call("validate", path)
    assert done.exit_code == 0 and done.stdout == "1 file is valid: nothing-answers.toml\n"
    assert done.stderr.splitlines() == [
        "warning: nothing-answers.toml: notify.ticket: sms:+15550100 is in notify.page, too: it is"
        " told of each critical incident twice, also of its reminders and its end"
    ]
    Path(path).write_text(Path(path).read_text().replace("ticket = [", "unknown = ["))
    assert call("validate", path).stderr.count("warning") == 0  # what is wrong comes first
