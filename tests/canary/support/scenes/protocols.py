"""Groups of a protocol version that takes no request, and what a service's own entries say."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import (
    Action,
    BalancerEntry,
    Container,
    Forward,
    PlatformState,
    TargetHealth,
)
from canary.model import Result
from tests.canary.support import platforms as p
from tests.canary.support.scenes.ecs import definition
from tests.canary.support.scenes.platform import ARN, CODES, MINE, TIMEOUT, auth, firewall, targets
from tests.canary.support.told_scenes import AUTH, HEALTHY, NAMES, REGISTRY, Told, down, group, sick

NEW = NAMES.elb("targetgroup", "auth-grpc/1")
PATHS = (f"{AUTH}/health", f"{AUTH}/other")  # of a rule, and of the default rule


def refused() -> list[Result]:
    """Return requests that the balancer answers with 464."""
    found = [p.failed(f"auth.{n}", "auth", p.answer(url, 464, "", answered_by="balancer"))
             for n, url in enumerate(PATHS)]  # fmt: skip
    return [*found, p.control("target_group", "auth")]


def leading(to: str, *versions: tuple[str, str], old: tuple[TargetHealth, ...] = (MINE,)) -> Any:
    """Return auth whose rules lead to a group; `versions` are those of the old and new group."""
    had = {**dict(versions)}
    groups = []
    for one in HEALTHY.target_groups:
        if one.arn == ARN:
            groups.append(p.replace(one, protocol_version=had.get(ARN, ""), targets=old))
            new = p.replace(one, arn=NEW, name="auth-grpc", protocol_version=had.get(NEW, ""))
            groups.append(new)
        else:
            groups.append(one)
    action = Action(type="forward", forwards=(Forward(target_group=to),))
    balancers = tuple(
        p.replace(b, listeners=tuple(
            p.replace(
                x, rules=tuple(p.replace(r, action=action) for r in x.rules),
                default_actions=(action,))
            if x.port == 443 else x for x in b.listeners))
        if "auth" in b.name else b
        for b in HEALTHY.load_balancers
    )  # fmt: skip
    state = p.replace(HEALTHY, target_groups=tuple(groups), load_balancers=balancers)
    return auth(state, target_groups=(ARN, NEW))


def environment() -> Any:
    """Return the environment file in which auth has both groups."""
    found = p.environment(NAMES)
    part = p.replace(found.services["auth"], target_groups=(f"{NAMES.of('auth')}-tg", "auth-grpc"))
    return p.replace(found, services={**found.services, "auth": part})


def two_containers(*found: tuple[str, tuple[int, ...]], **more: Any) -> PlatformState:
    """Return auth with several containers that map ports, and a target that fails."""
    made = tuple(Container(name=name, image="x", ports=ports) for name, ports in found)
    return definition(targets(p.replace(MINE, port=9, state="unhealthy"), **more), "auth", 7,
                      containers=made)  # fmt: skip


def halved() -> PlatformState:
    """Return auth with two tasks, of which one fails its health checks."""
    (mine,) = HEALTHY.ecs_services[0].tasks
    state = auth(tasks=(mine, p.replace(mine, arn="task/auth/8", address="10.0.1.77")), running=2)
    return targets(MINE, sick(TIMEOUT, "10.0.1.77"), of=state)


def closed(*found: TargetHealth) -> PlatformState:
    """Return auth whose tasks let nobody in, and whose task definition was not read."""
    state = firewall("sg-auth", ingress=())
    kept = tuple(d for d in state.task_definitions if d.family != NAMES.of("auth"))
    return targets(*found, of=p.replace(state, task_definitions=kept))


BEFORE = leading(ARN, (ARN, "HTTP1"), (NEW, "GRPC"))
SCENES = {
    "protocol-grpc-since-a-change": Told(
        leading(NEW, (ARN, "HTTP1"), (NEW, "GRPC")), refused(), BEFORE, environment()),
    "protocol-grpc-and-the-old-group-is-empty": Told(
        leading(NEW, (ARN, "HTTP1"), (NEW, "GRPC"), old=(p.replace(MINE, state="draining"),)),
        refused(), BEFORE, environment()),
    "protocol-http2-as-ever": Told(
        leading(NEW, (ARN, ""), (NEW, "HTTP2")), refused(),
        leading(NEW, (ARN, ""), (NEW, "HTTP2")), environment()),
    "protocol-of-both-groups-alike": Told(
        leading(NEW, (ARN, "GRPC"), (NEW, "GRPC")), refused(),
        leading(ARN, (ARN, "GRPC"), (NEW, "GRPC")), environment()),
    "protocol-of-a-group-that-takes-all": Told(
        leading(NEW, (ARN, "HTTP1"), (NEW, "")), refused(), BEFORE, environment()),
    "port-of-the-groups-own-entry": Told(
        auth(two_containers(("hokusai-auth", (8000, 9000))), balancer_entries=(
            BalancerEntry(target_group="arn:other", port=7),
            BalancerEntry(target_group=ARN), BalancerEntry(target_group=ARN, port=9000))),
        down()),
    "health-check-of-wrong-codes-as-ever": Told(
        group(targets=(sick(CODES),), health_matcher="500"), down(), group(health_matcher="500")),
    "port-of-the-named-container": Told(
        two_containers(("sidecar", (9,)), ("hokusai-auth", (8000,))), down()),
    "port-of-a-container-that-maps-none": Told(
        two_containers(("hokusai-auth", ()), ("sidecar", (9000,))), down()),
    "port-of-targets-that-are-well": Told(
        p.change(two_containers(("hokusai-auth", (8000,))), "target_groups", ARN,
                 targets=(p.replace(MINE, port=9),)), down()),
    "targets-foreign-by-the-dozen": Told(
        targets(MINE, *(sick(TIMEOUT, f"10.9.9.{n}") for n in range(4))), down()),
    "half-of-the-own-targets-fail": Told(halved(), [p.control("target_group", "auth")]),
    "half-of-the-own-targets-fail-and-a-closed-port": Told(halved(), [
        p.failed("auth.health", "auth", p.none(f"{AUTH}/health", "refused"))]),
    "tasks-closed-and-their-definition-unread": Told(
        closed(p.replace(MINE, port=9000, state="unhealthy")), down()),
    "tasks-closed-and-neither-definition-nor-target": Told(
        auth(closed(), container_ports=(0, 8000)), down()),
    "tasks-closed-and-no-port-at-all": Told(auth(closed(), container_ports=()), down()),
    "balancer-of-the-api-closed-beside-a-sick-auth": Told(
        firewall("sg-lb-registry", ingress=()),
        [p.failed("registry.health", "registry", p.none(f"{REGISTRY}/health", "connect-timeout")),
         p.failed("auth.key", "auth", p.answer(
             f"{AUTH}/x", 503, '{"detail":"Authentication service unavailable"}'))]),
    "health-check-changed-in-all": Told(
        group(targets=(sick(CODES), sick(TIMEOUT, "10.0.1.99")), health_path="/gone",
              health_matcher="500", health_interval_s=5, health_timeout_s=2),
        down(), group(health_interval_s=10)),
    "health-check-changed-since-a-failing-start": Told(
        auth(group(targets=(sick(TIMEOUT),), health_path="/gone"), tasks=(
            *HEALTHY.ecs_services[0].tasks, p.replace(
                HEALTHY.ecs_services[0].tasks[0], arn="task/auth/9", last_status="STOPPED",
                stopped_at=p.ago(3), stop_code="ServiceSchedulerInitiated",
                stopped_reason=f"Task failed ELB health checks in (target-group {ARN})"))),
        down()),
}  # fmt: skip
