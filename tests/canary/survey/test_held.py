"""Each name of a file is held against AWS, by its key."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from canary.adapters.aws.simulated import refused
from canary.model import Environment, Network, Principal
from canary.model.notify import Channel, Notify
from canary.observe import statements
from canary.observe.calls import Permission
from canary.survey.held import held
from tests.canary.support.moto_platform import ANSWERS, Recorder, environment


def lines(aws: str, where: Environment, **recorder: Any) -> dict[str, str]:
    found = held(Recorder(aws, **recorder), where)
    return {w.key: w.text for w in found if not w.unknown}


def changed(**service: object) -> Environment:
    """Return the environment with other names of its API, and without what AWS has not."""
    known = environment()
    services = {n: s for n, s in known.services.items() if n != "other"}
    services["api"] = msgspec.structs.replace(
        services["api"], **{"discovery": "", "connect_to": {"443": "127.0.0.1:1"}, **service}
    )
    return msgspec.structs.replace(known, services=services)


def test_a_file_whose_names_aws_has_gives_no_line(aws: str) -> None:
    assert lines(aws, changed(container="api", port=80)) == {}


@pytest.mark.parametrize(
    ("key", "wrong", "text"),
    [
        ("ecs_service", "apy", "no service apy; did you mean api?"),
        ("load_balancer", "frnt", "no frnt; did you mean front?"),
        ("target_groups", ("tg-99",), "no target group tg-99; did you mean tg-9 or "),
        ("log_group", "/ecs/apx", "there is no log group /ecs/apx"),
        ("discovery", "api.other.test", "Cloud Map has no namespace other.test"),
        ("discovery", "web.local.test", "Cloud Map has no service web.local.test"),
        ("container", "ap", "no ap; did you mean api?"),
        ("security_group", "none", "there is no security group none"),
    ],
)
def test_a_name_that_aws_has_not_is_told_with_its_key(
    aws: str, key: str, wrong: Any, text: str
) -> None:
    found = lines(aws, changed(**{key: wrong}))
    assert [*found] == [f"services.api.{key}"]
    assert found[f"services.api.{key}"].startswith(text)


def test_a_port_of_which_the_container_knows_nothing_is_told(aws: str) -> None:
    found = lines(aws, changed(container="api", port=8080))
    assert found == {"services.api.port": "api has 80, and not 8080"}


def test_a_wrong_cluster_is_one_line(aws: str) -> None:
    where = msgspec.structs.replace(environment(), cluster="cx")
    assert lines(aws, where) == {"cluster": "there is no ECS cluster cx; did you mean c?"}


def test_stores_subnets_and_secrets_are_looked_for(aws: str) -> None:
    known = changed()
    services = {
        **known.services,
        "database": msgspec.structs.replace(known.services["database"], instance="platform-dc"),
    }
    principals = {
        "a": Principal(secret="app"),
        "b": Principal(secret="never"),
        "c": Principal(generated="unknown"),
    }
    where = msgspec.structs.replace(
        known, services=services, principals=principals,
        network=Network(vpc_id="vpc-1", subnets=("subnet-0123456789abcdef0",)),
        notify=Notify(channels=(Channel(kind="slack", secret="gone"),)),
    )  # fmt: skip
    found = lines(aws, where)
    assert found["services.database.instance"].startswith("there is no database platform-dc; did")
    assert found["principals.b.secret"] == "the secret never: not found"
    assert found["notify.channels.secret"] == "the secret gone: not found"
    assert found["network.subnets"] == "there is no subnet subnet-0123456789abcdef0"
    assert len(found) == 4


def test_what_is_denied_is_not_called_missing(aws: str) -> None:
    action = "elasticloadbalancing:DescribeLoadBalancers"
    found = held(Recorder(aws, denied=action), changed(load_balancer="frnt"))
    assert [(w.key, w.unknown) for w in found] == [(action, True)]
    assert found[0].text.startswith(f"AWS denies {action}")


def test_a_host_without_an_address_here_is_told_as_unknown(aws: str) -> None:
    found = held(Recorder(aws), changed(connect_to={}, url="https://no-such-host.invalid"))
    assert [(w.key, w.unknown) for w in found] == [("services.api.url", True)]
    assert found[0].text.startswith("no-such-host.invalid has no address here")


def logging(aws: str, **groups: str) -> dict[str, Any]:
    """Return the answer of ECS to what a revision is whose containers write to these groups."""
    service = Recorder(aws).client("ecs").describe_services(cluster="c", services=["api"])
    (known,) = service["services"]
    return {
        "taskDefinitionArn": known["taskDefinition"],
        "family": "api",
        "containerDefinitions": [
            {
                "name": name,
                "image": "i",
                "portMappings": [{"containerPort": 80}],
                "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": group}},
            }
            for name, group in groups.items()
        ],
    }


def test_a_group_that_the_canary_may_not_read_is_advice_with_the_line_for_it(aws: str) -> None:
    raw = logging(aws, api="/ecs/api", proxy="/ecs/proxy", agent="/jobs/agent")
    answers = {**ANSWERS, "ecs:DescribeTaskDefinition": {"taskDefinition": raw}}

    def advice(**service: object) -> dict[str, str]:
        found = held(Recorder(aws, answers=answers), changed(**service))
        assert not [w for w in found if not w.advice]
        return {w.text.partition(" ")[0]: w.text for w in found}

    told = advice()
    assert set(told) == {"proxy", "agent"}
    assert told["proxy"] == (
        "proxy writes to /ecs/proxy, which the canary may not read: its last lines are evidence of"
        ' a crash with further_log_groups = ["/ecs/proxy"]'
    )
    assert set(advice(further_log_groups=("/ecs/*",))) == {"agent"}
    answers["ecs:DescribeTaskDefinition"] = {"taskDefinition": logging(aws, api='/x"]')}
    assert advice() == {}
    answers["ecs:DescribeTaskDefinition"] = {"taskDefinition": raw}
    assert advice(further_log_groups=("/ecs/proxy", "/jobs/a*")) == {}


class Sts:
    """The caller's identity, as STS tells it."""

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": "arn:aws:sts::123456789012:assumed-role/desk/alice"}


class Iam:
    """An IAM that denies some actions, and notes what it was asked."""

    def __init__(self, *denied: str) -> None:
        self.denied, self.asked = denied, list[tuple[str, tuple[str, ...], str]]()

    def simulate_principal_policy(self, **given: Any) -> dict[str, Any]:
        region = given["ContextEntries"][1]["ContextKeyValues"][0]
        self.asked.append((given["ResourceArns"][0], tuple(given["ActionNames"]), region))
        assert given["PolicySourceArn"] == "arn:aws:iam::123456789012:role/desk"
        return {
            "EvaluationResults": [
                {
                    "EvalActionName": action,
                    "EvalDecision": "implicitDeny" if action in self.denied else "allowed",
                }
                for action in given["ActionNames"]
            ]
        }


def test_each_permission_that_the_caller_lacks_is_told() -> None:
    iam = Iam("ecs:ListTasks")
    found = list(refused(Sts(), iam, environment(), statements(environment())))
    role = "arn:aws:iam::123456789012:role/desk"
    assert found == [(f"{role} may not ecs:ListTasks on *", False)]
    asked = {action for _, actions, _ in iam.asked for action in actions}
    assert asked == {p.action for p in statements(environment())}
    by_region = {a: region for _, actions, region in iam.asked for a in actions}
    assert by_region["route53:ListHostedZonesByName"] == "us-east-1"


def test_a_simulation_that_is_denied_is_not_checked(aws: str) -> None:
    clients = Recorder(aws, denied="iam:SimulatePrincipalPolicy")
    some = [Permission(action="ecs:ListTasks")]
    (found,) = refused(clients.client("sts"), clients.client("iam"), environment(), some)
    assert found[1] is True
    assert found[0] == (
        "not checked for the caller, iam:SimulatePrincipalPolicy was not answered:"
        " AccessDeniedException"
    )
