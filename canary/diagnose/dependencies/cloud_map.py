"""Internal names in Cloud Map that are missing or lead to no running task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from canary.control_plane.ecs import live
from canary.control_plane.state import DiscoveryInstance, DiscoveryService, EcsService
from canary.diagnose.core.case import Case, Failures, Suspect
from canary.diagnose.core.finding import Finding
from canary.diagnose.dependencies.instances import attributes_of, task_id
from canary.diagnose.ecs import revisions
from canary.diagnose.remedies import build
from canary.diagnose.remedies.build import Edits
from canary.diagnose.remedies.edit import Later
from canary.diagnose.remedies.names import create_name, deregister_instance, register_instance
from canary.diagnose.remedies.services import registry_of
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
        suspect = Suspect(name, service, failures)
        alike = [d for d in case.state.discovery if d.name == part.discovery]
        own = [d for d in alike if d.arn in service.registries]
        if len(own or alike) > 1:
            continue  # nobody knows by which of them it is asked
        known = next(iter(own or alike), None)
        if known is None or not known.instances:
            yield _missing(case, suspect, known)
            continue
        right = {t.address for t in service.tasks if t.last_status != "STOPPED"}
        wrong = [i for i in known.instances if i.address not in right]
        if wrong:
            yield _stale(case, suspect, known, wrong)


def _registered(case: Case, service: EcsService, known: DiscoveryService) -> Edits:
    have = {i.address for i in known.instances}
    return tuple(
        register_instance(known, task_id(t), attributes_of(case, service, known, t))
        for t in live(service)
        if t.address not in have
    )


def _show(case: Case, known: DiscoveryService) -> str:
    return case.aws("servicediscovery", "list-instances", service_id=known.id)


def _missing(case: Case, suspect: Suspect, known: DiscoveryService | None) -> Finding:
    name, service, failures = suspect
    internal = case.services[name].discovery
    return Finding(
        cause="service-discovery-missing",
        service=name,
        resource=internal,
        confidence=Confidence.CERTAIN,
        summary=f"The name {internal} has no instance in Cloud Map, though"
        f" {len(live(service))} task(s) of {service.name} run.",
        evidence=case.evidence(
            internal,
            "no instance" if known else "no such service in Cloud Map",
            ", ".join(t.address for t in live(service)),
        ),
        remedy=_register(case, name, service, known) if known else _create(case, name),
        explained_failures=failures,
    )


def _register(case: Case, name: str, service: EcsService, known: DiscoveryService) -> Remedy:
    edits = _registered(case, service, known)
    if known.arn not in service.registries:
        edits += revisions.deploy(case, name, serviceRegistries=_registries(case, name, known.arn))
    return build.remedy(
        case,
        f"Register the running tasks under {known.name}.",
        edits,
        inspect=(_show(case, known),),
        verify=(_show(case, known),),
    )


def _registries(case: Case, name: str, arn: str | Later) -> list[dict[str, Any]]:
    """Return the service's registry under an ARN, with the port and container that it had."""
    before = case.ecs_before(name)
    had = (before.config.get("serviceRegistries") if before else None) or [{}]
    return [{**had[0], "registryArn": arn}]


def _create(case: Case, name: str) -> Remedy:
    """Return how to create the name again; the shell reads its ARN, which is new."""
    internal = case.services[name].discovery
    label, _, space = internal.partition(".")
    namespace = case.state.namespaces.get(space, "")
    show = case.aws("servicediscovery", "list-services")
    if space in case.state.namespaces and not namespace:
        return Remedy(
            summary=f"Create the name {internal} and attach the ECS service to it.",
            inspect=(case.aws("servicediscovery", "list-namespaces"),),
            decision=f"Several namespaces have the name {space}: see which one belongs to this VPC,"
            " and create the name there.",
        )
    if not namespace:
        return Remedy(
            summary=f"Create the namespace {space} and the name in it.",
            inspect=(case.aws("servicediscovery", "list-namespaces"),),
            decision=f"The namespace {space} is gone: every internal name goes with it."
            " Apply Terraform for it.",
        )
    registry = _registries(case, name, registry_of(label, namespace))
    return build.remedy(
        case,
        f"Create the name {internal} and attach the ECS service to it.",
        (
            create_name(label, namespace),
            *revisions.deploy(case, name, serviceRegistries=registry),
        ),
        inspect=(show,),
        verify=(show, *revisions.verify(case, name)),
    )


def _stale(
    case: Case, suspect: Suspect, known: DiscoveryService, wrong: list[DiscoveryInstance]
) -> Finding:
    name, service, failures = suspect
    drop = tuple(deregister_instance(known, i) for i in wrong)
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
        remedy=build.remedy(
            case,
            "Register the running tasks and take the old addresses out.",
            (*_registered(case, service, known), *drop),
            inspect=(_show(case, known),),
            verify=(_show(case, known),),
        ),
        explained_failures=failures,
    )
