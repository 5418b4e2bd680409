"""The page topic and the ticket topic, with a key that CloudWatch may use."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from canary.model import Environment, names


@dataclass(frozen=True, kw_only=True)
class Topics:
    """The topics and their key."""

    key: kms.Key
    page: sns.Topic
    ticket: sns.Topic


def topics(scope: Construct, environment: Environment) -> Topics:
    """Make both topics and their subscriptions."""
    key = _key(scope, environment)
    page = _topic(scope, "Page", names.own(environment.name, "page-topic"), key, environment)
    ticket = _topic(scope, "Ticket", names.own(environment.name, "ticket-topic"), key, environment)
    for topic, targets in ((page, environment.notify.page), (ticket, environment.notify.ticket)):
        for target in targets:
            _subscribe(topic, target)
    return Topics(key=key, page=page, ticket=ticket)


def _key(scope: Construct, environment: Environment) -> kms.Key:
    key = kms.Key(
        scope,
        "TopicKey",
        description=f"Messages of the canary of {environment.name}",
        enable_key_rotation=True,
        # it encrypts nothing that outlives the stack; KMS deletes it after its waiting period
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    # alias/aws/sns cannot be used: its policy cannot be changed, so alarms could not publish
    # (AWS re:Post, "CloudWatch alarm does not trigger SNS topic")
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AlarmsMayEncrypt",
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["kms:Decrypt", "kms:GenerateDataKey*"],
            resources=["*"],
            conditions={"StringEquals": {"aws:SourceAccount": environment.account}},
        )
    )
    return key


def _topic(
    scope: Construct, name: str, topic_name: str, key: kms.Key, environment: Environment
) -> sns.Topic:
    topic = sns.Topic(scope, name, topic_name=topic_name, master_key=key, enforce_ssl=True)
    # enforce_ssl writes a policy that only denies and replaces the owner's default Allow: without
    # this statement every alarm action would be refused
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AlarmsMayPublish",
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"ArnLike": {"aws:SourceArn": environment.arn("cloudwatch", "alarm:*")}},
        )
    )
    return topic


def _subscribe(topic: sns.Topic, target: str) -> None:
    protocol, _, endpoint = target.partition(":")
    if protocol in ("http", "https"):
        endpoint = target
    # the id comes from the target: removing one must not make the others confirm again
    sns.CfnSubscription(
        topic,
        "Subscription" + hashlib.sha256(target.encode()).hexdigest()[:8],
        topic_arn=topic.topic_arn,
        protocol=protocol,
        endpoint=endpoint,
    )
