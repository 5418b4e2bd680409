"""A principal that sends a user and a password: what a refusal says, and how a new pair is kept."""

from __future__ import annotations

import pytest

from canary.diagnose import diagnose
from canary.model import Diagnosis, Environment, Principal
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

NONE = "You are not authenticated. Please see https://www.mlflow.org/docs on how to authenticate."
SECRET = "canary/user"


def environment(**more: str) -> Environment:
    base = p.environment(faults.NAMES)
    user = Principal(secret=SECRET, form="basic", **more)  # type: ignore[arg-type]
    token = Principal(secret="canary/token", key="token")
    bare = Principal(secret="canary/bare", key="")
    return p.replace(
        base, principals={**base.principals, "user": user, "token": token, "bare": bare}
    )


def refused(
    body: str = NONE, challenge: str = "Basic", status: int = 401, who: str = "user", **more: str
) -> Diagnosis:
    form = "basic" if who == "user" else "bearer"
    seen = p.answer(
        faults.PROXY, status, body, principal=who, header_form=form, challenge=challenge
    )
    failed = p.failed("registry.proxy", "registry", seen, assertions=p.status_is("200", "401"))
    verdict = diagnose([failed], p.healthy(), environment(**more), p.healthy(), p.NOW)
    assert verdict.unexplained == ()
    return verdict.diagnoses[0]


@pytest.mark.parametrize(
    ("body", "challenge", "cause", "words"),
    [
        (NONE, "Basic", "credential-rejected", "user or password is wrong, or lost on the way"),
        ("Unauthorized", "Basic", "credential-rejected", "The user of principal user is refused"),
        ("Unauthorized", "", "credential-rejected", "The user of principal user is refused"),
        (NONE, "Bearer", "canary-credential-missing",
         "asks for Bearer authentication, and principal user of the environment file sends a user"
         " name and a password"),
        ('{"detail":"API key required"}', "", "credential-header-lost", "loses the header"),
    ],
)  # fmt: skip
def test_what_was_asked_decides_about_a_pair(
    body: str, challenge: str, cause: str, words: str
) -> None:
    found = refused(body, challenge)
    assert (found.cause, words in found.summary) == (cause, True), found.summary


def test_a_pair_that_may_not_is_no_wrong_pair() -> None:
    found = refused("Permission denied", "", 403)
    assert (found.cause, found.resource) == ("scope-insufficient", SECRET)


def test_a_bearer_key_where_basic_is_asked_gets_the_form_as_remedy() -> None:
    found = refused(who="valid")
    assert found.cause == "canary-credential-missing"
    assert 'and write `form = "basic"`' in found.remedy.decision
    assert "as a bearer token" not in found.remedy.decision


@pytest.mark.parametrize(
    ("who", "more", "form", "asked"),
    [
        ("valid", {}, """printf '{"api_key":"%s"}' "$VALUE" |""", "then the key"),
        ("token", {}, """printf '{"token":"%s"}' "$VALUE" |""", "then the key"),
        ("bare", {}, """printf %s "$VALUE" |""", "then the key"),
        ("user", {}, """printf '{"username":"%s","password":"%s"}' "$NAME" "$VALUE" |""",
         "then the user name and the password, a line each"),
        ("user", {"username_key": "login", "password_key": "word"},
         """printf '{"login":"%s","word":"%s"}' "$NAME" "$VALUE" |""", "then the user name"),
    ],
)  # fmt: skip
def test_a_new_credential_is_stored_as_the_canary_reads_it(
    who: str, more: dict[str, str], form: str, asked: str
) -> None:
    remedy = refused("Invalid", "" if who != "user" else "Basic", who=who, **more).remedy
    assert form in remedy.decision_command
    assert asked in remedy.decision
