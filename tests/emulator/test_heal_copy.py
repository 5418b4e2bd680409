"""The copy that heal lays over the emulator, without the processes of a twin."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.aws.endpoint import Endpoint
from emulator.heal import snapshot
from sandbox import buckets
from sandbox.seed.authority import Authority
from sandbox.seed.platform import Platform, build
from sandbox.world.load import load
from tests.emulator.support.emulated import aws
from tests.sandbox.support import classic as names

__all__ = ["aws"]

SETTINGS = ("versioning", "policy", "lifecycle_configuration", "cors", "tagging", "encryption")
TAG = [{"Key": "by", "Value": "somebody"}]


@pytest.fixture(scope="module")
def platform(aws: Endpoint) -> Platform:
    return build(aws, Authority(load()), load())


def settings(aws: Endpoint) -> dict[tuple[str, str], Any]:
    """What is set on the platform's buckets; the code of the error where nothing is."""
    s3, found = aws.client("s3"), {}
    for bucket in (names.ARTIFACT_BUCKET, names.REPORT_BUCKET):
        for setting in SETTINGS:
            try:
                answer = getattr(s3, f"get_bucket_{setting}")(Bucket=bucket)
                found[bucket, setting] = {k: v for k, v in answer.items() if k[0] != "R"}
            except s3.exceptions.ClientError as error:
                found[bucket, setting] = error.response["Error"]["Code"]
    return found


def spoil(aws: Endpoint, bucket: str) -> None:
    """Set on a bucket what anyone may."""
    s3 = aws.client("s3")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [deny]}
    rule = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    cors = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=cors)
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": TAG})
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


@pytest.mark.usefixtures("platform")
def test_both_buckets_lose_what_was_laid_on_them_and_keep_what_is_in_them(aws: Endpoint) -> None:
    s3, before, kept = (
        aws.client("s3"),
        settings(aws),
        buckets.take((names.ARTIFACT_BUCKET, names.REPORT_BUCKET)),
    )
    for bucket in (names.ARTIFACT_BUCKET, names.REPORT_BUCKET):
        s3.put_object(Bucket=bucket, Key="a", Body=b"here")
        spoil(aws, bucket)
    buckets.restore(kept)
    assert settings(aws) == before
    for bucket in (names.ARTIFACT_BUCKET, names.REPORT_BUCKET):
        assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"here"
        s3.delete_object(Bucket=bucket, Key="a")
    s3.delete_bucket(Bucket=names.REPORT_BUCKET)
    buckets.restore(kept)
    assert settings(aws) == before
    s3.put_object(Bucket=names.REPORT_BUCKET, Key="b", Body=b"again")


def test_tags_and_the_namespace_s_zone_are_as_before(aws: Endpoint, platform: Platform) -> None:
    ec2, elbv2, pristine = aws.client("ec2"), aws.client("elbv2"), snapshot.take()
    zones = aws.client("route53").list_hosted_zones()["HostedZones"]
    group = platform.vpc.groups[names.API_TASK_GROUP]
    arn = platform.balancers.balancers[names.REGISTRY_BALANCER]
    before = ec2.describe_tags()["Tags"], elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    made = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[group, platform.vpc.id, made], Tags=TAG)
    elbv2.add_tags(ResourceArns=[arn], Tags=TAG)
    aws.client("route53").delete_hosted_zone(Id=zones[0]["Id"])
    snapshot.lay_over(pristine)
    others = [tag for tag in ec2.describe_tags()["Tags"] if tag["ResourceId"] == made]
    assert [tag["Key"] for tag in others] == ["by"]
    ec2.delete_tags(Resources=[made], Tags=TAG)
    after = ec2.describe_tags()["Tags"], elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    assert after == before
    assert aws.client("route53").list_hosted_zones()["HostedZones"] == zones
