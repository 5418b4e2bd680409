"""Types of the control plane as the canary read it, never the value of a secret.

All values are frozen and plain: the diagnosis is a function of them, and a report keeps them.

`config` is AWS's own JSON of an object or of a part of it, so that what is written back is what
was read. `unread` names the fields of an object whose reading failed, `bounded` those of which
only a part was read: `control_plane.unread` answers questions about them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from canary.control_plane.edge.counters import Counter
from canary.control_plane.edge.dns import HostRecords
from canary.control_plane.edge.web_acl import Association
from canary.control_plane.rollouts import Scaling, ServiceDeployment
from canary.control_plane.stores import Store
from canary.control_plane.vpc import Network, Subnet
from canary.model import Frozen

EVERYTHING = "observe"
"""The action of an `Unavailable` for a control plane that was not read at all."""
NOT_IN_TIME = "NotInTime"
"""The code of an `Unavailable` whose reading had not ended by the end of its time.

It says nothing of AWS: an answer may have been on its way (see `control_plane.silence`).
"""


class Unavailable(Frozen, frozen=True, kw_only=True):
    """A call of AWS that failed: what it would have read is unknown, never "fine"."""

    action: str  # IAM action, "ecs:DescribeServices"
    resource: str
    code: str  # "AccessDeniedException", "Timeout", …
    reason: str
    denied: bool = False


class Bound(Frozen, frozen=True, kw_only=True):
    """A reading that ended at its bound: there may be more than was read."""

    action: str  # IAM action, "logs:FilterLogEvents"
    resource: str
    limit: int
    unit: str  # what is counted: "events", "tasks", "lines"


class Condition(Frozen, frozen=True, kw_only=True):
    """One condition of a listener rule. `name` is the header's name."""

    field: str  # "path-pattern", "host-header", …
    values: tuple[str, ...]  # a query string as "key=value", an expression as "regex:…"
    name: str = ""
    config: dict[str, Any] = msgspec.field(default_factory=dict)  # RuleCondition


class Forward(Frozen, frozen=True, kw_only=True):
    """One target group of a forward action."""

    target_group: str  # ARN
    weight: int = 1


class Action(Frozen, frozen=True, kw_only=True):
    """One action of a rule; what a type has beside these fields stands in `config`."""

    type: str  # "forward", "redirect", "fixed-response", "authenticate-oidc", …
    forwards: tuple[Forward, ...] = ()
    status_code: str = ""
    content_type: str = ""
    message_body: str = ""  # of a fixed response
    redirect: str = ""  # "HTTPS://#{host}:443/#{path}?#{query}"
    order: int = 0  # 0: not given
    sticky: bool = False  # target group stickiness of a forward
    sticky_s: int = 0
    config: dict[str, Any] = msgspec.field(default_factory=dict)  # Action, without client secret


class Rule(Frozen, frozen=True, kw_only=True):
    """A listener rule; `priority` is a number, or "default"."""

    arn: str
    priority: str
    conditions: tuple[Condition, ...] = ()
    action: Action  # the last one, which forwards or answers
    earlier: tuple[Action, ...] = ()  # the actions before it: sign-in, validation of a token
    transforms: tuple[dict[str, Any], ...] = ()  # RuleTransform
    tags: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def actions(self) -> tuple[Action, ...]:
        """Return all actions in the order in which the load balancer takes them."""
        return (*self.earlier, self.action)


class Listener(Frozen, frozen=True, kw_only=True):
    """A listener with its rules in order of priority, the default last."""

    arn: str
    port: int
    protocol: str
    certificates: tuple[str, ...] = ()  # ARNs, the default first
    default_certificate: str = ""
    rules: tuple[Rule, ...] = ()
    default_actions: tuple[Action, ...] = ()  # those of the default rule, from the listener itself
    ssl_policy: str = ""
    alpn: tuple[str, ...] = ()
    mutual_authentication: dict[str, Any] = msgspec.field(default_factory=dict)
    attributes: dict[str, str] = msgspec.field(default_factory=dict)
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    unread: tuple[str, ...] = ()

    @property
    def sni_certificates(self) -> tuple[str, ...]:
        """Return the certificates beside the default one."""
        return tuple(c for c in self.certificates if c != self.default_certificate)


class LoadBalancer(Frozen, frozen=True, kw_only=True):
    """A load balancer and its listeners."""

    arn: str
    name: str
    dns_name: str
    scheme: str = "internet-facing"
    state: str = "active"
    vpc_id: str = ""
    security_groups: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()  # names, in the order of `subnets`
    type: str = ""  # "application", "network"
    ip_address_type: str = ""  # "ipv4", "dualstack", …
    listeners: tuple[Listener, ...] = ()
    attributes: dict[str, str] = msgspec.field(default_factory=dict)
    unread: tuple[str, ...] = ()


class TargetHealth(Frozen, frozen=True, kw_only=True):
    """A registered target and its health, with AWS's reason code and description."""

    id: str
    port: int
    state: str
    reason: str = ""
    description: str = ""


class TargetGroup(Frozen, frozen=True, kw_only=True):
    """A target group, its health check and its targets."""

    arn: str
    name: str
    protocol: str
    port: int
    target_type: str = "ip"
    vpc_id: str = ""
    protocol_version: str = ""  # "HTTP1", "HTTP2", "GRPC"
    ip_address_type: str = ""
    health_enabled: bool = True
    health_path: str = "/"
    health_port: str = "traffic-port"
    health_protocol: str = "HTTP"
    health_matcher: str = "200"  # of HTTP codes, or of gRPC codes
    matcher_kind: str = "HttpCode"  # or "GrpcCode"
    health_interval_s: int = 30
    health_timeout_s: int = 5
    healthy_threshold: int = 5
    unhealthy_threshold: int = 2
    load_balancers: tuple[str, ...] = ()  # ARNs
    targets: tuple[TargetHealth, ...] = ()
    attributes: dict[str, str] = msgspec.field(default_factory=dict)
    unread: tuple[str, ...] = ()


class Container(Frozen, frozen=True, kw_only=True):
    """A container of a task definition: names of variables and secrets, never their values.

    `plain` holds the values of the few variables that are addresses (see `observe.ecs`), with any
    user information removed.
    """

    name: str
    image: str
    ports: tuple[int, ...] = ()
    variables: tuple[str, ...] = ()
    plain: dict[str, str] = msgspec.field(default_factory=dict)
    secrets: dict[str, str] = msgspec.field(default_factory=dict)  # name -> valueFrom
    log_group: str = ""
    log_region: str = ""  # awslogs-region, where it is another than the task's own
    log_prefix: str = ""  # awslogs-stream-prefix: a task's stream is PREFIX/CONTAINER/TASK
    log_driver: str = ""
    memory: int = 0
    memory_reservation: int = 0
    cpu: int = 0
    command: tuple[str, ...] = ()
    entry_point: tuple[str, ...] = ()
    health_command: str = ""
    essential: bool = True
    user: str = ""
    depends_on: dict[str, str] = msgspec.field(default_factory=dict)  # container -> condition
    start_timeout_s: int = 0
    stop_timeout_s: int = 0
    config: dict[str, Any] = msgspec.field(default_factory=dict)  # see `observe.definitions`


class TaskDefinition(Frozen, frozen=True, kw_only=True):
    """A revision of a task definition."""

    arn: str
    family: str
    revision: int
    status: str = "ACTIVE"
    registered_at: str = ""
    execution_role: str = ""
    task_role: str = ""
    cpu: str = ""
    memory: str = ""
    architecture: str = "X86_64"
    network_mode: str = ""
    compatibilities: tuple[str, ...] = ()  # requiresCompatibilities
    ephemeral_gib: int = 0  # 0: AWS's default
    config: dict[str, Any] = msgspec.field(default_factory=dict)  # see `observe.definitions`
    containers: tuple[Container, ...] = ()


class EcsDeployment(Frozen, frozen=True, kw_only=True):
    """One of a service's deployments."""

    id: str
    status: str  # PRIMARY, ACTIVE, INACTIVE
    task_definition: str
    desired: int
    running: int
    pending: int
    failed_tasks: int = 0
    rollout_state: str = ""
    rollout_reason: str = ""
    created_at: str = ""
    updated_at: str = ""
    service_connect: dict[str, Any] = msgspec.field(default_factory=dict)
    config: dict[str, Any] = msgspec.field(default_factory=dict)  # what `Service` does not tell


class Event(Frozen, frozen=True, kw_only=True):
    """A service event."""

    at: str
    message: str


class StoppedContainer(Frozen, frozen=True, kw_only=True):
    """A container of a task."""

    name: str
    exit_code: int | None = None
    reason: str = ""
    health: str = ""
    image: str = ""


class Task(Frozen, frozen=True, kw_only=True):
    """A running or recently stopped task."""

    arn: str
    service: str  # ECS service name, from the group
    task_definition: str
    last_status: str
    desired_status: str = ""
    health: str = ""
    address: str = ""
    subnet: str = ""
    security_groups: tuple[str, ...] = ()
    stop_code: str = ""
    stopped_reason: str = ""
    created_at: str = ""
    started_at: str = ""
    stopped_at: str = ""
    started_by: str = ""
    containers: tuple[StoppedContainer, ...] = ()


class BalancerEntry(Frozen, frozen=True, kw_only=True):
    """One of a service's load balancer entries."""

    target_group: str  # ARN
    container: str = ""
    port: int = 0
    advanced: dict[str, Any] = msgspec.field(default_factory=dict)  # of blue/green deployments


class RegistryEntry(Frozen, frozen=True, kw_only=True):
    """One of a service's Cloud Map registries."""

    arn: str
    port: int = 0
    container: str = ""
    container_port: int = 0


class CapacityProvider(Frozen, frozen=True, kw_only=True):
    """One item of a service's capacity provider strategy."""

    name: str
    weight: int = 0
    base: int = 0


class EcsService(Frozen, frozen=True, kw_only=True):
    """An ECS service with its deployments, events and tasks."""

    name: str
    arn: str
    status: str
    desired: int
    running: int
    pending: int
    task_definition: str
    deployments: tuple[EcsDeployment, ...] = ()
    events: tuple[Event, ...] = ()  # newest first, at most 30
    target_groups: tuple[str, ...] = ()  # ARNs of loadBalancers
    container_ports: tuple[int, ...] = ()
    registries: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    circuit_breaker: bool = False
    rollback: bool = False
    grace_period_s: int = 0
    created_at: str = ""
    tasks: tuple[Task, ...] = ()  # running and recently stopped
    controller: str = ""  # "ECS", "CODE_DEPLOY", "EXTERNAL"
    strategy: str = ""  # "ROLLING", "BLUE_GREEN", …
    launch_type: str = ""  # "" where there are capacity providers
    capacity_providers: tuple[CapacityProvider, ...] = ()
    platform_version: str = ""
    public_address: str = ""  # assignPublicIp: "ENABLED", "DISABLED"
    execute_command: bool = False
    balancer_entries: tuple[BalancerEntry, ...] = ()
    registry_entries: tuple[RegistryEntry, ...] = ()
    zone_rebalancing: str = ""
    propagate_tags: str = ""
    scheduling: str = ""  # "REPLICA", "DAEMON"
    minimum_percent: int = 100
    maximum_percent: int = 200
    alarms: tuple[str, ...] = ()  # names of the alarms that stop a deployment
    config: dict[str, Any] = msgspec.field(default_factory=dict)  # Service, without what passes
    unread: tuple[str, ...] = ()
    bounded: tuple[str, ...] = ()


class GroupRule(Frozen, frozen=True, kw_only=True):
    """One permission of a security group; -1 means all protocols or all ports.

    `config` has the descriptions, and of each group its owner and its VPC.
    """

    protocol: str
    from_port: int
    to_port: int
    cidrs: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    ipv6_cidrs: tuple[str, ...] = ()
    prefix_lists: tuple[str, ...] = ()
    config: dict[str, Any] = msgspec.field(default_factory=dict)  # IpPermission


class SecurityGroup(Frozen, frozen=True, kw_only=True):
    """A security group."""

    id: str
    name: str
    vpc_id: str = ""
    owner: str = ""
    ingress: tuple[GroupRule, ...] = ()
    egress: tuple[GroupRule, ...] = ()


class DiscoveryInstance(Frozen, frozen=True, kw_only=True):
    """An instance registered in Cloud Map."""

    id: str
    address: str
    port: int = 0
    health: str = ""
    attributes: dict[str, str] = msgspec.field(default_factory=dict)  # as registered


class DiscoveryService(Frozen, frozen=True, kw_only=True):
    """A Cloud Map service under its full name."""

    id: str
    arn: str
    name: str  # "mlflow.hokusai-development.local"
    namespace_id: str = ""
    instances: tuple[DiscoveryInstance, ...] = ()
    unread: tuple[str, ...] = ()


class Certificate(Frozen, frozen=True, kw_only=True):
    """An ACM certificate."""

    arn: str
    domain: str
    names: tuple[str, ...] = ()
    status: str = ""
    type: str = ""
    not_after: str = ""
    renewal_status: str = ""
    in_use_by: tuple[str, ...] = ()


class SecretState(Frozen, frozen=True, kw_only=True):
    """State of a secret or parameter of a task or a principal, never its value."""

    reference: str  # valueFrom, or the name of the principal's secret, as written
    exists: bool
    kind: str = "secret"  # "secret" (Secrets Manager) or "parameter" (Systems Manager)
    name: str = ""  # its name in that service
    deleted: bool = False  # marked for deletion, can be restored
    detail: str = ""  # "marked for deletion on …", "has no current version"
    changed_at: str = ""
    version: str = ""  # the current version
    version_before: str = ""  # the version before it, if it can be restored
    kms_key: str = ""  # as AWS describes it: ARN, id or alias; "" for AWS's own


class IamRole(Frozen, frozen=True, kw_only=True):
    """A role with which ECS starts tasks, and what its policies say."""

    arn: str
    policies: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)  # inline, by name
    attached: tuple[str, ...] = ()  # ARNs of managed policies
    unread: tuple[str, ...] = ()
    bounded: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return its name, which AWS's calls take."""
        return self.arn.rpartition("/")[2]


class LogLine(Frozen, frozen=True, kw_only=True):
    """One redacted line of a service's log group."""

    at: str
    message: str
    stream: str = ""


class ErrorCounts(Frozen, frozen=True, kw_only=True):
    """5xx answers of the last minutes, by a load balancer and by its targets; None: unknown."""

    load_balancer: str
    balancer_5xx: float | None = None
    target_5xx: float | None = None
    minutes: int


class HostAddress(Frozen, frozen=True, kw_only=True):
    """The addresses of a public host name and of its load balancer."""

    host: str
    addresses: tuple[str, ...] = ()
    balancer_addresses: tuple[str, ...] = ()
    error: str = ""
    canonical: str = ""  # the last name of its CNAMEs, where there are any


class PlatformState(
    Frozen,
    frozen=True,
    kw_only=True,
    # the keys of `platform` in a report, which are an interface
    rename={"ecs_services": "services", "refreshed_services": "deepened"},
):
    """One reading of the control plane, with the calls that failed."""

    read_at: str = ""
    refreshed_services: tuple[str, ...] = ()  # read again, with logs, after they failed
    load_balancers: tuple[LoadBalancer, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()
    ecs_services: tuple[EcsService, ...] = ()
    missing_services: tuple[str, ...] = ()  # ECS answered MISSING
    cluster_missing: bool = False
    task_definitions: tuple[TaskDefinition, ...] = ()  # in use, the one before and the newest
    security_groups: tuple[SecurityGroup, ...] = ()
    subnets: tuple[Subnet, ...] = ()  # of balancers and services
    network: Network | None = None  # read after failures
    discovery: tuple[DiscoveryService, ...] = ()
    namespaces: dict[str, str] = msgspec.field(default_factory=dict)  # Cloud Map name -> id
    certificates: tuple[Certificate, ...] = ()
    secrets: tuple[SecretState, ...] = ()
    roles: tuple[IamRole, ...] = ()
    logs: dict[str, tuple[LogLine, ...]] = msgspec.field(default_factory=dict)  # by service
    last_lines: dict[str, tuple[LogLine, ...]] = msgspec.field(default_factory=dict)  # by task
    missing_log_groups: tuple[str, ...] = ()  # of the environment file
    # of the task definitions of tasks that ended lately, by name: whether the group is there
    task_log_groups: dict[str, bool] = msgspec.field(default_factory=dict)
    errors: tuple[ErrorCounts, ...] = ()
    counters: tuple[Counter, ...] = ()  # of the last minutes, read after failures
    web_acls: tuple[Association, ...] = ()  # of the balancers that were asked about after failures
    hosts: tuple[HostAddress, ...] = ()
    dns: tuple[HostRecords, ...] = ()  # of failed hosts whose zone may be in the account
    rollouts: tuple[ServiceDeployment, ...] = ()  # of the failing services, newest first
    scaling: tuple[Scaling, ...] = ()  # of the failing services that scale by themselves
    stores: tuple[Store, ...] = ()  # of the failing services
    unavailable: tuple[Unavailable, ...] = ()
    bounds: tuple[Bound, ...] = ()  # readings that ended at their bound
    unread: tuple[str, ...] = ()


def not_read(code: str, reason: str) -> PlatformState:
    """Return the state of a control plane of which nothing was read, with the reason."""
    gap = Unavailable(action=EVERYTHING, resource="*", code=code, reason=reason)
    return PlatformState(unavailable=(gap,))
