"""Tasks are processes of their definitions: started, replaced, counted, stopped with reasons."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.emulator.support.agent_ground import NO_BREAKER, WITH_BREAKER, Subject, secret, variable
from tests.sandbox.support import classic as names
from tests.sandbox.support.twin import RunningTwin


@pytest.fixture
def auth(twin: RunningTwin) -> Iterator[Subject]:
    subject = Subject(twin, names.AUTH_SERVICE)
    before = subject.describe()["taskDefinition"]
    yield subject
    subject.update(taskDefinition=before, desiredCount=1, deploymentConfiguration=WITH_BREAKER)
    assert subject.describe()["runningCount"] == 1


def test_a_healthy_service_reads_as_aws_shows_it(auth: Subject) -> None:
    found = auth.describe()
    assert (found["desiredCount"], found["runningCount"], found["pendingCount"]) == (1, 1, 0)
    deployment = found["deployments"][0]
    assert (deployment["status"], deployment["rolloutState"]) == ("PRIMARY", "COMPLETED")
    assert deployment["rolloutStateReason"] == f"ECS deployment {deployment['id']} completed."
    assert found["deploymentConfiguration"]["deploymentCircuitBreaker"]["rollback"] is True
    assert found["healthCheckGracePeriodSeconds"] == 120
    assert "has reached a steady state." in auth.events()


def test_a_task_s_address_is_its_target_its_instance_and_its_interface(auth: Subject) -> None:
    task = auth.tasks()[0]
    container = task["containers"][0]
    address = container["networkInterfaces"][0]["privateIpv4Address"]
    assert (task["lastStatus"], container["healthStatus"]) == ("RUNNING", "HEALTHY")
    assert "exitCode" not in container
    assert auth.targets() == {address: "healthy"}
    registry = auth.describe()["serviceRegistries"][0]["registryArn"].rpartition("/")[2]
    discovery = auth.twin.client("servicediscovery")
    instances = discovery.list_instances(ServiceId=registry)["Instances"]
    assert [i["Attributes"]["AWS_INSTANCE_IPV4"] for i in instances] == [address]
    assert instances[0]["Id"] == task["taskArn"].rpartition("/")[2]
    filters = [{"Name": "addresses.private-ip-address", "Values": [address]}]
    found = auth.twin.client("ec2").describe_network_interfaces(Filters=filters)
    assert len(found["NetworkInterfaces"]) == 1


def test_a_task_that_an_operator_stops_is_replaced(auth: Subject) -> None:
    old = auth.tasks()[0]["taskArn"]
    auth.ecs.stop_task(cluster=names.CLUSTER, task=old, reason="I did it")
    auth.twin.settle()
    stopped = auth.last_stopped()
    assert stopped["taskArn"] == old
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("UserInitiated", "I did it")
    assert stopped["containers"][0]["exitCode"] in (137, 143)
    assert [t["taskArn"] for t in auth.tasks()] != [old]


def test_scaled_to_zero_nothing_runs_and_the_edge_says_503(auth: Subject) -> None:
    auth.update(desiredCount=0)
    found = auth.describe()
    assert (found["runningCount"], found["pendingCount"], auth.targets()) == (0, 0, {})
    answer = auth.twin.get(names.AUTH_HOST, "/health")
    assert (answer.status, answer.headers["Server"]) == (503, "awselb/2.0")
    auth.update(desiredCount=2)
    assert list(auth.targets().values()) == ["healthy", "healthy"]
    assert auth.twin.get(names.AUTH_HOST, "/health").status == 200


def test_a_forced_deployment_rolls_without_a_gap(auth: Subject) -> None:
    before = auth.describe()["deployments"][0]["id"]
    old = auth.tasks()[0]["taskArn"]
    auth.update(forceNewDeployment=True)
    now = auth.describe()
    assert now["deployments"][0]["id"] != before
    assert len(now["deployments"]) == 1
    stopped = auth.last_stopped()
    assert stopped["taskArn"] == old
    reason = f"Scaling activity initiated by (deployment {now['deployments'][0]['id']})"
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("ServiceSchedulerInitiated", reason)


def test_a_crash_loop_shows_its_exit_and_its_log(auth: Subject) -> None:
    auth.revise(secret("DATABASE_URL", None), deploymentConfiguration=NO_BREAKER)
    found = auth.describe()
    assert found["runningCount"] == 0
    assert found["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert found["deployments"][0]["failedTasks"] > 0
    stopped = auth.last_stopped()
    assert stopped["stopCode"] == "EssentialContainerExited"
    assert stopped["stoppedReason"] == "Essential container in task exited"
    assert stopped["containers"][0]["exitCode"] == 1
    assert auth.log("DATABASE_URL not found in environment")


def test_a_variable_of_the_definition_reaches_the_process(auth: Subject) -> None:
    auth.revise(variable("SANDBOX_BEHAVIOUR", "unmount:/ready"))
    assert auth.twin.get(names.AUTH_HOST, "/ready").status == 404


@pytest.mark.sweep
def test_an_inactive_definition_serves_on_and_is_not_deployed_again(auth: Subject) -> None:
    made = auth.revise(variable("LOG_LEVEL", "DEBUG"))
    auth.ecs.deregister_task_definition(taskDefinition=made)
    auth.ecs.stop_task(cluster=names.CLUSTER, task=auth.tasks()[0]["taskArn"])
    auth.twin.settle()
    assert auth.tasks()[0]["taskDefinitionArn"] == made
    with pytest.raises(ClientError, match="TaskDefinition is inactive"):
        auth.update(taskDefinition=made)


def test_a_task_nobody_knows_is_missing(auth: Subject) -> None:
    wanted = "0" * 32
    found = auth.ecs.describe_tasks(cluster=names.CLUSTER, tasks=[wanted])
    assert [failure["reason"] for failure in found["failures"]] == ["MISSING"]


def test_a_deleted_service_drains_then_is_inactive_and_listed_no_more(
    healthy_twin: RunningTwin,
) -> None:
    subject = Subject(healthy_twin, names.AUTH_SERVICE)
    ecs, named = subject.ecs, {"cluster": names.CLUSTER, "service": names.AUTH_SERVICE}
    with pytest.raises(ClientError, match="cannot be stopped while it is scaled above 0"):
        ecs.delete_service(**named)
    deleted = ecs.delete_service(**named, force=True)["service"]
    assert (deleted["status"], deleted["desiredCount"]) == ("DRAINING", 0)
    healthy_twin.settle()
    found = subject.describe()
    assert (found["status"], found["runningCount"]) == ("INACTIVE", 0)
    assert found["serviceArn"] not in ecs.list_services(cluster=names.CLUSTER)["serviceArns"]
    assert subject.last_stopped()["stopCode"] == "ServiceSchedulerInitiated"
    assert healthy_twin.get(names.AUTH_HOST, "/health").status == 503
