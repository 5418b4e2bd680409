"""How a kind of check is carried out: one file a kind, and the one table that names them."""

from __future__ import annotations

from canary.probes import (
    access,
    certificate,
    dependency,
    ecs_service,
    endpoint,
    key_lifecycle,
    listener_rule,
    registration,
    target_group,
)
from canary.probes.base.api import Kind
from canary.probes.key_lifecycle.session import KeyLifecycleSpec

KINDS: dict[str, Kind] = {
    "endpoint": Kind(
        name="endpoint",
        spec=endpoint.EndpointSpec,
        run=endpoint.run,
        summary="one request, and what its answer must be",
        requests=endpoint.requests,
        keyed=endpoint.keyed,
    ),
    "access": Kind(
        name="access",
        spec=access.AccessSpec,
        run=access.run,
        summary="a matrix of principal, header form and route, and the answer each must get",
        requests=access.requests,
        keyed=access.keyed,
    ),
    "dependency": Kind(
        name="dependency",
        spec=dependency.DependencySpec,
        run=dependency.run,
        summary="a health document, dependency by dependency",
        requests=dependency.requests,
    ),
    "certificate": Kind(
        name="certificate",
        spec=certificate.CertificateSpec,
        run=certificate.run,
        summary="the certificate is trusted, of the right name, and not about to end",
        requests=certificate.requests,
    ),
    "ecs_service": Kind(
        name="ecs_service",
        spec=ecs_service.EcsServiceSpec,
        run=ecs_service.run,
        summary="running tasks, a completed rollout, no recently failed task",
        reads_state=True,
        requests=lambda _spec: 0,
    ),
    "target_group": Kind(
        name="target_group",
        spec=target_group.TargetGroupSpec,
        run=target_group.run,
        summary="attached to a load balancer, with registered and healthy targets",
        reads_state=True,
        requests=lambda _spec: 0,
    ),
    "listener_rule": Kind(
        name="listener_rule",
        spec=listener_rule.ListenerRuleSpec,
        run=listener_rule.run,
        summary="each path of the contract reaches its service's target group by the rules",
        reads_state=True,
        requests=lambda _spec: 0,
    ),
    "registration": Kind(
        name="registration",
        spec=registration.RegistrationSpec,
        run=registration.run,
        summary="a model goes through the registry step by step and leaves nothing behind",
        requests=registration.requests,
        keyed=registration.requests,  # each one
    ),
    "key_lifecycle": Kind(
        name="key_lifecycle",
        spec=KeyLifecycleSpec,
        run=key_lifecycle.run,
        summary="a narrow key is made, used, revoked and refused (opt-in)",
        requests=key_lifecycle.requests,
        keyed=key_lifecycle.requests,  # each one
    ),
}
