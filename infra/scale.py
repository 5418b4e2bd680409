"""The state machine of a sharded run: plan, probe each shard, conclude.

All functions have the same zip and handler. Only names and run ids pass through the machine; the
results are in the report bucket (docs/decisions/0006).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from canary.deployment import waves
from canary.model import Config, Environment, names
from canary.sharding.split import AT_ONCE

from .nag import accept_stars

INVOKE = "arn:aws:states:::lambda:invoke"
READ = "arn:aws:states:::s3:getObject"
LABEL = "Shards"
BUSY = "Lambda.TooManyRequestsException"
# temporary Lambda faults (Step Functions guide, "Handle transient Lambda service exceptions")
TRANSIENT = ["Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException"]


@dataclass(frozen=True, kw_only=True)
class Functions:
    """ARNs of the function that plans and concludes, and of the one that probes."""

    lead: str
    shard: str
    timeout_s: int
    limit_s: int  # of the whole run
    busy_tries: int  # of the leading function, while another run keeps it busy


def definition(functions: Functions) -> dict[str, Any]:
    """Return the definition in the Amazon States Language (JSONPath)."""
    return {
        "Comment": "One run of the canary: plan, probe in shards, conclude",
        "StartAt": "Plan",
        # the longest time of its waves and waits together: a hung run ends by itself, and an
        # outage, in which every shard takes its whole time, comes to its conclusion
        "TimeoutSeconds": functions.limit_s,
        "States": {
            "Plan": _task(functions.lead, None, functions.timeout_s, functions.busy_tries)
            | {"OutputPath": "$.Payload", "Next": "Planned"},
            "Planned": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.status", "StringEquals": "PLANNED", "Next": "Shards"}],
                "Default": "Late",
            },
            "Late": {"Type": "Succeed", "Comment": "The run is stale; the next one is due"},
            "Shards": _map(functions),
            "Conclude": _task(
                functions.lead,
                {"mode": "conclude", "run_id.$": "$.run_id"},
                functions.timeout_s,
                functions.busy_tries,
            )
            | {"OutputPath": "$.Payload", "End": True},
        },
    }


def _map(functions: Functions) -> dict[str, Any]:
    return {
        "Type": "Map",
        "Label": LABEL,
        "MaxConcurrency": AT_ONCE,
        # a failed shard has no results: its checks become ERROR
        "ToleratedFailurePercentage": 100,
        "ItemReader": {
            "Resource": READ,
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket.$": "$.bucket", "Key.$": "$.key"},
        },
        "ItemSelector": {
            "mode": "shard",
            "run_id.$": "$.run_id",
            "shard.$": "$$.Map.Item.Value",
        },
        "ItemProcessor": {
            # an express child must end within five minutes and costs a fortieth of a standard one
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
            "StartAt": "Probe",
            "States": {
                "Probe": _task(functions.shard, None, functions.timeout_s, waves.SHARD_TRIES)
                | {"OutputPath": "$.Payload", "End": True}
            },
        },
        # not "$", because the conclusion needs the pointer; null would be clearer, but the CDK
        # removes nulls from JSON, and then the shards' numbers would replace the pointer
        "ResultPath": "$.shards_done",
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.problem", "Next": "Conclude"}],
        "Next": "Conclude",
    }


def _task(
    arn: str, payload: dict[str, str] | None, seconds: int, busy_tries: int
) -> dict[str, Any]:
    """Return a state that invokes a function with this payload, or with the whole input.

    A function that is busy is asked again in even steps: `busy_tries` of them fit into its time.
    """
    parameters: dict[str, Any] = {"FunctionName": arn}
    parameters |= {"Payload.$": "$"} if payload is None else {"Payload": payload}
    return {
        "Type": "Task",
        "Resource": INVOKE,
        "Parameters": parameters,
        "TimeoutSeconds": seconds + waves.AROUND_S,
        "Retry": [
            {
                "ErrorEquals": TRANSIENT,
                "IntervalSeconds": waves.TRANSIENT_S,
                "MaxAttempts": waves.TRANSIENT_TRIES,
                "BackoffRate": 2.0,
            },
            {
                "ErrorEquals": [BUSY],
                "IntervalSeconds": waves.BUSY_S,
                "MaxAttempts": busy_tries,
                "BackoffRate": 1.0,
            },
        ],
    }


def machine(
    scope: Construct, config: Config, lead: lam.Function, shard: lam.Function, keys: str
) -> sfn.CfnStateMachine:
    """Make the state machine and its role; `keys` is the ARN pattern of the shards' objects."""
    environment = config.environment
    name = names.own(environment.name)
    role, policy = _role(scope, environment, (lead.function_arn, shard.function_arn), keys)
    functions = Functions(
        lead=lead.function_arn,
        shard=shard.function_arn,
        timeout_s=waves.function_s(environment),
        limit_s=waves.limit_s(config),
        busy_tries=waves.busy_tries(environment),
    )
    made = sfn.CfnStateMachine(
        scope,
        "Spread",
        state_machine_name=name,
        state_machine_type="STANDARD",
        role_arn=role.role_arn,
        definition_string=cdk.Stack.of(scope).to_json_string(definition(functions)),
    )
    made.node.add_dependency(policy)
    return made


def _role(
    scope: Construct, environment: Environment, functions: tuple[str, str], keys: str
) -> tuple[iam.Role, iam.Policy]:
    """Make the machine's role, which its child executions use, too.

    AWS, "IAM policies for using Distributed Map states": "Step Functions needs appropriate
    permissions to allow the state machine role to invoke the StartExecution API action for the
    Distributed Map state." The policy that it calls the least allows states:StartExecution on the
    machine itself and states:DescribeExecution and states:StopExecution on `execution:NAME:*`;
    executions of the labelled map are `execution:NAME/LABEL:*`. AWS's pages do not say which
    source a child execution names when it takes the role on; StartExecution's page gives the ARN of
    a Map state with a label as stateMachine:NAME/LABEL. Both are of this machine alone.
    https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
    """
    name = names.own(environment.name)
    arn = environment.arn("states", f"stateMachine:{name}")
    source = {
        "StringEquals": {"aws:SourceAccount": environment.account},
        "ArnLike": {"aws:SourceArn": [arn, f"{arn}/{LABEL}"]},
    }
    states = iam.ServicePrincipal("states.amazonaws.com", conditions=source)
    role = iam.Role(scope, "SpreadRole", assumed_by=states)
    policy = iam.Policy(scope, "SpreadPermissions", roles=[role])
    children = [
        environment.arn("states", f"execution:{name}{end}") for end in (":*", f"/{LABEL}:*")
    ]
    for sid, actions, resources in (
        ("Invoke", ["lambda:InvokeFunction"], list(functions)),
        ("Shards", ["s3:GetObject"], [keys]),
        ("StartChildren", ["states:StartExecution"], [arn]),
        ("WatchChildren", ["states:DescribeExecution", "states:StopExecution"], children),
    ):
        policy.add_statements(iam.PolicyStatement(sid=sid, actions=actions, resources=resources))
    accept_stars(policy)
    return role, policy
