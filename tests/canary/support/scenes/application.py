"""Routes, prefixes, host names and slow or broken answers of an application, and the canary."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import Unavailable
from canary.model import Assertion, Exchange, Result, Status
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.scenes.dependencies import hung, took
from tests.canary.support.scenes.ecs import on_revision, since_revision_7
from tests.canary.support.told_scenes import (
    AUTH,
    ENVIRONMENT,
    HEALTHY,
    KEY,
    MLFLOW,
    PROXY,
    REGISTRY,
    Told,
    api,
    passed,
    proxied,
    slow,
)

NOT_FOUND = '{"error_code":"ENDPOINT_NOT_FOUND"}'
OWN = '{"error_code":"INTERNAL_ERROR"}'


def broken(path: str, status: int = 500, body: str = "no", **more: Any) -> Result:
    """Return a route of the API that answers wrongly."""
    return api(p.answer(f"{REGISTRY}{path}", status, body, **more), f"route{path}")


def well(*paths: str) -> list[Result]:
    """Return routes of the API that answer well."""
    return [passed(f"{REGISTRY}{path}") for path in paths]


def wrong(path: str, check: str) -> Result:
    """Return an answer of the API with another content."""
    return api(p.answer(f"{REGISTRY}{path}", 200, '{"status":"ok"}'), check, assertions=(
        Assertion(subject="body.version", expected="2", actual="1", holds=False),))  # fmt: skip


def deleted(method: str = "DELETE") -> Result:
    """Return a request whose answer misses a parameter that was sent."""
    seen = p.answer(PROXY, 400, '{"detail":"Missing value for required parameter"}', method=method)
    return api(seen, f"registry.{method}")


def unread(reason: str, check: str = "registry.valid") -> Result:
    """Return a check that could not begin."""
    return p.failed(check, "registry", status=Status.ERROR, reason=reason)


def denied(*actions: str) -> Any:
    """Return a platform whose readings were denied, each twice."""
    gaps = tuple(
        Unavailable(action=a, resource=r, code="AccessDenied", reason="not allowed", denied=True)
        for a in actions for r in ("one", "two", "three", "four")
    )  # fmt: skip
    open_one = Unavailable(action="x:Y", resource="*", code="Throttling", reason="busy")
    return p.replace(HEALTHY, unavailable=(*gaps, open_one))


def without_mlflow() -> Any:
    """Return the environment file of a platform that has no MLflow."""
    services = {n: s for n, s in ENVIRONMENT.services.items() if n != "mlflow"}
    api_alone = p.replace(services["registry"], depends_on=("auth", "cache", "database"))
    routes = tuple(r for r in ENVIRONMENT.routes if r.service != "mlflow")
    return p.replace(ENVIRONMENT, services={**services, "registry": api_alone}, routes=routes)


LATER = Exchange(method="GET", url=f"{REGISTRY}/end", failure="deadline")
SCENES = {
    "route-lost-through-mlflow": since_revision_7(
        "mlflow", [broken("/api/mlflow/api/2.0/mlflow/x", 404, "{}")]),
    "route-lost-beside-mlflow": since_revision_7(
        "mlflow", [broken("/api/mlflow/api/2.0/mlflow/x", 404, "{}"), broken("/y", 404, "{}")]),
    "route-lost-through-both": Told(
        HEALTHY, [broken("/api/mlflow/api/2.0/mlflow/x", 404, "{}")],
        on_revision("mlflow", 6, on_revision("registry", 6))),
    "route-lost-of-auth": Told(HEALTHY, [
        p.failed("auth.validate", "auth", p.answer(f"{AUTH}/api/v1/keys/validate", 404, "{}")),
        api(faults.auth_unavailable())]),
    "host-header-and-a-document": Told(HEALTHY, [
        p.failed("mlflow.ui", "registry", p.answer(MLFLOW, 403, "Invalid Host header")),
        api(proxied(502, '{"detail":"Failed to connect to MLflow server"}')),
        api(p.answer(f"{REGISTRY}/x", 500, "no"), "registry.x")]),
    "prefix-since-a-revision-of-mlflow": since_revision_7("mlflow", [
        api(proxied(404, NOT_FOUND)), api(proxied(405, "{}"), "registry.method")]),
    "prefix-since-a-revision-of-the-api": since_revision_7("registry", [
        api(proxied(404, NOT_FOUND))]),
    "slow-and-without-end": Told(HEALTHY, [
        slow(f"{REGISTRY}/a", "registry.a", 4000.0), api(LATER, "registry.end"),
        api(p.none(f"{REGISTRY}/b", "too-large"), "registry.big"),
        unread("the run's time was over before this")]),
    "slow-only-through-mlflow": Told(HEALTHY, [
        slow(PROXY, "registry.proxy", 9000.0, principal="valid"), slow(MLFLOW, "mlflow.ui", 9000.0),
        slow(f"{REGISTRY}/a", "registry.a", 4500.0)]),
    "slow-through-mlflow-and-beside-it": Told(HEALTHY, [
        slow(PROXY, "registry.proxy", 9000.0, principal="valid"),
        slow(f"{REGISTRY}/a", "registry.a", 4501.0)]),
    "slow-through-the-api-alone": Told(HEALTHY, [
        slow(PROXY, "registry.proxy", 9000.0, principal="valid"), took(MLFLOW, 4500.0)]),
    "hangs-through-mlflow": Told(HEALTHY, [hung(PROXY), took(MLFLOW, 5001.0)]),
    "hangs-through-the-api-alone": Told(HEALTHY, [hung(PROXY), took(MLFLOW, 5000.0)]),
    "one-of-two-routes-fails": Told(HEALTHY, [broken("/a"), *well("/b")]),
    "one-of-three-routes-fails": Told(HEALTHY, [
        broken("/a?q=1"), broken("/a?q=1"), *well("/b", "/c")]),
    "one-route-fails-now-and-then": Told(HEALTHY, [
        broken("/a"), *well("/a", "/b", "/c")]),
    "one-route-fails-beside-a-balancers-answer": Told(HEALTHY, [
        broken("/a"), api(p.page(f"{REGISTRY}/d", 502), "route/d"), *well("/b", "/c")]),
    "one-route-fails-beside-a-sick-target": Told(
        p.change(HEALTHY, "target_groups", faults.NAMES.group("registry"), targets=(
            *HEALTHY.target_groups[1].targets,
            p.replace(HEALTHY.target_groups[1].targets[0], id="10.0.1.13", state="unhealthy"))),
        [broken("/a"), *well("/b", "/c")]),
    "many-routes-fail": Told(HEALTHY, [
        *(broken(f"/{n}{{x}}") for n in range(8)), *well(*(f"/well/{n}" for n in range(9)))]),
    "one-route-fails-since-a-revision": since_revision_7("registry", [
        broken("/a"), broken("/a", 500, "again"), *well("/b", "/c")]),
    "routes-of-mlflow-fail": Told(HEALTHY, [
        broken("/api/mlflow/api/2.0/mlflow/x", 500, OWN), *well("/b", "/c")]),
    "routes-of-mlflow-fail-now-and-then": Told(HEALTHY, [
        broken("/api/mlflow/api/2.0/mlflow/x", 500, OWN),
        *well("/api/mlflow/api/2.0/mlflow/x", "/c")]),
    "auth-answers-with-errors": Told(HEALTHY, [
        p.failed("auth.validate", "auth", p.answer(f"{AUTH}/api/v1/keys/validate", 500, "no")),
        api(faults.auth_unavailable()), passed(f"{AUTH}/health", "auth")]),
    "one-route-of-auth-fails-and-callers-complain": Told(HEALTHY, [
        p.failed("auth.a", "auth", p.answer(f"{AUTH}/a", 500, "no")),
        *(passed(f"{AUTH}/{n}", "auth") for n in ("b", "c", "d")), api(faults.auth_unavailable())]),
    "routes-of-mlflow-and-of-the-api-fail": Told(HEALTHY, [
        broken("/api/mlflow/api/2.0/mlflow/x", 500, OWN), broken("/a"),
        *well("/b", "/c", "/d")]),
    "slow-without-any-mlflow": Told(
        HEALTHY, [slow(PROXY, "registry.proxy", 9000.0, principal="valid")], HEALTHY,
        without_mlflow()),
    "two-health-documents-mislead": Told(HEALTHY, [
        wrong("/health", "registry.a"), wrong("/ready", "registry.b"), wrong("/x", "registry.c")]),
    "another-document-misleads": Told(HEALTHY, [wrong("/ready", "registry.b")]),
    "body-of-delete-lost": Told(HEALTHY, [deleted(), passed(PROXY, method="POST")]),
    "bodies-of-delete-lost-in-two-services": Told(HEALTHY, [
        deleted(), passed(PROXY, method="POST"), *well("/b"),
        p.failed("auth.DELETE", "auth", p.answer(
            f"{AUTH}/k", 422, '{"detail":"field required"}', method="DELETE"))]),
    "body-of-delete-lost-and-no-post": Told(HEALTHY, [deleted(), *well("/b")]),
    "body-of-post-lost": Told(HEALTHY, [deleted("POST")]),
    "canary-may-not-read-twice": Told(
        denied("ecs:DescribeServices", "acm:ListCertificates"),
        [unread("ecs:DescribeServices was denied", "auth.settings")]),
    "canary-may-not-read-its-keys": Told(HEALTHY, [
        unread("AccessDenied: canary/valid", "registry.valid"),
        unread("AccessDenied: canary/expired", "registry.expired"),
        unread("the credential of revoked could not be read", "registry.revoked")]),
    "canary-may-not-read-one-key-of-four-checks": Told(HEALTHY, [
        unread("AccessDenied: canary/valid", f"registry.{n}") for n in range(4)]),
    "canary-resolves-one-host-and-is-refused-by-it": Told(HEALTHY, [
        p.failed("auth.health", "auth", p.none(f"{AUTH}/health", "dns")),
        p.failed("registry.health", "registry", p.none(f"{REGISTRY}/health", "refused"))]),
    "canary-resolves-no-host-now": Told(HEALTHY, [
        p.failed("auth.health", "auth", p.none(f"{AUTH}/health", "dns")),
        p.failed("registry.health", "registry", p.none(f"{REGISTRY}/health", "dns")), *well("/b")]),
    "canary-key-changed": Told(
        p.replace(HEALTHY, secrets=(KEY,)), [unread("the secret canary/valid has no api_key")]),
    "canary-key-nobody-knows": Told(HEALTHY, [unread("a secret could not be read")]),
    "canary-error-of-another-kind": Told(HEALTHY, [unread("the function had no memory")]),
}  # fmt: skip
