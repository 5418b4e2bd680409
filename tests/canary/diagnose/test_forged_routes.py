"""A forged past again: no fix of rules, listeners, roles and names takes its word alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from canary.control_plane.state import IamRole
from canary.diagnose.remedies.access import attach_role_policy
from canary.diagnose.remedies.rules import all_parts, create_rule, delete_rule, move_rules
from canary.diagnose.remedies.targets import register
from tests.canary.support import platforms as p
from tests.canary.support.forged import (
    ADMINS,
    ALONE,
    ASKS,
    AUTH,
    CERTIFICATE,
    ELSEWHERE,
    EVIL,
    FORBIDS,
    FOREIGN,
    GUARDED,
    HEALTHY,
    HTML,
    INSIDE,
    LAST,
    NAMES,
    OWN_SECRET,
    ROLE,
    RULE,
    SECURE,
    SITE,
    Attack,
    allows,
    becomes,
    forward,
    judged,
    listener,
    listens,
    named,
    of,
    redirect,
    rule,
    sign_in,
    turns,
)

ATTACKS = [
    becomes(
        "a target group of another VPC",
        "belongs to another VPC",
        ELSEWHERE,
        actions=(forward(EVIL),),
    ),
    becomes("a target group that is gone", "is not there", actions=(forward(EVIL),)),
    becomes(
        "a foreign target group",
        f"{ALONE} that {EVIL} got requests",
        FOREIGN,
        actions=(forward(EVIL),),
    ),
    becomes(
        "another balancer's target group", f"{ALONE} that", actions=(forward(NAMES.group("auth")),)
    ),
    becomes(
        "a redirect elsewhere",
        f"{ALONE} that it redirected to evil.example",
        actions=(redirect("HTTPS://evil.example:443/#{path}?#{query}"),),
    ),
    becomes(
        "a redirect without TLS",
        f"{ALONE} that it redirected to HTTP",
        actions=(redirect("HTTP://#{host}:80/#{path}?#{query}"),),
    ),
    becomes(
        "no sign-in",
        f"{ALONE} that it was without the jwt-validation",
        GUARDED,
        actions=(RULE.action,),
    ),
    becomes(
        "another issuer",
        f"{ALONE} how its jwt-validation was",
        actions=(sign_in("https://evil.example"), RULE.action),
    ),
    becomes(
        "another issuer than now",
        f"{ALONE} that it was without the jwt-validation",
        GUARDED,
        actions=(sign_in("https://evil.example"), RULE.action),
    ),
    becomes("a page of its own", f"{ALONE} the text/html", actions=(HTML,)),
    becomes(
        "no condition on who asks",
        f"{ALONE} that it was without the source-ip",
        INSIDE,
        conditions=ADMINS,
    ),
    Attack(
        "a rule made again",
        (
            create_rule(
                SECURE,
                7,
                *all_parts(p.replace(RULE, action=redirect("HTTPS://evil.example:443/?"))),
            ),
        ),
        f"{ALONE} that it redirected to evil.example",
        rule(action=redirect("HTTPS://evil.example:443/?")),
    ),
    Attack(
        "a guard deleted",
        (delete_rule(SECURE, of(FORBIDS).rules[1]),),
        "guards what it takes",
        listener(HEALTHY, 443, rules=(LAST,)),
        FORBIDS,
    ),
    Attack(
        "a guard moved away",
        (move_rules([(of(FORBIDS).rules[1], 900)]),),
        f"{ALONE} its place",
        rule(FORBIDS, priority="900"),
        FORBIDS,
    ),
    listens(
        "an old TLS policy",
        f"{ALONE} the TLS policy ELBSecurityPolicy-2016-08",
        ssl_policy="ELBSecurityPolicy-2016-08",
    ),
    listens(
        "a listener without TLS",
        f"{ALONE} that port 80 served without TLS",
        80,
        rules=(),
        default_actions=(forward(NAMES.group("registry")),),
    ),
    listens(
        "a rule that redirects elsewhere",
        f"{ALONE} that it redirected to evil.example",
        rules=(p.replace(RULE, action=redirect("HTTPS://evil.example:443/?")), LAST),
    ),
    listens(
        "a default that redirects elsewhere",
        f"{ALONE} that it redirected to evil.example",
        default_actions=(redirect("HTTPS://evil.example:443/?"),),
    ),
    listens(
        "a certificate of another account",
        "belongs to another account",
        certificates=(CERTIFICATE.replace("123456789012", "666"),),
    ),
    turns(
        "another site's certificate",
        "covers no host of",
        SITE,
        listener(SITE, 443, certificates=(CERTIFICATE + "2",)),
        certificate=CERTIFICATE + "2",
    ),
    turns(
        "clients without certificates",
        f"{ALONE} that clients showed no certificate",
        ASKS,
        listener(HEALTHY, 443, mutual_authentication={"Mode": "off"}),
        mutual={"Mode": "off"},
    ),
    listens(
        "other sites' scripts",
        f"{ALONE} the value of",
        attributes={
            "routing.http.response.access_control_allow_origin.header_value": "https://evil.example"
        },
    ),
    allows(
        "every secret",
        f"{ALONE} that the role could read",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:*",
    ),
    allows("secrets of one beginning", f"{ALONE} that the role could read", f"{OWN_SECRET[:-1]}*"),
    allows("every parameter", f"{ALONE} that the role could read", "*", "ssm:GetParameters"),
    allows("an action of people", "iam:PassRole again", "*", "iam:PassRole"),
    allows(
        "another's secret", "to which no task definition refers", OWN_SECRET.replace("app", "pay")
    ),
    Attack(
        "a policy of people",
        (attach_role_policy("exec", "arn:aws:iam::aws:policy/AdministratorAccess"),),
        "was not read",
        p.replace(
            HEALTHY,
            roles=(IamRole(arn=ROLE, attached=("arn:aws:iam::aws:policy/AdministratorAccess",)),),
        ),
    ),
    named(
        "an address of the attacker",
        "is the address of no running task",
        AWS_INSTANCE_IPV4="6.6.6.6",
    ),
    named(
        "another service's task",
        "is not the address of a running task",
        AWS_INSTANCE_IPV4=p.ADDRESSES["mlflow"],
    ),
    named(
        "a host beside the address",
        f"{ALONE} AWS_INSTANCE_CNAME",
        AWS_INSTANCE_CNAME="evil.example",
    ),
    named("an IPv6 address beside it", f"{ALONE} AWS_INSTANCE_IPV6", AWS_INSTANCE_IPV6="::6"),
    named("a balancer beside it", f"{ALONE} AWS_ALIAS_DNS_NAME", AWS_ALIAS_DNS_NAME="evil.example"),
    named("another port", f"{ALONE} AWS_INSTANCE_PORT", AWS_INSTANCE_PORT="22"),
    named("a note for clients", f"{ALONE} url", url="https://evil.example"),
    Attack(
        "a target of the attacker",
        (register(HEALTHY.target_groups[0], ["6.6.6.6"], 8000),),
        "is the address of no running task",
        HEALTHY,
    ),
    Attack(
        "a target that another service owns",
        (register(p.replace(HEALTHY.target_groups[0], arn=EVIL), [p.ADDRESSES["auth"]], 8000),),
        ALONE,
        p.change(FOREIGN, "ecs_services", AUTH, target_groups=(EVIL,)),
        FOREIGN,
    ),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
def test_no_fix_is_what_only_a_forged_past_tells(attack: Attack) -> None:
    assert attack.why in judged(attack.edits, attack.now, attack.past)


HONEST: list[Callable[[], Attack]] = [
    lambda: becomes("", "", actions=(forward(NAMES.group("mlflow")),)),
    lambda: becomes("", "", GUARDED, actions=(sign_in("https://ours"), RULE.action)),
    lambda: listens("", ""),
    lambda: listens("", "", 80),
    lambda: allows("", "", f"{OWN_SECRET}-*"),
    lambda: allows("", "", f"{OWN_SECRET}-??????"),
    lambda: named("", "", AWS_INSTANCE_PORT="8000", AVAILABILITY_ZONE="us-east-1a"),
]


@pytest.mark.parametrize("made", HONEST)
def test_what_the_present_confirms_comes_back(made: Callable[[], Attack]) -> None:
    assert judged(made().edits, made().now, made().past) == ""
