"""Remedies for listeners: create or move them, with certificate and rules."""

from __future__ import annotations

from canary.control_plane.certificates import covers, names_of, usable
from canary.control_plane.routing import patterns
from canary.control_plane.state import Condition, Listener, LoadBalancer, Rule
from canary.diagnose.core.aws_cli import compact, substitute
from canary.diagnose.core.case import Case
from canary.diagnose.routing.rule_commands import create_rule, forward, path
from canary.model import Remedy

_REDIRECT = {
    "Type": "redirect",
    "RedirectConfig": {
        "Protocol": "HTTPS",
        "Port": "443",
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
        "StatusCode": "HTTP_301",
    },
}


def redirect(case: Case, balancer: LoadBalancer, plain: Listener, rule: Rule) -> Remedy:
    """Return the remedy for a port 80 that does not redirect."""
    show = case.aws.elbv2("describe-listeners", load_balancer_arn=balancer.arn)
    if rule.priority == "default":
        action = compact([_REDIRECT])
        fix = case.aws.elbv2("modify-listener", listener_arn=plain.arn, default_actions=action)
    else:
        fix = case.aws.elbv2("delete-rule", rule_arn=rule.arn)
    return Remedy(
        summary="Let port 80 redirect to HTTPS again.",
        inspect=(show, case.aws.elbv2("describe-rules", listener_arn=plain.arn)),
        fix=(fix,),
        verify=(show,),
    )


def listener(case: Case, name: str, balancer: LoadBalancer, port: int) -> Remedy:
    """Return the remedy for a missing listener, with the rules that it needs."""
    show = case.aws.elbv2("describe-listeners", load_balancer_arn=balancer.arn)
    fix: tuple[str, ...]
    if port == 80:
        fix = (_create(case, balancer, 80, compact([_REDIRECT])),)
    else:
        fix = _moved(case, balancer) or _secure_listener(case, name, balancer)
    terraform = f'resource "aws_lb_listener" "https" {{\n  port = {port}\n}}\n'
    return Remedy(
        summary=f"Put the listener on {port} back.",
        inspect=(show,),
        fix=fix,
        verify=(show,),
        decision="" if fix else "No issued certificate for the host was found: request one in ACM.",
        terraform=terraform if port == 443 else "",
    )


def _create(
    case: Case, balancer: LoadBalancer, port: int, action: str, certificate: str = ""
) -> str:
    """Return the command that creates a listener, with a certificate for HTTPS."""
    return case.aws.elbv2(
        "create-listener",
        load_balancer_arn=balancer.arn,
        protocol="HTTPS" if certificate else "HTTP",
        port=port,
        certificates=f"CertificateArn={certificate}" if certificate else None,
        default_actions=action,
    )


def _moved(case: Case, balancer: LoadBalancer) -> tuple[str, ...]:
    """Return the command that moves the listener with the rules back to 443, if there is one."""
    for other in balancer.listeners:
        if other.port == 80 or not any(r.action.forwards for r in other.rules):
            continue
        certificate = other.certificates[0] if other.certificates else certificate_for(case)
        move = case.aws.elbv2(
            "modify-listener",
            listener_arn=other.arn,
            protocol="HTTPS",
            port=443,
            certificates=f"CertificateArn={certificate}" if certificate else None,
        )
        return (move,)
    return ()


def certificate_for(case: Case, host: str = "") -> str:
    """Return the ARN of a usable certificate for the host, else for all hosts; "" if none fits."""
    hosts = [host] if host else [case.host(n) for n in case.services if case.host(n)]
    fit = [
        c
        for c in case.state.certificates
        if usable(c, case.now) and all(covers(names_of(c), h) for h in hosts)
    ]
    return max(fit, key=lambda c: c.not_after).arn if fit else ""


def _secure_listener(case: Case, name: str, balancer: LoadBalancer) -> tuple[str, ...]:
    """Return the commands that create the listener on 443 and its rules, if it can be created.

    The listener's ARN exists only after the first command, so the shell reads it.
    """
    certificate = certificate_for(case, case.host(name))
    groups = case.groups(name)
    if not certificate or not groups:
        return ()
    create = _create(case, balancer, 443, forward(groups[0].arn), certificate)
    arn = case.aws.elbv2(
        "describe-listeners",
        load_balancer_arn=balancer.arn,
        query="Listeners[?Port==`443`].ListenerArn",
        output="text",
    )
    rules = (
        create_rule(case, substitute(arn), priority, wanted, group)
        for priority, wanted, group in _wanted_rules(case, balancer)
    )
    return (create, *rules)


def _wanted_rules(
    case: Case, balancer: LoadBalancer
) -> list[tuple[int, tuple[Condition, ...], str]]:
    """Return priority, conditions and group of each rule: of the previous run, else by routes."""
    before = case.previous.load_balancers if case.previous else ()
    rules = [
        r
        for b in before
        if b.arn == balancer.arn
        for x in b.listeners
        if x.port == 443
        for r in x.rules
        if r.priority.isdigit() and patterns(r) and len(r.action.forwards) == 1
    ]
    if rules:
        return [(int(r.priority), r.conditions, r.action.forwards[0].target_group) for r in rules]
    wanted: list[tuple[int, tuple[Condition, ...], str]] = []
    for route in case.environment.routes:
        service = case.services.get(route.service)
        if not route.pattern or not service or service.load_balancer != balancer.name:
            continue
        groups = case.groups(route.service)
        condition = path(route.pattern)
        if groups and condition not in [w[1] for w in wanted]:
            wanted.append((route.priority or 100 + len(wanted), condition, groups[0].arn))
    return wanted
