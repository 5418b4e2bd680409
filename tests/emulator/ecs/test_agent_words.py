"""Identifiers, events and refusals of ECS as AWS words them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.support.agent_ground import NO_BREAKER, WITH_BREAKER, Subject, variable
from tests.sandbox.support import classic as names
from tests.sandbox.support.twin import RunningTwin


@pytest.fixture
def auth(twin: RunningTwin) -> Iterator[Subject]:
    subject = Subject(twin, names.AUTH_SERVICE)
    yield subject
    subject.update(desiredCount=1, deploymentConfiguration=WITH_BREAKER)
    assert subject.describe()["runningCount"] == 1


def test_identifiers_have_aws_s_form(auth: Subject) -> None:
    deployment = auth.describe()["deployments"][0]["id"]
    assert re.fullmatch(r"ecs-svc/\d{19}", deployment)
    (task,) = auth.tasks()
    assert re.fullmatch(r"[0-9a-f]{32}", task["taskArn"].rpartition("/")[2])
    assert task["startedBy"] == deployment


def test_tasks_of_a_service_that_nobody_knows_are_not_found(auth: Subject) -> None:
    with pytest.raises(ClientError, match="ServiceNotFoundException"):
        auth.ecs.list_tasks(cluster=names.CLUSTER, serviceName="hokusai-auth")


def test_what_happens_to_several_tasks_at_once_is_one_event(auth: Subject) -> None:
    auth.update(desiredCount=0)
    auth.update(desiredCount=2)
    ids = {task["taskArn"].rpartition("/")[2] for task in auth.tasks()}
    group = auth.describe()["loadBalancers"][0]["targetGroupArn"]
    events = auth.events()
    started = next(e for e in events if e.startswith("has started 2 tasks: "))
    assert set(re.findall(r"\(task (\w+)\)", started)) == ids and started.endswith(").")
    assert f"registered 2 targets in (target-group {group})" in events
    auth.update(desiredCount=0)
    events = auth.events()
    stopped = next(e for e in events if e.startswith("has stopped 2 running tasks: "))
    assert set(re.findall(r"\(task (\w+)\)", stopped)) == ids
    assert "has begun draining connections on 2 tasks." in events
    assert f"deregistered 2 targets in (target-group {group})" in events
    assert events[0] == "has reached a steady state."


def test_a_task_that_no_group_lets_out_cannot_reach_the_registry(auth: Subject) -> None:
    ec2: Any = auth.twin.client("ec2")
    network = auth.describe()["networkConfiguration"]["awsvpcConfiguration"]
    (group,) = network["securityGroups"]
    described = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    rules = described["IpPermissionsEgress"]
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=rules)
    try:
        auth.update(forceNewDeployment=True, deploymentConfiguration=NO_BREAKER)
        reason = auth.last_stopped()["stoppedReason"]
        assert auth.last_stopped()["stopCode"] == "TaskFailedToStart"
        assert reason.startswith("ResourceInitializationError: unable to pull secrets or registry")
        assert "There is a connection issue between the task and Amazon ECR." in reason
        assert any(e.startswith("was unable to place a task. Reason: ") for e in auth.events())
    finally:
        ec2.authorize_security_group_egress(GroupId=group, IpPermissions=rules)


def test_a_loop_of_unhealthy_tasks_is_met_at_the_edge_as_what_they_answer(
    healthy_twin: RunningTwin,
) -> None:
    api = Subject(healthy_twin, names.API_SERVICE)
    api.revise(variable("PORT", "8000"), deploymentConfiguration=NO_BREAKER)
    assert "Task failed ELB health checks in (target-group " in api.last_stopped()["stoppedReason"]
    began = time.monotonic()
    while time.monotonic() - began < 4:
        assert healthy_twin.get(names.REGISTRY_HOST, "/health").status == 502
        assert "unhealthy" in api.targets().values()
        time.sleep(0.2)
