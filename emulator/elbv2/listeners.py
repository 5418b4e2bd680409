"""Refuse listeners, certificates and forwards that AWS refuses and moto accepts.

Sources: the API's CreateListener, ModifyListener and DeleteCertificate, "Target groups for your
Application Load Balancers".
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from emulator.elbv2.target_groups_in_use import forwarded_groups, users_of_groups
from emulator.elbv2.values import wrong
from emulator.settings import ACCOUNT, REGION


@functools.cache
def install() -> None:
    """Replace moto's calls for listeners and certificates; call once, after the rules."""
    from moto.acm.models import AWSCertificateManagerBackend, CertBundle
    from moto.elbv2.models import ELBv2Backend, FakeListener

    _patch_creation(ELBv2Backend)
    _patch_change(ELBv2Backend)
    _patch_rules(ELBv2Backend)
    _hide_tls_of_http(FakeListener)
    _patch_certificates(AWSCertificateManagerBackend, CertBundle)


def _patch_creation(backend: Any) -> None:
    from moto.elbv2.exceptions import DuplicateListenerError

    create = backend.create_listener

    def create_listener(
        self: Any, load_balancer_arn: str, protocol: str, port: Any, *rest: Any, **more: Any
    ) -> Any:
        balancer = self.load_balancers.get(load_balancer_arn)
        taken = [str(one.port) for one in balancer.listeners.values()] if balancer else []
        if str(port) in taken:
            raise DuplicateListenerError
        certificate = more.get("certificate", [*rest, None, None][1])
        if protocol == "HTTPS" and not certificate:
            raise wrong("A certificate must be specified for HTTPS listeners")
        actions = actions_of(rest, more)
        refuse_foreign_groups(actions, load_balancer_arn)
        _refuse_downgrade(actions, protocol)
        return create(self, load_balancer_arn, protocol, port, *rest, **more)

    backend.create_listener = create_listener


def _patch_change(backend: Any) -> None:
    modify = backend.modify_listener

    def modify_listener(self: Any, arn: str, *rest: Any, **more: Any) -> Any:
        from moto.elbv2.exceptions import DuplicateListenerError
        from moto.elbv2.models import FakeAction

        port, protocol = [*rest, None, None][:2]
        port, protocol = more.get("port", port), more.get("protocol", protocol)
        balancer = self.load_balancers.get(_balancer_of(arn))
        others = [one for one in balancer.listeners.values() if one.arn != arn] if balancer else []
        if port is not None and str(port) in [str(one.port) for one in others]:
            raise DuplicateListenerError
        actions = actions_of(rest, more)
        self._validate_actions([FakeAction(action) for action in actions])
        refuse_foreign_groups(actions, _balancer_of(arn))
        _refuse_downgrade(actions, protocol or protocol_of(self, arn))
        return _with_its_certificates(self, arn, lambda: modify(self, arn, *rest, **more))

    backend.modify_listener = modify_listener


def _with_its_certificates(backend: Any, arn: str, change: Callable[[], Any]) -> Any:
    """Carry a change out that replaces at most the default certificate.

    Source: "Update an HTTPS listener for your Application Load Balancer": the certificate list has
    calls of its own.
    """
    balancer = backend.load_balancers.get(_balancer_of(arn))
    before = balancer.listeners.get(arn) if balancer else None
    listed = [a for a in before.certificates or () if a != before.certificate] if before else []
    found = change()
    if found.certificate:
        found.certificates = [found.certificate, *(a for a in listed if a != found.certificate)]
    return found


def _patch_rules(backend: Any) -> None:
    create, modify = backend.create_rule, backend.modify_rule

    def create_rule(self: Any, listener_arn: str, *rest: Any, **more: Any) -> Any:
        actions = actions_of(rest, more)
        refuse_foreign_groups(actions, _balancer_of(listener_arn))
        _refuse_downgrade(actions, protocol_of(self, listener_arn))
        return create(self, listener_arn, *rest, **more)

    def modify_rule(self: Any, rule_arn: str, *rest: Any, **more: Any) -> Any:
        actions = actions_of(rest, more)
        refuse_foreign_groups(actions, _balancer_of(rule_arn))
        _refuse_downgrade(actions, protocol_of(self, rule_arn))
        return modify(self, rule_arn, *rest, **more)

    backend.create_rule, backend.modify_rule = create_rule, modify_rule


def actions_of(rest: tuple[Any, ...], more: dict[str, Any]) -> list[dict[str, Any]]:
    """Find the actions among a call's arguments; conditions have a Field and no Type."""
    for value in (more.get("actions"), *rest):
        if isinstance(value, list) and value and "Type" in value[0]:
            return value
    return []


def _balancer_of(arn: str) -> str:
    """Return the balancer's ARN, which a listener's and a rule's ARN contain."""
    kind, *parts = arn.split("/")
    base = kind.replace(":listener-rule", ":loadbalancer").replace(":listener", ":loadbalancer")
    return "/".join([base, *parts[:3]])


def protocol_of(backend: Any, arn: str) -> str:
    """Return the protocol of the listener that an ARN, also a rule's, names; empty if none."""
    balancer = backend.load_balancers.get(_balancer_of(arn))
    listener = "/".join(arn.replace(":listener-rule/", ":listener/").split("/")[:5])
    found = balancer.listeners.get(listener) if balancer else None
    return str(found.protocol) if found else ""


def _refuse_downgrade(actions: Iterable[dict[str, Any]], protocol: str) -> None:
    """Raise AWS's error for a redirect from HTTPS to HTTP."""
    targets = [(one.get("RedirectConfig") or {}).get("Protocol") for one in actions]
    if protocol == "HTTPS" and "HTTP" in targets:
        raise wrong("You cannot redirect from HTTPS to HTTP")


def refuse_foreign_groups(actions: Iterable[dict[str, Any]], balancer_arn: str) -> None:
    """Raise AWS's error for a target group that another load balancer already uses."""
    from moto.elbv2.exceptions import ELBClientError

    users = users_of_groups()
    for arn in forwarded_groups(list(actions)):
        if any(balancer.arn != balancer_arn for balancer in users.get(arn, [])):
            raise ELBClientError(
                "TargetGroupAssociationLimit",
                "The following target groups cannot be associated with more than one load "
                f"balancer: {arn}",
            )


def _hide_tls_of_http(listener: Any) -> None:
    """Give a listener in clear text no TLS policy, as DescribeListeners shows none."""
    begin = listener.__init__

    def made(self: Any, *rest: Any, **more: Any) -> None:
        begin(self, *rest, **more)
        if self.protocol == "HTTP":
            self.ssl_policy = None

    listener.__init__ = made


def _patch_certificates(backend: Any, bundle: Any) -> None:
    from moto.core.exceptions import AWSError

    class InUseError(AWSError):
        TYPE = "ResourceInUseException"

    delete = backend.delete_certificate

    def delete_certificate(self: Any, arn: str) -> None:
        if arn in self._certificates and using(arn):
            raise InUseError(f"Certificate {arn} in account {ACCOUNT} is in use.")
        delete(self, arn)

    # moto notes the listener that first took a certificate, and for good
    bundle.in_use_by = property(lambda self: using(self.arn), lambda _self, _value: None)
    backend.delete_certificate = delete_certificate


def using(certificate_arn: str) -> list[str]:
    """Return the ARNs of the load balancers whose listeners serve a certificate."""
    from moto.elbv2.models import elbv2_backends

    balancers = list(elbv2_backends[ACCOUNT][REGION].load_balancers.values())
    return [
        balancer.arn
        for balancer in balancers
        if any(
            certificate_arn == listener.certificate or certificate_arn in listener.certificates
            for listener in list(balancer.listeners.values())
        )
    ]
