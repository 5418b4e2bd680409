"""The configuration that an SRE writes: checks and environments."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from canary.model import names
from canary.model.base import AlarmWindow, CheckId, Frozen, Load, Profile, Role, Severity, Suite
from canary.model.deployed import Deployment, Network
from canary.model.mutes import Maintenance, Mute
from canary.model.notify import Notify, Owner, Word
from canary.model.principals import ACCEPTED, BASIC, Principal

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_-]+$", max_length=60)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=900)]
ROLES = {"auth": Role.IDENTITY, "registry": Role.API} | {str(r): r for r in Role}
"""The role of a service that writes none, by its name."""
BLOCKING_EVERY = 300
"""Seconds between runs of a blocking check that writes no `every` of its own."""


class Check(Frozen, frozen=True, kw_only=True):
    """One statement that must hold. `config` decodes `spec` into the kind's own type."""

    id: CheckId
    title: Annotated[str, msgspec.Meta(min_length=5, max_length=120)]
    kind: Name
    suite: Suite
    service: Name
    severity: Severity
    # a file beside this one or beside the environment's, or an https link; "": it has none
    runbook: str = ""
    needs: tuple[CheckId, ...] = ()
    # what a request costs the platform; blocking: others may wait while it is answered
    load: Load = Load.LIGHT
    # seconds between runs of this check; `config` sets 300 where a blocking check has none
    every: Annotated[int, msgspec.Meta(ge=60, le=86400)] = 60
    timeout: Seconds = 15.0  # seconds for the whole check
    alarm: AlarmWindow | None = None  # when it is down; without one, by severity and load
    opt_in: bool = False  # runs only where the environment lists it under `enable`
    # whom its messages go to; `config` sets that of the service where a check has none
    owner: Owner = ""
    tags: tuple[Word, ...] = ()  # words for people and programs; `config` adds the service's
    spec: Any = msgspec.field(default_factory=dict)

    @property
    def blocking(self) -> bool:
        """Return whether a service may be unable to answer others while it answers this check."""
        return self.load is Load.BLOCKING


class Service(Frozen, frozen=True, kw_only=True):
    """The address of one part of the platform, its AWS resources and its dependencies.

    `connect_to` maps a port of the URL's host ("443", "80") to the "address:port" to connect to
    instead, as curl's --connect-to does; TLS and Host keep the URL's name.
    """

    url: str = ""  # public base URL, "" for a part that has none (database, cache)
    role: Role | None = None  # what it is for the others; without one its name decides
    ecs_service: str = ""
    container: str = ""
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0  # container (or listening) port
    load_balancer: str = ""  # name
    target_groups: tuple[str, ...] = ()  # names
    health_path: str = ""
    log_group: str = ""
    # further groups to which containers of its tasks write; "*" ends one that stands for a prefix
    further_log_groups: tuple[str, ...] = ()
    discovery: str = ""  # Cloud Map name, "mlflow.hokusai-development.local"
    security_group: str = ""  # name of the security group of a part without an ECS service
    # of a database or cache: DB instance or cluster of RDS, group or cluster of ElastiCache
    instance: str = ""
    depends_on: tuple[Name, ...] = ()
    connect_to: dict[str, str] = msgspec.field(default_factory=dict)
    plain_port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 80  # of plain HTTP beside its url
    # a part of the name of the variable in which it tells the identity service who asks
    identity_variable: Annotated[str, msgspec.Meta(min_length=1)] = "SERVICE_ID"
    owner: Owner = ""  # whom messages about it go to
    tags: tuple[Word, ...] = ()


class RouteRule(Frozen, frozen=True, kw_only=True):
    """A path and the service behind the load balancer that must answer it."""

    # a concrete path, e.g. "/api/mlflow/api/2.0/mlflow/experiments/search"
    path: Annotated[str, msgspec.Meta(pattern="^/")]
    service: Name  # its target group must receive the request
    host: str = ""  # "": the host of the service's url, or of a url behind the same load balancer
    pattern: str = ""  # the listener rule's usual pattern, used in the remedy
    # the usual priority, used in the remedy
    priority: Annotated[int, msgspec.Meta(ge=0, le=50_000)] = 0


class RunLimits(Frozen, frozen=True, kw_only=True):
    """Limits of time and load for one run."""

    budget: Seconds = 50.0  # seconds, when no Lambda context says otherwise
    cleanup_reserve: Seconds = 6.0
    publish_reserve: Seconds = 4.0
    concurrency: Annotated[int, msgspec.Meta(ge=1, le=64)] = 16
    request_timeout: Seconds = 12.0  # a load balancer's own 504 for a silent target comes after 10
    max_body: Annotated[int, msgspec.Meta(ge=1024, le=1_048_576)] = 65_536  # bytes
    slow_ms: Annotated[int, msgspec.Meta(ge=1)] = 2000


class Schedule(Frozen, frozen=True, kw_only=True):
    """The schedule of the function."""

    expression: str = "rate(1 minute)"
    slow_expression: str = ""  # a second schedule for expensive checks
    slow_checks: tuple[CheckId, ...] = ()
    enabled: bool = True


FASTEST_BURN = 14.4
"""How many times faster than allowed the error budget must burn to page within minutes."""


class Environment(Frozen, frozen=True, kw_only=True):
    """One deployed platform. `store` is "s3://bucket/prefix" or a folder."""

    name: Name
    account: Annotated[str, msgspec.Meta(pattern=r"^\d{12}$")]
    region: Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    cluster: str  # ECS cluster; "": no access to AWS's control plane, which is not read
    services: dict[Name, Service]
    profile: Profile = Profile.STANDARD  # which metrics and alarms it has, and what it costs
    # the goal: percent of the critical checks that shall pass in 31 days
    slo: Annotated[float, msgspec.Meta(ge=50, lt=100)] = 99.9
    burn_rates: bool = False  # the page rings where the error budget of `slo` is spent too fast
    # sets of checks: "hokusai", "mlflow", or "./checks" beside this file; see `[[check]]`
    checks: str | tuple[str, ...] = ""
    # one secret of all principals that name none: {"valid": {"api_key": "…"}, …}
    principals_secret: str = ""
    principals: dict[Name, Principal] = msgspec.field(default_factory=dict)
    routes: tuple[RouteRule, ...] = ()
    enable: tuple[CheckId, ...] = ()  # opt-in checks that run here
    disable: dict[CheckId, str] = msgspec.field(default_factory=dict)  # check -> why
    mutes: tuple[Mute, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()  # windows that come again
    # windows of this environment: check, or severity -> window; a check's line comes first
    alarm: dict[str, AlarmWindow] = msgspec.field(default_factory=dict)
    run: RunLimits = RunLimits()
    network: Network = Network()
    schedule: Schedule = Schedule()
    deployment: Deployment = Deployment()
    notify: Notify = Notify()
    prefix: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{4,40}-$")] = (
        "synthetic-canary-"
    )
    experiment: str = "synthetic-canary"  # the one reserved experiment
    store: str = ""  # a bucket of yours, "s3://bucket/prefix"; empty: the stack makes one
    ca_bundle: str = ""  # PEM file beside this one; only where the platform's CA is private
    aws_endpoint_url: str = ""  # only for the sandbox

    @property
    def follows(self) -> bool:
        """Return whether AWS's events start runs: without a cluster there are none to follow."""
        return self.deployment.follow_changes and bool(self.cluster)

    def role_of(self, name: str) -> Role:
        """Return the role of a service: the one that it writes, else the one of its name."""
        service = self.services.get(name)
        return (service.role if service else None) or ROLES.get(name, Role.OTHER)

    def of_role(self, role: Role) -> tuple[str, ...]:
        """Return the names of the services that have a role, in the file's order."""
        return tuple(n for n in self.services if self.role_of(n) is role)

    def sends_no_key(self, principal: str) -> bool:
        """Return whether requests of a principal carry no credential; "" is nobody."""
        known = self.principals.get(principal)
        return not principal or (known is not None and known.anonymous)

    def sends_basic(self, principal: str) -> bool:
        """Return whether a principal's credential is a user name and a password."""
        known = self.principals.get(principal)
        return known is not None and known.form == BASIC

    def secret_of(self, principal: str) -> str:
        """Return the secret that a principal's credential is read from, "" if there is none."""
        known = self.principals.get(principal)
        if known is None or known.secret:
            return known.secret if known else ""
        return "" if known.generated or known.anonymous else self.principals_secret

    def shares_secret(self, principal: str) -> bool:
        """Return whether a principal is an entry of the one secret of all principals."""
        return bool(self.secret_of(principal)) and not self.principals[principal].secret

    @property
    def own_secrets(self) -> tuple[str, ...]:
        """Return the secrets of all principals, each once."""
        return tuple(sorted({s for name in self.principals if (s := self.secret_of(name))}))

    def must_refuse(self, principal: str) -> bool:
        """Return whether the platform must refuse each request of a principal; "" is nobody."""
        known = self.principals.get(principal)
        if known is None:
            return not principal
        if known.refused is not None:
            return known.refused
        return bool(known.generated or known.reason) and principal not in ACCEPTED

    def runbook(self, place: str) -> str:
        """Return the address of a runbook: its path, below `notify.runbook_url` if that is set."""
        base = self.notify.runbook_url.rstrip("/")
        return f"{base}/{place}" if base and place and not place.startswith("https://") else place

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of a service in this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    @property
    def report_store(self) -> str:
        """Return the store of deployed runs: `store`, or the stack's own bucket."""
        place = self.store or f"s3://{names.bucket(self.name, self.account, self.region)}"
        bare = "/" not in place.removeprefix("s3://").rstrip("/")
        return f"{place.rstrip('/')}/canary" if bare and place.startswith("s3://") else place

    @property
    def latest_report(self) -> str:
        """Return the address of the latest page, as messages and alarms name it."""
        base = self.notify.report_url or self.report_store
        return f"{base.rstrip('/')}/latest/{self.name}.html"

    @property
    def report_bucket(self) -> str:
        """Return the bucket of the report store."""
        return self.report_store.removeprefix("s3://").partition("/")[0]

    @property
    def report_prefix(self) -> str:
        """Return the key prefix of the report store, without slashes around it."""
        return self.report_store.removeprefix("s3://").partition("/")[2].strip("/")


class Config(Frozen, frozen=True, kw_only=True):
    """The validated configuration of a run: the environment and its checks."""

    environment: Environment
    checks: tuple[Check, ...]
