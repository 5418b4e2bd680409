"""An account in this process with a load balancer and a task that says its name."""

from __future__ import annotations

import http.client
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from emulator.account import Account
from tests.emulator.support import ways

Json = dict[str, Any]
CLUSTER = "web"
ZONES = "abc"
PROGRAM = """
import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

if os.environ["SAYS"] == "nothing":
    sys.exit(1)

class Says(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["SAYS"].encode())

    def log_message(self, *given):
        pass

HTTPServer(("0.0.0.0", 8080), Says).serve_forever()
"""


class Web:
    """Three subnets, a load balancer with one rule for everything, and two target groups."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.ecs, self.elbv2 = account.aws.client("ecs"), account.aws.client("elbv2")
        self._network(account.aws.client("ec2"))
        self.blue, self.green = (self._group(name) for name in ("blue", "green"))
        balancer = self.elbv2.create_load_balancer(
            Name="web", Subnets=self.subnets, SecurityGroups=[self.security]
        )["LoadBalancers"][0]["LoadBalancerArn"]
        nothing = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        listener = self.elbv2.create_listener(
            LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[nothing]
        )["Listeners"][0]["ListenerArn"]
        self.rule = self.elbv2.create_rule(
            ListenerArn=listener,
            Priority=1,
            Conditions=[{"Field": "path-pattern", "Values": ["*"]}],
            Actions=[self.forward((self.blue, 1), (self.green, 0))],
        )["Rules"][0]["RuleArn"]
        self.ecs.create_cluster(clusterName=CLUSTER)
        self._program = account.folder / "says.py"
        self._program.write_text(PROGRAM)

    def _network(self, ec2: Any) -> None:
        self.vpc = vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        self.subnets = [
            ec2.create_subnet(
                VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{zone}"
            )["Subnet"]["SubnetId"]
            for number, zone in enumerate(ZONES)
        ]
        ways.gateway(ec2, vpc)
        self.security = ec2.create_security_group(GroupName="all", Description="-", VpcId=vpc)[
            "GroupId"
        ]
        anybody = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ec2.authorize_security_group_ingress(GroupId=self.security, IpPermissions=[anybody])

    def _group(self, name: str) -> str:
        made = self.elbv2.create_target_group(
            Name=name,
            Protocol="HTTP",
            Port=8080,
            VpcId=self.vpc,
            TargetType="ip",
            HealthCheckIntervalSeconds=10,
            HealthCheckTimeoutSeconds=2,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]
        delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "0"}
        self.elbv2.modify_target_group_attributes(TargetGroupArn=made, Attributes=[delay])
        return str(made)

    @staticmethod
    def forward(*weighted: tuple[str, int]) -> Json:
        """Return an action that forwards to groups by weight."""
        groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weighted]
        return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}

    def define(self, says: str) -> str:
        """Register a revision whose task answers with a text, or ends at once for "nothing"."""
        container = {
            "name": "web",
            "image": "local/python",
            "command": ["python", str(self._program)],
            "environment": [{"name": "SAYS", "value": says}],
            "portMappings": [{"containerPort": 8080}],
        }
        return str(
            self.ecs.register_task_definition(
                family="web",
                networkMode="awsvpc",
                requiresCompatibilities=["FARGATE"],
                cpu="256",
                memory="512",
                containerDefinitions=[container],
            )["taskDefinition"]["taskDefinitionArn"]
        )

    @property
    def network(self) -> Json:
        """Return the network configuration of every task."""
        inner = {"subnets": self.subnets, "securityGroups": [self.security]}
        return {"awsvpcConfiguration": {**inner, "assignPublicIp": "ENABLED"}}

    def place(self, group: str, **more: Any) -> Json:
        """Return a load balancer's entry of a service."""
        return {"targetGroupArn": group, "containerName": "web", "containerPort": 8080, **more}

    def blue_green(self, **more: Any) -> Json:
        """Return the parameters of a service that shifts the rule between the two groups."""
        advanced = {
            "alternateTargetGroupArn": self.green,
            "productionListenerRule": self.rule,
            "roleArn": "arn:aws:iam::123456789012:role/infrastructure",
            **more,
        }
        return {
            "launchType": "FARGATE",
            "loadBalancers": [self.place(self.blue, advancedConfiguration=advanced)],
            "deploymentConfiguration": {
                "strategy": "BLUE_GREEN",
                "bakeTimeInMinutes": 2,
                "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            },
        }

    def create(self, name: str, definition: str, **more: Any) -> None:
        """Create a service and wait until it is steady."""
        self.ecs.create_service(
            cluster=CLUSTER,
            serviceName=name,
            taskDefinition=definition,
            networkConfiguration=self.network,
            **more,
        )
        self.settle()

    def settle(self) -> None:
        """Wait until nothing moves any more."""
        settled = self.account.settle(60)
        assert settled.steady, settled.waiting_for

    def service(self, name: str) -> Json:
        """Return a service as it is described."""
        return dict(self.ecs.describe_services(cluster=CLUSTER, services=[name])["services"][0])

    def tasks(self, name: str) -> list[Json]:
        """Return the running tasks of a service."""
        arns = self.ecs.list_tasks(cluster=CLUSTER, serviceName=name)["taskArns"]
        return list(self.ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]) if arns else []

    def healthy(self, group: str) -> int:
        """Return how many healthy targets a group has, and no others."""
        found = self.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        assert {one["TargetHealth"]["State"] for one in found} <= {"healthy"}
        return len(found)

    def weights(self) -> dict[str, int]:
        """Return the weights of the rule's groups."""
        (rule,) = self.elbv2.describe_rules(RuleArns=[self.rule])["Rules"]
        groups = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
        return {one["TargetGroupArn"]: one["Weight"] for one in groups}

    def asked(self) -> tuple[int, str]:
        """Return status and text of what the load balancer answers."""
        place = next(one.place for one in self.account.listeners() if one.balancer == "web")
        connection = http.client.HTTPConnection(*place, timeout=10)
        connection.request("GET", "/")
        answer = connection.getresponse()
        found = (answer.status, answer.read().decode())
        connection.close()
        return found

    def remove(self, name: str) -> None:
        """Delete a service with its tasks, and lead the rule back to the first group."""
        self.ecs.delete_service(cluster=CLUSTER, service=name, force=True)
        self.settle()
        action = self.forward((self.blue, 1), (self.green, 0))
        self.elbv2.modify_rule(RuleArn=self.rule, Actions=[action])


@contextmanager
def web_account(speed: float) -> Iterator[Web]:
    """Run such an account; this process is as it was before when it ends."""
    from moto.moto_api._internal.models import moto_api_backend

    before = dict(os.environ)
    account = Account(speed=speed)
    try:
        account.start()
        yield Web(account)
    finally:
        account.stop()
        moto_api_backend.reset()
        os.environ.clear()
        os.environ.update(before)
