"""The queues and rules by which a change of the platform starts a run.

Why queues, and two of them: docs/decisions/0017.
"""

from __future__ import annotations

from collections.abc import Iterator

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from canary.deployment.waves import function_s
from canary.following.announced import ACTION, CALL, DEPLOYMENT, OF_CALLS, OF_ECS
from canary.following.choice import AGAIN_S, STALE_S
from canary.model import Environment, names

BATCH = 1_000
GATHER_S = 5
"""Seconds in which events are put together: a deployment announces itself by several."""
TRIES = 3
VISIBLE_TIMES = 6  # Lambda guide, "Using Lambda with Amazon SQS": six times the time-out


def queues(scope: Construct, environment: Environment, lost: sqs.IQueue) -> tuple[sqs.Queue, ...]:
    """Make the queue of changes, and the one that holds each back for two minutes."""
    return tuple(
        sqs.Queue(
            scope,
            name,
            queue_name=names.own(environment.name, suffix),
            delivery_delay=cdk.Duration.seconds(delay_s),
            visibility_timeout=cdk.Duration.seconds(VISIBLE_TIMES * function_s(environment)),
            # an older change is followed no more, so nothing is lost with its message
            retention_period=cdk.Duration.seconds(2 * STALE_S),
            dead_letter_queue=sqs.DeadLetterQueue(queue=lost, max_receive_count=TRIES),
            enforce_ssl=True,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
        )
        for name, suffix, delay_s in (
            ("Changes", names.CHANGES, 0),
            ("ChangesAgain", names.CHANGES_AGAIN, AGAIN_S),
        )
    )


def follow(
    scope: Construct,
    environment: Environment,
    made: tuple[sqs.Queue, ...],
    function: lam.Function,
    policy: iam.Policy,
) -> None:
    """Send changes to the queues, and let the function take them from there."""
    rules = [_rule(scope, environment, name, one, made) for name, one in _patterns(environment)]
    for queue in made:
        queue.add_to_resource_policy(
            iam.PolicyStatement(
                sid="ChangesMayArrive",
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[queue.queue_arn],
                conditions={"ArnEquals": {"aws:SourceArn": [rule.attr_arn for rule in rules]}},
            )
        )
        source = lam.CfnEventSourceMapping(
            scope,
            f"Take{queue.node.id}",
            function_name=function.function_name,
            event_source_arn=queue.queue_arn,
            batch_size=BATCH,
            maximum_batching_window_in_seconds=GATHER_S,
        )
        source.node.add_dependency(policy)
    function.node.add_dependency(policy)


def _patterns(environment: Environment) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield the patterns; which objects are the environment's, the function looks at itself."""
    services = environment.arn("ecs", f"service/{environment.cluster}/")
    yield (
        "rollouts",
        {
            "source": ["aws.ecs"],
            "detail-type": [DEPLOYMENT, ACTION],
            # a deployment's event names no cluster, but its service
            "resources": [{"prefix": services}],
            "detail": {"eventName": list(OF_ECS)},
        },
    )
    yield (
        "calls",
        {
            "source": list(OF_CALLS),
            "detail-type": [CALL],
            "detail": {
                "eventName": sorted(name for some in OF_CALLS.values() for name in some),
                "errorCode": [{"exists": False}],
            },
        },
    )


def _rule(
    scope: Construct,
    environment: Environment,
    name: str,
    pattern: dict[str, object],
    made: tuple[sqs.Queue, ...],
) -> events.CfnRule:
    return events.CfnRule(
        scope,
        f"Follow{name.title()}",
        name=names.own(environment.name, name),
        description=f"Changes of {environment.name} that the canary follows",
        event_pattern=pattern,
        targets=[
            events.CfnRule.TargetProperty(arn=queue.queue_arn, id=queue.node.id) for queue in made
        ],
    )
