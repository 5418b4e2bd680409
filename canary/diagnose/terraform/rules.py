"""Listener rules as blocks: all actions in their order, all conditions, all transforms."""

from __future__ import annotations

from typing import Any

from canary.control_plane.routing import listener_of
from canary.control_plane.state import Listener, Rule
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.edit import Edit, Later, Parameters
from canary.diagnose.remedies.rules import condition_json, rule_json
from canary.diagnose.terraform.draft import TAGS, Draft, Resource, after, differing
from canary.diagnose.terraform.hcl import Block, NotWholeError
from canary.diagnose.terraform.shapes import Body, Shape, argument, blocks, body, tags

TYPE = "aws_lb_listener_rule"
_SIGN_IN = {
    "OnUnauthenticatedRequest": "on_unauthenticated_request",
    "Scope": "scope",
    "SessionCookieName": "session_cookie_name",
    "SessionTimeout": "session_timeout",
}
_GROUP = Shape(
    "target_group", {"TargetGroupArn": "arn", "Weight": "weight"}, needs=("TargetGroupArn",)
)
_FORWARD = Shape(
    "forward",
    blocks=(
        (
            "TargetGroups",
            Shape(
                "target_group",
                {"TargetGroupArn": "arn", "Weight": "weight"},
                needs=("TargetGroupArn",),
            ),
        ),
        (
            "TargetGroupStickinessConfig",
            Shape(
                "stickiness",
                {"Enabled": "enabled", "DurationSeconds": "duration"},
                needs=("DurationSeconds",),
            ),
        ),
    ),
)
_COGNITO = Shape(
    "authenticate_cognito",
    {
        "UserPoolArn": "user_pool_arn",
        "UserPoolClientId": "user_pool_client_id",
        "UserPoolDomain": "user_pool_domain",
        **_SIGN_IN,
    },
    maps={"AuthenticationRequestExtraParams": "authentication_request_extra_params"},
    needs=("UserPoolArn", "UserPoolClientId", "UserPoolDomain"),
)
_JWT = Shape(
    "jwt_validation",
    {"Issuer": "issuer", "JwksEndpoint": "jwks_endpoint"},
    (
        (
            "AdditionalClaims",
            Shape(
                "additional_claim",
                {"Format": "format", "Name": "name", "Values": "values"},
                needs=("Format", "Name", "Values"),
            ),
        ),
    ),
    needs=("Issuer", "JwksEndpoint"),
)
_REDIRECT = Shape(
    "redirect",
    {
        "Protocol": "protocol",
        "Host": "host",
        "Port": "port",
        "Path": "path",
        "Query": "query",
        "StatusCode": "status_code",
    },
    needs=("StatusCode",),
)
_FIXED = Shape(
    "fixed_response",
    {"ContentType": "content_type", "MessageBody": "message_body", "StatusCode": "status_code"},
    needs=("ContentType",),
)
# An OIDC sign-in has no row: Terraform requires its client secret, which AWS never tells.
_ACTION = (
    ("ForwardConfig", _FORWARD),
    ("RedirectConfig", _REDIRECT),
    ("FixedResponseConfig", _FIXED),
    ("AuthenticateCognitoConfig", _COGNITO),
    ("JwtValidationConfig", _JWT),
)
_VALUES = {"Values": "values", "RegexValues": "regex_values"}
_CONDITION = (
    ("HostHeaderConfig", Shape("host_header", _VALUES)),
    ("PathPatternConfig", Shape("path_pattern", _VALUES)),
    ("HttpHeaderConfig", Shape("http_header", {"HttpHeaderName": "http_header_name", **_VALUES})),
    ("HttpRequestMethodConfig", Shape("http_request_method", {"Values": "values"})),
    ("SourceIpConfig", Shape("source_ip", {"Values": "values"})),
)
_QUERY = Shape("query_string", {"Key": "key", "Value": "value"}, needs=("Value",))
_REGEX = Shape("rewrite", {"Regex": "regex", "Replace": "replace"}, needs=("Regex",))
_REWRITE = Shape("", blocks=(("Rewrites", _REGEX),))
_TRANSFORM = (
    ("HostHeaderRewriteConfig", "host_header_rewrite_config"),
    ("UrlRewriteConfig", "url_rewrite_config"),
)


def actions(kind: str, wanted: list[Parameters]) -> Body:
    """Return a block for each action."""
    found: Body = []
    for one in wanted:
        shape = Shape(
            kind, {"Type": "type", "Order": "order", "TargetGroupArn": "target_group_arn"}, _ACTION
        )
        found += blocks(shape, _plain(one))
    return found


def _plain(action: Parameters) -> Parameters:
    """Return an action without what says nothing, one group alone by its short name.

    A group of weight 0 gets no requests even if it is the only one.
    """
    found, forward = dict(action), action.get("ForwardConfig") or {}
    groups = forward.get("TargetGroups") or []
    sticky = forward.get("TargetGroupStickinessConfig") or {}
    if not groups:
        return found
    if len(groups) == 1 and groups[0].get("Weight") != 0 and not sticky.get("Enabled"):
        del found["ForwardConfig"]
        return found | {"TargetGroupArn": groups[0]["TargetGroupArn"]}
    found.pop("TargetGroupArn", None)
    found["ForwardConfig"] = {
        k: v for k, v in forward.items() if sticky.get("Enabled") or k == "TargetGroups"
    }
    return found


def _condition(raw: Parameters) -> Block:
    config = {k: v for k, v in raw.items() if k != "Field"}
    query = config.pop("QueryStringConfig", None)
    rows = body(Shape("condition", blocks=_CONDITION), config)
    if query and not rows:  # one block for each pair
        return Block("condition", body=body(Shape("", blocks=(("Values", _QUERY),)), query))
    if query or len(rows) != 1:
        raise NotWholeError("a condition of a kind that is not known here")
    return Block("condition", body=rows)


def _transform(raw: dict[str, Any]) -> Block:
    rows: Body = [argument("type", raw.get("Type", ""))]
    for key, name in _TRANSFORM:
        if raw.get(key):
            rows.append(Block(name, body=body(_REWRITE, raw[key])))
    if len(rows) != 2 or set(raw) - {"Type", *(key for key, _ in _TRANSFORM)}:
        raise NotWholeError("a transform of a kind that is not known here")
    return Block("transform", body=rows)


def whole(listener: Any, rule: Parameters) -> Body:
    """Return the body of a rule of AWS's CreateRule."""
    return [
        argument("listener_arn", listener),
        argument("priority", rule["Priority"]),
        *actions("action", rule["Actions"]),
        *(_condition(c) for c in rule["Conditions"]),
        *(_transform(t) for t in rule.get("Transforms") or ()),
        *tags(rule),
    ]


def changed(draft: Draft, edit: Edit) -> None:
    """Draft a rule that is there, with what the fix changes of it."""
    fields = after(edit)
    if fields.pop("ResetTransforms", False):
        fields["Transforms"] = []
    _change(draft, edit.resource, fields)


def moved(draft: Draft, edit: Edit) -> None:
    """Draft rules that get other priorities, where each of these is free.

    Terraform moves them one by one: rules that change places would be in each other's way.
    """
    moves = after(edit)["RulePriorities"]
    for move in moves:
        listener, _ = _where(draft.case, move["RuleArn"])
        if str(move["Priority"]) in {r.priority for r in listener.rules}:
            raise NotWholeError("a priority that another rule has until it is moved")
        _change(draft, move["RuleArn"], {"Priority": move["Priority"]})


def _change(draft: Draft, arn: str, fields: Parameters) -> None:
    listener, rule = _where(draft.case, arn)
    if not rule.priority.isdigit():
        raise NotWholeError("a default rule belongs to its listener")
    now: Parameters = {
        "Priority": int(rule.priority),
        "Conditions": [condition_json(c) for c in rule.conditions],
        "Actions": rule_json(rule.actions),
        "Transforms": list(rule.transforms),
    }
    body = whole(listener.arn, now | fields)
    draft.add(
        Resource(
            type=TYPE,
            name=draft.name(TYPE, "rule", rule.priority),
            noun="listener rule",
            body=body,
            import_id=arn,
            changed=differing(whole(listener.arn, now), body),
            unread=TAGS,
        )
    )


def _where(case: Case, arn: str) -> tuple[Listener, Rule]:
    for balancer in case.state.load_balancers:
        for listener in balancer.listeners:
            for rule in listener.rules:
                if rule.arn == arn:
                    return listener, rule
    raise NotWholeError("a rule that was not read")


def created(draft: Draft, edit: Edit) -> None:
    """Draft a rule that the fix creates."""
    where, priority = edit.parameters["ListenerArn"], edit.parameters["Priority"]
    prefix = draft.made(where).name if isinstance(where, Later) else ""
    now = None if isinstance(where, Later) else listener_of(draft.case.state, where)
    if now and str(priority) in {r.priority for r in now.rules}:
        raise NotWholeError("a priority that another rule has until it is gone")
    draft.add(
        Resource(
            type=TYPE,
            name=draft.name(TYPE, prefix, "rule", priority),
            noun="listener rule",
            body=whole(draft.known(where), edit.parameters),
        )
    )
