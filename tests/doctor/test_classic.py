"""The doctor and init on the classic twin: a handful of faults, and the file of the platform."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sandbox.world.load import load
from tests.doctor.trial import canary, words
from tests.doctor.written import both
from tests.sandbox.support.twin import RunningTwin

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
CLASSIC = load("classic")


def state(twin: RunningTwin) -> dict[str, Any]:
    return dict(msgspec.to_builtins(twin.state))


def test_what_init_writes_is_healthy_and_equals_the_file_by_hand_in_what_matters(
    healthy_twin: RunningTwin, tmp_path: Path
) -> None:
    made, by_hand = both(state(healthy_twin), CLASSIC, tmp_path)
    assert made == by_hand
    done = canary("run", "-q", "-e", str(tmp_path / "written.toml"), "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stdout[-2000:]
    again = canary("init", *words(state(healthy_twin), CLASSIC), "--name", "written",
                   "--out", str(tmp_path))  # fmt: skip
    assert (again.returncode, again.stderr) == (
        2, f"{tmp_path / 'written.toml'}: exists already (--force replaces it)\n"
    )  # fmt: skip


def test_a_healthy_platform_has_no_cause_and_nothing_beside(healthy_twin: RunningTwin) -> None:
    done = canary("doctor", "-q", *words(state(healthy_twin), CLASSIC))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "causes: none"


def test_an_address_alone_leads_to_the_services_behind_it(healthy_twin: RunningTwin) -> None:
    options = words(state(healthy_twin), CLASSIC)
    alone = [*_without(options, "--cluster", "--service", "--url")]
    done = canary("doctor", "-q", "--json", *alone, "--url", "https://registry.hokus.ai")
    assert done.returncode == 0, done.stderr
    assert {"api", "mlflow"} <= set(json.loads(done.stdout)["services"])


def _without(options: list[str], *names: str) -> list[str]:
    pairs = zip(options[::2], options[1::2], strict=True)
    return [word for pair in pairs if pair[0] not in names for word in pair]


@pytest.mark.parametrize(
    ("fault", "cause", "status", "line"),
    [
        ("api-scaled-to-zero", "service-scaled-to-zero", 1, "causes"),
        ("auth-blocked", "security-group-blocked", 1, "causes"),
        ("discovery-missing", "service-discovery-missing", 0, "beside"),
    ],
)
def test_a_fault_is_named_without_a_file(
    healthy_twin: RunningTwin, fault: str, cause: str, status: int, line: str
) -> None:
    healthy_twin.plant(fault)
    healthy_twin.settle()
    done = canary("doctor", "-q", *words(state(healthy_twin), CLASSIC))
    assert (done.returncode, done.stderr) == (status, "")
    found = [x for x in done.stdout.splitlines() if x.startswith(f"{line}: ")]
    assert found and cause in found[0], done.stdout
