"""The checks of edits, one fact at a time: what passes, and why what is nearly it does not."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import (
    GroupRule,
    IamRole,
    PlatformState,
    SecretState,
    Task,
)
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.edit import Edit, Later
from canary.diagnose.remedies.never_worse import CHECKS, objections
from tests.canary.support import platforms as p

NAMES = p.Names()
HEALTHY = p.healthy()
BALANCER = HEALTHY.load_balancers[1]
SECURE, PLAIN = BALANCER.listeners[1], BALANCER.listeners[0]


def said(
    call: str, parameters: dict[str, Any], state: PlatformState = HEALTHY,
    was: PlatformState | None = HEALTHY,
) -> list[str]:  # fmt: skip
    service, operation = call.split()
    made = Edit(service=service, operation=operation, parameters=parameters, resource="x")
    known = Case(results=(), state=state, environment=p.environment(NAMES), previous=was, now=p.NOW)
    return objections(known, (made,))


def test_these_calls_are_checked_and_no_others_are_printed() -> None:
    assert sorted(CHECKS) == [
        "ec2 authorize-security-group-egress", "ec2 authorize-security-group-ingress",
        "ecs create-service", "ecs update-service",
        "elbv2 add-listener-certificates", "elbv2 create-listener", "elbv2 create-rule",
        "elbv2 delete-rule", "elbv2 deregister-targets", "elbv2 modify-listener",
        "elbv2 modify-listener-attributes", "elbv2 modify-load-balancer-attributes",
        "elbv2 modify-rule", "elbv2 modify-target-group", "elbv2 register-targets",
        "elbv2 set-rule-priorities", "elbv2 set-security-groups",
        "iam attach-role-policy", "iam put-role-policy", "logs create-log-group",
        "rds start-db-cluster", "rds start-db-instance", "route53 change-resource-record-sets",
        "secretsmanager restore-secret", "secretsmanager update-secret-version-stage",
        "servicediscovery create-service", "servicediscovery deregister-instance",
        "servicediscovery register-instance", "ssm put-parameter",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "parameters"),
    [
        ("servicediscovery deregister-instance", {"ServiceId": "s", "InstanceId": "i"}),
        ("elbv2 modify-listener-attributes", {"ListenerArn": "l"}),
    ],
)
def test_what_can_widen_nothing_passes(call: str, parameters: dict[str, Any]) -> None:
    assert said(call, parameters) == []
    assert said(call, {**parameters, "Name": "file://x"}) == ["'file://x' cannot be an argument"]


def test_a_call_without_a_check_does_not_pass() -> None:
    assert said("s3 delete-bucket", {"Bucket": "b"}) == [
        "nothing is known of what s3 delete-bucket may widen"
    ]


# --- security groups

ADMIT = "ec2 authorize-security-group-ingress"
FROM_BALANCER = {"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8000,
                 "UserIdGroupPairs": [{"GroupId": "sg-lb-auth"}]}  # fmt: skip
OUT = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def group(identifier: str = "sg-auth", **fields: Any) -> PlatformState:
    return p.change(HEALTHY, "security_groups", identifier, **fields)


def test_a_permission_that_the_group_had_passes() -> None:
    lost = group(ingress=())
    assert said(ADMIT, {"GroupId": "sg-auth", "IpPermissions": [FROM_BALANCER]}, lost) == []
    leave = "ec2 authorize-security-group-egress"
    assert said(leave, {"GroupId": "sg-auth", "IpPermissions": [OUT]}, group(egress=())) == []


@pytest.mark.parametrize(
    ("wanted", "who"),
    [
        (OUT, "everybody (0.0.0.0/0)"),
        ({**OUT, "IpRanges": [{"CidrIp": "10.0.0.0/8"}, {"CidrIp": "0.0.0.0/0"}]},
         "everybody (0.0.0.0/0)"),
        ({"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}, "everybody (::/0)"),
        ({**FROM_BALANCER, "ToPort": 8001}, "sg-lb-auth"),
        ({**FROM_BALANCER, "IpProtocol": "-1"}, "sg-lb-auth"),
        ({**FROM_BALANCER, "UserIdGroupPairs": [{"GroupId": "sg-lb-auth"},
          {"GroupId": "sg-mlflow"}, {"GroupId": "sg-cache"}]}, "sg-mlflow, sg-cache"),
        ({"IpProtocol": "tcp", "PrefixListIds": [{"PrefixListId": "pl-1"}]}, "pl-1"),
    ],
)  # fmt: skip
def test_a_permission_that_is_new_does_not(wanted: dict[str, Any], who: str) -> None:
    assert said(ADMIT, {"GroupId": "sg-auth", "IpPermissions": [FROM_BALANCER, wanted]}) == [
        f"it would admit {who}, which nothing shows that sg-auth admitted before"
    ]


def test_ingress_is_not_shown_by_egress() -> None:
    leave = "ec2 authorize-security-group-egress"
    (why,) = said(leave, {"GroupId": "sg-auth", "IpPermissions": [FROM_BALANCER]})
    assert why.startswith("it would admit sg-lb-auth")


def test_without_a_baseline_nothing_shows_what_a_group_admitted() -> None:
    (why,) = said(ADMIT, {"GroupId": "sg-auth", "IpPermissions": [FROM_BALANCER]}, was=None)
    assert why.startswith("it would admit sg-lb-auth")


def test_the_group_and_its_peers_live_in_one_vpc() -> None:
    parameters = {"GroupId": "sg-auth", "IpPermissions": [FROM_BALANCER]}

    def without(name: str) -> PlatformState:
        kept = tuple(g for g in HEALTHY.security_groups if g.id != name)
        return p.replace(HEALTHY, security_groups=kept)

    assert said(ADMIT, parameters, without("sg-auth")) == ["security group sg-auth is not there"]
    assert said(ADMIT, parameters, without("sg-lb-auth")) == [
        "security group sg-lb-auth is not there"
    ]
    moved = group("sg-lb-auth", vpc_id="vpc-2")
    assert said(ADMIT, parameters, moved) == ["security group sg-lb-auth belongs to another VPC"]
    assert said(ADMIT, parameters, group("sg-lb-auth", vpc_id="")) == []
    assert said(ADMIT, parameters, group(vpc_id="")) == []


def test_a_group_that_admits_itself_needs_no_other() -> None:
    own = GroupRule(protocol="tcp", from_port=1, to_port=1, groups=("sg-auth",))
    wanted = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1,
              "UserIdGroupPairs": [{"GroupId": "sg-auth"}]}  # fmt: skip
    was = group(ingress=(own,))
    assert said(ADMIT, {"GroupId": "sg-auth", "IpPermissions": [wanted]}, HEALTHY, was) == []


@pytest.mark.parametrize(
    ("groups", "why"),
    [
        (["sg-lb-registry"], []),
        (["sg-lb-auth"], ["the groups would not be those that the load balancer had"]),
        ([], ["the groups would not be those that the load balancer had"]),
        (["sg-lb-registry", "sg-x"], ["the groups would not be those that the load balancer had",
         "security group sg-x is not known to be there"]),
    ],
)  # fmt: skip
def test_a_balancer_gets_the_groups_that_it_had(groups: list[str], why: list[str]) -> None:
    parameters = {"LoadBalancerArn": BALANCER.arn, "SecurityGroups": groups}
    assert said("elbv2 set-security-groups", parameters) == why


def test_a_group_that_the_last_good_run_had_read_is_there() -> None:
    kept = tuple(g for g in HEALTHY.security_groups if g.id != "sg-lb-registry")
    parameters = {"LoadBalancerArn": BALANCER.arn, "SecurityGroups": ["sg-lb-registry"]}
    state = p.replace(HEALTHY, security_groups=kept)
    assert said("elbv2 set-security-groups", parameters, state) == []
    assert said("elbv2 set-security-groups", parameters, was=None) == [
        "the groups would not be those that the load balancer had"
    ]


def test_of_a_balancers_attributes_the_idle_timeout_alone_is_set_back() -> None:
    call = "elbv2 modify-load-balancer-attributes"
    timeout = {"Key": "idle_timeout.timeout_seconds", "Value": "60"}
    other = {"Key": "deletion_protection.enabled", "Value": "false"}
    assert said(call, {"LoadBalancerArn": "b", "Attributes": [timeout]}) == []
    assert said(call, {"LoadBalancerArn": "b", "Attributes": [timeout, other]}) == [
        "nothing is known of what deletion_protection.enabled may widen"
    ]


# --- roles, secrets, log groups

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf"
KEYED = p.replace(
    HEALTHY,
    secrets=(
        SecretState(reference=f"{SECRET}:database_password::", exists=True, name="app",
                    kms_key="1234"),
        SecretState(reference="/redis/endpoint", exists=True, name="/redis/endpoint",
                    kind="parameter"),
    ),
)  # fmt: skip


def policy(action: str, resource: str, role: str = "exec") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": [action], "Resource": [resource]}
    return {"RoleName": role, "PolicyName": "n", "PolicyDocument": {"Statement": [statement]}}


def arn(rest: str) -> str:
    return f"arn:aws:{rest}"


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("secretsmanager:GetSecretValue", SECRET),
        ("ssm:GetParameters", arn("ssm:us-east-1:123456789012:parameter/redis/endpoint")),
        ("kms:Decrypt", arn("kms:us-east-1:123456789012:key/1234")),
        ("ecr:BatchGetImage", arn("ecr:us-east-1:123456789012:repository/auth")),
        ("ecr:BatchCheckLayerAvailability", arn("ecr:us-east-1:123456789012:repository/mlflow")),
        ("ecr:GetDownloadUrlForLayer", arn("ecr:us-east-1:123456789012:repository/registry")),
        (
            "logs:CreateLogStream",
            arn("logs:us-east-1:123456789012:log-group:/ecs/hokusai-auth-development:*"),
        ),
        (
            "logs:PutLogEvents",
            arn("logs:us-east-1:123456789012:log-group:/ecs/hokusai-auth-development"),
        ),
        ("ecr:GetAuthorizationToken", "*"),
    ],
)
def test_a_role_may_read_what_its_tasks_refer_to(action: str, resource: str) -> None:
    assert said("iam put-role-policy", policy(action, resource), KEYED) == []


@pytest.mark.parametrize(
    ("action", "resource", "why"),
    [
        ("secretsmanager:PutSecretValue", SECRET,
         "it would allow secretsmanager:PutSecretValue, which no start of a task needs"),
        ("secretsmanager:*", SECRET,
         "it would allow secretsmanager:*, which no start of a task needs"),
        ("secretsmanager:GetSecretValue", "*",
         "it would allow *, to which no task definition refers"),
        ("secretsmanager:GetSecretValue", f"{SECRET}*",
         f"it would allow {SECRET}*, to which no task definition refers"),
        ("secretsmanager:GetSecretValue", f"{SECRET}-other",
         f"it would allow {SECRET}-other, to which no task definition refers"),
        ("kms:Decrypt", arn("kms:us-east-1:123456789012:key/5678"),
         "it would allow arn:aws:kms:us-east-1:123456789012:key/5678, to which no task definition"
         " refers"),
        ("ecr:BatchGetImage", arn("ecr:us-east-1:123456789012:repository/other"),
         "it would allow arn:aws:ecr:us-east-1:123456789012:repository/other, to which no task"
         " definition refers"),
    ],
)  # fmt: skip
def test_and_nothing_else(action: str, resource: str, why: str) -> None:
    assert said("iam put-role-policy", policy(action, resource), KEYED) == [why]


def test_a_role_that_no_task_definition_names_gets_nothing() -> None:
    assert said("iam put-role-policy", policy("kms:Decrypt", SECRET, "admin"), KEYED) == [
        "no task definition that was read has the execution role admin",
        f"it would allow {SECRET}, to which no task definition refers",
    ]


START = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
ROLE = "arn:aws:iam::123456789012:role/path/exec"


def with_roles(*roles: IamRole) -> PlatformState:
    return p.replace(KEYED, roles=roles)


@pytest.mark.parametrize(
    ("name", "policy_arn", "why"),
    [
        ("exec", START, []),
        ("exec", START.replace("arn:aws:", "arn:aws-cn:"), []),
        ("exec", f"{START}2", [f"what {START}2 allows was not read"]),
        ("exec", "arn:aws:iam::aws:policy/AdministratorAccess",
         ["what arn:aws:iam::aws:policy/AdministratorAccess allows was not read"]),
        ("exec", "arn:aws:iam::aws:policy/Other",
         ["nothing tells that exec had arn:aws:iam::aws:policy/Other",
          "what arn:aws:iam::aws:policy/Other allows was not read"]),
        ("admin", START, [f"nothing tells that admin had {START}"]),
    ],
)  # fmt: skip
def test_a_managed_policy_that_the_role_had_comes_back(
    name: str, policy_arn: str, why: list[str]
) -> None:
    many = (START, START.replace("arn:aws:", "arn:aws-cn:"), f"{START}2",
            "arn:aws:iam::aws:policy/AdministratorAccess")  # fmt: skip
    was = with_roles(IamRole(arn=ROLE, attached=many))
    parameters = {"RoleName": name, "PolicyArn": policy_arn}
    assert said("iam attach-role-policy", parameters, KEYED, was) == why


ODD = arn("ssm:us-east-1:123456789012:parameter/redis/endpoint")
BUCKET = "arn:aws:s3:::bucket"
PART = f"it would allow {ODD}* again, of which the role has a part now"
DROPS = "it would drop a statement that the policy has now and did not have then"


def document(**fields: Any) -> dict[str, Any]:
    known = {"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": ODD}
    found = {k: v for k, v in {**known, **fields}.items() if v is not None}
    return {"Statement": [found]}


@pytest.mark.parametrize(
    ("wanted", "now", "why"),
    [
        (document(), None, []),
        (document(Action=["ssm:GetParameters", "kms:Decrypt"]), None, []),
        (document(Action="iam:PassRole"), None,
         ["it would allow iam:PassRole again, which no start of a task needs"]),
        (document(Action=["ssm:GetParameters", "*"]), None,
         ["it would allow * again, which no start of a task needs"]),
        (document(Action="iam:PassRole", Effect="Deny"), None, []),
        (document(Action="iam:PassRole"), document(Action="iam:PassRole"), []),
        (document(Action="iam:PassRole"), document(),
         [DROPS, "it would allow iam:PassRole again, which no start of a task needs"]),
        (document(), document(Effect="Deny", Action="kms:Decrypt"), [DROPS]),
        (document(), {"Statement": [*document()["Statement"], *document(Sid="new")["Statement"]]},
         [DROPS]),
        (document(Resource=[ODD, BUCKET]), None,
         [f"it would allow {BUCKET} again, to which no task definition refers"]),
        (document(Resource=BUCKET), document(Resource=BUCKET), []),
        (document(Resource="*"), None, ["only the past tells that the role could read *"]),
        ({"Statement": [*document(Resource=f"{ODD}*")["Statement"], *document()["Statement"]]},
         document(), [PART]),
        ({"Statement": [*document(Resource=f"{ODD}*")["Statement"],
                        *document(Action="kms:Decrypt")["Statement"]]},
         document(Action="kms:Decrypt"),
         [f"only the past tells that the role could read {ODD}*"]),
        (document(Action=None, NotAction="iam:*"), None,
         ["it would allow all but what it names"]),
        (document(Resource=None, NotResource=ODD), None,
         ["it would allow all but what it names"]),
    ],
)  # fmt: skip
def test_a_policy_that_the_role_had_comes_back_for_the_start_of_tasks_alone(
    wanted: dict[str, Any], now: dict[str, Any] | None, why: list[str]
) -> None:
    was = with_roles(IamRole(arn=ROLE, policies={"n": wanted}))
    parameters = {"RoleName": "exec", "PolicyName": "n", "PolicyDocument": wanted}
    made = Edit(
        service="iam", operation="put-role-policy", parameters=parameters, resource="exec",
        before={"n": now} if now else None,
    )  # fmt: skip
    state = with_roles(IamRole(arn=ROLE, policies={"n": now} if now else {}))
    known = Case(results=(), state=state, environment=p.environment(NAMES), previous=was, now=p.NOW)
    assert objections(known, (made,)) == why


@pytest.mark.parametrize(
    ("call", "parameters", "why"),
    [
        ("logs create-log-group", {"logGroupName": "/ecs/hokusai-auth-development"}, []),
        ("logs create-log-group", {"logGroupName": "/ecs/other"},
         ["no task definition names the log group '/ecs/other'"]),
        ("secretsmanager restore-secret", {"SecretId": "app"}, []),
        ("secretsmanager restore-secret", {"SecretId": f"{SECRET}:database_password::"}, []),
        ("secretsmanager restore-secret", {"SecretId": "other"},
         ["nothing refers to the secret 'other'"]),
        ("secretsmanager update-secret-version-stage", {"SecretId": "other"},
         ["nothing refers to the secret 'other'"]),
        ("ssm put-parameter", {"Name": "/redis/endpoint"}, []),
        ("ssm put-parameter", {"Name": "/other"}, ["nothing refers to the parameter '/other'"]),
    ],
)  # fmt: skip
def test_secrets_and_log_groups_are_those_that_tasks_name(
    call: str, parameters: dict[str, Any], why: list[str]
) -> None:
    assert said(call, parameters, KEYED) == why


@pytest.mark.parametrize(("length", "good"), [(512, True), (513, False)])
def test_a_log_groups_name_is_one_that_aws_takes(length: int, good: bool) -> None:
    name = "g" * length
    definition = HEALTHY.task_definitions[0]
    named = p.replace(definition, containers=(p.replace(definition.containers[0], log_group=name),))
    state = p.replace(HEALTHY, task_definitions=(named,))
    assert (said("logs create-log-group", {"logGroupName": name}, state) == []) is good


# --- tasks and names

TASK = HEALTHY.ecs_services[0].tasks[0]


def register(address: str, port: Any = 8000) -> dict[str, Any]:
    return {"TargetGroupArn": NAMES.group("auth"), "Targets": [{"Id": address, "Port": port}]}


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        (register("10.0.1.10"), []),
        (register("10.0.1.10", 1), []),
        (register("10.0.1.10", 65535), []),
        (register("10.0.1.10", 0), ["0 is no port"]),
        (register("10.0.1.10", 65536), ["65536 is no port"]),
        (
            register("10.0.9.9"),
            [f"10.0.9.9 is the address of no running task of {NAMES.of('auth')}"],
        ),
    ],
)
def test_a_target_is_a_running_task(parameters: dict[str, Any], why: list[str]) -> None:
    assert said("elbv2 register-targets", parameters) == why


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("10.0.1.10", []),
        ("10.0.9.9", ["10.0.9.9 is the address of no running task"]),
        ("", [" is the address of no running task"]),
    ],
)
def test_an_address_under_a_name_is_that_of_a_running_task(address: str, why: list[str]) -> None:
    attributes = {"AWS_INSTANCE_IPV4": address} if address else {}
    parameters = {"ServiceId": "s", "InstanceId": "i", "Attributes": attributes}
    assert said("servicediscovery register-instance", parameters) == why


def test_a_task_that_has_stopped_is_no_target() -> None:
    stopped: Task = p.replace(TASK, last_status="STOPPED")
    state = p.change(HEALTHY, "ecs_services", NAMES.of("auth"), tasks=(stopped,))
    assert said("elbv2 register-targets", register("10.0.1.10"), state) == [
        f"10.0.1.10 is the address of no running task of {NAMES.of('auth')}"
    ]


@pytest.mark.parametrize(
    ("name", "namespace", "why"),
    [
        ("auth", "ns-1", []),
        ("a" * 63, "ns-1", []),
        ("a" * 64, "ns-1", [f"'{'a' * 64}' is no name"]),
        ("a.b", "ns-1", ["'a.b' is no name"]),
        ("auth", "ns-2", ["namespace ns-2 is not there"]),
    ],
)
def test_a_name_is_made_in_a_namespace_that_is_there(
    name: str, namespace: str, why: list[str]
) -> None:
    parameters = {"Name": name, "NamespaceId": namespace}
    assert said("servicediscovery create-service", parameters) == why


# --- services

CREATE = "ecs create-service"
WAS = p.change(
    HEALTHY, "ecs_services", NAMES.of("auth"), config={"taskDefinition": NAMES.revision("auth")}
)


def create(**fields: Any) -> dict[str, Any]:
    return {
        "cluster": "c", "serviceName": NAMES.of("auth"),
        "taskDefinition": NAMES.revision("auth"), **fields,
    }  # fmt: skip


def network(*groups: str) -> dict[str, Any]:
    return {"networkConfiguration": {"awsvpcConfiguration": {"securityGroups": list(groups)}}}


AUTH_NAME = "arn:aws:servicediscovery:x:1:service/srv-auth"
LATER = Later(service="servicediscovery", operation="list-services", parameters={}, query="q")


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        (create(), []),
        (create(**network("sg-auth")), []),
        (create(**network("sg-auth", "sg-x")), ["security group sg-x is not known to be there"]),
        (create(networkConfiguration={}), []),
        (create(serviceRegistries=[{"registryArn": LATER}]), []),
        (create(taskDefinition=NAMES.revision("auth", 9)),
         [f"revision {NAMES.revision('auth', 9)} is not known to be active"]),
        (create(serviceName="other"), ["nothing tells how other was"]),
    ],
)  # fmt: skip
def test_a_service_that_is_created_is_the_one_that_was(
    parameters: dict[str, Any], why: list[str]
) -> None:
    assert said(CREATE, parameters, HEALTHY, WAS) == why


def test_a_name_that_left_cloud_map_is_no_registry() -> None:
    here = "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-auth"
    wanted = create(serviceRegistries=[{"registryArn": here}])
    assert said(CREATE, wanted, HEALTHY, WAS) == [f"the name {here} is not in Cloud Map"]
    named = (p.replace(HEALTHY.discovery[0], arn=here),)
    assert said(CREATE, wanted, p.replace(HEALTHY, discovery=named), WAS) == []


def test_a_service_that_was_not_read_whole_is_not_created() -> None:
    assert said(CREATE, create(), HEALTHY, HEALTHY) == [
        "nothing tells how " + NAMES.of("auth") + " was"
    ]
    inactive = p.change(HEALTHY, "task_definitions", NAMES.revision("auth"), status="INACTIVE")
    assert said(CREATE, create(), inactive, WAS) == [
        f"revision {NAMES.revision('auth')} is not known to be active"
    ]
    deployment = p.replace(
        HEALTHY.ecs_services[0].deployments[0],
        service_connect={"enabled": True, "logConfiguration": {}},
    )
    connected = p.change(WAS, "ecs_services", NAMES.of("auth"), deployments=(deployment,))
    assert said(CREATE, create(), HEALTHY, connected) == [
        "the log options of its Service Connect are not read"
    ]


UPDATE = "ecs update-service"


def update(**fields: Any) -> dict[str, Any]:
    return {"cluster": "c", "service": NAMES.of("auth"), **fields}


def auth(**fields: Any) -> PlatformState:
    return p.change(HEALTHY, "ecs_services", NAMES.of("auth"), **fields)


@pytest.mark.parametrize(
    ("parameters", "state", "why"),
    [
        (update(desiredCount=1), HEALTHY, []),
        (update(desiredCount=1), auth(status=""), []),
        (update(desiredCount=1), auth(status="INACTIVE"),
         ["ECS service hokusai-auth-development is not active"]),
        ({"cluster": "c", "service": "other"}, HEALTHY, ["ECS service other is not active"]),
        (update(desiredCount=1, forceNewDeployment=True), auth(controller="CODE_DEPLOY"),
         ["CodeDeploy deploys this service: AWS refuses the call, deploy it there"]),
        (update(forceNewDeployment=True), auth(controller="EXTERNAL"),
         ["an external controller deploys this service: AWS refuses the call"]),
        (update(desiredCount=1), auth(controller="EXTERNAL"), []),
        (update(forceNewDeployment=True), auth(controller="ECS"), []),
        (update(taskDefinition=NAMES.revision("auth", 6)), HEALTHY, []),
        (update(taskDefinition=NAMES.revision("registry", 6)), HEALTHY,
         ["revision hokusai-registry-development:6 belongs to another family"]),
        (update(taskDefinition="arn:gone"), HEALTHY,
         ["revision arn:gone was not read: nobody knows whether it is active"]),
        (update(**network("sg-auth")), HEALTHY, []),
        (update(**network("sg-registry")), HEALTHY,
         ["the groups would not be those that the service had"]),
        (update(**network("sg-auth")), auth(public_address="ENABLED"), []),
    ],
)  # fmt: skip
def test_a_service_is_changed_as_ecs_takes_it(
    parameters: dict[str, Any], state: PlatformState, why: list[str]
) -> None:
    assert said(UPDATE, parameters, state) == why


@pytest.mark.parametrize(
    ("wanted", "now", "good"),
    [
        ("DISABLED", "ENABLED", False),
        ("ENABLED", "ENABLED", True),
        ("ENABLED", "", False),
        ("ENABLED", "DISABLED", False),
        ("DISABLED", "", True),
    ],
)
def test_tasks_keep_their_public_address(wanted: str, now: str, good: bool) -> None:
    parameters = update(**network("sg-auth"))
    parameters["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] = wanted
    found = said(UPDATE, parameters, auth(public_address=now))
    assert found == ([] if good else ["the public address of the tasks would change"])
