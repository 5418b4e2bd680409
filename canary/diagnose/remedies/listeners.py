"""Edits of listeners: created whole as they were, or changed in one setting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from canary.control_plane.routing import default_rule
from canary.control_plane.state import Action, Listener, LoadBalancer
from canary.diagnose.remedies.edit import Edit, Later, Parameters, modify
from canary.diagnose.remedies.rules import all_parts, create_rule, rule_json, tags_json

# What a new listener has by itself (ELB API reference, ListenerAttribute).
_USUAL = {"routing.http.response.server.enabled": "true"}
_MUTUAL = (
    *("Mode", "TrustStoreArn", "IgnoreClientCertificateExpiry"),
    "AdvertiseTrustStoreCaNames",
)


def modify_listener(
    listener: Listener,
    *,
    actions: tuple[Action, ...] | None = None,
    certificate: str = "",
    port: int = 0,
    protocol: str = "",
    policy: str = "",
    mutual: Parameters | None = None,
) -> Edit:
    """Return the edit that changes these settings of a listener; AWS keeps the others.

    `mutual`: how clients show a certificate of their own.
    """
    before: Parameters = {}
    after: Parameters = {}
    if actions is not None:
        before["DefaultActions"] = rule_json(default_actions(listener))
        after["DefaultActions"] = rule_json(actions)
    if certificate:
        before["Certificates"] = [{"CertificateArn": default_certificate(listener)}]
        after["Certificates"] = [{"CertificateArn": certificate}]
    for name, old, new in (
        ("Port", listener.port, port),
        ("Protocol", listener.protocol, protocol),
        ("SslPolicy", listener.ssl_policy, policy),
    ):
        if new and new != old:
            before[name], after[name] = old, new
    if mutual is not None:
        before["MutualAuthentication"] = mutual_json(listener)
        after["MutualAuthentication"] = mutual
    back = {k: v for k, v in before.items() if v and v != [{"CertificateArn": ""}]}
    return Edit(
        **_call("modify-listener", listener, after, (before, after)),
        undo=Edit(**_call("modify-listener", listener, back, (after, before))),
    )


def _call(
    operation: str, listener: Listener, fields: Parameters, change: tuple[Parameters, Parameters]
) -> dict[str, Any]:
    return {
        "service": "elbv2",
        "operation": operation,
        "parameters": {"ListenerArn": listener.arn, **fields},
        "resource": listener.arn,
        "before": change[0],
        "after": change[1],
    }


def default_actions(listener: Listener) -> tuple[Action, ...]:
    """Return all default actions: as the listener tells them, else its default rule's."""
    if listener.default_actions:
        return listener.default_actions
    rule = default_rule(listener)
    return rule.actions if rule else ()


def default_certificate(listener: Listener) -> str:
    """Return the ARN of the certificate that a client without SNI gets."""
    return listener.default_certificate or next(iter(listener.certificates), "")


def arn_of(balancer: LoadBalancer, port: int) -> Later:
    """Return the ARN of a listener that a command has made."""
    return Later(
        service="elbv2", operation="describe-listeners",
        parameters={"LoadBalancerArn": balancer.arn},
        query=f"Listeners[?Port==`{port}`].ListenerArn",
    )  # fmt: skip


def create_listener(balancer: LoadBalancer, listener: Listener) -> tuple[Edit, ...]:
    """Return the edits that create a listener as it was: settings, certificates and rules."""
    made, whole = arn_of(balancer, listener.port), whole_listener(listener)
    create = Edit(
        service="elbv2", operation="create-listener",
        parameters={"LoadBalancerArn": balancer.arn, **whole},
        resource=f"{balancer.name}:{listener.port}", before=None, after=whole,
        undo=Edit(
            service="elbv2", operation="delete-listener", parameters={"ListenerArn": made},
            resource=f"{balancer.name}:{listener.port}", before=whole, after=None,
        ),
    )  # fmt: skip
    further = tuple(
        _part("add-listener-certificates", made, {"Certificates": [{"CertificateArn": arn}]})
        for arn in listener.certificates
        if arn != default_certificate(listener)
    )
    settings = _unusual(listener)
    changed = (_part("modify-listener-attributes", made, {"Attributes": settings}),)
    rules = tuple(
        create_rule(made, int(r.priority), *all_parts(r))
        for r in listener.rules
        if r.priority.isdigit()
    )
    return (create, *further, *(changed if settings else ()), *rules)


def whole_listener(listener: Listener) -> Parameters:
    """Return all settings of a listener with which AWS's API creates it."""
    found: Parameters = {"Protocol": listener.protocol, "Port": listener.port}
    if listener.ssl_policy:
        found["SslPolicy"] = listener.ssl_policy
    if default_certificate(listener):
        found["Certificates"] = [{"CertificateArn": default_certificate(listener)}]
    found["DefaultActions"] = rule_json(default_actions(listener))
    if listener.alpn and listener.alpn != ("None",):
        found["AlpnPolicy"] = list(listener.alpn)
    mutual = mutual_json(listener)
    if mutual.get("Mode", "off") != "off":
        found["MutualAuthentication"] = mutual
    if own := tags_json(listener.tags):
        found["Tags"] = own
    return found


def mutual_json(listener: Listener) -> Parameters:
    """Return a listener's mutual authentication as AWS's API takes it, {} where there is none."""
    mutual = listener.mutual_authentication
    return {k: mutual[k] for k in _MUTUAL if k in mutual}


def add_certificates(listener: Listener, arns: list[str]) -> Edit:
    """Return the edit that adds certificates for clients with SNI to a listener."""
    named = ("ListenerArn", listener.arn)
    wanted: Parameters = {"Certificates": [{"CertificateArn": arn} for arn in arns]}
    add = modify("elbv2", "add-listener-certificates", named, {}, wanted)
    back = modify("elbv2", "remove-listener-certificates", named, {}, wanted)
    return replace(add, undo=replace(back, before=wanted, after={}, undo=None))


def _unusual(listener: Listener) -> list[Parameters]:
    return [
        {"Key": key, "Value": value}
        for key, value in sorted(listener.attributes.items())
        if value and _USUAL.get(key) != value
    ]


def _part(operation: str, listener: Later, fields: Parameters) -> Edit:
    return Edit(
        service="elbv2", operation=operation, parameters={"ListenerArn": listener, **fields},
        resource="the new listener", before={}, after=fields,
    )  # fmt: skip
