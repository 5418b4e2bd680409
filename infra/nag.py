"""cdk-nag's AwsSolutions rules, and a reason for each accepted finding."""

from __future__ import annotations

import re

import aws_cdk as cdk
import cdk_nag
from aws_cdk import aws_iam as iam
from constructs import Construct, IConstruct

PACK = "AwsSolutions::AwsSolutions"
LATEST = "Lambda supports Python 3.13 as long as 3.14, until June 2029, and CI tests with it"
KEYLESS = "profile lean pays for no key, and CloudWatch cannot publish with AWS's own key"
ACCEPTED = {
    "Reports": {"S1": "reports contain no user data, and access logs would need a further bucket"},
    "Page": {"SNS2": KEYLESS},
    "Ticket": {"SNS2": KEYLESS},
    "LostRuns": {"SQS3": "it is the dead-letter queue of the schedule and of the function"},
    "Function": {"L1": LATEST},
    "ShardFunction": {"L1": LATEST},
    "FollowFunction": {"L1": LATEST},
    "Spread": {
        "SF1": "the functions log each shard; the machine's history is kept by AWS for 90 days",
        "SF2": "tracing is the environment's choice, and the report's waterfall shows the run",
    },
}
STAR = {
    r"\*": "these actions have no resource: elasticloadbalancing, ec2 and servicediscovery reads, "
    "ecs task definitions (ListTasks is bound to the cluster by a condition), cloudwatch reads, "
    "ssm:DescribeParameters, cloudtrail:LookupEvents, the events of rds and elasticache, "
    "application-autoscaling reads, and the network interfaces that Lambda itself makes",
    r".*:certificate/.*": "which certificates the listeners carry is known at run time only",
    r".*:service/.*": "every service of this one cluster",
    r".*:service-(deployment|revision)/.*": "those of this one cluster; ECS makes their ids",
    r".*:task/.*": "every task of this one cluster; task ids are made at run time",
    r".*:log-group:.*": "every stream of this one log group",
    r".*:rds:.*:(db|cluster):\*": "which database is whose is known at run time only, by its "
    "endpoint; it is described, and never its content",
    r".*:wafv2:.*:regional/webacl/\*/\*": "which web ACL a load balancer has is known at run time "
    "only; its sampled requests are read",
    r"arn:aws:route53:::(hostedzone|healthcheck)/\*": "which zone holds a host is known at run "
    "time only; its records of that name are read, and nothing is changed",
    r".*:regional/webacl/\*/\*": "which web ACL stands before them is known at run time only",
    r".*:loadbalancer/app/\*/\*": "the load balancers are named, and their ids are AWS's",
    r".*:elasticache:.*:(replicationgroup|cluster):\*": "the same of caches",
    r".*:secret:\*": "DescribeSecret alone, never a value: which secrets the task definitions name "
    "is known at run time only",
    r".*:role/\*": "the policies of the roles that start tasks are read, and nothing else: which "
    "roles the task definitions name is known at run time only",
    r".*:prefix-list/\*": "the entries of the lists that the platform's groups and routes name, "
    "AWS's own among them, and nothing else: which they are is known at run time only",
    r".*-\?\?\?\?\?\?": "a secret's ARN ends in six random characters",
    r"<.*\.Arn>/.*": "reports are named by run, under this one prefix",
    r"arn:aws:s3:::[^*]+/\*": "reports are named by run, under this one prefix",
    r".*:execution:.*": "executions of this one state machine; their ids are made at run time",
}


def add_rules(app: cdk.App) -> None:
    """Let cdk-nag check every stack; a finding without a reason fails the synthesis."""
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(verbose=True))


def accept(scope: Construct) -> None:
    """Acknowledge the accepted findings of the constructs in the stack."""
    for name, findings in ACCEPTED.items():
        construct = scope.node.try_find_child(name)
        if construct:
            for rule, reason in findings.items():
                _acknowledge(construct, f"{PACK}-{rule}", reason)


def accept_stars(policy: iam.Policy) -> None:
    """Acknowledge each resource with a star that has a reason in STAR."""
    stack = cdk.Stack.of(policy)
    document = stack.resolve(policy.document.to_json())
    for statement in document["Statement"]:
        resources = statement["Resource"]
        for resource in resources if isinstance(resources, list) else [resources]:
            text = _flat(resource)
            reason = next((r for p, r in STAR.items() if re.fullmatch(p, text)), None)
            if reason and ("*" in text or "?" in text):
                _acknowledge(policy, f"{PACK}-IAM5[Resource::{text}]", reason)


def _flat(resource: object) -> str:
    """Return a resource as cdk-nag writes it: "<LogicalId.Arn>/prefix/*"."""
    if isinstance(resource, str):
        return resource
    if isinstance(resource, dict) and "Fn::GetAtt" in resource:
        return "<{}.{}>".format(*resource["Fn::GetAtt"])
    if isinstance(resource, dict) and "Fn::Join" in resource:
        return "".join(_flat(part) for part in resource["Fn::Join"][1])
    return str(resource)


def _acknowledge(construct: IConstruct, finding: str, reason: str) -> None:
    cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=finding, reason=reason))
