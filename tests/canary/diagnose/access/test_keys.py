"""Keys that are refused or let in too much: which answers count, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from canary.control_plane.state import PlatformState
from canary.diagnose.access import asked_otherwise, auth_service, keys, scope, unprotected
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.model import Assertion, Environment, Principal, Result, Status, Step
from tests.canary.support import platforms as p
from tests.canary.support.routed import ENVIRONMENT, HEALTHY, NAMES, case

REGISTRY, AUTH = f"https://registry.{NAMES.domain}", f"https://auth.{NAMES.domain}"
VALIDATE = f"{AUTH}/api/v1/keys/validate"
REFUSED = '{"detail":"Invalid or expired API key"}'
Find = Callable[[Case], Iterator[Finding]]


def asked(
    check: str, status: int, body: str = "{}", url: str = f"{REGISTRY}/x", who: str = "valid",
    wanted: str = "", kind: str = "endpoint", **more: Any,
) -> Result:  # fmt: skip
    """Return a failed request with a key."""
    service = "auth" if url.startswith(AUTH) else "registry"
    known = {"principal": who, "header_form": "bearer" if who else ""}
    seen = p.answer(url, status, body, **{**known, **more})
    made = p.status_is(wanted, str(status)) if wanted else ()
    return p.failed(check, service, seen, kind=kind, assertions=made)


def good(url: str, status: int = 200, who: str = "valid", body: str = "{}", **more: Any) -> Result:
    seen = p.answer(url, status, body, principal=who, header_form="bearer", **more)
    step = Step(name="good", status=Status.PASS, evidence=(seen,))
    return p.result(f"good.{url}{who}", "registry", step, status=Status.PASS)


def rows(
    find: Find, *results: Result, environment: Environment = ENVIRONMENT,
    state: PlatformState = HEALTHY,
) -> list[tuple[str, str, str, str]]:  # fmt: skip
    """Return each finding: its cause, service, certainty and what it explains."""
    return [
        (f.cause, f.service, f.confidence.name,
         " ".join(sorted({x.check_id for x in f.explained_failures})))
        for f in find(case(state, None, *results, environment=environment))
    ]  # fmt: skip


# --- refused


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("API key is inactive", "it was revoked"), ("key was revoked", "it was revoked"),
        ("API key has expired", "it has expired"),
        ("not authorized for this service", "it was made for another service"),
        ("IP not in allow-list", "the canary's address is not among those from which it may be"
         " used"), ("not in ALLOWLIST", "the canary's address is not among those from which it may"
         " be used"),
        ("key not found", "the auth service does not know it"),
        ("no", "unknown, revoked, expired, or made for another service"),
        ("revoked, not found", "unknown, revoked, expired, or made for another service"),
        ("radioactive", "unknown, revoked, expired, or made for another service"),
    ],
)  # fmt: skip
def test_the_judge_of_a_key_says_why_it_is_refused(words: str, why: str) -> None:
    known = case(HEALTHY, None, asked("a", 401, words, VALIDATE), asked("b", 401, "key revoked"))
    (found,) = keys.rejected(known)
    assert found.summary == f"The key of principal valid is refused: {why}."
    assert (found.service, found.resource) == ("auth", "canary/valid")


def test_a_key_that_must_be_refused_is_no_rejected_one() -> None:
    one = asked("a", 401, REFUSED)
    assert rows(keys.rejected, one) == [("credential-rejected", "auth", "LIKELY", "a")]
    assert rows(keys.rejected, asked("a", 401, REFUSED, who="revoked")) == []
    assert rows(keys.rejected, asked("a", 401, REFUSED, who="revoked", wanted="403")) != []
    assert rows(keys.rejected, asked("a", 401, REFUSED, who="stranger", wanted="403")) == []
    assert rows(keys.rejected, asked("a", 401, REFUSED, who="")) == []


def test_the_key_that_is_refused_most_comes_first() -> None:
    results = [asked("a", 401, REFUSED, who="revoked", wanted="403"),
               asked("b", 401, REFUSED), asked("c", 401, REFUSED, url=f"{REGISTRY}/y")]  # fmt: skip
    (found,) = keys.rejected(case(HEALTHY, None, *results))
    assert found.summary.startswith("The key of principal valid and of revoked is refused:")


def test_a_key_that_its_judge_accepts_is_refused_by_the_front() -> None:
    one = asked("a", 401, REFUSED)
    front = [("credential-rejected", "registry", "POSSIBLE", "a")]
    auth = [("credential-rejected", "auth", "LIKELY", "a")]
    assert rows(keys.rejected, one, good(VALIDATE)) == front
    assert rows(keys.rejected, one, good(VALIDATE, 201)) == auth
    assert rows(keys.rejected, one, good(VALIDATE, who="other")) == auth
    assert rows(keys.rejected, one, good(f"{REGISTRY}/y")) == auth
    assert rows(keys.rejected, one, asked("b", 200, url=VALIDATE, wanted="401")) == auth
    both = [one, asked("k", 401, REFUSED, VALIDATE), good(VALIDATE)]
    assert rows(keys.rejected, *both) == [("credential-rejected", "auth", "LIKELY", "a k")]
    (found,) = keys.rejected(case(HEALTHY, None, one, good(VALIDATE)))
    assert (found.resource, found.shown_failures) == ("hokusai-registry-development", 3)


def test_a_valid_key_without_a_scope() -> None:
    assert rows(keys.scope, asked("a", 403)) == [("scope-insufficient", "auth", "LIKELY", "a")]
    assert rows(keys.scope, asked("a", 403, who="revoked")) == rows(keys.scope) == []
    assert rows(keys.scope, asked("a", 403, who="stranger")) == []  # the file has it no more
    file = p.replace(ENVIRONMENT, principals={
        **ENVIRONMENT.principals, "zeta": Principal(secret="canary/zeta")})  # fmt: skip
    both = case(HEALTHY, None, asked("a", 403, who="zeta"), asked("b", 403), environment=file)
    (found,) = keys.scope(both)
    assert found.summary == "The key of principal valid is valid and may not do this."
    assert found.resource == "canary/valid"


# --- another kind of credential


def test_what_the_canary_does_not_send_is_asked_for() -> None:
    file = p.replace(ENVIRONMENT, principals={
        **ENVIRONMENT.principals, "nobody": Principal(anonymous=True)})  # fmt: skip

    def told(*results: Result) -> list[str]:
        found = asked_otherwise.asked_otherwise(case(HEALTHY, None, *results, environment=file))
        return [f.summary for f in found]

    end = ", and principal valid of the environment file sends a key as a header."
    for scheme in ("Basic", "Digest"):
        assert told(asked("a", 401, challenge=scheme)) == [
            f"registry asks for {scheme} authentication{end}"
        ]
    for scheme in ("", "bearer", "Bearer", "ApiKey"):
        assert told(asked("a", 401, challenge=scheme)) == []
    both = [asked("a", 401, challenge="Digest"), asked("b", 401, challenge="Basic")]
    assert told(*both) == [f"registry asks for Basic or Digest authentication{end}"]
    assert told(asked("a", 401, who="nobody")) == [
        "registry asks for a credential, and principal nobody of the environment file sends none."
    ]
    assert told(asked("a", 401, who="", challenge="Basic")) == []


# --- headers, limits, wrong status codes


def test_a_header_of_a_proper_form_that_is_not_seen_was_lost() -> None:
    for form in ("bearer", "x-api-key", "apikey", "both", ""):
        one = asked("a", 401, "API key required", header_form=form)
        assert [r[0] for r in rows(auth_service.header_lost, one)] == ["credential-header-lost"]
    for form in ("query", "cookie"):
        one = asked("a", 401, "API key required", header_form=form)
        assert rows(auth_service.header_lost, one) == []
    assert rows(auth_service.header_lost, asked("a", 401, "API key required", who="")) == []
    basic = asked("a", 401, "API key required", challenge="Basic")
    assert rows(auth_service.header_lost, basic) == []


def limit(check: str, url: str) -> Result:
    unmet = Assertion(subject="X-RateLimit-Limit", expected="a number", actual="", holds=False)
    seen = p.answer(url, 200, "{}", principal="valid")
    return p.failed(check, "registry", seen, assertions=(unmet,))


def test_a_limiter_that_does_not_run_belongs_to_the_first_service() -> None:
    known = case(HEALTHY, None, limit("a", f"{REGISTRY}/x"), limit("b", f"{AUTH}/x"))
    (found,) = auth_service.rate_limit(known)
    assert (found.cause, found.service) == ("rate-limit-missing", "auth")
    assert found.summary == (
        "Authenticated answers of auth carry no rate limit headers: the limiter does not run."
    )
    assert found.remedy.decision.startswith("Whoever owns auth must see whether its limiter")
    assert rows(auth_service.rate_limit, asked("a", 500)) == []


def test_a_fault_of_its_own_side_is_no_401() -> None:
    down, busy = "Authentication service unavailable", "rate limit"
    for body in (down, busy):
        assert rows(auth_service.misreported, asked("a", 401, body)) == [
            ("auth-error-misreported", "registry", "POSSIBLE", "a")
        ]
    assert rows(auth_service.misreported, asked("a", 503, down)) == []
    assert rows(auth_service.misreported, asked("a", 429, busy)) == []
    assert rows(auth_service.misreported, asked("a", 401, REFUSED)) == []


# --- let in


def test_an_open_service_is_told_apart_from_an_old_key() -> None:
    old = asked("old", 200, who="revoked", wanted="401")
    none = asked("open", 200, who="", wanted="401")
    assert rows(unprotected.unprotected, old) == [("revoked-key-accepted", "auth", "LIKELY", "old")]
    assert rows(unprotected.unprotected, old, none) == [
        ("protection-missing", "registry", "LIKELY", "old open")
    ]
    other = asked("auth", 200, url=f"{AUTH}/x", who="expired", wanted="401")
    assert rows(unprotected.unprotected, none, other) == [
        ("expired-key-accepted", "auth", "LIKELY", "auth"),
        ("protection-missing", "registry", "LIKELY", "open"),
    ]


@pytest.mark.parametrize(
    ("result", "follows"),
    [
        (asked("x", 404, wanted="401", who=""), True),
        (asked("x", 405, wanted="401", who=""), True),
        (asked("x", 422, wanted="401", who=""), True),
        (asked("x", 423, wanted="401", who=""), False),
        (asked("x", 404, wanted="200", who=""), False),
        (asked("x", 500, wanted="401", who=""), False),
        (asked("x", 404, wanted="403", kind="access"), True),
        (asked("x", 500, wanted="403", kind="access"), True),
        (asked("x", 302, wanted="403", kind="access"), False),
        (asked("x", 500, wanted="403"), False),
        (limit("x", f"{REGISTRY}/y"), True), (limit("x", f"{AUTH}/y"), False),
        (asked("x", 404, wanted="401", who="", url=f"{AUTH}/x"), False),
    ],
)  # fmt: skip
def test_what_no_key_was_asked_for_follows_from_an_open_service(
    result: Result, follows: bool
) -> None:
    none = asked("open", 200, who="", wanted="401")
    (row,) = rows(unprotected.unprotected, none, result)
    assert row[3] == ("open x" if follows else "open")


POWERFUL = p.replace(ENVIRONMENT, principals={
    **ENVIRONMENT.principals, "scoped": Principal(secret="canary/scoped", reason="it has no scope"),
    "made": Principal(generated="unknown", reason="it has no scope")})  # fmt: skip


def test_a_stored_key_that_its_judge_lets_in_may_do_too_much() -> None:
    def told(*results: Result) -> list[tuple[str, str]]:
        known = case(HEALTHY, None, *results, environment=POWERFUL)
        return [(f.service, f.resource) for f in unprotected.unprotected(known)]

    one = asked("a", 200, url=VALIDATE, who="scoped", wanted="403")
    assert told(one) == [("auth", "canary/scoped")]
    assert told(one, asked("b", 200, who="scoped", wanted="403")) == [("auth", "canary/scoped")]
    assert told(asked("b", 200, who="scoped", wanted="403"))[0][0] == "registry"
    assert told(asked("a", 200, url=VALIDATE, who="made", wanted="403"))[0][1] != "canary/scoped"
    assert len(told(one, asked("b", 200, url=VALIDATE, who="made", wanted="403"))) == 1
    (found,) = unprotected.unprotected(case(HEALTHY, None, one, environment=POWERFUL))
    assert (found.summary, found.shown_failures) == (
        "The key of principal scoped may do more than it should: it has no scope.", 3
    )  # fmt: skip
    assert found.remedy.inspect == (
        "aws secretsmanager describe-secret --region us-east-1 --secret-id canary/scoped",
    )


# --- a scope that a route does not ask for


def access(
    status: int, wanted: str = "403", who: str = "revoked", body: str = "{}", kind: str = "access",
    path: str = "/m",
) -> Result:  # fmt: skip
    return asked("a", status, body, f"{REGISTRY}{path}", who, wanted, kind)


ELSEWHERE = good(f"{REGISTRY}/other", 403, "revoked")


def excessive(*results: Result, environment: Environment = ENVIRONMENT) -> bool:
    return bool(rows(scope.excessive, *results, environment=environment))


@pytest.mark.parametrize(
    ("result", "found"),
    [
        (access(200), True), (access(299), True), (access(404), True), (access(405), True),
        (access(422), True), (access(500), True), (access(500, body="  {}"), True),
        (access(500, body="<html>"), False), (access(502), False), (access(300), False),
        (access(423), False), (access(406), False),
        (access(200, "401"), True), (access(200, "401 or 403"), True), (access(200, "404"), False),
        (access(200, "403 or 404"), False), (access(200, kind="endpoint"), False),
        (access(200, wanted=""), False), (access(200, who="unknown"), False),
        (access(200, who="stranger"), False),
    ],
)  # fmt: skip
def test_a_route_that_does_not_refuse_a_key_that_others_refuse(result: Result, found: bool) -> None:
    same = [good(f"{REGISTRY}/other", 403, w) for w in ("revoked", "unknown", "stranger")]
    assert excessive(result, *same) is found


def test_the_service_must_refuse_the_same_key_for_its_scope() -> None:
    one = access(200)
    assert excessive(one, ELSEWHERE) and not excessive(one)
    assert not excessive(one, good(f"{REGISTRY}/other", 403, "expired"))
    assert not excessive(one, good(f"{AUTH}/other", 403, "revoked"))
    assert not excessive(one, good(f"{REGISTRY}/other", 401, "revoked"))
    for words in ("Admin access required", "missing SCOPE", "no permission", "Forbidden",
                  "not allowed"):  # fmt: skip
        assert excessive(one, good(f"{REGISTRY}/other", 401, "revoked", words))
    assert not excessive(one, good(f"{REGISTRY}/other", 200, "revoked", "scope"))


def test_a_route_that_treats_strangers_alike_asks_for_no_key_or_is_not_there() -> None:
    one = access(404)
    for other, alike in (
        (good(f"{REGISTRY}/m", 404, "expired"), True), (good(f"{REGISTRY}/m", 404, ""), True),
        (good(f"{REGISTRY}/m", 404, "valid"), False),
        (good(f"{REGISTRY}/m", 403, "expired"), False),
        (good(f"{REGISTRY}/n", 404, "expired"), False),
        (good(f"{REGISTRY}/m?q=1", 404, "expired"), True),
        (good(f"{REGISTRY}/m", 404, "expired", method="POST"), False),
        (good(f"{REGISTRY}/m", 404, "revoked"), False),
    ):  # fmt: skip
        assert excessive(one, ELSEWHERE, other) is not alike


def test_a_key_or_a_service_that_lets_all_in_is_another_fault() -> None:
    auth = asked("b", 200, "{}", f"{AUTH}/m", "revoked", "403", "access")
    there = good(f"{AUTH}/other", 403, "revoked")
    assert not excessive(access(200), ELSEWHERE, auth, there)
    assert not excessive(access(200), ELSEWHERE, asked("o", 200, who="", wanted="401"))
    assert excessive(access(200), ELSEWHERE, asked("o", 200, url=f"{AUTH}/x", who="", wanted="401"))


def test_the_routes_and_the_keys_are_named() -> None:
    results = [access(200), access(200, path="/k"), ELSEWHERE]
    (found,) = scope.excessive(case(HEALTHY, None, *results))
    assert found.summary == (
        "registry does not refuse GET /k and GET /m to the key of principal revoked (it was"
        " revoked), which its other routes refuse."
    )
    assert found.remedy.decision == (
        "Whoever owns registry must let GET /k and GET /m ask for the scope. Until then, every key"
        " like that of revoked may do what this route does."
    )
