"""Bring the platform's buckets back; what is stored in them stays."""

from __future__ import annotations

import contextlib

from botocore.exceptions import ClientError

from sandbox import names
from sandbox.aws.endpoint import Endpoint


def restore(aws: Endpoint) -> None:
    """Make deleted buckets anew and take what anyone laid on the artifact bucket off it."""
    s3 = aws.client("s3")
    present = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    for bucket in (names.ARTIFACT_BUCKET, names.REPORT_BUCKET):
        if bucket not in present:
            s3.create_bucket(Bucket=bucket)
    for remove in (s3.delete_bucket_policy, s3.delete_bucket_lifecycle):
        with contextlib.suppress(ClientError):  # there is none
            remove(Bucket=names.ARTIFACT_BUCKET)
