"""Faults as changes of plain values, with the failures that they cause at the edge."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from canary.control_plane.state import (
    Action,
    Condition,
    EcsDeployment,
    EcsService,
    Event,
    Forward,
    LogLine,
    PlatformState,
    Rule,
    StoppedContainer,
    TargetGroup,
    TargetHealth,
    Task,
    TaskDefinition,
)
from canary.model import Exchange, Result
from tests.canary.support import platforms as p

NAMES = p.Names()
AUTH, REGISTRY = f"https://auth.{NAMES.domain}", f"https://registry.{NAMES.domain}"
PROXY = REGISTRY + p.API_PATH
NOT_FOUND = Action(type="fixed-response", status_code="404", content_type="text/plain")
Change = Callable[[PlatformState], PlatformState]
Known = Callable[[], list[Result]]


@dataclass(frozen=True)
class Fault:
    """A fault as a change of plain values; the two faults of a pair `touch` different parts."""

    id: str
    cause: str
    resource: str
    change: Change
    failures: Known
    touches: frozenset[str]


def by_id(identifier: str) -> Fault:
    """Return a fault of the table."""
    return next(f for f in FAULTS if f.id == identifier)


def plant(*faults: Fault) -> tuple[PlatformState, list[Result]]:
    """Return a platform with these faults and the failed results."""
    state, results = p.healthy(NAMES), []
    for fault in faults:
        state = fault.change(state)
        results += fault.failures()
    unique = {(r.check_id, r.steps[0].name, str(r.steps[0].evidence)): r for r in results}
    return state, list(unique.values())


# --- answers


def auth_unavailable() -> Exchange:
    """Return the API's answer if the auth service does not answer."""
    return p.answer(PROXY, 503, '{"detail":"Authentication service unavailable"}',
                    principal="valid", header_form="bearer")  # fmt: skip


def _auth_down(code: int = 502) -> list[Result]:
    return [
        p.failed("auth.health", "auth", p.page(AUTH + "/health", code)),
        p.failed("registry.valid-key", "registry", auth_unavailable()),
        p.control("target_group", "auth"),
        p.control("ecs_service", "auth"),
    ]


def _api_down(code: int = 503) -> list[Result]:
    return [
        p.failed("registry.health", "registry", p.page(REGISTRY + "/health", code)),
        p.failed("registry.proxy", "registry", p.page(PROXY, code)),
        p.control("target_group", "registry"),
        p.control("ecs_service", "registry"),
    ]


def _mlflow_unreachable() -> Exchange:
    url = f"http://mlflow.{NAMES.prefix}.local:5000"
    return p.answer(PROXY, 502, f'{{"detail":"Failed to connect to MLflow server at {url}"}}')


def _mlflow_down(direct: bool = True) -> list[Result]:
    found = [p.failed("registry.proxy", "registry", _mlflow_unreachable())]
    if direct:
        found += [
            p.failed("mlflow.ui", "registry", p.page(REGISTRY + "/mlflow/", 503)),
            p.control("target_group", "mlflow"),
            p.control("ecs_service", "mlflow"),
        ]
    return found


# --- changes


def service(state: PlatformState, name: str, **fields: Any) -> PlatformState:
    """Change an ECS service."""
    return p.change(state, "ecs_services", NAMES.of(name), **fields)


def _without_targets(state: PlatformState, name: str) -> PlatformState:
    return p.change(state, "target_groups", NAMES.group(name), targets=())


def _scale_to_zero(name: str) -> Change:
    def change(state: PlatformState) -> PlatformState:
        state = service(state, name, desired=0, running=0, tasks=())
        return _without_targets(state, name)

    return change


def _rules(state: PlatformState, change: Callable[[tuple[Rule, ...]], Any]) -> PlatformState:
    """Change the rules of the registry's listener on 443."""
    balancers = []
    for balancer in state.load_balancers:
        if "registry" in balancer.name:
            listeners = tuple(
                p.replace(x, rules=tuple(change(x.rules))) if x.port == 443 else x
                for x in balancer.listeners
            )
            balancer = p.replace(balancer, listeners=listeners)
        balancers.append(balancer)
    return p.replace(state, load_balancers=tuple(balancers))


def with_rule(state: PlatformState, priority: int, action: Action) -> PlatformState:
    """Give a rule of the registry another action."""
    return _rules(
        state,
        lambda rules: [p.replace(r, action=action) if r.priority == str(priority) else r
                       for r in rules],
    )  # fmt: skip


def narrowed(state: PlatformState, priority: str, more: Condition) -> PlatformState:
    """Add a condition to a rule of the registry."""
    return _rules(
        state,
        lambda rules: [p.replace(r, conditions=(*r.conditions, more)) if r.priority == priority
                       else r for r in rules],
    )  # fmt: skip


def add_rule(state: PlatformState, rule: Rule) -> PlatformState:
    """Add a rule to the registry."""
    return _rules(state, lambda rules: [rule, *rules])


def _wrong_target(state: PlatformState) -> PlatformState:
    to_mlflow = Action(type="forward", forwards=(Forward(target_group=NAMES.group("mlflow")),))
    return with_rule(state, NAMES.priorities[1], to_mlflow)


def _api_rules_gone(state: PlatformState) -> PlatformState:
    api = {str(n) for n in NAMES.priorities[1:]}
    health = Rule(
        arn="arn:health",
        priority="300",
        conditions=(Condition(field="path-pattern", values=("/health", "/")),),
        action=Action(type="forward", forwards=(Forward(target_group=NAMES.group("registry")),)),
    )

    def change(rules: tuple[Rule, ...]) -> list[Rule]:
        kept = [r for r in rules if r.priority not in api and r.priority != "default"]
        default = next(r for r in rules if r.priority == "default")
        return [*kept, health, p.replace(default, action=NOT_FOUND)]

    return _rules(state, change)


def _catch_all(state: PlatformState) -> PlatformState:
    rule = Rule(
        arn="arn:catch-all",
        priority="3",
        conditions=(Condition(field="path-pattern", values=("/api*",)),),
        action=Action(type="forward", forwards=(Forward(target_group=NAMES.group("mlflow")),)),
    )
    return add_rule(state, rule)


def _no_listener(which: str) -> Change:
    def change(state: PlatformState) -> PlatformState:
        balancers = tuple(
            p.replace(b, listeners=tuple(x for x in b.listeners if x.port != 443))
            if which in b.name
            else b
            for b in state.load_balancers
        )
        return p.replace(state, load_balancers=balancers)

    return change


def _close(group: str, direction: str = "ingress") -> Change:
    return lambda state: p.change(state, "security_groups", group, **{direction: ()})


def _close_to(group: str, source: str) -> Change:
    def change(state: PlatformState) -> PlatformState:
        found = next(g for g in state.security_groups if g.id == group)
        rules = tuple(
            p.replace(r, groups=tuple(s for s in r.groups if s != source)) for r in found.ingress
        )
        return p.change(state, "security_groups", group, ingress=rules)

    return change


def _sick(name: str, reason: str, text: str, **fields: Any) -> Change:
    def change(state: PlatformState) -> PlatformState:
        target = TargetHealth(
            id=p.ADDRESSES[name], port=NAMES.ports[name], state="unhealthy", reason=reason,
            description=text,
        )  # fmt: skip
        return p.change(state, "target_groups", NAMES.group(name), targets=(target,), **fields)

    return change


def chain(*changes: Change) -> Change:
    """Return a change that applies these changes in order."""

    def change(state: PlatformState) -> PlatformState:
        for one in changes:
            state = one(state)
        return state

    return change


def _revise(name: str, edit: Callable[[TaskDefinition], TaskDefinition]) -> Change:
    """Deploy revision 8 and let it run."""

    def change(state: PlatformState) -> PlatformState:
        new = edit(p.definition(NAMES, name, 8))
        old = next(s for s in state.ecs_services if s.name == NAMES.of(name))
        deployment = p.replace(
            old.deployments[0], id="ecs-svc/2", task_definition=new.arn, created_at=p.ago(10)
        )
        task = p.replace(p.running_task(NAMES, name, 8), created_at=p.ago(9), started_at=p.ago(9))
        state = p.replace(state, task_definitions=(*state.task_definitions, new))
        stopped = p.replace(
            p.running_task(NAMES, name), last_status="STOPPED", stopped_at=p.ago(8),
            stop_code="ServiceSchedulerInitiated",
            stopped_reason="Scaling activity initiated by (deployment ecs-svc/2)",
        )  # fmt: skip
        state = service(state, name, task_definition=new.arn, deployments=(deployment,),
                        tasks=(task, stopped))  # fmt: skip
        registry = tuple(
            p.replace(d, instances=(p.DiscoveryInstance(id="x", address=p.ADDRESSES[name]),))
            if d.name.startswith(name)
            else d
            for d in state.discovery
        )
        return p.replace(state, discovery=registry)

    return change


def _container(definition: TaskDefinition, **fields: Any) -> TaskDefinition:
    return p.replace(definition, containers=(p.replace(definition.containers[0], **fields),))


def _plain(name: str, variable: str, value: str | None) -> Change:
    def edit(definition: TaskDefinition) -> TaskDefinition:
        plain = {k: v for k, v in definition.containers[0].plain.items() if k != variable}
        if value is not None:
            plain[variable] = value
        return _container(definition, plain=plain, variables=tuple(sorted(plain)))

    return _revise(name, edit)


def without(state: PlatformState, name: str, variable: str) -> PlatformState:
    """Deploy a revision that lacks a variable."""
    return _plain(name, variable, None)(state)


def revised(state: PlatformState, name: str, variable: str, value: str) -> PlatformState:
    """Deploy a revision with another value of one variable."""
    return _plain(name, variable, value)(state)


def stops(
    name: str, reason: str, code: str, exit_code: int | None = None, note: str = ""
) -> Change:
    """Stop the newest revision's tasks, so that no task serves."""

    def change(state: PlatformState) -> PlatformState:
        found: EcsService = next(s for s in state.ecs_services if s.name == NAMES.of(name))
        task = Task(
            arn=f"arn:task/{name}/dead", service=found.name, task_definition=found.task_definition,
            last_status="STOPPED", stop_code=code, stopped_reason=reason, created_at=p.ago(4),
            stopped_at=p.ago(3), started_by="ecs-svc/2",
            containers=(StoppedContainer(name="c", exit_code=exit_code, reason=note),),
        )  # fmt: skip
        deployment: EcsDeployment = p.replace(
            found.deployments[0], rollout_state="IN_PROGRESS", rollout_reason="", failed_tasks=2,
            running=0,
        )  # fmt: skip
        past = tuple(t for t in found.tasks if t.last_status == "STOPPED")
        state = service(state, name, running=0, tasks=(task, *past), deployments=(deployment,))
        return _without_targets(state, name)

    return change


def _log(name: str, text: str) -> Change:
    line = LogLine(at=p.ago(2), message=text)
    return lambda state: p.replace(state, logs={**state.logs, name: (line,)})


def _certificate(**fields: Any) -> Change:
    return lambda state: p.change(state, "certificates", p.certificate_arn(NAMES), **fields)


def _tls(code: int, text: str) -> list[Result]:
    bad = p.none(REGISTRY + "/health", "tls", failure_code=code, failure_detail=text)
    return [
        p.failed("registry.health", "registry", bad),
        p.failed("registry.certificate", "registry", bad, kind="certificate"),
    ]


def _gone(name: str) -> Change:
    def change(state: PlatformState) -> PlatformState:
        left = tuple(s for s in state.ecs_services if s.name != NAMES.of(name))
        state = p.replace(state, ecs_services=left, missing_services=(NAMES.of(name),))
        return _without_targets(state, name)

    return change


def _instances(*found: p.DiscoveryInstance) -> Change:
    return lambda state: p.change(state, "discovery", "srv-mlflow", instances=found)


def _misrouted() -> list[Result]:
    page = p.answer(PROXY, 404, p.WERKZEUG, content_type="text/html")
    return [
        p.failed("registry.proxy", "registry", page),
        p.control("listener_rule", "registry", f"registry.{NAMES.domain}{p.API_PATH}"),
    ]


def _unrouted() -> list[Result]:
    return [
        p.failed("registry.proxy", "registry", p.fixed_404(PROXY)),
        p.failed("registry.models", "registry", p.fixed_404(REGISTRY + "/api/v1/models")),
    ]


def _refused_key() -> list[Result]:
    body = '{"detail":"Invalid or expired API key"}'
    seen = p.answer(PROXY, 401, body, principal="valid", header_form="bearer")
    return [p.failed("registry.valid-key", "registry", seen)]


def _accepted(principal: str) -> Known:
    def failures() -> list[Result]:
        seen = p.answer(PROXY, 200, "{}", principal=principal, header_form="bearer")
        return [p.failed(f"registry.refuses-{principal}", "registry", seen, kind="access",
                         assertions=p.status_is("401", "200"))]  # fmt: skip

    return failures


def _simple(check: str, exchange: Exchange) -> Known:
    return lambda: [p.failed(check, "registry", exchange)]


def _same(state: PlatformState) -> PlatformState:
    return state


def _inside(name: str, scheme: str) -> str:
    """Return the internal address of a service."""
    part = p.environment(NAMES).services[name]
    return f"{scheme}://{part.discovery}:{part.port}"


def _f(
    identifier: str, cause: str, resource: str, change: Change, failures: Known, touches: str
) -> Fault:
    return Fault(identifier, cause, resource, change, failures, frozenset(touches.split()))


ROLLING_BACK = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/6."
MISSING = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource"
FAULTS: tuple[Fault, ...] = (
    _f("mlflow-path-to-mlflow", "rule-wrong-target", f"/{NAMES.priorities[1]}", _wrong_target,
       _misrouted, "rules proxy"),
    _f("api-rules-gone", "rule-missing", "listener/", _api_rules_gone, _unrouted, "rules proxy"),
    _f("catch-all", "rule-shadowed", "arn:catch-all", _catch_all, _misrouted, "rules proxy"),
    _f("registry-listener-gone", "listener-missing", "registry-lb", _no_listener("registry"),
       lambda: [p.failed("registry.health", "registry", p.none(REGISTRY + "/health", "refused"))],
       "rules proxy front api"),
    _f("auth-listener-gone", "listener-missing", "auth-lb", _no_listener("auth"),
       lambda: [p.failed("auth.health", "auth", p.none(AUTH + "/health", "refused")),
                p.failed("registry.valid-key", "registry", auth_unavailable())], "auth"),
    _f("auth-scaled-to-zero", "service-scaled-to-zero", NAMES.of("auth"), _scale_to_zero("auth"),
       lambda: _auth_down(503), "auth"),
    _f("api-scaled-to-zero", "service-scaled-to-zero", NAMES.of("registry"),
       _scale_to_zero("registry"), _api_down, "api proxy front"),
    _f("mlflow-scaled-to-zero", "service-scaled-to-zero", NAMES.of("mlflow"),
       _scale_to_zero("mlflow"), _mlflow_down, "mlflow proxy"),
    _f("mlflow-service-gone", "service-missing", NAMES.of("mlflow"), _gone("mlflow"),
       _mlflow_down, "mlflow proxy"),
    _f("api-blocked", "security-group-blocked", "sg-registry",
       chain(_close("sg-registry"), _sick("registry", "Target.Timeout", "Request timed out")),
       lambda: _api_down(504), "api proxy front"),
    _f("auth-blocked", "security-group-blocked", "sg-auth",
       chain(_close("sg-auth"), _sick("auth", "Target.Timeout", "Request timed out")),
       lambda: _auth_down(504), "auth"),
    _f("api-egress-closed", "security-group-blocked", "sg-registry",
       _close("sg-registry", "egress"),
       lambda: [*_mlflow_down(direct=False),
                p.failed("registry.valid-key", "registry", auth_unavailable())],
       "api proxy front auth"),
    _f("mlflow-blocked-from-api", "security-group-blocked", "sg-mlflow",
       _close_to("sg-mlflow", "sg-registry"), lambda: _mlflow_down(direct=False), "mlflow proxy"),
    _f("balancer-egress-closed", "security-group-blocked", "sg-lb-auth",
       chain(_close("sg-lb-auth", "egress"), _sick("auth", "Target.Timeout", "Request timed out")),
       lambda: _auth_down(504), "auth"),
    _f("api-health-path", "health-check-mismatch", "registry-development-tg",
       _sick("registry", "Target.ResponseCodeMismatch",
             "Health checks failed with these codes: [404]", health_path="/nope"),
       lambda: [p.control("target_group", "registry")], "api"),
    _f("auth-matcher", "health-check-mismatch", "auth-development-tg",
       _sick("auth", "Target.ResponseCodeMismatch",
             "Health checks failed with these codes: [200]", health_matcher="204"),
       lambda: [p.control("target_group", "auth")], "auth"),
    _f("api-deregistered", "target-group-empty", "registry-development-tg",
       lambda s: _without_targets(s, "registry"), _api_down, "api proxy front"),
    _f("auth-wrong-port", "port-mismatch", NAMES.of("auth"),
       chain(_plain("auth", "PORT", "8080"),
             _sick("auth", "Target.FailedHealthChecks", "Health checks failed")),
       _auth_down, "auth"),
    _f("api-variable-gone", "environment-variable-missing", NAMES.of("registry"),
       chain(_plain("registry", "DB_HOST", None),
             stops("registry", "Essential container in task exited", "EssentialContainerExited", 1),
             _log("registry", "KeyError: 'DB_HOST'")), _api_down, "api proxy front"),
    _f("mlflow-url-wrong", "upstream-url-wrong", NAMES.of("registry"),
       _plain("registry", "MLFLOW_SERVER_URL", "http://mlflow.old.local:5000"),
       lambda: _mlflow_down(direct=False), "api proxy mlflow"),
    _f("mlflow-url-over-tls", "upstream-url-wrong", NAMES.of("registry"),
       _plain("registry", "MLFLOW_SERVER_URL", _inside("mlflow", "https")),
       lambda: _mlflow_down(direct=False), "api proxy mlflow"),
    _f("mlflow-url-with-a-path", "upstream-url-wrong", NAMES.of("registry"),
       _plain("registry", "MLFLOW_SERVER_URL", _inside("mlflow", "http") + "/nowhere"),
       lambda: _mlflow_down(direct=False), "api proxy mlflow"),
    _f("service-id", "service-id-wrong", NAMES.of("registry"),
       _plain("registry", "AUTH_SERVICE_ID", "ml-platform"), _refused_key, "api auth proxy"),
    _f("auth-secret-gone", "secret-unavailable", NAMES.of("auth"),
       chain(_revise("auth", lambda d: d),
             stops("auth", MISSING + " ResourceNotFoundException: Secrets Manager can't find the"
                   " specified secret.", "TaskFailedToStart")), lambda: _auth_down(503), "auth"),
    _f("api-role-denied", "execution-role-denied", NAMES.of("registry"),
       chain(_revise("registry", lambda d: d),
             stops("registry", MISSING + " AccessDeniedException: User: arn:aws:sts::1:assumed-role"
                   "/exec/1 is not authorized to perform: secretsmanager:GetSecretValue on"
                   " resource: arn:aws:secretsmanager:us-east-1:1:secret:app because",
                   "TaskFailedToStart")), _api_down, "api proxy front"),
    _f("mlflow-memory", "task-out-of-memory", NAMES.of("mlflow"),
       chain(_revise("mlflow", lambda d: d),
             stops("mlflow", "Essential container in task exited", "EssentialContainerExited", 137,
                   "OutOfMemoryError: Container killed due to memory usage")),
       _mlflow_down, "mlflow proxy"),
    _f("mlflow-log-group-gone", "log-group-missing", NAMES.of("mlflow"),
       chain(_revise("mlflow", lambda d: d),
             lambda s: p.replace(s, missing_log_groups=(f"/ecs/{NAMES.of('mlflow')}",)),
             stops("mlflow", "ResourceInitializationError: failed to validate logger args: The task"
                   " cannot find the Amazon CloudWatch log group defined in the task definition."
                   " There is a connection issue between the task and Amazon CloudWatch.",
                   "TaskFailedToStart")),
       _mlflow_down, "mlflow proxy"),
    _f("api-image-gone", "image-pull-failed", NAMES.of("registry"),
       chain(_revise("registry", lambda d: d),
             stops("registry", "CannotPullContainerError: failed to resolve ref x: not found",
                   "TaskFailedToStart")), _api_down, "api proxy front"),
    _f("auth-crashes", "task-crash-loop", NAMES.of("auth"),
       chain(_revise("auth", lambda d: d),
             stops("auth", "Essential container in task exited", "EssentialContainerExited", 1)),
       lambda: _auth_down(503), "auth"),
    _f("mlflow-name-empty", "service-discovery-missing", "mlflow.", _instances(),
       lambda: _mlflow_down(direct=False), "mlflow proxy"),
    _f("mlflow-name-stale", "service-discovery-stale", "mlflow.",
       _instances(p.DiscoveryInstance(id="old", address="10.0.3.219")),
       lambda: _mlflow_down(direct=False), "mlflow proxy"),
    _f("certificate-expired", "certificate-expired", "certificate/good",
       _certificate(not_after=p.ago(60)), lambda: _tls(10, "certificate has expired"),
       "front proxy api rules"),
    _f("certificate-name", "certificate-name-mismatch", "certificate/good",
       _certificate(domain="*.example.org", names=("*.example.org",)),
       lambda: _tls(62, "hostname mismatch"), "front proxy api rules"),
    _f("certificate-soon", "certificate-expiring", "certificate/good",
       _certificate(not_after=(p.NOW + dt.timedelta(days=5)).isoformat()),
       lambda: [p.control("certificate", "registry", reason="5 days left")], "front proxy rules"),
    _f("key-refused", "credential-rejected", "canary/valid", _same, _refused_key, "auth api proxy"),
    _f("revoked-accepted", "revoked-key-accepted", NAMES.of("auth"), _same, _accepted("revoked"),
       "auth api proxy"),
    _f("expired-accepted", "expired-key-accepted", NAMES.of("auth"), _same, _accepted("expired"),
       "auth api proxy"),
    _f("open-door", "protection-missing", NAMES.of("registry"), _same, _accepted("unknown"),
       "auth api proxy"),
    _f("unmounted", "route-not-mounted", NAMES.of("registry"), _same,
       _simple("registry.proxy", p.answer(PROXY, 404, '{"detail":"Not Found"}')), "api proxy"),
    _f("host-refused", "host-header-rejected", NAMES.of("mlflow"), _same,
       _simple("registry.proxy", p.answer(PROXY, 403, "Invalid Host header - possible DNS",
                                          content_type="text/plain")), "mlflow proxy"),
    _f("prefix-wrong", "path-prefix-wrong", NAMES.of("registry"), _same,
       _simple("registry.proxy", p.answer(PROXY, 404, '{"error_code":"RESOURCE_NOT_FOUND"}')),
       "api proxy"),
    _f("header-lost", "credential-header-lost", NAMES.of("registry"), _same,
       _simple("registry.proxy", p.answer(PROXY, 401, '{"detail":"API key required"}',
                                          principal="valid", header_form="bearer")), "api proxy"),
    _f("database-login", "database-auth-failed", "database",
       _log("mlflow", 'FATAL: password authentication failed for user "mlflow"'),
       lambda: [p.failed("registry.proxy", "registry", p.answer(PROXY, 500, "{}"))],
       "mlflow proxy api"),
    _f("cache-down", "cache-unreachable", "cache",
       _log("registry", "redis.exceptions.TimeoutError: Timeout connecting to server"),
       lambda: [p.failed("registry.dependencies", "registry",
                         p.answer(REGISTRY + "/health", 503, '{"redis":"unhealthy"}'))],
       "cache api"),
)  # fmt: skip


# --- noise and missing readings


def noisy(state: PlatformState) -> PlatformState:
    """Add unusual values that are not the cause of a fault."""
    names = NAMES
    stray = tuple(
        TargetGroup(arn=f"arn:stray/{n}/x", name=f"other-{n}", protocol="HTTP", port=80,
                    targets=(TargetHealth(id="10.9.9.9", port=80, state="unhealthy"),))
        for n in range(200)
    )  # fmt: skip
    yesterday = Task(
        arn="arn:task/yesterday", service=names.of("auth"), last_status="STOPPED",
        task_definition=names.revision("auth", 5), stop_code="EssentialContainerExited",
        stopped_reason="Essential container in task exited", created_at=p.ago(1500),
        stopped_at=p.ago(1490), containers=(StoppedContainer(name="c", exit_code=1),),
    )  # fmt: skip
    auth = next(s for s in state.ecs_services if s.name == names.of("auth"))
    done = Event(
        at=p.ago(30), message="(service auth) (deployment ecs-svc/0) deployment completed."
    )
    state = service(state, "auth", tasks=(*auth.tasks, yesterday), events=(done, *auth.events))
    extra = Rule(
        arn="arn:harmless", priority="2",
        conditions=(Condition(field="path-pattern", values=("/campaign/*",)),),
        action=Action(type="fixed-response", status_code="410"),
    )  # fmt: skip
    return p.replace(add_rule(state, extra), target_groups=(*state.target_groups, *stray))


def unread(state: PlatformState, action: str) -> PlatformState:
    """Return the state as it is read if an action is denied: its part is empty."""
    without_tasks = tuple(p.replace(s, tasks=()) for s in state.ecs_services)
    parts: dict[str, dict[str, Any]] = {
        "DescribeLoadBalancers": {"load_balancers": ()},
        "DescribeTargetGroups": {"target_groups": ()},
        "DescribeServices": {"ecs_services": (), "missing_services": (), "task_definitions": ()},
        "DescribeTaskDefinition": {"task_definitions": ()},
        "DescribeSecurityGroups": {"security_groups": ()},
        "DescribeSubnets": {"subnets": ()},
        "DescribeCertificate": {"certificates": ()},
        "ListInstances": {
            "discovery": tuple(p.replace(d, instances=()) for d in state.discovery)
        },
        "ListTasks": {"ecs_services": without_tasks},
        "DescribeTasks": {"ecs_services": without_tasks},
        "DescribeTargetHealth": {
            "target_groups": tuple(p.replace(g, targets=()) for g in state.target_groups)
        },
        "DescribeListeners": {
            "load_balancers": tuple(p.replace(b, listeners=()) for b in state.load_balancers)
        },
        "DescribeRules": {
            "load_balancers": tuple(
                p.replace(b, listeners=tuple(p.replace(x, rules=()) for x in b.listeners))
                for b in state.load_balancers
            )
        },
    }  # fmt: skip
    return p.replace(state, **parts[action.partition(":")[2]])
