"""Check whether CloudWatch may publish to a topic, by the topic's and its key's policy."""

from __future__ import annotations

import json
from typing import Any

from emulator.iam.policy import applies
from emulator.settings import ACCOUNT

_SERVICE = "cloudwatch.amazonaws.com"
_KEY_DENIED = (
    "CloudWatch Alarms does not have authorization to access the SNS topic encryption key."
)


def refusal(topic_arn: str, alarm_arn: str, region: str) -> str:
    """Return the failure's text for the alarm's history, or nothing if publishing is allowed."""
    from moto.sns.models import sns_backends

    topic = sns_backends[ACCOUNT][region].topics.get(topic_arn)
    if topic is None:
        return "Topic does not exist"
    context = {
        "aws:sourcearn": alarm_arn,
        "aws:sourceaccount": ACCOUNT,
        "aws:sourceowner": ACCOUNT,
        "aws:securetransport": "true",
    }
    if not _allowed(json.loads(topic.policy), "sns:Publish", topic_arn, context):
        return (
            f"Resource: {alarm_arn} is not authorized to perform: SNS:Publish "
            f"on resource: {topic_arn}"
        )
    return _key_refusal(str(topic.kms_master_key_id or ""), region, context)


def _key_refusal(key: str, region: str, context: dict[str, str]) -> str:
    if not key:
        return ""
    from moto.kms.models import kms_backends

    backend = kms_backends[ACCOUNT][region]
    try:
        found = backend.describe_key(backend.any_id_to_key_id(key))
    except Exception:  # moto's error for a key that is absent; alias/aws/sns is AWS's own
        return _KEY_DENIED
    policy = json.loads(found.policy) if isinstance(found.policy, str) else found.policy
    needed = ("kms:Decrypt", "kms:GenerateDataKey")
    allowed = all(_allowed(policy, action, found.arn, context) for action in needed)
    return "" if allowed else _KEY_DENIED


def _allowed(policy: dict[str, Any], action: str, resource: str, context: dict[str, str]) -> bool:
    statements = policy.get("Statement", [])
    speaking = [
        statement
        for statement in (statements if isinstance(statements, list) else [statements])
        if _names_cloudwatch(statement) and applies(statement, action, resource, context)
    ]
    effects = {statement["Effect"] for statement in speaking}
    return "Allow" in effects and "Deny" not in effects


def _names_cloudwatch(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal", {})
    if principal == "*":
        return True
    services = principal.get("Service", [])
    listed = services if isinstance(services, list) else [services]
    return _SERVICE in listed or principal.get("AWS") in ("*", ["*"])
