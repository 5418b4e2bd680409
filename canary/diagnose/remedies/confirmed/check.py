"""Check what an edit takes from the past, by what it could open on that word alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from canary.control_plane.routing import default_rule, listener_of, listener_with, rule_of
from canary.control_plane.state import Listener, LoadBalancer
from canary.diagnose.core.case import Case
from canary.diagnose.remedies import well
from canary.diagnose.remedies.confirmed import (
    actions,
    conditions,
    groups,
    listeners,
    roles,
    services,
    sign_in,
)
from canary.diagnose.remedies.confirmed.references import balancer_of
from canary.diagnose.remedies.edit import Edit, Parameters
from canary.diagnose.remedies.listeners import arn_of
from canary.diagnose.remedies.network import EGRESS, INGRESS
from canary.diagnose.remedies.rules import condition_json, rule_json


def _rule(case: Case, edit: Edit) -> Iterator[str]:
    now, given = rule_of(case.state, edit.parameters["RuleArn"]), edit.parameters
    balancer, there = balancer_of(case, edit), rule_json(now.actions) if now else []
    does = given.get("Actions", there)
    took = given.get("Conditions", [condition_json(c) for c in now.conditions] if now else [])
    if now and "Actions" in given:
        yield from sign_in.lost(there, does)
        yield from listeners.plain_rule(
            case, balancer, listener_with(case.state, now.arn), does, there
        )
    if now:
        yield from conditions.lost(case, balancer, now, took)
        yield from conditions.widened(case, balancer, now, took, _groups(does))
    yield from actions.unconfirmed(case, balancer, given.get("Actions", []), took)


def _groups(does: list[Parameters]) -> list[str]:
    return [arn for action in does for arn in actions.groups_in(action)]


def _new_rule(case: Case, edit: Edit) -> Iterator[str]:
    given, balancer = edit.parameters, balancer_of(case, edit)
    does, took, arn = given["Actions"], given["Conditions"], given["ListenerArn"]
    home = listener_of(case.state, arn)
    yield from listeners.plain_rule(case, balancer, home or _made(case, balancer, arn), does, [])
    yield from conditions.widened(case, balancer, None, took, _groups(does))
    yield from actions.unconfirmed(case, balancer, does, took)


def _made(case: Case, balancer: LoadBalancer | None, arn: Any) -> Listener | None:
    """Return a listener that an earlier edit creates, as it was."""
    was = well.balancer(case, balancer.arn) if balancer else None
    lists = was.listeners if was else ()
    return next((x for x in lists if balancer and arn == arn_of(balancer, x.port)), None)


def _listener(case: Case, edit: Edit) -> Iterator[str]:
    now, given = listener_of(case.state, edit.parameters["ListenerArn"]), edit.parameters
    first, balancer = default_rule(now), balancer_of(case, edit)
    yield from listeners.unconfirmed(case, balancer, given)
    if now is None:
        return
    whole = {"Port": now.port, **given}
    if "DefaultActions" in given:
        whole = {"Protocol": now.protocol, **whole}
    yield from listeners.plain(case, balancer, whole)
    yield from listeners.mutual(now, given.get("MutualAuthentication"))
    if "DefaultActions" in given:
        yield from actions.unconfirmed(case, balancer, given["DefaultActions"])
        yield from sign_in.lost(rule_json(first.actions if first else ()), given["DefaultActions"])


def _new_listener(case: Case, edit: Edit) -> Iterator[str]:
    balancer, given = balancer_of(case, edit), edit.parameters
    yield from listeners.unconfirmed(case, balancer, given)
    yield from listeners.plain(case, balancer, given)
    yield from actions.unconfirmed(case, balancer, given["DefaultActions"])


def _attributes(case: Case, edit: Edit) -> Iterator[str]:
    yield from listeners.unconfirmed(case, balancer_of(case, edit), edit.parameters)


def _permissions(case: Case, edit: Edit) -> Iterator[str]:
    group = case.security_group(edit.parameters["GroupId"])
    if group is None:
        return
    direction = INGRESS if edit.operation.endswith(INGRESS) else EGRESS
    for wanted in edit.parameters["IpPermissions"]:
        yield from groups.unconfirmed(case, group, direction, wanted)


def _service(case: Case, edit: Edit) -> Iterator[str]:
    name = edit.parameters["service"]
    now = next((s for s in case.state.ecs_services if s.name == name), None)
    yield from services.unconfirmed(case, name, now, edit.parameters)


def _new_service(case: Case, edit: Edit) -> Iterator[str]:
    yield from services.unconfirmed(case, edit.parameters["serviceName"], None, edit.parameters)


def _instance(case: Case, edit: Edit) -> Iterator[str]:
    given = edit.parameters
    yield from services.instance(case, given["ServiceId"], given["InstanceId"], given["Attributes"])


def _targets(case: Case, edit: Edit) -> Iterator[str]:
    yield from services.targets(case, edit.parameters["TargetGroupArn"])


BY_THE_PRESENT: dict[str, Callable[[Case, Edit], Iterator[str]]] = {
    "elbv2 modify-rule": _rule,
    "elbv2 create-rule": _new_rule,
    "elbv2 modify-listener": _listener,
    "elbv2 create-listener": _new_listener,
    # a certificate beside the default one serves its own names alone: see `references`
    "elbv2 modify-listener-attributes": _attributes,
    "elbv2 register-targets": _targets,
    "ec2 authorize-security-group-ingress": _permissions,
    "ec2 authorize-security-group-egress": _permissions,
    "ecs update-service": _service,
    "ecs create-service": _new_service,
    "iam put-role-policy": roles.unconfirmed,
    "servicediscovery register-instance": _instance,
}


def by_the_present(case: Case, edit: Edit) -> Iterator[str]:
    """Yield what of an edit only the past tells, nothing if the present confirms it all."""
    check = BY_THE_PRESENT.get(f"{edit.service} {edit.operation}")
    if check is not None:
        yield from check(case, edit)
