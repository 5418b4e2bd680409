"""A run that a signal ends: it cleans up within its reserve, and says what it leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.canary.support.servers.registry import Registry, serving_registry
from tests.canary.test_handler import ENVIRONMENT, PRINCIPALS

ROOT = Path(__file__).resolve().parents[3]
QUICK = "registration.quick"
CREATED, DELETED = "model-versions/create", "registered-models/delete"
NOTHING = "no report was written; nothing is left behind"
RESERVE = "[run]\ncleanup_reserve = {reserve}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("interrupted")


@pytest.fixture(scope="module")
def registry(folder: Path) -> Iterator[Registry]:
    with serving_registry(folder) as found:
        yield found


def environment(folder: Path, registry: Registry, reserve: float) -> str:
    principals = "\n".join(
        f'[principals.{p}]\ngenerated = "unknown"\n' for p in (*PRINCIPALS, "unknown", "malformed")
    )
    head = f'ca_bundle = "ca.pem"\naws_endpoint_url = "http://127.0.0.1:1"\nenable = ["{QUICK}"]\n'
    path = folder / f"reserve-{reserve}.toml"
    text = head + ENVIRONMENT.format(url=registry.url) + principals
    path.write_text(text + RESERVE.format(reserve=reserve))
    return str(path)


def started(folder: Path, environment: str, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "canary", "run", "-e", environment, "--out", str(folder / "out"),
         "-q", "--only", QUICK, *more],
        cwd=ROOT,
        env={**os.environ, "AWS_ACCESS_KEY_ID": "t", "AWS_SECRET_ACCESS_KEY": "t",
             "AWS_MAX_ATTEMPTS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heard,
    )  # fmt: skip


def heard() -> None:
    """Hear what a job in the background of a shell, or `nohup`, would have ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_in_a_flow_removes_what_it_made(
    number: signal.Signals, status: int, folder: Path, registry: Registry
) -> None:
    registry.reset(hang=CREATED)
    run = started(folder, environment(folder, registry, 6))
    assert registry.hung.wait(30) and len(registry.models) == 1
    began = time.monotonic()
    run.send_signal(number)
    run.send_signal(number)  # as `timeout` does it: the same signal twice at once
    out, err = run.communicate(timeout=30)
    assert run.returncode == status and out == ""
    assert time.monotonic() - began < 6
    assert not registry.models and any(DELETED in path for path in registry.seen)
    first, second = err.splitlines()
    assert first == f"interrupted by {number.name}: cleaning up, for at most 6 s"
    assert second.endswith(f"checks had ended, {NOTHING}")
    assert not (folder / "out" / "report.json").exists()


def test_what_cannot_be_removed_in_the_reserve_is_named(folder: Path, registry: Registry) -> None:
    registry.reset(hang=DELETED)
    run = started(folder, environment(folder, registry, 0.5))
    assert registry.hung.wait(30)
    began = time.monotonic()
    run.terminate()
    _, err = run.communicate(timeout=30)
    assert run.returncode == 143
    assert time.monotonic() - began < 0.5 + 5
    (name,) = registry.models
    assert f"no report was written; left behind: {QUICK} may have left " in err
    assert name.removesuffix("-quick") in err and "Traceback" not in err


def test_a_second_signal_ends_the_clean_up(folder: Path, registry: Registry) -> None:
    registry.reset(hang=DELETED)
    run = started(folder, environment(folder, registry, 30))
    assert registry.hung.wait(30)
    run.terminate()
    time.sleep(1.2)  # what comes within a second belongs to the first
    began = time.monotonic()
    run.terminate()
    _, err = run.communicate(timeout=30)
    assert run.returncode == 143 and time.monotonic() - began < 10
    assert f"left behind: {QUICK} may have left synthetic-canary-" in err
