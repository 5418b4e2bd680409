"""Somebody else's morning: a wheel, a new environment, a folder of one's own, a platform."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from canary.config import load as load_environment
from sandbox.world.load import load
from tests.house.test_distributions import ROOT, UV, build
from tests.sandbox.support.twin import RunningTwin

pytestmark = pytest.mark.slow
CLONE = {"PYTHONPATH", "PYTHONHOME", "CANARY_HOME", "CANARY_ENVIRONMENT", "VIRTUAL_ENV"}


class Desk:
    """A folder outside the clone, with the installed program and the platform's credentials."""

    def __init__(self, folder: Path, twin: RunningTwin) -> None:
        self.folder, self.program = folder / "away", folder / "venv" / "bin" / "hokusai-canary"
        self.folder.mkdir()
        keys = twin.state.aws
        self.environment = {
            **{k: v for k, v in os.environ.items() if k not in CLONE and not k.startswith("AWS_")},
            "AWS_ACCESS_KEY_ID": keys.access_key_id,
            "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
            "AWS_DEFAULT_REGION": twin.state.region,
            "AWS_ENDPOINT_URL": twin.state.aws_endpoint_url,
        }

    def started(self, *words: str) -> subprocess.Popen[str]:
        """Type a command."""
        return subprocess.Popen(
            [str(self.program), *words],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def typed(self, *words: str) -> tuple[int, str, str]:
        """Type a command; return its exit status and what it printed."""
        process = self.started(*words)
        out, err = process.communicate(timeout=120)
        assert "Traceback" not in err, err
        return process.returncode, out, err


def installed(folder: Path) -> None:
    """Build a wheel of the clone, and install it with its requirements into a new environment."""
    build(ROOT, folder / "dist")
    (wheel,) = (folder / "dist").glob("*.whl")
    place = folder / "venv"
    for words in (
        ["venv", "--quiet", "--python", sys.executable, str(place)],
        ["pip", "install", "--quiet", "--python", str(place), f"{wheel}[serve]"],
    ):
        done = subprocess.run([str(UV), *words], capture_output=True, text=True, timeout=150)
        assert done.returncode == 0, done.stderr


def where(twin: RunningTwin) -> list[str]:
    """Return the options that name the platform: services, the addresses of users, the way."""
    world = load("classic")
    found = ["--cluster", world.cluster, "--ca-bundle", twin.state.ca_bundle]
    found += ["--endpoint-url", twin.state.aws_endpoint_url]
    for host, ports in twin.state.edge.items():
        for port, address in ports.items():
            found += ["--connect-to", f"{host}:{port}:{address}"]
    for part, service in world.services.items():
        found += ["--service", service.name]
        if service.host:
            found += ["--url", world.url(part)]
    return found


@pytest.mark.timeout(420)
def test_all_of_it_works_outside_the_clone(
    tmp_path: Path, start_twin: Callable[..., RunningTwin]
) -> None:
    installed(tmp_path)
    twin = start_twin()
    twin.settle()
    desk, platform = Desk(tmp_path, twin), where(twin)

    status, out, err = desk.typed("init", *platform, "--name", "shop")
    assert status == 0, err
    assert {p.name for p in desk.folder.iterdir()} == {"canary.toml", "shop.toml", "shop-checks"}
    file = str(desk.folder / "shop.toml")
    assert load_environment(file).environment.cluster == load("classic").cluster
    assert desk.typed("validate")[0] == 0
    status, out, err = desk.typed("run", "--quiet")
    assert status == 0, out
    assert (desk.folder / "out" / "shop" / "report.html").exists()

    twin.plant("auth-scaled-to-zero")
    twin.settle()
    status, out, err = desk.typed("doctor", "--quiet", *platform)
    assert status == 1, err
    causes = out.rpartition("causes:")[2].split()
    assert causes[:1] == ["service-scaled-to-zero"], out

    process = desk.started("serve", "--listen", "127.0.0.1:0")
    try:
        assert process.stderr is not None
        found = re.search(r"http://[\d.]+:\d+/", process.stderr.readline())
        assert found
        until = time.monotonic() + 90
        while True:
            with urllib.request.urlopen(f"{found[0]}metrics", timeout=10) as answer:
                metrics = answer.read().decode()
            if 'hokusai_canary_runs_total{environment="shop"} 1.0' in metrics:
                break
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.5)
        named = re.findall(r'^hokusai_canary_cause\{.*?\bcause="([^"]+)"', metrics, re.MULTILINE)
        assert "service-scaled-to-zero" in named, metrics
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
    finally:
        process.kill()
        process.communicate()
