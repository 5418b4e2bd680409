"""The page topic and the ticket topic, with a key that CloudWatch may use."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from canary.deployment.permissions import has_topic_key
from canary.model import Environment, names


@dataclass(frozen=True, kw_only=True)
class Topics:
    """The topics and their key."""

    key: kms.Key | None  # None: the profile lean pays for none
    page: sns.Topic
    ticket: sns.Topic


def topics(scope: Construct, environment: Environment) -> Topics:
    """Make both topics and their subscriptions."""
    key = _key(scope, environment) if has_topic_key(environment.profile) else None
    page = _topic(scope, "Page", names.own(environment.name, "page-topic"), key, environment)
    ticket = _topic(scope, "Ticket", names.own(environment.name, "ticket-topic"), key, environment)
    woken = environment.notify.page or ()
    for target in woken:
        _subscribe(page, target, alarm=_only(environment, target))
    for target in environment.notify.ticket:
        _subscribe(ticket, target)
    for target, owners in _owners_of(environment).items():
        _subscribe(ticket, target, owners)
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
    scope: Construct, name: str, topic_name: str, key: kms.Key | None, environment: Environment
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


def _owners_of(environment: Environment) -> dict[str, tuple[str, ...]]:
    """Return for whom each recipient hears: SNS takes it once, whatever number of teams it has."""
    found: dict[str, tuple[str, ...]] = {}
    for owner, targets in environment.notify.owners.items():
        for target in targets:
            found[target] = (*found.get(target, ()), owner)
    return found


def _only(environment: Environment, target: str) -> str:
    """Return the one alarm that a subscriber of the page gets, "" for everything.

    A pager that is a channel, too, has the platform's incidents from there; a dead canary posts
    nothing, so that its heartbeat is what is left.
    """
    told = environment.notify.has_channel(target)
    return names.alarm(environment.name, "heartbeat") if told else ""


def _subscribe(
    topic: sns.Topic, target: str, owners: tuple[str, ...] = (), alarm: str = ""
) -> None:
    """Subscribe a target; with owners it gets the messages with one of them and no alarm.

    With `alarm` it gets that alarm alone: CloudWatch's notification is a JSON object, by whose
    fields a subscription may filter
    (https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering-scope.html).
    """
    protocol, _, endpoint = target.partition(":")
    if protocol in ("http", "https"):
        endpoint = target
    # the id comes from the target: removing one must not make the others confirm again, and a
    # second owner changes the filter in its place
    first = owners[0] if owners else ""
    sns.CfnSubscription(
        topic,
        "Subscription" + hashlib.sha256(f"{first} {target}".strip().encode()).hexdigest()[:8],
        topic_arn=topic.topic_arn,
        protocol=protocol,
        endpoint=endpoint,
        filter_policy={"owner": [*owners]} if owners else {"AlarmName": [alarm]} if alarm else None,
        filter_policy_scope="MessageBody" if alarm else None,
    )
