"""Edits of rules and listeners as AWS's API takes them, with their ways back."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import Action, Condition, Forward, Listener, LoadBalancer, Rule
from canary.diagnose.remedies.edit import Later
from canary.diagnose.remedies.listeners import (
    add_certificates,
    create_listener,
    default_actions,
    default_certificate,
    modify_listener,
    whole_listener,
)
from canary.diagnose.remedies.rules import (
    action_json,
    changed_parts,
    condition_json,
    create_rule,
    delete_rule,
    modify_rule,
    move_rules,
    path,
)
from canary.diagnose.routing.rule_remedies import with_forwards


def forward(*groups: tuple[str, int], **fields: Any) -> Action:
    found = tuple(Forward(target_group=g, weight=w) for g, w in groups)
    return Action(type="forward", forwards=found, **fields)


OIDC = {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {"Issuer": "i"}}


@pytest.mark.parametrize(
    ("action", "json"),
    [
        (forward(("a", 1)), {"Type": "forward", "TargetGroupArn": "a"}),
        (forward(("a", 7)), {"Type": "forward", "TargetGroupArn": "a"}),
        (forward(("a", 1), order=3), {"Type": "forward", "Order": 3, "TargetGroupArn": "a"}),
        (forward(("a", 1), ("b", 2)),
         {"Type": "forward", "ForwardConfig": {"TargetGroups": [
             {"TargetGroupArn": "a", "Weight": 1}, {"TargetGroupArn": "b", "Weight": 2}]}}),
        (forward(("a", 1), sticky=True, sticky_s=60),
         {"Type": "forward", "ForwardConfig": {
             "TargetGroups": [{"TargetGroupArn": "a", "Weight": 1}],
             "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60}}}),
        (forward(), {"Type": "forward"}),
        (Action(type="fixed-response", status_code="403"),
         {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "403"}}),
        (Action(type="fixed-response", status_code="503", content_type="text/plain",
                message_body="later"),
         {"Type": "fixed-response", "FixedResponseConfig": {
             "StatusCode": "503", "ContentType": "text/plain", "MessageBody": "later"}}),
        (Action(type="redirect", redirect="HTTPS://#{host}:443/#{path}?#{query}"),
         {"Type": "redirect", "RedirectConfig": {
             "Protocol": "HTTPS", "Host": "#{host}", "Port": "443", "Path": "/#{path}",
             "Query": "#{query}", "StatusCode": "HTTP_301"}}),
        (Action(type="redirect", redirect="#{protocol}://a.b:#{port}/", status_code="HTTP_302"),
         {"Type": "redirect", "RedirectConfig": {
             "Protocol": "#{protocol}", "Host": "a.b", "Port": "#{port}", "Path": "/",
             "Query": "", "StatusCode": "HTTP_302"}}),
        (Action(type="authenticate-oidc", config=OIDC),
         {**OIDC, "AuthenticateOidcConfig": {"Issuer": "i", "UseExistingClientSecret": True}}),
        (Action(type="authenticate-oidc", config={"Type": "authenticate-oidc"}),
         {"Type": "authenticate-oidc",
          "AuthenticateOidcConfig": {"UseExistingClientSecret": True}}),
        (Action(type="authenticate-cognito", config={"Type": "x", "Order": 1}),
         {"Type": "x", "Order": 1}),
        (Action(type="forward", config={"TargetGroupArn": "a", "ForwardConfig": {}}),
         {"TargetGroupArn": "a", "ForwardConfig": {}}),
        (Action(type="forward", config={"TargetGroupArn": "a", "ForwardConfig": {
            "TargetGroups": [{"TargetGroupArn": "a"}]}}),
         {"ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "a"}]}}),
    ],
)  # fmt: skip
def test_an_action_is_as_it_was_read_else_as_its_fields_say(
    action: Action, json: dict[str, Any]
) -> None:
    assert action_json(action) == json


def on(field: str, *values: str, **fields: Any) -> Condition:
    return Condition(field=field, values=values, **fields)


@pytest.mark.parametrize(
    ("condition", "json"),
    [
        (on("path-pattern", "/a", "/b"),
         {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a", "/b"]}}),
        (on("path-pattern", "/a", "regex:^/b"),
         {"Field": "path-pattern",
          "PathPatternConfig": {"Values": ["/a"], "RegexValues": ["^/b"]}}),
        (on("path-pattern", "regex:^/b"),
         {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["^/b"]}}),
        (on("host-header", "a.b"),
         {"Field": "host-header", "HostHeaderConfig": {"Values": ["a.b"]}}),
        (on("http-header", "x", name="X-A"),
         {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-A", "Values": ["x"]}}),
        (on("http-request-method", "GET"),
         {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}}),
        (on("source-ip", "10.0.0.0/8"),
         {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}),
        (on("query-string", "a=b", "=c", "d=e=f"),
         {"Field": "query-string", "QueryStringConfig": {"Values": [
             {"Key": "a", "Value": "b"}, {"Value": "c"}, {"Key": "d", "Value": "e=f"}]}}),
        (on("path-pattern", "/a", config={"Values": ["/a"], "PathPatternConfig": {
            "Values": ["/as-read"]}}),
         {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/as-read"]}}),
        (on("path-pattern", "/a", config={"PathPatternConfig": {}}),
         {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"]}}),
        (on("new-kind", "x", config={"Field": "new-kind", "NewConfig": 1}),
         {"Field": "new-kind", "NewConfig": 1}),
    ],
)  # fmt: skip
def test_a_condition_is_written_by_its_settings(condition: Condition, json: dict[str, Any]) -> None:
    assert condition_json(condition) == json


def test_target_groups_are_exchanged_and_all_else_is_kept() -> None:
    weighted = {"TargetGroups": [{"TargetGroupArn": "a", "Weight": 3}, {"TargetGroupArn": "c"}],
                "TargetGroupStickinessConfig": {"Enabled": True}}  # fmt: skip
    action = forward(
        ("a", 3),
        ("c", 1),
        order=2,
        config={"Type": "forward", "TargetGroupArn": "a", "ForwardConfig": weighted},
    )
    found = with_forwards(action, {"a": "b"})
    assert found.config == {
        "Type": "forward", "TargetGroupArn": "b",
        "ForwardConfig": {
            "TargetGroups": [{"TargetGroupArn": "b", "Weight": 3}, {"TargetGroupArn": "c"}],
            "TargetGroupStickinessConfig": {"Enabled": True},
        },
    }  # fmt: skip
    assert [(f.target_group, f.weight) for f in found.forwards] == [("b", 3), ("c", 1)]
    assert (found.type, found.order) == ("forward", 2)
    assert weighted["TargetGroups"][0]["TargetGroupArn"] == "a"  # type: ignore[index]
    plain = with_forwards(forward(("a", 1)), {"a": "b"})
    assert plain == forward(("b", 1))
    other = forward(("x", 1), config={"TargetGroupArn": "x"})
    assert with_forwards(other, {"a": "b"}) == other


GUARD = Action(type="fixed-response", status_code="403")
RULE = Rule(
    arn="arn:r", priority="7", conditions=path("/a"), action=forward(("a", 1)), earlier=(GUARD,),
    transforms=({"Type": "url-rewrite"},),
)  # fmt: skip
RULE_ACTIONS = [action_json(GUARD), {"Type": "forward", "TargetGroupArn": "a"}]
RULE_PATHS = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"]}}]
LISTENER = Listener(arn="arn:x", port=443, protocol="HTTPS")


def test_a_rule_is_modified_in_what_is_given() -> None:
    edit = modify_rule(RULE, actions=(forward(("b", 1)),))
    wanted = {"Actions": [{"Type": "forward", "TargetGroupArn": "b"}]}
    assert edit.parameters == {"RuleArn": "arn:r", **wanted}
    assert (edit.before, edit.after) == ({"Actions": RULE_ACTIONS}, wanted)
    assert edit.undo is not None
    assert edit.undo.parameters == {"RuleArn": "arn:r", "Actions": RULE_ACTIONS}
    edit = modify_rule(RULE, conditions=path("/b"))
    paths = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/b"]}}]
    assert edit.parameters == {"RuleArn": "arn:r", "Conditions": paths}
    assert edit.before == {"Conditions": RULE_PATHS}


def test_a_rule_is_created_whole_and_its_way_back_deletes_it() -> None:
    edit = create_rule(LISTENER, 7, RULE.conditions, RULE.actions, RULE.transforms)
    whole = {
        "Priority": 7, "Conditions": RULE_PATHS, "Actions": RULE_ACTIONS,
        "Transforms": [{"Type": "url-rewrite"}],
    }  # fmt: skip
    assert (edit.service, edit.operation) == ("elbv2", "create-rule")
    assert edit.parameters == {"ListenerArn": "arn:x", **whole}
    assert (edit.before, edit.after, edit.resource) == (None, whole, "rule 7 of arn:x")
    assert edit.undo is not None
    assert (edit.undo.operation, edit.undo.before, edit.undo.after) == ("delete-rule", whole, None)
    assert edit.undo.parameters == {"RuleArn": Later(
        service="elbv2", operation="describe-rules", parameters={"ListenerArn": "arn:x"},
        query="Rules[?Priority=='7'].RuleArn",
    )}  # fmt: skip
    plain = create_rule(LISTENER, 8, path("/b"), (GUARD,))
    assert "Transforms" not in plain.parameters


def test_a_rule_of_a_new_listener_goes_with_it() -> None:
    later = Later(service="elbv2", operation="describe-listeners", parameters={}, query="q")
    edit = create_rule(later, 7, path("/a"), (GUARD,))
    assert (edit.resource, edit.undo, edit.parameters["ListenerArn"]) == ("rule 7", None, later)


def test_a_deleted_rule_comes_back_whole() -> None:
    edit = delete_rule(LISTENER, RULE)
    assert (edit.operation, edit.parameters) == ("delete-rule", {"RuleArn": "arn:r"})
    assert edit.undo is not None and edit.undo.operation == "create-rule"
    assert edit.undo.parameters["Transforms"] == [{"Type": "url-rewrite"}]
    assert (edit.before, edit.after, edit.resource) == (edit.undo.after, None, "arn:r")


def test_rules_move_there_and_back_all_at_once() -> None:
    other = Rule(arn="arn:q", priority="9", action=GUARD)
    edit = move_rules([(RULE, 9), (other, 7)])
    new = [{"RuleArn": "arn:r", "Priority": 9}, {"RuleArn": "arn:q", "Priority": 7}]
    old = [{"RuleArn": "arn:r", "Priority": 7}, {"RuleArn": "arn:q", "Priority": 9}]
    assert (edit.operation, edit.resource) == ("set-rule-priorities", "arn:r")
    assert edit.parameters == edit.after == {"RulePriorities": new}
    assert edit.before == {"RulePriorities": old}
    assert edit.undo is not None
    assert edit.undo.parameters == edit.undo.after == {"RulePriorities": old}
    assert edit.undo.before == {"RulePriorities": new}


def test_transforms_are_set_and_reset() -> None:
    edit = modify_rule(RULE, transforms=())
    assert edit.parameters == {"RuleArn": "arn:r", "ResetTransforms": True}
    assert edit.before == {"Transforms": [{"Type": "url-rewrite"}]}
    assert edit.undo is not None
    assert edit.undo.parameters == {"RuleArn": "arn:r", "Transforms": [{"Type": "url-rewrite"}]}
    assert modify_rule(RULE).parameters == {"RuleArn": "arn:r"}


def test_the_parts_of_a_rule_that_differ() -> None:
    other = Rule(arn="x", priority="9", conditions=path("/b"), action=GUARD)
    assert changed_parts(RULE, RULE) == {}
    assert changed_parts(RULE, other) == {
        "actions": RULE.actions, "conditions": RULE.conditions, "transforms": RULE.transforms,
    }  # fmt: skip


def test_a_deleted_sign_in_has_no_way_back() -> None:
    sign_in = Action(type="authenticate-oidc", config=OIDC)
    edit = delete_rule(LISTENER, Rule(arn="x", priority="7", action=GUARD, earlier=(sign_in,)))
    assert edit.undo is None
    assert edit.irreversible == "AWS does not tell the client secret of its sign-in."
    assert delete_rule(LISTENER, RULE).irreversible == ""


# --- listeners

LAST = Rule(arn="d", priority="default", action=forward(("a", 1)))
MUTUAL = {"Mode": "verify", "TrustStoreArn": "t", "IgnoreClientCertificateExpiry": False}
FULL = Listener(
    arn="arn:x", port=443, protocol="HTTPS", certificates=("c1", "c2", "c3"),
    default_certificate="c2", rules=(RULE, LAST), ssl_policy="P", alpn=("HTTP2Preferred",),
    mutual_authentication={**MUTUAL, "TrustStoreAssociationStatus": "active"},
    attributes={"routing.http.response.server.enabled": "false", "b": "", "a": "1"},
    tags={"team": "edge", "aws:cloudformation:stack-name": "web"},
)  # fmt: skip
DEFAULTS = [{"Type": "forward", "TargetGroupArn": "a"}]


def test_what_a_listener_does_by_default() -> None:
    assert default_actions(FULL) == LAST.actions
    told = Listener(arn="x", port=80, protocol="HTTP", default_actions=(GUARD,), rules=(LAST,))
    assert default_actions(told) == (GUARD,)
    assert default_actions(LISTENER) == ()
    assert default_certificate(FULL) == "c2"
    first = Listener(arn="x", port=443, protocol="HTTPS", certificates=("c1", "c2"))
    assert default_certificate(first) == "c1" and default_certificate(LISTENER) == ""


WHOLE = {
    "Protocol": "HTTPS", "Port": 443, "SslPolicy": "P",
    "Certificates": [{"CertificateArn": "c2"}], "DefaultActions": DEFAULTS,
    "AlpnPolicy": ["HTTP2Preferred"], "MutualAuthentication": MUTUAL,
    "Tags": [{"Key": "team", "Value": "edge"}],
}  # fmt: skip


def test_a_listener_is_whole_with_all_that_differs_from_a_new_one() -> None:
    assert whole_listener(FULL) == WHOLE
    plain = Listener(
        arn="x", port=80, protocol="HTTP", rules=(LAST,), alpn=("None",),
        mutual_authentication={"Mode": "off"},
    )  # fmt: skip
    assert whole_listener(plain) == {"Protocol": "HTTP", "Port": 80, "DefaultActions": DEFAULTS}


BALANCER = LoadBalancer(arn="arn:b", name="web", dns_name="d")
MADE = Later(
    service="elbv2", operation="describe-listeners", parameters={"LoadBalancerArn": "arn:b"},
    query="Listeners[?Port==`443`].ListenerArn",
)  # fmt: skip


def test_a_listener_comes_back_with_certificates_attributes_and_rules() -> None:
    create, second, third, attributes, rule = create_listener(BALANCER, FULL)
    assert (create.service, create.operation) == ("elbv2", "create-listener")
    assert create.parameters == {"LoadBalancerArn": "arn:b", **WHOLE}
    assert (create.before, create.after, create.resource) == (None, WHOLE, "web:443")
    assert create.undo is not None
    assert (create.undo.operation, create.undo.parameters) == (
        "delete-listener", {"ListenerArn": MADE},
    )  # fmt: skip
    assert (create.undo.before, create.undo.after) == (WHOLE, None)
    assert [(e.operation, e.parameters) for e in (second, third, attributes)] == [
        ("add-listener-certificates",
         {"ListenerArn": MADE, "Certificates": [{"CertificateArn": "c1"}]}),
        ("add-listener-certificates",
         {"ListenerArn": MADE, "Certificates": [{"CertificateArn": "c3"}]}),
        ("modify-listener-attributes",
         {"ListenerArn": MADE, "Attributes": [
             {"Key": "a", "Value": "1"},
             {"Key": "routing.http.response.server.enabled", "Value": "false"}]}),
    ]  # fmt: skip
    assert attributes.after == {"Attributes": attributes.parameters["Attributes"]}
    assert (attributes.before, attributes.resource) == ({}, "the new listener")
    assert rule.parameters["Priority"] == 7 and rule.parameters["ListenerArn"] == MADE
    assert rule.parameters["Transforms"] == [{"Type": "url-rewrite"}]


def test_a_plain_listener_needs_one_command() -> None:
    usual = {"routing.http.response.server.enabled": "true"}
    plain = Listener(arn="x", port=443, protocol="HTTPS", rules=(LAST,), attributes=usual)
    assert len(create_listener(BALANCER, plain)) == 1


def test_a_listener_is_modified_in_what_differs() -> None:
    edit = modify_listener(FULL, actions=(GUARD,), certificate="c9", port=443, policy="Q")
    wanted = {
        "DefaultActions": [action_json(GUARD)], "Certificates": [{"CertificateArn": "c9"}],
        "SslPolicy": "Q",
    }  # fmt: skip
    was = {
        "DefaultActions": DEFAULTS, "Certificates": [{"CertificateArn": "c2"}], "SslPolicy": "P",
    }  # fmt: skip
    assert (edit.operation, edit.resource) == ("modify-listener", "arn:x")
    assert edit.parameters == {"ListenerArn": "arn:x", **wanted}
    assert (edit.before, edit.after) == (was, wanted)
    assert edit.undo is not None
    assert edit.undo.parameters == {"ListenerArn": "arn:x", **was}
    assert (edit.undo.before, edit.undo.after) == (wanted, was)
    moved = modify_listener(FULL, port=8443, protocol="HTTP")
    assert moved.parameters == {"ListenerArn": "arn:x", "Port": 8443, "Protocol": "HTTP"}
    assert moved.before == {"Port": 443, "Protocol": "HTTPS"}


def test_the_way_back_of_a_listener_names_nothing_that_was_not_there() -> None:
    edit = modify_listener(LISTENER, certificate="c9", policy="Q")
    assert edit.before == {"Certificates": [{"CertificateArn": ""}], "SslPolicy": ""}
    assert edit.undo is not None and edit.undo.parameters == {"ListenerArn": "arn:x"}


def test_mutual_authentication_is_set_and_set_back() -> None:
    edit = modify_listener(FULL, mutual={"Mode": "off"})
    assert edit.parameters == {"ListenerArn": "arn:x", "MutualAuthentication": {"Mode": "off"}}
    assert edit.before == {"MutualAuthentication": MUTUAL}
    assert edit.undo is not None
    assert edit.undo.parameters == {"ListenerArn": "arn:x", "MutualAuthentication": MUTUAL}


def test_certificates_are_added_and_taken_out_again() -> None:
    edit = add_certificates(FULL, ["c8", "c9"])
    both = {"Certificates": [{"CertificateArn": "c8"}, {"CertificateArn": "c9"}]}
    assert (edit.operation, edit.before, edit.after) == ("add-listener-certificates", {}, both)
    assert edit.parameters == {"ListenerArn": "arn:x", **both}
    assert edit.undo is not None and edit.undo.undo is None
    assert edit.undo.operation == "remove-listener-certificates"
    assert edit.undo.parameters == {"ListenerArn": "arn:x", **both}
    assert (edit.undo.before, edit.undo.after) == (both, {})
