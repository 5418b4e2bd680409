"""An account with a network and an agent, and tasks of small Python programs in it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from emulator.aws.endpoint import Endpoint
from emulator.ecs.agent import Agent
from emulator.ecs.images import Image
from emulator.network.network import Network
from tests.emulator.support import ways
from tests.emulator.support.emulated import emulator

SPEED = 60.0
CLUSTER, GROUP = "small", "/ecs/small"
SLEEP = "exec sleep 60"
Document = dict[str, Any]
T = TypeVar("T")


def python(name: str, code: str, **more: Any) -> Document:
    """A container of this machine's Python that runs some code."""
    return container(name, command=["python", "-c", code], **more)


def shell(name: str, line: str, **more: Any) -> Document:
    """A container that runs a line of shell."""
    return container(name, command=["sh", "-c", line], **more)


def container(name: str, **more: Any) -> Document:
    """A container of this machine's Python, whose output goes to the log group."""
    options = {
        "awslogs-group": GROUP,
        "awslogs-region": "us-east-1",
        "awslogs-stream-prefix": "ecs",
    }
    logs = {"logDriver": "awslogs", "options": options}
    return {"name": name, "image": "local/python", "logConfiguration": logs, **more}


def states(task: Document) -> dict[str, tuple[str, int | None]]:
    """Last status and exit code of a task's containers by name."""
    return {c["name"]: (c["lastStatus"], c.get("exitCode")) for c in task["containers"]}


def end(task: Document) -> tuple[str, str]:
    """Stop code and stopped reason."""
    return task["stopCode"], task["stoppedReason"]


@dataclass(frozen=True)
class Ground:
    """Clients, a subnet and a role; registers task definitions and runs tasks."""

    ecs: Any
    logs: Any
    subnet: str
    role: str

    @property
    def network(self) -> Document:
        """The network configuration of a task."""
        place = {"subnets": [self.subnet], "assignPublicIp": "ENABLED"}
        return {"awsvpcConfiguration": place}

    def register(self, *containers: Document, **more: Any) -> str:
        """Register a task definition and return its ARN."""
        made = self.ecs.register_task_definition(
            family="small",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            executionRoleArn=self.role,
            containerDefinitions=list(containers),
            **more,
        )
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def run(self, *containers: Document, overrides: Document | None = None) -> str:
        """Run one task of its own and return its ARN."""
        return self.start(self.register(*containers), overrides=overrides or {})

    def start(self, definition: str, **more: Any) -> str:
        """Run one task of a definition and return its ARN."""
        made = self.ecs.run_task(
            cluster=CLUSTER,
            taskDefinition=definition,
            launchType="FARGATE",
            networkConfiguration=self.network,
            **more,
        )
        return str(made["tasks"][0]["taskArn"])

    def task(self, arn: str) -> Document:
        """A task as DescribeTasks shows it."""
        return dict(self.ecs.describe_tasks(cluster=CLUSTER, tasks=[arn])["tasks"][0])

    def when(self, arn: str, look: Callable[[Document], object]) -> Document:
        """The task when something holds of it, or after some seconds."""
        return patiently(lambda: self.task(arn), look)

    def stopped(self, arn: str) -> Document:
        """The task when it has stopped."""
        return self.when(arn, lambda task: task["lastStatus"] == "STOPPED")

    def ended(self, *containers: Document, **more: Any) -> Document:
        """Run a task to its end."""
        return self.stopped(self.run(*containers, **more))

    def stop(self, arn: str) -> Document:
        """Stop a task, and return it when it has stopped."""
        self.ecs.stop_task(cluster=CLUSTER, task=arn)
        return self.stopped(arn)

    def lines(self, arn: str, name: str) -> list[str]:
        """The log lines of a container."""
        stream = f"ecs/{name}/{arn.rpartition('/')[2]}"
        found = self.logs.get_log_events(logGroupName=GROUP, logStreamName=stream)
        return [event["message"] for event in found["events"]]


@contextlib.contextmanager
def ground(folder: Path, repositories: Mapping[str, Image] | None = None) -> Iterator[Ground]:
    """An account for tasks; its agent ends them."""
    with emulator() as server:
        network = Network()
        network.start()
        aws = server.endpoint
        agent = Agent(aws, folder / "log", SPEED, network, repositories=repositories)
        agent.start()
        try:
            yield _prepared(aws)
        finally:
            agent.stop()
            network.stop()


def _prepared(aws: Endpoint) -> Ground:
    ec2, ecs, iam = aws.client("ec2"), aws.client("ecs"), aws.client("iam")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.77.0/24")["Subnet"]["SubnetId"]
    ways.gateway(ec2, vpc)
    ecs.create_cluster(clusterName=CLUSTER)
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    role = iam.create_role(RoleName="execution", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    return Ground(ecs, logs, subnet, role)


def patiently(ask: Callable[[], T], look: Callable[[T], object]) -> T:
    """What is asked for when something holds of it, or after some seconds."""
    deadline = time.monotonic() + 40.0  # a busy machine starts processes late
    while not look(found := ask()) and time.monotonic() < deadline:
        time.sleep(0.15)  # a call costs more than a test of this kind should
    return found
