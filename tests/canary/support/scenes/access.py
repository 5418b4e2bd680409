"""Keys that are refused, accepted or too powerful, and services that ask for something else."""

from __future__ import annotations

from typing import Any

from canary.model import Assertion, Principal, Result, Status, Step
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.scenes.ecs import since_revision_7
from tests.canary.support.told_scenes import (
    AUTH,
    ENVIRONMENT,
    HEALTHY,
    KEY,
    PROXY,
    REGISTRY,
    Told,
    api,
    deployment,
    deployments,
    passed,
    proxied,
)

VALIDATE = f"{AUTH}/api/v1/keys/validate"
MODELS = f"{REGISTRY}/api/v1/models"
REFUSED = '{"detail":"Invalid or expired API key"}'


def judged(status: int, body: str = REFUSED, principal: str = "valid", **more: Any) -> Result:
    """Return a failed question to the identity service itself about a key."""
    known = {"principal": principal, "header_form": "bearer"}
    return p.failed("auth.validate", "auth", p.answer(VALIDATE, status, body, **known | more))


def validated(principal: str = "valid") -> Result:
    """Return a question to the identity service that it answered as it must."""
    return passed(VALIDATE, "auth", principal=principal, header_form="bearer")


def accepted(principal: str, url: str = PROXY, check: str = "", wanted: str = "401") -> Result:
    """Return a request that is accepted although it must be refused."""
    name = "auth" if url.startswith(AUTH) else "registry"
    seen = p.answer(url, 200, "{}", principal=principal, header_form="bearer" if principal else "")
    return p.failed(check or f"{name}.{principal or 'open'}", name, seen,
                    assertions=p.status_is(wanted, "200"))  # fmt: skip


def access(status: int, url: str = MODELS, principal: str = "revoked", **more: Any) -> Result:
    """Return a failed check of access, which wants 403."""
    seen = p.answer(url, status, "{}", principal=principal, header_form="bearer", **more)
    step = Step(name="may not", status=Status.FAIL, reason="not as expected", evidence=(seen,),
                assertions=p.status_is("403", str(status)))  # fmt: skip
    return p.result("registry.access", "registry", step, kind="access")


def refused_well(
    principal: str = "revoked", status: int = 403, body: str = "{}", url: str = f"{REGISTRY}/x"
) -> Result:
    """Return a request of a key that was refused as it must."""
    seen = p.answer(url, status, body, principal=principal)
    step = Step(name="refused", status=Status.PASS, evidence=(seen,))
    return p.result("registry.refuses", "registry", step, status=Status.PASS)


def principals(**more: Principal) -> Any:
    """Return the environment file with other principals."""
    return p.replace(ENVIRONMENT, principals={**ENVIRONMENT.principals, **more})


GENERATED = principals(valid=Principal(generated="unknown"))
ANONYMOUS = principals(nobody=Principal(anonymous=True))
WITHOUT_LIMIT = Assertion(subject="X-RateLimit-Limit", expected="a number", actual="", holds=False)

SCENES = {
    "key-refused-by-its-judge": Told(HEALTHY, [
        api(proxied(401, REFUSED), "registry.key"),
        judged(401, '{"detail":"API key has expired"}')]),
    "key-refused-by-a-front-alone": Told(HEALTHY, [
        api(proxied(401, REFUSED), "registry.key"), validated()]),
    "key-refused-here-and-there": Told(HEALTHY, [
        api(proxied(401, REFUSED), "registry.key"), judged(401), validated()]),
    "key-of-another-refused": Told(HEALTHY, [
        api(proxied(401, REFUSED), "registry.key"),
        api(proxied(401, REFUSED, principal="expired"), "registry.scope",
            assertions=(*p.status_is("403", "401"),))]),
    "key-made-anew-refused": Told(HEALTHY, [api(proxied(401, REFUSED))], HEALTHY, GENERATED),
    "key-deleted-and-refused": Told(
        p.replace(HEALTHY, secrets=(p.replace(KEY, exists=False, detail="is gone"),)),
        [api(proxied(401, REFUSED))]),
    "key-changed-long-ago": Told(
        p.replace(HEALTHY, secrets=(p.replace(KEY, changed_at=p.ago(1470)),)),
        [api(proxied(401, REFUSED))]),
    "key-made-anew-may-not": Told(HEALTHY, [api(proxied(403, "{}"))], HEALTHY, GENERATED),
    "key-that-must-be-refused-may-not": Told(
        HEALTHY, [api(proxied(403, "{}", principal="revoked"))]),
    "route-without-a-scope": Told(HEALTHY, [access(200), refused_well()]),
    "route-without-a-scope-by-words": Told(HEALTHY, [
        access(500), access(404, f"{MODELS}/x", principal="expired"),
        refused_well(status=401, body='{"detail":"Admin access required"}'),
        refused_well("expired")]),
    "route-that-nobody-may-see": Told(HEALTHY, [
        access(404), refused_well(), refused_well("expired", 404, url=MODELS)]),
    "header-lost-in-every-form": Told(HEALTHY, [
        api(proxied(401, "API key required", header_form=form), f"registry.{form or 'none'}")
        for form in ("bearer", "x-api-key", "apikey", "both", "", "cookie")]),
    "auth-fails-in-two-ways": Told(HEALTHY, [
        p.failed("auth.a", "auth", p.answer(f"{AUTH}/a", 500, "no")),
        p.failed("auth.b", "auth", p.page(f"{AUTH}/b", 502))]),
    "route-without-a-scope-for-a-key-made-anew": Told(HEALTHY, [
        access(200, principal="unknown"), refused_well("unknown")]),
    "route-without-a-scope-and-a-page-about-scopes": Told(HEALTHY, [
        access(200), refused_well(status=200, body="scope")]),
    "open-and-a-route-that-wants-another-body": Told(HEALTHY, [
        accepted("unknown"), accepted(""),
        *(api(p.answer(f"{REGISTRY}/{n}", n, "{}"), f"registry.{n}",
              assertions=p.status_is("401", str(n))) for n in (404, 405, 422, 423))]),
    "route-that-leads-elsewhere": Told(HEALTHY, [access(300), refused_well()]),
    "route-without-a-scope-that-others-may-use": Told(HEALTHY, [
        access(200), refused_well(), passed(MODELS, principal="valid")]),
    "route-without-a-scope-refused-for-another-reason": Told(HEALTHY, [
        access(200), refused_well(status=401)]),
    "route-without-a-scope-and-a-page": Told(HEALTHY, [
        p.result("registry.access", "registry", Step(
            name="may not", status=Status.FAIL, reason="x", assertions=p.status_is("403", "500"),
            evidence=(p.answer(MODELS, 500, "<html>", principal="revoked"),)), kind="access"),
        refused_well()]),
    "key-may-not-four-times": Told(HEALTHY, [
        api(proxied(403, str(n)), f"registry.{n}") for n in range(4)]),
    "open-and-another-service-without-a-route": Told(HEALTHY, [
        accepted("unknown"), accepted(""),
        p.failed("auth.unasked", "auth", p.answer(f"{AUTH}/x", 404, "{}"),
                 assertions=p.status_is("401", "404")),
        api(p.answer(f"{REGISTRY}/y", 500, "no"), "registry.y",
            assertions=p.status_is("401", "500")),
        api(p.answer(f"{REGISTRY}/z", 404, "{}"), "registry.z",
            assertions=p.status_is("200", "404")),
        access(404, f"{REGISTRY}/w"), access(500, f"{REGISTRY}/v", principal="")]),
    "auth-down-in-many-ways": Told(HEALTHY, [
        p.failed(f"auth.{n}", "auth", p.page(f"{AUTH}/{n}", 502)) for n in range(5)]),
    "old-key-accepted-after-a-roll-back": Told(
        deployments(
            "auth", deployment(6, "PRIMARY", rollout_state="COMPLETED"),
            deployment(7, "INACTIVE", rollout_state="FAILED", failed_tasks=3),
            task_definition=faults.NAMES.revision("auth", 6)),
        [accepted("revoked", VALIDATE)]),
    "old-keys-accepted": Told(HEALTHY, [
        accepted("revoked"), accepted("expired"), accepted("revoked", VALIDATE)]),
    "open-to-all-keys": Told(HEALTHY, [
        accepted("unknown"), accepted("revoked"),
        api(proxied(200, "{}"), "registry.limit", assertions=(WITHOUT_LIMIT,)),
        api(proxied(404, "{}", principal=""), "registry.unasked",
            assertions=p.status_is("401", "404"))]),
    "key-too-powerful": Told(
        HEALTHY, [accepted("scoped", VALIDATE, wanted="403")], HEALTHY,
        principals(scoped=Principal(secret="canary/scoped", reason="it has no admin scope"))),
    "old-key-accepted-since-a-revision": since_revision_7("auth", [accepted("revoked", VALIDATE)]),
    "auth-misreports-its-outage": Told(HEALTHY, [
        api(proxied(401, '{"detail":"Authentication service unavailable"}'))]),
    "auth-misreports-a-limit": Told(HEALTHY, [api(proxied(401, '{"detail":"rate limit"}'))]),
    "auth-down-beside-two-deployments": Told(
        deployments("auth", deployment(7, "PRIMARY", rollout_state="IN_PROGRESS"),
                    deployment(6, "ACTIVE", failed_tasks=2)),
        [api(faults.auth_unavailable()),
         p.failed("auth.health", "auth", p.page(f"{AUTH}/health", 502))]),
    "auth-down-for-one-caller": Told(HEALTHY, [api(faults.auth_unavailable()), validated()]),
    "asked-for-what-nobody-sends": Told(
        HEALTHY, [api(proxied(401, "not authenticated", principal="nobody", challenge="Bearer"))],
        HEALTHY, ANONYMOUS),
    "asked-for-anything": Told(
        HEALTHY, [api(proxied(401, "not authenticated", principal="nobody"))], HEALTHY, ANONYMOUS),
    "asked-of-a-stranger-five-times": Told(HEALTHY, [
        api(proxied(401, str(n), principal="stranger", challenge="Basic"), f"registry.{n}")
        for n in range(5)]),
    "asked-otherwise-since-a-revision": since_revision_7(
        "registry", [api(proxied(401, "", challenge="Digest"))]),
    "header-of-a-wrong-form": Told(HEALTHY, [
        api(proxied(401, "API key required", header_form="query"))]),
    "limit-of-one-key": Told(HEALTHY, [api(proxied(402, "")), api(proxied(429, ""), "registry.b")]),
    "limit-of-a-key-made-anew": Told(HEALTHY, [api(proxied(429, ""))], HEALTHY, GENERATED),
    "limiter-off-since-a-revision": since_revision_7("registry", [
        api(proxied(200, "{}"), "registry.limit", assertions=(WITHOUT_LIMIT,))]),
}  # fmt: skip
