"""The CDK's own command line against the twin: bootstrap, deploy, diff, deploy with a change."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.infra.support.deployed import ACCOUNT, REGION, ROOT, STACK, context
from tests.sandbox.support.twin import RunningTwin

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
Cdk = Callable[..., str]


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pinned command line, installed from the lock file."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not here; the deployment is tested without it in test_deployed.py")
    folder = tmp_path_factory.mktemp("cdk")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / name, folder)
    done = subprocess.run(
        [npm, "ci", "--silent", "--no-audit", "--no-fund"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode:
        pytest.skip(f"npm ci could not fetch the command line: {done.stderr[-200:]}")
    return folder / "node_modules" / ".bin" / "cdk"


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTwin]:
    running = RunningTwin(tmp_path_factory.mktemp("twin") / "state.json")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def environment(twin: RunningTwin, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the twin's environment file, to be changed; the name is that of the stack."""
    copy = tmp_path_factory.mktemp("environments") / "development.toml"
    shutil.copy(twin.state.environment_file, copy)
    return copy


@pytest.fixture(scope="module")
def cdk(tool: Path, twin: RunningTwin, environment: Path, tmp_path_factory: Any) -> Cdk:
    """Run one command of the tool against the twin and return what it says."""
    out = tmp_path_factory.mktemp("cdk.out")
    # moto reads back a template by "localhost" and no other local name
    local = twin.state.aws_endpoint_url.replace("127.0.0.1", "localhost")
    variables = {
        **{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
        "AWS_ENDPOINT_URL": local,
        "AWS_ENDPOINT_URL_S3": twin.state.aws_endpoint_url,
        "AWS_ACCESS_KEY_ID": twin.state.aws.access_key_id,
        "AWS_SECRET_ACCESS_KEY": twin.state.aws.secret_access_key,
        "AWS_REGION": REGION,
        "CI": "true",  # progress as lines, on standard output
    }
    settings = [f"-c={k}={v}" for k, v in context(str(environment)).items()]

    def run(*arguments: str, app: bool = True) -> str:
        mine = [f"--app={sys.executable} app.py", f"--output={out}", *settings] if app else []
        done = subprocess.run(
            [str(tool), *arguments, "--no-notices", *mine],
            cwd=ROOT if app else out,
            env=variables,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout + done.stderr

    return run


def let_roles_read(twin: RunningTwin) -> None:
    """Give the bootstrapped roles what AWS's own managed policies hold, which moto does not."""
    iam = twin.client("iam")
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
    for kind in ("lookup", "deploy", "file-publishing"):
        iam.put_role_policy(
            RoleName=f"cdk-hnb659fds-{kind}-role-{ACCOUNT}-{REGION}",
            PolicyName="as-managed",
            PolicyDocument=json.dumps(document),
        )


def test_bootstrap_and_deploy_make_the_whole_stack(cdk: Cdk, twin: RunningTwin) -> None:
    cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}", app=False)
    let_roles_read(twin)
    cdk("deploy", STACK, "--require-approval=never")
    [stack] = twin.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    page = twin.client("cloudwatch").describe_alarms(
        AlarmNames=[f"{STACK}-page"], AlarmTypes=["CompositeAlarm"]
    )
    assert len(page["CompositeAlarms"]) == 1
    function = twin.client("lambda").get_function_configuration(FunctionName=STACK)
    assert function["Handler"] == "canary.handler.handler"


def test_the_same_stack_shows_no_difference(cdk: Cdk) -> None:
    assert "Number of stacks with differences: 0" in cdk("diff", STACK)


def test_a_change_is_shown_deployed_and_described(
    cdk: Cdk, twin: RunningTwin, environment: Path
) -> None:
    text = environment.read_text()
    assert "[deployment]\n" in text
    environment.write_text(text.replace("[deployment]\n", "[deployment]\nmemory_mb = 1536\n", 1))
    shown = cdk("diff", STACK)
    assert "MemorySize" in shown and "1536" in shown and "AWS::CloudWatch::Alarm" not in shown
    cdk("deploy", STACK, "--require-approval=never")
    [stack] = twin.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    function = twin.client("lambda").get_function_configuration(FunctionName=STACK)
    assert function["MemorySize"] == 1536


def test_destroy_takes_the_stack_away(cdk: Cdk, twin: RunningTwin) -> None:
    """Keep this test the last one."""
    cdk("destroy", STACK, "--force")
    left = twin.client("cloudformation").list_stacks()["StackSummaries"]
    gone = [s["StackStatus"] for s in left if s["StackName"] == STACK]
    assert set(gone) <= {"DELETE_COMPLETE"}
