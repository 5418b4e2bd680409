"""The second shape, deployed: 20 shards and 2,000 checks through the Lambda host, from the zip.

The emulator runs no distributed map, so the deployed definition is walked here, state by state.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from canary.adapters.store.packing import unpack
from hokusai_canary.zipped import zipped
from infra import bundle
from tests.infra.support.deployed import STACK, Deployed, deploy_to
from tests.infra.support.states import MachineFailedError, walk
from tests.infra.test_bundle import HERE
from tests.sandbox.support.twin import RunningTwin

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
CHECKS, SHARDS = 2_000, 20
BROKEN = CHECKS - 1


def _checks() -> str:
    """Return checks of auth's own pages; the last one asks for what is not there."""
    blocks = []
    for number in range(CHECKS):
        path = "/not-there" if number == BROKEN else f"/health?n={number}"
        blocks.append(
            f'[[check]]\nid = "auth.page-{number}"\ntitle = "Page {number} answers"\n'
            'kind = "endpoint"\nsuite = "endpoints"\nservice = "auth"\nseverity = "low"\n'
            'runbook = "docs/runbooks/auth.md#auth-health"\n'
            f'[check.spec]\npath = "{path}"\nstatus = [200]\n'
        )
    return "\n".join(blocks)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The deployed state machine and the functions that it calls."""

    deployed: Deployed
    definition: dict[str, Any]

    def invoke(self, arn: str, payload: Any) -> Any:
        """Invoke as the machine's task does: throttling is tried again, an error raises."""
        client = self.deployed.twin.client("lambda", read_timeout=120)
        data = json.dumps(payload).encode()
        end = time.monotonic() + 120
        while time.monotonic() < end:
            with contextlib.suppress(client.exceptions.TooManyRequestsException):
                answer = client.invoke(FunctionName=arn, Payload=data)
                found = json.loads(answer["Payload"].read())
                if "FunctionError" in answer:
                    raise MachineFailedError(str(found))
                return found
            time.sleep(0.2)
        raise MachineFailedError("throttled for two minutes")

    def read(self, bucket: str, key: str) -> bytes:
        data: bytes = self.deployed.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return unpack(data)

    def walk(self) -> tuple[Any, tuple[str, ...]]:
        """Start the machine as its schedule does."""
        schedule = self.deployed.schedule()
        event = json.loads(schedule["Target"]["Input"]) | {"scheduled_at": ""}
        return walk(self.definition, event, self.invoke, self.read)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("spread")
    twin = RunningTwin(folder / "state.json")
    try:
        environment = Path(twin.state.environment_file)
        text = environment.read_text()
        assert "scale" not in text
        mark = "[deployment]\n"
        text = text.replace(mark, mark + 'scale = "map"\n') if mark in text else (
            f'{text}\n{mark}scale = "map"\n'
        )  # fmt: skip
        environment.write_text(text)
        deployed = deploy_to(twin, folder / "cdk.out")
        deployed.schedule(State="DISABLED")
        _more_checks(deployed, environment, folder)
        states = deployed.client("stepfunctions")
        [found] = states.list_state_machines()["stateMachines"]
        described = states.describe_state_machine(stateMachineArn=found["stateMachineArn"])
        yield Machine(deployed=deployed, definition=json.loads(described["definition"]))
    finally:
        twin.stop()


def _more_checks(deployed: Deployed, environment: Path, folder: Path) -> None:
    """Put the many checks into the zip in place of those that ship."""
    target = bundle.Target(architecture=bundle.machine(), python=HERE)
    copy = folder / "bundle"
    shutil.copytree(bundle.ensure(target, environment), copy)
    for path in (copy / "canary" / "checks").glob("*.toml"):
        path.unlink()
    (copy / "canary" / "checks" / "many.toml").write_text(_checks())
    data = zipped(copy, folder / "many.zip").read_bytes()
    client = deployed.client("lambda")
    for name in (STACK, f"{STACK}-shard"):
        client.update_function_code(FunctionName=name, ZipFile=data)


def test_twenty_shards_carry_two_thousand_checks_through_the_deployed_functions(
    machine: Machine,
) -> None:
    summary, entered = machine.walk()
    assert entered == ("Plan", "Planned", "Shards", "Conclude")
    assert len(json.dumps(summary)) < 256 * 1024  # the most that a state may hand on
    bucket = machine.deployed.outputs["ReportBucket"]
    report = json.loads(machine.read(bucket, "canary/latest/development.json"))
    assert report["run"]["id"] == summary["run_id"]
    failed = [r["check_id"] for r in report["results"] if r["status"] != "PASS"]
    assert (len(report["results"]), failed) == (CHECKS, [f"auth.page-{BROKEN}"])
    shards = json.loads(machine.read(bucket, f"canary/spread/{summary['run_id']}/shards.json"))
    assert len(shards) == SHARDS
