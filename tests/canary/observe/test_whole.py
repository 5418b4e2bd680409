"""What AWS describes is kept whole, beside the fields that the canary reads of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from canary.control_plane.state import (
    Action,
    BalancerEntry,
    CapacityProvider,
    Forward,
    PlatformState,
    RegistryEntry,
)
from canary.observe.ecs_services import converted
from canary.observe.revisions import described
from canary.observe.rules import actions, rule
from tests.canary.support import platforms as p

GROUPS = {
    "TargetGroups": [{"TargetGroupArn": "a", "Weight": 3}, {"TargetGroupArn": "b", "Weight": 0}],
    "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60},
}
FORWARD = {"Type": "forward", "Order": 2, "ForwardConfig": GROUPS}
SIGN_IN = {
    "Type": "authenticate-oidc",
    "Order": 1,
    "AuthenticateOidcConfig": {"Issuer": "https://i", "ClientId": "c", "SessionTimeout": 9},
}
TOKEN = {
    "Type": "jwt-validation",
    "Order": 1,
    "JwtValidationConfig": {"Issuer": "https://i", "JwksEndpoint": "https://i/keys"},
}
REWRITE = {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "a", "Replace": ""}]}}


@pytest.mark.parametrize("first", [SIGN_IN, TOKEN])
def test_a_rule_keeps_all_its_actions_in_their_order(first: dict[str, Any]) -> None:
    found = rule({"Priority": "7", "Actions": [FORWARD, first], "Transforms": [REWRITE]})
    assert [a.type for a in found.actions] == [first["Type"], "forward"]
    assert [a.config for a in found.actions] == [first, FORWARD]
    assert found.action.forwards == (
        Forward(target_group="a", weight=3), Forward(target_group="b", weight=0),
    )  # fmt: skip
    assert (found.action.sticky, found.action.sticky_s) == (True, 60)
    assert found.transforms == (REWRITE,)


def test_a_rule_without_actions_has_one_of_type_none() -> None:
    assert rule({"Priority": "7"}).actions == (Action(type="none"),)


def test_a_client_secret_is_never_kept() -> None:
    settings = {"ClientId": "c", "ClientSecret": "hush", "UseExistingClientSecret": True}
    (found,) = actions([{"Type": "authenticate-oidc", "AuthenticateOidcConfig": settings}])
    assert found.config["AuthenticateOidcConfig"] == {
        "ClientId": "c", "UseExistingClientSecret": True,
    }  # fmt: skip
    assert "hush" not in msgspec.json.encode(found).decode()


def test_answers_and_redirects_are_kept_with_all_their_parts() -> None:
    answer = {"StatusCode": "403", "ContentType": "text/plain", "MessageBody": "closed"}
    parts = {"Protocol": "HTTPS", "Host": "h", "Port": "8443", "Path": "/p", "Query": "q=1",
             "StatusCode": "HTTP_302"}  # fmt: skip
    fixed, redirect = actions(
        [
            {"Type": "fixed-response", "FixedResponseConfig": answer},
            {"Type": "redirect", "RedirectConfig": parts},
        ]
    )
    assert (fixed.status_code, fixed.content_type, fixed.message_body) == (
        "403", "text/plain", "closed",
    )  # fmt: skip
    assert (redirect.status_code, redirect.redirect) == ("HTTP_302", "HTTPS://h:8443/p?q=1")
    assert redirect.config["RedirectConfig"] == parts


@pytest.mark.parametrize(
    ("condition", "values", "name"),
    [
        (
            {"Field": "query-string", "QueryStringConfig": {
                "Values": [{"Key": "v", "Value": "1"}, {"Value": "x"}]}},
            ("v=1", "=x"), "",
        ),
        (
            {"Field": "http-header", "HttpHeaderConfig": {
                "HttpHeaderName": "X-A", "Values": ["1"], "RegexValues": ["^2"]}},
            ("1", "regex:^2"), "X-A",
        ),
        ({"Field": "path-pattern", "RegexValues": ["^/a"]}, ("regex:^/a",), ""),
        ({"Field": "new-kind", "NewConfig": {"Values": ["1"]}}, (), ""),
    ],
)  # fmt: skip
def test_a_condition_is_kept_whole(
    condition: dict[str, Any], values: tuple[str, ...], name: str
) -> None:
    (found,) = rule({"Priority": "7", "Conditions": [condition], "Actions": [FORWARD]}).conditions
    assert (found.values, found.name, found.config) == (values, name, condition)


ENTRY = {
    "targetGroupArn": "a", "containerName": "web", "containerPort": 80,
    "advancedConfiguration": {"alternateTargetGroupArn": "b", "roleArn": "r"},
}  # fmt: skip
SERVICE: dict[str, Any] = {
    "serviceName": "s", "status": "ACTIVE", "desiredCount": 2, "runningCount": 2,
    "taskDefinition": "td:1", "events": [{"message": "m"}] * 31, "createdAt": "then",
    "deploymentController": {"type": "CODE_DEPLOY"},
    "deploymentConfiguration": {
        "strategy": "BLUE_GREEN", "minimumHealthyPercent": 0, "maximumPercent": 150,
        "alarms": {"alarmNames": ["x"], "enable": True, "rollback": True}, "bakeTimeInMinutes": 3,
    },
    "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 2, "base": 1}],
    "platformVersion": "1.4.0", "enableExecuteCommand": True, "propagateTags": "SERVICE",
    "availabilityZoneRebalancing": "ENABLED", "schedulingStrategy": "REPLICA",
    "networkConfiguration": {"awsvpcConfiguration": {
        "subnets": ["n"], "securityGroups": ["g"], "assignPublicIp": "ENABLED"}},
    "loadBalancers": [ENTRY, {"targetGroupArn": "c", "containerName": "web", "containerPort": 81}],
    "serviceRegistries": [{"registryArn": "r", "containerName": "web", "containerPort": 80}],
    "deployments": [
        {"id": "1", "status": "ACTIVE", "serviceConnectConfiguration": {"enabled": False}},
        {"id": "2", "status": "PRIMARY", "serviceConnectConfiguration": {
            "enabled": True, "namespace": "n",
            "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": "hush"}}}},
    ],
    "tags": [{"key": "team", "value": "x"}],
}  # fmt: skip


def test_a_service_keeps_how_it_is_deployed_and_placed() -> None:
    found = converted(SERVICE, ())
    assert (found.controller, found.strategy, found.launch_type) == (
        "CODE_DEPLOY", "BLUE_GREEN", "",
    )  # fmt: skip
    assert found.capacity_providers == (CapacityProvider(name="FARGATE_SPOT", weight=2, base=1),)
    assert (found.platform_version, found.public_address) == ("1.4.0", "ENABLED")
    assert (found.execute_command, found.propagate_tags) == (True, "SERVICE")
    assert (found.zone_rebalancing, found.scheduling) == ("ENABLED", "REPLICA")
    assert (found.minimum_percent, found.maximum_percent, found.alarms) == (0, 150, ("x",))
    assert found.balancer_entries == (
        BalancerEntry(
            target_group="a", container="web", port=80, advanced=ENTRY["advancedConfiguration"],  # type: ignore[arg-type]
        ),
        BalancerEntry(target_group="c", container="web", port=81),
    )  # fmt: skip
    assert found.registry_entries == (RegistryEntry(arn="r", container="web", container_port=80),)
    assert [d.service_connect for d in found.deployments] == [
        {"enabled": False},
        {"enabled": True, "namespace": "n", "logConfiguration": {"logDriver": "splunk"}},
    ]


def test_a_services_own_json_has_all_but_what_passes() -> None:
    found = converted(SERVICE, ())
    passes = {"events", "runningCount", "deployments", "createdAt", "status"}
    assert found.config == {k: v for k, v in SERVICE.items() if k not in passes}
    assert "hush" not in msgspec.json.encode(found).decode()


def test_what_ecs_tells_of_a_deployment_alone_is_kept() -> None:
    volume = {"name": "data", "managedEBSVolume": {"roleArn": "r", "sizeInGiB": 20}}
    lattice = {"roleArn": "r", "targetGroupArn": "t", "portName": "http"}
    deployments = [
        {"id": "1", "status": "ACTIVE", "volumeConfigurations": [{"name": "old"}]},
        {"id": "2", "status": "PRIMARY", "volumeConfigurations": [volume],
         "vpcLatticeConfigurations": [lattice]},
    ]  # fmt: skip
    found = converted({**SERVICE, "deployments": deployments}, ())
    assert [d.config for d in found.deployments] == [
        {"volumeConfigurations": [{"name": "old"}]},
        {"volumeConfigurations": [volume], "vpcLatticeConfigurations": [lattice]},
    ]


def test_a_service_says_what_was_not_read_and_where_a_bound_was_reached() -> None:
    found = converted(SERVICE, (), tasks_read=False, more_tasks=True)
    assert (found.unread, found.bounded) == (("tasks",), ("events", "tasks"))
    few = converted({**SERVICE, "events": [{"message": "m"}] * 30}, ())
    assert (few.unread, few.bounded, len(few.events)) == ((), (), 30)


def test_a_plain_service_has_ecs_own_defaults() -> None:
    found = converted({"serviceName": "s", "launchType": "FARGATE"}, ())
    assert (found.controller, found.strategy, found.launch_type) == ("ECS", "ROLLING", "FARGATE")
    assert (found.minimum_percent, found.maximum_percent) == (100, 200)
    assert (found.balancer_entries, found.public_address) == ((), "")


DEFINITION: dict[str, Any] = {
    "taskDefinitionArn": "td:1", "family": "td", "revision": 1, "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"], "ephemeralStorage": {"sizeInGiB": 30},
    "volumes": [{"name": "v", "dockerVolumeConfiguration": {"driverOpts": {"password": "hush"}}}],
    "containerDefinitions": [
        {
            "name": "web", "image": "i", "cpu": 10, "memoryReservation": 64, "user": "1000",
            "entryPoint": ["run", "--password=hush-hush-1"], "stopTimeout": 30, "startTimeout": 20,
            "dependsOn": [{"containerName": "side", "condition": "HEALTHY"}],
            "environment": [{"name": "A", "value": "hush"}], "dockerLabels": {"l": "hush"},
            "logConfiguration": {"logDriver": "awslogs", "options": {
                "awslogs-group": "/g", "awslogs-stream-prefix": "ecs", "token": "hush"}},
            "readonlyRootFilesystem": True,
        }
    ],
}  # fmt: skip


def test_a_definition_keeps_all_that_is_no_value() -> None:
    found = described(DEFINITION)
    (web,) = found.containers
    assert (found.network_mode, found.compatibilities) == ("awsvpc", ("FARGATE",))
    assert found.ephemeral_gib == 30
    assert (web.user, web.cpu, web.memory_reservation) == ("1000", 10, 64)
    assert (web.start_timeout_s, web.stop_timeout_s) == (20, 30)
    assert web.depends_on == {"side": "HEALTHY"}
    assert (web.log_driver, web.log_group, web.log_prefix) == ("awslogs", "/g", "ecs")
    assert web.entry_point == ("run", "--password=***")
    assert web.config["readonlyRootFilesystem"] is True
    assert "hush" not in msgspec.json.encode(found).decode()


@pytest.mark.parametrize(("region", "kept"), [("us-east-1", ""), ("eu-west-1", "eu-west-1")])
def test_a_log_group_of_another_region_is_told_so(region: str, kept: str) -> None:
    logs = {"options": {"awslogs-group": "/g", "awslogs-region": region}}
    raw = {
        "taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/td:1",
        "containerDefinitions": [{"name": "web", "image": "i", "logConfiguration": logs}],
    }
    (web,) = described(raw).containers
    assert (web.log_group, web.log_region) == ("/g", kept)


def test_a_report_of_an_earlier_version_is_read() -> None:
    """The fields of today have defaults, and the old ones keep their keys."""
    plain = msgspec.to_builtins(p.healthy())
    for balancer in plain["load_balancers"]:
        for listener in balancer["listeners"]:
            for one in listener["rules"]:
                del one["earlier"], one["transforms"], one["action"]["config"]
            for key in ("unread", "attributes", "default_actions", "ssl_policy"):
                del listener[key]
        del balancer["unread"], balancer["zones"]
    for service in plain["services"]:
        for key in ("config", "unread", "bounded", "balancer_entries", "controller"):
            del service[key]
    for group in plain["security_groups"]:
        for permission in (*group["ingress"], *group["egress"]):
            del permission["ipv6_cidrs"], permission["prefix_lists"], permission["config"]
    del plain["bounds"], plain["unread"]
    assert msgspec.convert(plain, PlatformState) == p.healthy()


def task_set(status: str, revision: int, stability: str) -> dict[str, Any]:
    return {
        "id": f"ecs-svc/{revision}",
        "status": status,
        "taskDefinition": f"arn:d/a:{revision}",
        "computedDesiredCount": 2,
        "runningCount": 2,
        "pendingCount": 1,
        "createdAt": dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
        "updatedAt": dt.datetime(2026, 11, 3, tzinfo=dt.UTC),
        "stabilityStatus": stability,
        "stabilityStatusAt": dt.datetime(2026, 11, 2, tzinfo=dt.UTC),
    }


def test_the_task_sets_of_code_deploy_stand_in_the_place_of_deployments() -> None:
    sets = [task_set("ACTIVE", 8, "STABILIZING"), task_set("PRIMARY", 7, "STEADY_STATE")]
    raw = {"serviceName": "s", "taskDefinition": "arn:d/a:1", "deployments": [], "taskSets": sets}
    found = converted(raw, ())
    assert found.task_definition == "arn:d/a:7"
    assert [
        (d.id, d.status, d.task_definition, d.desired, d.running, d.pending)
        for d in found.deployments
    ] == [
        ("ecs-svc/8", "ACTIVE", "arn:d/a:8", 2, 2, 1),
        ("ecs-svc/7", "PRIMARY", "arn:d/a:7", 2, 2, 1),
    ]
    assert [(d.rollout_state, d.created_at[:10]) for d in found.deployments] == [
        ("IN_PROGRESS", "2026-11-02"),  # since when it is not stable
        ("COMPLETED", "2026-11-01"),
    ]


def test_what_the_service_does_not_say_its_primary_task_set_says() -> None:
    network = {"awsvpcConfiguration": {"subnets": ["s-1"], "securityGroups": ["sg-1"]}}
    placed = {
        **task_set("PRIMARY", 7, "STEADY_STATE"),
        "networkConfiguration": network,
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "loadBalancers": [{"targetGroupArn": "arn:green", "containerPort": 80}],
    }
    found = converted({"serviceName": "s", "taskSets": [placed]}, ())
    assert (found.subnets, found.security_groups) == (("s-1",), ("sg-1",))
    assert (found.target_groups, found.container_ports) == (("arn:green",), (80,))
    assert (found.launch_type, found.platform_version) == ("FARGATE", "1.4.0")
    own = {"serviceName": "s", "launchType": "EC2", "taskSets": [placed]}
    assert converted(own, ()).launch_type == "EC2"


def test_a_service_with_deployments_keeps_its_own_revision() -> None:
    raw = {"serviceName": "s", "taskDefinition": "arn:d/a:3", "taskSets": []}
    assert converted(raw, ()).task_definition == "arn:d/a:3"
