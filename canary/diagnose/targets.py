"""Targets: what is registered in a group, how it is checked, and what the checks say."""

from __future__ import annotations

from collections.abc import Iterator

from canary.diagnose.case import Case
from canary.diagnose.claims import TARGET, Claim, shown
from canary.diagnose.revisions import log_tail, rollback
from canary.diagnose.starts import afresh
from canary.diagnose.symptoms import BALANCER_5XX, Symptom
from canary.model import Confidence, Evidence, Remedy
from canary.observe.state import EcsService, TargetGroup, TargetHealth, Task

GONE = ("draining", "unused")


def live(service: EcsService | None) -> tuple[Task, ...]:
    """Return the running tasks of a service that have an address."""
    tasks = service.tasks if service else ()
    return tuple(t for t in tasks if t.last_status == "RUNNING" and t.address)


def port_of(case: Case, name: str) -> int:
    """Return the port that a service's container listens on, as its revision says."""
    service = case.ecs(name)
    definition = case.definition(service.task_definition) if service else None
    wanted = case.services[name].container
    containers = definition.containers if definition else ()
    for container in containers:
        if container.ports and (not wanted or container.name == wanted):
            return container.ports[0]
    return case.services[name].port


def _evidence(case: Case, group: TargetGroup, seen: str, expected: str) -> Evidence:
    return Evidence(resource=group.name, seen=seen, expected=expected, at=case.state.read_at)


def _inspect(case: Case, group: TargetGroup) -> tuple[str, ...]:
    return (
        case.aws("elbv2", "describe-target-health", target_group_arn=group.arn),
        case.aws("elbv2", "describe-target-groups", target_group_arns=[group.arn]),
    )


def empty(case: Case) -> Iterator[Claim]:
    """Claim a group that rules lead to and nothing is registered in, while tasks run."""
    for name in case.services:
        service, tasks = case.ecs(name), live(case.ecs(name))
        for group in case.groups(name):
            usable = [t for t in group.targets if t.state not in GONE]
            if usable or not service or not tasks or not group.load_balancers:
                continue
            registers = group.arn in service.target_groups
            atoms = case.outage(name)
            if atoms:
                yield Claim(
                    cause="target-group-empty",
                    service=name,
                    resource=group.arn,
                    confidence=Confidence.CERTAIN,
                    summary=f"No target is registered in {group.name}, though"
                    f" {len(tasks)} task(s) of {service.name} run.",
                    evidence=(
                        _evidence(case, group, "no registered target", "the service's tasks"),
                        *shown(atoms),
                    ),
                    remedy=_register(case, name, service, group, tasks, registers),
                    atoms=atoms,
                    rank=TARGET,
                )


def _register(
    case: Case,
    name: str,
    service: EcsService,
    group: TargetGroup,
    tasks: tuple[Task, ...],
    registers: bool,
) -> Remedy:
    port = port_of(case, name)
    fix = case.aws(
        "elbv2",
        "register-targets",
        target_group_arn=group.arn,
        targets=[f"Id={t.address},Port={port}" for t in tasks],
    )
    container = case.services[name].container
    attach = case.aws.ecs(
        "update-service",
        service=service.name,
        load_balancers=f"targetGroupArn={group.arn},containerName={container},containerPort={port}",
        force_new_deployment=True,
    )
    return Remedy(
        summary=f"Register the running tasks in {group.name}."
        if registers
        else f"Attach {group.name} to the ECS service, so that its tasks are registered.",
        inspect=_inspect(case, group),
        fix=(fix,) if registers else (fix, attach),
        verify=(case.aws("elbv2", "describe-target-health", target_group_arn=group.arn),),
    )


def detached(case: Case) -> Iterator[Claim]:
    """Claim a service's group that no rule of its balancer leads to any more."""
    for name in case.services:
        balancer = case.balancer(name)
        for group in case.groups(name):
            rules = [r for x in balancer.listeners for r in x.rules] if balancer else []
            named = any(f.target_group == group.arn for r in rules for f in r.action.forwards)
            atoms = case.outage(name)
            if not balancer or not rules or named or group.load_balancers or not atoms:
                continue
            yield Claim(
                cause="target-group-detached",
                service=name,
                resource=group.arn,
                confidence=Confidence.CERTAIN,
                summary=f"No rule of {balancer.name} forwards to {group.name}.",
                evidence=(_evidence(case, group, "in no rule", "in a rule"), *shown(atoms)),
                remedy=Remedy(
                    summary="Let the rules of the contract forward to the group.",
                    inspect=_inspect(case, group),
                    decision="Decide which listener must serve this group.",
                ),
                atoms=atoms,
                rank=TARGET - 1,
            )


def health_check(case: Case) -> Iterator[Claim]:
    """Claim a health check that asks what the application does not answer."""
    for name in case.services:
        for group in case.groups(name):
            sick = [t for t in group.targets if t.state == "unhealthy"]
            wrong = _mismatches(case, name, group, sick)
            atoms = case.outage(name)
            if not sick or not wrong or not atoms:
                continue
            yield Claim(
                cause=_check_cause(wrong),
                service=name,
                resource=group.arn,
                confidence=Confidence.CERTAIN,
                summary=f"The health check of {group.name} does not fit the application:"
                f" {'; '.join(f'{k} is {a}, expected {b}' for k, a, b in wrong)}.",
                evidence=(
                    *(_evidence(case, group, f"{k} {a}", f"{k} {b}") for k, a, b in wrong),
                    _evidence(case, group, _said(sick[0]), "healthy"),
                    *shown(atoms, 1),
                ),
                remedy=_mend_check(case, name, group),
                atoms=atoms,
                rank=TARGET - 2,
            )


def _check_cause(wrong: list[Mismatch]) -> str:
    """Return the cause that the first thing wrong with a health check has."""
    causes = {"port": "port-mismatch", "protocol": "target-protocol-mismatch"}
    return causes.get(wrong[0][0], "health-check-mismatch")


def _said(target: TargetHealth) -> str:
    return f"{target.id}:{target.port} {target.state} {target.reason} ({target.description})"


Mismatch = tuple[str, str, str]


def _wanted(case: Case, name: str, group: TargetGroup) -> dict[str, str]:
    """Return what the check should be: as the previous run saw it, else by the environment."""
    before = case.group(group.arn, case.previous) if case.previous else None
    wanted = {
        "path": case.services[name].health_path or group.health_path,
        "port": "traffic-port",
        "protocol": group.protocol,
        "codes": before.health_matcher if before else "200",
    }
    if not accepts(wanted["codes"], 200):
        wanted["codes"] = "200"
    return wanted


def _mismatches(
    case: Case, name: str, group: TargetGroup, sick: list[TargetHealth]
) -> list[Mismatch]:
    wanted = _wanted(case, name, group)
    found: list[Mismatch] = []
    fits = (wanted["port"], str(port_of(case, name)))
    if group.health_port not in fits:
        found.append(("port", group.health_port, wanted["port"]))
    if group.health_protocol and group.health_protocol != wanted["protocol"]:
        found.append(("protocol", group.health_protocol, wanted["protocol"]))
    mismatch = any(t.reason == "Target.ResponseCodeMismatch" for t in sick)
    if mismatch and group.health_path != wanted["path"]:
        found.append(("path", group.health_path, wanted["path"]))
    if mismatch and not accepts(group.health_matcher, 200):
        found.append(("codes", group.health_matcher, wanted["codes"]))
    timed_out = any(t.reason == "Target.Timeout" for t in sick)
    if timed_out and group.health_path != wanted["path"]:
        found.append(("path", group.health_path, wanted["path"]))
    return found


def accepts(matcher: str, code: int) -> bool:
    """Tell whether a matcher ("200,202", "200-299") takes a status code."""
    for part in matcher.split(","):
        low, _, high = part.strip().partition("-")
        if low.isdigit() and int(low) <= code <= int(high or low):
            return True
    return not matcher


def _mend_check(case: Case, name: str, group: TargetGroup) -> Remedy:
    wanted = _wanted(case, name, group)
    fix = case.aws(
        "elbv2",
        "modify-target-group",
        target_group_arn=group.arn,
        health_check_protocol=wanted["protocol"],
        health_check_port=wanted["port"],
        health_check_path=wanted["path"],
        matcher=f"HttpCode={wanted['codes']}",
    )
    return Remedy(
        summary=f"Let the health check ask {wanted['path']} on the traffic port.",
        inspect=_inspect(case, group),
        fix=(fix, *afresh(case, name)),
        verify=(case.aws("elbv2", "describe-target-health", target_group_arn=group.arn),),
        terraform=f'health_check {{\n  path    = "{wanted["path"]}"\n'
        f'  port    = "traffic-port"\n  matcher = "{wanted["codes"]}"\n}}\n',
    )


def ports(case: Case) -> Iterator[Claim]:
    """Claim targets registered on a port that the container does not listen on."""
    for name in case.services:
        service = case.ecs(name)
        if not service or not case.definition(service.task_definition):
            continue
        right = port_of(case, name)
        for group in case.groups(name):
            active = [t for t in group.targets if t.state not in GONE]
            wrong = [t for t in active if t.port and t.port != right]
            atoms = case.outage(name)
            if wrong and atoms and any(t.state != "healthy" for t in wrong):
                yield _wrong_port(case, name, service, group, wrong, right)


def _wrong_port(
    case: Case,
    name: str,
    service: EcsService,
    group: TargetGroup,
    wrong: list[TargetHealth],
    right: int,
) -> Claim:
    atoms = case.outage(name)
    addresses = [t.address for t in live(service)] or [t.id for t in wrong]
    known = {t.id for t in group.targets if t.port == right and t.state not in GONE}
    fix = [
        case.aws(
            "elbv2",
            "register-targets",
            target_group_arn=group.arn,
            targets=[f"Id={a},Port={right}" for a in addresses if a not in known],
        )
    ]
    if set(addresses) <= known:
        fix = []
    fix.append(
        case.aws(
            "elbv2",
            "deregister-targets",
            target_group_arn=group.arn,
            targets=[f"Id={t.id},Port={t.port}" for t in wrong],
        )
    )
    reverted = bool(service.container_ports) and right not in service.container_ports
    if reverted:
        fix = list(rollback(case, name).fix)
    return Claim(
        cause="port-mismatch",
        service=name,
        resource=group.arn,
        confidence=Confidence.CERTAIN,
        summary=f"{group.name} sends traffic to port {wrong[0].port}; the container of"
        f" {service.name} listens on {right}.",
        evidence=(
            *(_evidence(case, group, _said(t), f"port {right}") for t in wrong[:3]),
            *shown(atoms, 1),
        ),
        remedy=Remedy(
            summary=f"Register the tasks on port {right} and take the wrong targets out.",
            inspect=_inspect(case, group),
            fix=(*fix, *afresh(case, name)) if not reverted else tuple(fix),
            verify=(case.aws("elbv2", "describe-target-health", target_group_arn=group.arn),),
        ),
        atoms=atoms,
        rank=TARGET - 3,
    )


def strangers(case: Case) -> Iterator[Claim]:
    """Claim a sick target that is no task of the service (registered by hand, or left over)."""
    if not case.read("ecs:ListTasks", "ecs:DescribeTasks", "ecs:DescribeServices"):
        return
    for name in case.services:
        service = case.ecs(name)
        own = {t.address for t in service.tasks if t.last_status != "STOPPED"} if service else set()
        for group in case.groups(name):
            odd = [
                t
                for t in group.targets
                if t.state in ("unhealthy", "unavailable") and own and t.id not in own
            ]
            atoms = case.outage(name)
            if odd and atoms:
                yield _stranger(case, name, group, odd)


def _stranger(case: Case, name: str, group: TargetGroup, odd: list[TargetHealth]) -> Claim:
    atoms = case.outage(name)
    fix = case.aws(
        "elbv2",
        "deregister-targets",
        target_group_arn=group.arn,
        targets=[f"Id={t.id},Port={t.port}" for t in odd],
    )
    return Claim(
        cause="targets-unhealthy",
        service=name,
        resource=group.arn,
        confidence=Confidence.CERTAIN,
        summary=f"{len(odd)} target(s) of {group.name} belong to no running task and are sick.",
        evidence=(
            *(_evidence(case, group, _said(t), "a task of the service") for t in odd[:3]),
            *shown(atoms, 1),
        ),
        remedy=Remedy(
            summary="Take the targets out that belong to no task.",
            inspect=_inspect(case, group),
            fix=(fix,),
            verify=(case.aws("elbv2", "describe-target-health", target_group_arn=group.arn),),
        ),
        atoms=atoms,
        rank=TARGET,
    )


def protocol(case: Case) -> Iterator[Claim]:
    """Claim a group that speaks TLS to an application that speaks plain HTTP."""
    for name in case.services:
        for group in case.groups(name):
            sick = [t for t in group.targets if t.state == "unhealthy"]
            atoms = case.outage(name)
            if group.protocol == "HTTPS" and sick and atoms:
                yield Claim(
                    cause="target-protocol-mismatch",
                    service=name,
                    resource=group.arn,
                    confidence=Confidence.LIKELY,
                    summary=f"{group.name} speaks HTTPS to its targets, and they fail.",
                    evidence=(_evidence(case, group, _said(sick[0]), "protocol HTTP"),),
                    remedy=Remedy(
                        summary="A group's protocol cannot be changed: make a new one.",
                        inspect=_inspect(case, group),
                        decision="Create a target group of protocol HTTP, attach it to the ECS"
                        " service and let the rules forward to it.",
                    ),
                    atoms=atoms,
                    rank=TARGET - 1,
                )


def unhealthy(case: Case) -> Iterator[Claim]:
    """Claim sick targets whose own reason nothing else explains."""
    for name in case.services:
        for group in case.groups(name):
            sick = [t for t in group.targets if t.state == "unhealthy"]
            atoms = case.outage(name)
            down = {f for f in atoms if f.symptom in BALANCER_5XX | {Symptom.CONTROL_TARGETS}}
            if sick and atoms and (down or len(sick) == len(group.targets)):
                yield Claim(
                    cause="targets-unhealthy",
                    service=name,
                    resource=group.arn,
                    confidence=Confidence.LIKELY,
                    summary=f"{len(sick)} of {len(group.targets)} targets of {group.name} fail"
                    f" their health checks: {sick[0].description or sick[0].reason}.",
                    evidence=(_evidence(case, group, _said(sick[0]), "healthy"), *shown(atoms)),
                    remedy=_restart(case, name, group),
                    atoms=atoms,
                    rank=TARGET + 5,
                )


def _restart(case: Case, name: str, group: TargetGroup) -> Remedy:
    back = rollback(case, name)
    return Remedy(
        summary=back.summary or "Read the log; the application answers its health check badly.",
        inspect=(*_inspect(case, group), *log_tail(case, name)),
        fix=back.fix,
        verify=(case.aws("elbv2", "describe-target-health", target_group_arn=group.arn),),
        decision=back.decision,
    )
