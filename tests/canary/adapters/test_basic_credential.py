"""A user name and a password: read, sent as Basic, and known to the redactor in every form."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from canary.adapters.aws.secrets import Secrets
from canary.adapters.clock import SystemClock
from canary.model import Credential, Principal
from canary.probes.base.api import CredentialMissingError
from canary.redaction.redactor import Redactor
from tests.canary.support.servers.toolbox import environment

PASSWORD = "Zq8-frost.Hollow"
PAIR = base64.b64encode(f"canary:{PASSWORD}".encode()).decode()


class Manager:
    """Secrets Manager with one secret."""

    def __init__(self, value: str) -> None:
        self.value = value

    def get_secret_value(self, **_: str) -> dict[str, Any]:
        return {"SecretString": self.value}


def read(value: str, **more: Any) -> Credential:
    known = Principal(secret="canary/user", form="basic", **more)
    where = environment(principals={"user": known})
    found = Secrets(lambda: Manager(value), where, SystemClock()).credential("user")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("secret", "keys"),
    [
        ({"username": "canary", "password": PASSWORD, "engine": "mlflow"}, {}),
        (
            {"login": "canary", "word": PASSWORD},
            {"username_key": "login", "password_key": "word"},
        ),
    ],
)
def test_the_pair_of_a_secret_is_sent_in_base64(secret: Any, keys: dict[str, str]) -> None:
    found = read(json.dumps(secret), **keys)
    assert found.reveal() == PAIR
    assert (str(found), repr(found)) == ("Credential(***)", "Credential(***)")


def test_letters_beyond_ascii_go_as_utf_8() -> None:
    found = read('{"username": "jos\u00e9", "password": "\u00fcber-all"}')
    assert base64.b64decode(found.reveal()).decode() == "jos\u00e9:\u00fcber-all"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (PASSWORD, "canary/user of principal user is not a JSON object"),
        ('["canary"]', "is not a JSON object"),
        ('{"api_key": "x"}', "canary/user of principal user has no text under username"),
        ('{"username": "canary", "password": ""}', "has no text under password"),
        ('{"username": "canary", "password": 7}', "has no text under password"),
        ('{"username": "a:b", "password": "x"}', "a colon in the user name"),
        ('{"username": "a", "password": "x\\n"}', "holds what no header can carry: a line end"),
        (
            '{"username": "a", "password": "Zq8"}',
            "canary/user of principal user holds a password that cannot be masked: it has fewer"
            " than 4 characters",
        ),
        ('{"username": "administrator", "password": "\u00fcb!"}', "cannot be masked"),
    ],
)
def test_a_secret_that_holds_no_pair_says_why_and_shows_nothing(value: str, words: str) -> None:
    with pytest.raises(CredentialMissingError, match=words) as caught:
        read(value)
    assert [w for w in (PASSWORD, "Zq8", "\u00fcb!") if w in str(caught.value)] == []


def test_a_password_of_four_characters_is_sent_and_masked() -> None:
    found = read('{"username": "canary", "password": "Zq8-"}')
    assert base64.b64decode(found.reveal()).decode() == "canary:Zq8-"
    assert redactor(found).known(f"it said Zq8- and {found.reveal()}") == "it said *** and ***"


@pytest.mark.parametrize("kind", ["unknown", "malformed"])
def test_a_user_may_be_generated(kind: str) -> None:
    known = Principal(generated=kind, form="basic")
    made = Secrets(lambda: None, environment(principals={"x": known}), SystemClock())
    first, second = made.credential("x"), made.credential("x")
    assert first is not None and second is not None and first.reveal() == second.reveal()
    sent = base64.b64decode(first.reveal()).decode()
    assert (sent.startswith("no-user-"), ":" in sent) == (True, kind == "unknown")


def redactor(credential: Credential) -> Redactor:
    made = Redactor()
    made.learn_credential(credential)
    return made


def test_base64_and_password_are_masked_wherever_they_stand() -> None:
    known = redactor(read(json.dumps({"username": "canary", "password": PASSWORD})))
    shown = f"Authorization: Basic {PAIR} | {PASSWORD} | canary:{PASSWORD} | {PAIR[:-6]}"
    masked = known.known(shown)
    assert [part for part in (PAIR, PASSWORD, PAIR[8:-6]) if part in masked] == []
    assert known.known(base64.b64encode(PASSWORD.encode()).decode()).startswith("***")


def test_a_user_name_that_is_a_word_of_the_environment_leaves_texts_whole() -> None:
    known = redactor(read(json.dumps({"username": "synthetic-canary", "password": PASSWORD})))
    text = "synthetic-canary-20261129t201500-full is not there, user synthetic-canary"
    assert known.known(text) == text


def test_a_user_name_of_its_own_is_masked() -> None:
    known = redactor(read(json.dumps({"username": "svc-k2vq81xw", "password": PASSWORD})))
    assert known.known("user svc-k2vq81xw was refused") == "user *** was refused"
    others = "svc-k2vq81x, svc-k2vq and k2vq81xw are others"
    assert known.known(others) == others
