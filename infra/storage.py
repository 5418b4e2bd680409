"""The report bucket, and the queue for events of failed invocations."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from canary.model import Environment

STATE_DAYS = 7
"""Days that a state outlives the last run which named it."""


def report_bucket(scope: Construct, environment: Environment) -> s3.IBucket:
    """Make the bucket for reports: private, TLS only, encrypted, versioned, kept on deletion.

    If the environment names a `store`, its existing bucket is used without changes.
    """
    if environment.store:
        return s3.Bucket.from_bucket_name(scope, "Reports", environment.report_bucket)
    days = environment.deployment.report_days
    return s3.Bucket(
        scope,
        "Reports",
        bucket_name=environment.report_bucket,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        versioned=True,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        removal_policy=cdk.RemovalPolicy.RETAIN,
        lifecycle_rules=_lifecycle(environment.report_prefix, days),
    )


def _lifecycle(prefix: str, report_days: int) -> list[s3.LifecycleRule]:
    """Return the lifecycle rules of the bucket's folders."""
    kept_days = {
        "runs": report_days,
        # a run writes each state that it names once a day: no report outlives its state
        "state": report_days + STATE_DAYS,
        "spread": 2,  # intermediate results of a sharded run
        "claims": 7,  # leases on messages, which mean nothing after a day
    }
    return [
        *(
            s3.LifecycleRule(
                id=folder, prefix=f"{prefix}/{folder}/", expiration=cdk.Duration.days(days)
            )
            for folder, days in kept_days.items()
        ),
        # each run overwrites `latest`, and each write leaves an old version
        s3.LifecycleRule(
            id="old-versions",
            noncurrent_version_expiration=cdk.Duration.days(7),
            abort_incomplete_multipart_upload_after=cdk.Duration.days(1),
        ),
    ]


def lost_runs(scope: Construct, name: str) -> sqs.Queue:
    """Make the queue for invocations that never ran."""
    return sqs.Queue(
        scope,
        "LostRuns",
        queue_name=name,
        enforce_ssl=True,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        retention_period=cdk.Duration.days(14),
    )
