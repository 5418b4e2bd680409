"""Changes that people make to a healthy platform, for any world; none of them is a fault."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import urllib3

from sandbox.faults.context import READ_ONLY
from sandbox.world.load import load
from sandbox.world.parts import Balancer, Service
from sandbox.world.world import API, MLFLOW, World
from tests.canary.support.live_twin import Twin

Change = Callable[[Twin], None]
OWNER = {"Key": "owner", "Value": "somebody else"}


def world_of(twin: Twin) -> World:
    """Return the shape of a twin's platform."""
    return load(str(twin.state["world"]))


def main_service(world: World) -> Service:
    """Return the service that is changed: the API, or MLflow where there is no API."""
    return world.services[API if API in world.services else MLFLOW]


def balancer(world: World) -> Balancer:
    """Return the balancer in front of the registry."""
    return world.balancer_of_registry


def described(twin: Twin, service: Service) -> dict[str, Any]:
    """Return a service as ECS describes it."""
    asked = {"cluster": world_of(twin).cluster, "services": [service.name]}
    return dict(twin.client("ecs").describe_services(**asked)["services"][0])


def listener(twin: Twin) -> str:
    """Return the ARN of the registry's serving listener."""
    elb, found = twin.client("elbv2"), balancer(world_of(twin))
    (one,) = elb.describe_load_balancers(Names=[found.name])["LoadBalancers"]
    listeners = elb.describe_listeners(LoadBalancerArn=one["LoadBalancerArn"])["Listeners"]
    return str(next(x["ListenerArn"] for x in listeners if x["Port"] == found.serving.port))


def rules(twin: Twin) -> list[dict[str, Any]]:
    """Return the rules of the registry's serving listener, the default rule last."""
    return list(twin.client("elbv2").describe_rules(ListenerArn=listener(twin))["Rules"])


def target_group(twin: Twin, name: str) -> dict[str, Any]:
    """Return a target group by its name."""
    (found,) = twin.client("elbv2").describe_target_groups(Names=[name])["TargetGroups"]
    return dict(found)


def scaled(more: int, everything: bool = False) -> Change:
    """Return the change that adds tasks to what the world has, of one service or of all."""

    def change(twin: Twin) -> None:
        world = world_of(twin)
        for service in world.services.values() if everything else (main_service(world),):
            twin.client("ecs").update_service(
                cluster=world.cluster, service=service.name, desiredCount=service.count + more
            )

    return change


def _revised(twin: Twin, service: Service, edit: Callable[[dict[str, Any]], None]) -> None:
    """Register a revision with an edited container of the service, and deploy it."""
    ecs, arn = twin.client("ecs"), described(twin, service)["taskDefinition"]
    used = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    wanted = {k: v for k, v in used.items() if k not in READ_ONLY}
    edit(next(c for c in wanted["containerDefinitions"] if c["name"] == service.container))
    new = ecs.register_task_definition(**wanted)["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(cluster=world_of(twin).cluster, service=service.name, taskDefinition=new)


def rolled(everything: bool = False) -> Change:
    """Return the deployment of a new revision with one more harmless variable."""

    def note(container: dict[str, Any]) -> None:
        kept = [e for e in container["environment"] if e["name"] != "RELEASE_NOTE"]
        container["environment"] = [*kept, {"name": "RELEASE_NOTE", "value": str(time.time_ns())}]

    def change(twin: Twin) -> None:
        world = world_of(twin)
        for service in world.services.values() if everything else (main_service(world),):
            _revised(twin, service, note)

    return change


def same_again(twin: Twin) -> None:
    """Deploy a revision of the same content."""
    _revised(twin, main_service(world_of(twin)), lambda container: None)


def replaced(twin: Twin) -> None:
    """Replace the tasks by others of the same revision."""
    world = world_of(twin)
    twin.client("ecs").update_service(
        cluster=world.cluster, service=main_service(world).name, forceNewDeployment=True
    )


def logs_elsewhere(twin: Twin) -> None:
    """Let the next tasks write into a new log group."""
    service = main_service(world_of(twin))
    twin.client("logs").create_log_group(logGroupName=f"{service.log_group}-2")
    _revised(
        twin,
        service,
        lambda c: c["logConfiguration"]["options"].update(
            {"awslogs-group": f"{service.log_group}-2"}
        ),
    )


def renewed(twin: Twin) -> None:
    """Import a new certificate under the same ARN."""
    answer = urllib3.request("POST", f"{twin.state['control_url']}/renew", timeout=30.0)
    assert answer.status == 200, answer.data


def tagged(twin: Twin) -> None:
    """Tag rules and a service."""
    twin.client("elbv2").add_tags(
        ResourceArns=[r["RuleArn"] for r in rules(twin)[:2]], Tags=[OWNER]
    )
    service = described(twin, main_service(world_of(twin)))
    twin.client("ecs").tag_resource(
        resourceArn=service["serviceArn"], tags=[{"key": "owner", "value": "me"}]
    )


def described_anew(twin: Twin) -> None:
    """Tag a security group, and describe one of its rules in other words."""
    ec2, service = twin.client("ec2"), described(twin, main_service(world_of(twin)))
    groups = service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
    ec2.create_tags(Resources=groups, Tags=[OWNER])
    (listed,) = ec2.describe_security_groups(GroupIds=groups[:1])["SecurityGroups"]
    rule = dict(listed["IpPermissions"][0])
    for key in ("UserIdGroupPairs", "IpRanges", "Ipv6Ranges", "PrefixListIds"):
        if pairs := rule.get(key):
            rule[key] = [{**pair, "Description": "who may ask, in new words"} for pair in pairs]
    ec2.update_security_group_rule_descriptions_ingress(GroupId=groups[0], IpPermissions=[rule])


def admitted(twin: Twin) -> None:
    """Admit one more range of addresses to the balancer."""
    ec2, found = twin.client("ec2"), balancer(world_of(twin))
    asked = [{"Name": "group-name", "Values": [found.group]}]
    (group,) = ec2.describe_security_groups(Filters=asked)["SecurityGroups"]
    port = found.serving.port
    ranges = [{"CidrIp": "203.0.113.0/24", "Description": "a new office"}]
    ec2.authorize_security_group_ingress(
        GroupId=group["GroupId"],
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": ranges}],
    )


def secret_again(twin: Twin) -> None:
    """Store a secret anew with the value that it has."""
    manager, name = twin.client("secretsmanager"), world_of(twin).stored.app
    value = manager.get_secret_value(SecretId=name)["SecretString"]
    manager.put_secret_value(SecretId=name, SecretString=value)


class Named(NamedTuple):
    """A change and what it is called."""

    name: str
    make: Change
