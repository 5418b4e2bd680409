"""Permissions that a service checks on behalf of a request's sender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.iam.policy import Decision, decide
from emulator.settings import ACCOUNT, REGION

_KEY_ACTIONS = ("kms:GenerateDataKey", "kms:Decrypt")
_SECURE = {"aws:SecureTransport": "true"}


def hidden(
    documents: Sequence[Mapping[str, Any]], action: str, bucket: str | None, key: str | None
) -> bool:
    """Return whether S3 answers 403 for an object that is not there.

    To learn that it is missing is to list the bucket (API reference, GetObject: "if you don't have
    the s3:ListBucket permission, Amazon S3 returns 403"); such a question names no prefix.
    """
    from moto.s3.models import s3_backends

    if action != "s3:GetObject" or not bucket or not key:
        return False
    backend = s3_backends[ACCOUNT]["aws"]
    if bucket not in backend.buckets or backend.get_object(bucket, key) is not None:
        return False
    arn = f"arn:aws:s3:::{bucket}"
    return decide(documents, "s3:ListBucket", [arn], _SECURE) is not Decision.ALLOWED


def refused_key(documents: Sequence[Mapping[str, Any]], action: str, topic_arn: str) -> str:
    """Return the key action that the sender lacks for an encrypted topic, or nothing.

    SNS uses the topic's key as the publisher (SNS developer guide, key management).
    """
    from moto.sns.models import sns_backends

    topic = sns_backends[ACCOUNT][REGION].topics.get(topic_arn)
    key = str(getattr(topic, "kms_master_key_id", "") or "")
    if action != "sns:Publish" or not key:
        return ""
    arn = key if key.startswith("arn:") else f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}"
    denied = (a for a in _KEY_ACTIONS if decide(documents, a, [arn], {}) is not Decision.ALLOWED)
    return next(denied, "")
