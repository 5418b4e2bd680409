"""A task comes back to its name in Cloud Map with all attributes that its instance had."""

from __future__ import annotations

import json
import shlex

import pytest

from canary.control_plane.state import (
    DiscoveryInstance,
    EcsService,
    PlatformState,
    RegistryEntry,
)
from canary.diagnose import diagnose
from canary.diagnose.remedies.names import deregister_instance
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

NAMES = faults.NAMES
CLUSTER, FAMILY = NAMES.of("cluster"), NAMES.of("mlflow")
SET_BY_ECS = {
    "AWS_INSTANCE_IPV4": p.ADDRESSES["mlflow"],
    "AWS_INSTANCE_PORT": "5000",
    "AVAILABILITY_ZONE": "us-east-1b",
    "REGION": "us-east-1",
    "ECS_SERVICE_NAME": FAMILY,
    "ECS_CLUSTER_NAME": CLUSTER,
    "ECS_TASK_DEFINITION_FAMILY": FAMILY,
}


def in_zone(state: PlatformState) -> PlatformState:
    """Return a platform of which the subnet of MLflow's task is known."""
    state = p.change(state, "subnets", "subnet-private", zone="us-east-1b")
    service: EcsService = next(s for s in state.ecs_services if s.name == FAMILY)
    return faults.service(
        state, "mlflow", tasks=tuple(p.replace(t, subnet="subnet-private") for t in service.tasks)
    )


def with_instances(state: PlatformState, *found: DiscoveryInstance) -> PlatformState:
    return p.change(state, "discovery", "srv-mlflow", instances=found)


def instance(task: str, address: str, **attributes: str) -> DiscoveryInstance:
    known = {"AWS_INSTANCE_IPV4": address, **attributes}
    return DiscoveryInstance(id=task, address=address, attributes=known)


def registered(state: PlatformState, before: PlatformState | None) -> dict[str, str]:
    """Return the attributes that the printed fix gives to MLflow's task."""
    failures = faults.by_id("mlflow-name-empty").failures()
    found = diagnose(failures, state, p.environment(NAMES), before, p.NOW).diagnoses[0]
    assert found.cause == "service-discovery-missing"
    (command,) = found.remedy.fix
    words = shlex.split(command)
    assert words[1:3] == ["servicediscovery", "register-instance"]
    assert words[words.index("--instance-id") + 1] == "mlflow7"
    attributes: dict[str, str] = json.loads(words[words.index("--attributes") + 1])
    return attributes


def test_without_a_baseline_the_attributes_are_those_that_ecs_sets() -> None:
    state = with_instances(in_zone(p.healthy()))
    assert registered(state, None) == SET_BY_ECS


def test_a_zone_that_was_not_read_is_left_out() -> None:
    wanted = {k: v for k, v in SET_BY_ECS.items() if k != "AVAILABILITY_ZONE"}
    assert registered(with_instances(p.healthy()), None) == wanted


def test_a_port_of_the_registry_comes_before_that_of_the_task_definition() -> None:
    entry = RegistryEntry(arn="arn:aws:servicediscovery:x:1:service/srv-mlflow", container_port=9)
    state = faults.service(in_zone(p.healthy()), "mlflow", registry_entries=(entry,))
    assert registered(with_instances(state), None)["AWS_INSTANCE_PORT"] == "9"


def test_the_same_task_gets_just_the_attributes_that_it_had() -> None:
    had = instance("mlflow7", p.ADDRESSES["mlflow"], OURS="x", EC2_INSTANCE_ID="i-1")
    before = with_instances(p.healthy(), had)
    assert registered(with_instances(in_zone(p.healthy())), before) == had.attributes


def test_another_task_gives_what_the_tasks_have_in_common_and_nothing_of_its_own() -> None:
    other = instance(
        "mlflow6", "10.0.1.99", OURS="x", EC2_INSTANCE_ID="i-1", AVAILABILITY_ZONE="us-east-1a"
    )
    before = with_instances(p.healthy(), other)
    assert registered(with_instances(in_zone(p.healthy())), before) == {
        "AWS_INSTANCE_IPV4": p.ADDRESSES["mlflow"],
        "OURS": "x",
        "AVAILABILITY_ZONE": "us-east-1b",
    }
    assert registered(with_instances(p.healthy()), before) == {
        "AWS_INSTANCE_IPV4": p.ADDRESSES["mlflow"],
        "OURS": "x",
    }


@pytest.mark.parametrize("health", ["HEALTHY", "UNHEALTHY"])
def test_a_running_task_comes_back_healthy_where_its_health_was_told(health: str) -> None:
    """ECS registers a task as unhealthy and tells later that it is not: nobody would tell again."""
    had = instance("mlflow7", p.ADDRESSES["mlflow"], AWS_INIT_HEALTH_STATUS=health)
    found = registered(with_instances(p.healthy()), with_instances(p.healthy(), had))
    assert found == {**had.attributes, "AWS_INIT_HEALTH_STATUS": "HEALTHY"}


def test_the_way_back_of_a_removal_has_all_attributes() -> None:
    (name,) = (d for d in p.healthy().discovery if d.id == "srv-mlflow")
    gone = instance("old", "10.0.3.219", AWS_INSTANCE_PORT="5000", REGION="us-east-1")
    undo = deregister_instance(name, gone).undo
    assert undo is not None and undo.parameters["Attributes"] == gone.attributes
    bare = DiscoveryInstance(id="old", address="10.0.3.219", port=5000)
    undo = deregister_instance(name, bare).undo
    assert undo is not None and undo.parameters["Attributes"] == {
        "AWS_INSTANCE_IPV4": "10.0.3.219",
        "AWS_INSTANCE_PORT": "5000",
    }
