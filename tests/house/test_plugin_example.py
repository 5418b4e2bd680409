"""The worked example of a plug-in is built, installed beside the canary, and run."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Ping, RejectConnection, Request

from tests.house.documents import ROOT
from tests.house.test_distributions import UV

pytestmark = pytest.mark.slow  # one build, an installation, and a handful of processes

EXAMPLE = ROOT / "docs" / "examples" / "plugin"
FULL = b"HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
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
    folder = tmp_path_factory.mktemp("plugin")
    command = [str(UV), "pip", "install", "--quiet", "--offline", "--no-deps"]
    command += ["--no-build-isolation", "--python", sys.executable, "--target", str(folder)]
    subprocess.run([*command, str(EXAMPLE)], check=True, timeout=120)
    return folder


def canary(place: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "canary", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{place}{os.pathsep}{ROOT}"},
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


def test_its_keys_stand_in_the_schema_and_in_the_reference(place: Path, tmp_path: Path) -> None:
    schema = json.loads(canary(place, tmp_path, "schema", "check").stdout)
    spec = schema["$defs"]["WebsocketSpec"]["properties"]
    assert spec["path"]["description"] == "Path of the WebSocket"
    assert spec["path"]["examples"] == ["/socket"]
    told = canary(place, tmp_path, "catalogue", "--reference").stdout
    assert "### websocket\n" in told
    assert "| `ping` | true or false | `true` | Whether a ping must be answered | `ping = false` |" in told  # fmt: skip # noqa: E501


class Shop:
    """A web shop on one port: `/stock` is a WebSocket, unless the gateway is full."""

    def __init__(self, *, full: bool, takes: bool) -> None:
        self.full, self.takes = full, takes
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self.server.close()

    def _serve(self) -> None:
        while True:
            try:
                taken, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(taken,), daemon=True).start()

    def _answer(self, taken: socket.socket) -> None:
        with taken, suppress(OSError):
            head = taken.recv(65_536)
            if b"pgrade" not in head:
                well = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                taken.sendall(FULL if self.full else well)
                return
            self._socket(taken, head)

    def _socket(self, taken: socket.socket, head: bytes) -> None:
        server, data = WSConnection(ConnectionType.SERVER), head
        while data:
            server.receive_data(data)
            for event in server.events():
                if isinstance(event, Request):
                    refusal = RejectConnection(status_code=403)
                    taken.sendall(server.send(AcceptConnection() if self.takes else refusal))
                elif isinstance(event, Ping):
                    taken.sendall(server.send(event.response()))
            data = taken.recv(65_536)


@contextmanager
def run(place: Path, folder: Path, *, full: bool = False, takes: bool = True) -> Iterator[dict]:  # type: ignore[type-arg] # a report as JSON
    """Run the example's checks, and one of ours, against a shop; yield the report."""
    with closing(Shop(full=full, takes=takes)) as shop:
        text = (EXAMPLE / "canary.toml").read_text()
        text = text.replace("https://shop.example.com", f"http://127.0.0.1:{shop.port}")
        (folder / "canary.toml").write_text(text + BESIDE)
        done = canary(place, folder, "run", "--quiet", "--out", "out")
        assert done.returncode in (0, 1), done.stderr
        yield json.loads((folder / "out" / "report.json").read_text())


def statuses(report: dict) -> dict[str, list[str]]:  # type: ignore[type-arg] # a report as JSON
    return {r["check_id"]: [s["status"] for s in r["steps"]] for r in report["results"]}


def test_a_websocket_that_is_taken_and_answers_a_ping_passes(place: Path, tmp_path: Path) -> None:
    with run(place, tmp_path) as report:
        assert statuses(report) == {"shop.stock": ["PASS", "PASS"], "shop.health": ["PASS"]}


def test_a_websocket_that_is_refused_fails_and_says_how(place: Path, tmp_path: Path) -> None:
    with run(place, tmp_path, takes=False) as report:
        assert statuses(report) == {"shop.stock": ["FAIL"], "shop.health": ["PASS"]}
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
        env={**os.environ, "PYTHONPATH": f"{place}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == (
        'critical https://acme.example {"summary": "Down", "text": "It is.", "open": true}'
        " Bearer t\n"
    ), done.stderr
