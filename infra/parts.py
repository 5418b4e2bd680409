"""All AWS resources of one environment's canary, below any construct."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from canary.alarms.plan import plan_alarms
from canary.deployment import waves
from canary.deployment.permissions import StackArns, statements
from canary.model import Config, Environment, names

from .alarms import alarm_constructs
from .dashboard import dashboard
from .events import event_bus
from .following import follow, queues
from .function import FunctionInputs, canary_function, role
from .nag import accept, accept_stars
from .network import Given, place
from .scale import machine
from .schedule import Runs, schedules
from .storage import lost_runs, report_bucket
from .topics import Topics, topics


@dataclass(frozen=True, kw_only=True)
class Build:
    """The bundle and its platform; the sandbox uses its host's architecture and Python."""

    code: lam.Code
    architecture: str
    python: str = "3.13"


@dataclass(frozen=True, kw_only=True)
class Made:
    """What other constructs may need of the canary."""

    function: lam.Function
    bucket: s3.IBucket
    topics: Topics
    dashboard: str  # its name


def fill(scope: Construct, config: Config, build: Build, given: Given | None = None) -> Made:
    """Make everything below `scope`, in the VPC that is given, else in that of the file."""
    environment = config.environment
    for key, value in {"canary": environment.name, **environment.deployment.tags}.items():
        cdk.Tags.of(scope).add(key, value)
    where = topics(scope, environment)
    bucket = report_bucket(scope, environment)
    lost = lost_runs(scope, names.own(environment.name, "lost"))
    changes = queues(scope, environment, lost) if environment.follows else ()
    bus = event_bus(scope, environment)
    execution = role(scope, environment)
    inputs = FunctionInputs(
        role=execution,
        place=place(scope, environment, given),
        code=build.code,
        lost=lost,
        variables=_variables(environment, where, bus.event_bus_name),
        architecture=build.architecture,
        python=build.python,
    )
    arns = _arns(bucket, where, bus, lost, changes)
    policy = _permissions(scope, config, execution, arns)
    function = canary_function(scope, environment, inputs)
    function.node.add_dependency(policy)
    runs = Runs(arn=function.function_arn, action="lambda:InvokeFunction")
    if environment.deployment.scale == "map":
        runs = _sharded(scope, config, inputs, function, bucket)
    schedules(scope, environment, runs, lost)
    if changes:  # the log is that of the schedule's function
        shared = replace(inputs, log=function.log_group)
        follower = canary_function(scope, environment, shared, names.FOLLOWER)
        follow(scope, environment, changes, follower, policy)
    board = _watch(scope, config, where, function)
    accept(scope)
    return Made(function=function, bucket=bucket, topics=where, dashboard=board)


def _arns(
    bucket: s3.IBucket,
    where: Topics,
    bus: events.EventBus,
    lost: sqs.IQueue,
    changes: Sequence[sqs.IQueue],
) -> StackArns:
    return StackArns(
        bucket=bucket.bucket_arn,
        topics=(where.ticket.topic_arn, where.page.topic_arn),
        topic_key=where.key.key_arn if where.key else "",
        bus=bus.event_bus_arn,
        lost_runs=lost.queue_arn,
        changes=tuple(queue.queue_arn for queue in changes),
    )


def _watch(scope: Construct, config: Config, where: Topics, function: lam.Function) -> str:
    """Make the alarms and the dashboard; return the dashboard's name."""
    own = names.own(config.environment.name)
    plan = plan_alarms(config, own, waves.limit_s(config))
    alarms = alarm_constructs(scope, plan, where)
    board = dashboard(scope, config, plan, alarms, function.log_group.log_group_name)
    return board.dashboard_name


def _permissions(
    scope: Construct, config: Config, execution: iam.Role, arns: StackArns
) -> iam.Policy:
    policy = iam.Policy(scope, "Permissions", roles=[execution])
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
    scope: Construct,
    config: Config,
    inputs: FunctionInputs,
    lead: lam.Function,
    bucket: s3.IBucket,
) -> Runs:
    """Make the state machine, which the schedule starts instead of the function."""
    environment = config.environment
    shared = replace(inputs, log=lead.log_group)
    shard = canary_function(scope, environment, shared, "shard")
    keys = f"{bucket.bucket_arn}/{environment.report_prefix}/spread/*"
    made = machine(scope, config, lead, shard, keys)
    return Runs(arn=made.ref, action="states:StartExecution", event={"mode": "plan"})


def _variables(environment: Environment, where: Topics, bus: str) -> dict[str, str]:
    """Return the function's environment variables: names and addresses, no secret."""
    return {
        "CANARY_ENVIRONMENT": environment.name,
        "CANARY_STORE": f"s3://{environment.report_bucket}/{environment.report_prefix}",
        "CANARY_TICKET_TOPIC": where.ticket.topic_arn,
        "CANARY_PAGE_TOPIC": where.page.topic_arn,
        "CANARY_EVENT_BUS": bus,
        "POWERTOOLS_SERVICE_NAME": "hokusai-canary",
    }
