"""Describe one documented meaning of a status that a load balancer answers with by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from canary.control_plane.unread import Known
from canary.diagnose.balancer.around import Around

REFUSED, BLOCKED, SIGN_IN = "request-refused", "request-blocked", "sign-in-failing"
ACCESS_LOG = "the balancer's access log, which has a reason for each refused request"
IDP = "the rule's issuer, endpoints, client id and secret, and what the identity provider says"


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """One documented meaning of a status, the cause that it has, and where to look."""

    status: int
    says: str
    cause: str
    look: str
    holds: Callable[[Around], Known] = lambda _: Known.UNKNOWN
    of_rule: bool = False  # it is a setting of the rule before it forwards
    fits: str = ""  # what singles it out, in words; "": nothing that is read


def needed(known: Known) -> Known:
    """Return what is only a condition of a meaning: with it the meaning is possible."""
    return Known.NO if known is Known.NO else Known.UNKNOWN
