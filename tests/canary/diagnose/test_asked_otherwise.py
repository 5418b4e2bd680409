"""Where no credential of the asked kind was sent, no header was lost and no key refused."""

from __future__ import annotations

import pytest

from canary.diagnose import diagnose
from canary.model import Environment, Principal
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

BASIC = '{"message":"You are not authenticated. Please see how to authenticate."}'


def environment() -> Environment:
    base = p.environment(faults.NAMES)
    return p.replace(base, principals={**base.principals, "user": Principal(anonymous=True)})


@pytest.mark.parametrize(
    ("principal", "challenge", "body", "cause", "words"),
    [
        ("user", "", '{"detail":"API key required"}', "canary-credential-missing", "sends none"),
        ("user", "Basic", BASIC, "canary-credential-missing", "asks for Basic authentication"),
        ("valid", "Basic", BASIC, "canary-credential-missing", "sends a key as a header"),
        ("valid", "Basic", "Unauthorized", "canary-credential-missing", "asks for Basic"),
        ("valid", "Bearer", '{"detail":"API key required"}', "credential-header-lost", "loses"),
        ("valid", "", '{"detail":"API key required"}', "credential-header-lost", "loses"),
        ("valid", "ApiKey", "Unauthorized", "credential-rejected", "is refused"),
    ],
)
def test_what_is_asked_for_and_what_was_sent_decide(
    principal: str, challenge: str, body: str, cause: str, words: str
) -> None:
    seen = p.answer(
        faults.PROXY, 401, body, principal=principal, header_form="bearer", challenge=challenge
    )
    refused = p.failed("registry.proxy", "registry", seen, assertions=p.status_is("200", "401"))
    verdict = diagnose([refused], p.healthy(), environment(), p.healthy(), p.NOW)
    (found,) = verdict.diagnoses
    assert (found.cause, words in found.summary, verdict.unexplained) == (cause, True, ())
    assert found.remedy.decision


def test_a_refusal_of_nobody_is_no_missing_credential() -> None:
    seen = p.answer(faults.PROXY, 401, BASIC, challenge="Basic")
    refused = p.failed("registry.proxy", "registry", seen, assertions=p.status_is("200", "401"))
    verdict = diagnose([refused], p.healthy(), environment(), p.healthy(), p.NOW)
    assert "canary-credential-missing" not in [d.cause for d in verdict.diagnoses]
