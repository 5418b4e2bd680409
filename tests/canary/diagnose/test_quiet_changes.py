"""Changes that people make to a healthy platform give no finding, while they last and after."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import urllib3

from tests.canary.support.live_twin import ROOT, Twin

CLUSTER = "hokusai-development"
SERVICES = tuple(f"hokusai-{name}-development" for name in ("auth", "api", "mlflow"))
API = SERVICES[1]
Change = Callable[[Twin], None]


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    made = Twin(tmp_path_factory.mktemp("changes"))
    try:
        made.store()
        yield made
    finally:
        made.stop()


def scaled(count: int, *services: str) -> Change:
    def change(twin: Twin) -> None:
        for service in services or SERVICES:
            twin.client("ecs").update_service(cluster=CLUSTER, service=service, desiredCount=count)

    return change


def rolled(*services: str) -> Change:
    """Return the deployment of a new revision with one more harmless variable."""

    def change(twin: Twin) -> None:
        ecs = twin.client("ecs")
        for service in services or SERVICES:
            (found,) = ecs.describe_services(cluster=CLUSTER, services=[service])["services"]
            arn = found["taskDefinition"]
            used = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
            known = ecs.meta.service_model.operation_model("RegisterTaskDefinition").input_shape
            wanted = {k: v for k, v in used.items() if k in known.members}
            first = wanted["containerDefinitions"][0]
            release = {"name": "RELEASE_NOTE", "value": arn.rpartition(":")[2]}
            kept = [e for e in first["environment"] if e["name"] != release["name"]]
            first["environment"] = [*kept, release]
            new = ecs.register_task_definition(**wanted)["taskDefinition"]["taskDefinitionArn"]
            ecs.update_service(cluster=CLUSTER, service=service, taskDefinition=new)

    return change


def renewed(twin: Twin) -> None:
    """Import a new certificate under the same ARN."""
    answer = urllib3.request("POST", f"{twin.state['control_url']}/renew", timeout=30.0)
    assert answer.status == 200, answer.data


def _group(twin: Twin, name: str) -> dict[str, Any]:
    (found,) = twin.client("elbv2").describe_target_groups(Names=[name])["TargetGroups"]
    return dict(found)


def edited(twin: Twin) -> None:
    """Tag a rule and a service, describe a rule of a group, and change a rule's note."""
    elb, ecs, ec2 = (twin.client(name) for name in ("elbv2", "ecs", "ec2"))
    tag = {"Key": "owner", "Value": "somebody else"}
    elb.add_tags(ResourceArns=[r["RuleArn"] for r in _rules(twin)[:2]], Tags=[tag])
    (service,) = ecs.describe_services(cluster=CLUSTER, services=[API])["services"]
    ecs.tag_resource(resourceArn=service["serviceArn"], tags=[{"key": "owner", "value": "me"}])
    groups = service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
    ec2.create_tags(Resources=groups, Tags=[tag])
    (listed,) = ec2.describe_security_groups(GroupIds=groups[:1])["SecurityGroups"]
    rule = json.loads(json.dumps(listed["IpPermissions"][0]))
    for pair in (*rule.get("UserIdGroupPairs", []), *rule.get("IpRanges", [])):
        pair["Description"] = "who may ask, in new words"
    ec2.update_security_group_rule_descriptions_ingress(GroupId=groups[0], IpPermissions=[rule])


def _rules(twin: Twin) -> list[dict[str, Any]]:
    """Return the rules of the registry's HTTPS listener."""
    elb = twin.client("elbv2")
    names = ["hokusai-registry-development"]
    (balancer,) = elb.describe_load_balancers(Names=names)["LoadBalancers"]
    listeners = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    (secure,) = [x for x in listeners if x["Protocol"] == "HTTPS"]
    return list(elb.describe_rules(ListenerArn=secure["ListenerArn"])["Rules"])


BLUE, GREEN = "hokusai-reg-api-development", "hokusai-reg-api-green"


def green(twin: Twin) -> None:
    """Make a second group for the API and let ECS register its tasks in both."""
    elb, ecs = twin.client("elbv2"), twin.client("ecs")
    blue = _group(twin, BLUE)
    kept = ("Protocol", "Port", "VpcId", "TargetType", "HealthCheckPath", "Matcher",
            "HealthCheckIntervalSeconds", "HealthCheckTimeoutSeconds")  # fmt: skip
    made = elb.create_target_group(Name=GREEN, **{k: blue[k] for k in kept if k in blue})
    (service,) = ecs.describe_services(cluster=CLUSTER, services=[API])["services"]
    (entry,) = service["loadBalancers"]
    both = [entry, {**entry, "targetGroupArn": made["TargetGroups"][0]["TargetGroupArn"]}]
    shifted(0)(twin)
    ecs.update_service(cluster=CLUSTER, service=API, loadBalancers=both)


def shifted(percent: int) -> Change:
    """Return the change that leads so many of the API's requests to the second group."""

    def change(twin: Twin) -> None:
        elb = twin.client("elbv2")
        blue, other = (_group(twin, name)["TargetGroupArn"] for name in (BLUE, GREEN))
        weights = [
            {"TargetGroupArn": arn, "Weight": weight}
            for arn, weight in ((blue, 100 - percent), (other, percent))
        ]
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}
        for rule in _rules(twin):
            if {blue, other} & _targets(rule) and not rule["IsDefault"]:
                elb.modify_rule(RuleArn=rule["RuleArn"], Actions=[action])
            elif {blue, other} & _targets(rule):
                listener = rule["RuleArn"].replace(":listener-rule/", ":listener/")
                elb.modify_listener(
                    ListenerArn=listener.rpartition("/")[0], DefaultActions=[action]
                )

    return change


def _targets(rule: dict[str, Any]) -> set[str]:
    (action,) = rule["Actions"][-1:]
    many = action.get("ForwardConfig", {}).get("TargetGroups", [])
    return {action.get("TargetGroupArn", "")} | {g["TargetGroupArn"] for g in many}


SHORT: tuple[tuple[str, Change], ...] = (
    ("scale out", scaled(2, API)),
    ("a new revision", rolled(API)),
    ("scale in", scaled(1, API)),
    ("a certificate renewed", renewed),
    ("harmless edits", edited),
)
BLUE_GREEN: tuple[tuple[str, Change], ...] = (
    ("a second group", green),
    ("a tenth on green", shifted(10)),
    ("half on green", shifted(50)),
    ("all on green", shifted(100)),
    ("all on blue again", shifted(0)),
)
LONG: tuple[tuple[str, Change], ...] = (
    ("scale out", scaled(3)),
    ("scale in", scaled(1)),
    ("new revisions", rolled()),
    ("harmless edits", edited),
    *BLUE_GREEN,
    ("a certificate renewed", renewed),
    ("scale out", scaled(2)),
    ("new revisions of two tasks each", rolled()),
    ("scale in", scaled(1)),
)


def _quiet(twin: Twin, changes: tuple[tuple[str, Change], ...], runs: int) -> None:
    """Carry runs out one after the other, make a change after each few, and find nothing."""
    store, left = twin.store(), list(changes)
    variables = {
        **twin.environment,
        "CANARY_ENVIRONMENT": twin.state["environment_file"],
        "CANARY_STORE": str(store),
    }
    command = [sys.executable, "-m", "tests.canary.support.many_runs", str(runs), str(store)]
    found, since, told = list[dict[str, Any]](), "before any change", 0
    every = max(1, (runs - 1) // len(changes))
    with subprocess.Popen(
        command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        for told, line in enumerate(running.stdout, 1):
            run = json.loads(line)
            del run["not_passed"]  # on a busy machine a check may be left out, and says so
            if any(run.values()):
                found.append({"run": told, "since": since, **run})
            if left and told % every == 0:
                since, change = left.pop(0)
                change(twin)
    assert (found, told, left) == ([], runs, [])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_healthy_platform_may_be_changed_without_a_finding(twin: Twin) -> None:
    _quiet(twin, SHORT, runs=11)


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_two_hundred_runs_beside_every_kind_of_change_find_nothing(twin: Twin) -> None:
    _quiet(twin, LONG, runs=200)
