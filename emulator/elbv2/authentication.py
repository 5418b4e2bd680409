"""Refuse, keep and show the actions that sign users in or verify tokens.

Sources: the API's AuthenticateOidcActionConfig, AuthenticateCognitoActionConfig,
JwtValidationActionConfig and Action. A client secret is kept, and no call shows it.
"""

from __future__ import annotations

import functools
from typing import Any
from urllib.parse import urlsplit

from emulator.elbv2 import listeners
from emulator.elbv2.values import wrong

Json = dict[str, Any]

OIDC, COGNITO, TOKEN = "authenticate-oidc", "authenticate-cognito", "jwt-validation"
CONFIGS = {
    OIDC: "AuthenticateOidcConfig",
    COGNITO: "AuthenticateCognitoConfig",
    TOKEN: "JwtValidationConfig",
}
NEEDED = {
    OIDC: ("Issuer", "AuthorizationEndpoint", "TokenEndpoint", "UserInfoEndpoint", "ClientId"),
    COGNITO: ("UserPoolArn", "UserPoolClientId", "UserPoolDomain"),
    TOKEN: ("JwksEndpoint", "Issuer"),
}
ENDPOINTS = ("AuthorizationEndpoint", "TokenEndpoint", "UserInfoEndpoint", "JwksEndpoint")
DEFAULTS: Json = {
    "SessionCookieName": "AWSELBAuthSessionCookie",
    "Scope": "openid",
    "SessionTimeout": 604_800,
    "OnUnauthenticatedRequest": "authenticate",
}
HTTPS_ALONE = "Actions of type '{kind}' are supported only on HTTPS listeners"
TWO_SECRETS = "You cannot both specify a client secret and set UseExistingClientSecret to true"
NO_SECRET = "You must either specify a client secret or set UseExistingClientSecret to true"
ANSWERS = ("authenticate", "allow", "deny")
ALWAYS_CHECKED = ("exp", "iss", "nbf", "iat")
FORMATS = ("single-string", "string-array", "space-separated-values")
MOST, LONGEST = 10, 256  # extra parameters, claims, a claim's values; characters


@functools.cache
def install() -> None:
    """Replace moto's calls; call once, after those for rules and listeners."""
    from moto.elbv2.models import ELBv2Backend, FakeAction

    _keep_secrets(FakeAction)
    _let_tokens_be_validated(ELBv2Backend)
    _patch_creation(ELBv2Backend)
    _patch_change(ELBv2Backend)


def _keep_secrets(action: Any) -> None:
    """Show an action with its defaults and without its secret."""
    begin = action.__init__

    def made(self: Any, data: Json) -> None:
        kind = str(data.get("Type"))
        name = CONFIGS.get(kind, "")
        config = dict(data.get(name) or {})
        secret = config.pop("ClientSecret", None)
        config.pop("UseExistingClientSecret", None)
        if config:
            data = {**data, name: {**({} if kind == TOKEN else DEFAULTS), **config}}
        begin(self, data)
        self.client_secret = secret

    action.__init__ = made


def _let_tokens_be_validated(backend: Any) -> None:
    check = backend._validate_actions  # moto's does not know the type

    def validate(self: Any, actions: list[Any]) -> None:
        check(self, [one for one in actions if one.type != TOKEN])

    backend._validate_actions = validate


def _patch_creation(backend: Any) -> None:
    create_listener, create_rule = backend.create_listener, backend.create_rule

    def creating_listener(
        self: Any, load_balancer_arn: str, protocol: str, *rest: Any, **more: Any
    ) -> Any:
        refuse(listeners.actions_of(rest, more), protocol)
        return create_listener(self, load_balancer_arn, protocol, *rest, **more)

    def creating_rule(self: Any, listener_arn: str, *rest: Any, **more: Any) -> Any:
        refuse(listeners.actions_of(rest, more), listeners.protocol_of(self, listener_arn))
        return create_rule(self, listener_arn, *rest, **more)

    backend.create_listener, backend.create_rule = creating_listener, creating_rule


def _patch_change(backend: Any) -> None:
    modify_listener, modify_rule = backend.modify_listener, backend.modify_rule

    def modifying_listener(self: Any, arn: str, *rest: Any, **more: Any) -> Any:
        protocol = more.get("protocol", [*rest, None, None][1])
        before = _secret(_default_actions(self, arn))
        refuse(
            listeners.actions_of(rest, more), protocol or listeners.protocol_of(self, arn), before
        )
        changed = modify_listener(self, arn, *rest, **more)
        _hand_on(changed.default_actions, before)
        return changed

    def modifying_rule(self: Any, rule_arn: str, *rest: Any, **more: Any) -> Any:
        before = _secret(_rule_actions(self, rule_arn))
        refuse(listeners.actions_of(rest, more), listeners.protocol_of(self, rule_arn), before)
        changed = modify_rule(self, rule_arn, *rest, **more)
        _hand_on(changed.actions, before)
        return changed

    backend.modify_listener, backend.modify_rule = modifying_listener, modifying_rule


def _default_actions(backend: Any, arn: str) -> list[Any]:
    found = [b.listeners.get(arn) for b in list(backend.load_balancers.values())]
    return next((one.default_actions for one in found if one is not None), [])


def _rule_actions(backend: Any, arn: str) -> list[Any]:
    return next((rule.actions for rule in backend.describe_rules(None, [arn])), [])


def _secret(actions: list[Any]) -> str | None:
    return next((one.client_secret for one in actions if one.type == OIDC), None)


def _hand_on(actions: list[Any], secret: str | None) -> None:
    for action in actions:
        if action.type == OIDC and action.client_secret is None:
            action.client_secret = secret


def refuse(actions: list[Json], protocol: str, kept: str | None = None) -> None:
    """Raise AWS's error for invalid actions before the last; kept is the secret there is."""
    guards = [one for one in actions if one.get("Type") in CONFIGS]
    for action in guards:
        kind = str(action["Type"])
        config = action.get(CONFIGS[kind]) or {}
        if protocol == "HTTP":
            raise _invalid(HTTPS_ALONE.format(kind=kind))
        for name in NEEDED[kind]:
            if not config.get(name):
                raise wrong(f"'{name}' must be specified for actions of type '{kind}'")
        (_refuse_token if kind == TOKEN else _refuse_sign_in)(config)
        if kind == OIDC:
            _refuse_secret(config, kept)
    if guards:
        _refuse_order(actions)


def _refuse_secret(config: Json, kept: str | None) -> None:
    given, existing = config.get("ClientSecret"), _true(config.get("UseExistingClientSecret"))
    if given and existing:
        raise _invalid(TWO_SECRETS)
    if not given and not (existing and kept):
        raise _invalid(NO_SECRET)


def _refuse_sign_in(config: Json) -> None:
    _refuse_endpoints(config)
    answer = config.get("OnUnauthenticatedRequest")
    if answer not in (None, *ANSWERS):
        raise wrong(f"'OnUnauthenticatedRequest' must be one of {', '.join(ANSWERS)}: '{answer}'")
    seconds = config.get("SessionTimeout")
    if seconds is not None and not 0 < int(seconds) <= DEFAULTS["SessionTimeout"]:
        raise wrong(f"The 'SessionTimeout' must be from 1 to 604800 seconds, not '{seconds}'")
    if len(config.get("AuthenticationRequestExtraParams") or {}) > MOST:
        raise wrong(f"There can be at most '{MOST}' authentication request extra parameters")


def _refuse_token(config: Json) -> None:
    _refuse_endpoints(config)
    if any(len(str(config[name])) > LONGEST for name in NEEDED[TOKEN]):
        raise wrong(f"'JwksEndpoint' and 'Issuer' can have at most '{LONGEST}' characters")
    claims = config.get("AdditionalClaims") or []
    if len(claims) > MOST:
        raise wrong(f"There can be at most '{MOST}' additional claims")
    for claim in claims:
        if claim.get("Name") in ALWAYS_CHECKED:
            raise wrong(f"The claim '{claim['Name']}' is always validated and cannot be specified")
        if claim.get("Format") not in FORMATS or not 0 < len(claim.get("Values") or []) <= MOST:
            raise wrong(f"The additional claim '{claim.get('Name')}' is not valid")


def _refuse_endpoints(config: Json) -> None:
    for name in ENDPOINTS:
        if config.get(name) is None:
            continue
        parts = urlsplit(str(config[name]))
        if parts.scheme != "https" or not parts.hostname or not parts.path:
            raise wrong(f"'{name}' must be a full URL with HTTPS, domain and path")


def _refuse_order(actions: list[Json]) -> None:
    """Raise AWS's error unless each of several actions has an order and the last one decides."""
    orders = [one.get("Order") for one in actions]
    if len(actions) > 1 and (None in orders or len(set(orders)) < len(orders)):
        raise wrong("An order of its own must be specified for each of several actions")
    last = max(actions, key=lambda one: int(one.get("Order") or 0))
    if last.get("Type") in CONFIGS:
        raise _invalid("The last action must be a forward, redirect or fixed-response action")


def _true(given: Any) -> bool:
    return str(given).lower() == "true"


def _invalid(text: str) -> Exception:
    from moto.elbv2.exceptions import InvalidLoadBalancerActionException

    return InvalidLoadBalancerActionException(text)
