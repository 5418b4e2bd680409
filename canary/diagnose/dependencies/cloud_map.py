"""Internal names in Cloud Map that are missing or lead to no running task."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.ecs import live
from canary.control_plane.state import DiscoveryService, EcsService, Task
from canary.diagnose.core.aws_cli import Shell, compact
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding
from canary.diagnose.ecs import revisions
from canary.model import Confidence, Remedy

ACTIONS = (
    "servicediscovery:ListNamespaces",
    "servicediscovery:ListServices",
    "servicediscovery:ListInstances",
)


def _failures(case: Case, name: str) -> Failures:
    """Return the failures of the dependants, which use the service's internal name."""
    found: Failures = frozenset()
    for other in case.services:
        if name in case.services[other].depends_on:
            found |= case.failures_of_outage(name, via=other)
    return found


def names(case: Case) -> Iterator[Finding]:
    """Report internal names without instances, and instances without a running task."""
    if not case.read(*ACTIONS, "ecs:DescribeServices", "ecs:ListTasks", "ecs:DescribeTasks"):
        return
    for name, part in case.services.items():
        service, failures = case.ecs(name), _failures(case, name)
        if not part.discovery or not service or not live(service) or not failures:
            continue
        known = next((d for d in case.state.discovery if d.name == part.discovery), None)
        if known is None or not known.instances:
            yield _missing(case, name, service, known, failures)
            continue
        right = {t.address for t in service.tasks if t.last_status != "STOPPED"}
        wrong = [i for i in known.instances if i.address not in right]
        if wrong:
            yield _stale(case, name, service, known, failures)


def _registered(case: Case, known: DiscoveryService, tasks: tuple[Task, ...]) -> tuple[str, ...]:
    have = {i.address for i in known.instances}
    return tuple(
        case.aws(
            "servicediscovery",
            "register-instance",
            service_id=known.id,
            instance_id=t.arn.rpartition("/")[2],
            attributes=f"AWS_INSTANCE_IPV4={t.address}",
        )
        for t in tasks
        if t.address not in have
    )


def _show(case: Case, known: DiscoveryService) -> str:
    return case.aws("servicediscovery", "list-instances", service_id=known.id)


def _missing(
    case: Case, name: str, service: EcsService, known: DiscoveryService | None, failures: Failures
) -> Finding:
    part = case.services[name]
    return Finding(
        cause="service-discovery-missing",
        service=name,
        resource=part.discovery,
        confidence=Confidence.CERTAIN,
        summary=f"The name {part.discovery} has no instance in Cloud Map, though"
        f" {len(live(service))} task(s) of {service.name} run.",
        evidence=case.evidence(
            part.discovery,
            "no instance" if known else "no such service in Cloud Map",
            ", ".join(t.address for t in live(service)),
        ),
        remedy=_mend_missing(case, name, service, known),
        explained_failures=failures,
    )


def _mend_missing(
    case: Case, name: str, service: EcsService, known: DiscoveryService | None
) -> Remedy:
    if known is None:
        return _mend_service(case, name, service)
    fix = list(_registered(case, known, live(service)))
    if known.arn not in service.registries:
        fix.append(_attach(case, service, known.arn))
    return Remedy(
        summary=f"Register the running tasks under {known.name}.",
        inspect=(_show(case, known),),
        fix=tuple(fix),
        verify=(_show(case, known),),
    )


def _attach(case: Case, service: EcsService, registry: str) -> str:
    return case.aws.ecs(
        "update-service",
        service=service.name,
        service_registries=f"registryArn={registry}",
        force_new_deployment=True,
    )


def _mend_service(case: Case, name: str, service: EcsService) -> Remedy:
    """Return how to create the name again; the shell reads its ARN, which is new."""
    part = case.services[name]
    label, _, space = part.discovery.partition(".")
    namespace = case.state.namespaces.get(space, "")
    show = case.aws("servicediscovery", "list-services")
    if not namespace:
        return Remedy(
            summary=f"Create the namespace {space} and the name in it.",
            inspect=(case.aws("servicediscovery", "list-namespaces"),),
            decision=f"The namespace {space} is gone: every internal name goes with it."
            " Apply Terraform for it.",
        )
    create = case.aws(
        "servicediscovery",
        "create-service",
        name=label,
        namespace_id=namespace,
        dns_config=compact(
            {"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 10}]}
        ),
        health_check_custom_config="FailureThreshold=1",
    )
    query = f"Services[?Name=='{label}'].Arn"
    found = case.aws("servicediscovery", "list-services", query=query, output="text")
    attach = case.aws.ecs(
        "update-service",
        service=service.name,
        service_registries=_registry_of(found),
        force_new_deployment=True,
    )
    return Remedy(
        summary=f"Create the name {part.discovery} and attach the ECS service to it.",
        inspect=(show,),
        fix=(create, attach),
        verify=(show, *revisions.verify(case, name)),
    )


def _registry_of(command: str) -> str:
    """Return the value of `--service-registries` with the ARN that the command prints."""
    return Shell(f'registryArn="$({command})"')


def _stale(
    case: Case, name: str, service: EcsService, known: DiscoveryService, failures: Failures
) -> Finding:
    right = {t.address for t in service.tasks if t.last_status != "STOPPED"}
    wrong = [i for i in known.instances if i.address not in right]
    drop = tuple(
        case.aws("servicediscovery", "deregister-instance", service_id=known.id, instance_id=i.id)
        for i in wrong
    )
    return Finding(
        cause="service-discovery-stale",
        service=name,
        resource=known.name,
        confidence=Confidence.CERTAIN,
        summary=f"{known.name} leads to {', '.join(i.address for i in wrong)}, where no task of"
        f" {service.name} runs.",
        evidence=case.evidence(
            known.name,
            ", ".join(i.address for i in known.instances),
            ", ".join(t.address for t in live(service)),
        ),
        remedy=Remedy(
            summary="Register the running tasks and take the old addresses out.",
            inspect=(_show(case, known),),
            fix=(*_registered(case, known, live(service)), *drop),
            verify=(_show(case, known),),
        ),
        explained_failures=failures,
    )
