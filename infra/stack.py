"""One environment's stack: function, schedule, alarms, dashboard, topics, reports."""

from __future__ import annotations

from dataclasses import dataclass, replace

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lam
from constructs import Construct

from canary.alarms.plan import plan_alarms
from canary.model import Config, Environment
from infra.alarms import alarm_constructs
from infra.dashboard import dashboard
from infra.events import event_bus
from infra.function import (
    Parts,
    canary_function,
    function_name,
    role,
    streams_arn,
)
from infra.nag import accept, accept_stars
from infra.network import place
from infra.permissions import Resources, statements
from infra.scale import machine, run_limit_s
from infra.schedule import Runs, schedules
from infra.storage import bucket_name, lost_runs, report_bucket, store_prefix
from infra.topics import Topics, topics


@dataclass(frozen=True, kw_only=True)
class Build:
    """What the bundle is for; the sandbox runs on its host's own architecture and Python."""

    code: lam.Code
    architecture: str
    python: str = "3.13"


def stack_name(environment: Environment) -> str:
    """Return the stack's name, which `make deploy ENV=` uses."""
    return f"hokusai-canary-{environment.name}"


class CanaryStack(cdk.Stack):
    """Everything that one environment's canary needs in AWS."""

    def __init__(
        self,
        scope: Construct,
        config: Config,
        build: Build,
        synthesizer: cdk.IStackSynthesizer | None = None,
    ) -> None:
        environment = config.environment
        super().__init__(
            scope,
            stack_name(environment),
            env=cdk.Environment(account=environment.account, region=environment.region),
            description=f"Synthetic canary of {environment.name}",
            termination_protection=environment.deployment.production,
            synthesizer=synthesizer,
        )
        for key, value in {"canary": environment.name, **environment.deployment.tags}.items():
            cdk.Tags.of(self).add(key, value)
        self._fill(config, build)

    def _fill(self, config: Config, build: Build) -> None:
        environment = config.environment
        where = topics(self, environment)
        bucket = report_bucket(self, environment)
        lost = lost_runs(self, f"{function_name(environment)}-lost")
        bus = event_bus(self, environment)
        execution = role(self, environment)
        parts = Parts(
            place=place(self, environment),
            code=build.code,
            lost=lost,
            variables=_variables(environment, where, bus.event_bus_name),
            architecture=build.architecture,
            python=build.python,
        )
        made = Resources(
            log_streams_arn=streams_arn(environment),
            bucket_arn=bucket.bucket_arn,
            prefix=store_prefix(environment),
            topic_arns=(where.ticket.topic_arn,),
            topic_key_arn=where.key.key_arn,
            bus_arn=bus.event_bus_arn,
            lost_arn=lost.queue_arn,
        )
        policy = self._permissions(config, execution, made)
        function = canary_function(self, environment, execution, parts)
        function.node.add_dependency(policy)
        runs = Runs(arn=function.function_arn, action="lambda:InvokeFunction")
        if environment.deployment.scale == "map":
            runs = self._spread(environment, execution, parts, function, made)
        schedules(self, environment, runs, lost)
        plan = plan_alarms(config, function_name(environment), run_limit_s(environment))
        alarms = alarm_constructs(self, plan, where)
        board = dashboard(self, config, plan, alarms, function.log_group.log_group_name)
        accept(self)
        self._outputs(function, board.dashboard_name, bucket.bucket_name, where)

    def _permissions(self, config: Config, execution: iam.Role, made: Resources) -> iam.Policy:
        policy = iam.Policy(self, "Permissions", roles=[execution])
        for statement in statements(config, made):
            policy.add_statements(statement)
        accept_stars(policy)
        return policy

    def _spread(
        self,
        environment: Environment,
        execution: iam.Role,
        parts: Parts,
        lead: lam.Function,
        made: Resources,
    ) -> Runs:
        """Make the second shape: the schedule starts a state machine instead of the function."""
        shared = replace(parts, log=lead.log_group)
        shard = canary_function(self, environment, execution, shared, "shard")
        keys = f"{made.bucket_arn}/{made.prefix}/spread/*"
        spread = machine(self, environment, lead, shard, keys)
        return Runs(arn=spread.ref, action="states:StartExecution", event={"mode": "plan"})

    def _outputs(self, function: lam.Function, board: str, bucket: str, where: Topics) -> None:
        url = (
            f"https://{self.region}.console.aws.amazon.com/cloudwatch/home#dashboards:name={board}"
        )
        for name, value in {
            "FunctionName": function.function_name,
            "DashboardUrl": url,
            "ReportBucket": bucket,
            "PageTopic": where.page.topic_arn,
            "TicketTopic": where.ticket.topic_arn,
        }.items():
            cdk.CfnOutput(self, name, value=value)


def _variables(environment: Environment, where: Topics, bus: str) -> dict[str, str]:
    """Return the function's variables: names and addresses, no secret."""
    return {
        "CANARY_ENVIRONMENT": environment.name,
        "CANARY_STORE": f"s3://{bucket_name(environment)}/{store_prefix(environment)}",
        "CANARY_TICKET_TOPIC": where.ticket.topic_arn,
        "CANARY_EVENT_BUS": bus,
        "POWERTOOLS_SERVICE_NAME": "hokusai-canary",
    }
