"""A healthy twin gives no finding: in many runs, during a deployment, beside foreign noise."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.canary.support.live_twin import ROOT, Twin, broken, causes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
RUNS = (pytest.param(60, id="60"), pytest.param(200, id="200", marks=pytest.mark.sweep))
STRANGERS = 200
SERVICES = ("auth", "api", "mlflow")


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """Yield a healthy twin."""
    made = Twin(tmp_path_factory.mktemp("quiet"))
    try:
        made.store()
        yield made
    finally:
        made.stop()


def _first(twin: Twin, command: str) -> str:
    return twin.shell(f"{command} --output text").split()[0]


def _noise(twin: Twin) -> None:
    """Create resources in the account that do not belong to the platform."""
    elb = twin.client("elbv2")  # the AWS CLI would take minutes for so many groups
    vpc = elb.describe_target_groups()["TargetGroups"][0]["VpcId"]
    for n in range(1, STRANGERS + 1):
        elb.create_target_group(
            Name=f"stranger-{n}", Protocol="HTTP", Port=9000, TargetType="ip", VpcId=vpc
        )
    group = _first(
        twin, "aws elbv2 describe-target-groups --names stranger-1 --query"
        " 'TargetGroups[0].TargetGroupArn'"
    )  # fmt: skip
    balancer = _first(
        twin, "aws elbv2 describe-load-balancers --names hokusai-registry-development --query"
        " 'LoadBalancers[0].LoadBalancerArn'"
    )  # fmt: skip
    listener = _first(
        twin, f"aws elbv2 describe-listeners --load-balancer-arn {balancer} --query"
        " 'Listeners[?Port==`443`].ListenerArn'"
    )  # fmt: skip
    for priority, path in ((7, "/status-page/*"), (900, "/old/*")):
        twin.shell(
            f"aws elbv2 create-rule --listener-arn {listener} --priority {priority} --conditions"
            f" Field=path-pattern,Values='{path}' --actions"
            f" Type=forward,TargetGroupArn={group}"
        )
    container = json.dumps(
        [{"name": "x", "image": "repo/none:1", "essential": True, "memory": 128}]
    )
    twin.shell("aws ecs create-cluster --cluster-name somebody-elses")
    twin.shell(
        f"aws ecs register-task-definition --family stranger --container-definitions '{container}'"
    )
    twin.shell(
        "aws ecs create-service --cluster somebody-elses --service-name stranger"
        " --task-definition stranger --desired-count 0"
    )


def test_a_healthy_twin_has_no_diagnosis_while_a_deployment_rolls(twin: Twin) -> None:
    store = twin.store()
    for service in SERVICES:
        twin.shell(
            "aws ecs update-service --force-new-deployment --cluster hokusai-development"
            f" --service hokusai-{service}-development"
        )
        report = twin.run("rolling", store)
        assert (broken(report), causes(report)) == ([], []), service
        twin.settle()


def test_noise_beside_a_healthy_twin_is_not_blamed(twin: Twin) -> None:
    _noise(twin)
    twin.settle()
    report = twin.run("noisy", twin.store())
    assert (broken(report), causes(report)) == ([], [])


@pytest.mark.parametrize("count", RUNS)
def test_a_healthy_twin_is_green_and_has_no_diagnosis_run_after_run(twin: Twin, count: int) -> None:
    twin.heal()
    store = twin.store()
    variables = {
        **twin.environment,
        "CANARY_ENVIRONMENT": twin.state["environment_file"],
        "CANARY_STORE": str(store),
    }
    command = [sys.executable, "-m", "tests.canary.support.many_runs", str(count), str(store)]
    done = subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=3000
    )
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    bad = {n: run for n, run in enumerate(runs) if run["not_passed"] or run["causes"]}
    assert (len(runs), bad) == (count, {}), done.stderr[-2000:]
