"""Let nobody pass who has not signed in or has no valid token.

Sources: "Authenticate users using an Application Load Balancer", "Verify JWTs using an Application
Load Balancer", "Troubleshoot your Application Load Balancers". No identity provider runs beside
the emulator: a session cookie can be no genuine one, and no key is there that could verify a
token's signature. So nobody is ever signed in, and every token is refused.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from urllib.parse import quote, urlencode

from emulator.balancer.exchange.pages import OwnAnswer, own, page
from emulator.balancer.match import Asked
from emulator.balancer.model import Action, CognitoConfig, OidcConfig
from emulator.balancer.table import View

CALLBACK = "/oauth2/idpresponse"
NONCE = "AWSALBAuthNonce"
HTTPS_PORT = 443
STATE_BYTES = 168  # about as long as AWS's


def refused(view: View, guards: Iterable[Action | None], asked: Asked) -> OwnAnswer | None:
    """Return the answer to a client whom an action before the last one does not let pass.

    The way back from an identity provider belongs to the balancer on every listener that signs
    users in; without the cookie of a sign-in that it began itself, it answers 401.
    """
    if asked.path == CALLBACK and any(_config(a) for r in view.rules for a in r.actions):
        return own(401, "no sign-in was begun by this client")
    for action in guards:
        if action is None:
            continue
        if action.type == "jwt-validation":
            return own(401, "no valid token")
        config = _config(action)
        if config is not None and config.on_unauthenticated_request != "allow":
            return _to_sign_in(view, config, asked)
    return None


def _config(action: Action) -> OidcConfig | CognitoConfig | None:
    if action.type == "authenticate-oidc":
        return action.authenticate_oidc_config
    if action.type == "authenticate-cognito":
        return action.authenticate_cognito_config
    return None


def _to_sign_in(view: View, config: OidcConfig | CognitoConfig, asked: Asked) -> OwnAnswer:
    if config.on_unauthenticated_request == "deny":
        return own(401, "not signed in")
    if not asked.host:  # HTTP/1.0 without a Host header
        return own(401, "no host to come back to")
    nonce = f"{NONCE}={secrets.token_hex(8)}; Path=/; Secure; HttpOnly"
    where = ("Location", _authorization(view.listener.port, config, asked.host))
    return OwnAnswer(
        status=302, body=page(302), extra=(where, ("Set-Cookie", nonce)), reason="not signed in"
    )


def _authorization(port: int, config: OidcConfig | CognitoConfig, host: str) -> str:
    """Return where to sign in; assumption: the way back names a port other than HTTPS's own."""
    if isinstance(config, OidcConfig):
        endpoint, client = config.authorization_endpoint, config.client_id
    else:
        endpoint, client = _of_pool(config), config.user_pool_client_id
    place = host if port == HTTPS_PORT else f"{host}:{port}"
    asks = {
        "client_id": client,
        "redirect_uri": f"https://{place}{CALLBACK}",
        "response_type": "code",
        "scope": config.scope,
        "state": base64.b64encode(secrets.token_bytes(STATE_BYTES)).decode(),
        **(config.authentication_request_extra_params or {}),
    }
    query = urlencode(asks, quote_via=quote, safe="")
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{query}"


def _of_pool(config: CognitoConfig) -> str:
    region = [*config.user_pool_arn.split(":"), "", "", "", ""][3]
    domain = config.user_pool_domain
    whole = domain if "." in domain else f"{domain}.auth.{region}.amazoncognito.com"
    return f"https://{whole}/oauth2/authorize"
