"""The stack of an environment: function, schedule, alarms, dashboard, topics, reports."""

from __future__ import annotations

from dataclasses import dataclass, replace

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from canary.alarms.plan import plan_alarms
from canary.deployment.permissions import StackArns, statements
from canary.model import Config, Environment, names
from infra.alarms import alarm_constructs
from infra.dashboard import dashboard
from infra.events import event_bus
from infra.function import FunctionInputs, canary_function, role
from infra.nag import accept, accept_stars
from infra.network import place
from infra.scale import machine, run_limit_s
from infra.schedule import Runs, schedules
from infra.storage import lost_runs, report_bucket
from infra.topics import Topics, topics


@dataclass(frozen=True, kw_only=True)
class Build:
    """The bundle and its platform; the sandbox uses its host's architecture and Python."""

    code: lam.Code
    architecture: str
    python: str = "3.13"


def stack_name(environment: Environment) -> str:
    """Return the stack's name, which `make deploy ENV=` uses."""
    return names.own(environment.name)


class CanaryStack(cdk.Stack):
    """All AWS resources of one environment's canary."""

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
        lost = lost_runs(self, names.own(environment.name, "lost"))
        bus = event_bus(self, environment)
        execution = role(self, environment)
        inputs = FunctionInputs(
            role=execution,
            place=place(self, environment),
            code=build.code,
            lost=lost,
            variables=_variables(environment, where, bus.event_bus_name),
            architecture=build.architecture,
            python=build.python,
        )
        arns = StackArns(
            bucket=bucket.bucket_arn,
            topic=where.ticket.topic_arn,
            topic_key=where.key.key_arn,
            bus=bus.event_bus_arn,
            lost_runs=lost.queue_arn,
        )
        policy = self._permissions(config, execution, arns)
        function = canary_function(self, environment, inputs)
        function.node.add_dependency(policy)
        runs = Runs(arn=function.function_arn, action="lambda:InvokeFunction")
        if environment.deployment.scale == "map":
            runs = self._sharded(environment, inputs, function, bucket)
        schedules(self, environment, runs, lost)
        plan = plan_alarms(config, names.own(environment.name), run_limit_s(environment))
        alarms = alarm_constructs(self, plan, where)
        board = dashboard(self, config, plan, alarms, function.log_group.log_group_name)
        accept(self)
        self._outputs(function, board.dashboard_name, bucket.bucket_name, where)

    def _permissions(self, config: Config, execution: iam.Role, arns: StackArns) -> iam.Policy:
        policy = iam.Policy(self, "Permissions", roles=[execution])
        for statement in statements(config, arns):
            policy.add_statements(
                iam.PolicyStatement(
                    sid=statement.sid,
                    effect=iam.Effect[statement.effect.upper()],
                    actions=list(statement.actions),
                    resources=list(statement.resources),
                    conditions=statement.condition,
                )
            )
        accept_stars(policy)
        return policy

    def _sharded(
        self,
        environment: Environment,
        inputs: FunctionInputs,
        lead: lam.Function,
        bucket: s3.IBucket,
    ) -> Runs:
        """Make the state machine, which the schedule starts instead of the function."""
        shared = replace(inputs, log=lead.log_group)
        shard = canary_function(self, environment, shared, "shard")
        keys = f"{bucket.bucket_arn}/{environment.report_prefix}/spread/*"
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
    """Return the function's environment variables: names and addresses, no secret."""
    return {
        "CANARY_ENVIRONMENT": environment.name,
        "CANARY_STORE": f"s3://{environment.report_bucket}/{environment.report_prefix}",
        "CANARY_TICKET_TOPIC": where.ticket.topic_arn,
        "CANARY_EVENT_BUS": bus,
        "POWERTOOLS_SERVICE_NAME": "hokusai-canary",
    }
