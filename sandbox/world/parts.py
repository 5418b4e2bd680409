"""The parts of a world: services, load balancers, stores and the names of what is stored."""

from __future__ import annotations

from typing import Any

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of a world's file; an unknown key is an error."""


class Service(Part, frozen=True, kw_only=True):
    """One ECS service of the platform, with its target group and security group."""

    called: str  # its name in the canary's environment file
    name: str  # the ECS service and the family of its definition
    container: str
    image: str  # the repository in the account's registry
    port: int
    target_group: str
    group: str  # the security group of its tasks
    log_group: str
    discovery: str  # its name in the namespace
    execution_role: str
    cpu: int
    memory: int  # MiB
    host: str = ""  # its public host name; "": none of its own
    calls: tuple[str, ...] = ()  # services and stores that its tasks connect to
    count: int = 1  # desired tasks
    public: bool = False  # whether its tasks have public subnets and addresses
    health: str = "/health"  # where its target group's health check asks
    prefix: str = ""  # a path before all its paths
    check_inside: bool = False  # whether the container has a health check of its own
    variables: dict[str, str] = msgspec.field(
        default_factory=dict
    )  # further plain variables of the container
    # containers beside its own, as RegisterTaskDefinition takes them; `image` is the repository
    beside: tuple[dict[str, Any], ...] = ()
    alternate: str = ""  # a second target group, empty but for a shift of its traffic
    shift: str = ""  # BLUE_GREEN by ECS, or the controller CODE_DEPLOY; "": rolling
    production: str = ""  # the rule whose weights ECS shifts, as BALANCER.RULE
    port_name: str = ""  # of its port mapping, for Service Connect
    details: dict[str, Any] = msgspec.field(
        default_factory=dict
    )  # further arguments of CreateService


class Rule(Part, frozen=True, kw_only=True):
    """A rule of a balancer's serving listener."""

    priority: int
    to: str  # the service
    paths: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    before: tuple[dict[str, Any], ...] = ()  # actions of ELBv2 before the forwarding
    weighted: bool = False  # whether it names the service's second group, too, with weight 0


class Listener(Part, frozen=True, kw_only=True):
    """A listener: it redirects to another port, or forwards to a service by default."""

    port: int
    protocol: str = "HTTP"
    policy: str = ""
    redirect: int = 0  # the port of HTTPS; 0: no redirect
    to: str = ""  # the service of the default action; "" without a redirect: it answers 404

    @property
    def scheme(self) -> str:
        """Return the scheme of its URLs."""
        return self.protocol.lower()


class Balancer(Part, frozen=True, kw_only=True):
    """A load balancer. Its listener `serving` has the rules."""

    name: str
    address: str  # of its one node
    group: str  # its security group
    scheme: str = "internet-facing"
    admits: tuple[str, ...] = ("0.0.0.0/0",)  # who may come in: CIDRs, prefix lists as "pl:NAME"
    certificates: tuple[str, ...] = ()  # hosts with one of their own; none: the zone's
    waf: str = ""  # the name of the web ACL before it
    listeners: dict[str, Listener]
    rules: dict[str, Rule] = msgspec.field(default_factory=dict)

    @property
    def serving(self) -> Listener:
        """Return the listener that has the rules."""
        return self.listeners["serving"]

    @property
    def services(self) -> tuple[str, ...]:
        """Return the services that it forwards to, the default action's first."""
        found = [x.to for x in self.listeners.values()] + [r.to for r in self.rules.values()]
        return tuple(dict.fromkeys(name for name in found if name))


class Clients(Part, frozen=True, kw_only=True):
    """Where those who connect come from."""

    nat: str = "203.0.113.10"  # the address of tasks without one of their own
    canary: str = ""  # the canary's, of the VPC or not; "": it is the internet's
    front: str = ""  # of a delivery network, with which it asks the balancers; "": none
    front_name: str = ""  # the address to which the public hosts lead, where there is a front
    front_machine: str = "10.0.240.10"  # stands for the front on this machine


class Ways(Part, frozen=True, kw_only=True):
    """How the VPC is joined to the internet and to AWS. Public subnets have an internet gateway."""

    nat: bool = True  # whether private subnets reach the internet
    endpoints: tuple[
        str, ...
    ] = ()  # services of AWS with an endpoint in the VPC, such as "ecr.api"


class Cache(Part, frozen=True, kw_only=True):
    """The cache."""

    called: str  # the replication group
    address: str
    port: int
    endpoint: str
    group: str


class Database(Part, frozen=True, kw_only=True):
    """The database server, with a database for MLflow and one for the keys."""

    called: str  # the DB instance
    address: str
    port: int
    endpoint: str
    group: str
    name: str
    user: str
    auth_name: str
    auth_user: str


class Beside(Part, frozen=True, kw_only=True):
    """Another environment in the same account: its own VPC, and names that are the platform's."""

    cluster: str
    namespace: str
    block: str = "10.1.0.0/16"  # of its VPC


class Stored(Part, frozen=True, kw_only=True):
    """Names of secrets, and of parameters (they begin with a slash)."""

    auth: str  # the key database's URL and the admin token
    app: str  # MLflow's database password
    cache_token: str
    mlflow_token: str  # the API's own key for MLflow's gateway
    principals: str  # the canary's own secret, and the prefix of those of a principal alone
    cache_endpoint: str
    cache_port: str
    database_url: str


class Roles(Part, frozen=True, kw_only=True):
    """Names of roles."""

    execution: str
    auth_execution: str
    task: str
