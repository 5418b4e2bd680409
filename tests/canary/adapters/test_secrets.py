"""Secrets: read when needed, kept, re-read on demand; a missing one harms only its principal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from canary.adapters.aws.secrets import Secrets
from canary.adapters.clock import SystemClock
from canary.model import Principal
from canary.probes.base.api import CredentialMissingError
from tests.canary.support.worlds import environment

PRINCIPALS = {
    "valid": Principal(secret="canary/valid"),
    "bare": Principal(secret="canary/bare", key=""),
    "missing": Principal(secret="canary/missing"),
    "broken": Principal(secret="canary/broken"),
    "nameless": Principal(),
    "torn": Principal(secret="canary/torn", key=""),
    "foreign": Principal(secret="canary/foreign"),
    "short": Principal(secret="canary/short"),
    "short bare": Principal(secret="canary/bit", key=""),
    "unknown": Principal(generated="unknown"),
    "malformed": Principal(generated="malformed"),
}


class Counting:
    """A client that counts how often it is asked."""

    def __init__(self, client: Any) -> None:
        self.client, self.asked = client, 0

    def get_secret_value(self, **arguments: str) -> Any:
        self.asked += 1
        return self.client.get_secret_value(**arguments)


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counting]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="us-east-1")
        client.create_secret(
            Name="canary/valid", SecretString=json.dumps({"api_key": "number-one"})
        )
        client.create_secret(Name="canary/bare", SecretString="number-two")
        client.create_secret(Name="canary/broken", SecretString="{}")
        client.create_secret(Name="canary/torn", SecretString="three\n")
        client.create_secret(Name="canary/foreign", SecretString='{"api_key": "\u2019four"}')
        client.create_secret(Name="canary/short", SecretString='{"api_key": "Zq8"}')
        client.create_secret(Name="canary/bit", SecretString="Zq8")
        yield Counting(client)


@pytest.fixture
def secrets(manager: Counting) -> Secrets:
    where = environment(principals=PRINCIPALS)
    return Secrets(lambda: manager, where, SystemClock())


def value(secrets: Secrets, principal: str) -> str:
    found = secrets.credential(principal)
    assert found is not None
    return found.reveal()


def test_values_come_from_a_json_key_or_are_the_whole_secret(secrets: Secrets) -> None:
    assert value(secrets, "valid") == "number-one" and value(secrets, "bare") == "number-two"
    assert secrets.credential("nobody") is None and secrets.credential("") is None


def test_a_secret_is_read_once_until_it_is_forgotten(secrets: Secrets, manager: Counting) -> None:
    value(secrets, "valid"), value(secrets, "valid")
    assert manager.asked == 1
    manager.client.put_secret_value(
        SecretId="canary/valid", SecretString='{"api_key": "a-new-one"}'
    )
    assert value(secrets, "valid") == "number-one"
    secrets.forget("valid")
    assert value(secrets, "valid") == "a-new-one"


def test_a_secret_that_cannot_be_read_again_costs_who_was_refused_and_nobody_else(
    secrets: Secrets, manager: Counting
) -> None:
    value(secrets, "valid")
    manager.client.delete_secret(SecretId="canary/valid", ForceDeleteWithoutRecovery=True)
    secrets.forget("valid")
    with pytest.raises(CredentialMissingError, match="could not be read"):
        secrets.credential("valid")
    assert value(secrets, "valid") == "number-one"
    assert manager.asked == 2


@pytest.mark.parametrize(
    ("principal", "words"),
    [
        ("missing", "canary/missing of principal missing could not be read: ResourceNotFound"),
        ("broken", "has no text under api_key"),
        ("nameless", "names no secret"),
        ("torn", "canary/torn of principal torn holds what no header can carry: a line end"),
        ("foreign", "canary/foreign of principal foreign holds what no header can carry"),
        (
            "short",
            "canary/short of principal short holds a key that cannot be masked: it has fewer"
            " than 4 characters",
        ),
        ("short bare", "canary/bit of principal short bare holds a key that cannot be masked"),
        ("stranger", "stranger is not a principal"),
    ],
)
def test_a_credential_that_is_not_there_says_why(
    secrets: Secrets, principal: str, words: str
) -> None:
    with pytest.raises(CredentialMissingError, match=words) as caught:
        secrets.credential(principal)
    assert "Zq8" not in str(caught.value)


def test_a_missing_secret_costs_one_call(secrets: Secrets, manager: Counting) -> None:
    for _ in range(3):
        with pytest.raises(CredentialMissingError):
            secrets.credential("missing")
    assert manager.asked == 1


def test_generated_keys_have_the_form_of_a_key_or_of_none(secrets: Secrets) -> None:
    assert len(value(secrets, "unknown")) == 40
    assert not value(secrets, "malformed").startswith("hk_")
    assert value(secrets, "unknown") == value(secrets, "unknown")
