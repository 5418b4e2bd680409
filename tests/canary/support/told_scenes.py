"""Platforms and failures of causes that no fault of plain values has, for the texts of `told`."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from canary.control_plane.state import (
    Bound,
    Certificate,
    DiscoveryInstance,
    EcsDeployment,
    Event,
    HostAddress,
    LogLine,
    PlatformState,
    SecretState,
    StoppedContainer,
    TargetHealth,
    Task,
    Unavailable,
)
from canary.model import Assertion, Environment, Exchange, Result, Status, Step, Timing
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

NAMES, AUTH, REGISTRY, PROXY = faults.NAMES, faults.AUTH, faults.REGISTRY, faults.PROXY
HEALTHY = p.healthy(NAMES)
MLFLOW = f"{REGISTRY}/mlflow/"
ENVIRONMENT = p.environment(NAMES)
Scene = tuple[PlatformState, list[Result]]


class Told(NamedTuple):
    """A scene, the platform that the last good run saw, and the environment file."""

    state: PlatformState
    results: list[Result]
    before: PlatformState = HEALTHY
    environment: Environment = ENVIRONMENT


def api(exchange: Exchange, check: str = "registry.proxy", **more: Any) -> Result:
    """Return a failed check of the API."""
    return p.failed(check, "registry", exchange, **more)


def proxied(status: int, body: str, **more: Any) -> Exchange:
    """Return the proxy's answer to a valid key."""
    known = {"principal": "valid", "header_form": "bearer"}
    return p.answer(PROXY, status, body, **known | more)


def passed(url: str, service: str = "registry", **more: Any) -> Result:
    """Return a check that passed."""
    step = Step(name="step", status=Status.PASS, evidence=(p.answer(url, 200, "{}", **more),))
    return p.result(f"passed.{url}", service, step, status=Status.PASS)


def slow(url: str, check: str, milliseconds: float, **more: Any) -> Result:
    """Return a check that failed because it took too long."""
    seen = p.answer(url, 200, "{}", timing=Timing(total_ms=milliseconds), **more)
    return p.failed(check, "registry", seen, assertions=(
        Assertion(subject="total ms", expected="< 2000", actual=str(milliseconds), holds=False),
    ))  # fmt: skip


def logs(name: str, *lines: str) -> PlatformState:
    """Return the platform with lines in a service's log."""
    found = tuple(LogLine(at=p.ago(2), message=line, stream="s/1") for line in lines)
    return p.replace(HEALTHY, logs={name: found})


def stopped(name: str, words: str, code: str = "EssentialContainerExited", **more: Any) -> Scene:
    """Return a service whose tasks stop with a reason."""
    task = Task(
        arn=f"task/{name}/1", service=NAMES.of(name), task_definition=NAMES.revision(name),
        last_status="STOPPED", stopped_at=p.ago(3), stop_code=code, stopped_reason=words,
        created_at=p.ago(5),
        containers=(StoppedContainer(name=f"{NAMES.prefix}-{name}", **more),) if more else (),
    )  # fmt: skip
    state = faults.service(HEALTHY, name, running=0, tasks=(task,))
    url = {"auth": AUTH, "registry": REGISTRY}[name] + "/health"
    state = p.replace(
        p.change(state, "target_groups", NAMES.group(name), targets=()),
        last_lines={task.arn: (LogLine(at=p.ago(3), message="ImportError: x", stream="s/1"),)},
    )
    return state, [
        p.failed(f"{name}.health", name, p.page(url, 503)),
        p.control("ecs_service", name),
        p.control("target_group", name),
    ]


def unlogged(name: str, words: str) -> Scene:
    """Return a service whose tasks do not start, and whose log group does not exist."""
    state, results = stopped(name, f"ResourceInitializationError: {words}", "TaskFailedToStart")
    return p.replace(state, missing_log_groups=(f"/ecs/{NAMES.of(name)}",)), results


def deployments(name: str, *found: EcsDeployment, **more: Any) -> PlatformState:
    """Return a platform whose service has these deployments."""
    return faults.service(HEALTHY, name, deployments=found, **more)


def deployment(number: int, status: str, **more: Any) -> EcsDeployment:
    """Return a deployment of the auth service."""
    known = {
        "id": f"ecs-svc/{number}", "task_definition": NAMES.revision("auth", number), "desired": 1,
        "running": 1, "pending": 0, "created_at": p.ago(9),
    }  # fmt: skip
    return EcsDeployment(status=status, **known | more)


def certificate(**fields: Any) -> PlatformState:
    """Return a platform with another certificate beside the one that is served."""
    served = p.replace(HEALTHY.certificates[0], **fields)
    other = Certificate(
        arn=p.certificate_arn(NAMES).replace("good", "other"), domain=f"*.{NAMES.domain}",
        type="AMAZON_ISSUED", status="ISSUED",
        not_after=(p.NOW + dt.timedelta(days=200)).isoformat(),
    )  # fmt: skip
    return p.replace(HEALTHY, certificates=(served, other))


def health(body: str, status: int = 503) -> list[Result]:
    """Return the API's health document as a failure."""
    return [p.failed("registry.ready", "registry", p.answer(f"{REGISTRY}/ready", status, body))]


def tls(code: int, **more: Any) -> list[Result]:
    """Return a handshake that failed."""
    seen = p.none(f"{AUTH}/health", "tls", failure_code=code, **more)
    return [p.failed("auth.health", "auth", seen)]


def unreachable_hosts(failure: str) -> list[Result]:
    """Return failures at every public host."""
    return [
        p.failed("auth.health", "auth", p.none(f"{AUTH}/health", failure)),
        api(p.none(f"{REGISTRY}/health", failure), "registry.health"),
    ]


def denied(action: str, code: str = "AccessDeniedException") -> PlatformState:
    """Return a platform of which a call failed."""
    gap = Unavailable(
        action=action, resource="*", code=code, reason="not allowed",
        denied=code == "AccessDeniedException",
    )  # fmt: skip
    return p.replace(HEALTHY, unavailable=(gap,))


def refused_key(**more: Any) -> list[Result]:
    """Return a valid key that is refused."""
    return [api(proxied(401, '{"detail":"Invalid or expired API key"}', **more), "registry.key")]


KEY = SecretState(
    reference="canary/valid", exists=True, name="canary/valid", version="v2", version_before="v1",
    changed_at=p.ago(30),
)  # fmt: skip
DATABASE_DOWN = '{"ready": false, "checks": {"database": {"healthy": false}, "redis": true}}'
LAST_WEEK = (p.NOW + dt.timedelta(days=7)).isoformat()


def down(name: str = "auth") -> list[Result]:
    """Return the failures of a service that is down."""
    url = {"auth": AUTH, "registry": REGISTRY}[name] + "/health"
    return [
        p.failed(f"{name}.health", name, p.page(url, 503)),
        p.control("ecs_service", name),
        p.control("target_group", name),
    ]


def group(state: PlatformState = HEALTHY, name: str = "auth", **fields: Any) -> PlatformState:
    """Return the platform with another target group of a service."""
    return p.change(state, "target_groups", NAMES.group(name), **fields)


def sick(reason: str, address: str = p.ADDRESSES["auth"], **more: Any) -> TargetHealth:
    """Return an unhealthy target."""
    return TargetHealth(id=address, port=8000, state="unhealthy", reason=reason, **more)


def revised(name: str, state: PlatformState = HEALTHY, **fields: Any) -> PlatformState:
    """Return the platform with another content of a service's newest revision."""
    definition = p.definition(NAMES, name)
    container = p.replace(definition.containers[0], **fields)
    return p.change(state, "task_definitions", definition.arn, containers=(container,))


def secret_stop(*secrets: SecretState) -> Scene:
    """Return a stop for a secret, with the states of secrets."""
    state, results = stopped(
        "auth", "ResourceInitializationError: unable to pull secrets", "TaskFailedToStart"
    )
    return p.replace(state, secrets=secrets), results


APP = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf"
APP_SECRET = SecretState(
    reference=f"{APP}:database_password::", exists=True, name=APP, version="v2",
    version_before="v1", changed_at=p.ago(30),
)  # fmt: skip
PARAMETER = SecretState(
    reference="/redis/endpoint", exists=True, kind="parameter", name="/redis/endpoint",
    version="2", version_before="1", changed_at=p.ago(20),
)  # fmt: skip
REPLACED = Task(
    arn="task/auth/9", service=NAMES.of("auth"), task_definition=NAMES.revision("auth"),
    last_status="STOPPED", stopped_at=p.ago(3), stop_code="ServiceSchedulerInitiated",
    stopped_reason=f"Task failed ELB health checks in (target-group {NAMES.group('auth')})",
)  # fmt: skip
PLAIN = p.definition(NAMES, "registry").containers[0].plain

SCENES: dict[str, Scene] = {
    "artifact-store": (HEALTHY, [api(proxied(500, '{"error":"artifact store: AccessDenied"}'))]),
    "auth-misreported": (HEALTHY, [api(proxied(
        500, '{"detail":"internal"}', principal="unknown"), "registry.unknown-key",
        assertions=p.status_is("401", "500"))]),
    "auth-down-by-callers": (HEALTHY, [api(faults.auth_unavailable())]),
    "auth-down": (HEALTHY, [
        api(faults.auth_unavailable()),
        p.failed("auth.health", "auth", p.page(f"{AUTH}/health", 502))]),
    "breaker-open": (HEALTHY, [api(proxied(503, '{"detail":"circuit breaker is open"}'))]),
    "breaker-document": (HEALTHY, [api(p.answer(
        f"{REGISTRY}/health/mlflow", 500, '{"circuit_breaker": "unknown"}'), "registry.breaker")]),
    "canary-egress": (p.replace(denied("ecs:DescribeServices", "EndpointConnectionError")),
                      unreachable_hosts("connect-timeout")),
    "canary-dns": (HEALTHY, unreachable_hosts("dns")),
    "canary-permission": (denied("ecs:DescribeServices"), []),
    "canary-secret-denied": (HEALTHY, [p.failed(
        "registry.valid", "registry", status=Status.ERROR,
        reason="AccessDenied: the secret canary/valid could not be read")]),
    "canary-secret-missing": (
        p.replace(HEALTHY, secrets=(p.replace(KEY, exists=False, deleted=True,
                                              detail="marked for deletion"),)),
        [p.failed("registry.valid", "registry", status=Status.ERROR,
                  reason="the secret canary/valid could not be read")]),
    "capacity": (HEALTHY, [api(proxied(429, '{"detail":"Rate limit exceeded"}'))]),
    "capacity-of-many": (HEALTHY, [
        api(proxied(429, "slow down")), api(proxied(402, "", principal="expired"), "registry.b")]),
    "certificate-chain": (certificate(), tls(10, certificate_chain=("R3 until 2026-11-01",))),
    "certificate-expired-seen": (certificate(not_after=p.ago(60)), tls(10)),
    "certificate-expires-soon": (certificate(not_after=LAST_WEEK, renewal_status="FAILED"),
                                 [p.control("certificate", "auth", reason="7 days left")]),
    "certificate-name-seen": (
        certificate(domain="other.example", names=("other.example",)), tls(62)),
    "certificate-not-yet": (certificate(), tls(9)),
    "certificate-untrusted": (certificate(), tls(20)),
    "database-document": (HEALTHY, health(DATABASE_DOWN)),
    "database-in-logs": (logs("registry", "psycopg2.OperationalError: could not connect to server"),
                         health('{"ready": false}')),
    "database-full": (logs("registry", "FATAL: remaining connection slots are reserved"),
                      health(DATABASE_DOWN)),
    "database-login-seen": (logs("mlflow", 'FATAL: password authentication failed for user "m"'),
                       [api(proxied(500, "password authentication failed for user"))]),
    "database-schema": (HEALTHY, [api(proxied(500, "no such table: experiments"))]),
    "cache-document": (HEALTHY, health('{"checks": {"redis": {"healthy": false}}}')),
    "cache-in-logs": (logs("registry", "redis.exceptions.ConnectionError: Connection refused"),
                      health('{"checks": {"redis": {"healthy": false}}}')),
    "deployment-rolled-back": (
        deployments(
            "auth",
            deployment(6, "PRIMARY", rollout_reason=faults.ROLLING_BACK),
            deployment(7, "ACTIVE", rollout_state="FAILED", failed_tasks=3, running=0),
            task_definition=NAMES.revision("auth", 6)),
        [p.failed("auth.health", "auth", p.page(f"{AUTH}/health", 503)),
         p.control("ecs_service", "auth", reason="rolled back")]),
    "deployment-stuck": (
        deployments(
            "auth",
            deployment(7, "PRIMARY", rollout_state="IN_PROGRESS", running=0, pending=1),
            deployment(6, "ACTIVE"), running=0, pending=1),
        [p.failed("auth.health", "auth", p.page(f"{AUTH}/health", 503)),
         p.control("ecs_service", "auth", reason="not steady")]),
    "deployment-no-place": (
        faults.service(HEALTHY, "auth", running=0, tasks=(), events=(Event(
            at=p.ago(2), message="(service auth) was unable to place a task. Reason: Capacity is"
            " unavailable at this time."),)),
        [p.failed("auth.health", "auth", p.page(f"{AUTH}/health", 503)),
         p.control("ecs_service", "auth")]),
    "dns-gone": (p.replace(HEALTHY, hosts=(HostAddress(
        host=f"auth.{NAMES.domain}", error="NXDOMAIN"),)),
        [p.failed("auth.health", "auth", p.none(f"{AUTH}/health", "dns")),
         passed(f"{REGISTRY}/health")]),
    "dns-elsewhere": (p.replace(HEALTHY, hosts=(HostAddress(
        host=f"auth.{NAMES.domain}", addresses=("9.9.9.9",), balancer_addresses=("1.1.1.1",)),)),
        [p.failed("auth.health", "auth", p.answer(f"{AUTH}/health", 404, "no"))]),
    "dependency-unreachable": (HEALTHY, [
        faults._mlflow_down(direct=False)[0], passed(f"{REGISTRY}/health")]),
    "discovery-stale": (
        p.change(HEALTHY, "discovery", "mlflow.hokusai.local",
                 instances=(DiscoveryInstance(id="old", address="10.0.9.9"),)),
        [api(faults._mlflow_unreachable())]),
    "header-lost-seen": (HEALTHY, [
        api(proxied(401, '{"detail":"API key required"}', header_form="x-api-key"))]),
    "health-misleads": (HEALTHY, [api(p.answer(f"{REGISTRY}/health", 200, '{"status":"ok"}'),
                                      "registry.health", assertions=(Assertion(
            subject="body.version", expected="2", actual="1", holds=False),))]),
    "host-header": (HEALTHY, [
        p.failed("mlflow.ui", "registry", p.answer(MLFLOW, 403, "Invalid Host header"))]),
    "idle-timeout": (
        p.change(HEALTHY, "load_balancers", NAMES.elb(
            "loadbalancer", f"app/{NAMES.prefix}-registry-lb/1234"),
            attributes={"idle_timeout.timeout_seconds": "3"}),
        [api(p.page(PROXY, 504, timing=Timing(total_ms=3_010)))]),
    "image-architecture": stopped("auth", "Essential container in task exited",
                                  reason="CannotStartContainerError: exec format error",
                                  exit_code=255),
    "image-pull": stopped("auth", "CannotPullContainerError: pull image manifest has been retried"
                          " 5 time(s): image repo/auth:7 not found", "TaskFailedToStart"),
    "role-denied": stopped(
        "auth", "ResourceInitializationError: unable to pull secrets: AccessDeniedException: User:"
        " arn:aws:sts::123456789012:assumed-role/exec is not authorized to perform:"
        " secretsmanager:GetSecretValue", "TaskFailedToStart"),
    "role-denied-key": stopped(
        "auth", "ResourceInitializationError: AccessDeniedException: Access to KMS is not allowed",
        "TaskFailedToStart"),
    "role-not-assumed": stopped("auth", "ECS was unable to assume the role exec that was provided"
                                " for this task", "TaskFailedToStart"),
    "secret-form": stopped("auth", "ResourceInitializationError: unable to retrieve secret: invalid"
                           " character 'x' looking for beginning of value: json key",
                           "TaskFailedToStart"),
    "log-group": unlogged("auth", "failed to validate logger args: create stream has been retried:"
                          " The specified log group does not exist"),
    "log-group-not-reached-or-gone": stopped(
        "auth", "ResourceInitializationError: failed to validate logger args: The task cannot find"
        " the Amazon CloudWatch log group defined in the task definition. There is a connection"
        " issue between the task and Amazon CloudWatch.", "TaskFailedToStart"),
    "out-of-memory": stopped("registry", "OutOfMemoryError: container killed due to memory usage",
                             exit_code=137, reason="OutOfMemoryError"),
    "crash-with-words": stopped("registry", "Essential container in task exited", exit_code=1,
                                reason=""),
    "prefix-wrong-seen": (HEALTHY, [api(p.answer(
        PROXY, 404, '{"error_code":"ENDPOINT_NOT_FOUND"}'))]),
    "rate-limit-headers": (HEALTHY, [api(proxied(200, "{}"), "registry.limit", assertions=(
        Assertion(subject="X-RateLimit-Limit", expected="a number", actual="", holds=False),))]),
    "revoked-key": (HEALTHY, [api(proxied(200, "{}", principal="revoked"), "registry.revoked",
                                  assertions=p.status_is("401", "200"))]),
    "expired-key": (HEALTHY, [api(proxied(200, "{}", principal="expired"), "registry.expired",
                                  assertions=p.status_is("401", "200"))]),
    "no-key-needed": (HEALTHY, [api(proxied(200, "{}", principal=""), "registry.open",
                                    assertions=p.status_is("401", "200"))]),
    "key-refused-seen": (HEALTHY, refused_key()),
    "key-changed": (p.replace(HEALTHY, secrets=(KEY,)), refused_key()),
    "key-may-not": (HEALTHY, [api(proxied(403, '{"detail":"Insufficient scope"}'))]),
    "route-lost": (HEALTHY, [api(p.answer(f"{REGISTRY}/api/v1/models", 404, "{}"),
                                 "registry.models"), passed(f"{REGISTRY}/health")]),
    "route-failing": (HEALTHY, [api(p.answer(f"{REGISTRY}/api/v1/models", 500, "{}"),
                                    "registry.models"), passed(f"{REGISTRY}/health")]),
    "slow": (HEALTHY, [slow(f"{REGISTRY}/health", "registry.health", 4000.0)]),
    "slow-mlflow": (HEALTHY, [
        slow(PROXY, "registry.proxy", 9000.0, principal="valid"),
        slow(MLFLOW, "mlflow.ui", 9000.0),
        passed(f"{REGISTRY}/health", timing=Timing(total_ms=20.0))]),
    "targets-fail": (
        p.change(HEALTHY, "target_groups", NAMES.group("auth"), targets=(TargetHealth(
            id=p.ADDRESSES["auth"], port=8000, state="unhealthy",
            reason="Target.ResponseCodeMismatch", description="[500]"),)),
        [p.failed("auth.health", "auth", p.page(f"{AUTH}/health", 503)),
         p.control("target_group", "auth")]),
    "application-broken": (HEALTHY, [api(p.answer(f"{REGISTRY}/health", 500, "no"), "registry.a"),
                                     api(p.answer(f"{REGISTRY}/x", 500, "no"), "registry.b")]),
    "names-in-the-file": (
        p.replace(HEALTHY, missing_services=("x",), missing_log_groups=("/ecs/x",),
                  bounds=(Bound(action="a", resource="r", limit=9, unit="lines"),)), []),
    "targets-empty-attached": (group(targets=()), down()),
    "targets-empty-detached": (
        group(faults.service(HEALTHY, "auth", target_groups=()), targets=()), down()),
    "targets-foreign": (
        group(targets=(sick("Target.Timeout", "10.9.9.9", description="timed out"),)), down()),
    "targets-foreign-beside": (
        group(targets=(*HEALTHY.target_groups[0].targets, sick("Target.Timeout", "10.9.9.9"))),
        down()),
    "target-replaced": (
        faults.service(HEALTHY, "auth", tasks=(p.running_task(NAMES, "auth"), REPLACED)),
        [p.control("ecs_service", "auth"), p.control("target_group", "auth")]),
    "health-check-codes": (
        group(targets=(sick("Target.ResponseCodeMismatch"),), health_matcher="500"), down()),
    "health-check-port": (group(targets=(sick("Target.Timeout"),), health_port="9"), down()),
    "health-check-protocol": (
        group(targets=(sick("Target.FailedHealthChecks"),), health_protocol="HTTPS"), down()),
    "health-check-path": (
        group(targets=(sick("Target.ResponseCodeMismatch"),), health_path="/gone"), down()),
    "group-on-another-port": (
        group(targets=(sick("Target.FailedHealthChecks"),), port=9000), down()),
    "port-variable": (
        revised("auth", deployments(
            "auth", deployment(7, "PRIMARY", rollout_state="IN_PROGRESS"), deployment(6, "ACTIVE")),
            plain={"PORT": "9"}), down()),
    "new-variable": (
        revised("registry", faults.service(HEALTHY, "registry"),
                variables=(*PLAIN, "DB_SSL"), plain=PLAIN),
        health(DATABASE_DOWN)),
    "upstream-elsewhere": (
        revised("registry", plain={**PLAIN, "MLFLOW_SERVER_URL": "http://mlflow.other:5000"}),
        [api(faults._mlflow_unreachable())]),
    "upstream-wrong": (
        revised("registry",
                plain={**PLAIN, "MLFLOW_SERVER_URL": "http://mlflow.hokusai.local:5001"}),
        [api(faults._mlflow_unreachable())]),
    "secret-deleted": secret_stop(p.replace(APP_SECRET, exists=False, deleted=True)),
    "secret-gone": secret_stop(p.replace(APP_SECRET, exists=False)),
    "parameter-gone": secret_stop(p.replace(PARAMETER, exists=False)),
    "secret-changed-and-tried": (
        p.replace(stopped("auth", "Essential container in task exited", exit_code=1)[0],
                  secrets=(APP_SECRET, PARAMETER),
                  last_lines={"task/auth/1": (LogLine(at=p.ago(3), message="FATAL: password"
                                                      " authentication failed"),)}),
        down()),
    "secret-changed-and-not-tried": (
        p.replace(logs("mlflow", "password authentication failed for user"), secrets=(APP_SECRET,)),
        [api(proxied(500, "password authentication failed for user"))]),
    "older-revision": (
        faults.service(HEALTHY, "registry", task_definition=NAMES.revision("registry", 6)),
        [api(p.answer(f"{REGISTRY}/api/v1/models", 404, "{}"), "registry.models")]),
    "basic-asked": (HEALTHY, [api(proxied(401, "", challenge="Basic"), "registry.basic")]),
    "container-check": stopped("auth", "Task failed container health checks", "Other"),
    "crash-after-an-edit": (
        revised("auth", stopped("auth", "Essential container in task exited", exit_code=1)[0],
                plain={"PORT": "8000", "DB_HOST": "x"}),
        down()),
    "log-group-of-two": unlogged("registry", "log group does not exist"),
    "cluster-gone": (
        p.replace(HEALTHY, ecs_services=HEALTHY.ecs_services[1:], cluster_missing=True,
                  missing_services=(NAMES.of("auth"),)), down()),
    "mlflow-hangs": (HEALTHY, [
        api(Exchange(method="GET", url=PROXY, failure="read-timeout", principal="valid",
                     timing=Timing(total_ms=12_000))),
        p.failed("mlflow.ui", "registry", p.none(MLFLOW, "read-timeout",
                                                 timing=Timing(total_ms=12_000))),
        passed(f"{REGISTRY}/health")]),
    "slow-auth": (HEALTHY, [
        slow(PROXY, "registry.keyed", 9000.0, principal="valid"),
        passed(f"{REGISTRY}/health", timing=Timing(total_ms=20.0))]),
    "method-not-allowed": (HEALTHY, [api(proxied(405, "{}"))]),
}  # fmt: skip
