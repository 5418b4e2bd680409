"""The Lambda function that runs the checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lam
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from canary.deployment.waves import function_s
from canary.model import Environment, names

from .network import Place

EVENT_AGE_S = 60  # an older event is stale; Lambda keeps throttled events for up to six hours


@dataclass(frozen=True, kw_only=True)
class FunctionInputs:
    """The inputs of the construct that makes the function."""

    role: iam.Role
    place: Place
    code: lam.Code
    lost: sqs.IQueue
    variables: dict[str, str]
    architecture: str
    python: str = "3.13"
    log: logs.ILogGroup | None = None  # None: the function makes its own


def log_group(
    scope: Construct, environment: Environment, name: str, suffix: str = ""
) -> logs.LogGroup:
    """Make a log group with retention; it is deleted with the stack, unlike the reports."""
    arn = environment.deployment.kms_key_arn
    group = logs.LogGroup(
        scope,
        f"{name}Log",
        log_group_name=names.log_group(environment.name, suffix),
        encryption_key=kms.Key.from_key_arn(scope, f"{name}LogKey", arn) if arn else None,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    # the construct takes names of periods; `config.aws_limits` checks the number of days
    made = cast("logs.CfnLogGroup", group.node.default_child)
    made.retention_in_days = environment.deployment.log_retention_days
    return group


def role(scope: Construct, environment: Environment) -> iam.Role:
    """Make the execution role; `canary.deployment.permissions` lists its rights."""
    return iam.Role(
        scope,
        "Role",
        role_name=names.role(environment.name, environment.region),
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        description=f"The canary of {environment.name}: reads the control plane, writes reports",
    )


def canary_function(
    scope: Construct, environment: Environment, inputs: FunctionInputs, shard: str = ""
) -> lam.Function:
    """Make the function: one run at a time, no retries, in private subnets.

    `shard` is the suffix of another function: "shard" probes shards, many at once; "follow" looks
    at changes, once at a time.
    """
    deployment = environment.deployment
    return lam.Function(
        scope,
        f"{shard.title()}Function",
        function_name=names.own(environment.name, shard),
        description=f"Synthetic canary of {environment.name}",
        runtime=lam.Runtime(f"python{inputs.python}", lam.RuntimeFamily.PYTHON),
        architecture=lam.Architecture.ARM_64
        if inputs.architecture == "arm64"
        else lam.Architecture.X86_64,
        handler="canary.handler.handler",
        code=inputs.code,
        role=inputs.role.without_policy_updates(),
        memory_size=deployment.memory_mb,
        timeout=cdk.Duration.seconds(function_s(environment)),
        # two runs at once would remove each other's test data; shards of one run do not
        reserved_concurrent_executions=None if shard == "shard" else 1,
        vpc=inputs.place.vpc,
        vpc_subnets=inputs.place.subnets,
        security_groups=[inputs.place.group],
        logging_format=lam.LoggingFormat.JSON,
        # EMF lines are printed without a level, and a stricter level would drop them
        application_log_level_v2=lam.ApplicationLogLevel.INFO,
        log_group=inputs.log or log_group(scope, environment, "Function"),
        tracing=lam.Tracing.ACTIVE if deployment.tracing else lam.Tracing.DISABLED,
        retry_attempts=0,
        max_event_age=cdk.Duration.seconds(EVENT_AGE_S),
        on_failure=destinations.SqsDestination(inputs.lost),
        environment=inputs.variables,
    )
