"""No edit that widens what was there passes the check, and just what was there does."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from botocore import xform_name
from hypothesis import strategies as st

from canary.diagnose.core.case import Case
from canary.diagnose.remedies.access import put_role_policy
from canary.diagnose.remedies.check_whole import MEMBERS, as_a_whole, unknown_members
from canary.diagnose.remedies.confirmed.check import by_the_present
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.remedies.listeners import create_listener, modify_listener
from canary.diagnose.remedies.network import authorize, permission, set_groups
from canary.diagnose.remedies.never_worse import CHECKS, objections
from canary.diagnose.remedies.rules import all_parts, create_rule, delete_rule, modify_rule
from canary.diagnose.remedies.services import NETWORK, create_service, update_service
from tests.canary.support.aws_model import draw_firewall, draw_routing, draw_services
from tests.canary.support.aws_model.account import GROUPS, Account, case
from tests.canary.support.aws_model.draw_routing import ELB
from tests.canary.support.aws_model.drawn import model
from tests.canary.support.aws_model.firewall import where
from tests.canary.support.aws_model.profiles import PROFILES, holds

Json = dict[str, Any]


def judged(found: Case, good: tuple[Edit, ...], *bad: Edit) -> None:
    """Check that the way back passes, and that no edit instead of its last one does."""
    assert against(found, good) == []
    for edit in others(good[-1], bad):
        assert against(found, (*good[:-1], edit)), f"{edit.operation} {edit.parameters} passed"


def against(found: Case, edits: tuple[Edit, ...]) -> list[str]:
    """Return the objections, but those to what only the past tells: they are no widening."""
    alone = {why for edit in edits for why in by_the_present(found, edit)}
    return [w for w in (*objections(found, edits), *as_a_whole(found, edits)) if w not in alone]


def others(good: Edit, bad: Iterable[Edit]) -> list[Edit]:
    """Return the edits that are not by chance the good one."""
    return [e for e in bad if (e.operation, e.parameters) != (good.operation, good.parameters)]


def changed(edit: Edit, **members: Any) -> Edit:
    return replace(edit, parameters={**edit.parameters, **members})


# --- security groups


def wider(one: Json) -> list[Json]:
    """Return permissions that admit more than one does, each in one way."""
    only: Json = {k: [] for k in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")}
    found = [
        {**one, **only, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        {**one, **only, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
        {**one, **only, "PrefixListIds": [{"PrefixListId": "pl-9"}]},
        {**one, **only, "UserIdGroupPairs": [{"GroupId": "sg-cache"}]},
        {**one, **only},
        {**one, "FromPort": one["FromPort"] - 1},
        {**one, "ToPort": one["ToPort"] + 1},
        {k: v for k, v in {**one, "IpProtocol": "-1"}.items() if not k.endswith("Port")},
        {**one, "IpProtocol": "udp"},
    ]
    for kind, name in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
        for peer in one.get(kind, []):
            above = str(ipaddress.ip_network(peer[name]).supernet())
            found.append({**one, **only, kind: [{name: above}]})
    return found


@pytest.mark.parametrize("many", PROFILES)
def test_of_a_security_group(many: bool) -> None:
    def check(drawn: tuple[list[Json], Json], side: str) -> None:
        well = draw_firewall.account(drawn)
        (held,) = well.held["guards"].values()
        if side == "egress":
            held["IpPermissionsEgress"] = held["IpPermissions"]
        broken = well.copy()
        (held,) = broken.held["guards"].values()
        held["IpPermissions" if side == "ingress" else "IpPermissionsEgress"] = []
        found = case(broken, well)
        assert found.previous is not None
        before = next(g for g in found.previous.security_groups if g.id == draw_firewall.GROUP)
        now = next(g for g in found.state.security_groups if g.id == draw_firewall.GROUP)
        wanted = [permission(r) for r in getattr(before, side)]
        edit = authorize(now, side, wanted)
        bad = [
            changed(edit, IpPermissions=[*wanted[:n], more, *wanted[n + 1 :]])
            for n, one in enumerate(wanted)
            for more in wider(one)
            if where(more) not in map(where, wanted) or where(more) == where(one)
        ]
        judged(found, (edit,), *bad)

    holds(check, draw_firewall.groups(), st.sampled_from(["ingress", "egress"]), many=many)


# --- listeners


PLAIN_GUARD = st.sampled_from(["authenticate-cognito", "jwt-validation"]).flatmap(
    draw_routing.action
)
GUARDED = st.tuples(PLAIN_GUARD, draw_routing.LAST).map(list)


def lost(actions: list[Json]) -> list[list[Json]]:
    """Return actions of which one that guards is lost, or lets more through."""
    found = []
    for n, one in enumerate(actions):
        if one["Type"] in draw_routing.GUARDS:
            found.append([*actions[:n], *actions[n + 1 :]])
            open_ = {"OnUnauthenticatedRequest": "allow", "JwksEndpoint": "https://x.example"}
            more = {k: {**v, **open_} if isinstance(v, dict) else v for k, v in one.items()}
            found.append([*actions[:n], more, *actions[n + 1 :]])
    return found


def forwarding(order: int = 1) -> Json:
    group = GROUPS[1]
    config = {"TargetGroups": [{"TargetGroupArn": group, "Weight": 1}]}
    return {"Type": "forward", "Order": order, "ForwardConfig": config}


POLICY = st.sampled_from(draw_routing.POLICIES)
FOREIGN = "arn:aws:acm:us-east-1:123456789012:certificate/of-somebody"


@pytest.mark.parametrize("many", PROFILES)
def test_of_a_listener_that_is_created(many: bool) -> None:
    def check(drawn: Json, policy: str, which: int) -> None:
        well = draw_routing.account(drawn)
        broken = well.copy()
        broken.do("elbv2", "DeleteListener", ListenerArn=draw_routing.secure(broken))
        found = case(broken, well)
        balancer = found.state.load_balancers[-1]
        assert found.previous is not None
        was = next(x for x in found.previous.load_balancers[-1].listeners if x.port == 443)
        create, *rest = create_listener(balancer, was)
        assert against(found, (create, *rest)) == []
        actions = create.parameters["DefaultActions"]
        bad = [changed(create, DefaultActions=a) for a in lost(actions)]
        bad += [changed(create, DefaultActions=[forwarding()])] if actions != [forwarding()] else []
        bad += [changed(create, SslPolicy=policy)] if policy != was.ssl_policy else []
        bad += [changed(create, Certificates=[{"CertificateArn": FOREIGN}]),
                changed(create, Protocol="HTTP"), changed(create, Port=444)]  # fmt: skip
        if "MutualAuthentication" in create.parameters:
            kept = {k: v for k, v in create.parameters.items() if k != "MutualAuthentication"}
            bad += [replace(create, parameters=kept),
                    changed(create, MutualAuthentication={"Mode": "off"})]  # fmt: skip
        for edit in others(create, bad):
            assert against(found, (edit, *rest)), f"{edit.parameters} passed"
        for n, edit in enumerate(rest):
            assert against(found, (create, *rest[:n], *rest[n + 1 :])), "a part is lost"
            for other in others(edit, _otherwise(edit)):
                assert against(found, (create, *rest[:n], other, *rest[n + 1 :]))

    listeners = draw_routing.listeners(guard=PLAIN_GUARD)
    holds(check, listeners, POLICY, st.integers(0, 9), many=many, examples=25)


def _otherwise(edit: Edit) -> list[Edit]:
    """Return an edit of a new listener otherwise than it was: each lets more through."""
    if edit.operation == "create-rule":
        more = [changed(edit, Actions=a) for a in lost(edit.parameters["Actions"])]
        everything = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["*"]}}]
        more += [changed(edit, Conditions=everything)]
        plain = {k: v for k, v in edit.parameters.items() if k != "Transforms"}
        return more + ([replace(edit, parameters=plain)] if plain != edit.parameters else [])
    if edit.operation == "add-listener-certificates":
        return [changed(edit, Certificates=[{"CertificateArn": FOREIGN}])]
    key = "routing.http.response.access_control_allow_origin.header_value"
    return [changed(edit, Attributes=[{"Key": key, "Value": "https://x.example"}])]


@pytest.mark.parametrize("many", PROFILES)
def test_of_a_listener_and_a_rule_that_are_changed(many: bool) -> None:
    def check(drawn: Json, rule: Json, policy: str) -> None:
        well = draw_routing.account({**drawn, "rules": [rule]})
        found = case(well, well)
        now = next(x for x in found.state.load_balancers[-1].listeners if x.port == 443)
        own = next(r for r in now.rules if r.priority.isdigit())
        edit = modify_listener(now, actions=now.default_actions)
        bad = [changed(edit, DefaultActions=a) for a in lost(edit.parameters["DefaultActions"])]
        bad += [changed(edit, SslPolicy=policy)] if policy != now.ssl_policy else []
        bad += [changed(edit, Certificates=[{"CertificateArn": FOREIGN}])]
        if now.mutual_authentication["Mode"] != "off":
            bad += [changed(edit, MutualAuthentication={"Mode": "off"})]
        judged(found, (edit,), *bad)
        edit = modify_rule(own, actions=own.actions, conditions=own.conditions)
        everything = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["*"]}}]
        bad = [changed(edit, Actions=a) for a in lost(edit.parameters["Actions"])]
        bad += [changed(edit, Conditions=everything), delete_rule(now, own)]
        bad += [changed(edit, ResetTransforms=True)] if own.transforms else []
        judged(found, (edit,), *bad)

    rules = st.fixed_dictionaries(
        {
            "Priority": st.integers(1, 50000),
            "Conditions": draw_routing.conditions,
            "Actions": draw_routing.actions(),
            "Transforms": draw_routing.transforms,
        }
    )
    holds(check, draw_routing.listeners(), rules, POLICY, many=many, examples=25)


@pytest.mark.parametrize("many", PROFILES)
def test_of_a_rule_that_is_created(many: bool) -> None:
    def check(drawn: Json, rule: Json) -> None:
        well = draw_routing.account({**drawn, "rules": [rule]})
        found = case(well, well)
        assert found.previous is not None
        now = next(x for x in found.state.load_balancers[-1].listeners if x.port == 443)
        own = next(r for r in now.rules if r.priority.isdigit())
        broken = well.copy()
        broken.do("elbv2", "DeleteRule", RuleArn=own.arn)
        found = case(broken, well)
        edit = create_rule(now, int(own.priority), *all_parts(own))
        everything = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["*"]}}]
        bad = [changed(edit, Actions=a) for a in lost(edit.parameters["Actions"])]
        bad += [changed(edit, Conditions=everything), changed(edit, Transforms=[{"Type": "x"}])]
        bad += [changed(edit, Tags=[{"Key": "admin", "Value": "yes"}])]
        judged(found, (edit,), *bad)

    rules = st.fixed_dictionaries(
        {
            "Priority": st.integers(1, 50000),
            "Conditions": draw_routing.conditions,
            "Actions": draw_routing.actions(guard=PLAIN_GUARD),
            "Transforms": draw_routing.transforms,
            "Tags": draw_routing.TAGS,
        }
    )
    holds(check, draw_routing.listeners(), rules, many=many, examples=20)


# --- services


@pytest.mark.parametrize("many", PROFILES)
def test_of_a_service(many: bool) -> None:
    def check(service: Json, more: Json) -> None:
        well = draw_services.account(service)
        broken = well.copy()
        broken.do(
            "ecs", "DeleteService", cluster=draw_services.CLUSTER, service=draw_services.SERVICE
        )
        found, alive = case(broken, well), case(well, well)
        assert found.previous is not None
        was = next(s for s in found.previous.ecs_services if s.name == draw_services.SERVICE)
        create = create_service(draw_services.CLUSTER, was)
        bad = [changed(create, **{k: v}) for k, v in more.items() if create.parameters.get(k) != v]
        own = create.parameters[NETWORK]["awsvpcConfiguration"]
        public = [
            {"awsvpcConfiguration": {**own, "assignPublicIp": "ENABLED"}},
            {"awsvpcConfiguration": {**own, "securityGroups": ["sg-database"]}},
            {"awsvpcConfiguration": {**own, "subnets": ["subnet-public"]}},
        ][0 if own["assignPublicIp"] == "DISABLED" else 1 :]
        bad += [changed(create, **{NETWORK: n}) for n in public]
        judged(found, (create,), *bad)
        update = update_service(draw_services.CLUSTER, was, **{NETWORK: create.parameters[NETWORK]})
        wide = [changed(update, **{NETWORK: n}) for n in public]
        if not was.execute_command:
            wide.append(changed(update, enableExecuteCommand=True))
        judged(alive, (update,), *wide, changed(update, serviceConnectConfiguration={}))

    more = draw_services.ECS.fields(
        "CreateServiceRequest", "enableExecuteCommand", "deploymentConfiguration",
        "serviceConnectConfiguration", "desiredCount", "propagateTags", "volumeConfigurations",
    )  # fmt: skip
    holds(check, draw_services.services(st.just("ECS")), more, many=many, examples=25)


# --- a balancer's groups, a role's policy


GROUP_IDS = st.lists(
    st.sampled_from(["sg-lb-registry", "sg-lb-auth", "sg-database", "sg-of-somebody"]),
    min_size=1, max_size=3, unique=True,
)  # fmt: skip


@pytest.mark.parametrize("many", PROFILES)
def test_of_the_groups_of_a_balancer(many: bool) -> None:
    def check(drawn: Json, groups: list[str], scheme: str) -> None:
        found = case(well := draw_routing.account(drawn, scheme), well)
        balancer = found.state.load_balancers[-1]
        edit = set_groups(balancer, balancer.security_groups)
        differs = set(groups) != set(balancer.security_groups)
        judged(found, (edit,), *([changed(edit, SecurityGroups=groups)] if differs else []))

    schemes = ELB.of("LoadBalancerSchemeEnum")
    holds(check, draw_routing.listeners(), GROUP_IDS, schemes, many=many, examples=20)


SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf"
ACTIONS = st.from_regex(r"(secretsmanager|iam|s3|kms|ecs):[A-Z][a-z]{2,6}[*]?", fullmatch=True)
RESOURCES = st.sampled_from(
    ["*", SECRET[:-6] + "*", SECRET.replace("app", "other"), "arn:aws:s3:::bucket/*"]
)


def policy(role: str, *statements: Json) -> Edit:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return put_role_policy(role, "canary-start", document)


@pytest.mark.parametrize("many", PROFILES)
def test_of_the_policy_of_a_role(many: bool) -> None:
    found = case(Account(), None)

    def check(action: str, resource: str, beside: bool) -> None:
        right: Json = {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"]}
        own: Json = {**right, "Resource": [SECRET]}
        more: list[Json] = [
            {**own, "Action": [*right["Action"], action] if beside else [action]},
            {**own, "Resource": [SECRET, resource] if beside else [resource]},
        ]
        good, *bad = (policy("exec", *each) for each in ([own], *([own, one] for one in more)))
        judged(found, (good,), *bad, policy("other", own))

    holds(check, ACTIONS, RESOURCES, st.booleans(), many=many, examples=20)


# --- calls


def calls() -> st.SearchStrategy[tuple[str, str]]:
    """Draw a call of AWS's model: "elbv2 modify-rule", and one of its members."""
    found = [
        (f"{name} {call}", member)
        for name in ("elbv2", "ec2", "ecs", "iam")
        for call, members in members_of(name)
        for member in members
    ]
    known = [(call, member) for call, member in found if call in MEMBERS]
    return st.sampled_from(found) | st.sampled_from(known)


def members_of(name: str) -> list[tuple[str, list[str]]]:
    known = model(name)
    inputs = {o: known.operation_model(o).input_shape for o in known.operation_names}
    return [(xform_name(o, "-"), list(s.members)) for o, s in inputs.items() if s]


@pytest.mark.parametrize("many", PROFILES)
def test_of_a_call_or_of_a_member_of_which_nothing_is_known(many: bool) -> None:
    """A balancer that faces the internet, other subnets, an address type are among them."""
    nothing = case(Account(), None)

    def check(drawn: tuple[str, str]) -> None:
        call, member = drawn
        service, _, operation = call.partition(" ")
        edit = Edit(service=service, operation=operation, parameters={member: "x"}, resource="x")
        if call not in CHECKS:
            assert objections(nothing, (edit,)) == [f"nothing is known of what {call} may widen"]
        elif member not in MEMBERS.get(call, {member}):
            why = f"nothing is known of what {member} of {call} may widen"
            assert list(unknown_members(edit)) == [why]

    holds(check, calls(), many=many)
