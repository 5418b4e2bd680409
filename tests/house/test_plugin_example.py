"""The worked example of a plug-in is built, installed beside the canary, and run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.canary.support.servers.shop import EXAMPLE, beside, install, whole_shop

pytestmark = pytest.mark.slow  # one build, an installation, and a handful of processes

BESIDE = """
[[check]]
id = "shop.health"
title = "The shop answers its health check"
kind = "endpoint"
suite = "endpoints"
service = "shop"
severity = "high"
[check.spec]
path = "/health"
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the example installed, without what it needs."""
    return install(tmp_path_factory.mktemp("plugin"))


def canary(place: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "canary", *words],
        cwd=folder,
        env=beside(place),
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_its_environment_is_valid_and_is_not_without_it(place: Path, tmp_path: Path) -> None:
    done = canary(place, EXAMPLE, "validate")
    assert (done.returncode, done.stdout) == (0, "1 file is valid: canary.toml\n"), done.stderr
    without = canary(tmp_path, EXAMPLE, "validate")
    assert without.returncode == 2
    assert "canary.toml: shop.stock: kind: unknown kind websocket" in without.stderr
    assert "canary.toml: prices.serving: kind: unknown kind grpc-health" in without.stderr


def test_its_keys_stand_in_the_schema_and_in_the_reference(place: Path, tmp_path: Path) -> None:
    schema = json.loads(canary(place, tmp_path, "schema", "check").stdout)
    spec = schema["$defs"]["WebsocketSpec"]["properties"]
    assert spec["path"]["description"] == "Path of the WebSocket"
    assert spec["path"]["examples"] == ["/socket"]
    told = canary(place, tmp_path, "catalogue", "--reference").stdout
    assert "### websocket\n" in told and "### grpc-health\n" in told
    assert "| `ping` | true or false | `true` | Whether a ping must be answered | `ping = false` |" in told  # fmt: skip # noqa: E501


@contextmanager
def run(place: Path, folder: Path, *, full: bool = False, takes: bool = True) -> Iterator[dict]:  # type: ignore[type-arg] # a report as JSON
    """Run the example's checks, and one of ours, against a shop; yield the report."""
    with whole_shop(full=full, takes=takes) as text:
        (folder / "canary.toml").write_text(text + BESIDE)
        done = canary(place, folder, "run", "--quiet", "--out", "out")
        assert done.returncode in (0, 1), done.stderr
        yield json.loads((folder / "out" / "report.json").read_text())


def statuses(report: dict) -> dict[str, list[str]]:  # type: ignore[type-arg] # a report as JSON
    return {r["check_id"]: [s["status"] for s in r["steps"]] for r in report["results"]}


def test_a_websocket_that_is_taken_and_answers_a_ping_passes(place: Path, tmp_path: Path) -> None:
    with run(place, tmp_path) as report:
        assert statuses(report) == {
            "shop.stock": ["PASS", "PASS"], "shop.health": ["PASS"], "prices.serving": ["PASS"],
        }  # fmt: skip
        (stock,) = [r for r in report["results"] if r["check_id"] == "shop.stock"]
        shook, pinged = (step["evidence"][0] for step in stock["steps"])
        assert (shook["sent"], shook["excerpt"]) == ("GET /stock, Upgrade: websocket", "accepted")
        assert (pinged["sent"], pinged["excerpt"], pinged["timing"]["reused"]) == (
            "Ping", "Pong", True,
        )  # fmt: skip


def test_a_websocket_that_is_refused_fails_and_says_how(place: Path, tmp_path: Path) -> None:
    with run(place, tmp_path, takes=False) as report:
        assert statuses(report) == {
            "shop.stock": ["FAIL"], "shop.health": ["PASS"], "prices.serving": ["PASS"],
        }  # fmt: skip
        (stock,) = [r for r in report["results"] if r["check_id"] == "shop.stock"]
        assert stock["reason"] == "WebSocket is refused with status 403, expected accepted"


def test_its_rule_names_the_cause(place: Path, tmp_path: Path) -> None:
    with run(place, tmp_path, full=True) as report:
        (found,) = report["diagnoses"]
        assert (found["cause"], found["confidence"], found["explains"]) == (
            "gateway-full",
            "LIKELY",
            ["shop.health"],
        )


def test_its_channel_posts_with_its_secret(place: Path, tmp_path: Path) -> None:
    code = (
        "from canary.messages.channels import row_of\n"
        "from canary.messages.channels.form import Given\n"
        "from canary.model import Channel\n"
        "from types import SimpleNamespace as Message\n"
        "row = row_of(Channel(kind='pager-acme', secret='s'))\n"
        "given = Given(secret={'url': 'https://acme.example', 'token': 't'})\n"
        "made = row.form(Message(subject='Down', text='It is.', over=False), given)\n"
        "print(row.least.value, made.url, made.body.decode(), made.headers['Authorization'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=beside(place),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == (
        'critical https://acme.example {"summary": "Down", "text": "It is.", "open": true}'
        " Bearer t\n"
    ), done.stderr
