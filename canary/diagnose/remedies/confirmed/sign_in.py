"""Signing in before a rule: whose it is, and whether to give it back only closes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from canary.control_plane.state import LoadBalancer
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.edit import Parameters

ACTIONS = ("authenticate-oidc", "authenticate-cognito", "jwt-validation")
"""Actions that decide who may pass."""
_MOST = 600
_SHOWN = ("UserPoolArn", "UserPoolClientId", "UserPoolDomain", "Issuer", "ClientId", "JwksEndpoint")


def only_closes(case: Case, balancer: LoadBalancer | None, action: Parameters) -> bool:
    """Return whether a sign-in lets in only people of this account, or of the file's own hosts.

    A rule that has another one now does not lose it, see `lost`.
    """
    if action.get("Type") == "authenticate-cognito":
        pool = str((action.get("AuthenticateCognitoConfig") or {}).get("UserPoolArn", "")).split(
            ":"
        )
        own = balancer.arn.split(":") if balancer else []
        return len(pool) >= 6 and len(own) >= 6 and pool[2] == "cognito-idp" and pool[4] == own[4]
    if action.get("Type") == "jwt-validation":
        config: dict[str, Any] = action.get("JwtValidationConfig") or {}
        hosts = {urlsplit(s.url).hostname for s in case.services.values() if s.url}
        asked = [urlsplit(str(config.get(key, ""))) for key in ("JwksEndpoint", "Issuer")]
        return all(at.scheme == "https" and at.hostname in hosts for at in asked)
    return False


def described(action: Parameters) -> str:
    """Return how a sign-in was, for whoever decides on it."""
    configs = (v for v in action.values() if isinstance(v, dict))
    known = {k: v for c in configs for k, v in c.items() if k in _SHOWN}
    return json.dumps(known, sort_keys=True)[:_MOST]


def bare(action: Parameters) -> Parameters:
    """Return an action without its place among the others."""
    return {k: v for k, v in action.items() if k != "Order"}


def lost(now: tuple[Parameters, ...] | list[Parameters], wanted: list[Parameters]) -> Iterator[str]:
    """Yield the signing in that a rule has now and would lose: no past takes it away."""
    kept = [bare(a) for a in wanted]
    for action in now:
        if action.get("Type") in ACTIONS and bare(action) not in kept:
            yield f"only the past tells that it was without the {action['Type']} that it has now"
