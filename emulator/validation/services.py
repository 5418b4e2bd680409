"""What ECS and load balancers refuse beyond their models and the emulator's other refusals.

Sources: the API's CreateService and UpdateService of ECS, the error lists of the ELBv2 API's
operations; texts as the services word them where they are known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.settings import ACCOUNT, REGION

Refusal = tuple[str, str] | None
Params = dict[str, Any]
INVALID = "InvalidParameterException"
BOTH = (
    "Specifying both a launch type and capacity provider strategy is not supported. Remove one "
    "and try again."
)
NOT_FARGATE = "Task definition does not support launch_type FARGATE."
NO_NETWORK = "Network Configuration must be provided when networkMode 'awsvpc' is specified."
GRACE = "Health check grace period is only valid for services configured to use load balancers"
NO_CONTAINER = "The container {name} does not exist in the task definition."
NO_PORT = "The container {name} did not have a container port {port} defined."
DAEMON = (
    "The daemon scheduling strategy does not support a desired count for services. Remove the "
    "desired count value and try again"
)
ONE_CERTIFICATE = (
    "You must provide a list containing exactly one certificate if the listener protocol is HTTPS."
)
MOST_GROUPS, MOST_SUBNETS = 5, 16
KNOWN_KEYS = {
    "Target group": (
        "deregistration_delay.", "lambda.", "load_balancing.", "preserve_client_ip.",
        "proxy_protocol_v2.", "slow_start.", "stickiness.", "target_failover.",
        "target_group_health.", "target_health_state.",
    ),
    "Listener": ("routing.http.", "tcp."),
}  # fmt: skip


def create_service(given: Params) -> Refusal:
    """Refuse a service whose parts do not fit each other or its task definition."""
    if given.get("launchType") and given.get("capacityProviderStrategy"):
        return INVALID, BOTH
    if given.get("schedulingStrategy") == "DAEMON" and given.get("desiredCount") is not None:
        return INVALID, DAEMON
    balancers = given.get("loadBalancers") or []
    if not balancers and (given.get("healthCheckGracePeriodSeconds") or 0) > 0:
        return INVALID, GRACE
    definition = _definition(given.get("taskDefinition"))
    return _sizes(given) or (None if definition is None else _fits(given, definition, balancers))


def update_service(given: Params) -> Refusal:
    """Refuse more groups or subnets than a service may have."""
    return _sizes(given)


def _sizes(given: Params) -> Refusal:
    network = (given.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    for key, words, most in (
        ("securityGroups", "security groups", MOST_GROUPS),
        ("subnets", "subnets", MOST_SUBNETS),
    ):
        if len(network.get(key) or []) > most:
            return INVALID, f"{words} can have at most {most} items."
    return None


def _fits(given: Params, definition: Any, balancers: list[Params]) -> Refusal:
    compatible = definition.requires_compatibilities or []
    if given.get("launchType") == "FARGATE" and compatible and "FARGATE" not in compatible:
        return INVALID, NOT_FARGATE
    if definition.network_mode == "awsvpc" and not given.get("networkConfiguration"):
        return INVALID, NO_NETWORK
    containers = {one["name"]: one for one in definition.container_definitions}
    for one in balancers:
        name, port = one.get("containerName"), one.get("containerPort")
        if name not in containers:
            return INVALID, NO_CONTAINER.format(name=name)
        mappings = containers[name].get("portMappings") or []
        if port not in [mapping.get("containerPort") for mapping in mappings]:
            return INVALID, NO_PORT.format(name=name, port=port)
    return None


def _definition(wanted: Any) -> Any:
    """Return a task definition by ARN, family or family and revision, or None."""
    from moto.ecs.models import ecs_backends

    family, _, revision = str(wanted or "").rpartition("/")[2].partition(":")
    known = ecs_backends[ACCOUNT][REGION].task_definitions.get(family) or {}
    active = [one for one in known.values() if one.status == "ACTIVE"]
    if not revision:
        return max(active, key=lambda one: int(one.revision), default=None)
    return next((one for one in known.values() if str(one.revision) == revision), None)


def create_listener(given: Params) -> Refusal:
    """Refuse a listener of a balancer that is not there, and more than one certificate at once."""
    if given["LoadBalancerArn"] not in _elb().load_balancers:
        return "LoadBalancerNotFound", f"Load balancer '{given['LoadBalancerArn']}' not found"
    if len(given.get("Certificates") or []) > 1:
        return "InvalidConfigurationRequest", ONE_CERTIFICATE
    return None


def add_certificates(given: Params) -> Refusal:
    """Refuse a certificate that is not there."""
    from moto.acm.models import acm_backends

    known = acm_backends[ACCOUNT][REGION]._certificates
    for arn in [str(one.get("CertificateArn")) for one in given["Certificates"]]:
        if ":acm:" in arn and arn not in known:
            return "CertificateNotFound", f"Certificate '{arn}' not found"
    return None


def remove_certificates(given: Params) -> Refusal:
    """Refuse to take a listener's default certificate away."""
    listener = _listener(given["ListenerArn"])
    gone = [one.get("CertificateArn") for one in given["Certificates"]]
    if listener is not None and listener.certificate in gone:
        text = f"Default certificate '{listener.certificate}' cannot be removed"
        return "OperationNotPermitted", text
    return None


def delete_rule(given: Params) -> Refusal:
    """Refuse to delete a rule that is not there."""
    return None if _rules([given["RuleArn"]]) else ("RuleNotFound", "One or more rules not found")


def set_priorities(given: Params) -> Refusal:
    """Refuse a priority for a default rule."""
    for rule in _rules([one.get("RuleArn") for one in given["RulePriorities"]]):
        if rule.is_default:
            return "OperationNotPermitted", f"Default rule '{rule.arn}' cannot be modified"
    return None


def set_groups(given: Params) -> Refusal:
    """Refuse a security group of another VPC."""
    balancer = _elb().load_balancers.get(given["LoadBalancerArn"])
    groups = [_elb().ec2_backend.get_security_group_from_id(g) for g in given["SecurityGroups"]]
    if balancer is not None and any(g and g.vpc_id != balancer.vpc_id for g in groups):
        return "InvalidConfigurationRequest", "One or more security groups are invalid"
    return None


def modify_group(given: Params) -> Refusal:
    """Refuse a health check that a target group of HTTP cannot have."""
    group = _elb().target_groups.get(given["TargetGroupArn"])
    if group is None or group.protocol not in ("HTTP", "HTTPS"):
        return None
    protocol, port = given.get("HealthCheckProtocol"), given.get("HealthCheckPort")
    if protocol not in (None, "HTTP", "HTTPS"):
        return "ValidationError", f"Health check protocol '{protocol}' must be one of 'HTTP, HTTPS'"
    if port in (None, "traffic-port") or (port.isdecimal() and 0 < int(port) < 65_536):
        return None
    text = f"Health check port '{port}' must be 'traffic-port' or a number from 1 to 65535"
    return "ValidationError", text


def _keys(kind: str) -> Callable[[Params], Refusal]:
    def check(given: Params) -> Refusal:
        for key in [str(one.get("Key")) for one in given["Attributes"]]:
            if not key.startswith(KNOWN_KEYS[kind]):
                return "ValidationError", f"{kind} attribute key '{key}' is not recognized"
        return None

    return check


def _elb() -> Any:
    from moto.elbv2.models import elbv2_backends

    return elbv2_backends[ACCOUNT][REGION]


def _listeners() -> list[Any]:
    balancers = list(_elb().load_balancers.values())
    return [one for balancer in balancers for one in list(balancer.listeners.values())]


def _listener(arn: str) -> Any:
    return next((one for one in _listeners() if one.arn == arn), None)


def _rules(arns: list[Any]) -> list[Any]:
    return [rule for one in _listeners() for rule in list(one.rules.values()) if rule.arn in arns]


CHECKS: dict[tuple[str, str], Callable[[Params], Refusal]] = {
    ("ecs", "CreateService"): create_service,
    ("ecs", "UpdateService"): update_service,
    ("elbv2", "AddListenerCertificates"): add_certificates,
    ("elbv2", "CreateListener"): create_listener,
    ("elbv2", "DeleteRule"): delete_rule,
    ("elbv2", "ModifyListenerAttributes"): _keys("Listener"),
    ("elbv2", "ModifyTargetGroup"): modify_group,
    ("elbv2", "ModifyTargetGroupAttributes"): _keys("Target group"),
    ("elbv2", "RemoveListenerCertificates"): remove_certificates,
    ("elbv2", "SetRulePriorities"): set_priorities,
    ("elbv2", "SetSecurityGroups"): set_groups,
}
