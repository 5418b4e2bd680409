"""Values for tasks from Secrets Manager and SSM, found by every name that they go by."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from emulator.ecs import secrets
from tests.emulator.support.emulated import allow, aws, role

__all__ = ["aws"]

PARAMETER = "arn:aws:ssm:us-east-1:123456789012:parameter/"


@pytest.fixture(scope="module")
def execution_role(aws: Endpoint) -> str:
    return role(aws, "execution", allow("ssm:GetParameters", "secretsmanager:GetSecretValue"))


@pytest.mark.parametrize("name", ["plain", "/in/a/path"])
def test_a_parameter_is_found_by_its_name_and_by_its_arn(
    aws: Endpoint, execution_role: str, name: str
) -> None:
    aws.client("ssm").put_parameter(Name=name, Value="here", Type="SecureString")
    for value_from in (name, PARAMETER + name.lstrip("/")):
        assert secrets.resolve(value_from, execution_role, "task") == "here"


def test_a_parameter_that_is_not_there_is_named(execution_role: str) -> None:
    for value_from in ("gone", f"{PARAMETER}gone"):
        with pytest.raises(secrets.InjectionError, match=r"invalid parameters: gone$"):
            secrets.resolve(value_from, execution_role, "task")


def test_a_secret_that_is_no_json_is_said_in_the_decoder_s_words(
    aws: Endpoint, execution_role: str
) -> None:
    made = aws.client("secretsmanager").create_secret(Name="s", SecretString="tplain")["ARN"]
    assert secrets.resolve(made, execution_role, "task") == "tplain"
    with pytest.raises(secrets.InjectionError) as found:
        secrets.resolve(f"{made}:password::", execution_role, "task")
    words = "service call has been retried 1 time(s): invalid character 'p' in literal true"
    assert words in str(found.value)


def test_a_secret_on_its_way_out_takes_no_value(aws: Endpoint) -> None:
    client = aws.client("secretsmanager")
    client.create_secret(Name="leaving", SecretString="1")
    client.delete_secret(SecretId="leaving")
    for call, more in (
        (client.put_secret_value, {"SecretString": "2"}),
        (client.update_secret, {"SecretString": "2"}),
        (client.get_secret_value, {}),
    ):
        with pytest.raises(ClientError, match="because it was marked for deletion"):
            call(SecretId="leaving", **more)
    client.restore_secret(SecretId="leaving")
    assert client.get_secret_value(SecretId="leaving")["SecretString"] == "1"


FRAME = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
    "retrieval failed: unable to retrieve secret from asm: service call has been retried 1 "
    "time(s): "
)


@pytest.mark.parametrize("rest", [":key", ":key:", ":key::v:x", ":"])
def test_a_key_without_its_colons_is_refused_and_with_them_is_read(
    aws: Endpoint, execution_role: str, rest: str
) -> None:
    client = aws.client("secretsmanager")
    arn = client.create_secret(Name=f"form{rest.replace(':', '-')}", SecretString='{"key": "v"}')
    with pytest.raises(secrets.InjectionError) as found:
        secrets.resolve(arn["ARN"] + rest, execution_role, "task")
    assert str(found.value) == (
        FRAME + "unexpected ARN format with parameters when trying to retrieve ASM secret"
    )
    assert secrets.resolve(f"{arn['ARN']}:key::", execution_role, "task") == "v"


@pytest.mark.parametrize("named_by", ["id", "arn", "alias"])
def test_a_secret_under_a_customer_s_key_asks_for_the_key(aws: Endpoint, named_by: str) -> None:
    client, kms = aws.client("secretsmanager"), aws.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=f"alias/{named_by}", TargetKeyId=key["KeyId"])
    ident = {"id": key["KeyId"], "arn": key["Arn"], "alias": f"alias/{named_by}"}[named_by]
    arn = client.create_secret(Name=f"under-{named_by}", SecretString="v", KmsKeyId=ident)["ARN"]
    read, via = allow("secretsmanager:GetSecretValue"), "secretsmanager.us-east-1.amazonaws.com"
    decrypt = allow("kms:Decrypt", resource=key["Arn"])
    decrypt["Condition"] = {"StringEquals": {"kms:ViaService": via}}
    other = allow("kms:Decrypt", resource=key["Arn"][:-4] + "0000")
    for name, statements in (("without", [read]), ("other", [read, other])):
        denied = role(aws, f"{name}-{named_by}", *statements)
        with pytest.raises(secrets.InjectionError) as found:
            secrets.resolve(arn, denied, "task")
        assert str(found.value).startswith(f"{FRAME}failed to fetch secret {arn} from secrets")
        assert str(found.value).endswith(
            "api error AccessDeniedException: Access to KMS is not allowed"
        )
    assert secrets.resolve(arn, role(aws, f"with-{named_by}", read, decrypt), "task") == "v"
