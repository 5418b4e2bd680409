"""A forged past widens no path, drops no host and serves nothing without TLS."""

from __future__ import annotations

import pytest

from canary.control_plane.state import Action, Condition, IamRole, Rule
from canary.diagnose.core.case import Case
from canary.diagnose.core.statements import is_statement
from canary.diagnose.remedies.access import put_role_policy
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.remedies.listeners import modify_listener
from canary.diagnose.remedies.never_worse import objections
from canary.diagnose.remedies.rules import all_parts, create_rule, modify_rule
from canary.model import Environment
from tests.canary.support import platforms as p
from tests.canary.support.forged import (
    ALONE,
    HEALTHY,
    NAMES,
    PLAIN,
    ROLE,
    RULE,
    Attack,
    forward,
    judged,
    listener,
    listens,
    of,
    redirect,
    rule,
)

API = forward(NAMES.group("registry"))
TO_HTTPS = redirect("HTTPS://#{host}:443/#{path}?#{query}")


def paths(*values: str) -> tuple[Condition, ...]:
    return (Condition(field="path-pattern", values=values),)


def hosts(*values: str) -> tuple[Condition, ...]:
    return (Condition(field="host-header", values=values),)


def taking(*conditions: Condition, action: Action = API) -> Rule:
    return p.replace(RULE, arn="new", priority="1", conditions=conditions, action=action)


def made(name: str, why: str, one: Rule, port: int = 443) -> Attack:
    """Return an attack in which a rule of a listener is gone."""
    past = listener(HEALTHY, port, rules=(one, *of(HEALTHY, port).rules))
    return Attack(name, (create_rule(of(HEALTHY, port), 1, *all_parts(one)),), why, past)


def whole(name: str, why: str, *rules: Rule) -> Attack:
    return listens(name, why, 80, rules=(*rules, *PLAIN.rules))


def becomes_plain() -> Attack:
    last = p.replace(PLAIN.rules[0], action=API)
    past = listener(HEALTHY, 80, rules=(last,), default_actions=(API,))
    return Attack("a default", (modify_listener(PLAIN, actions=(API,)),), NO_TLS, past)


def takes(name: str, why: str, *wanted: Condition, now: tuple[Condition, ...]) -> Attack:
    """Return an attack in which a rule had other conditions than it has now."""
    state = rule(conditions=now)
    present = next(r for r in of(state).rules if r.arn == RULE.arn)
    edit = modify_rule(present, conditions=wanted)
    return Attack(name, (edit,), why, rule(conditions=wanted), state)


NO_TLS = f"{ALONE} that port 80 served without TLS"
WIDE = f"{ALONE} that a rule took"
SHOP = paths("/shop/*")
ATTACKS = [
    whole("a rule of a plain listener made again", NO_TLS, taking(*paths("/*"))),
    made("a rule of the plain listener", NO_TLS, taking(*SHOP), 80),
    becomes_plain(),
    made("every path", f"{WIDE} /*", taking(*paths("/*"))),
    made("every path in other words", f"{WIDE} *", taking(*paths("/x", "*"))),
    made("every path of a host", f"{WIDE} every path", taking(*hosts("registry.hokus.ai"))),
    made("every path of all hosts", f"{WIDE} every path", taking(*hosts("*"))),
    takes("a path made wider", f"{WIDE} /*", *paths("/*"), now=SHOP),
    takes(
        "a host dropped",
        f"{ALONE} that it was without the host-header",
        *SHOP,
        now=(*SHOP, *hosts("shop.example")),
    ),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
def test_no_rule_takes_more_than_the_present_confirms(attack: Attack) -> None:
    assert attack.why in judged(attack.edits, attack.now, attack.past)


HONEST = [
    made("a path that the file does not list", "", taking(*SHOP)),
    made("a redirect of every path", "", taking(*paths("/*"), action=TO_HTTPS), 80),
    whole("a redirect made again", "", taking(*paths("/*"), action=TO_HTTPS)),
    takes("another path", "", *SHOP, now=paths("/shops/*")),
    takes("every path as now", "", *paths("/*"), now=paths("*")),
    takes(
        "a host of the file that is kept out",
        "",
        *paths("/heal*"),
        now=(*paths("/heal*"), *hosts("shop.example")),
    ),
]


@pytest.mark.parametrize("honest", HONEST, ids=lambda a: a.name)
def test_a_rule_comes_back_with_its_paths(honest: Attack) -> None:
    assert judged(honest.edits, honest.now, honest.past) == ""


def of_file(file: Environment, edit: Edit, past: Attack) -> str:
    case = Case(results=(), state=past.now, environment=file, previous=past.past, now=p.NOW)
    return "; ".join(objections(case, (edit,)))


def test_every_path_of_a_host_that_is_one_services_alone_comes_back() -> None:
    found = p.environment(NAMES)
    file = p.replace(found, routes=tuple(p.replace(r, pattern="") for r in found.routes))
    for conditions in (paths("/*"), hosts("registry.hokus.ai")):
        attack = made("", "", taking(*conditions))
        assert of_file(file, attack.edits[0], attack) == ""
    other = made("", "", taking(*hosts("shop.example")))
    assert of_file(file, other.edits[0], other).startswith(WIDE)


def test_a_platform_that_the_file_asks_without_tls_gets_it_back() -> None:
    found = p.environment(NAMES)
    api = p.replace(found.services["registry"], url="http://registry.hokus.ai")
    file = p.replace(found, services={**found.services, "registry": api})
    for attack in (made("", "", taking(*SHOP), 80), becomes_plain()):
        assert of_file(file, attack.edits[0], attack) == ""


def test_a_rule_comes_back_to_a_plain_listener_that_forwards_now() -> None:
    state = listener(HEALTHY, 80, rules=(taking(*paths("/shops/*")), *PLAIN.rules))
    attack = made("", "", taking(*SHOP), 80)
    assert judged(attack.edits, state, attack.past) == ""


def test_a_policy_whose_statement_is_text_is_a_decision() -> None:
    document = {"Version": "2012-10-17", "Statement": ["Allow"]}
    role = IamRole(arn=ROLE, policies={"own": document})
    edit = put_role_policy("exec", "own", document)
    past, now = (p.replace(HEALTHY, roles=(r,)) for r in (role, p.replace(role, policies={})))
    assert (
        judged((edit,), now, past) == "a statement of its policies is none: it is text, or a list"
    )


def test_a_document_that_nests_without_end_is_no_statement() -> None:
    nested = p.answer("https://auth.hokus.ai/health", 503, "[" * 200_000)
    case = Case(
        results=(p.failed("auth.health", "auth", nested),),
        state=HEALTHY,
        environment=p.environment(NAMES),
        previous=None,
        now=p.NOW,
    )
    assert [is_statement(f) for f in case.failures] == [False]
