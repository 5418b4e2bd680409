"""States of the control plane that no fault of the library makes, each with its title."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from canary.control_plane.state import (
    Action,
    Condition,
    Event,
    Forward,
    Listener,
    PlatformState,
    StoppedContainer,
    TargetHealth,
    Task,
    Unavailable,
)
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p


def task(number: int, minutes: float, **more: Any) -> Task:
    return Task(
        **{
            "arn": f"t{number}", "service": "s", "task_definition": "d", "last_status": "STOPPED",
            "stop_code": "EssentialContainerExited", "stopped_reason": "it exited",
            "stopped_at": p.ago(minutes), "created_at": p.ago(minutes + 5),
            "started_at": p.ago(minutes + 4),
            "containers": (StoppedContainer(name="c", exit_code=1),), **more,
        }
    )  # fmt: skip


STEADY = "(service s) has reached a steady state."


def states() -> Iterator[tuple[str, PlatformState]]:
    """Yield states that no fault of the library makes."""
    well = p.healthy(faults.NAMES)

    def auth(**changes: Any) -> PlatformState:
        return faults.service(well, "auth", **changes)

    (service,) = [s for s in well.ecs_services if "auth" in s.name]
    (newest,) = service.deployments

    def deployed(**changes: Any) -> PlatformState:
        return auth(deployments=(p.replace(newest, **changes),))

    def denied(action: str, state: PlatformState = well) -> PlatformState:
        gap = Unavailable(action=action, resource="", code="Denied", reason="no", denied=True)
        return p.replace(state, unavailable=(gap,))

    running = service.tasks
    for minutes in (14.9, 15.1):
        yield (
            f"rollout of {minutes} min",
            deployed(rollout_state="IN_PROGRESS", created_at=p.ago(minutes)),
        )
        yield f"one crash {minutes} min ago", auth(tasks=(*running, task(1, minutes)))
    for minutes in (59, 61):
        back = Event(at=p.ago(minutes), message="rolling back to deployment ecs-svc/1.")
        yield f"rolled back {minutes} min ago", auth(
            deployments=(p.replace(newest, created_at=p.ago(minutes),
                                   rollout_reason="ECS deployment circuit breaker: rolling back"),),
            events=(back,),
        )  # fmt: skip
    yield "rollout without a time", deployed(rollout_state="IN_PROGRESS", created_at="")
    yield "rollout with failed tasks", deployed(rollout_state="IN_PROGRESS", failed_tasks=2)
    yield "rollout failed", deployed(rollout_state="FAILED", rollout_reason="it failed")
    yield "no deployment", auth(deployments=())
    yield "no deployment and a crash", auth(deployments=(), tasks=(task(1, 2, started_by="x"),))
    yield "no tasks and denied", denied("ecs:ListTasks", auth(tasks=()))
    yield "a crash with many words", auth(tasks=(task(1, 2, stopped_reason="why " * 80),))
    yield "inactive", auth(status="DRAINING")
    yield "nothing desired", auth(desired=0, running=0)
    loop = (task(1, 9), task(2, 3), task(3, 1, started_by="other"))
    yield "crash loop", auth(tasks=loop, events=(Event(at=p.ago(5), message=STEADY),))
    yield (
        "crashes that are over",
        auth(tasks=(*loop[:2], *running), events=(Event(at=p.ago(2), message=STEADY),)),
    )
    yield "more than three crashes", auth(tasks=tuple(task(n, n) for n in range(1, 6)))
    waiting = task(4, 0, last_status="PENDING", stopped_at="", started_at="", created_at=p.ago(2))
    unable = Event(at=p.ago(1), message="(service s) was unable to place a task.")
    for title, more in (
        ("starts more", {}),
        ("is hindered", {"events": (unable,)}),
        ("was hindered", {"events": (Event(at=p.ago(0), message=STEADY), unable)}),
        ("starts late", {"tasks": (*running, p.replace(waiting, created_at=p.ago(16)))}),
        (
            "starts at the last minute",
            {"tasks": (*running, p.replace(waiting, created_at=p.ago(15)))},
        ),
        ("starts at no known time", {"tasks": (*running, p.replace(waiting, created_at=""))}),
        ("starts with another controller", {"controller": "EXTERNAL"}),
        ("starts with a crash", {"tasks": (*running, waiting, task(1, 2))}),
        ("runs none", {"running": 0}),
    ):
        yield title, auth(**{"desired": 3, "running": 1, "tasks": (*running, waiting), **more})
    for action in ("ecs:ListTasks", "ecs:DescribeServices", "elasticloadbalancing:DescribeRules",
                   "elasticloadbalancing:DescribeTargetHealth",
                   "elasticloadbalancing:DescribeTargetGroups"):  # fmt: skip
        yield f"{action} denied", denied(action)
    empty = p.replace(well, ecs_services=(), target_groups=(), load_balancers=())
    yield "all gone", empty
    yield "all gone and denied", denied("ecs:DescribeServices", empty)
    yield "no cluster", p.replace(empty, cluster_missing=True)
    yield "services known to be missing", p.replace(empty, missing_services=(service.name,))
    yield "not read", p.replace(empty, read_at="")
    (group,) = [g for g in well.target_groups if "auth" in g.name]

    def targets(*rows: TargetHealth, state: PlatformState = well, **more: Any) -> PlatformState:
        return p.change(state, "target_groups", group.arn, targets=rows, **more)

    old = TargetHealth(id=p.ADDRESSES["auth"], port=8000, state="healthy")
    new = TargetHealth(id="10.0.9.9", port=8000, state="unhealthy", reason="Target.Timeout",
                       description="Request timed out")  # fmt: skip
    yield "one is unhealthy", targets(old, new)
    yield "one is draining", targets(old, p.replace(new, state="draining"))
    yield "all are draining", targets(p.replace(old, state="draining"))
    yield "one is initial", targets(old, p.replace(new, state="initial"))
    yield "only initial", targets(p.replace(new, state="initial"))
    yield "no targets", targets()
    yield "no targets and denied", denied("elasticloadbalancing:DescribeTargetHealth", targets())
    yield "attached to nothing", targets(old, load_balancers=())
    yield "attached to strangers", targets(old, load_balancers=("a/name/1", "a/b", "c"))
    for title, age, more in (
        ("a new task in its grace period", 1, {}),
        ("a new task behind its grace period", 3, {}),
        ("a new task without a rollout", 1, {"desired": 1}),
        ("a new task beside a crash", 1, {"crash": True}),
        ("a new task that was only made", 1, {"made": True}),
    ):
        fresh = task(5, 0, last_status="RUNNING", address="10.0.9.9", stopped_at="", stop_code="",
                     started_at="" if more.get("made") else p.ago(age), created_at=p.ago(age),
                     stopped_reason="", containers=())  # fmt: skip
        crash = (task(6, 1),) if more.get("crash") else ()
        grown = auth(desired=more.get("desired", 2), running=2, grace_period_s=120,
                     tasks=(*running, fresh, *crash))  # fmt: skip
        yield title, targets(old, new, state=grown)
    yield "a target newer than its service", targets(old, new, state=auth(desired=2, running=1))
    for action in (
        Action(type="fixed-response", status_code="503", content_type="text/plain"),
        Action(type="redirect", status_code="HTTP_302", redirect="http://#{host}/"),
    ):
        yield f"a rule that is a {action.type}", faults.with_rule(well, 105, action)
    groups = [faults.NAMES.group(name) for name in ("registry", "mlflow", "auth")]
    for weights in ((1, 0, 0), (1, 1, 0), (0, 0, 0)):
        shares = tuple(
            Forward(target_group=g, weight=w) for g, w in zip(groups, weights, strict=True)
        )
        forward = Action(type="forward", forwards=shares)
        yield f"a rule with the weights {weights}", faults.with_rule(well, 105, forward)
    (balancer,) = [b for b in well.load_balancers if "auth" in b.name]

    def listening(*listeners: Listener) -> PlatformState:
        return p.change(well, "load_balancers", balancer.arn, listeners=listeners)

    plain, secure = balancer.listeners
    yield "no listener", listening()
    known = p.replace(secure.rules[0], priority="1")
    yield (
        "a rule beside the redirect",
        listening(p.replace(plain, rules=(known, *plain.rules)), secure),
    )
    strange = p.replace(known, conditions=(Condition(field="moon-phase", values=("full",)),))
    yield "an unknown condition", listening(plain, p.replace(secure, rules=(strange,)))
