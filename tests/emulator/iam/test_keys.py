"""A secret under a customer's key, asked for by a session of a role."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from tests.emulator.support.emulated import allow, aws, role

__all__ = ["aws"]


def role_client(aws: Endpoint, role_arn: str) -> Any:
    """Return a client of Secrets Manager with a session of a role."""
    session = aws.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="test")
    found = session["Credentials"]
    return boto3.client(
        "secretsmanager",
        region_name="us-east-1",
        endpoint_url=aws.url,
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
    )


def test_a_session_needs_the_key_for_what_it_reads_and_writes(aws: Endpoint) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    client = aws.client("secretsmanager")
    client.create_secret(Name="called", SecretString="v", KmsKeyId=key)
    read = allow("secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue")
    decrypt = allow("kms:Decrypt", resource=key)
    mine = role_client(aws, role(aws, "caller", read))
    with pytest.raises(ClientError) as refused:
        mine.get_secret_value(SecretId="called")
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == (
        "AccessDeniedException",
        "Access to KMS is not allowed",
    )
    reader = role_client(aws, role(aws, "reader", read, decrypt))
    assert reader.get_secret_value(SecretId="called")["SecretString"] == "v"
    with pytest.raises(ClientError, match="Access to KMS is not allowed"):
        reader.put_secret_value(SecretId="called", SecretString="w")
    client.put_secret_value(SecretId="called", SecretString="w")  # the operator may
