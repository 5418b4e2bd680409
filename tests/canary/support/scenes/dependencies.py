"""Databases, caches, MLflow and internal names that fail, hang or answer late."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import (
    DiscoveryInstance,
    LogLine,
    PlatformState,
    RegistryEntry,
    Unavailable,
)
from canary.model import Exchange, Result, Status, Step, Timing
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.scenes.access import VALIDATE
from tests.canary.support.scenes.ecs import definition, since_revision_7
from tests.canary.support.told_scenes import (
    APP_SECRET,
    AUTH,
    DATABASE_DOWN,
    ENVIRONMENT,
    HEALTHY,
    MLFLOW,
    NAMES,
    PARAMETER,
    PROXY,
    REGISTRY,
    Told,
    api,
    health,
    passed,
    proxied,
    slow,
)

NAME = f"mlflow.{NAMES.prefix}.local"
UPSTREAM = f"http://{NAME}:5000"
RUNS = f"{REGISTRY}/api/mlflow/api/2.0/mlflow/runs"
OPEN = f'{{"circuit_breaker_state":"OPEN","tracking_uri":"{UPSTREAM}"}}'


def took(url: str, ms: float, *steps: str, status: int = 200, **more: Any) -> Result:
    """Return a check that passed after a time; its steps name dependencies of a document."""
    seen = p.answer(url, status, "{}", timing=Timing(total_ms=ms), **more)
    made = [Step(name=s, status=Status.PASS, evidence=(seen,)) for s in (steps or ("answer",))]
    service = "auth" if url.startswith(AUTH) else "registry"
    return p.result(f"took.{url[-12:]}.{ms}.{more}", service, *made, status=Status.PASS)


def judged(ms: float, *principals: str, status: int = 200) -> list[Result]:
    """Return how long the identity service took for keys."""
    return [
        took(VALIDATE, ms + n, principal=who, header_form="bearer", status=status, method="POST")
        for n, who in enumerate(principals)
    ]


def turned_away(ms: float, *principals: str) -> list[Result]:
    """Return how long the API took to refuse keys."""
    return [took(PROXY, ms + n, principal=who, header_form="bearer", status=401)
            for n, who in enumerate(principals)]  # fmt: skip


def hung(url: str, method: str = "GET", principal: str = "valid") -> Result:
    """Return a request without an answer within its time."""
    seen = Exchange(method=method, url=url, failure="read-timeout", principal=principal,
                    timing=Timing(total_ms=12_000))  # fmt: skip
    return api(seen, f"hung.{method}{url[-12:]}")


def line(text: str, minutes: float = 2, name: str = "registry") -> PlatformState:
    """Return the platform with one line of a log, minutes ago."""
    return p.replace(HEALTHY, logs={name: (LogLine(at=p.ago(minutes), message=text),)})


def instances(*found: DiscoveryInstance, state: PlatformState = HEALTHY) -> PlatformState:
    """Return the platform with other instances under MLflow's internal name."""
    return p.change(state, "discovery", NAME, instances=found)


def no_name(**fields: Any) -> PlatformState:
    """Return the platform without MLflow's internal name."""
    kept = tuple(d for d in HEALTHY.discovery if d.name != NAME)
    return p.replace(HEALTHY, discovery=kept, **fields)


def mlflow(**fields: Any) -> Any:
    """Return the platform whose MLflow has another revision 7."""
    return definition(HEALTHY, "mlflow", 7, container=fields)


SRV = "arn:aws:servicediscovery:x:1:service/srv-mlflow"
OWN = p.replace(HEALTHY, discovery=tuple(
    p.replace(d, arn=ENVIRONMENT.arn("servicediscovery", f"service/{d.id}"))
    for d in HEALTHY.discovery))  # fmt: skip
MINE = DiscoveryInstance(id="mlflow7", address=p.ADDRESSES["mlflow"])
OLD = DiscoveryInstance(id="old", address="10.0.9.9")
REPORTED = [api(faults._mlflow_unreachable()), passed(f"{REGISTRY}/health")]
LATE = [hung(PROXY), slow(PROXY, "registry.latency", 8470, principal="valid")]
KEYS = ("revoked", "expired", "unknown")
BOTH = (p.replace(APP_SECRET, changed_at=p.ago(60)), PARAMETER)
SECRETS = p.replace(HEALTHY, secrets=BOTH)
SCENES = {
    "name-without-instances": Told(instances(), REPORTED),
    "name-without-instances-and-tasks-unread": Told(p.replace(instances(), unavailable=(
        Unavailable(action="ecs:ListTasks", resource="*", code="Throttling", reason="busy"),)),
        REPORTED),
    "name-without-instances-and-a-direct-failure": Told(instances(), [
        *REPORTED, p.failed("mlflow.ui", "registry", p.page(MLFLOW, 503))]),
    "name-without-instances-on-a-port-of-its-own": Told(
        faults.service(instances(), "mlflow", registry_entries=(
            RegistryEntry(arn="arn:other", port=1), RegistryEntry(arn=SRV, port=5001))), REPORTED),
    "name-without-instances-of-two-ports": Told(
        definition(instances(), "mlflow", 7, container={"ports": (5000, 5001)}), REPORTED),
    "name-without-instances-of-another-registry": Told(
        faults.service(instances(state=OWN), "mlflow", registries=()), REPORTED,
        faults.service(HEALTHY, "mlflow", config={
            "serviceRegistries": [{"registryArn": "arn:old", "containerPort": 5000}]})),
    "name-gone": Told(no_name(), REPORTED),
    "name-gone-with-its-namespace": Told(no_name(namespaces={}), REPORTED),
    "name-of-an-old-task-too": Told(instances(OLD, MINE), REPORTED),
    "name-that-nobody-missed": Told(instances(), [api(p.answer(f"{REGISTRY}/x", 500, "no"))]),
    "database-refuses-a-login-that-changed": Told(
        p.replace(SECRETS, logs=line("FATAL: password authentication failed").logs),
        health(DATABASE_DOWN)),
    "database-named-by-two": Told(
        p.replace(HEALTHY, logs={
            "registry": (LogLine(at=p.ago(9), message="database: connection refused"),),
            "auth": (LogLine(at=p.ago(9), message="database: timed out"),)}),
        [*health(DATABASE_DOWN), p.failed("auth.ready", "auth", p.answer(
            f"{AUTH}/ready", 503, DATABASE_DOWN))]),
    "database-named-long-ago": Told(line("database: connection refused", 11), health("{}")),
    "database-named-before-the-deployment": Told(
        p.replace(faults.service(HEALTHY, "registry", deployments=(p.replace(
            HEALTHY.ecs_services[1].deployments[0], created_at=p.ago(1)),)),
            logs=line("database: connection refused").logs), health(DATABASE_DOWN)),
    "database-named-by-one-from-outside": Told(
        PlatformState(), [api(proxied(503, "database: connection refused"))]),
    "cache-refuses-a-token-that-changed": Told(
        p.replace(SECRETS, logs=line("redis: WRONGPASS invalid username-password pair").logs),
        health('{"checks": {"redis": {"healthy": false}}}')),
    "cache-named-by-who-does-not-use-it": Told(
        line("redis: connection refused", name="mlflow"),
        health('{"checks": {"redis": {"healthy": false}}}')),
    "database-named-as-the-deployment-began": Told(
        p.replace(faults.service(HEALTHY, "registry", deployments=(p.replace(
            HEALTHY.ecs_services[1].deployments[0], created_at=p.ago(2)),)),
            logs=line("database: connection refused").logs), health(DATABASE_DOWN)),
    "database-refuses-a-login-from-outside": Told(
        PlatformState(), [api(proxied(500, "password authentication failed for user"))]),
    "cache-and-what-waits-for-it": Told(
        HEALTHY, [*health('{"checks": {"redis": {"healthy": false}}}'), hung(PROXY),
                  hung(f"{REGISTRY}/open", principal="")]),
    "writes-hang": Told(HEALTHY, [
        hung(f"{RUNS}/create", "POST"), hung(f"{REGISTRY}/slow"), took(f"{RUNS}/search", 20)]),
    "writes-fail-at-once": Told(HEALTHY, [
        api(p.answer(f"{RUNS}/create", 500, "no", method="POST"), "registry.write"),
        took(f"{RUNS}/search", 20)]),
    "writes-hang-and-reads-too": Told(HEALTHY, [
        hung(f"{RUNS}/create", "POST"), hung(f"{RUNS}/search", "POST"),
        took(f"{RUNS}/get", 20)]),
    "writes-hang-and-nothing-was-read": Told(HEALTHY, [hung(f"{RUNS}/delete", "DELETE")]),
    "mlflow-times-out": Told(HEALTHY, [
        api(proxied(504, '{"detail":"MLflow timeout"}')), passed(f"{REGISTRY}/health")]),
    "mlflow-times-out-since-a-revision": since_revision_7("mlflow", [
        api(proxied(504, '{"detail":"timed out asking mlflow"}'))]),
    "mlflow-times-out-and-answered-late": Told(HEALTHY, [
        api(proxied(504, '{"detail":"MLflow timeout"}')), took(PROXY, 2000.0, principal="valid")]),
    "mlflow-times-out-and-answered-in-time": Told(HEALTHY, [
        api(proxied(504, '{"detail":"MLflow timeout"}')), took(PROXY, 1999.0, principal="valid")]),
    "breaker-open-and-calls-fail": Told(HEALTHY, [
        api(p.answer(f"{REGISTRY}/health/mlflow", 503, OPEN), "registry.breaker"),
        api(proxied(502, f'{{"detail":"Failed to connect to MLflow server at {UPSTREAM}"}}'))]),
    "breaker-open-and-calls-pass": Told(HEALTHY, [
        api(p.answer(f"{REGISTRY}/health/mlflow", 503, OPEN), "registry.breaker"),
        took(PROXY, 20, principal="valid")]),
    "breaker-document-and-calls-pass": Told(HEALTHY, [
        api(p.answer(f"{REGISTRY}/health/mlflow", 500, '{"circuit_breaker": "unknown"}'), "x.b"),
        api(p.answer(f"{REGISTRY}/ready", 503, OPEN), "x.ready"),
        took(PROXY, 20, principal="valid")]),
    "artifacts-of-a-bucket": Told(
        mlflow(plain={"A": "b", "ARTIFACTS": "s3://bucket/a/b"}),
        [api(p.answer(f"{REGISTRY}/api/mlflow/api/2.0/mlflow-artifacts/x", 500, "no"))],
        mlflow(plain={"A": "b", "ARTIFACTS": "s3://bucket/a/b"})),
    "artifacts-since-a-revision": since_revision_7("mlflow", [
        api(proxied(500, '{"error":"artifact store: AccessDenied"}')),
        api(p.answer(f"{RUNS}/get", 404, "{}"), "registry.runs")]),
    "artifacts-of-a-bucket-since-a-revision": since_revision_7(
        "mlflow", [api(proxied(500, '{"error":"artifact store: AccessDenied"}'))],
        container={"plain": {"ARTIFACTS": "s3://other"}}),
    "artifacts-and-all-else": Told(HEALTHY, [
        api(proxied(500, '{"error":"artifact store"}'), "registry.artifacts"), *REPORTED]),
    "cache-slow-in-a-document": Told(HEALTHY, [
        *LATE, took(f"{REGISTRY}/health", 3), took(f"{REGISTRY}/ready", 2400, "redis"),
        took(f"{AUTH}/ready", 5, "database")]),
    "cache-slow-and-not-ready-at-once": Told(HEALTHY, [
        *LATE, took(f"{REGISTRY}/health", 3), took(f"{REGISTRY}/ready", 2400, "redis"),
        took(f"{REGISTRY}/ready", 5, "redis", status=503), took(f"{AUTH}/ready", 5, "database")]),
    "cache-slow-beside-a-broken-database": Told(HEALTHY, [
        *LATE, took(f"{REGISTRY}/health", 3), took(f"{REGISTRY}/ready", 2400, "redis"),
        p.failed("registry.database", "registry", p.answer(
            f"{REGISTRY}/ready", 200, "{}", timing=Timing(total_ms=2400)), step="database")]),
    "cache-slow-with-a-key": Told(HEALTHY, [
        *LATE, *judged(1200, *KEYS, status=401), *turned_away(3000, *KEYS),
        took(f"{REGISTRY}/health", 5), took(f"{AUTH}/health", 5),
        took(f"{AUTH}/ready", 11, "database")]),
    "cache-slow-with-a-good-and-a-bad-key": Told(HEALTHY, [
        *LATE, *judged(1200, "valid"), *judged(1300, "revoked", status=401),
        took(f"{AUTH}/health", 5), took(f"{AUTH}/ready", 11, "database")]),
    "cache-slow-with-a-key-of-one": Told(HEALTHY, [
        *LATE, *judged(20, *KEYS, status=401), *turned_away(3000, *KEYS),
        took(f"{REGISTRY}/health", 5), took(f"{AUTH}/ready", 11, "database")]),
    "cache-slow-with-one-key-only": Told(HEALTHY, [
        *LATE, *judged(20, "revoked", status=401), *turned_away(3000, "revoked"),
        took(f"{REGISTRY}/health", 5), took(f"{AUTH}/ready", 11, "database")]),
    "auth-slow-to-judge": Told(HEALTHY, [
        *LATE, *judged(1500, "valid", "revoked"), took(f"{AUTH}/health", 300),
        api(proxied(503, '{"detail":"Authentication service timeout"}'), "registry.busy")]),
    "auth-as-slow-without-a-key": Told(HEALTHY, [
        *LATE, *judged(1500, "valid"), took(f"{AUTH}/health", 1400)]),
    "mlflow-elsewhere-from-outside": Told(PlatformState(), [api(p.answer(
        PROXY, 502, '{"detail":"Failed to connect to MLflow server at http://other.host:5000"}'))]),
    "mlflow-blamed-in-many-answers": Told(HEALTHY, [
        *(api(faults._mlflow_unreachable(), f"registry.{n}") for n in "abc"),
        api(p.answer(f"{RUNS}/x", 502, '{"detail":"Failed to connect to MLflow server"}'), "x.d"),
        api(p.answer(f"{RUNS}/y", 502, '{"detail":"Failed to connect to MLflow server"}'), "x.e"),
        api(p.answer(f"{RUNS}/z", 502, '{"detail":"Failed to connect to MLflow server"}'), "x.f"),
        passed(f"{REGISTRY}/health")]),
    "mlflow-elsewhere-in-many-answers": Told(PlatformState(), [
        api(p.answer(f"{RUNS}/{n}", 502, "Failed to connect to MLflow server at"
                     f" http://{'ab'[n % 2]}.host:5000"), f"x.{n}") for n in range(5)]),
    "auth-elsewhere-from-outside": Told(PlatformState(), [api(proxied(
        503, '{"detail":"auth service unavailable at http://other.host:8000"}'))]),
    "mlflow-answers-itself": Told(HEALTHY, [*REPORTED, took(MLFLOW, 20)]),
}  # fmt: skip
