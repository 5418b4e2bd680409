"""Actions that sign users in or verify tokens, as the ELB API takes, refuses and shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import trustme
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from tests.emulator.elbv2.test_rule_api import SAYS, Ground
from tests.emulator.support.emulated import aws

__all__ = ["aws"]

Json = dict[str, Any]
BASE = "https://idp.example.com"
OIDC = {
    "Issuer": BASE,
    "AuthorizationEndpoint": f"{BASE}/authorize",
    "TokenEndpoint": f"{BASE}/token",
    "UserInfoEndpoint": f"{BASE}/userinfo",
    "ClientId": "ours",
}
SHOWN = {
    **OIDC,
    "SessionCookieName": "AWSELBAuthSessionCookie",
    "Scope": "openid",
    "SessionTimeout": 604800,
    "OnUnauthenticatedRequest": "authenticate",
}
LAST = {**SAYS, "Order": 2}
TOKEN = {"JwksEndpoint": f"{BASE}/keys", "Issuer": BASE}
PATH = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/x"]}}]


def oidc(**more: Any) -> Json:
    return {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {**OIDC, **more}}


def token(**more: Any) -> Json:
    return {"Type": "jwt-validation", "Order": 1, "JwtValidationConfig": {**TOKEN, **more}}


@pytest.fixture(scope="module")
def ground(aws: Endpoint) -> Ground:
    made = Ground(aws)
    issued = trustme.CA().issue_cert("registry.hokus.ai")
    arn = aws.client("acm").import_certificate(
        Certificate=issued.cert_chain_pems[0].bytes(), PrivateKey=issued.private_key_pem.bytes()
    )["CertificateArn"]
    made.listeners.append(
        made.elbv2.create_listener(
            LoadBalancerArn=made.balancers[0],
            Protocol="HTTPS",
            Port=443,
            Certificates=[{"CertificateArn": arn}],
            DefaultActions=[oidc(ClientSecret="secret"), LAST],
        )["Listeners"][0]["ListenerArn"]
    )
    return made


def create(ground: Ground, *actions: Json, at: int = 2, priority: int = 1) -> Json:
    made = ground.elbv2.create_rule(
        ListenerArn=ground.listeners[at],
        Priority=priority,
        Conditions=PATH,
        Actions=list(actions),
    )
    return dict(made["Rules"][0])


def refused(call: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_the_client_secret_is_kept_and_never_shown(ground: Ground) -> None:
    (listener,) = ground.elbv2.describe_listeners(ListenerArns=[ground.listeners[2]])["Listeners"]
    expected = {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": SHOWN}
    assert listener["DefaultActions"][0] == expected
    made = create(ground, oidc(ClientSecret="secret", SessionTimeout=60), LAST)
    assert made["Actions"][0]["AuthenticateOidcConfig"] == {**SHOWN, "SessionTimeout": 60}

    def change(**more: Any) -> Json:
        actions = [oidc(**more), LAST]
        found = ground.elbv2.modify_rule(RuleArn=made["RuleArn"], Actions=actions)
        return dict(found["Rules"][0]["Actions"][0]["AuthenticateOidcConfig"])

    for _ in range(2):  # the first change must hand the secret on to the second
        assert change(UseExistingClientSecret=True, ClientId="other")["ClientId"] == "other"
    assert refused(lambda: change()) == (
        "InvalidLoadBalancerAction",
        "You must either specify a client secret or set UseExistingClientSecret to true",
    )
    assert refused(lambda: change(UseExistingClientSecret=True, ClientSecret="secret")) == (
        "InvalidLoadBalancerAction",
        "You cannot both specify a client secret and set UseExistingClientSecret to true",
    )
    ground.elbv2.modify_rule(RuleArn=made["RuleArn"], Actions=[SAYS])
    assert refused(lambda: change(UseExistingClientSecret=True))[0] == "InvalidLoadBalancerAction"
    ground.elbv2.modify_listener(
        ListenerArn=ground.listeners[2],
        DefaultActions=[oidc(UseExistingClientSecret=True, Scope="openid email"), LAST],
    )
    ground.elbv2.delete_rule(RuleArn=made["RuleArn"])


def test_a_token_validation_is_shown_whole(ground: Ground) -> None:
    claim = {"Name": "scope", "Format": "space-separated-values", "Values": ["read", "write"]}
    made = create(ground, token(AdditionalClaims=[claim]), LAST)
    config = {**TOKEN, "AdditionalClaims": [claim]}
    shown = {"Type": "jwt-validation", "Order": 1, "JwtValidationConfig": config}
    (found,) = ground.elbv2.describe_rules(RuleArns=[made["RuleArn"]])["Rules"]
    assert found["Actions"][0] == shown
    ground.elbv2.delete_rule(RuleArn=made["RuleArn"])


SECRET = {"ClientSecret": "secret"}


@pytest.mark.parametrize(
    ("actions", "at", "code", "text"),
    [
        ([oidc(**SECRET), LAST], 0, "InvalidLoadBalancerAction",
         "Actions of type 'authenticate-oidc' are supported only on HTTPS listeners"),
        ([token(), LAST], 0, "InvalidLoadBalancerAction",
         "Actions of type 'jwt-validation' are supported only on HTTPS listeners"),
        ([oidc(), LAST], 2, "InvalidLoadBalancerAction",
         "You must either specify a client secret or set UseExistingClientSecret to true"),
        ([oidc(UseExistingClientSecret=True), LAST], 2, "InvalidLoadBalancerAction",
         "You must either specify a client secret or set UseExistingClientSecret to true"),
        ([oidc(**SECRET)], 2, "InvalidLoadBalancerAction",
         "The last action must be a forward, redirect or fixed-response action"),
        ([oidc(**SECRET), SAYS], 2, "ValidationError",
         "An order of its own must be specified for each of several actions"),
        ([oidc(**SECRET, TokenEndpoint="http://idp.example.com/t"), LAST], 2, "ValidationError",
         "'TokenEndpoint' must be a full URL with HTTPS, domain and path"),
        ([oidc(**SECRET, SessionTimeout=604801), LAST], 2, "ValidationError",
         "The 'SessionTimeout' must be from 1 to 604800 seconds, not '604801'"),
        ([token(AdditionalClaims=[
            {"Name": "iss", "Format": "single-string", "Values": ["x"]}]), LAST], 2,
         "ValidationError", "The claim 'iss' is always validated and cannot be specified"),
    ],
)  # fmt: skip
def test_an_action_that_aws_refuses_is_refused(
    ground: Ground, actions: list[Json], at: int, code: str, text: str
) -> None:
    assert refused(lambda: create(ground, *actions, at=at, priority=9)) == (code, text)


def test_a_listener_has_a_security_policy_that_there_is(ground: Ground) -> None:
    elbv2, (clear, _, secure) = ground.elbv2, ground.listeners
    modify = elbv2.modify_listener

    def policy_of(listener: str) -> str | None:
        found = elbv2.describe_listeners(ListenerArns=[listener])["Listeners"][0]
        return str(found["SslPolicy"]) if "SslPolicy" in found else None

    assert (policy_of(clear), policy_of(secure)) == (None, "ELBSecurityPolicy-2016-08")
    name = "ELBSecurityPolicy-FS-1-2-2019-08"
    modify(ListenerArn=secure, SslPolicy=name)
    (shown,) = elbv2.describe_ssl_policies(Names=[name])["SslPolicies"]
    assert (policy_of(secure), shown["SslProtocols"]) == (name, ["TLSv1.2"])
    assert shown["SupportedLoadBalancerTypes"] == ["application", "network"]
    assert {cipher["Name"][:6] for cipher in shown["Ciphers"]} == {"ECDHE-"}
    unknown = ("SSLPolicyNotFound", "SSL policy 'none' not found")
    assert refused(lambda: modify(ListenerArn=secure, SslPolicy="none")) == unknown
    assert refused(lambda: elbv2.describe_ssl_policies(Names=["none"])) == unknown
    clear_text = ("ValidationError", "An SSL policy cannot be specified for HTTP listeners")
    assert refused(lambda: modify(ListenerArn=clear, SslPolicy=name)) == clear_text
