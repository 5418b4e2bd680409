"""docs/examples/chat.yaml: the words of its function, and its stack on a twin, to a real server."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from canary.messages import forms
from canary.messages.incidents import decide
from canary.messages.state import Notified
from tests.canary.support import report_samples as samples
from tests.infra.support.deployed import ROOT, until
from tests.sandbox.support.twin import RunningTwin

TEMPLATE = ROOT / "docs" / "examples" / "chat.yaml"
HOSTILE = "```\n<!channel> <https://evil.example|x> **b** [x](https://evil.example) & \u202e\n```"
LINK = "https://reports.example.com/latest/development.html"


class Loader(yaml.SafeLoader):
    """Reads a template; the short forms of CloudFormation's functions are left as data."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: {suffix: str(node.value)})


@pytest.fixture(scope="module")
def code() -> dict[str, Any]:
    """Return what the template's inline code defines."""
    read = yaml.load(TEMPLATE.read_text(encoding="utf-8"), Loader)
    text = read["Resources"]["Post"]["Properties"]["Code"]["ZipFile"]
    assert len(text) < 4096, "CloudFormation takes no longer code inline"
    names: dict[str, Any] = {}
    exec(compile(text, str(TEMPLATE), "exec"), names)
    return names


def told(code: dict[str, Any], subject: str, text: str) -> tuple[Any, str, str, str | None]:
    found: tuple[Any, str, str, str | None] = code["words"]({"Subject": subject, "Message": text})
    return found


def test_slack_gets_no_mention_no_foreign_link_and_no_way_out_of_the_block(
    code: dict[str, Any],
) -> None:
    text = f"[high] x\nReport: {LINK}\n\n{HOSTILE}"
    payload = code["slack"](*told(code, "[high] <@U1> `x`", text))
    (attachment,) = payload["attachments"]
    head, *bodies, actions = attachment["blocks"]
    assert attachment["color"] == "#e8710a"
    assert "<" not in head["text"]["text"] and "`" not in head["text"]["text"]
    for body in bodies:
        inner = body["text"]["text"].removeprefix("```").removesuffix("```")
        assert "<" not in inner and "`" not in inner
    assert [b["url"] for b in actions["elements"]] == [LINK]


def test_teams_shows_text_as_it_is_and_leads_to_the_report(code: dict[str, Any]) -> None:
    text = f"[over] x\nReport: {LINK}\n\n{HOSTILE}"
    card = code["teams"](*told(code, "[over] x", text))["attachments"][0]["content"]
    assert [block["type"] for block in card["body"]] == ["Container", "RichTextBlock"]
    assert card["body"][0]["style"] == "good"
    assert HOSTILE in card["body"][1]["inlines"][0]["text"]
    assert [action["url"] for action in card["actions"]] == [LINK]


@pytest.mark.parametrize("text", ["&" * 1_000_000, "line\n" * 200_000])
def test_a_megabyte_stays_within_what_a_channel_takes(text: str, code: dict[str, Any]) -> None:
    found = told(code, "&" * 1000, text)
    blocks = code["slack"](*found)["attachments"][0]["blocks"]
    assert len(blocks) <= 50 and all(len(b["text"]["text"]) <= 3_000 for b in blocks)
    assert len(json.dumps(code["teams"](*found))) < 28_000


@pytest.mark.parametrize(
    "text",
    [
        "[high] x\nReport: javascript:alert(1)\n\n",
        "[high] x\n\nReport: https://evil.example\nmore of a target's answer\n",
        "[high] x\nmore\nReport: https://evil.example\n",
    ],
)
def test_only_the_second_line_leads_anywhere(text: str, code: dict[str, Any]) -> None:
    assert told(code, "[high] x", text)[3] is None


def test_an_alarm_is_told_by_its_description_and_reason_and_its_end_is_none(
    code: dict[str, Any],
) -> None:
    description = f"In ALARM while auth is down. Report: {LINK} Runbook: r. First: c"
    alarm = {"AlarmName": "a", "AlarmDescription": description, "NewStateReason": "3 of 3"}
    ringing = {**alarm, "NewStateValue": "ALARM"}
    assert told(code, 'ALARM: "a"', json.dumps(ringing)) == (
        ("#b3261e", "attention"), "[alarm] a", f"{description}\n\n3 of 3", LINK,
    )  # fmt: skip
    over = {**alarm, "NewStateValue": "OK"}
    assert told(code, 'OK: "a"', json.dumps(over)) == (
        ("#1e8e3e", "good"), "[over] a", "The alarm is over.\n\n3 of 3", LINK,
    )  # fmt: skip
    for plain in ("not JSON", "7", "[1]", '"x"', "null"):
        assert code["words"]({"Message": plain})[2] == plain


def message() -> Any:
    """Return the first message of the seed day."""
    return decide(samples.seed_day(), Notified(), LINK).messages[0]


def test_what_the_canary_says_is_whole_in_both(code: dict[str, Any]) -> None:
    sent = message()
    found = told(code, sent.subject, forms.retried(sent))
    assert (found[0], found[3]) == (("#b3261e", "attention"), LINK)
    blocks = code["slack"](*found)["attachments"][0]["blocks"]
    shown = "".join(b["text"]["text"].strip("`") for b in blocks[1:-1])
    assert shown.replace("&gt;", ">") == sent.text
    assert "Fix (CHANGES THE PLATFORM)" in json.dumps(code["teams"](*found))


def test_what_was_not_posted_is_kept_and_logs_are_its_own_for_a_month() -> None:
    read = yaml.load(TEMPLATE.read_text(encoding="utf-8"), Loader)["Resources"]
    assert read["Post"]["Properties"]["LoggingConfig"] == {"LogGroup": {"Ref": "Log"}}
    assert read["Log"]["Properties"] == {"RetentionInDays": 30}
    lost = {"GetAtt": "Lost.Arn"}
    after = read["AfterThreeTries"]["Properties"]
    assert after["DestinationConfig"]["OnFailure"]["Destination"] == lost
    for name in ("HearTicket", "HearPage"):
        assert read[name]["Properties"]["RedrivePolicy"] == {"deadLetterTargetArn": lost}
    [policy] = read["Role"]["Properties"]["Policies"]
    rights = {str(s["Action"]): s["Resource"] for s in policy["PolicyDocument"]["Statement"]}
    assert rights.pop("secretsmanager:GetSecretValue")["Sub"].endswith(":secret:${Secret}-??????")
    assert rights == {
        "['logs:CreateLogStream', 'logs:PutLogEvents']": {"GetAtt": "Log.Arn"},
        "sqs:SendMessage": lost,
    }


def test_cfn_lint_finds_nothing() -> None:
    linter = str(Path(sys.executable).with_name("cfn-lint"))
    done = subprocess.run([linter, "--", str(TEMPLATE)], capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[RunningTwin]:
    running = RunningTwin(tmp_path / "state.json")
    yield running
    running.stop()


@pytest.fixture
def channel() -> Iterator[tuple[str, list[Any]]]:
    """Return a webhook's address, and what it was sent."""
    heard: list[Any] = []

    class Webhook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: requests are no news in a test."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Webhook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook", heard
        server.shutdown()


@pytest.mark.slow
def test_deployed_to_a_twin_it_posts_messages_and_alarms(
    twin: RunningTwin, channel: tuple[str, list[Any]]
) -> None:
    address, heard = channel
    sns = twin.client("sns")
    topics = [sns.create_topic(Name=f"chat-{kind}")["TopicArn"] for kind in ("ticket", "page")]
    secret = "hokusai/canary/development/chat"
    twin.client("secretsmanager").create_secret(
        Name=secret, SecretString=json.dumps({"url": address})
    )
    words = ("TicketTopic=" + topics[0], "PageTopic=" + topics[1], "Service=slack")
    deploy(twin, *words, f"Secret={secret}")
    said = message()
    sns.publish(TopicArn=topics[0], Subject=said.subject, Message=said.text)
    alarm = json.dumps({"AlarmName": "a", "AlarmDescription": "The page rings"})
    sns.publish(TopicArn=topics[1], Subject='ALARM: "a"', Message=alarm)
    until(lambda: len(heard) == 2, 200, "both posts")  # one that failed comes again after 60 s
    posts = sorted(json.dumps(post) for post in heard)
    assert any("The page rings" in post for post in posts)
    assert any(said.subject in post for post in posts)
    assert address not in TEMPLATE.read_text() + json.dumps(described(twin))


def deploy(twin: RunningTwin, *parameters: str) -> None:
    """Deploy the template with the AWS CLI, as the document says."""
    cli = Path(sys.executable).with_name("aws")
    done = subprocess.run(
        [str(cli), "cloudformation", "deploy", "--template-file", str(TEMPLATE),
         "--stack-name", "chat", "--capabilities", "CAPABILITY_IAM",
         "--parameter-overrides", *parameters],
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
            "AWS_ACCESS_KEY_ID": twin.state.aws.access_key_id,
            "AWS_SECRET_ACCESS_KEY": twin.state.aws.secret_access_key,
            "AWS_DEFAULT_REGION": twin.state.region,
            "AWS_ENDPOINT_URL": twin.state.aws_endpoint_url,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def described(twin: RunningTwin) -> Any:
    """Return what anybody sees who may describe functions."""
    [name] = [
        f["FunctionName"]
        for f in twin.client("lambda").list_functions()["Functions"]
        if f["FunctionName"].startswith("chat")
    ]
    return twin.client("lambda").get_function_configuration(FunctionName=name)["Environment"]
