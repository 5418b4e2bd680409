"""Types of the routing snapshot that the control process sends.

Rules keep the spelling of DescribeRules, so a snapshot is the API's answer and nothing else.
Source of the field names: botocore's elbv2 service model.
"""

from __future__ import annotations

from typing import Any

import msgspec

from emulator.balancer.conditions import Aws, Condition


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the snapshot in our own spelling; unknown keys are ignored."""


class WeightedGroup(Aws, frozen=True):
    """A target group and its share of a forward action; weights run from 0 to 999."""

    target_group_arn: str
    weight: int | None = None


class GroupStickiness(Aws, frozen=True):
    """Whether a client stays with the target group it was first given, and for how many seconds."""

    enabled: bool | None = None
    duration_seconds: int | None = None


class ForwardConfig(Aws, frozen=True):
    """The target groups of a forward action."""

    target_groups: list[WeightedGroup] | None = None
    target_group_stickiness_config: GroupStickiness | None = None


class RedirectConfig(Aws, frozen=True):
    """A redirect's parts; a part that is missing is taken from the request."""

    status_code: str = "HTTP_302"
    protocol: str | None = None
    port: str | None = None
    host: str | None = None
    path: str | None = None
    query: str | None = None


class FixedResponseConfig(Aws, frozen=True):
    """A response of the balancer itself."""

    status_code: str
    content_type: str | None = None
    message_body: str | None = None


class SignIn(Aws, frozen=True):
    """What both ways to sign in share; the defaults are AWS's."""

    scope: str = "openid"
    on_unauthenticated_request: str = "authenticate"
    authentication_request_extra_params: dict[str, str] | None = None


class OidcConfig(SignIn, frozen=True, kw_only=True):
    """An identity provider that speaks OpenID Connect."""

    authorization_endpoint: str
    client_id: str


class CognitoConfig(SignIn, frozen=True, kw_only=True):
    """A user pool of Cognito; its domain is a prefix or a whole name."""

    user_pool_arn: str
    user_pool_client_id: str
    user_pool_domain: str


class Action(Aws, frozen=True):
    """One action of a rule; the last in order decides, those before it look who asks."""

    type: str
    order: int | None = None
    target_group_arn: str | None = None
    forward_config: ForwardConfig | None = None
    redirect_config: RedirectConfig | None = None
    fixed_response_config: FixedResponseConfig | None = None
    authenticate_oidc_config: OidcConfig | None = None
    authenticate_cognito_config: CognitoConfig | None = None


class Rule(_Part, frozen=True):
    """A rule of a listener; priority is a number as text, or "default"."""

    arn: str
    priority: str
    conditions: list[Condition] = []
    actions: list[Action] = []


class Certificate(_Part, frozen=True):
    """A certificate of a listener, in PEM."""

    arn: str
    certificate: str
    key: str
    chain: str | None = None
    default: bool = False


class Tls(_Part, frozen=True):
    """What a security policy allows; names are OpenSSL's, without those of TLS 1.3's ciphers."""

    protocols: tuple[str, ...] = ("TLSv1.2", "TLSv1.3")
    ciphers: tuple[str, ...] = ()


class Door(_Part, frozen=True):
    """A place on this machine where one client reaches a listener.

    address is the one that the balancer sees, nothing for the connection's own. admitted False: the
    balancer's security groups do not let the client in, so packets are dropped.
    """

    name: str = "internet"
    address: str = ""
    admitted: bool = True


INSIDE = "inside"
"""The door of the VPC's own tasks and functions, whose packets the network drops before."""


class Listener(_Part, frozen=True):
    """A port of a balancer; edge_ports keeps the port of each door by its name.

    tls is what its security policy allows; absent: TLS 1.2 and 1.3.
    """

    arn: str
    port: int
    protocol: str
    doors: tuple[Door, ...] = (Door(),)
    edge_ports: dict[str, int] = {}
    attributes: dict[str, Any] = {}
    certificates: list[Certificate] = []
    tls: Tls = Tls()
    rules: list[Rule] = []


class LoadBalancer(_Part, frozen=True):
    """One load balancer; address is the VPC's, web_acl that of AWS WAF in the API's spelling.

    It sees an address of the VPC as public has it, else as the NAT's; as it is without a NAT.
    """

    arn: str
    name: str
    address: str
    nat: str = ""
    public: dict[str, str] = {}
    attributes: dict[str, Any] = {}
    web_acl: dict[str, Any] | None = None
    listeners: list[Listener] = []


class HealthCheck(_Part, frozen=True):
    """How a target group's targets are probed; times in AWS's seconds, before speed."""

    protocol: str | None = "HTTP"
    port: str | int | None = "traffic-port"
    path: str | None = "/"
    interval_s: float = 30.0
    timeout_s: float = 5.0
    healthy: int = 5
    unhealthy: int = 2
    matcher: str | None = "200"


class Target(_Part, frozen=True):
    """A registered address; reachable says, for each balancer's ARN, whether packets arrive.

    enabled False: it lies in an Availability Zone that the balancer does not serve.
    """

    id: str
    port: int
    draining: bool = False
    enabled: bool = True
    reachable: dict[str, bool] = {}


class TargetGroup(_Part, frozen=True):
    """A target group; in_use says whether some listener forwards to it.

    version is what its targets speak: HTTP1, HTTP2 or GRPC.
    """

    arn: str
    name: str
    protocol: str | None = "HTTP"
    port: int | None = None
    version: str | None = "HTTP1"
    attributes: dict[str, Any] = {}
    in_use: bool = True
    health_check: HealthCheck = HealthCheck()
    targets: list[Target] = []


class Snapshot(_Part, frozen=True):
    """The routing of all load balancers at one moment."""

    serial: int = 0
    version: int = 1
    speed: float = 30.0
    connect_timeout_s: float = 2.0
    balancers: list[LoadBalancer] = []
    target_groups: list[TargetGroup] = []


_decoder = msgspec.json.Decoder(Snapshot, strict=False)


def parse_snapshot(line: bytes) -> Snapshot:
    """Return the snapshot of one line of JSON; raises msgspec.ValidationError with the path."""
    return _decoder.decode(line)
