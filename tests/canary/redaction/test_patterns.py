"""Text that looks like a credential is masked; the canary's own sentences stay readable."""

from __future__ import annotations

import secrets

import pytest

from canary.redaction.patterns import mask, mask_foreign

ANYWHERE = (
    "DB_PASSWORD={}",
    "token=Bearer {}",
    "api-key={}&next=/",
    "hk_live_admin_token={}",
    '{{"password": "{}"}}',
    '{{\\"token\\": \\"{}\\"}}',
    "postgresql://mlflow:{}@db:5432/x",
    "postgresql://mlflow:p/{}@db",
    "Authorization: Basic {}",
    "Set-Cookie: session={}; Path=/",
    '"set-cookie": "a=1; session={}"',
)
IN_ANSWERS_AND_LOGS = (
    "password: {}",
    "secret: {}",
    "authorization: {}",
    "Authorization: Bearer {}",
    "X-API-Key: {}",
    '{{"client_secret" : "a b {}"}}',
    "{{'token': 'a,b {}'}}",
    "password=redis://u:a}}b{}@cache",
)


@pytest.mark.parametrize("text", ANYWHERE)
def test_a_credential_is_masked_in_every_text(text: str) -> None:
    secret = secrets.token_hex(8)
    assert secret[-4:] not in mask(text.format(secret))


@pytest.mark.parametrize("text", [*ANYWHERE, *IN_ANSWERS_AND_LOGS])
def test_a_credential_is_masked_in_an_answer_or_a_log_line(text: str) -> None:
    secret = secrets.token_hex(8)
    assert secret[-4:] not in mask_foreign(text.format(secret))


def test_the_name_of_a_secret_stays_in_the_canarys_own_sentence() -> None:
    sentence = "the task definition reads the secret: hokusai/canary/development/valid"
    assert mask(sentence) == sentence
    assert "hokusai/canary" not in mask_foreign(sentence)
