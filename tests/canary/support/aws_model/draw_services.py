"""Draw ECS services of AWS's own shapes: how they are placed, reached, deployed and connected."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.canary.support.aws_model.account import NAMES, Account
from tests.canary.support.aws_model.drawn import Drawn, texts

Json = dict[str, Any]
CLUSTER, SERVICE = NAMES.of("cluster"), NAMES.of("auth")
REVISION = NAMES.revision("auth")
_ACCOUNT = "us-east-1:123456789012"
REGISTRY = f"arn:aws:servicediscovery:{_ACCOUNT}:service/srv-auth"
_ROLE = st.just("arn:aws:iam::123456789012:role/ecs-infrastructure")
_RULE = NAMES.elb("listener-rule", "app/x/1/2/3")
_ELB_GROUPS = st.sampled_from([NAMES.group(s) for s in ("auth", "mlflow")])
_TEXT = texts(1, 64)
_VERSIONS = st.sampled_from(["LATEST", "1.4.0"])
# What AWS documents beside its model: what may stand in a text, and what goes with what.
ECS = Drawn(
    "ecs",
    {
        "String": _TEXT,
        "StringList": st.lists(_TEXT, min_size=1, max_size=2, unique=True),
        "BoxedInteger": st.integers(0, 200),
        "IAMRoleArn": _ROLE,
        "AwsVpcConfiguration": st.fixed_dictionaries(
            {"subnets": st.just(["subnet-private"]), "securityGroups": st.just(["sg-auth"])},
            optional={"assignPublicIp": st.sampled_from(["ENABLED", "DISABLED"])},
        ),
        "AdvancedConfiguration": st.fixed_dictionaries(
            {
                "alternateTargetGroupArn": _ELB_GROUPS,
                "productionListenerRule": st.just(_RULE),
                "roleArn": _ROLE,
            }
        ),
        "LoadBalancer.targetGroupArn": st.just(NAMES.group("auth")),
        "LoadBalancer.loadBalancerName": None,
        "ServiceRegistry": st.fixed_dictionaries(
            {"registryArn": st.just(REGISTRY)},
            optional={"port": st.integers(1, 65535), "containerName": _TEXT},
        ),
        "CreateServiceRequest.platformVersion": _VERSIONS,
        "UpdateServiceRequest.platformVersion": _VERSIONS,
        "VpcLatticeConfiguration.targetGroupArn": st.just(
            f"arn:aws:vpc-lattice:{_ACCOUNT}:targetgroup/tg-0123456789abcdef0"
        ),
        "HookDetails": st.dictionaries(_TEXT, _TEXT, max_size=1),
        "DeploymentLifecycleHook.hookTargetArn": st.just(
            f"arn:aws:lambda:{_ACCOUNT}:function:hook"
        ),
        "ServiceConnectConfiguration.enabled": st.just(True),
        "ServiceConnectConfiguration.logConfiguration": None,  # see `logged`
        "ServiceConnectTlsCertificateAuthority": st.just(
            {"awsPcaAuthorityArn": f"arn:aws:acm-pca:{_ACCOUNT}:certificate-authority/a"}
        ),
        "ServiceConnectTlsConfiguration.roleArn": _ROLE,
        "ServiceConnectContainerConfigurations": None,
        "ServiceConnectConfiguration.containerConfigurations": None,
    },
)
_PLACED = ("placementConstraints", "placementStrategy")
_KEPT = (
    *("networkConfiguration", "deploymentConfiguration", "enableECSManagedTags", "propagateTags"),
    *("enableExecuteCommand", "availabilityZoneRebalancing", "healthCheckGracePeriodSeconds"),
    *("serviceRegistries", "platformVersion", "volumeConfigurations", "vpcLatticeConfigurations"),
    *("serviceConnectConfiguration", *_PLACED),
)
PROVIDERS = st.lists(
    ECS.of("CapacityProviderStrategyItem"), min_size=1, max_size=2,
    unique_by=lambda item: item["capacityProvider"],
)  # fmt: skip
ENTRY = st.fixed_dictionaries(
    {
        "targetGroupArn": st.just(NAMES.group("auth")),
        "containerName": st.just("hokusai-auth"),
        "containerPort": st.just(NAMES.ports["auth"]),
    },
    optional={"advancedConfiguration": ECS.of("AdvancedConfiguration")},
)
CONTROLLERS = st.sampled_from(["ECS", "ECS", "ECS", "CODE_DEPLOY", "EXTERNAL"])


@st.composite
def services(draw: st.DrawFn, controllers: st.SearchStrategy[str] = CONTROLLERS) -> Json:
    """Draw the auth service as CreateService takes it."""
    found: Json = {
        "serviceName": SERVICE,
        "taskDefinition": REVISION,
        "desiredCount": draw(st.integers(1, 4)),
        "loadBalancers": [draw(ENTRY)],
        "deploymentController": {"type": draw(controllers)},
        **draw(ECS.fields("CreateServiceRequest", *_KEPT)),
    }
    found.setdefault("networkConfiguration", {})
    found["networkConfiguration"].setdefault(
        "awsvpcConfiguration", draw(ECS.of("AwsVpcConfiguration"))
    )
    if draw(st.booleans()):
        found["capacityProviderStrategy"] = draw(PROVIDERS)
    else:
        found["launchType"] = draw(ECS.of("LaunchType"))
    return found


def logged(service: Json) -> Json:
    """Return a service whose Service Connect writes a log of its own."""
    log = {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/connect"}}
    return {**service, "serviceConnectConfiguration": {"enabled": True, "logConfiguration": log}}


def account(service: Json) -> Account:
    """Return an account with a drawn service, and its target group with the running task."""
    found = Account()
    found.do("ecs", "CreateService", cluster=CLUSTER, **service)
    return found
