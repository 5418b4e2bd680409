"""The set for any MLflow behind a load balancer, on a twin whose balancer leads to MLflow alone.

The twin's MLflow stands behind a gateway that asks for a key; a team's own has none.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import toml
from tests.canary.support.live_twin import ROOT, Twin, broken, causes, fixes
from tests.sandbox.support import classic as names

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]
EXAMPLE = ROOT / "docs" / "examples" / "any-mlflow.toml"
REGISTERED = (
    "family", "taskRoleArn", "executionRoleArn", "networkMode", "containerDefinitions",
    "requiresCompatibilities", "cpu", "memory", "volumes", "placementConstraints",
)  # fmt: skip
GROUP, BALANCER = "hokusai-mlflow-tg-development", "hokusai-registry-development"


def _alone(twin: Twin) -> None:
    """Let the registry's balancer forward everything to MLflow, as a team's own does."""
    elb = "aws elbv2 describe-"
    arn = twin.shell(
        f"{elb}load-balancers --names {BALANCER} --query LoadBalancers[0].LoadBalancerArn"
        " --output text"
    )
    listener = twin.shell(
        f"{elb}listeners --load-balancer-arn {arn}"
        " --query 'Listeners[?Port==`443`].ListenerArn' --output text"
    )
    rules = twin.shell(
        f"{elb}rules --listener-arn {listener} --query 'Rules[?!IsDefault].RuleArn' --output text"
    )
    for rule in rules.split():
        twin.shell(f"aws elbv2 delete-rule --rule-arn {rule}")
    group = twin.shell(
        f"{elb}target-groups --names {GROUP} --query TargetGroups[0].TargetGroupArn --output text"
    )
    action = f"Type=forward,TargetGroupArn={group}"
    twin.shell(f"aws elbv2 modify-listener --listener-arn {listener} --default-actions {action}")


def _without_gateway(twin: Twin) -> None:
    """Deploy MLflow without its gateway, so that it asks for no credential."""
    ecs = twin.client("ecs")
    where = {"cluster": names.CLUSTER, "services": [names.MLFLOW_SERVICE]}
    current = ecs.describe_services(**where)["services"][0]["taskDefinition"]
    definition = ecs.describe_task_definition(taskDefinition=current)["taskDefinition"]
    variables = definition["containerDefinitions"][0]["environment"]
    variables.append({"name": "MLFLOW_ADMIN_AUTH_ENABLED", "value": "false"})
    kept = {k: v for k, v in definition.items() if k in REGISTERED}
    made = ecs.register_task_definition(**kept)["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(cluster=names.CLUSTER, service=names.MLFLOW_SERVICE, taskDefinition=made)


def _environment(twin: Twin) -> Path:
    """Fill the example in with the twin's names."""
    given = tomllib.loads(Path(twin.state["environment_file"]).read_text())
    filled = tomllib.loads(EXAMPLE.read_text())
    service, twins = filled["services"]["mlflow"], given["services"]["mlflow"]
    for key in ("ecs_service", "container", "load_balancer", "target_groups", "log_group"):
        service[key] = twins[key]
    service |= {k: given["services"]["registry"][k] for k in ("url", "connect_to")}
    filled["cluster"] = given["cluster"]
    filled |= {k: given[k] for k in ("aws_endpoint_url", "ca_bundle")}
    path = twin.folder / "any-mlflow.toml"
    path.write_text(toml.dumps(filled))
    return path


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    made = Twin(tmp_path_factory.mktemp("any"))
    try:
        _alone(made)
        _without_gateway(made)
        made.settle()
        made.state["environment_file"] = str(_environment(made))
        yield made
    finally:
        made.stop()


def test_all_checks_of_the_set_hold(twin: Twin) -> None:
    report = twin.run("well", twin.folder / "reports")
    assert [(r["check_id"], r["status"]) for r in report["results"] if r["status"] != "PASS"] == []
    assert len(report["results"]) == 11
    assert {s: v["percent"] for s, v in report["scores"].items() if v["total"]}["overall"] == 100


@pytest.mark.parametrize(
    ("command", "cause"),
    [
        (
            f"aws ecs update-service --cluster {names.CLUSTER}"
            f" --service {names.MLFLOW_SERVICE} --desired-count 0",
            "service-scaled-to-zero",
        ),
        (
            "aws elbv2 modify-target-group --target-group-arn $(aws elbv2 describe-target-groups"
            f" --names {GROUP} --query TargetGroups[0].TargetGroupArn --output text)"
            " --health-check-path /no-such-page",
            "health-check-mismatch",
        ),
    ],
    ids=["scaled-to-zero", "health-path"],
)
def test_a_cause_is_named_and_its_commands_heal(twin: Twin, command: str, cause: str) -> None:
    reports = twin.folder / "reports"
    twin.shell(command)
    twin.settle()
    report = twin.run(f"{cause}-broken", reports)
    assert (causes(report)[:1], report["unexplained"]) == ([cause], []), broken(report)
    for fix in fixes(report):
        twin.shell(fix)
    twin.settle()
    after = twin.run(f"{cause}-mended", reports)
    told = [(r["reason"], r["steps"]) for r in after["results"] if r["status"] != "PASS"]
    assert (broken(after), causes(after)) == ([], []), told
