"""Remedies for listeners: bring one back as it was, or let a plain one redirect again."""

from __future__ import annotations

from canary.control_plane.state import Action, Listener, LoadBalancer, Rule
from canary.diagnose.core.case import Case
from canary.diagnose.remedies import build, well
from canary.diagnose.remedies.listeners import (
    add_certificates,
    create_listener,
    default_actions,
    default_certificate,
    modify_listener,
    mutual_json,
)
from canary.diagnose.remedies.rules import (
    changed_parts,
    delete_rule,
    modify_rule,
    move_rules,
)
from canary.model import Remedy


def redirect(
    case: Case, balancer: LoadBalancer, plain: Listener, rule: Rule, https: int, others: str = ""
) -> Remedy:
    """Return the remedy for a plain listener that does not redirect to the port `https`.

    `others`: what the rule in the way takes beside the requests that shall be redirected.
    """
    new = rule.priority != "default" and well.rule(case, rule.arn) is None
    known = "is new and " if well.listener(case, plain.arn) else ""
    carries = f"Rule {rule.priority} of port {plain.port} {known}carries {others} as well:"
    show = case.aws.elbv2("describe-listeners", load_balancer_arn=balancer.arn)
    return build.remedy(
        case,
        f"Let port {plain.port} redirect to HTTPS again.",
        () if new and others else _redirecting(case, plain, rule, https),
        inspect=(show, case.aws.elbv2("describe-rules", listener_arn=plain.arn)),
        verify=(show,),
        otherwise=f"{carries} decide what it shall keep."
        if new and others
        else f"Decide whether port {plain.port} shall redirect to HTTPS, or serve by itself.",
    )


def _redirecting(case: Case, plain: Listener, rule: Rule, https: int) -> build.Edits:
    """Return the edits that take a rule out of the way of a redirect, none where it is as it was.

    A rule that took other paths, or redirected them, comes back with its parts and its place.
    """
    was, before = well.listener(case, plain.arn), well.rule(case, rule.arn)
    if rule.priority == "default":
        wanted = default_actions(was) if was else (_to(https),)
        changed = wanted != default_actions(plain)
        return (modify_listener(plain, actions=wanted),) if changed else ()
    if before is None:
        return (delete_rule(plain, rule),)
    parts, moved = changed_parts(before, rule), before.priority != rule.priority
    if moved and any(r.priority == before.priority for r in plain.rules):
        return ()  # another rule has its place now
    return (
        *((modify_rule(rule, **parts),) if parts else ()),
        *((move_rules([(rule, int(before.priority))]),) if moved else ()),
    )


def _to(https: int) -> Action:
    return Action(
        type="redirect",
        status_code="HTTP_301",
        redirect=f"HTTPS://#{{host}}:{https}/#{{path}}?#{{query}}",
    )


def listener(case: Case, balancer: LoadBalancer, port: int) -> Remedy:
    """Return the remedy for a missing listener: just the one that was there, with its rules."""
    show = case.aws.elbv2("describe-listeners", load_balancer_arn=balancer.arn)
    before = well.balancer(case, balancer.arn)
    was = next((x for x in (before.listeners if before else ()) if x.port == port), None)
    now = next((x for x in balancer.listeners if was and x.arn == was.arn), None)
    if was and now:
        edits = _as_it_was(now, was)
    elif was:
        edits = create_listener(balancer, was)
    else:
        edits = ()
    return build.remedy(
        case,
        f"Put the listener on {port} back as it was.",
        edits,
        inspect=(show,),
        verify=(show,),
        otherwise=f"Create the listener on {port} again from where it is kept, such as Terraform:"
        " its TLS policy, its certificate and all its rules belong to it.",
    )


_OFF = {"Mode": "off"}  # what a listener that becomes secure has by itself


def _as_it_was(now: Listener, was: Listener) -> build.Edits:
    """Return the edits that give a changed listener its port, protocol and TLS settings back.

    A listener that became plain has lost its certificates and its mutual authentication.
    """
    certificate, mutual = default_certificate(was), mutual_json(was)
    lost = [arn for arn in was.sni_certificates if arn not in now.certificates]
    edit = modify_listener(
        now,
        certificate=certificate if certificate != default_certificate(now) else "",
        port=was.port,
        protocol=was.protocol,
        policy=was.ssl_policy,
        mutual=mutual if mutual and mutual != (mutual_json(now) or _OFF) else None,
    )
    return (edit, *((add_certificates(now, lost),) if lost else ()))
