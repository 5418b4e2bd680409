"""Services that go from one revision to the next by ECS's blue/green strategy or by task sets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.autoscaling import activities
from tests.emulator.support.web_account import CLUSTER, Web, web_account

Json = dict[str, Any]
SPEED = 60.0


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with web_account(SPEED) as running:
        yield running


def deployments(web: Web, name: str) -> list[Json]:
    """Return the service deployments whole, newest first."""
    briefs = web.ecs.list_service_deployments(cluster=CLUSTER, service=name)["serviceDeployments"]
    arns = [one["serviceDeploymentArn"] for one in briefs]
    found = web.ecs.describe_service_deployments(serviceDeploymentArns=arns)
    assert found["failures"] == []
    return list(found["serviceDeployments"])


def staged(web: Web, name: str, stage: str, number: int) -> Json:
    """Wait until the newest of a number of deployments is in a stage."""
    end = time.monotonic() + 40
    while time.monotonic() < end:
        found = deployments(web, name)
        if len(found) == number and found[0].get("lifecycleStage") == stage:
            return found[0]
        time.sleep(0.2)
    raise AssertionError(deployments(web, name))


def traffic(summary: Json) -> tuple[int, float]:
    return summary["runningTaskCount"], summary["requestedProductionTrafficWeight"]


def test_blue_green_shifts_the_rule_and_ends_blue_after_the_bake_time(web: Web) -> None:
    one, two = web.define("one"), web.define("two")
    web.create("shop", one, desiredCount=1, **web.blue_green())
    assert web.weights() == {web.blue: 100, web.green: 0}
    assert (web.healthy(web.blue), web.healthy(web.green)) == (1, 0)
    web.ecs.update_service(cluster=CLUSTER, service="shop", taskDefinition=two)
    moving = staged(web, "shop", "BAKE_TIME", 2)
    assert moving["status"] == "IN_PROGRESS"
    assert traffic(moving["targetServiceRevision"]) == (1, 100.0)
    assert [traffic(source) for source in moving["sourceServiceRevisions"]] == [(1, 0.0)]
    assert web.service("shop")["currentServiceDeployment"] == moving["serviceDeploymentArn"]
    assert (web.healthy(web.blue), web.healthy(web.green)) == (1, 1)
    assert web.weights() == {web.blue: 0, web.green: 100}
    assert web.asked() == (200, "two")
    web.settle()
    newest, first = deployments(web, "shop")
    assert (newest["status"], newest["lifecycleStage"]) == ("SUCCESSFUL", "CLEAN_UP")
    assert (first["status"], first["sourceServiceRevisions"]) == ("SUCCESSFUL", [])
    assert (web.healthy(web.blue), web.healthy(web.green)) == (0, 1)
    assert "currentServiceDeployment" not in web.service("shop")
    arn = newest["targetServiceRevision"]["arn"]
    found = web.ecs.describe_service_revisions(serviceRevisionArns=[arn, arn + "0"])
    (revision,) = found["serviceRevisions"]
    assert revision["taskDefinition"] == two
    assert revision["resolvedConfiguration"]["loadBalancers"] == [
        {"targetGroupArn": web.green, "productionListenerRule": web.rule}
    ]
    assert found["failures"] == [{"arn": arn + "0", "reason": "MISSING"}]


def test_blue_green_goes_back_when_green_cannot_run(web: Web) -> None:
    bad = web.define("nothing")
    web.ecs.update_service(cluster=CLUSTER, service="shop", taskDefinition=bad)
    web.settle()
    newest = deployments(web, "shop")[0]
    assert newest["status"] == "ROLLBACK_SUCCESSFUL"
    before = deployments(web, "shop")[1]["targetServiceRevision"]["arn"]
    assert newest["rollback"]["serviceRevisionArn"] == before
    assert web.weights() == {web.blue: 0, web.green: 100}
    assert (web.healthy(web.blue), web.healthy(web.green)) == (0, 1)
    assert web.asked() == (200, "two")
    (left,) = web.service("shop")["deployments"]
    assert (left["rolloutState"], left["taskDefinition"][-2:]) == ("COMPLETED", ":2")
    web.ecs.update_service(cluster=CLUSTER, service="shop", taskDefinition=web.define("three"))
    arn = staged(web, "shop", "BAKE_TIME", 4)["serviceDeploymentArn"]
    assert web.asked() == (200, "three")
    web.ecs.stop_service_deployment(serviceDeploymentArn=arn)
    web.settle()
    assert (deployments(web, "shop")[0]["status"], web.asked()) == (newest["status"], (200, "two"))
    with pytest.raises(ClientError, match="ConflictException"):
        web.ecs.stop_service_deployment(serviceDeploymentArn=arn)
    web.remove("shop")


def test_two_task_sets_run_side_by_side_until_one_is_deleted(web: Web) -> None:
    one, two = web.define("one"), web.define("two")
    ecs, named = web.ecs, {"cluster": CLUSTER, "service": "desk"}
    web.create(
        "desk",
        one,
        desiredCount=2,
        launchType="FARGATE",
        deploymentController={"type": "CODE_DEPLOY"},
        loadBalancers=[web.place(web.blue)],
    )
    (first,) = web.service("desk")["taskSets"]
    assert (first["status"], first["runningCount"]) == ("PRIMARY", 2)
    assert (first["stabilityStatus"], web.service("desk")["deployments"]) == ("STEADY_STATE", [])
    second = ecs.create_task_set(
        **named,
        taskDefinition=two,
        launchType="FARGATE",
        networkConfiguration=web.network,
        loadBalancers=[web.place(web.green)],
        scale={"value": 50.0, "unit": "PERCENT"},
    )["taskSet"]
    web.settle()
    assert (web.healthy(web.blue), web.healthy(web.green)) == (2, 1)
    assert web.asked() == (200, "one")
    web.elbv2.modify_rule(RuleArn=web.rule, Actions=[web.forward((web.green, 1))])
    ecs.update_service_primary_task_set(**named, primaryTaskSet=second["taskSetArn"])
    web.settle()
    assert web.asked() == (200, "two")
    shown = web.service("desk")
    assert shown["taskDefinition"] == two
    assert shown["loadBalancers"] == [web.place(web.green)]
    assert {s["id"]: s["status"] for s in shown["taskSets"]} == {
        first["id"]: "ACTIVE",
        second["id"]: "PRIMARY",
    }
    for wrong in (first, second):
        with pytest.raises(ClientError, match="InvalidParameterException"):
            ecs.delete_task_set(**named, taskSet=wrong["taskSetArn"])
    ecs.delete_task_set(**named, taskSet=first["taskSetArn"], force=True)
    ecs.update_task_set(**named, taskSet=second["id"], scale={"value": 100.0, "unit": "PERCENT"})
    web.settle()
    assert web.healthy(web.green) == 2
    targets = web.elbv2.describe_target_health(TargetGroupArn=web.blue)["TargetHealthDescriptions"]
    assert targets == []
    assert web.service("desk")["runningCount"] == 2
    web.remove("desk")


def test_a_strategy_that_its_load_balancers_cannot_follow_is_refused(web: Web) -> None:
    definition = web.define("one")
    for wrong in (
        web.blue_green(roleArn=""),
        web.blue_green(alternateTargetGroupArn=web.green + "0"),
        {**web.blue_green(), "deploymentController": {"type": "CODE_DEPLOY"}},
        {**web.blue_green(), "deploymentConfiguration": {"strategy": "BLUE_GREEN"}},
    ):
        with pytest.raises(ClientError, match="InvalidParameterException"):
            web.create("wrong", definition, desiredCount=1, **wrong)
    assert web.ecs.list_services(cluster=CLUSTER)["serviceArns"] == []


def test_tasks_spread_over_zones_and_capacity_providers(web: Web) -> None:
    strategy = [
        {"capacityProvider": "FARGATE", "weight": 1, "base": 1},
        {"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0},
    ]
    web.create("many", web.define("one"), desiredCount=3, capacityProviderStrategy=strategy)
    shown, tasks = web.service("many"), web.tasks("many")
    assert (shown["capacityProviderStrategy"], "launchType" in shown) == (strategy, False)
    (deployment,) = shown["deployments"]
    assert (deployment["capacityProviderStrategy"], "launchType" in deployment) == (strategy, False)
    assert sorted(task["availabilityZone"][-1] for task in tasks) == ["a", "b", "c"]
    assert sorted(task["capacityProviderName"] for task in tasks) == [
        "FARGATE",
        "FARGATE",
        "FARGATE_SPOT",
    ]
    gone = tasks[1]["availabilityZone"]
    web.ecs.stop_task(cluster=CLUSTER, task=tasks[1]["taskArn"])
    web.settle()
    replaced = {task["availabilityZone"]: task["taskArn"] for task in web.tasks("many")}
    assert len(replaced) == 3
    assert replaced[gone] != tasks[1]["taskArn"]
    for wrong, text in (
        ({"launchType": "FARGATE", "capacityProviderStrategy": strategy}, "both a launch type"),
        (
            {"capacityProviderStrategy": [{"capacityProvider": "x", "weight": 1}]},
            "'x' was not found",
        ),
    ):
        with pytest.raises(ClientError, match=text):
            web.create("wrong", web.define("one"), desiredCount=1, **wrong)
    found = web.ecs.describe_capacity_providers(capacityProviders=["FARGATE_SPOT", "none"])
    assert [one["name"] for one in found["capacityProviders"]] == ["FARGATE_SPOT"]
    assert [one["reason"] for one in found["failures"]] == ["MISSING"]


def test_a_scalable_target_keeps_a_service_within_its_limits(web: Web) -> None:
    scaling = web.account.aws.client("application-autoscaling")
    named = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/web/many",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    for limits in ({"MinCapacity": 1}, {"MinCapacity": 3, "MaxCapacity": 2}):
        with pytest.raises(ClientError, match="ValidationException"):
            scaling.register_scalable_target(**named, **limits)
    scaling.register_scalable_target(**named, MinCapacity=1, MaxCapacity=2)
    web.settle()
    assert (web.service("many")["desiredCount"], len(web.tasks("many"))) == (2, 2)
    cause = "monitor alarm idle in state ALARM triggered policy cpu"
    assert activities.scale(named["ResourceId"], 7, "busy") is None  # it has as many as it may
    activities.scale(named["ResourceId"], 0, cause)
    web.settle()
    assert len(web.tasks("many")) == 1
    found = scaling.describe_scaling_activities(**named)["ScalingActivities"]
    assert [(one["Description"], one["Cause"], one["StatusCode"]) for one in found] == [
        ("Setting desired count to 1.", cause, "Successful"),
        ("Setting desired count to 2.", "maximum capacity was set to 2", "Successful"),
    ]
    assert found[0]["StatusMessage"].endswith("Change successfully fulfilled by ecs.")
    assert found[0]["EndTime"] >= found[0]["StartTime"]
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 2)
    assert target["RoleARN"].endswith("AWSServiceRoleForApplicationAutoScaling_ECSService")
    tracking = {"TargetValue": 50.0, "PredefinedMetricSpecification": {
        "PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}  # fmt: skip
    scaling.put_scaling_policy(
        **named,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=tracking,
    )
    (policy,) = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 50.0
    web.remove("many")
