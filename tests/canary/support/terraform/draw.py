"""Draw hostile texts, ECS services and permissions for blocks of Terraform."""

from __future__ import annotations

import unicodedata
from typing import Any

from hypothesis import strategies as st

from tests.canary.support.aws_model.account import GROUPS, NAMES

Json = dict[str, Any]
# what Terraform, JSON or a shell could take for something else
WORDS = (
    *("${path.root}", "$${x}", "$$${x}", "%{ if true }", "%%{x}", "$%{x}", "%${x}", "\\${x}"),
    *('"]\n}\nresource "aws_x" "y" {}\n#', "<<EOT\nx\nEOT", "# x", "/* x", "*/", "// x", '"', "\\"),
    *("a\nb", "a\r\nb", "\t", "\x00", "\x7f", "\u202e", "\u2028", "$", "%", "${", "é", "😀", "{}"),
    *('{"a":"b"}', "jsonencode({})", "true", "null", "0", "", " ", "#{host}", "x" * 300),
)
# Terraform writes texts in this form alone: others have no block
NORMAL = st.text(max_size=8).map(lambda text: unicodedata.normalize("NFC", text))
TEXTS = st.one_of(st.sampled_from(WORDS), NORMAL, st.lists(st.sampled_from(WORDS)).map("".join))
SOME = st.lists(TEXTS, min_size=1, max_size=2)
_NAME = st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True)
_ACCOUNT = "arn:aws:ecs:us-east-1:123456789012"
CLUSTER = NAMES.of("cluster")


def _entries() -> st.SearchStrategy[list[Json]]:
    advanced = st.fixed_dictionaries(
        {"alternateTargetGroupArn": st.sampled_from(GROUPS), "productionListenerRule": TEXTS.filter(
            bool), "roleArn": TEXTS.filter(bool)},
        optional={"testListenerRule": TEXTS},
    )  # fmt: skip
    entry = st.fixed_dictionaries(
        {"targetGroupArn": st.sampled_from(GROUPS), "containerName": TEXTS.filter(bool),
         "containerPort": st.integers(1, 65535)},
        optional={"advancedConfiguration": advanced},
    )  # fmt: skip
    return st.lists(entry, max_size=2)


_DEPLOYMENT = st.fixed_dictionaries(
    {},
    optional={
        "deploymentCircuitBreaker": st.fixed_dictionaries(
            {"enable": st.booleans(), "rollback": st.booleans()}
        ),
        "maximumPercent": st.integers(0, 200),
        "minimumHealthyPercent": st.integers(0, 200),
        "strategy": st.sampled_from(["ROLLING", "BLUE_GREEN"]),
        "bakeTimeInMinutes": st.integers(0, 1440),
        "alarms": st.fixed_dictionaries(
            {"alarmNames": SOME, "enable": st.booleans(), "rollback": st.booleans()}
        ),
    },
)
_NETWORK = st.fixed_dictionaries(
    {"subnets": SOME},
    optional={"securityGroups": SOME, "assignPublicIp": st.sampled_from(["ENABLED", "DISABLED"])},
)
_PROVIDERS = st.lists(
    st.fixed_dictionaries(
        {"capacityProvider": TEXTS.filter(bool), "weight": st.integers(0, 9)},
        optional={"base": st.integers(0, 9)},
    ),
    max_size=2,
)
_TAGS = st.lists(
    st.fixed_dictionaries({"key": TEXTS, "value": TEXTS}), max_size=2, unique_by=lambda t: t["key"]
)


@st.composite
def services(draw: st.DrawFn) -> Json:
    """Draw a service as DescribeServices gives it."""
    name, of = draw(_NAME), {"desiredCount": draw(st.integers(0, 9))}
    more = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "launchType": st.sampled_from(["FARGATE", "EC2"]),
                "capacityProviderStrategy": _PROVIDERS,
                "platformVersion": TEXTS.filter(bool),
                "platformFamily": TEXTS,
                "deploymentConfiguration": _DEPLOYMENT,
                "deploymentController": st.just({"type": "ECS"}),
                "networkConfiguration": st.fixed_dictionaries({"awsvpcConfiguration": _NETWORK}),
                "loadBalancers": _entries(),
                "serviceRegistries": st.lists(
                    st.fixed_dictionaries(
                        {"registryArn": TEXTS.filter(bool)},
                        optional={"port": st.integers(1, 9), "containerName": TEXTS.filter(bool),
                                  "containerPort": st.integers(1, 9)},
                    ), max_size=1,
                ),
                "placementStrategy": st.just([{"type": "spread", "field": "host"}]),
                "placementConstraints": st.just([{"type": "memberOf", "expression": "${x}"}]),
                "healthCheckGracePeriodSeconds": st.integers(0, 900),
                "schedulingStrategy": st.sampled_from(["REPLICA", "DAEMON"]),
                "enableECSManagedTags": st.booleans(),
                "enableExecuteCommand": st.booleans(),
                "propagateTags": st.sampled_from(["NONE", "SERVICE"]),
                "availabilityZoneRebalancing": st.sampled_from(["ENABLED", "DISABLED"]),
                "tags": _TAGS,
            },
        )
    )  # fmt: skip
    return {
        "serviceName": name,
        "serviceArn": f"{_ACCOUNT}:service/{CLUSTER}/{name}",
        "clusterArn": f"{_ACCOUNT}:cluster/{CLUSTER}",
        "taskDefinition": NAMES.revision("auth"),
        "roleArn": "arn:aws:iam::123456789012:role/ecs",
        "createdBy": draw(TEXTS),
        "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": "x"}],
        **of,
        **more,
    }


def permissions() -> st.SearchStrategy[Json]:
    """Draw a permission of a security group."""

    def peers(key: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[list[Json]]:
        one = st.fixed_dictionaries({key: values}, optional={"Description": TEXTS})
        return st.lists(one, max_size=2, unique_by=lambda peer: peer[key])

    cidrs = st.sampled_from(["10.0.0.0/8", "192.0.2.0/24", "0.0.0.0/0"])
    kinds = st.fixed_dictionaries(
        {},
        optional={
            "IpRanges": peers("CidrIp", cidrs),
            "Ipv6Ranges": peers("CidrIpv6", st.just("2001:db8::/32")),
            "PrefixListIds": peers("PrefixListId", st.just("pl-1")),
            "UserIdGroupPairs": peers("GroupId", st.sampled_from(["sg-1", "sg-2"])),
        },
    ).filter(lambda found: any(found.values()))
    ports = st.fixed_dictionaries(
        {"IpProtocol": st.sampled_from(["tcp", "udp"]), "FromPort": st.integers(0, 9),
         "ToPort": st.integers(10, 99)}
    ) | st.just({"IpProtocol": "-1"})  # fmt: skip
    return st.tuples(ports, kinds).map(lambda pair: {**pair[0], **pair[1]})
