"""A healthy platform as plain values, and the answers that its faults give at the edge."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from canary.control_plane.state import (
    Action,
    Certificate,
    Condition,
    Container,
    DiscoveryInstance,
    DiscoveryService,
    EcsDeployment,
    EcsService,
    Event,
    Forward,
    GroupRule,
    Listener,
    LoadBalancer,
    PlatformState,
    Rule,
    SecurityGroup,
    TargetGroup,
    TargetHealth,
    Task,
    TaskDefinition,
)
from canary.control_plane.vpc import Subnet
from canary.model import (
    Assertion,
    Environment,
    Exchange,
    Principal,
    Result,
    RouteRule,
    Service,
    Severity,
    Status,
    Step,
    Suite,
)

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
replace = msgspec.structs.replace


def ago(minutes: float) -> str:
    """Return a time before NOW in ISO 8601."""
    return (NOW - dt.timedelta(minutes=minutes)).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Names:
    """Names, ports and priorities of an environment; tests vary them."""

    prefix: str = "hokusai"
    stage: str = "development"
    ports: dict[str, int] = field(
        default_factory=lambda: {"auth": 8000, "registry": 8001, "mlflow": 5000}
    )
    priorities: tuple[int, int, int] = (50, 105, 110)
    region: str = "us-east-1"
    domain: str = "hokus.ai"

    def of(self, what: str) -> str:
        """Return a resource's name in this environment."""
        return f"{self.prefix}-{what}-{self.stage}"

    def elb(self, kind: str, rest: str) -> str:
        """Return an ARN of Elastic Load Balancing."""
        return f"arn:aws:elasticloadbalancing:{self.region}:123456789012:{kind}/{rest}"

    def group(self, service: str) -> str:
        """Return a target group's ARN."""
        return self.elb("targetgroup", f"{self.of(service)}-tg/0{len(service)}f{len(service)}")

    def revision(self, service: str, number: int = 7) -> str:
        """Return a task definition's ARN."""
        family = self.of(service)
        return f"arn:aws:ecs:{self.region}:123456789012:task-definition/{family}:{number}"


ADDRESSES = {"auth": "10.0.1.10", "registry": "10.0.1.11", "mlflow": "10.0.1.12"}
BALANCERS = {"auth": "auth", "registry": "registry", "mlflow": "registry"}


def environment(names: Names) -> Environment:
    """Return the environment of the platform."""
    hosts = {"auth": f"auth.{names.domain}", "registry": f"registry.{names.domain}"}
    services = _parts(names, hosts)
    first, second, third = names.priorities
    host = hosts["registry"]
    return Environment(
        name="test",
        account="123456789012",
        region=names.region,
        cluster=names.of("cluster"),
        services=services,
        principals={
            "valid": Principal(secret="canary/valid"),
            "revoked": Principal(secret="canary/revoked", reason="it was revoked"),
            "expired": Principal(secret="canary/expired", reason="it has expired"),
            "unknown": Principal(generated="unknown", reason="never made"),
        },
        routes=(
            RouteRule(host=host, path=API_PATH, service="registry", pattern="/api/mlflow/*",
                      priority=second),
            RouteRule(host=host, path="/api/v1/models", service="registry", pattern="/api/*",
                      priority=third),
            RouteRule(host=host, path="/health", service="registry"),
            RouteRule(host=host, path="/mlflow/", service="mlflow", pattern="/mlflow/*",
                      priority=first),
            RouteRule(host=hosts["auth"], path="/health", service="auth"),
            RouteRule(host=hosts["auth"], path="/api/v1/keys/validate", service="auth",
                      pattern="/api/v1/*", priority=100),
        ),
    )  # fmt: skip


def _parts(names: Names, hosts: dict[str, str]) -> dict[str, Service]:
    services = {
        name: Service(
            url=f"https://{hosts[name]}" if name in hosts else "",
            ecs_service=names.of(name),
            container=f"{names.prefix}-{name}",
            port=port,
            load_balancer=f"{names.prefix}-{BALANCERS[name]}-lb",
            target_groups=(f"{names.of(name)}-tg",),
            health_path="/health",
            log_group=f"/ecs/{names.of(name)}",
            discovery=f"{name}.{names.prefix}.local",
            depends_on={
                "auth": ("database", "cache"),
                "registry": ("auth", "mlflow", "cache", "database"),
                "mlflow": ("database",),
            }[name],
            connect_to={"443": "127.0.0.1:4430"},
        )
        for name, port in names.ports.items()
    }
    services["cache"] = Service(port=6379, security_group="cache-guard")
    services["database"] = Service(port=5432, security_group="database-guard")
    return services


API_PATH = "/api/mlflow/api/2.0/mlflow/experiments/search"


def _rule(names: Names, listener: str, priority: str, paths: Iterable[str], group: str) -> Rule:
    values = tuple(paths)
    return Rule(
        arn=f"{listener}/{priority}",
        priority=priority,
        conditions=(Condition(field="path-pattern", values=values),) if values else (),
        action=Action(type="forward", forwards=(Forward(target_group=group),)),
    )


def _rules(names: Names, which: str, secure: str) -> tuple[Rule, ...]:
    first, second, third = (str(p) for p in names.priorities)
    api = names.group("registry")
    return {
        "auth": (
            _rule(names, secure, "90", ("/health", "/"), names.group("auth")),
            _rule(names, secure, "100", ("/api/v1/*",), names.group("auth")),
            _rule(names, secure, "default", (), names.group("auth")),
        ),
        "registry": (
            _rule(names, secure, first, ("/mlflow/*",), names.group("mlflow")),
            _rule(names, secure, second, ("/api/mlflow/*",), api),
            _rule(names, secure, third, ("/api/*",), api),
            _rule(names, secure, "default", (), api),
        ),
    }[which]


def _balancer(names: Names, which: str) -> LoadBalancer:
    name = f"{names.prefix}-{which}-lb"
    base = f"app/{name}/1234"
    secure, plain = names.elb("listener", f"{base}/443"), names.elb("listener", f"{base}/80")
    rules = _rules(names, which, secure)
    redirect = Action(
        type="redirect", status_code="HTTP_301", redirect="HTTPS://#{host}:443/#{path}?#{query}"
    )
    return LoadBalancer(
        arn=names.elb("loadbalancer", base),
        name=name,
        dns_name=f"{name}.{names.region}.elb.amazonaws.com",
        vpc_id="vpc-1",
        security_groups=(f"sg-lb-{which}",),
        subnets=("subnet-public",),
        listeners=(
            Listener(
                arn=plain,
                port=80,
                protocol="HTTP",
                rules=(Rule(arn=f"{plain}/default", priority="default", action=redirect),),
            ),
            Listener(
                arn=secure,
                port=443,
                protocol="HTTPS",
                certificates=(certificate_arn(names),),
                rules=rules,
            ),
        ),
    )


def certificate_arn(names: Names) -> str:
    """Return the platform's certificate."""
    return f"arn:aws:acm:{names.region}:123456789012:certificate/good"


def definition(names: Names, service: str, number: int = 7) -> TaskDefinition:
    """Return a revision of a service's task definition."""
    port = names.ports[service]
    plain = {"PORT": str(port)}
    if service != "auth":
        plain |= {"DB_HOST": "db.local", "DB_NAME": "mlflow_db", "DB_PORT": "5432"}
    if service == "registry":
        plain |= {
            "AUTH_SERVICE_URL": f"https://auth.{names.domain}",
            "AUTH_SERVICE_ID": "platform",
            "MLFLOW_SERVER_URL": f"http://mlflow.{names.prefix}.local:{names.ports['mlflow']}",
        }
    arn = f"arn:aws:secretsmanager:{names.region}:123456789012:secret:app-AbCdEf"
    secrets = {"DB_PASSWORD": f"{arn}:database_password::", "REDIS_HOST": "/redis/endpoint"}
    return TaskDefinition(
        arn=names.revision(service, number),
        family=names.of(service),
        revision=number,
        registered_at=ago(6000),
        execution_role="arn:aws:iam::123456789012:role/exec",
        containers=(
            Container(
                name=f"{names.prefix}-{service}",
                image=f"repo/{service}:{number}",
                ports=(port,),
                variables=tuple(sorted(plain)),
                plain=plain,
                secrets=secrets,
                log_group=f"/ecs/{names.of(service)}",
            ),
        ),
    )


def _service(names: Names, service: str) -> EcsService:
    revision = names.revision(service)
    return EcsService(
        name=names.of(service),
        arn=f"arn:aws:ecs:{names.region}:123456789012:service/c/{names.of(service)}",
        status="ACTIVE",
        desired=1,
        running=1,
        pending=0,
        task_definition=revision,
        deployments=(
            EcsDeployment(
                id="ecs-svc/1",
                status="PRIMARY",
                task_definition=revision,
                desired=1,
                running=1,
                pending=0,
                rollout_state="COMPLETED",
                rollout_reason="ECS deployment ecs-svc/1 completed.",
                created_at=ago(5000),
                updated_at=ago(4990),
            ),
        ),
        events=(Event(at=ago(60), message=f"(service {service}) has reached a steady state."),),
        target_groups=(names.group(service),),
        container_ports=(names.ports[service],),
        registries=(f"arn:aws:servicediscovery:x:1:service/srv-{service}",),
        security_groups=(f"sg-{service}",),
        subnets=("subnet-private",),
        circuit_breaker=True,
        rollback=True,
        grace_period_s=120,
        tasks=(running_task(names, service),),
    )


def running_task(names: Names, service: str, number: int = 7) -> Task:
    """Return the service's running task."""
    return Task(
        arn=f"arn:aws:ecs:{names.region}:123456789012:task/c/{service}{number}",
        service=names.of(service),
        task_definition=names.revision(service, number),
        last_status="RUNNING",
        desired_status="RUNNING",
        address=ADDRESSES[service],
        created_at=ago(4999),
        started_at=ago(4995),
        started_by="ecs-svc/1",
    )


def _group(names: Names, service: str) -> TargetGroup:
    port = names.ports[service]
    return TargetGroup(
        arn=names.group(service),
        name=f"{names.of(service)}-tg",
        protocol="HTTP",
        port=port,
        health_path="/health",
        load_balancers=(
            names.elb("loadbalancer", f"app/{names.prefix}-{BALANCERS[service]}-lb/1234"),
        ),
        targets=(TargetHealth(id=ADDRESSES[service], port=port, state="healthy"),),
    )


def _in(port: int, *sources: str) -> GroupRule:
    cidrs = tuple(s for s in sources if "/" in s)
    groups = tuple(s for s in sources if "/" not in s)
    return GroupRule(protocol="tcp", from_port=port, to_port=port, cidrs=cidrs, groups=groups)


OUT = (GroupRule(protocol="-1", from_port=-1, to_port=-1, cidrs=("0.0.0.0/0",)),)


def _guards(names: Names) -> tuple[SecurityGroup, ...]:
    ports = names.ports
    web = (_in(80, "0.0.0.0/0"), _in(443, "0.0.0.0/0"))
    tasks = ("sg-auth", "sg-registry", "sg-mlflow")
    table = {
        "sg-lb-auth": ("lb-auth", web),
        "sg-lb-registry": ("lb-registry", web),
        "sg-auth": ("auth-tasks", (_in(ports["auth"], "sg-lb-auth"),)),
        "sg-registry": ("registry-tasks", (_in(ports["registry"], "sg-lb-registry"),)),
        "sg-mlflow": ("mlflow-tasks", (_in(ports["mlflow"], "sg-lb-registry", "sg-registry"),)),
        "sg-cache": ("cache-guard", (_in(6379, "sg-registry", "sg-auth"),)),
        "sg-database": ("database-guard", (_in(5432, *tasks),)),
    }
    return tuple(
        SecurityGroup(id=i, name=name, vpc_id="vpc-1", ingress=rules, egress=OUT)
        for i, (name, rules) in table.items()
    )


def healthy(names: Names | None = None) -> PlatformState:
    """Return the control plane of a healthy platform."""
    names = names or Names()
    return PlatformState(
        read_at=NOW.isoformat(),
        load_balancers=(_balancer(names, "auth"), _balancer(names, "registry")),
        target_groups=tuple(_group(names, s) for s in names.ports),
        ecs_services=tuple(_service(names, s) for s in names.ports),
        task_definitions=tuple(
            definition(names, s, number) for s in names.ports for number in (6, 7)
        ),
        security_groups=_guards(names),
        subnets=(
            Subnet(id="subnet-public", cidr="10.0.101.0/24"),
            Subnet(id="subnet-private", cidr="10.0.1.0/24"),
        ),
        discovery=tuple(
            DiscoveryService(
                id=f"srv-{s}",
                arn=f"arn:aws:servicediscovery:x:1:service/srv-{s}",
                name=f"{s}.{names.prefix}.local",
                instances=(DiscoveryInstance(id=f"{s}7", address=ADDRESSES[s]),),
            )
            for s in names.ports
        ),
        namespaces={f"{names.prefix}.local": "ns-1"},
        certificates=(
            Certificate(
                arn=certificate_arn(names),
                domain=f"*.{names.domain}",
                names=(f"*.{names.domain}",),
                status="ISSUED",
                not_after=(NOW + dt.timedelta(days=90)).isoformat(),
            ),
        ),
    )


# --- answers

PAGES = {
    502: "<html><head><title>502 Bad Gateway</title></head></html>",
    503: "<html><head><title>503 Service Temporarily Unavailable</title></head></html>",
    504: "<html><head><title>504 Gateway Time-out</title></head></html>",
}
WERKZEUG = (
    "<!doctype html><html lang=en><title>404 Not Found</title><h1>Not Found</h1>"
    "<p>The requested URL was not found on the server.</p>"
)


def answer(url: str, status: int, body: str = "", **more: Any) -> Exchange:
    """Return an exchange with a target's answer, JSON by default."""
    known = {"content_type": "application/json", "answered_by": "target", "method": "GET"}
    return Exchange(url=url, status=status, excerpt=body, **{**known, **more})


def page(url: str, status: int, **more: Any) -> Exchange:
    """Return an answer that the load balancer made itself."""
    return answer(
        url, status, PAGES.get(status, ""), content_type="text/html", answered_by="balancer", **more
    )


def fixed_404(url: str) -> Exchange:
    """Return the balancer's fixed response."""
    return answer(url, 404, "Not Found", content_type="text/plain", answered_by="balancer")


def none(url: str, failure: str, **more: Any) -> Exchange:
    """Return an exchange without answer."""
    return Exchange(method="GET", url=url, failure=failure, **more)


def result(
    check: str, service: str, *steps: Step, kind: str = "endpoint", status: Status = Status.FAIL,
    severity: Severity = Severity.HIGH,
) -> Result:  # fmt: skip
    """Return the result of a check."""
    return Result(
        check_id=check,
        title=check,
        suite=Suite.INFRASTRUCTURE,
        kind=kind,
        service=service,
        severity=severity,
        status=status,
        steps=steps,
    )


def failed(check: str, service: str, exchange: Exchange | None = None, **more: Any) -> Result:
    """Return a failed check with one step."""
    step = Step(
        name=more.pop("step", "step"),
        status=more.get("status", Status.FAIL),
        reason=more.pop("reason", "not as expected"),
        assertions=more.pop("assertions", ()),
        evidence=(exchange,) if exchange else (),
    )
    return result(check, service, step, **more)


def control(kind: str, service: str, step: str = "", reason: str = "") -> Result:
    """Return a failed check of the control plane."""
    return failed(f"{service}.{kind.replace('_', '-')}", service, kind=kind, step=step or kind,
                  reason=reason or "not as wanted")  # fmt: skip


def status_is(expected: str, actual: str) -> tuple[Assertion, ...]:
    """Return the failed assertion about a status."""
    return (Assertion(subject="status", expected=expected, actual=actual, holds=False),)


def change(state: PlatformState, kind: str, arn: str, **fields: Any) -> PlatformState:
    """Return the state with one named item (by arn, id or name) changed."""
    items = tuple(
        replace(i, **fields)
        if arn in (getattr(i, "arn", ""), getattr(i, "id", ""), getattr(i, "name", ""))
        else i
        for i in getattr(state, kind)
    )
    return replace(state, **{kind: items})


def dual_stack() -> PlatformState:
    """Return the control plane of a healthy platform whose subnets have blocks of IPv6 as well."""
    state = healthy()
    for number, subnet in enumerate(state.subnets):
        block = f"2600:1f18:0:{number}::/64"
        state = change(state, "subnets", subnet.id, ipv6_cidrs=(block,))
    return state
