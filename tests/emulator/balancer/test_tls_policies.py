"""A listener's security policy decides the versions of TLS and the ciphers of its clients."""

from __future__ import annotations

import socket
import ssl
import warnings
from typing import Any

import pytest

from emulator.elbv2.policies import allowed
from tests.emulator.balancer.test_edge import CA, certificate
from tests.emulator.support.balancer_rig import Rig, fixed_response, listener, rule

VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}


def served(rig: Rig, policy: str) -> dict[str, str]:
    """Return the cipher of each version in which a listener is served, or what the client is told.

    The policy is the listener's.
    """
    names: dict[str, Any] = {
        "tls": allowed(policy),
        "certificates": [certificate("x.org", default=True), certificate("y.org")],
    }
    default = rule("default", fixed_response("tls"))
    rig.show(listener(default, port=443, protocol="HTTPS", **names))
    found = {}
    for name, version in VERSIONS.items():
        context = ssl.create_default_context()
        CA.configure_trust(context)
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = version
        try:
            with (
                socket.create_connection(rig.edge(443), timeout=5) as plug,
                context.wrap_socket(plug, server_hostname="y.org") as wrapped,
            ):
                found[name] = (wrapped.cipher() or ("",))[0]
        except ssl.SSLError as error:
            found[name] = error.reason
    return found


@pytest.mark.parametrize(
    ("policy", "versions"),
    [
        ("ELBSecurityPolicy-2016-08", ["TLSv1", "TLSv1.1", "TLSv1.2"]),
        ("ELBSecurityPolicy-TLS13-1-0-2021-06", ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
        ("ELBSecurityPolicy-TLS13-1-2-Res-2021-06", ["TLSv1.2", "TLSv1.3"]),
        ("ELBSecurityPolicy-TLS13-1-3-2021-06", ["TLSv1.3"]),
    ],
)
def test_a_policy_decides_the_versions(rig: Rig, policy: str, versions: list[str]) -> None:
    found = served(rig, policy)
    refused = dict.fromkeys(VERSIONS.keys() - versions, "TLSV1_ALERT_PROTOCOL_VERSION")
    assert {name: found[name] for name in refused} == refused
    assert not {found[name] for name in versions} & {*refused.values()}


def test_a_policy_decides_the_ciphers(rig: Rig) -> None:
    policy = "ELBSecurityPolicy-FS-1-2-Res-2020-10"
    assert served(rig, policy)["TLSv1.2"] in allowed(policy)["ciphers"]
    assert all(one.startswith("ECDHE-") for one in allowed(policy)["ciphers"])
