"""Remedies for listeners: bring one back as it was, or let a plain one redirect again."""

from __future__ import annotations

from canary.control_plane.state import Action, Listener, LoadBalancer, Rule
from canary.diagnose.core.case import Case
from canary.diagnose.remedies import build, well
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.remedies.listeners import (
    create_listener,
    default_actions,
    default_certificate,
    modify_listener,
)
from canary.diagnose.remedies.rules import delete_rule
from canary.model import Remedy


def redirect(case: Case, balancer: LoadBalancer, plain: Listener, rule: Rule, https: int) -> Remedy:
    """Return the remedy for a plain listener that does not redirect to the port `https`."""
    show = case.aws.elbv2("describe-listeners", load_balancer_arn=balancer.arn)
    if rule.priority == "default":
        was = well.listener(case, plain.arn)
        edit = modify_listener(plain, actions=default_actions(was) if was else (_to(https),))
    else:
        edit = delete_rule(plain, rule)
    return build.remedy(
        case,
        f"Let port {plain.port} redirect to HTTPS again.",
        (edit,),
        inspect=(show, case.aws.elbv2("describe-rules", listener_arn=plain.arn)),
        verify=(show,),
        otherwise=f"Decide whether port {plain.port} shall redirect to HTTPS, or serve by itself.",
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
        edits: build.Edits = (_as_it_was(now, was),)
    else:
        edits = create_listener(balancer, was) if was else ()
    return build.remedy(
        case,
        f"Put the listener on {port} back as it was.",
        edits,
        inspect=(show,),
        verify=(show,),
        otherwise=f"Create the listener on {port} again from where it is kept, such as Terraform:"
        " its TLS policy, its certificate and all its rules belong to it.",
    )


def _as_it_was(now: Listener, was: Listener) -> Edit:
    """Return the edit that gives a changed listener its port, protocol and TLS settings back."""
    certificate = default_certificate(was)
    return modify_listener(
        now,
        certificate=certificate if certificate != default_certificate(now) else "",
        port=was.port,
        protocol=was.protocol,
        policy=was.ssl_policy,
    )
