"""A web ACL before a load balancer: what it blocks, counts and tells of it."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest

from emulator.balancer.firewall_statements import StatementUnknownError, holds
from emulator.balancer.match import Asked
from tests.emulator.support.balancer_rig import Rig, fixed_response, listener, rule

Json = dict[str, Any]
PAGE_403 = (
    b"<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n"
    b"<center><h1>403 Forbidden</h1></center>\r\n</body>\r\n</html>\r\n"
)
PEER = "127.0.0.1"


def text_match(text: str, position: str = "STARTS_WITH", field: Json | None = None) -> Json:
    return {
        "ByteMatchStatement": {
            "SearchString": base64.b64encode(text.encode()).decode(),
            "FieldToMatch": field or {"UriPath": {}},
            "TextTransformations": [{"Priority": 0, "Type": "LOWERCASE"}],
            "PositionalConstraint": position,
        }
    }


def addresses(*networks: str) -> Json:
    return {"IPSetReferenceStatement": {"ARN": "arn:set", "Addresses": list(networks)}}


def judged_by(name: str, statement: Json, **action: Json) -> Json:
    sampled = {"SampledRequestsEnabled": True, "MetricName": f"m-{name}"}
    return {
        "Name": name,
        "Statement": statement,
        "Action": action or {"Block": {}},
        "VisibilityConfig": sampled,
    }


def acl(*rules: Json, **default: Json) -> Json:
    return {
        "arn": "arn:acl",
        "name": "shield",
        "default_action": default or {"Allow": {}},
        "visibility_config": {"SampledRequestsEnabled": True, "MetricName": "m"},
        "custom_response_bodies": {"sorry": {"ContentType": "TEXT_PLAIN", "Content": "too many"}},
        "rules": list(rules),
    }


def show(rig: Rig, web_acl: Json | None) -> None:
    rig.show(listener(rule("default", fixed_response("reached"))), web_acl=web_acl)


def told(rig: Rig, *uris: str, number: int) -> list[Json]:
    """Wait for a number of judgements of some URIs and return them."""
    end = time.monotonic() + 3
    while True:
        found = [one for one in list(rig.judged) if one["uri"] in uris]
        if len(found) >= number or time.monotonic() > end:
            return found
        time.sleep(0.01)


def short(judged: list[Json]) -> list[tuple[str, str, str, int | None]]:
    return [(j["metric"], j["action"], j["uri"], j.get("status")) for j in judged]


def test_a_blocked_request_gets_the_balancers_own_page_and_is_sampled(rig: Rig) -> None:
    counting = judged_by("seen", text_match("/"), Count={})
    show(rig, acl(counting, judged_by("admin", text_match("/admin"))))
    got = rig.get("/ADMIN/x?a=b")
    assert (got.status, got.body, got.headers["Server"]) == (403, PAGE_403, "awselb/2.0")
    assert rig.last_record("/ADMIN/x")["reason"] == "blocked by admin of shield"
    assert rig.get("/api").body == b"reached"
    found = told(rig, "/ADMIN/x?a=b", "/api", number=4)
    assert short(found) == [
        ("m-seen", "COUNT", "/ADMIN/x?a=b", None),
        ("m-admin", "BLOCK", "/ADMIN/x?a=b", 403),
        ("m-seen", "COUNT", "/api", None),
        ("Default_Action", "ALLOW", "/api", None),
    ]
    sample = found[1]
    assert (sample["client"], sample["method"], sample["version"]) == (PEER, "GET", "HTTP/1.1")
    assert ["Host", "registry.hokus.ai"] in sample["headers"]


def test_an_address_is_blocked_or_let_in_before_all_others_are_kept_out(rig: Rig) -> None:
    show(rig, acl(judged_by("office", addresses("127.0.0.0/24"))))
    assert rig.get().status == 403
    show(rig, acl(judged_by("office", addresses(f"{PEER}/32"), Allow={}), Block={}))
    assert rig.get().status == 200
    show(rig, acl(judged_by("office", addresses("198.51.100.0/24"), Allow={}), Block={}))
    assert rig.get("/kept-out").status == 403
    assert short(told(rig, "/kept-out", number=1)) == [
        ("Default_Action", "BLOCK", "/kept-out", 403)
    ]
    show(rig, None)
    assert rig.get().status == 200


def test_a_rate_rule_blocks_a_client_beyond_its_limit_with_an_answer_of_its_own(rig: Rig) -> None:
    rate = {"Limit": 10, "AggregateKeyType": "IP", "ScopeDownStatement": text_match("/api")}
    custom = {
        "ResponseCode": 429,
        "CustomResponseBodyKey": "sorry",
        "ResponseHeaders": [{"Name": "Retry-After", "Value": "60"}],
    }
    limit = judged_by("rate", {"RateBasedStatement": rate}, Block={"CustomResponse": custom})
    show(rig, acl(limit))
    assert [rig.get("/api").status for _ in range(12)] == [200] * 10 + [429] * 2
    got = rig.get("/api")
    assert (got.body, got.headers["Content-Type"]) == (b"too many", "text/plain")
    assert got.headers["Retry-After"] == "60"
    assert rig.get("/elsewhere").status == 200


def test_a_rule_that_is_not_known_here_matches_nothing(rig: Rig) -> None:
    unknown = {"NotStatement": {"Statement": {"GeoMatchStatement": {"CountryCodes": ["DE"]}}}}
    show(rig, acl(judged_by("geo", unknown)))
    assert rig.get().status == 200


ASKED = Asked(
    method="POST",
    host="registry.hokus.ai",
    path="/api/%2e/Models",
    query="page=1&q=a+b",
    headers=[("User-Agent", "curl/8"), ("X-Forwarded-For", "198.51.100.7, 10.0.0.1")],
    peer=PEER,
)
NO = {"TextTransformations": [{"Priority": 0, "Type": "NONE"}]}
BY_HEADER = {"HeaderName": "X-Forwarded-For", "FallbackBehavior": "NO_MATCH", "Position": "FIRST"}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (text_match("/models", "ENDS_WITH"), True),
        (text_match("/Models", "ENDS_WITH"), False),  # the path was made lower case, this not
        (text_match("post", "EXACTLY", {"Method": {}}), True),
        (text_match("curl", "CONTAINS", {"SingleHeader": {"Name": "user-agent"}}), True),
        (text_match("a b", "EXACTLY", {"SingleQueryArgument": {"Name": "Q"}}), True),
        (text_match("2", "EXACTLY", {"AllQueryArguments": {}}), False),
        ({"RegexMatchStatement": {"RegexString": "^/api/.*s$", "FieldToMatch": {"UriPath": {}},
                                  **NO}}, True),
        ({"SizeConstraintStatement": {"Size": 12, "ComparisonOperator": "GT",
                                      "FieldToMatch": {"QueryString": {}}, **NO}}, False),
        ({"IPSetReferenceStatement": {"Addresses": ["198.51.100.0/24"],
                                      "IPSetForwardedIPConfig": BY_HEADER}}, True),
        ({"AndStatement": {"Statements": [addresses(f"{PEER}/32"), text_match("/api")]}}, True),
        ({"OrStatement": {"Statements": [addresses("::/0"), text_match("/no")]}}, False),
        ({"NotStatement": {"Statement": addresses("::/0")}}, True),
    ],
)  # fmt: skip
def test_a_statement_is_compared_with_the_part_that_it_names(
    statement: Json, expected: bool
) -> None:
    assert holds(statement, ASKED) is expected


def test_a_part_that_is_not_known_is_said_to_be_so() -> None:
    for statement in ({}, {"LabelMatchStatement": {}}, text_match("x", "EXACTLY", {"Body": {}})):
        with pytest.raises(StatementUnknownError):
            holds(statement, ASKED)
