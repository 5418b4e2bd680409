"""Causes in the canary itself: its keys, its environment file, its permissions."""

from __future__ import annotations

import pytest

from canary.control_plane.state import PlatformState, SecretState
from canary.diagnose import diagnose
from canary.model import Assertion, Confidence, Diagnosis, Explanation, Principal, Result, Status
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

KEY = "canary/valid"
REFUSED = '{"detail":"Invalid or expired API key"}'


def judge(
    state: PlatformState, *results: Result, before: PlatformState | None = None
) -> Explanation:
    environment = p.environment(faults.NAMES)
    reader = Principal(secret="canary/read-only", reason="its scopes hold no write")
    principals = {**environment.principals, "read-only": reader}
    environment = p.replace(environment, principals=principals)
    return diagnose(list(results), state, environment, before or p.healthy(), p.NOW)


def only(state: PlatformState, *results: Result) -> Diagnosis:
    verdict = judge(state, *results)
    (found,) = verdict.diagnoses
    assert verdict.unexplained == ()
    return found


def with_secret(**fields: object) -> PlatformState:
    known = {"reference": KEY, "name": KEY, "exists": True, "version": "v2", **fields}
    return p.replace(p.healthy(), secrets=(SecretState(**known),))  # type: ignore[arg-type]


def refused(principal: str = "valid", expected: str = "200") -> Result:
    seen = p.answer(faults.PROXY, 401, REFUSED, principal=principal, header_form="bearer")
    unmet = p.status_is(expected, "401")
    return p.failed(f"registry.{principal}", "registry", seen, kind="access", assertions=unmet)


def unread(code: str = "ResourceNotFoundException") -> Result:
    reason = f"secret {KEY} of principal valid could not be read: {code}"
    return p.failed("registry.valid", "registry", status=Status.ERROR, reason=reason)


def test_a_refused_key_that_was_changed_lately_gets_its_value_back() -> None:
    found = only(with_secret(changed_at=p.ago(30), version_before="v1"), refused())
    assert (found.cause, found.resource) == ("credential-rejected", KEY)
    assert "update-secret-version-stage" in found.remedy.fix[0]
    assert found.remedy.decision  # the change may be intended


@pytest.mark.parametrize(
    "fields",
    [{"changed_at": p.ago(3000), "version_before": "v1"}, {"changed_at": p.ago(30)}],
    ids=["long-ago", "first-value"],
)
def test_a_refused_key_without_a_value_to_go_back_to_is_a_decision(fields: object) -> None:
    found = only(with_secret(**fields), refused())  # type: ignore[arg-type]
    assert found.cause == "credential-rejected"
    assert found.remedy.decision and not found.remedy.fix


def test_a_key_that_must_only_lack_a_scope_is_refused_as_unknown() -> None:
    found = only(p.healthy(), refused("read-only", "403"))
    assert (found.cause, found.resource) == ("credential-rejected", "canary/read-only")


def test_a_key_that_must_be_told_of_its_scope_and_is_told_nothing_is_refused_too() -> None:
    seen = p.answer(faults.AUTH + "/api/v1/keys/validate", 401, '{"detail":"not found"}',
                    principal="read-only", method="POST")  # fmt: skip
    unmet = (Assertion(subject="body", expected="contains scope", actual="{}", holds=False),)
    found = only(p.healthy(), p.failed("auth.requires-scope", "auth", seen, assertions=unmet))
    assert (found.cause, found.resource) == ("credential-rejected", "canary/read-only")


def test_a_keys_own_limit_is_told_of_the_key_and_not_of_the_image() -> None:
    seen = p.answer(faults.PROXY, 429, '{"detail":"Rate limit exceeded"}', principal="valid")
    found = only(p.healthy(), p.failed("registry.proxy", "registry", seen))
    assert (found.cause, found.resource) == ("capacity-throttled", KEY)
    assert "rate_limit_per_hour" in found.remedy.decision


def test_of_several_refused_keys_the_one_that_fails_most_is_named() -> None:
    more = p.replace(refused(), check_id="registry.valid-2")
    found = only(p.healthy(), refused("read-only", "403"), refused(), more)
    assert (found.cause, found.resource) == ("credential-rejected", KEY)
    assert "read-only" in found.summary


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("API key is inactive or has been revoked", "it was revoked"),
        ("API key has expired", "it has expired"),
        ("Key not authorized for this service", "made for another service"),
        ("IP address not in allowlist", "address"),
        ("API key not found or invalid", "does not know it"),
        ("Invalid or expired API key", "unknown, revoked, expired"),
    ],
)
def test_what_the_auth_service_says_of_a_key_is_handed_on(words: str, reason: str) -> None:
    seen = p.answer(faults.AUTH + "/api/v1/keys/validate", 401, f'{{"detail":"{words}"}}',
                    principal="valid", method="POST")  # fmt: skip
    found = only(p.healthy(), p.failed("auth.valid", "auth", seen), refused())
    assert found.cause == "credential-rejected"
    assert reason in found.summary


def accepted(url: str, principal: str) -> Result:
    seen = p.answer(url, 200, "{}", principal=principal, header_form="bearer")
    name = f"{url[8:12]}.{principal}"
    return p.failed(name, "registry", seen, kind="access", assertions=p.status_is("403", "200"))


def test_a_key_that_may_do_too_much_is_one_matter_of_the_key() -> None:
    found = only(
        p.healthy(), accepted(faults.PROXY, "read-only"), accepted(faults.AUTH + "/x", "read-only")
    )
    assert (found.cause, found.resource) == ("protection-missing", "canary/read-only")


def test_a_door_that_lets_a_stranger_in_too_is_no_matter_of_the_key() -> None:
    verdict = judge(
        p.healthy(), accepted(faults.PROXY, "read-only"), accepted(faults.PROXY, "unknown")
    )
    (found,) = verdict.diagnoses
    assert (found.cause, found.service) == ("protection-missing", "registry")


def test_a_door_without_a_lock_explains_what_else_nobody_asked_a_key_for() -> None:
    odd = p.answer(faults.PROXY, 200, "{}", principal="valid", header_form="raw")
    gone = p.answer(faults.REGISTRY + "/api/v1/models/1/info", 404, '{"detail":"Not Found"}')
    limits = p.answer(faults.PROXY, 200, "{}", principal="valid")
    missing = (Assertion(subject="header X-RateLimit-Limit", expected="", actual="", holds=False),)
    found = only(
        p.healthy(),
        accepted(faults.PROXY, "unknown"),
        p.failed("odd", "registry", odd, assertions=p.status_is("401", "200")),
        p.failed("gone", "registry", gone, assertions=p.status_is("401", "404")),
        p.failed("limits", "registry", limits, assertions=missing, step="RateLimit"),
    )
    assert (found.cause, found.service) == ("protection-missing", "registry")
    assert len(found.explains) == 4


def test_a_revoked_key_that_is_accepted_without_a_deployment_may_be_its_record() -> None:
    found = only(p.healthy(), accepted(faults.PROXY, "revoked"))
    assert found.cause == "revoked-key-accepted"
    assert "record" in found.remedy.decision


def test_a_secret_marked_for_deletion_is_taken_back() -> None:
    found = only(with_secret(exists=False, deleted=True, detail="marked for deletion"), unread())
    assert (found.cause, found.confidence) == ("canary-credential-missing", Confidence.CERTAIN)
    assert "restore-secret" in found.remedy.fix[0]


def test_a_secret_of_another_form_gets_its_value_back() -> None:
    reason = f"secret {KEY} of principal valid has no text under api_key"
    form = p.failed("registry.valid", "registry", status=Status.ERROR, reason=reason)
    found = only(with_secret(changed_at=p.ago(3), version_before="v1"), form)
    assert found.cause == "canary-credential-missing"
    assert "update-secret-version-stage" in found.remedy.fix[0]


def test_a_secret_that_may_not_be_read_is_a_permission() -> None:
    found = only(p.healthy(), unread("AccessDeniedException"))
    assert (found.cause, found.resource) == (
        "canary-permission-denied",
        "secretsmanager:GetSecretValue",
    )


def _lost(*names: str) -> PlatformState:
    state = p.healthy()
    left = tuple(s for s in state.ecs_services if s.name not in names)
    return p.replace(state, ecs_services=left, missing_services=names)


def test_a_service_that_no_run_has_seen_and_whose_targets_are_well_is_a_wrong_name() -> None:
    name = faults.NAMES.of("auth")
    verdict = judge(_lost(name), p.control("ecs_service", "auth"), before=_lost(name))
    (found,) = verdict.diagnoses
    assert (found.cause, found.resource) == ("canary-config-wrong", name)
    assert verdict.unexplained == ()


def test_a_service_that_was_there_before_is_missing() -> None:
    found = only(_lost(faults.NAMES.of("auth")), p.control("ecs_service", "auth"))
    assert found.cause == "service-missing"


def test_a_wrong_cluster_is_one_wrong_name() -> None:
    lost = _lost(*(faults.NAMES.of(s) for s in faults.NAMES.ports))
    lost = p.replace(lost, cluster_missing=True)
    checks = [p.control("ecs_service", s) for s in faults.NAMES.ports]
    verdict = judge(lost, *checks, before=lost)
    (found,) = verdict.diagnoses
    assert found.cause == "canary-config-wrong"
    assert found.resource == p.environment(faults.NAMES).cluster
    assert (len(found.explains), verdict.unexplained) == (3, ())


def test_one_cause_seen_at_two_doors_lists_the_checks_of_both() -> None:
    found = only(
        p.healthy(), accepted(faults.PROXY, "revoked"), accepted(faults.AUTH + "/x", "revoked")
    )
    assert found.cause == "revoked-key-accepted"
    assert len(found.explains) == 2
