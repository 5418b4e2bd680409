"""Checks of edits of listeners and rules: no action is lost, no reference is dead."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canary.control_plane.routing import default_rule, listener_of, listener_with, rule_of
from canary.control_plane.state import Listener, Rule
from canary.control_plane.unread import knows
from canary.diagnose.core.case import Case
from canary.diagnose.remedies import well
from canary.diagnose.remedies.confirmed import actions as living
from canary.diagnose.remedies.confirmed.references import references
from canary.diagnose.remedies.edit import Edit, Parameters
from canary.diagnose.remedies.listeners import mutual_json, whole_listener
from canary.diagnose.remedies.rules import OIDC, condition_json, rule_json, tags_json

# Actions that decide who may pass; to lose one opens what it guards.
_GUARDS = ("authenticate-oidc", "authenticate-cognito", "jwt-validation", "fixed-response")


def rule(case: Case, edit: Edit) -> Iterator[str]:
    """Check a changed rule: it keeps its actions and conditions, or gets those it had."""
    yield from references(case, edit)
    arn = edit.parameters["RuleArn"]
    now, was = rule_of(case.state, arn), well.rule(case, arn)
    if now is None:
        yield f"rule {arn} is not there"
        return
    if "Actions" in edit.parameters:
        yield from _lost_guards(rule_json(now.actions), edit.parameters["Actions"], was)
    if "Conditions" in edit.parameters:
        back = [condition_json(c) for c in was.conditions] if was else None
        if edit.parameters["Conditions"] != back:
            yield f"the conditions would not be those that rule {now.priority} had"
    given = {"Transforms", "ResetTransforms"} & edit.parameters.keys()
    if given and (not was or edit.parameters.get("Transforms", []) != list(was.transforms)):
        yield f"the transforms would not be those that rule {now.priority} had"


def _lost_guards(
    now: list[Parameters], wanted: list[Parameters], was: Rule | None
) -> Iterator[str]:
    """Yield the guarding actions that a rule has, or had, and would not have."""
    before = rule_json(was.actions) if was else []
    if was and wanted == before:
        return
    kept = {a.get("Type") for a in wanted}
    for kind in (*_GUARDS, *(("redirect",) if was else ())):
        had = {a.get("Type") for a in (before if was else now)}
        if kind in had and kind not in kept:
            yield f"the action {kind} would be lost"
    earlier = [a for a in (before or now) if a.get("Type") in _GUARDS[:3]]
    for action in earlier:
        if action not in wanted:
            yield f"the action {action.get('Type')} would be changed"


def new_rule(case: Case, edit: Edit) -> Iterator[str]:
    """Check a rule that is created: it is one that was there."""
    yield from references(case, edit)
    if any(a.get("Type") == OIDC for a in edit.parameters["Actions"]):
        yield "AWS does not tell the client secret of its sign-in"
    listener = edit.parameters["ListenerArn"]
    if not isinstance(listener, str):  # of a listener that is created whole
        return
    old = well.listener(case, listener)
    if any(_same(r, edit.parameters) for r in (old.rules if old else ())):
        return
    if old is not None:
        yield "the listener had no such rule while all was well"
        return
    now = listener_of(case.state, listener)
    guarded = [a.type for r in (now.rules if now else ()) for a in r.earlier]
    if guarded:
        yield f"other rules begin with {guarded[0]}, and nobody knows whether this one did"
    else:
        yield "nobody knows whether there was such a rule while all was well"


def _same(rule: Rule, wanted: Parameters) -> bool:
    conditions, actions = [condition_json(c) for c in rule.conditions], rule_json(rule.actions)
    same = conditions == wanted["Conditions"] and actions == wanted["Actions"]
    same = same and tags_json(rule.tags) == wanted.get("Tags", [])
    return bool(same and list(rule.transforms) == wanted.get("Transforms", []))


def lost_rule(case: Case, edit: Edit) -> Iterator[str]:
    """Check a rule that is deleted: it was not there while all was well."""
    arn = edit.parameters["RuleArn"]
    if not isinstance(arn, str):
        return
    now = rule_of(case.state, arn)
    if well.rule(case, arn) is None and not _rules_known(case, arn):
        yield "nobody knows whether this rule was there while all was well"
    elif well.rule(case, arn) is not None:
        yield f"rule {now.priority if now else arn} was there while all was well"
    elif living.guards(now):
        place = now.priority if now else arn
        yield f"rule {place} guards what it takes: it may be there on purpose"


def _rules_known(case: Case, arn: str) -> bool:
    """Return whether the rules of a rule's listener were read while all was well."""
    owner = listener_with(case.state, arn)
    was = well.listener(case, owner.arn) if owner else None
    return was is not None and knows(was, "rules")


def moved_rule(case: Case, edit: Edit) -> Iterator[str]:
    """Check a rule that is moved: back to where it was, or it is new and guards nothing."""
    for move in edit.parameters["RulePriorities"]:
        now, was = rule_of(case.state, move["RuleArn"]), well.rule(case, move["RuleArn"])
        back = was is not None and was.priority == str(move["Priority"])
        if back and living.guards(now) and now and int(now.priority) < move["Priority"]:
            yield f"rule {now.priority} guards what it takes: only the past tells its place"
        if back:
            continue
        if was is not None:
            yield f"rule {was.priority} stood there while all was well"
        elif (
            now and not _rules_known(case, now.arn) and any(a.type in _GUARDS for a in now.actions)
        ):
            yield f"rule {now.priority} guards what it takes: it may be there on purpose"


def listener(case: Case, edit: Edit) -> Iterator[str]:
    """Check a changed listener: its policy is not lower, its default actions are kept."""
    yield from references(case, edit)
    arn = edit.parameters["ListenerArn"]
    now, was = listener_of(case.state, arn), well.listener(case, arn)
    if now is None:
        yield f"listener {arn} is not there"
        return
    policy = edit.parameters.get("SslPolicy", "")
    if policy and policy != (was.ssl_policy if was else ""):
        yield f"the TLS policy {policy} is not the one that the listener had"
    secured = edit.parameters.get("Protocol") == "HTTPS" and now.protocol != "HTTPS"
    if secured and not policy:
        yield "nothing tells the TLS policy that the listener had"
    mutual = edit.parameters.get("MutualAuthentication")
    if mutual is not None and (was is None or mutual != mutual_json(was)):
        yield "the mutual authentication would not be the one that the listener had"
    if secured and was and "certificates" in was.unread:
        yield "nothing tells all certificates that the listener had"
    actions = edit.parameters.get("DefaultActions")
    if actions is not None:
        first, known = default_rule(now), default_rule(was)
        if first:
            yield from _lost_guards(rule_json(first.actions), actions, known)
        if not known or actions != rule_json(known.actions):
            yield from _redirects_to_nothing(case, now, actions)


def _redirects_to_nothing(case: Case, now: Listener, actions: list[Parameters]) -> Iterator[str]:
    owner = next((b for b in case.state.load_balancers if now in b.listeners), None)
    there = {str(x.port) for x in (owner.listeners if owner else ())}
    where = owner.name if owner else "the load balancer"
    for action in actions:
        port = str((action.get("RedirectConfig") or {}).get("Port", ""))
        if re.fullmatch(r"\d+", port) and port not in there:
            yield f"it would redirect to port {port}, where {where} has no listener"


def listener_attributes(case: Case, edit: Edit) -> Iterator[str]:
    """Check attributes of a listener: those that it had; of a new one, see `check_whole`."""
    arn = edit.parameters["ListenerArn"]
    was = well.listener(case, arn) if isinstance(arn, str) else None
    for one in edit.parameters.get("Attributes", []) if isinstance(arn, str) else ():
        if was is None or was.attributes.get(one["Key"]) != one["Value"]:
            yield f"the attribute {one['Key']} would not be the one that the listener had"


def new_listener(case: Case, edit: Edit) -> Iterator[str]:
    """Check a listener that is created: it is just the one that was there."""
    yield from references(case, edit)
    if any(a.get("Type") == OIDC for a in edit.parameters["DefaultActions"]):
        yield "AWS does not tell the client secret of its sign-in"
    arn, port = edit.parameters["LoadBalancerArn"], edit.parameters["Port"]
    old = well.balancer(case, arn)
    was = next((x for x in (old.listeners if old else ()) if x.port == port), None)
    wanted = {k: v for k, v in edit.parameters.items() if k != "LoadBalancerArn"}
    if was is None:
        yield f"nothing tells how the listener on {port} was"
    elif whole_listener(was) != wanted:
        yield f"the listener would not be the one that was on {port}"
    elif was.protocol == "HTTPS" and not was.ssl_policy:
        yield "nothing tells the TLS policy that the listener had"
    elif was.unread:
        yield f"of the listener that was on {port}, {', '.join(was.unread)} could not be read"
