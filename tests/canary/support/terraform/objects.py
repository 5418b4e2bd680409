"""The objects of AWS that a fix leaves: by its commands, and by its Terraform."""

from __future__ import annotations

import json
from typing import Any

from canary.control_plane.state import PlatformState
from tests.canary.support import commands
from tests.canary.support.terraform import described, normal
from tests.canary.support.terraform.blocks import Ref, Resource

Json = dict[str, Any]
LATER = "later"  # an identifier that only the first command, or the first block, makes
TYPED = frozenset({"register-targets", "deregister-targets", "delete-rule"} | {
    "register-instance", "deregister-instance"})  # fmt: skip


def by_commands(state: PlatformState, fix: tuple[str, ...]) -> tuple[dict[str, Any], list[int]]:
    """Return the objects that commands leave, and the numbers of those that change no object."""
    found: dict[str, Any] = {}
    typed = []
    for number, line in enumerate(fix, 1):
        service, operation = line.split()[1:3]
        given = commands.parameters(line)
        if operation in TYPED or not _command(state, found, f"{service} {operation}", given):
            typed.append(number)
    return found, typed


def _command(state: PlatformState, found: dict[str, Any], call: str, given: Json) -> bool:
    """Apply one command to the objects; return whether it changes one of them."""
    match call:
        case "elbv2 modify-rule":
            arn = given.pop("RuleArn")
            if given.pop("ResetTransforms", False):
                given["Transforms"] = []
            found[arn] = normal.rule({**described.rule(state, arn), **given})
        case "elbv2 set-rule-priorities":
            for move in given["RulePriorities"]:
                arn = move.pop("RuleArn")
                found[arn] = normal.rule({**described.rule(state, arn), **move})
        case "elbv2 create-rule":
            found[f"{given['ListenerArn']} {given['Priority']}"] = normal.rule(given)
        case "elbv2 modify-listener":
            arn = given.pop("ListenerArn")
            found[arn] = normal.listener({**described.listener(state, arn), **given})
        case "elbv2 create-listener":
            found[f"{given['LoadBalancerArn']} {given['Port']}"] = normal.listener(given)
        case "elbv2 add-listener-certificates":
            for one in given["Certificates"]:
                found[f"{given['ListenerArn']} {one['CertificateArn']}"] = {}
        case "elbv2 modify-listener-attributes":
            (made,) = (v for k, v in found.items() if "DefaultActions" in v)
            made["Attributes"] |= {a["Key"]: a["Value"] for a in given["Attributes"] if a["Value"]}
        case "elbv2 modify-target-group":
            arn = given.pop("TargetGroupArn")
            found[arn] = normal.group({**described.group(state, arn), **given})
        case "elbv2 modify-load-balancer-attributes" | "elbv2 set-security-groups":
            arn = given.pop("LoadBalancerArn")
            whole = described.balancer(state, arn)
            changed = {a["Key"]: a["Value"] for a in given.pop("Attributes", [])}
            found[arn] = {**whole, "Attributes": {**whole["Attributes"], **changed}, **given}
        case "ecs update-service" | "ecs create-service":
            return _service(state, found, given)
        case _:
            _others(found, call, given)
    return True


def _service(state: PlatformState, found: dict[str, Any], given: Json) -> bool:
    given.pop("forceNewDeployment", None)
    cluster = given.pop("cluster")
    if "serviceName" in given:
        found[given["serviceName"]] = normal.service({**given, "cluster": cluster})
        return True
    name = given.pop("service")
    if given:
        whole = described.service(state, name)
        found[f"{cluster}/{name}"] = normal.service({**whole, **given})
    return bool(given)


def _others(found: dict[str, Any], call: str, given: Json) -> None:
    match call:
        case "ec2 authorize-security-group-ingress" | "ec2 authorize-security-group-egress":
            key = f"{given['GroupId']} {call.rpartition('-')[2]}"
            rules = {r for one in given["IpPermissions"] for r in normal.permission(one)}
            found[key] = found.get(key, set()) | rules
        case "iam put-role-policy":
            found[f"{given['RoleName']} {given['PolicyName']}"] = json.loads(
                given["PolicyDocument"]
            )
        case "iam attach-role-policy":
            found[f"{given['RoleName']} {given['PolicyArn']}"] = {}
        case "logs create-log-group":
            found[given["logGroupName"]] = {}
        case "servicediscovery create-service":
            found[f"{given.pop('NamespaceId')} {given['Name']}"] = given
        case _:
            raise AssertionError(f"a command that is not known here: {call}")


def by_terraform(resources: list[Resource]) -> dict[str, Any]:
    """Return the objects that blocks make; a reference counts as an identifier of later."""
    addresses = {f"{r.type}.{r.name}.arn" for r in resources}
    found: dict[str, Any] = {}
    for resource in resources:
        _resource(found, resource, later(resource.body, addresses))
    return found


def later(value: Any, addresses: set[str]) -> Any:
    """Return a value with each reference to a block of the same text as an identifier of later."""
    if isinstance(value, Ref):
        assert value.text in addresses, f"{value.text} is in no block"
        return LATER
    if isinstance(value, dict):
        return {k: later(v, addresses) for k, v in value.items()}
    return [later(v, addresses) for v in value] if isinstance(value, list) else value


def _resource(found: dict[str, Any], resource: Resource, body: Json) -> None:
    match resource.type:
        case "aws_lb_listener_rule":
            made = normal.rule_of(body)
            found[resource.import_id or f"{body['listener_arn']} {body['priority']}"] = made
        case "aws_lb_listener":
            made = normal.listener_of(body)
            found[resource.import_id or f"{body['load_balancer_arn']} {body['port']}"] = made
        case "aws_lb_listener_certificate":
            found[f"{body['listener_arn']} {body['certificate_arn']}"] = {}
        case "aws_lb_target_group":
            found[resource.import_id] = normal.group_of(body)
        case "aws_lb":
            found[resource.import_id] = normal.balancer_of(body)
        case "aws_ecs_service":
            found[resource.import_id or body["name"]] = normal.service_of(body)
        case "aws_iam_role_policy":
            found[f"{body['role']} {body['name']}"] = json.loads(body["policy"])
        case "aws_iam_role_policy_attachment":
            found[f"{body['role']} {body['policy_arn']}"] = {}
        case "aws_cloudwatch_log_group":
            found[body["name"]] = {}
        case "aws_service_discovery_service":
            found[f"{body['dns_config'][0]['namespace_id']} {body['name']}"] = normal.name_of(body)
        case kind:
            direction = kind.removeprefix("aws_vpc_security_group_").removesuffix("_rule")
            key = f"{body['security_group_id']} {direction}"
            found.setdefault(key, set()).add(normal.permission_of(body))
