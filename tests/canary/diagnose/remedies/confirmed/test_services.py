"""ECS services, targets and names in Cloud Map: what of an edit the present does not confirm."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import (
    Container,
    DiscoveryInstance,
    Listener,
    PlatformState,
    RegistryEntry,
    Task,
    TaskDefinition,
)
from canary.diagnose.remedies.confirmed import check, services
from canary.diagnose.remedies.edit import Edit, Later
from canary.model import Environment
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import (
    API,
    BALANCER,
    ENVIRONMENT,
    HEALTHY,
    MLFLOW,
    NAMES,
    PLAIN,
    SECURE,
    case,
    platform,
    rule,
    to,
)

NAME = NAMES.of("registry")
SERVICE = next(s for s in HEALTHY.ecs_services if s.name == NAME)
STRANGER = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/stranger/1"
REGISTRY = "arn:aws:servicediscovery:x:1:service/srv-registry"


def file(**fields: Any) -> Environment:
    """Return the environment file with another registry; `name`: its part has another name."""
    part = p.replace(ENVIRONMENT.services["registry"], **fields)
    return p.replace(ENVIRONMENT, services={**ENVIRONMENT.services, "registry": part})


def unconfirmed(
    wanted: dict[str, Any], *, now: Any = SERVICE, state: PlatformState = HEALTHY,
    environment: Environment = ENVIRONMENT, name: str = NAME,
) -> list[str]:  # fmt: skip
    known = case(state, environment=environment)
    return list(services.unconfirmed(known, name, now, wanted))


def entry(group: str, **more: Any) -> dict[str, Any]:
    return {"loadBalancers": [{"targetGroupArn": group, **more}]}


def targets(group: str, name: str = NAME) -> list[str]:
    return [f"only the past tells that tasks of {name} were targets of {group}"]


BARE = p.replace(SERVICE, target_groups=(), registries=())


def test_a_group_is_one_of_the_file_or_one_that_the_service_has() -> None:
    assert unconfirmed(entry(API)) == unconfirmed(entry(API), now=BARE) == []
    assert unconfirmed(entry(MLFLOW)) == targets(MLFLOW)
    has = p.replace(BARE, target_groups=(STRANGER,))
    assert unconfirmed(entry(STRANGER), now=has) == []
    assert unconfirmed(entry(STRANGER), now=BARE) == targets(STRANGER)
    other = {"advancedConfiguration": {"alternateTargetGroupArn": STRANGER}}
    assert unconfirmed(entry(API, **other)) == targets(STRANGER)
    assert unconfirmed({"loadBalancers": [{"containerName": "x"}]}) == unconfirmed({}) == []
    assert unconfirmed(entry(API), now=BARE, name="nobody") == targets(API, "nobody")


def test_where_the_file_names_no_group_living_rules_tell_it() -> None:
    free = file(target_groups=())
    assert unconfirmed(entry(API), now=BARE, environment=free) == []
    assert unconfirmed(entry(MLFLOW), now=BARE, environment=free) == targets(MLFLOW)
    led = platform(rule("default", action=to(STRANGER)))
    assert unconfirmed(entry(STRANGER), now=BARE, environment=free, state=led) == []
    assert unconfirmed(entry(STRANGER), now=BARE, state=led) == targets(STRANGER)
    away = platform(rule(1, "/shop", action=to(STRANGER)), rule("default"))
    assert unconfirmed(entry(STRANGER), now=BARE, environment=free, state=away) != []
    taken = faults.service(led, "auth", target_groups=(STRANGER,))
    assert unconfirmed(entry(STRANGER), now=BARE, environment=free, state=taken) != []
    bare = p.replace(led, load_balancers=())
    assert unconfirmed(entry(STRANGER), now=BARE, environment=free, state=bare) != []


def test_a_name_is_the_one_of_the_file_or_one_that_the_service_has() -> None:
    def names(arn: Any, now: Any = BARE, **more: Any) -> list[str]:
        return unconfirmed({"serviceRegistries": [{"registryArn": arn}]}, now=now, **more)

    assert names(REGISTRY) == names("arn:own", p.replace(BARE, registries=("arn:own",))) == []
    other = REGISTRY.replace("registry", "auth")
    assert names(other) == [f"only the past tells that {NAME} had the name {other}"]
    assert names(REGISTRY, environment=file(discovery="")) != []
    assert names(Later(service="s", operation="o", parameters={}, query="q")) == []


def network(*subnets: str, **more: Any) -> dict[str, Any]:
    return {"networkConfiguration": {"awsvpcConfiguration": {"subnets": [*subnets], **more}}}


def test_a_subnet_was_read_or_a_service_uses_it() -> None:
    used = faults.service(HEALTHY, "auth", subnets=("subnet-used",))
    assert unconfirmed(network("subnet-public", "subnet-used"), state=used) == []
    assert unconfirmed(network("subnet-used", "subnet-public")) == [
        "subnet subnet-used is not known to be there"
    ]


@pytest.mark.parametrize(
    ("count", "now", "most", "good"),
    [
        (20, 1, 1, True), (21, 1, 1, False), (21, 21, 1, True), (21, 1, 21, True),
        (22, 1, 21, False), ("21", 1, 1, True), (None, 1, 1, True),
    ],
)  # fmt: skip
def test_no_past_starts_more_tasks_than_usual(count: Any, now: int, most: int, good: bool) -> None:
    state = faults.service(HEALTHY, "auth", desired=most)
    found = unconfirmed({"desiredCount": count}, now=p.replace(SERVICE, desired=now), state=state)
    assert found == ([] if good else [f"only the past tells that it had {count} tasks"])
    if not good:
        assert found[0] in unconfirmed({"desiredCount": count}, now=None, state=state)


def test_the_role_of_a_volume_lives() -> None:
    volume = {"volumeConfigurations": [{"managedEBSVolume": {"roleArn": "arn:r"}}]}
    said = ["only the past tells the role of its volumeConfigurations"]
    assert unconfirmed(volume) == said
    assert unconfirmed({"volumeConfigurations": [{"name": "v"}]}) == []
    assert unconfirmed(volume, now=p.replace(SERVICE, config=volume)) == []
    lattice = {"vpcLatticeConfigurations": [{"roleArn": "arn:r"}]}
    assert unconfirmed(lattice) == ["only the past tells the role of its vpcLatticeConfigurations"]


# --- created again


def created(
    state: PlatformState = HEALTHY, environment: Any = ENVIRONMENT, **more: Any
) -> list[str]:
    wanted = {"taskDefinition": NAMES.revision("registry"), **more}
    return unconfirmed(wanted, now=None, state=state, environment=environment)


def test_a_service_runs_revisions_of_its_own_family() -> None:
    assert created() == []
    for family in (NAME, "hokusai-registry"):  # its own name, and its container's
        assert created(taskDefinition=f"arn:aws:ecs:x:1:task-definition/{family}:3") == []
    other = NAMES.revision("auth")
    assert created(taskDefinition=other) == [
        f"only the past tells that {NAME} ran revisions of hokusai-auth-development"
    ]

    def family(**container: Any) -> PlatformState:
        known = Container(**{"name": "c", "image": "i", **container})
        made = TaskDefinition(arn="td/own:1", family="own", revision=1, containers=(known,))
        return p.replace(HEALTHY, task_definitions=(*HEALTHY.task_definitions, made))

    def own(state: PlatformState, **part: Any) -> bool:
        return created(state, file(**part), taskDefinition="td/own:1") == []

    assert own(family(name="hokusai-registry"))
    assert not own(family(name="other"))
    assert not own(family(name="hokusai-registry"), container="")
    group = f"/ecs/{NAME}"
    assert own(family(log_group=group)) and not own(family(log_group="/other"))
    assert not own(family(log_group=""), log_group="")
    taken = faults.service(family(log_group=group), "auth", task_definition="td/own:1")
    assert not own(taken)


def test_a_service_of_nobody_runs_the_family_of_its_name() -> None:
    def of(name: str) -> list[str]:
        return unconfirmed({"taskDefinition": "td/x:1"}, now=None, name=name)

    assert of("x") == []
    assert of("y") == ["only the past tells that y ran revisions of x"]


PUBLIC = {"assignPublicIp": "ENABLED", "securityGroups": ["sg-registry"]}
ADDRESSES = ["only the past tells that its tasks had public addresses"]


def test_public_addresses_open_nothing_in_public_subnets_behind_own_groups() -> None:
    assert created(**network("subnet-public", **PUBLIC)) == []
    assert created(**network("subnet-private", **PUBLIC)) == ADDRESSES
    assert created(**network("subnet-public", "subnet-private", **PUBLIC)) == ADDRESSES
    assert created(**network(**PUBLIC)) == ADDRESSES
    assert created(**network("subnet-private", **{**PUBLIC, "assignPublicIp": "DISABLED"})) == []
    open_ = {**PUBLIC, "securityGroups": ["sg-registry", "sg-lb-registry"]}
    assert created(**network("subnet-public", **open_)) == ADDRESSES
    unknown = {**PUBLIC, "securityGroups": ["sg-none"]}
    assert created(**network("subnet-public", **unknown)) == ADDRESSES
    bare = {**PUBLIC, "securityGroups": []}
    assert created(**network("subnet-public", **bare)) == ADDRESSES
    inner = p.change(HEALTHY, "load_balancers", BALANCER.arn, scheme="internal")
    inner = p.change(inner, "load_balancers", HEALTHY.load_balancers[0].arn, scheme="internal")
    assert created(inner, **network("subnet-public", **PUBLIC)) == ADDRESSES


def test_public_addresses_that_live_or_that_the_file_asks_may_come_back() -> None:
    open_ = {**PUBLIC, "securityGroups": ["sg-lb-registry"]}
    there = network("subnet-public", **open_)
    assert created(**there) == ADDRESSES
    lives = faults.service(HEALTHY, "auth", public_address="ENABLED")
    assert created(lives, **there) == []
    alone = file(load_balancer="")
    assert created(environment=alone, **there) == []
    quiet = file(load_balancer="", url="")
    assert created(environment=quiet, **there) == ADDRESSES


def test_doors_into_containers_and_hooks_and_roles_live() -> None:
    said = "only the past tells "
    assert created(enableExecuteCommand=True) == [
        f"{said}that people could run commands in its containers"
    ]
    assert created(enableExecuteCommand=False) == []
    lives = faults.service(HEALTHY, "auth", execute_command=True)
    assert created(lives, enableExecuteCommand=True) == []
    assert created(deploymentConfiguration={"lifecycleHooks": [{"a": 1}]}) == [
        f"{said}the hook that would run during its deployments"
    ]
    assert created(deploymentConfiguration={"lifecycleHooks": []}) == []
    assert created(**entry(API, advancedConfiguration={"roleArn": "arn:r"})) == [
        f"{said}the role of its load balancer entries"
    ]
    assert created(**entry(API, advancedConfiguration={})) == []
    assert (
        unconfirmed({"enableExecuteCommand": True}) == []
    )  # a service that is there keeps its own


def test_targets_are_those_of_a_service_or_of_the_file() -> None:
    def found(arn: str, state: PlatformState = HEALTHY) -> list[str]:
        return list(services.targets(case(state), arn))

    bare = p.replace(HEALTHY, ecs_services=())
    said = [f"only the past tells whose tasks were targets of {STRANGER}"]
    assert found(API) == found(API, bare) == []
    assert found(STRANGER) == said
    assert found(STRANGER, faults.service(HEALTHY, "auth", target_groups=(STRANGER,))) == []
    other = p.replace(HEALTHY.target_groups[0], arn=STRANGER, name="other")
    assert found(STRANGER, p.replace(HEALTHY, target_groups=(other,))) == said


# --- instances of a name

TASK: Task = SERVICE.tasks[0]
USUAL = {
    "AWS_INSTANCE_IPV4": TASK.address, "AWS_INSTANCE_PORT": "8001", "REGION": "us-east-1",
    "AWS_INIT_HEALTH_STATUS": "HEALTHY", "AVAILABILITY_ZONE": "anywhere",
    "ECS_SERVICE_NAME": NAME, "ECS_CLUSTER_NAME": NAMES.of("cluster"),
    "ECS_TASK_DEFINITION_FAMILY": NAME, "own": "label-1",
}  # fmt: skip


def instance(
    given: dict[str, str], identifier: str = "registry7", registry: str = "srv-registry",
    state: PlatformState = HEALTHY,
) -> list[str]:  # fmt: skip
    return list(services.instance(case(state), registry, identifier, given))


def test_an_instance_is_a_running_task_and_says_no_more_than_is_known() -> None:
    assert instance(USUAL) == []
    assert instance(USUAL, registry="srv-unread") == []
    other = instance(USUAL, "registry8")
    assert other[0] == f"{TASK.address} is not the address of a running task registry8 of this name"
    wrong = {**USUAL, "AWS_INSTANCE_IPV4": "10.9.9.9"}
    assert instance(wrong) == [
        "10.9.9.9 is not the address of a running task registry7 of this name",
        "only the past tells AWS_INSTANCE_IPV4 of this instance",
    ]
    ended = faults.service(HEALTHY, "registry", tasks=(p.replace(TASK, last_status="STOPPED"),))
    assert "is not the address of a running task" in instance(USUAL, state=ended)[0]


@pytest.mark.parametrize(
    ("key", "value", "good"),
    [
        ("AWS_INSTANCE_PORT", "22", False), ("AWS_INIT_HEALTH_STATUS", "UNHEALTHY", True),
        ("AWS_INIT_HEALTH_STATUS", "x", False), ("REGION", "eu-west-1", True),
        ("AWS_INSTANCE_CNAME", "evil.example", False), ("own", "evil.example", False),
        ("own", "a" * 64, True), ("own", "a" * 65, False), ("ECS_SERVICE_NAME", "other", False),
        ("ECS_CLUSTER_NAME", "other", False), ("ECS_TASK_DEFINITION_FAMILY", "other", False),
    ],
)  # fmt: skip
def test_each_attribute_is_one_that_the_present_tells(key: str, value: str, good: bool) -> None:
    found = instance({**USUAL, key: value})
    assert found == ([] if good else [f"only the past tells {key} of this instance"])
    has = tuple(
        p.replace(d, instances=(DiscoveryInstance(id="o", address="x", attributes={key: value}),))
        for d in HEALTHY.discovery
    )
    assert instance({**USUAL, key: value}, state=p.replace(HEALTHY, discovery=has)) == []


def test_a_port_is_one_of_the_container_of_the_entry_or_of_the_file() -> None:
    def good(port: str, **fields: Any) -> bool:
        return instance({**USUAL, "AWS_INSTANCE_PORT": port},
                        state=faults.service(HEALTHY, "registry", **fields)) == []  # fmt: skip

    assert good("8001") and not good("9")
    assert good("9", registry_entries=(RegistryEntry(arn="a", port=9),))
    assert good("9", registry_entries=(RegistryEntry(arn="a", container_port=9),))
    assert not good("", task_definition="x")
    bare = p.replace(HEALTHY, task_definitions=())
    assert instance(USUAL, state=bare) == []  # the file has it


# --- which check belongs to which call


def against(operation: str, given: dict[str, Any], state: PlatformState = HEALTHY) -> list[str]:
    service, _, name = operation.partition(" ")
    edit = Edit(service=service, operation=name, parameters=given, resource="r")
    return list(check.by_the_present(case(state), edit))


def forward(group: str) -> list[dict[str, Any]]:
    return [{"Type": "forward", "TargetGroupArn": group}]


GOT = f"only the past tells that {STRANGER} got requests of this load balancer"
NO_TLS = "only the past tells that port 80 served without TLS"
RULE = SECURE.rules[1].arn
PATHS = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}]
ALL = "only the past tells that a rule took /*"
CERTIFICATE = {"Certificates": [{"CertificateArn": p.certificate_arn(NAMES)}]}
CORS = [{"Key": "routing.http.response.access_control_allow_origin.header_value", "Value": "*"}]


@pytest.mark.parametrize(
    ("operation", "given", "said"),
    [
        ("elbv2 modify-rule", {"RuleArn": RULE, "Actions": forward(API)}, []),
        ("elbv2 modify-rule", {"RuleArn": RULE, "Actions": forward(STRANGER)}, [GOT]),
        ("elbv2 modify-rule", {"RuleArn": RULE, "Conditions": PATHS}, [ALL]),
        ("elbv2 modify-rule", {"RuleArn": PLAIN.rules[0].arn, "Actions": forward(API)}, [NO_TLS]),
        ("elbv2 modify-rule", {"RuleArn": "arn:gone", "Conditions": PATHS}, []),
        ("elbv2 modify-rule", {"RuleArn": "arn:gone", "Actions": forward(STRANGER)}, [GOT]),
        ("elbv2 create-rule",
         {"ListenerArn": SECURE.arn, "Actions": forward(STRANGER), "Conditions": PATHS},
         [ALL, GOT]),
        ("elbv2 create-rule",
         {"ListenerArn": PLAIN.arn, "Actions": forward(API), "Conditions": []}, [
             NO_TLS, "only the past tells that a rule took every path"]),
        ("elbv2 modify-listener", {"ListenerArn": SECURE.arn, "DefaultActions": forward(API)}, []),
        ("elbv2 modify-listener",
         {"ListenerArn": SECURE.arn, "DefaultActions": forward(STRANGER)}, [GOT]),
        ("elbv2 modify-listener",
         {"ListenerArn": PLAIN.arn, "DefaultActions": forward(API)}, [NO_TLS]),
        ("elbv2 modify-listener", {"ListenerArn": SECURE.arn, "Protocol": "HTTP"}, [
            "only the past tells that port 443 served without TLS"]),
        ("elbv2 modify-listener", {"ListenerArn": PLAIN.arn, "Port": 81}, []),
        ("elbv2 modify-listener", {"ListenerArn": "arn:gone", "SslPolicy": "old"}, [
            "only the past tells the TLS policy old, which allows versions before TLS 1.2"]),
        ("elbv2 create-listener",
         {"LoadBalancerArn": BALANCER.arn, "Protocol": "HTTP", "Port": 80,
          "DefaultActions": forward(STRANGER)}, [NO_TLS, GOT]),
        ("elbv2 add-listener-certificates", {"ListenerArn": SECURE.arn, **CERTIFICATE}, []),
        ("elbv2 modify-listener-attributes", {"ListenerArn": SECURE.arn, "Attributes": CORS}, [
            f"only the past tells the value of {CORS[0]['Key']}"]),
        ("elbv2 register-targets", {"TargetGroupArn": STRANGER}, [
            f"only the past tells whose tasks were targets of {STRANGER}"]),
        ("ecs update-service", {"service": NAME, "desiredCount": 50}, [
            "only the past tells that it had 50 tasks"]),
        ("ecs create-service", {"serviceName": "x", "taskDefinition": "td/y:1"}, [
            "only the past tells that x ran revisions of y"]),
        ("ec2 authorize-security-group-ingress", {"GroupId": "sg-registry", "IpPermissions": [
            {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1,
             "IpRanges": [{"CidrIp": "203.0.113.7/32"}]}]}, [
            "only the past tells that sg-registry admitted 203.0.113.7/32"]),
        ("ec2 authorize-security-group-egress", {"GroupId": "sg-registry", "IpPermissions": [
            {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1,
             "IpRanges": [{"CidrIp": "203.0.113.7/32"}]}]}, [
            "only the past tells that sg-registry admitted 203.0.113.7/32"]),
        ("ec2 authorize-security-group-ingress", {"GroupId": "sg-none", "IpPermissions": [{}]}, []),
        ("servicediscovery register-instance",
         {"ServiceId": "srv-registry", "InstanceId": "registry7",
          "Attributes": {**USUAL, "AWS_INSTANCE_PORT": "22"}}, [
             "only the past tells AWS_INSTANCE_PORT of this instance"]),
        ("logs create-log-group", {"logGroupName": "x"}, []),
    ],
)  # fmt: skip
def test_each_call_has_its_own_check(
    operation: str, given: dict[str, Any], said: list[str]
) -> None:
    assert against(operation, given) == said


def test_a_neighbour_may_get_back_the_requests_of_its_own_rule_and_not_all_others() -> None:
    shop = rule(3, "/shop", action=to(API))
    group = p.replace(HEALTHY.target_groups[0], arn=STRANGER, name="shop", targets=(
        p.replace(HEALTHY.target_groups[0].targets[0], id="10.0.1.77"),),
        load_balancers=(BALANCER.arn,))  # fmt: skip
    state = p.replace(platform(shop, rule("default")), target_groups=(
        *HEALTHY.target_groups, group))  # fmt: skip
    given = {"RuleArn": shop.arn, "Actions": forward(STRANGER)}
    assert against("elbv2 modify-rule", given, state) == []
    bare = platform()
    right = {"ListenerArn": SECURE.arn, "DefaultActions": forward(API)}
    assert against("elbv2 modify-listener", right, bare) == []
    everything = {"ListenerArn": SECURE.arn, "DefaultActions": forward(STRANGER)}
    assert against("elbv2 modify-listener", everything, state) == [GOT]


def test_a_rule_of_a_listener_that_comes_back_is_judged_by_how_it_was() -> None:
    later = Later(service="elbv2", operation="describe-listeners",
                  parameters={"LoadBalancerArn": BALANCER.arn},
                  query="Listeners[?Port==`80`].ListenerArn")  # fmt: skip
    given = {"ListenerArn": later, "Actions": forward(API), "Conditions": [
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"]}}]}  # fmt: skip
    gone = p.change(HEALTHY, "load_balancers", BALANCER.arn, listeners=(SECURE,))
    edit = Edit(service="elbv2", operation="create-rule", parameters=given, resource="r")
    assert list(check.by_the_present(case(gone, HEALTHY), edit)) == [NO_TLS]
    secured: Listener = p.replace(PLAIN, protocol="HTTPS")
    was = p.change(HEALTHY, "load_balancers", BALANCER.arn, listeners=(secured, SECURE))
    assert list(check.by_the_present(case(gone, was), edit)) == []
    assert list(check.by_the_present(case(gone, None), edit)) == []
