"""Who has not signed in, or has no token, meets the balancer's own answer and no target."""

from __future__ import annotations

import http.client
import re
import ssl
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.emulator.balancer.test_edge import CA, certificate
from tests.emulator.support.balancer_rig import Got, Rig, fixed_response, listener

Json = dict[str, Any]
OIDC = {
    "Issuer": "https://idp.example.com",
    "AuthorizationEndpoint": "https://idp.example.com/authorize",
    "ClientId": "ours",
    "Scope": "openid profile",
}
POOL = {
    "UserPoolArn": "arn:aws:cognito-idp:us-west-2:123456789012:userpool/us-west-2_x",
    "UserPoolClientId": "theirs",
    "UserPoolDomain": "people",
}
KEYS = {"JwksEndpoint": "https://idp.example.com/keys", "Issuer": "https://idp.example.com"}


def oidc(**more: Any) -> Json:
    return {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {**OIDC, **more}}


ROUTES: dict[str, Json] = {
    "/in": oidc(AuthenticationRequestExtraParams={"prompt": "login"}),
    "/denied": oidc(OnUnauthenticatedRequest="deny"),
    "/open": oidc(OnUnauthenticatedRequest="allow"),
    "/pool": {"Type": "authenticate-cognito", "Order": 1, "AuthenticateCognitoConfig": POOL},
    "/token": {"Type": "jwt-validation", "Order": 1, "JwtValidationConfig": KEYS},
}


def routed(number: int, path: str, guard: Json) -> Json:
    """Return a rule whose guard stands before its fixed response, though it is listed last."""
    return {
        "arn": f"arn:rule/{number}",
        "priority": str(number),
        "conditions": [{"Field": "path-pattern", "Values": [path]}],
        "actions": [{**fixed_response("reached"), "Order": 2}, guard],
    }


@pytest.fixture(scope="module")
def guarded(rig: Rig) -> Rig:
    rules = [routed(n, path, guard) for n, (path, guard) in enumerate(ROUTES.items(), start=1)]
    default = {"arn": "d", "priority": "default", "actions": [fixed_response("anybody")]}
    served = [certificate("registry.hokus.ai", default=True)]
    rig.show(
        *(
            listener(*rules, default, port=port, protocol="HTTPS", certificates=served)
            for port in (443, 8443)
        )
    )
    return rig


def ask(rig: Rig, path: str, port: int = 443, **headers: str) -> Got:
    context = ssl.create_default_context()
    CA.configure_trust(context)
    context.check_hostname = False
    connection = http.client.HTTPSConnection(*rig.edge(port), context=context, timeout=10)
    connection.request("GET", path, headers={"Host": "registry.hokus.ai", **headers})
    response = connection.getresponse()
    got = Got(response.status, dict(response.getheaders()), response.read())
    connection.close()
    return got


def test_a_client_who_has_not_signed_in_is_sent_to_the_identity_provider(guarded: Rig) -> None:
    cookie = {"Cookie": "AWSELBAuthSessionCookie-0=forged"}
    for got in (ask(guarded, "/in?a=b"), ask(guarded, "/in", **cookie)):
        assert (got.status, got.headers["Server"], len(got.body)) == (302, "awselb/2.0", 110)
        where = urlsplit(got.headers["Location"])
        assert (where.scheme, where.netloc, where.path) == (
            "https",
            "idp.example.com",
            "/authorize",
        )
        asks = parse_qs(where.query)
        assert len(asks.pop("state")[0]) > 100
        assert asks == {
            "client_id": ["ours"],
            "redirect_uri": ["https://registry.hokus.ai/oauth2/idpresponse"],
            "response_type": ["code"],
            "scope": ["openid profile"],
            "prompt": ["login"],
        }
        assert re.fullmatch(
            r"AWSALBAuthNonce=\w{16}; Path=/; Secure; HttpOnly", got.headers["Set-Cookie"]
        )
    record = guarded.last_record("/in")
    assert (record["status"], record["answered_by"], record["target"]) == (302, "balancer", None)


def test_a_pool_of_cognito_has_its_own_place_to_sign_in(guarded: Rig) -> None:
    where = ask(guarded, "/pool", port=8443).headers["Location"]
    begin = "https://people.auth.us-west-2.amazoncognito.com/oauth2/authorize?client_id=theirs&"
    back = "redirect_uri=https%3A%2F%2Fregistry.hokus.ai%3A8443%2Foauth2%2Fidpresponse&"
    assert where.startswith(f"{begin}{back}response_type=code&scope=openid&state=")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/denied", (401, b"401 Unauthorized")),
        ("/token", (401, b"401 Unauthorized")),
        ("/oauth2/idpresponse?code=x&state=y", (401, b"401 Unauthorized")),
        ("/open", (200, b"reached")),
        ("/elsewhere", (200, b"anybody")),
    ],
)
def test_what_else_may_happen_to_such_a_client(
    guarded: Rig, path: str, expected: tuple[int, bytes]
) -> None:
    got = ask(guarded, path, Authorization="Bearer e30.e30.e30")
    assert (got.status, "Location" in got.headers) == (expected[0], False)
    assert expected[1] in got.body
