"""Sample causes, drift and control plane for the sample reports."""

from __future__ import annotations

import msgspec

from canary.control_plane.state import (
    Action,
    Condition,
    EcsDeployment,
    EcsService,
    Event,
    Forward,
    Listener,
    LoadBalancer,
    PlatformState,
    Rule,
    TargetGroup,
    TargetHealth,
)
from canary.model import Confidence, Diagnosis, Drift, Evidence, Remedy

_ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
_ECS = "arn:aws:ecs:us-east-1:123456789012"
_AT = "2026-11-22T09:27:02Z"
_SERVICE = "--cluster hokusai-development --service{} hokusai-auth-development"
_TERRAFORM = """resource "aws_lb_listener_rule" "mlflow_proxy" {
  priority = 105
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.registry_api.arn
  }
}"""


def seed_diagnoses(failed: tuple[str, ...]) -> tuple[Diagnosis, ...]:
    """Return the two causes of the seed day."""
    auth = tuple(i for i in failed if i.startswith("auth."))
    rest = tuple(i for i in failed if not i.startswith("auth."))
    return (_wrong_port(auth), _wrong_rule(rest))


def _wrong_rule(rest: tuple[str, ...]) -> Diagnosis:
    rule = f"{_ARN}:listener-rule/app/hokusai-registry-development/78840d73e3e9652e/1f/105"
    return Diagnosis(
        cause="rule-wrong-target", service="registry", resource=rule,
        confidence=Confidence.CERTAIN,
        summary="The rule for /api/mlflow/* forwards to MLflow instead of the registry API",
        explains=rest,
        evidence=(
            Evidence(resource="listener rule 105", seen="forward to hokusai-mlflow-tg-development",
                     expected="forward to hokusai-reg-api-development", at=_AT),
            Evidence(resource="GET /api/mlflow/api/2.0/mlflow/experiments/search",
                     seen="404 text/html, a page of werkzeug: MLflow itself answered",
                     expected="200 application/json from the registry API", at=_AT),
        ),
        remedy=Remedy(
            summary="Point the rule at the registry API's target group.",
            inspect=(f"aws elbv2 describe-rules --rule-arns {rule} --region us-east-1",),
            fix=(
                f"aws elbv2 modify-rule --rule-arn {rule} --actions "
                f"Type=forward,TargetGroupArn={_ARN}:targetgroup/hokusai-reg-api-development/50dc "
                "--region us-east-1",
            ),
            verify=("python -m canary run --environment development --only mlflow.proxy",),
            terraform=_TERRAFORM,
        ),
    )  # fmt: skip


def _wrong_port(auth: tuple[str, ...]) -> Diagnosis:
    group = f"{_ARN}:targetgroup/hokusai-auth-tg-development/6d0ecf831eec9f09"
    return Diagnosis(
        cause="port-mismatch", service="auth", resource=group,
        confidence=Confidence.LIKELY,
        summary="Auth's new revision listens on another port than its target group probes",
        explains=auth,
        evidence=(
            Evidence(resource="hokusai-auth-tg-development",
                     seen="10.0.1.17:8000 unhealthy, Target.FailedHealthChecks",
                     expected="healthy", at=_AT),
            Evidence(resource="hokusai-auth-development",
                     seen="2 deployments, the new one in progress since 09:24",
                     expected="1 deployment, completed", at="2026-11-22T09:24:10Z"),
        ),
        remedy=Remedy(
            summary="Return to the revision that ran before, then mend the port in the new one.",
            inspect=(f"aws ecs describe-services {_SERVICE.format('s')} --region us-east-1",),
            fix=(
                f"aws ecs update-service {_SERVICE.format('')} "
                "--task-definition hokusai-auth-development:11 --region us-east-1",
            ),
            verify=(f"aws ecs wait services-stable {_SERVICE.format('s')} --region us-east-1",),
            decision="Whether to roll back or to roll forward with the right port.",
        ),
    )  # fmt: skip


def seed_drift() -> tuple[Drift, ...]:
    """Return what moved between the last good run and the failure."""
    return (
        Drift(resource=f"{_ECS}:service/hokusai-development/hokusai-auth-development",
              attribute="task definition", before="hokusai-auth-development:11",
              after="hokusai-auth-development:12", at="2026-11-22T09:24:10Z"),
        Drift(resource="rule 105 of hokusai-registry-development", attribute="forward to",
              before="hokusai-reg-api-development", after="hokusai-mlflow-tg-development", at=_AT),
    )  # fmt: skip


def seed_platform(healthy: bool) -> PlatformState:
    """Return the platform's load balancers, target groups and services."""
    names = {"auth": 8000, "reg-api": 8001, "mlflow-tg": 5000}
    groups = tuple(_group(name, port, healthy) for name, port in names.items())
    target = groups[1] if healthy else groups[2]
    return PlatformState(
        read_at="2026-11-22T10:00:02Z",
        load_balancers=(
            _balancer(
                "auth", (_rule("100", "/api/v1/*", groups[0]), _rule("default", "", groups[0]))
            ),
            _balancer(
                "registry",
                (
                    _rule("50", "/mlflow/*", groups[2]),
                    _rule("105", "/api/mlflow/*", target),
                    _rule("110", "/api/*", groups[1]),
                    _rule("default", "", groups[1]),
                ),
            ),
        ),
        target_groups=groups,
        ecs_services=tuple(_service(name, healthy) for name in ("auth", "api", "mlflow")),
    )


def _group(name: str, port: int, healthy: bool) -> TargetGroup:
    target = TargetHealth(id="10.0.1.17", port=port, state="healthy")
    if not healthy and name == "auth":
        target = TargetHealth(
            id="10.0.1.17",
            port=port,
            state="unhealthy",
            reason="Target.FailedHealthChecks",
            description="Health checks failed",
        )
    return TargetGroup(
        arn=f"{_ARN}:targetgroup/hokusai-{name}-development/50dc6c495c0c9188",
        name=f"hokusai-{name}-development", protocol="HTTP", port=port, health_path="/health",
        load_balancers=(f"{_ARN}:loadbalancer/app/hokusai-registry-development/78840d73e3e9652e",),
        targets=(target,),
    )  # fmt: skip


def _rule(priority: str, path: str, group: TargetGroup) -> Rule:
    conditions = (Condition(field="path-pattern", values=(path,)),) if path else ()
    action = Action(type="forward", forwards=(Forward(target_group=group.arn),))
    return Rule(
        arn=f"{_ARN}:rule/{priority}", priority=priority, conditions=conditions, action=action
    )


def _balancer(name: str, rules: tuple[Rule, ...]) -> LoadBalancer:
    redirect = Action(
        type="redirect", status_code="HTTP_301", redirect="HTTPS://#{host}:443/#{path}?#{query}"
    )
    plain = Rule(arn=f"{_ARN}:rule/80", priority="default", action=redirect)
    return LoadBalancer(
        arn=f"{_ARN}:loadbalancer/app/hokusai-{name}-development/78840d73e3e9652e",
        name=f"hokusai-{name}-development", dns_name=f"hokusai-{name}.us-east-1.elb.amazonaws.com",
        listeners=(
            Listener(arn=f"{_ARN}:listener/443", port=443, protocol="HTTPS", rules=rules),
            Listener(arn=f"{_ARN}:listener/80", port=80, protocol="HTTP", rules=(plain,)),
        ),
    )  # fmt: skip


def _service(name: str, healthy: bool) -> EcsService:
    family = f"hokusai-{name}-development"
    new = EcsDeployment(
        id="ecs-svc/2", status="PRIMARY", task_definition=f"{_ECS}:task-definition/{family}:12",
        desired=1, running=1, pending=0, rollout_state="COMPLETED",
    )  # fmt: skip
    rolling = EcsDeployment(
        id="ecs-svc/3", status="PRIMARY", task_definition=f"{_ECS}:task-definition/{family}:13",
        desired=1, running=1, pending=0, rollout_state="IN_PROGRESS", failed_tasks=2,
        rollout_reason="ECS deployment ecs-svc/3 in progress.",
    )  # fmt: skip
    moving = not healthy and name == "auth"
    return EcsService(
        name=family, arn=f"{_ECS}:service/hokusai-development/{family}", status="ACTIVE",
        desired=1, running=1, pending=0, task_definition=new.task_definition,
        deployments=(rolling, msgspec.structs.replace(new, status="ACTIVE")) if moving else (new,),
        events=(Event(at=_AT, message=f"(service {family}) has reached a steady state."),),
    )  # fmt: skip
