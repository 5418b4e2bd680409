"""`target_group`: attached to a load balancer, with registered and healthy targets."""

from __future__ import annotations

from canary.control_plane.ecs import is_failure, primary
from canary.control_plane.service_groups import serves_instead
from canary.control_plane.state import PlatformState, TargetGroup, TargetHealth
from canary.model import Check, Frozen, Step, parse_time
from canary.probes.base.api import Kind, ProbeContext
from canary.probes.base.evidence import Stopwatch, assertion, could_not_tell, unavailable

LEAVING = ("draining",)  # a draining target is not judged
COMING = ("initial",)
STEPS = ("attached", "registered", "healthy")


class TargetGroupSpec(Frozen, frozen=True, kw_only=True):
    """The target group to check; empty means every group of the service."""

    target_group: str = ""


def run(check: Check, spec: TargetGroupSpec, context: ProbeContext) -> None:
    """Record the steps of each target group from the reading of the control plane."""
    watch = Stopwatch(context)
    state = context.state()
    configured = context.service(check.service).target_groups
    names = (spec.target_group,) if spec.target_group else configured
    if not names:
        reason = f"service {check.service} names no target group"
        for step in could_not_tell(watch, STEPS, reason):
            context.record(step)
    for name in names:
        for step in _in_turn(watch, state, name, check.service, context):
            context.record(step)


def _in_turn(
    watch: Stopwatch, state: PlatformState, name: str, service: str, context: ProbeContext
) -> list[Step]:
    """Return the steps of a group; one whose turn it is not, in a blue/green service, is idle."""
    group = next((g for g in state.target_groups if g.name == name), None)
    other = serves_instead(context.environment, state, service, group) if group else ""
    if not other:
        return judge_group(watch, state, name)
    note = {"note": f"no rule leads here: {other} serves in its place"}
    made = [assertion("serving group", "healthy", other, True)]
    return [watch.step(f"{name} {STEPS[0]}", made, facts=note)]


def judge_group(watch: Stopwatch, state: PlatformState, name: str) -> list[Step]:
    """Return the steps of one target group."""
    group = next((g for g in state.target_groups if g.name == name), None)
    reason = unavailable(
        state, "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetH"
    )
    if group is None and reason:
        return could_not_tell(watch, [f"{name} {s}" for s in STEPS], reason)
    if group is None:
        gone = [assertion(f"target group {name}", "exists", "no such target group", False)]
        return [watch.step(f"{name} {STEPS[0]}", gone)]
    return [_attached(watch, group), *_targets(watch, state, group)]


def _attached(watch: Stopwatch, group: TargetGroup) -> Step:
    balancers = [arn.split("/")[-2] if arn.count("/") > 1 else arn for arn in group.load_balancers]
    shown = ", ".join(balancers) or "none"
    made = [assertion("load balancer", "at least one", shown, bool(balancers))]
    return watch.step(f"{group.name} {STEPS[0]}", made)


def _targets(watch: Stopwatch, state: PlatformState, group: TargetGroup) -> list[Step]:
    reason = unavailable(state, "elasticloadbalancing:DescribeTargetHealth")
    names = [f"{group.name} {s}" for s in STEPS[1:]]
    if not group.targets and reason:
        return could_not_tell(watch, names, reason)
    staying = [t for t in group.targets if t.state not in LEAVING]
    registered = [assertion("registered targets", "at least 1", len(staying), bool(staying))]
    return [watch.step(names[0], registered), _healthy(watch, names[1], state, group, staying)]


def _starting(state: PlatformState, group: TargetGroup, target: TargetHealth, count: int) -> bool:
    """Return whether the target's task has just been started, within its grace period.

    A rollout starts tasks, and so does a greater desired count, as far as it explains so many
    targets. Where tasks fail, the next one is no excuse. A task may be newer than the reading of
    its service, which is short of one then.
    """
    now = parse_time(state.read_at)
    for service in state.ecs_services:
        newest = primary(service)
        rolling = newest is not None and newest.rollout_state == "IN_PROGRESS"
        scaled = service.desired >= count and not any(map(is_failure, service.tasks))
        good = newest is not None and not newest.failed_tasks and (rolling or scaled)
        known = {task.address for task in service.tasks}
        short = scaled and service.running < service.desired and group.arn in service.target_groups
        if good and short and target.id not in known:
            return True
        for task in service.tasks if good else ():
            began = parse_time(task.started_at or task.created_at)
            if task.address == target.id and task.last_status == "RUNNING" and began and now:
                return (now - began).total_seconds() < service.grace_period_s
    return False


def _healthy(
    watch: Stopwatch,
    name: str,
    state: PlatformState,
    group: TargetGroup,
    staying: list[TargetHealth],
) -> Step:
    """Return the health step; a new target counts only if no other target is healthy."""
    healthy = [t for t in staying if t.state == "healthy"]
    made = []
    known = {"health check": f"{group.health_protocol} {group.health_path} {group.health_matcher}"}
    for target in staying:
        shown = f"{target.state} {target.reason} {target.description}".strip()
        if healthy and (target.state in COMING or _starting(state, group, target, len(staying))):
            known["note"] = f"{target.id} is not judged yet"
            continue
        subject = f"target {target.id}:{target.port}"
        made.append(assertion(subject, "healthy", shown, target.state == "healthy"))
    if not staying:
        made.append(assertion("healthy targets", "at least 1", 0, False))
    return watch.step(name, made, facts=known)


KIND = Kind(
    name="target_group",
    spec=TargetGroupSpec,
    run=run,
    summary="attached to a load balancer, with registered and healthy targets",
    reads_state=True,
    requests=lambda _spec: 0,
)
