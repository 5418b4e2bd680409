"""Describe what AWS WAF says of a load balancer: its web ACL, and what its rules ended.

Names of rules are words of others: they are bounded, quoted where they are shown, and prove
nothing. Of requests of others only their number is kept.
"""

from __future__ import annotations

from canary.model import Frozen

DEFAULT_ACTION = "Default_Action"
"""The name under which AWS WAF keeps what no rule ended (AWS WAF guide, "CloudWatch metrics")."""


class OwnRequest(Frozen, frozen=True, kw_only=True):
    """A sampled request of the canary itself: its User-Agent bears the id of one of its runs."""

    method: str
    path: str
    action: str  # "BLOCK", "CAPTCHA", "CHALLENGE"
    at: str  # ISO 8601
    status: int = 0  # what WAF answered, 0 where it does not say
    inner: str = ""  # the rule within a rule group
    run_id: str = ""
    of_this_run: bool = False


class AclRule(Frozen, frozen=True, kw_only=True):
    """A rule of a web ACL that may end a request, or its default action."""

    name: str
    priority: int = 0
    action: str = ""  # "BLOCK", "CAPTCHA", "CHALLENGE"; "GROUP": the rules of a group decide
    metric: str = ""
    sampled: bool = False  # samples of it were read
    ended: int = 0  # sampled requests of anybody that it ended
    own: tuple[OwnRequest, ...] = ()


class WebAcl(Frozen, frozen=True, kw_only=True):
    """The web ACL that stands before a load balancer."""

    arn: str
    name: str
    rules: tuple[AclRule, ...] = ()  # those that may end a request


class Association(Frozen, frozen=True, kw_only=True):
    """The answer for one load balancer; one that was not asked about has none."""

    load_balancer: str  # ARN
    acl: WebAcl | None = None  # None: no web ACL stands before it
