"""Targets, health checks, security groups and rules that are not as they were."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import (
    Action,
    BalancerEntry,
    Event,
    Forward,
    GroupRule,
    PlatformState,
    Rule,
    TargetHealth,
    not_read,
)
from canary.model import Result
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.scenes.ecs import definition
from tests.canary.support.told_scenes import (
    AUTH,
    ENVIRONMENT,
    HEALTHY,
    NAMES,
    REGISTRY,
    Told,
    api,
    down,
    group,
    passed,
    sick,
)

MINE = TargetHealth(id=p.ADDRESSES["auth"], port=8000, state="healthy")
ARN = NAMES.group("auth")
CODES, TIMEOUT = "Target.ResponseCodeMismatch", "Target.Timeout"
SERVICE = HEALTHY.ecs_services[0]


def auth(state: PlatformState = HEALTHY, **fields: Any) -> PlatformState:
    """Return the platform with another auth service."""
    return faults.service(state, "auth", **fields)


def recorded(why: str, minutes: float = 3, of: str = ARN) -> PlatformState:
    """Return auth without targets, and an event of ECS about one that was unhealthy."""
    text = f"(service auth) (task 1) is unhealthy in (target-group {of}) due to (reason {why})"
    return auth(group(targets=()), events=(Event(at=p.ago(minutes), message=text),),
                running=0, pending=1, tasks=())  # fmt: skip


def ended(minutes: float, arn: str = ARN) -> PlatformState:
    """Return auth with a task that ECS ended for the checks of a target group."""
    task = p.replace(
        p.running_task(NAMES, "auth"), arn="task/auth/9", last_status="STOPPED",
        stopped_at=p.ago(minutes), desired_status="STOPPED",
        stopped_reason=f"Task failed ELB health checks in (target-group {arn})",
    )  # fmt: skip
    return auth(group(targets=()), tasks=(task,), running=0, pending=1)


def targets(*found: TargetHealth, of: PlatformState = HEALTHY, **more: Any) -> PlatformState:
    """Return auth with other targets."""
    return group(of, targets=found, **more)


def two_ports(entry: int, *mapped: int) -> PlatformState:
    """Return auth with a load balancer entry, and a container that maps ports."""
    state = definition(HEALTHY, "auth", 7, container={"ports": mapped})
    return auth(state, balancer_entries=(
        BalancerEntry(target_group=ARN, container="hokusai-auth", port=entry),))  # fmt: skip


def balancer(name: str, **fields: Any) -> PlatformState:
    """Return the platform with another load balancer."""
    arn = NAMES.elb("loadbalancer", f"app/{NAMES.prefix}-{name}-lb/1234")
    return p.change(HEALTHY, "load_balancers", arn, **fields)


def firewall(identifier: str, state: PlatformState = HEALTHY, **fields: Any) -> PlatformState:
    """Return the platform with another security group."""
    return p.change(state, "security_groups", identifier, **fields)


def rule(port: int, *groups: str, **more: Any) -> GroupRule:
    """Return a permission of a port."""
    return GroupRule(protocol="tcp", from_port=port, to_port=port, groups=groups, **more)


def lost(*urls: str) -> list[Result]:
    """Return hosts that let no connection in."""
    return [p.failed(f"lost.{u[-14:]}", "auth", p.none(u, "connect-timeout")) for u in urls]


def mlflow_down() -> list[Result]:
    """Return what the API answers while it does not reach MLflow."""
    return [api(faults._mlflow_unreachable()), passed(f"{REGISTRY}/health")]


def forwarding(priority: int, *forwards: Forward) -> PlatformState:
    """Return the platform with a rule of the API that forwards elsewhere."""
    return faults.with_rule(HEALTHY, priority, Action(type="forward", forwards=forwards))


def ruled(new: Rule, state: PlatformState = HEALTHY) -> PlatformState:
    """Return the platform with one rule more."""
    return faults.add_rule(state, new)


NOTHING = not_read("AccessDenied", "not allowed")
API, MLFLOW = NAMES.group("registry"), NAMES.group("mlflow")
MODELS = f"{REGISTRY}/api/v1/models"
MISLED = [
    api(p.answer(MODELS, 404, p.WERKZEUG, content_type="text/html"), "registry.models"),
    p.control("listener_rule", "registry", reason="/api/v1/models leads elsewhere"),
]
SCENES = {
    "targets-empty-and-never-attached": Told(
        auth(group(targets=()), target_groups=()), down(), HEALTHY, p.replace(
            ENVIRONMENT, services={**ENVIRONMENT.services, "auth": p.replace(
                ENVIRONMENT.services["auth"], container="")})),
    "targets-all-draining": Told(
        targets(p.replace(MINE, state="draining"), p.replace(MINE, id="10.0.9.9", state="unused")),
        down()),
    "targets-foreign-and-mine-unregistered": Told(
        targets(sick(TIMEOUT, "10.9.9.9"), p.replace(MINE, state="draining")), down()),
    "target-recorded-in-an-event": Told(recorded("Health checks failed with these codes: [500]"),
                                        down()),
    "target-recorded-as-timed-out": Told(recorded("Request timed out"), down()),
    "target-recorded-long-ago": Told(recorded("Request timed out", 15), down()),
    "target-recorded-of-another-group": Told(recorded("Request timed out", 3, API), down()),
    "target-whose-task-was-ended": Told(ended(14), down()),
    "target-whose-task-was-ended-long-ago": Told(ended(16), down()),
    "tasks-are-not-started": Told(auth(group(targets=()), running=0, tasks=()), down()),
    "task-was-ended-and-none-follows": Told(auth(ended(3), pending=0), down()),
    "target-registered-on-two-ports": Told(
        targets(MINE, p.replace(MINE, port=9000, state="unhealthy"),
                p.replace(MINE, port=9001, state="draining")), down()),
    "target-on-the-second-port": Told(
        p.change(two_ports(9000, 8000, 9000), "target_groups", ARN,
                 targets=(p.replace(MINE, state="unhealthy"),)), down()),
    "target-on-a-port-that-is-not-mapped": Told(
        p.change(two_ports(9000, 8000), "target_groups", ARN,
                 targets=(p.replace(MINE, port=9000, state="unhealthy"),)), down()),
    "health-check-of-a-fixed-port": Told(
        group(targets=(sick(TIMEOUT),), health_port="8000"), down(), group(health_port="8000")),
    "health-check-of-several-codes": Told(
        group(targets=(sick(CODES),), health_matcher="201,300-399"), down(),
        group(health_matcher="200-299")),
    "health-check-that-was-so": Told(
        group(targets=(sick(CODES),), health_matcher="200-299"), down(),
        group(health_matcher="200-299")),
    "health-check-and-a-failing-task": Told(
        group(targets=(sick("Target.FailedHealthChecks"),), health_path="/gone"), down()),
    "group-of-https": Told(
        group(targets=(sick(TIMEOUT),), protocol="HTTPS", health_protocol="HTTPS"), down(),
        group(protocol="HTTPS", health_protocol="HTTPS")),
    "half-of-the-targets-fail": Told(
        targets(MINE, sick(TIMEOUT, "10.0.1.77", description="timed out"), p.replace(
            MINE, id="10.0.1.78")), [p.control("target_group", "auth")]),
    "balancer-open-to-nobody": Told(firewall("sg-lb-auth", ingress=()), lost(f"{AUTH}/health")),
    "balancer-open-on-another-port": Told(
        firewall("sg-lb-auth", ingress=(rule(80, cidrs=("0.0.0.0/0",)),)),
        [*lost(f"{AUTH}/health", f"{AUTH}:8443/x"), api(faults.auth_unavailable()),
         p.control("certificate", "auth")]),
    "balancer-that-is-internal": Told(
        p.change(balancer("auth", scheme="internal"), "security_groups", "sg-lb-auth", ingress=()),
        lost(f"{AUTH}/health")),
    "balancer-in-other-groups": Told(
        balancer("auth", security_groups=("sg-cache",)), lost(f"{AUTH}/health")),
    "balancer-in-an-unread-group": Told(
        balancer("auth", security_groups=("sg-lb-auth", "sg-unread")), lost(f"{AUTH}/health")),
    "tasks-closed-to-the-balancer": Told(
        firewall("sg-auth", ingress=(rule(8000, "sg-other"), rule(9000, "sg-lb-auth"))), down()),
    "tasks-in-other-groups": Told(auth(security_groups=("sg-cache",)), down()),
    "tasks-closed-by-a-prefix-list-alone": Told(
        firewall("sg-auth", ingress=(rule(8000, prefix_lists=("pl-1",), ipv6_cidrs=("::/0",)),)),
        down()),
    "mlflow-closed-to-the-api": Told(
        firewall("sg-mlflow", ingress=(rule(5000, "sg-lb-registry"),)), mlflow_down()),
    "api-lets-nothing-out-to-mlflow": Told(
        firewall("sg-registry", egress=(rule(443, cidrs=("0.0.0.0/0",)),)), mlflow_down()),
    "database-closed-to-two": Told(
        firewall("sg-database", ingress=(rule(5432, "sg-mlflow"),)),
        [p.failed(f"{n}.ready", n, p.answer(f"{u}/ready", 503, '{"ready": false, "checks":'
         ' {"database": {"healthy": false}}}')) for n, u in (("auth", AUTH),
                                                             ("registry", REGISTRY))]),
    "rule-to-two-groups-of-which-one-is-empty": Told(
        p.replace(forwarding(110, Forward(target_group=API), Forward(target_group="arn:x/tg/g/1")),
                  target_groups=(*HEALTHY.target_groups, p.replace(
                      HEALTHY.target_groups[0], arn="arn:x/tg/g/1", name="new-tg", targets=()))),
        MISLED),
    "rule-to-a-group-of-nobody": Told(
        forwarding(110, Forward(target_group="arn:x/tg/nobody/1")), MISLED),
    "rule-to-another-service-by-weight": Told(
        forwarding(110, Forward(target_group=API, weight=0), Forward(target_group=MLFLOW)), MISLED),
    "rule-that-answers-by-itself": Told(
        faults.with_rule(HEALTHY, 110, Action(type="fixed-response", status_code="503")),
        [api(p.answer(MODELS, 503, "", answered_by="balancer"), "registry.models")]),
    "rule-before-all-others": Told(
        ruled(Rule(arn="arn:new", priority="1", action=Action(
            type="redirect", status_code="HTTP_301", redirect="HTTPS://x:443/"))), MISLED),
    "rule-before-all-others-of-old": Told(
        ruled(Rule(arn="arn:old", priority="1", action=Action(
            type="forward", forwards=(Forward(target_group=MLFLOW),)))), MISLED, ruled(
            Rule(arn="arn:old", priority="200", action=Action(
                type="forward", forwards=(Forward(target_group=MLFLOW),))))),
    "rule-unread-and-a-page-of-the-balancer": Told(
        NOTHING, [api(p.fixed_404(MODELS), "registry.models"),
                          api(p.answer(f"{REGISTRY}/api/x", 500, "no"), "registry.x")]),
    "rule-unread-at-a-host-of-nobody": Told(
        NOTHING, [p.failed("x.page", "x", p.fixed_404("https://other.example/a"))]),
    "listener-unread-and-a-closed-port": Told(
        NOTHING,
        [p.failed("auth.health", "auth", p.none(f"{AUTH}/health", "refused")),
         passed(f"{REGISTRY}/health")]),
}  # fmt: skip
