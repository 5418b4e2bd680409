"""One secret of all principals: read once, entries told apart, a missing one named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from canary.adapters.aws.secrets import FAILURE_KEPT_S, Secrets
from canary.model import Principal
from canary.probes.base.api import CredentialMissingError
from tests.canary.support.worlds import environment

ONE = "hokusai/canary/here"
ENTRIES: dict[str, Any] = {
    "valid": {"api_key": "number-one"},
    "reader": {"api_key": "number-two"},
    "bare": "number-three",
    "pair": {"username": "canary", "password": "number-four"},
    "broken": {"api_key": ""},
    "text": "number-five",
    "object": {"api_key": "number-six"},
}
PRINCIPALS = {
    **{name: Principal() for name in ("valid", "reader", "broken", "text", "lost")},
    "bare": Principal(key=""),
    "object": Principal(key=""),
    "pair": Principal(form="basic"),
    "own": Principal(secret="canary/own"),
    "made": Principal(generated="unknown"),
    "nobody-at-all": Principal(anonymous=True),
}


class Manager:
    """Secrets Manager as a table, which counts its calls."""

    def __init__(self) -> None:
        self.texts = {ONE: json.dumps(ENTRIES), "canary/own": json.dumps({"api_key": "its-own"})}
        self.asked: list[str] = []

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        self.asked.append(SecretId)
        return {"SecretString": self.texts[SecretId]}


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def manager() -> Manager:
    return Manager()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def secrets(manager: Manager, clock: Clock) -> Secrets:
    where = environment(principals=PRINCIPALS, principals_secret=ONE)
    return Secrets(lambda: manager, where, clock)  # type: ignore[arg-type] # asks for one method


def value(secrets: Secrets, principal: str) -> str:
    found = secrets.credential(principal)
    assert found is not None
    return found.reveal()


def test_one_call_serves_all_entries_and_a_secret_of_its_own_has_another(
    secrets: Secrets, manager: Manager
) -> None:
    read = [value(secrets, name) for name in ("valid", "reader", "bare", "own")]
    assert read == ["number-one", "number-two", "number-three", "its-own"]
    assert secrets.credential("pair") is not None and secrets.credential("nobody-at-all") is None
    assert value(secrets, "made").startswith("hk_")
    assert manager.asked == [ONE, "canary/own"]


@pytest.mark.parametrize(
    ("principal", "words"),
    [
        ("lost", f"secret {ONE} has no entry for principal lost"),
        ("broken", f"entry broken of secret {ONE} has no text under api_key"),
        ("text", f"entry text of secret {ONE} is not a JSON object"),
        ("object", f"secret {ONE} has no text under object"),
    ],
)
def test_an_entry_that_cannot_be_used_is_named_and_harms_nobody_else(
    secrets: Secrets, manager: Manager, principal: str, words: str
) -> None:
    with pytest.raises(CredentialMissingError) as caught:
        secrets.credential(principal)
    assert str(caught.value) == words
    assert value(secrets, "valid") == "number-one"
    assert manager.asked == [ONE]


def test_a_secret_that_is_gone_costs_one_call_and_is_told_of_each_principal(
    secrets: Secrets, manager: Manager, clock: Clock
) -> None:
    kept = manager.texts.pop(ONE)
    for name in ("valid", "reader"):
        with pytest.raises(CredentialMissingError) as caught:
            secrets.credential(name)
        words = f"secret {ONE} of principal {name} could not be read: KeyError"
        assert str(caught.value) == words
    assert manager.asked == [ONE]
    manager.texts[ONE] = kept
    clock.now += FAILURE_KEPT_S
    assert value(secrets, "valid") == "number-one" and value(secrets, "reader") == "number-two"
    assert manager.asked == [ONE, ONE]


def test_two_refused_principals_have_the_secret_read_again_once(
    secrets: Secrets, manager: Manager
) -> None:
    value(secrets, "valid"), value(secrets, "reader"), value(secrets, "bare")
    changed = {**ENTRIES, "valid": {"api_key": "a-new-one"}, "bare": "not-refused"}
    manager.texts[ONE] = json.dumps(changed)
    secrets.forget("valid"), secrets.forget("reader")
    assert value(secrets, "valid") == "a-new-one" and value(secrets, "reader") == "number-two"
    assert value(secrets, "bare") == "number-three"  # nobody refused it
    secrets.forget("valid")
    assert value(secrets, "valid") == "a-new-one"
    assert manager.asked == [ONE, ONE, ONE]


def test_an_entry_that_was_missing_is_found_once_it_is_there(
    secrets: Secrets, manager: Manager, clock: Clock
) -> None:
    with pytest.raises(CredentialMissingError):
        secrets.credential("lost")
    manager.texts[ONE] = json.dumps({**ENTRIES, "lost": {"api_key": "found-again"}})
    with pytest.raises(CredentialMissingError):
        secrets.credential("lost")
    clock.now += FAILURE_KEPT_S
    assert value(secrets, "lost") == "found-again"
    assert manager.asked == [ONE, ONE]
