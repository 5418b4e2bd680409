"""A run ends in time though a look-up of a name hangs for two minutes.

The run's own clock is asked: how long a busy machine takes to start Python is left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HANG_S = 120
ROOT = Path(__file__).resolve().parents[3]
SITE = f"""
import socket, time

found = socket.getaddrinfo

def getaddrinfo(host, *more, **named):
    if str(host).endswith("hangs.test"):
        time.sleep({HANG_S})
    return found(host, *more, **named)

socket.getaddrinfo = getaddrinfo
"""
ENVIRONMENT = """
name = "hanging"
account = "123456789012"
region = "us-east-1"
cluster = "none"
checks = "mlflow"
aws_endpoint_url = "http://127.0.0.1:9"

[services.mlflow]
url = "https://mlflow.hangs.test"

[principals.user]
generated = "unknown"
"""


@pytest.mark.slow  # it waits for the end of a run
def test_a_run_ends_in_time_though_a_look_up_hangs(tmp_path: Path) -> None:
    """The budget is 15 s; the probe, the control plane's reading and the diagnosis all look up."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SITE)
    (tmp_path / "hanging.toml").write_text(ENVIRONMENT)
    command = [
        sys.executable, "-m", "canary", "run", "--environment", str(tmp_path / "hanging.toml"),
        "--only", "mlflow.health", "--budget", "15", "--out", str(tmp_path / "out"),
    ]  # fmt: skip
    environ = {
        **os.environ,
        "PYTHONPATH": str(tmp_path / "site"),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_MAX_ATTEMPTS": "1",
    }
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True,
        timeout=HANG_S - 10, check=False,  # the process does not wait for the look-up either
    )  # fmt: skip
    # AWS is silent, too: nothing is known of the platform
    assert done.returncode == 3, done.stderr
    assert "dns: no answer within the time" in done.stdout
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert report["run"]["duration_ms"] < 20_000
