"""Edits of services, networks, targets, names, roles and secrets, with their ways back."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import (
    BalancerEntry,
    DiscoveryInstance,
    DiscoveryService,
    EcsDeployment,
    EcsService,
    GroupRule,
    LoadBalancer,
    SecretState,
    SecurityGroup,
    TargetGroup,
    TargetHealth,
)
from canary.diagnose.remedies.access import (
    attach_role_policy,
    create_log_group,
    policy,
    put_role_policy,
)
from canary.diagnose.remedies.edit import Edit, Later
from canary.diagnose.remedies.names import create_name, deregister_instance, register_instance
from canary.diagnose.remedies.network import (
    Peer,
    authorize,
    lost_permissions,
    peers,
    permission,
    set_groups,
)
from canary.diagnose.remedies.secrets import previous_value, restore_secret
from canary.diagnose.remedies.services import (
    create_service,
    entry_json,
    network,
    registry_of,
    update_service,
)
from canary.diagnose.remedies.targets import (
    deregister,
    health_check,
    modify_attribute,
    modify_check,
    register,
)


def service(**fields: Any) -> EcsService:
    known = {
        "name": "api", "arn": "arn:s", "status": "ACTIVE", "desired": 2, "running": 2,
        "pending": 0, "task_definition": "td:7",
    }  # fmt: skip
    return EcsService(**known | fields)


def back(edit: Edit) -> Edit:
    assert edit.undo is not None
    return edit.undo


# --- services


def test_a_service_is_updated_in_what_is_given_and_starts_tasks_anew() -> None:
    edit = update_service("shop", service(), taskDefinition="td:6", desiredCount=3)
    fields = {"taskDefinition": "td:6", "desiredCount": 3}
    was = {"taskDefinition": "td:7", "desiredCount": 2}
    named = {"cluster": "shop", "service": "api"}
    assert (edit.service, edit.operation, edit.resource) == ("ecs", "update-service", "arn:s")
    assert edit.parameters == {**named, **fields, "forceNewDeployment": True}
    assert (edit.before, edit.after) == (was, fields)
    assert back(edit).parameters == {**named, **was, "forceNewDeployment": True}
    assert (back(edit).before, back(edit).after) == (fields, was)
    kept = update_service("shop", service(), anew=False, desiredCount=3)
    assert kept.parameters == {**named, "desiredCount": 3}
    assert back(kept).parameters == {**named, "desiredCount": 2}


def test_what_is_not_known_or_not_changed_has_no_way_back() -> None:
    assert update_service("shop", service(), platformVersion="1.4.0").undo is None
    assert update_service("shop", service(), platformVersion="1", desiredCount=1).undo is None
    assert update_service("shop", service()).undo is None
    why = update_service("shop", service(), platformVersion="1", launchType="EC2").irreversible
    assert why == "Before the fix, platformVersion, launchType of api was not read."
    assert update_service("shop", service()).irreversible == (
        "The new tasks of api need no way back: they are of the same revision."
    )
    assert update_service("shop", service(), desiredCount=1).irreversible == ""
    known = service(config={"platformVersion": "1.3.0"})
    assert back(update_service("shop", known, platformVersion="1.4.0")).after == {
        "platformVersion": "1.3.0"
    }


ENTRY = BalancerEntry(target_group="tg", container="web", port=80)
ADVANCED = BalancerEntry(
    target_group="tg", container="web", port=80, advanced={"alternateTargetGroupArn": "x"}
)


@pytest.mark.parametrize(
    ("found", "field", "was"),
    [
        (service(balancer_entries=(ENTRY,)), "loadBalancers",
         [{"targetGroupArn": "tg", "containerName": "web", "containerPort": 80}]),
        (service(balancer_entries=(ADVANCED,)), "loadBalancers",
         [{"targetGroupArn": "tg", "containerName": "web", "containerPort": 80,
           "advancedConfiguration": {"alternateTargetGroupArn": "x"}}]),
        (service(config={"loadBalancers": [{"as": "read"}]}), "loadBalancers", [{"as": "read"}]),
        (service(registries=("r1", "r2")), "serviceRegistries",
         [{"registryArn": "r1"}, {"registryArn": "r2"}]),
        (service(config={"serviceRegistries": [{"registryArn": "r", "port": 1}]}),
         "serviceRegistries", [{"registryArn": "r", "port": 1}]),
        (service(subnets=("s",), security_groups=("g",)), "networkConfiguration",
         {"awsvpcConfiguration": {"subnets": ["s"], "securityGroups": ["g"]}}),
    ],
)  # fmt: skip
def test_a_field_is_given_back_as_it_was_read(found: EcsService, field: str, was: Any) -> None:
    edit = update_service("shop", found, **{field: "new"})
    assert edit.before == {field: was}


def test_a_network_keeps_what_is_not_changed() -> None:
    plain = service(subnets=("s",), security_groups=("g",), public_address="ENABLED")
    assert network(plain, securityGroups=["h"]) == {
        "awsvpcConfiguration": {
            "subnets": ["s"], "securityGroups": ["h"], "assignPublicIp": "ENABLED",
        }
    }  # fmt: skip
    read = service(config={"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["x"]}}})
    assert network(read) == {"awsvpcConfiguration": {"subnets": ["x"]}}
    assert network(service(config={"networkConfiguration": {}}))["awsvpcConfiguration"] == {
        "subnets": [], "securityGroups": [],
    }  # fmt: skip
    assert entry_json(ENTRY)["containerName"] == "web"


CREATED = {
    "taskDefinition": "td:7", "loadBalancers": [{"a": 1}], "serviceRegistries": [{"b": 1}],
    "desiredCount": 2, "launchType": "FARGATE", "capacityProviderStrategy": [{"c": 1}],
    "platformVersion": "1.4.0", "deploymentConfiguration": {"d": 1},
    "placementConstraints": [{"e": 1}], "placementStrategy": [{"f": 1}],
    "networkConfiguration": {"g": 1}, "healthCheckGracePeriodSeconds": 0,
    "schedulingStrategy": "REPLICA", "deploymentController": {"type": "ECS"},
    "tags": [{"key": "k"}], "enableECSManagedTags": False, "propagateTags": "SERVICE",
    "enableExecuteCommand": True, "availabilityZoneRebalancing": "ENABLED",
}  # fmt: skip


def test_a_service_is_created_with_every_field_that_it_had() -> None:
    read = {**CREATED, "serviceName": "x", "runningCount": 1, "roleArn": "r", "status": "INACTIVE"}
    edit = create_service("shop", service(config=read))
    assert (edit.service, edit.operation, edit.resource) == ("ecs", "create-service", "api")
    assert edit.parameters == {"cluster": "shop", "serviceName": "api", **CREATED}
    assert (edit.before, edit.after) == (None, CREATED)
    undone = back(edit)
    assert (undone.service, undone.operation, undone.resource) == ("ecs", "delete-service", "api")
    assert undone.parameters == {"cluster": "shop", "service": "api", "force": True}
    assert (undone.before, undone.after) == (CREATED, None)


@pytest.mark.parametrize("key", ["aws:cloudformation:stack-name", "AWS:x"])
def test_tags_that_only_aws_may_set_stay_out(key: str) -> None:
    own = {"key": "team", "value": "ml"}
    given = {"key": key, "value": "web"}
    made = create_service("shop", service(config={**CREATED, "tags": [given, own]}))
    assert made.parameters["tags"] == [own]
    assert (
        "tags"
        not in create_service("shop", service(config={**CREATED, "tags": [given]})).parameters
    )


@pytest.mark.parametrize("nothing", [None, [], ""])
def test_what_is_empty_is_not_given(nothing: Any) -> None:
    edit = create_service("shop", service(config={**CREATED, "platformVersion": nothing}))
    assert "platformVersion" not in edit.parameters
    assert edit.parameters["healthCheckGracePeriodSeconds"] == 0


def deployed(status: str = "PRIMARY", **fields: Any) -> EcsDeployment:
    known = {"id": "d", "task_definition": "td:7", "desired": 1, "running": 1, "pending": 0}
    return EcsDeployment(status=status, **known | fields)


def test_a_daemon_has_no_count_and_registries_may_be_new() -> None:
    daemon = service(config=CREATED, scheduling="DAEMON")
    assert "desiredCount" not in create_service("shop", daemon).parameters
    made = create_service("shop", service(config=CREATED), [{"registryArn": "new"}])
    assert made.parameters["serviceRegistries"] == [{"registryArn": "new"}]
    assert create_service("shop", service(config=CREATED), []).parameters[
        "serviceRegistries"
    ] == []  # fmt: skip


def test_service_connect_comes_back_where_it_was_enabled() -> None:
    on, off = {"enabled": True, "namespace": "n"}, {"enabled": False}
    for connect, status, there in ((on, "PRIMARY", True), (off, "PRIMARY", False),
                                   (on, "ACTIVE", False)):  # fmt: skip
        one = service(config=CREATED, deployments=(deployed(status, service_connect=connect),))
        found = create_service("shop", one).parameters.get("serviceConnectConfiguration")
        assert found == (on if there else None)


def test_a_name_that_a_command_made_is_looked_up_in_its_namespace() -> None:
    assert registry_of("api", "ns-1") == Later(
        service="servicediscovery", operation="list-services",
        parameters={"Filters": [{"Name": "NAMESPACE_ID", "Values": ["ns-1"], "Condition": "EQ"}]},
        query="Services[?Name=='api'].Arn",
    )  # fmt: skip


# --- security groups


def rule(protocol: str = "tcp", first: int = 443, last: int = 443, **fields: Any) -> GroupRule:
    return GroupRule(protocol=protocol, from_port=first, to_port=last, **fields)


READ = {
    "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "Ipv6Ranges": [], "PrefixListIds": None,
    "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "office"}],
    "UserIdGroupPairs": [{"GroupId": "sg", "GroupName": "n", "PeeringStatus": "active",
                          "UserId": "1"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("found", "json"),
    [
        (rule(cidrs=("10.0.0.0/8", "192.0.2.0/24")),
         {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
          "IpRanges": [{"CidrIp": "10.0.0.0/8"}, {"CidrIp": "192.0.2.0/24"}]}),
        (rule("-1", -1, -1, ipv6_cidrs=("::/0",)),
         {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}),
        (rule(prefix_lists=("pl-1",), groups=("sg-1",)),
         {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
          "PrefixListIds": [{"PrefixListId": "pl-1"}],
          "UserIdGroupPairs": [{"GroupId": "sg-1"}]}),
        (rule(config=READ),
         {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
          "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "office"}],
          "UserIdGroupPairs": [{"GroupId": "sg", "UserId": "1"}]}),
    ],
)  # fmt: skip
def test_a_permission_is_as_it_was_read_else_as_its_fields_say(
    found: GroupRule, json: dict[str, Any]
) -> None:
    assert permission(found) == json


def test_each_peer_of_a_permission_has_its_protocol_and_ports() -> None:
    one = permission(
        rule(cidrs=("a",), ipv6_cidrs=("b",), prefix_lists=("c",), groups=("d",), last=444)
    )
    assert peers(one) == [Peer("tcp", 443, 444, n) for n in ("a", "b", "c", "d")]
    assert peers({"IpProtocol": "-1"}) == [Peer("-1", -1, -1, "")]
    assert peers({"IpProtocol": "-1", "IpRanges": [{"X": "y"}]}) == [Peer("-1", -1, -1, "")]


WAS = (rule(cidrs=("10.0.0.0/8", "0.0.0.0/0")), rule(first=80, last=80, cidrs=("0.0.0.0/0",)))


@pytest.mark.parametrize(
    ("now", "port", "lost"),
    [
        (WAS, 443, []),
        ((), 443, [["10.0.0.0/8", "0.0.0.0/0"]]),
        ((), 80, [["0.0.0.0/0"]]),
        ((), 22, []),
        ((rule(cidrs=("10.0.0.0/8",)),), 443, [["0.0.0.0/0"]]),
        ((rule(first=1, last=1, cidrs=("10.0.0.0/8",)),), 443, [["10.0.0.0/8", "0.0.0.0/0"]]),
        ((rule("udp", cidrs=("10.0.0.0/8",)),), 443, [["10.0.0.0/8", "0.0.0.0/0"]]),
    ],
)
def test_what_a_port_lost_peer_by_peer(
    now: tuple[GroupRule, ...], port: int, lost: list[list[str]]
) -> None:
    found = lost_permissions(WAS, now, port)
    assert [[r["CidrIp"] for r in one["IpRanges"]] for one in found] == lost
    assert all(one["FromPort"] == one["ToPort"] == port for one in found)


def test_only_the_kinds_of_peer_that_are_gone_are_given_back() -> None:
    was = (rule(cidrs=("10.0.0.0/8",), groups=("sg-1",)),)
    now = (rule(groups=("sg-1",)),)
    assert lost_permissions(was, now, 443) == [
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
         "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    ]  # fmt: skip


GROUP = SecurityGroup(id="sg-1", name="web")


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_a_permission_is_given_and_revoked(direction: str) -> None:
    edit = authorize(GROUP, direction, [{"IpProtocol": "-1"}])
    wanted = {"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "-1"}]}
    after = {direction: [{"IpProtocol": "-1"}]}
    assert (edit.service, edit.operation) == ("ec2", f"authorize-security-group-{direction}")
    assert (edit.parameters, edit.resource) == (wanted, "sg-1")
    assert (edit.before, edit.after) == (None, after)
    assert back(edit).operation == f"revoke-security-group-{direction}"
    assert back(edit).parameters == wanted
    assert (back(edit).before, back(edit).after) == (after, None)


BALANCER = LoadBalancer(
    arn="arn:b", name="web", dns_name="d", security_groups=("sg-1", "sg-2"),
    attributes={"idle_timeout.timeout_seconds": "60"},
)  # fmt: skip


def test_a_balancer_gets_groups_and_an_attribute_back() -> None:
    edit = set_groups(BALANCER, ("sg-3",))
    assert (edit.service, edit.operation, edit.resource) == (
        "elbv2", "set-security-groups", "arn:b",
    )  # fmt: skip
    assert edit.parameters == {"LoadBalancerArn": "arn:b", "SecurityGroups": ["sg-3"]}
    assert (edit.before, edit.after) == (
        {"SecurityGroups": ["sg-1", "sg-2"]}, {"SecurityGroups": ["sg-3"]},
    )  # fmt: skip
    assert back(edit).parameters["SecurityGroups"] == ["sg-1", "sg-2"]
    key = "idle_timeout.timeout_seconds"
    edit = modify_attribute(BALANCER, key, "90")
    assert (edit.operation, edit.resource) == ("modify-load-balancer-attributes", "arn:b")
    assert edit.parameters == {
        "LoadBalancerArn": "arn:b", "Attributes": [{"Key": key, "Value": "90"}],
    }  # fmt: skip
    assert (edit.before, edit.after) == ({key: "60"}, {key: "90"})
    assert back(edit).parameters["Attributes"] == [{"Key": key, "Value": "60"}]
    assert modify_attribute(BALANCER, "other", "1").before == {"other": ""}


# --- targets

TARGETS = TargetGroup(arn="arn:tg", name="tg", protocol="HTTP", port=80, health_matcher="200-299")
CHECK = {
    "HealthCheckProtocol": "HTTP", "HealthCheckPort": "traffic-port", "HealthCheckPath": "/",
    "HealthCheckEnabled": True, "HealthCheckIntervalSeconds": 30, "HealthCheckTimeoutSeconds": 5,
    "HealthyThresholdCount": 5, "UnhealthyThresholdCount": 2, "Matcher": {"HttpCode": "200-299"},
}  # fmt: skip


def test_a_health_check_is_told_and_changed_where_it_differs() -> None:
    assert health_check(TARGETS) == CHECK
    bare = TargetGroup(arn="a", name="t", protocol="TCP", port=80, health_matcher="")
    assert "Matcher" not in health_check(bare)
    edit = modify_check(
        TARGETS,
        {**CHECK, "HealthCheckPath": "/health", "Matcher": {"HttpCode": "200"},
         "HealthCheckPort": "", "HealthyThresholdCount": 0, "HealthCheckProtocol": None},
    )  # fmt: skip
    after = {"HealthCheckPath": "/health", "Matcher": {"HttpCode": "200"}}
    before = {"HealthCheckPath": "/", "Matcher": {"HttpCode": "200-299"}}
    assert (edit.operation, edit.parameters) == (
        "modify-target-group", {"TargetGroupArn": "arn:tg", **after},
    )  # fmt: skip
    assert (edit.before, edit.after) == (before, after)
    assert back(edit).parameters == {"TargetGroupArn": "arn:tg", **before}


def test_targets_come_and_go() -> None:
    edit = register(TARGETS, ["10.0.0.1", "10.0.0.2"], 80)
    there = {"Targets": [{"Id": "10.0.0.1", "Port": 80}, {"Id": "10.0.0.2", "Port": 80}]}
    assert (edit.service, edit.operation, edit.resource) == ("elbv2", "register-targets", "arn:tg")
    assert edit.parameters == {"TargetGroupArn": "arn:tg", **there}
    assert (edit.before, edit.after) == (None, there)
    assert (back(edit).operation, back(edit).parameters) == ("deregister-targets", edit.parameters)
    assert (back(edit).before, back(edit).after) == (there, None)
    gone = deregister(TARGETS, [TargetHealth(id="10.0.0.9", port=81, state="unhealthy")])
    wrong = {"Targets": [{"Id": "10.0.0.9", "Port": 81}]}
    assert (gone.operation, gone.before, gone.after) == ("deregister-targets", wrong, None)
    assert (back(gone).operation, back(gone).after) == ("register-targets", wrong)


# --- names

NAME = DiscoveryService(id="srv-1", arn="arn:n", name="api.shop.local")


def test_a_name_is_made_as_ecs_makes_it() -> None:
    edit = create_name("api", "ns-1")
    assert (edit.service, edit.operation, edit.resource) == (
        "servicediscovery", "create-service", "api",
    )  # fmt: skip
    assert edit.parameters == {
        "Name": "api", "NamespaceId": "ns-1",
        "DnsConfig": {"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 10}]},
        "HealthCheckCustomConfig": {"FailureThreshold": 1},
    }  # fmt: skip
    assert (edit.before, edit.after) == (None, edit.parameters)


def test_an_address_is_entered_and_taken_out() -> None:
    entry = {"AWS_INSTANCE_IPV4": "10.0.0.1"}
    edit = register_instance(NAME, "task-1", entry)
    assert (edit.operation, edit.resource) == ("register-instance", "api.shop.local")
    assert edit.parameters == {"ServiceId": "srv-1", "InstanceId": "task-1", "Attributes": entry}
    assert (edit.before, edit.after) == (None, {"task-1": entry})
    assert back(edit).operation == "deregister-instance"
    assert back(edit).parameters == {"ServiceId": "srv-1", "InstanceId": "task-1"}


@pytest.mark.parametrize(
    ("port", "entry"),
    [
        (0, {"AWS_INSTANCE_IPV4": "10.0.0.1"}),
        (80, {"AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INSTANCE_PORT": "80"}),
    ],
)
def test_an_address_that_is_taken_out_comes_back_with_its_port(
    port: int, entry: dict[str, str]
) -> None:
    edit = deregister_instance(NAME, DiscoveryInstance(id="i", address="10.0.0.1", port=port))
    assert (edit.operation, edit.resource) == ("deregister-instance", "api.shop.local")
    assert edit.parameters == {"ServiceId": "srv-1", "InstanceId": "i"}
    assert (edit.before, edit.after) == ({"i": entry}, None)
    assert back(edit).operation == "register-instance"
    assert back(edit).parameters == {"ServiceId": "srv-1", "InstanceId": "i", "Attributes": entry}
    assert back(edit).after == {"i": entry}


def test_an_instance_comes_back_with_all_its_attributes() -> None:
    had = {"AWS_INSTANCE_IPV4": "10.0.0.1", "REGION": "r"}
    found = DiscoveryInstance(id="i", address="10.0.0.1", port=9, attributes=had)
    assert back(deregister_instance(NAME, found)).parameters["Attributes"] == had


# --- roles, log groups, secrets


def test_a_policy_is_put_beside_the_others_and_deleted_again() -> None:
    document = policy([{"Effect": "Allow"}])
    assert document == {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}
    edit = put_role_policy("exec", "read", document)
    assert (edit.service, edit.operation, edit.resource) == ("iam", "put-role-policy", "exec")
    assert edit.parameters == {
        "RoleName": "exec", "PolicyName": "read", "PolicyDocument": document,
    }  # fmt: skip
    assert (edit.before, edit.after) == (None, {"read": document})
    assert (back(edit).operation, back(edit).after) == ("delete-role-policy", None)
    assert back(edit).parameters == {"RoleName": "exec", "PolicyName": "read"}
    assert back(edit).before == {"read": document}


def test_a_policy_that_is_changed_is_changed_back() -> None:
    old, new = policy([{"Effect": "Deny"}]), policy([{"Effect": "Allow"}])
    edit = put_role_policy("exec", "read", new, old)
    assert (edit.before, edit.after) == ({"read": old}, {"read": new})
    assert (back(edit).operation, back(edit).resource) == ("put-role-policy", "exec")
    assert back(edit).parameters["PolicyDocument"] == old
    assert (back(edit).before, back(edit).after) == ({"read": new}, {"read": old})


def test_a_managed_policy_is_attached_and_detached() -> None:
    edit = attach_role_policy("exec", "arn:p")
    assert (edit.service, edit.operation, edit.resource) == ("iam", "attach-role-policy", "exec")
    assert edit.parameters == {"RoleName": "exec", "PolicyArn": "arn:p"}
    assert (edit.before, edit.after) == ({"attached": []}, {"attached": ["arn:p"]})
    assert (back(edit).operation, back(edit).parameters) == ("detach-role-policy", edit.parameters)
    assert (back(edit).before, back(edit).after) == ({"attached": ["arn:p"]}, {"attached": []})


def test_a_log_group_is_made_and_deleted_again() -> None:
    edit = create_log_group("/ecs/api")
    named = {"logGroupName": "/ecs/api"}
    assert (edit.service, edit.operation, edit.resource) == ("logs", "create-log-group", "/ecs/api")
    assert (edit.parameters, edit.before, edit.after) == (named, None, named)
    assert (back(edit).service, back(edit).operation) == ("logs", "delete-log-group")
    assert (back(edit).parameters, back(edit).before, back(edit).after) == (named, named, None)


SECRET = SecretState(reference="r", exists=True, name="app", version="v2", version_before="v1")
PARAMETER = SecretState(
    reference="r", exists=True, kind="parameter", name="/p", version="2", version_before="1"
)


def test_a_deleted_secret_is_restored() -> None:
    edit = restore_secret("app")
    assert (edit.service, edit.operation, edit.resource) == (
        "secretsmanager", "restore-secret", "app",
    )  # fmt: skip
    assert edit.parameters == {"SecretId": "app"}
    assert edit.before == {"DeletedDate": "marked for deletion"}
    assert edit.after == {"DeletedDate": None}


def test_a_secrets_stage_moves_to_the_version_before_and_back() -> None:
    edit = previous_value(SECRET)
    stage = {"SecretId": "app", "VersionStage": "AWSCURRENT"}
    assert (edit.service, edit.operation, edit.resource) == (
        "secretsmanager", "update-secret-version-stage", "app",
    )  # fmt: skip
    assert edit.parameters == {**stage, "MoveToVersionId": "v1", "RemoveFromVersionId": "v2"}
    assert (edit.before, edit.after) == ({"AWSCURRENT": "v2"}, {"AWSCURRENT": "v1"})
    assert back(edit).parameters == {**stage, "MoveToVersionId": "v2", "RemoveFromVersionId": "v1"}
    assert (back(edit).before, back(edit).after) == ({"AWSCURRENT": "v1"}, {"AWSCURRENT": "v2"})


def test_a_parameter_keeps_its_key() -> None:
    keyed = SecretState(
        reference="r", exists=True, kind="parameter", name="/p", version="2", version_before="1",
        kms_key="alias/own",
    )  # fmt: skip
    edit = previous_value(keyed)
    assert (edit.parameters["Type"], edit.parameters["KeyId"]) == ("SecureString", "alias/own")
    assert back(edit).parameters["KeyId"] == "alias/own"
    assert back(edit).parameters["Value"].query == "Parameters[?Version==`2`].Value"


def test_a_parameters_value_is_written_again_and_never_printed() -> None:
    edit = previous_value(PARAMETER)
    assert (edit.service, edit.operation, edit.resource) == ("ssm", "put-parameter", "/p")
    assert edit.parameters == {
        "Name": "/p", "Overwrite": True,
        "Value": Later(
            service="ssm", operation="get-parameter-history",
            parameters={"Name": "/p", "WithDecryption": True},
            query="Parameters[?Version==`1`].Value",
            of_others=True,
        ),
    }  # fmt: skip
    assert edit.before == {"Value": "that of version 2"}
    assert edit.after == {"Value": "that of version 1"}
