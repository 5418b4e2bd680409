"""Leave of the AWS SDK in the zip only what the function calls (docs/decisions/0020).

The whole of botocore describes 400 services with their documentation, 23 MB. Kept are the
descriptions of the operations below, with the shapes that they use and without words for readers.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

OPERATIONS: dict[str, tuple[str, ...]] = {
    "acm": ("DescribeCertificate", "ListCertificates"),
    "application-autoscaling": ("DescribeScalableTargets", "DescribeScalingActivities"),
    "cloudtrail": ("LookupEvents",),
    "cloudwatch": ("GetMetricData",),
    "ec2": (
        "DescribeInternetGateways", "DescribeNatGateways", "DescribeNetworkAcls",
        "DescribeRouteTables", "DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcEndpoints",
        "GetManagedPrefixListEntries",
    ),
    "ecs": (
        "DescribeServiceDeployments", "DescribeServiceRevisions", "DescribeServices",
        "DescribeTaskDefinition", "DescribeTasks", "ListServiceDeployments", "ListTaskDefinitions",
        "ListTasks",
    ),
    "elasticache": ("DescribeCacheClusters", "DescribeEvents", "DescribeReplicationGroups"),
    "elbv2": (
        "DescribeListenerAttributes", "DescribeListenerCertificates", "DescribeListeners",
        "DescribeLoadBalancerAttributes", "DescribeLoadBalancers", "DescribeRules", "DescribeTags",
        "DescribeTargetGroupAttributes", "DescribeTargetGroups", "DescribeTargetHealth",
    ),
    "events": ("PutEvents",),
    "iam": ("GetRolePolicy", "ListAttachedRolePolicies", "ListRolePolicies"),
    "logs": ("DescribeLogGroups", "FilterLogEvents", "GetLogEvents"),
    "rds": ("DescribeDBClusters", "DescribeDBInstances", "DescribeEvents"),
    "route53": ("GetHealthCheckStatus", "ListHostedZonesByName", "ListResourceRecordSets"),
    # HeadBucket: botocore asks it for the region of a bucket that is elsewhere
    "s3": ("GetObject", "HeadBucket", "HeadObject", "ListObjectsV2", "PutObject"),
    "secretsmanager": ("DescribeSecret", "GetSecretValue"),
    "servicediscovery": ("ListInstances", "ListNamespaces", "ListServices"),
    "sns": ("Publish",),
    "ssm": ("DescribeParameters",),
    "wafv2": ("GetSampledRequests", "GetWebACL", "GetWebACLForResource"),
}  # fmt: skip
"""The operations that the function calls, by the client's name."""
NEVER_READ = (
    "botocore/cacert.pem",  # certifi has the same, and botocore asks it first
    "dateutil/zoneinfo",  # time zones for systems without their own
)
UNREAD_FILES = ("examples-1.json*", "waiters-2.json*")
MODEL = "service-2.json.gz"


def trim(folder: Path) -> None:
    """Remove from a folder of packages what the function never reads of the SDK."""
    for name in NEVER_READ:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    data = folder / "botocore" / "data"
    for service in [path for path in data.iterdir() if path.is_dir()]:
        if service.name not in OPERATIONS:
            shutil.rmtree(service)
            continue
        *older, newest = sorted(path for path in service.iterdir() if path.is_dir())
        for version in older:
            shutil.rmtree(version)
        for path in [p for pattern in UNREAD_FILES for p in newest.glob(pattern)]:
            path.unlink()
        _trim_model(newest / MODEL, OPERATIONS[service.name])


def _trim_model(path: Path, operations: Iterable[str]) -> None:
    model = json.loads(gzip.decompress(path.read_bytes()))
    model["operations"] = {name: model["operations"][name] for name in operations}
    used = set(_used(model))
    model["shapes"] = {name: shape for name, shape in model["shapes"].items() if name in used}
    text = json.dumps(_without_words(model), separators=(",", ":"), sort_keys=False)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def _used(model: dict[str, Any]) -> Iterator[str]:
    """Yield the shapes that the operations use, each once."""
    todo = [name for one in model["operations"].values() for name in _shapes(one)]
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            yield name
            todo += _shapes(model["shapes"][name])


def _shapes(value: Any) -> Iterator[str]:
    """Yield the shapes that an operation or a shape names."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "shape" and isinstance(inner, str):
                yield inner
            else:
                yield from _shapes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _shapes(inner)


def _without_words(value: Any) -> Any:
    """Return a model with empty documentation, which botocore itself writes into for S3.

    A member may have that name, and is an object.
    """
    if isinstance(value, dict):
        return {
            key: "" if key == "documentation" and isinstance(inner, str) else _without_words(inner)
            for key, inner in value.items()
        }
    return [_without_words(inner) for inner in value] if isinstance(value, list) else value
