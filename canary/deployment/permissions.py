"""The policy of the function's role, for the deployment and for `permissions`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import msgspec

from canary import observe
from canary.config.references import principals
from canary.model import Config, Environment, Frozen, Profile, names
from canary.observe.calls import Permission

Condition = dict[str, dict[str, str]]
"""operator -> key -> value, as IAM writes it"""

# Lambda itself makes the network interfaces, with the function's role; these actions have no
# resource (AWS: "Giving Lambda functions access to resources in a VPC"). Calls of the function's
# code, unlike Lambda's own, have the function's ARN, so the policy can deny them to the code.
INTERFACES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)


# Lambda takes messages with the function's role (AWS: "Using Lambda with Amazon SQS").
TAKE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


class Statement(Frozen, frozen=True, kw_only=True):
    """One statement of the policy."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Condition = msgspec.field(default_factory=dict)
    effect: str = "Allow"


class StackArns(Frozen, frozen=True, kw_only=True):
    """ARNs of resources that the stack itself makes."""

    bucket: str
    topics: tuple[str, str]  # of tickets, and of pages: the function names the cause of what rang
    topic_key: str  # "": the topics have none
    bus: str
    lost_runs: str
    changes: tuple[str, ...] = ()  # the queues of changes that are followed


class Row(Frozen, frozen=True, kw_only=True):
    """One action on one resource, as `python -m canary permissions` prints it."""

    effect: str
    action: str
    resource: str
    condition: Condition


def has_topic_key(profile: Profile) -> bool:
    """Return whether the topics have a key of their own: a dollar a month."""
    return profile is not Profile.LEAN


def stack_arns(environment: Environment) -> StackArns:
    """Return the ARNs by the resources' names; the key's id is known only after a deployment."""
    name = environment.name
    return StackArns(
        bucket=f"arn:aws:s3:::{environment.report_bucket}",
        topics=(
            environment.arn("sns", names.own(name, "ticket-topic")),
            environment.arn("sns", names.own(name, "page-topic")),
        ),
        topic_key=environment.arn("kms", "key/KEY_OF_THE_TOPICS")
        if has_topic_key(environment.profile)
        else "",
        bus=environment.arn("events", f"event-bus/{names.own(name)}"),
        lost_runs=environment.arn("sqs", names.own(name, "lost")),
        changes=tuple(
            environment.arn("sqs", names.own(name, part))
            for part in (names.CHANGES, names.CHANGES_AGAIN)
        )
        if environment.follows
        else (),
    )


def statements(config: Config, arns: StackArns) -> Iterator[Statement]:
    """Yield every statement of the role's policy."""
    environment = config.environment
    yield from _readers(environment)
    if secrets := secret_names(config):
        yield Statement(
            sid="Principals",
            actions=("secretsmanager:GetSecretValue",),
            resources=tuple(_secret_arn(environment, name) for name in secrets),
        )
    if channels := sorted({c.secret for c in environment.notify.channels}):
        yield Statement(
            sid="Channels",
            actions=("secretsmanager:GetSecretValue",),
            resources=tuple(_secret_arn(environment, name) for name in channels),
        )
    log_streams = environment.arn("logs", f"log-group:{names.log_group(environment.name)}:*")
    yield _allow("Log", ("logs:CreateLogStream", "logs:PutLogEvents"), log_streams)
    if environment.report_store.startswith("s3://"):
        yield from _store(environment, arns.bucket)
    yield Statement(sid="Tell", actions=("sns:Publish",), resources=arns.topics)
    if arns.topic_key:
        yield _allow("TellEncrypted", ("kms:Decrypt", "kms:GenerateDataKey"), arns.topic_key)
    yield _allow("Events", ("events:PutEvents",), arns.bus)
    yield _allow("Lost", ("sqs:SendMessage",), arns.lost_runs)
    if arns.changes:
        yield Statement(sid="Changes", actions=TAKE, resources=arns.changes)
    yield _allow("Interfaces", INTERFACES, "*")
    yield _no_interfaces(environment)
    if environment.deployment.tracing:  # these actions have no resource
        yield _allow("Trace", ("xray:PutTraceSegments", "xray:PutTelemetryRecords"), "*")


def rows(config: Config) -> list[Row]:
    """Return the policy as one row for each action and resource."""
    return [
        Row(effect=s.effect, action=action, resource=resource, condition=s.condition)
        for s in statements(config, stack_arns(config.environment))
        for resource in s.resources
        for action in s.actions
    ]


def secret_names(config: Config) -> list[str]:
    """Return the secrets of the principals that the environment's checks use, and no others.

    The administrator's token is among them only where the key lifecycle is enabled.
    """
    used = {name for check in config.checks for name in principals(check.spec)}
    return sorted({s for name in used if (s := config.environment.secret_of(name))})


def _allow(sid: str, actions: tuple[str, ...], resource: str) -> Statement:
    return Statement(sid=sid, actions=actions, resources=(resource,))


def _readers(environment: Environment) -> Iterator[Statement]:
    """Yield the readers' permissions: one statement for each resource and condition."""
    groups: dict[str, list[Permission]] = {}
    for permission in observe.statements(environment):
        key = json.dumps([permission.resource, permission.condition], sort_keys=True)
        groups.setdefault(key, []).append(permission)
    for key, group in sorted(groups.items()):
        yield Statement(
            # from the content, so that a new reader leaves the other statements as they are
            sid="Read" + hashlib.sha256(key.encode()).hexdigest()[:8],
            actions=tuple(sorted({p.action for p in group})),
            resources=(group[0].resource,),
            condition=_condition(environment, group[0]),
        )


def _condition(environment: Environment, permission: Permission) -> Condition:
    """Return the reader's own condition; an action without resource is bound to its region."""
    if permission.resource == "*" and not permission.condition:
        return {"StringEquals": {"aws:RequestedRegion": environment.region}}
    return permission.condition


def _secret_arn(environment: Environment, name: str) -> str:
    if name.startswith("arn:"):
        return name
    # a secret's ARN ends in six random characters
    return environment.arn("secretsmanager", f"secret:{name}-??????")


def _store(environment: Environment, bucket: str) -> Iterator[Statement]:
    objects = f"{environment.report_prefix}/*"
    yield _allow("Reports", ("s3:GetObject", "s3:PutObject"), f"{bucket}/{objects}")
    # without it S3 answers 403 for a missing report, as for a denied one
    yield Statement(
        sid="ReportList",
        actions=("s3:ListBucket",),
        resources=(bucket,),
        # S3 also needs this right to answer GetObject, which has no prefix
        condition={"StringLikeIfExists": {"s3:prefix": objects}},
    )


def _no_interfaces(environment: Environment) -> Statement:
    function = environment.arn("lambda", f"function:{names.own(environment.name)}*")
    return Statement(
        sid="NoInterfaces",
        effect="Deny",
        actions=tuple(a for a in INTERFACES if ":Describe" not in a),
        resources=("*",),
        condition={"ArnLike": {"lambda:SourceFunctionArn": function}},
    )
