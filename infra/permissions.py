"""What the function may do: the readers' own lists, and the names of its environment."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from aws_cdk import aws_iam as iam

from canary.deployment.permissions import secret_names
from canary.model import Config, Environment
from canary.observe import Permission
from canary.observe import statements as reader_statements
from infra.function import function_name


@dataclass(frozen=True, kw_only=True)
class Resources:
    """ARNs of what the stack itself makes."""

    log_streams_arn: str
    bucket_arn: str
    prefix: str
    topic_arns: tuple[str, ...]
    topic_key_arn: str
    bus_arn: str
    lost_arn: str


# Lambda makes the network interfaces itself, outside the function and with the function's role;
# these calls know no resource (AWS: "Giving Lambda functions access to resources in a VPC"). Only
# what the function's code calls carries its ARN, so the code itself is refused what it never needs.
INTERFACES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)


def statements(config: Config, made: Resources) -> list[iam.PolicyStatement]:
    """Return every statement of the function's role."""
    environment = config.environment
    found = [*_reading(environment), *_secrets(config), *_own(made)]
    found += [_interfaces(), _no_interfaces(environment)]
    if environment.deployment.tracing:
        found.append(
            iam.PolicyStatement(
                sid="Trace",
                actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
                resources=["*"],  # X-Ray knows no resource for these
            )
        )
    return found


def _reading(environment: Environment) -> list[iam.PolicyStatement]:
    """Group the readers' permissions by resource and condition: one statement for each group."""
    groups: dict[str, list[Permission]] = {}
    for permission in reader_statements(environment):
        key = json.dumps([permission.resource, permission.condition], sort_keys=True)
        groups.setdefault(key, []).append(permission)
    return [
        iam.PolicyStatement(
            # from the content, so that a new reader leaves the other statements as they are
            sid="Read" + hashlib.sha256(key.encode()).hexdigest()[:8],
            actions=sorted({p.action for p in group}),
            resources=[group[0].resource],
            conditions=_conditions(environment, group[0]),
        )
        for key, group in sorted(groups.items())
    ]


def _conditions(environment: Environment, permission: Permission) -> dict[str, dict[str, str]]:
    """Return the reader's own conditions; what knows no resource is bound to its region."""
    found = {operator: dict(keys) for operator, keys in permission.condition.items()}
    if permission.resource == "*" and not found:
        found = {"StringEquals": {"aws:RequestedRegion": environment.region}}
    return found


def _secrets(config: Config) -> list[iam.PolicyStatement]:
    names = secret_names(config)
    if not names:
        return []
    return [
        iam.PolicyStatement(
            sid="Principals",
            actions=["secretsmanager:GetSecretValue"],
            resources=[_secret_arn(config.environment, name) for name in names],
        )
    ]


def _secret_arn(environment: Environment, name: str) -> str:
    if name.startswith("arn:"):
        return name
    # a secret's ARN ends in six characters that nobody knows beforehand
    return f"arn:aws:secretsmanager:{environment.region}:{environment.account}:secret:{name}-??????"


def _own(made: Resources) -> list[iam.PolicyStatement]:
    keys = f"{made.bucket_arn}/{made.prefix}/*"
    return [
        iam.PolicyStatement(
            sid="Log",
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[made.log_streams_arn],
        ),
        iam.PolicyStatement(
            sid="Reports", actions=["s3:GetObject", "s3:PutObject"], resources=[keys]
        ),
        # without it a missing report answers 403, which cannot be told from a denied one
        iam.PolicyStatement(
            sid="ReportList",
            actions=["s3:ListBucket"],
            resources=[made.bucket_arn],
            # S3 asks for this right when it answers GetObject, which names no prefix
            conditions={"StringLikeIfExists": {"s3:prefix": f"{made.prefix}/*"}},
        ),
        iam.PolicyStatement(sid="Tell", actions=["sns:Publish"], resources=list(made.topic_arns)),
        iam.PolicyStatement(
            sid="TellEncrypted",
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=[made.topic_key_arn],
        ),
        iam.PolicyStatement(sid="Events", actions=["events:PutEvents"], resources=[made.bus_arn]),
        iam.PolicyStatement(sid="Lost", actions=["sqs:SendMessage"], resources=[made.lost_arn]),
    ]


def _interfaces() -> iam.PolicyStatement:
    return iam.PolicyStatement(sid="Interfaces", actions=list(INTERFACES), resources=["*"])


def _no_interfaces(environment: Environment) -> iam.PolicyStatement:
    changing = [action for action in INTERFACES if ":Describe" not in action]
    place = f"{environment.region}:{environment.account}"
    function = f"arn:aws:lambda:{place}:function:{function_name(environment)}*"
    return iam.PolicyStatement(
        sid="NoInterfaces",
        effect=iam.Effect.DENY,
        actions=changing,
        resources=["*"],
        conditions={"ArnLike": {"lambda:SourceFunctionArn": function}},
    )
