"""Read the IAM action and the resources of an S3 request."""

from __future__ import annotations

import re
from html import unescape

# API operations whose IAM action has another name (Service Authorization Reference, Amazon S3)
_ACTIONS = {
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "DeleteObjects": "DeleteObject",
    "UploadPart": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "CompleteMultipartUpload": "PutObject",
}


def s3_asked(
    operation: str, bucket: str | None, key: str | None, body: str | bytes = b""
) -> tuple[str, list[str]]:
    """Return the IAM action and ARNs of an operation; a batch of deletions has one ARN a key."""
    action = "s3:" + _ACTIONS.get(operation, operation)
    if not bucket:
        return action, ["*"]
    arn = f"arn:aws:s3:::{bucket}"
    # moto calls a batch DeleteObject, on the bucket
    if operation in ("DeleteObjects", "DeleteObject") and not key:
        text = body.decode() if isinstance(body, bytes) else body
        return action, [f"{arn}/{unescape(k)}" for k in re.findall("<Key>(.*?)</Key>", text)] or [
            f"{arn}/*"
        ]
    return action, [f"{arn}/{key}" if key else arn]
