"""An environment without access to AWS's control plane names no cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from click.testing import CliRunner

from canary.cli.inspect import plan
from canary.config import ENVIRONMENTS, load
from canary.config.left_out import NO_CLUSTER
from canary.control_plane.state import EVERYTHING, PlatformState, Unavailable
from canary.diagnose import diagnose
from canary.diagnose.core.case import Case
from canary.model import Confidence
from canary.observe import WITHOUT_CLUSTER, observe, refresh_failing, statements
from canary.probes import KINDS
from tests.canary.support.platforms import NOW, Names, environment, failed, none

READING = ["auth.routing", "auth.targets", "auth.tasks", "mlflow.targets", "mlflow.tasks",
           "registry.routing", "registry.targets", "registry.tasks"]  # fmt: skip
NAMES = Names()


class NoClients:
    """AWS clients that nobody may make."""

    def client(self, service: str) -> Any:
        """Refuse: no call of AWS may be sent."""
        raise AssertionError(service)


def _file(folder: Path) -> Path:
    text = (ENVIRONMENTS / "development.toml").read_text()
    path = folder / "outside.toml"
    path.write_text(text.replace('cluster = "hokusai-development"', 'cluster = ""'))
    return path


def test_checks_of_the_control_plane_do_not_run(tmp_path: Path) -> None:
    whole, found = load("development"), load(str(_file(tmp_path)))
    kept = {c.id for c in found.checks}
    assert sorted({c.id for c in whole.checks} - kept) == READING
    assert found.environment.disable == dict.fromkeys(READING, NO_CLUSTER)
    assert {c.kind for c in found.checks} & {n for n, k in KINDS.items() if k.reads_state} == set()


def test_an_own_reason_for_a_disabled_check_stands(tmp_path: Path) -> None:
    file = _file(tmp_path)
    file.write_text(file.read_text() + '\n[disable]\n"auth.tasks" = "ours"\n')
    assert load(str(file)).environment.disable["auth.tasks"] == "ours"


def test_no_call_of_aws_is_sent_and_no_permission_is_asked_for() -> None:
    outside = msgspec.structs.replace(environment(NAMES), cluster="")
    state = observe(NoClients(), outside)
    gap = Unavailable(
        action=EVERYTHING,
        resource="*",
        code="NoCluster",
        reason="the environment names no cluster",
    )
    assert state == PlatformState(unavailable=(gap,))
    assert refresh_failing(NoClients(), outside, state, ["auth"]) == state
    assert statements(outside) == ()
    assert statements(environment(NAMES)) != ()


def test_no_cause_rests_on_what_was_not_read() -> None:
    where = environment(NAMES)
    results = (failed("auth.health", "auth", none("https://auth.hokus.ai/health", "refused")),)
    state = WITHOUT_CLUSTER
    case = Case(results=results, state=state, environment=where, previous=None, now=NOW)
    assert case.read()
    assert not case.read("ecs:DescribeServices")
    found = diagnose(results, state, where, None, NOW)
    assert Confidence.CERTAIN not in {d.confidence for d in found.diagnoses}


def test_a_plan_names_the_checks_that_do_not_run(tmp_path: Path) -> None:
    ran = CliRunner().invoke(plan, ["--environment", str(_file(tmp_path))])
    last = ran.output.splitlines()[-1]
    assert last == f"not run, because {NO_CLUSTER}: {', '.join(READING)}"
