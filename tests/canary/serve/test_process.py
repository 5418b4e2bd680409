"""The process as a user starts it: runs come, pages and metrics are served, a signal ends it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.canary.support.servers.registry import serving_registry
from tests.canary.test_handler import ENVIRONMENT, PRINCIPALS

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
SCHEDULE = """
[run]
budget = 12
cleanup_reserve = 2
publish_reserve = 2

[schedule]
expression = "{expression}"
"""


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Path]:
    """Yield the file of an environment whose URLs answer, and whose control plane does not."""
    with serving_registry(tmp_path) as registry:
        head = 'ca_bundle = "ca.pem"\naws_endpoint_url = "http://127.0.0.1:1"\n'
        principals = "".join(
            f'[principals.{p}]\ngenerated = "unknown"\n'
            for p in (*PRINCIPALS, "unknown", "malformed")
        )
        path = tmp_path / "environment.toml"
        path.write_text(head + ENVIRONMENT.format(url=registry.url) + principals)
        yield path


def started(environment: Path, expression: str, *more: str) -> subprocess.Popen[str]:
    text = environment.read_text()
    environment.write_text(text + SCHEDULE.format(expression=expression))
    return subprocess.Popen(
        [sys.executable, "-m", "canary", "serve", "-e", str(environment), *more],
        cwd=ROOT,
        env={**os.environ, "AWS_ACCESS_KEY_ID": "t", "AWS_SECRET_ACCESS_KEY": "t",
             "AWS_MAX_ATTEMPTS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def got(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def value(metrics: str, name: str) -> float:
    found = re.search(rf"^{name}\{{[^}}]*\}} (\S+)$", metrics, re.MULTILINE)
    assert found, f"{name} is not in {metrics[:500]}"
    return float(found[1])


def test_it_runs_serves_and_ends(environment: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    process = started(
        environment, "rate(1 minute)", "--store", str(store), "--listen", "127.0.0.1:0"
    )
    try:
        assert process.stderr is not None
        first = process.stderr.readline()
        found = re.fullmatch(
            rf"Serving nothing-answers on (http://127\.0\.0\.1:\d+/) \(store: {store}\)\n", first
        )
        assert found, first
        url = found[1]
        assert got(f"{url}health") == "ok\n"
        until = time.monotonic() + 90
        while value(got(f"{url}metrics"), "hokusai_canary_runs_total") < 1:
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.5)
        metrics = got(f"{url}metrics")
        assert value(metrics, "hokusai_canary_runs_failed_total") == 0
        assert value(metrics, "hokusai_canary_critical_failed") > 0
        (report,) = (store / "runs").glob("*.json")
        assert report.stem in got(f"{url}latest/nothing-answers.html")
        assert report.stem in got(f"{url}runs/{report.name}")
        assert 'href="latest/nothing-answers.html"' in got(url)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
    finally:
        process.kill()
        process.communicate()


def test_an_address_that_is_taken_is_said(environment: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = started(environment, "rate(1 minute)", "--listen", f"127.0.0.1:{port}")
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err == f"--listen 127.0.0.1:{port}: Address already in use\n"


def test_a_schedule_that_leaves_out_days_is_refused(environment: Path) -> None:
    process = started(environment, "cron(0 8 ? * MON-FRI *)")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert "schedule.expression: cron(0 8 ? * MON-FRI *)" in err and "Traceback" not in err


@pytest.mark.parametrize("listen", ["8090", "localhost:", ":80", "localhost:99999", "a:b"])
def test_what_is_no_address_is_refused(environment: Path, listen: str) -> None:
    process = started(environment, "rate(1 minute)", "--listen", listen)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err == f"--listen: {listen} is no address (valid: HOST:PORT)\n"
