"""A run ends in time though a look-up of a name hangs for a minute."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SITE = """
import socket, time

found = socket.getaddrinfo

def getaddrinfo(host, *more, **named):
    if str(host).endswith("hangs.test"):
        time.sleep(60)
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


def test_a_run_ends_in_time_though_a_look_up_hangs_a_minute(tmp_path: Path) -> None:
    """The budget is 5 s; the probe, the control plane's reading and the diagnosis all look up."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SITE)
    (tmp_path / "hanging.toml").write_text(ENVIRONMENT)
    command = [
        sys.executable, "-m", "canary", "run", "--environment", str(tmp_path / "hanging.toml"),
        "--only", "mlflow.health", "--budget", "5", "--out", str(tmp_path / "out"),
    ]  # fmt: skip
    environ = {
        **os.environ,
        "PYTHONPATH": str(tmp_path / "site"),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_MAX_ATTEMPTS": "1",
    }
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=50, check=False
    )
    took = time.monotonic() - began
    assert done.returncode == 1, done.stderr
    assert "dns: no answer within the time" in done.stdout
    assert took < 9
