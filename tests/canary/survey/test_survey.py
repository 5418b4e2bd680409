"""What is found out about a platform in moto, and the one sentence where nothing is."""

from __future__ import annotations

import pytest

from canary.model import Role, Service
from canary.survey.survey import PERMISSIONS, survey
from canary.survey.values import Asked, AskedUrl, Note, SurveyError
from tests.canary.support.moto_platform import REGION, Recorder


def asked(**words: object) -> Asked:
    return Asked(region=REGION, **words)  # type: ignore[arg-type]  # words of one test


def refused(aws: Recorder, **words: object) -> str:
    with pytest.raises(SurveyError) as error:
        survey(aws, asked(**words))
    return str(error.value)


def test_a_service_without_a_balancer_and_without_tasks_is_found_with_its_stores(aws: str) -> None:
    clients = Recorder(aws)
    found = survey(clients, asked(cluster="c", services=("api",)))
    where = found.environment
    assert (where.name, where.account, where.cluster) == ("c", "123456789012", "c")
    assert where.services == {
        "api": Service(
            role=Role.OTHER, ecs_service="api", container="api", port=80, depends_on=("cache",)
        ),
        "cache": Service(role=Role.CACHE, port=6379, instance="platform-cache"),
    }
    assert found.desired == {"api": 0}
    assert [c.id for c in found.checks] == ["api.tasks"]
    guess = "api seems to use platform-cache, by the name of a variable"
    assert Note(key="services.api.depends_on", text=guess) in found.notes
    missing = {n.key for n in found.notes if n.missing}
    assert missing == {"services.api.log_group"}
    assert where.network.availability_zones == (f"{REGION}a", f"{REGION}b")
    assert where.network.egress == "nat"
    assert clients.calls <= {p.action for p in PERMISSIONS}


def test_no_value_of_a_secret_is_ever_asked_for(aws: str) -> None:
    clients = Recorder(aws)
    survey(clients, asked(cluster="c"))
    prefixes = {call.partition(":")[0] for call in clients.calls}
    assert prefixes & {"secretsmanager", "ssm", "logs", "iam", "kms"} == set()


def test_the_only_cluster_needs_no_name(aws: str) -> None:
    assert survey(Recorder(aws), asked()).environment.cluster == "c"


def test_a_wrong_name_is_answered_with_the_near_ones(aws: str) -> None:
    clients = Recorder(aws)
    assert refused(clients, cluster="cc") == (
        f"there is no ECS cluster cc in {REGION}; did you mean c?"
    )
    assert refused(clients, cluster="c", services=("apy",)) == (
        "there is no service apy in the cluster c; did you mean api?"
    )
    assert refused(clients, cluster="c", services=("api", "web")) == (
        "there is no service web in the cluster c; there are: api"
    )


def test_an_address_of_a_service_that_is_not_meant_is_refused(aws: str) -> None:
    url = AskedUrl(base="https://a.example", host="a.example", port=443, service="apj")
    assert refused(Recorder(aws), cluster="c", urls=(url,)) == (
        "--url apj=https://a.example: no such service; did you mean api?"
    )


@pytest.mark.parametrize(
    "action", ["ecs:ListServices", "ecs:DescribeServices", "ecs:DescribeClusters"]
)
def test_what_cannot_be_missed_is_one_sentence_with_the_action(aws: str, action: str) -> None:
    text = refused(Recorder(aws, denied=action), cluster="c")
    assert text == f"AWS denies {action} on c: --policy prints the smallest policy that is needed"


@pytest.mark.parametrize(
    "action",
    [
        *(
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeTargetGroups",
        ),
        *("rds:DescribeDBInstances", "elasticache:DescribeCacheClusters", "ec2:DescribeSubnets"),
        *("ec2:DescribeSecurityGroups", "ecs:DescribeTaskDefinition", "ec2:DescribeNatGateways"),
    ],
)
def test_what_else_is_denied_is_told_and_unknown(aws: str, action: str) -> None:
    found = survey(Recorder(aws, denied=action), asked(cluster="c"))
    assert "api" in found.environment.services
    assert action in {u.action for u in found.unavailable}
