"""Security policies of HTTPS listeners: refuse unknown ones, and say what each allows.

Sources: "Security policies for your Application Load Balancer", the API's CreateListener,
ModifyListener and DescribeSSLPolicies.
"""

from __future__ import annotations

import functools
from typing import Any

from emulator.elbv2.values import wrong

Json = dict[str, Any]

DEFAULT = "ELBSecurityPolicy-2016-08"
TYPES = ["application", "network"]
FORWARD_SECRET = {  # policies that moto lacks: the ciphers of another that keep traffic secret
    "ELBSecurityPolicy-FS-2018-06": DEFAULT,
    "ELBSecurityPolicy-FS-1-1-2019-08": "ELBSecurityPolicy-TLS-1-1-2017-01",
    "ELBSecurityPolicy-FS-1-2-2019-08": "ELBSecurityPolicy-TLS-1-2-Ext-2018-06",
}
_TLS13 = "TLS_"


@functools.cache
def install() -> None:
    """Let the calls know every policy and refuse others; call once."""
    from moto.elbv2.models import ELBv2Backend
    from moto.elbv2.responses import ELBV2Response
    from moto.elbv2.ssl_policies import SSL_POLICIES

    for name, source in FORWARD_SECRET.items():
        ciphers = [one for one in SSL_POLICIES[source]["ciphers"] if one.startswith("ECDHE-")]
        SSL_POLICIES[name] = {**SSL_POLICIES[source], "name": name, "ciphers": ciphers}
    create, modify = ELBV2Response.create_listener, ELBV2Response.modify_listener
    describe = ELBV2Response.describe_ssl_policies

    def create_listener(self: Any) -> Any:
        refuse(self._get_param("SslPolicy"), self._get_param("Protocol"))
        return create(self)

    def modify_listener(self: Any) -> Any:
        policy, protocol = self._get_param("SslPolicy"), self._get_param("Protocol")
        if policy and not protocol:
            found = _listener(self.elbv2_backend, self._get_param("ListenerArn"))
            protocol = found.protocol if found else None
        refuse(policy, protocol)
        return modify(self)

    def describe_ssl_policies(self: Any) -> Any:
        for name in self._get_param("Names", []):
            refuse(name, None)
        found = describe(self)
        shown: Json = found.result
        for policy in shown["SslPolicies"]:
            policy["SupportedLoadBalancerTypes"] = TYPES
        return found

    ELBV2Response.create_listener, ELBV2Response.modify_listener = create_listener, modify_listener
    ELBV2Response.describe_ssl_policies = describe_ssl_policies
    _follow_protocol(ELBv2Backend)


def _follow_protocol(backend: Any) -> None:
    """Give a listener that turns to HTTPS the default policy; one in clear text has none."""
    modify = backend.modify_listener

    def modify_listener(self: Any, *given: Any, **more: Any) -> Any:
        changed = modify(self, *given, **more)
        if changed.protocol == "HTTPS":
            changed.ssl_policy = changed.ssl_policy or DEFAULT
        else:
            changed.ssl_policy = None
        return changed

    backend.modify_listener = modify_listener


def refuse(policy: str | None, protocol: str | None) -> None:
    """Raise AWS's error for an unknown policy, or for one of a listener without TLS."""
    from moto.elbv2.exceptions import ELBClientError
    from moto.elbv2.ssl_policies import SSL_POLICIES

    if policy is None:
        return
    if protocol not in (None, "HTTPS", "TLS"):
        raise wrong(f"An SSL policy cannot be specified for {protocol} listeners")
    if policy not in SSL_POLICIES:
        raise ELBClientError("SSLPolicyNotFound", f"SSL policy '{policy}' not found")


def allowed(policy: str | None) -> Json:
    """Return a policy's protocols, and its ciphers of TLS 1.2 and older by OpenSSL's names."""
    from moto.elbv2.ssl_policies import SSL_POLICIES

    known = SSL_POLICIES.get(policy or DEFAULT) or SSL_POLICIES[DEFAULT]
    return {
        "protocols": list(known["ssl_protocols"]),
        "ciphers": [one for one in known["ciphers"] if not one.startswith(_TLS13)],
    }


def _listener(backend: Any, arn: str) -> Any:
    balancers = list(backend.load_balancers.values())
    return next((one.listeners[arn] for one in balancers if arn in one.listeners), None)
