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
