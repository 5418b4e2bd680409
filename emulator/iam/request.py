"""Read the IAM action, resources and condition keys of a request.

A service that is not listed has the resource "*": a statement scoped to an ARN then does not
match, so an unknown service fails closed. Which actions take a resource at all follows AWS's
Service Authorization Reference: List and Describe calls of EC2 and ELBv2, for example, do not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import msgspec

from emulator.iam import containers, stores
from emulator.iam.edge import route53, waf
from emulator.settings import ACCOUNT, REGION

# SigV4 signing name -> IAM prefix, where they differ
PREFIXES = {"monitoring": "cloudwatch", "email": "ses"}

Params = dict[str, Any]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request's fields that IAM evaluates."""

    action: str
    resources: list[str]
    context: dict[str, str]


def asked(response: Any, signing_name: str, operation: str) -> Asked:
    """Describe a moto response object's request in IAM's terms."""
    service = PREFIXES.get(signing_name, signing_name)
    params = _params(response)
    params.setdefault("_path", unquote(getattr(response, "path", "") or ""))
    action = ACTIONS.get((service, operation), operation)
    finder = RESOURCES.get(service)
    resources = finder(action, params) if finder else ["*"]
    return Asked(
        action=f"{service}:{action}",
        resources=resources or ["*"],
        context=_context(service, params),
    )


# API operations whose IAM action has another name
ACTIONS = {
    ("lambda", "Invoke"): "InvokeFunction",
    ("lambda", "InvokeAsync"): "InvokeFunction",
    ("s3", "ListObjectsV2"): "ListBucket",
}


def _params(response: Any) -> Params:
    """Return the request's parameters, whichever protocol carried them."""
    if getattr(response, "automated_parameter_parsing", False):
        try:
            return dict(response.params)
        except AttributeError:
            return {}
    body = response.body
    if isinstance(body, (str, bytes)) and body[:1] in ("{", b"{"):
        try:
            return dict(json.loads(body))
        except ValueError:
            return {}
    return {key: value[0] for key, value in (response.querystring or {}).items() if value}


def _context(service: str, params: Params) -> dict[str, str]:
    context = {
        "aws:SecureTransport": "true",  # loopback HTTP stands in for TLS
        "aws:RequestedRegion": REGION,
        "aws:SourceAccount": ACCOUNT,
        "aws:ResourceAccount": ACCOUNT,
        "aws:PrincipalAccount": ACCOUNT,
    }
    if service == "cloudwatch" and params.get("Namespace"):
        context["cloudwatch:namespace"] = params["Namespace"]
    if service == "ecs" and params.get("cluster"):
        context["ecs:cluster"] = _arn("ecs", "cluster/" + params["cluster"].rpartition("/")[2])
    if service == "secretsmanager" and params.get("VersionStage"):
        context["secretsmanager:VersionStage"] = params["VersionStage"]
    return context


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def _secret(action: str, params: Params) -> list[str]:
    if action in ("ListSecrets", "GetRandomPassword", "BatchGetSecretValue"):
        return ["*"]
    identifier = params.get("SecretId") or params.get("Name", "")
    return [secret_arn(identifier)]


def secret_arn(identifier: str) -> str:
    """Return a secret's full ARN with its random suffix, from its name or a form of its ARN."""
    from moto.secretsmanager.models import secretsmanager_backends

    store = secretsmanager_backends[ACCOUNT][REGION].secrets
    secret = store.get(identifier)
    if secret is not None:
        return str(secret.arn)
    if identifier.startswith("arn:"):
        return identifier
    return _arn("secretsmanager", f"secret:{identifier}")


def _parameter(action: str, params: Params) -> list[str]:
    if action == "DescribeParameters":
        return ["*"]
    wanted = params.get("Names") or [params.get("Name") or params.get("Path") or ""]
    return [
        name if name.startswith("arn:") else _arn("ssm", "parameter/" + name.lstrip("/"))
        for name in wanted
    ]


def _logs(action: str, params: Params) -> list[str]:
    if action == "DescribeLogGroups":
        return [_arn("logs", "log-group:*")]
    name = params.get("logGroupName")
    if not name:
        identifier = params.get("logGroupIdentifier") or next(
            iter(params.get("logGroupNames") or params.get("logGroupIdentifiers") or []), ""
        )
        name = identifier.partition(":log-group:")[2].removesuffix(":*") or identifier
    if not name:
        return ["*"]
    stream = params.get("logStreamName")
    if stream and action in ("PutLogEvents", "GetLogEvents", "CreateLogStream"):
        return [_arn("logs", f"log-group:{name}:log-stream:{stream}")]
    return [_arn("logs", f"log-group:{name}:*")]


def _iam(_action: str, params: Params) -> list[str]:
    name = params.get("RoleName")
    return [role_arn(name)] if name else ["*"]


def role_arn(name: str) -> str:
    """Return a role's ARN, with its path; one that does not exist has none."""
    from moto.iam.models import iam_backends

    roles = iam_backends[ACCOUNT]["aws"].roles.values()
    known = next((str(role.arn) for role in roles if role.name == name), "")
    return known or f"arn:aws:iam::{ACCOUNT}:role/{name}"


def _sns(_action: str, params: Params) -> list[str]:
    return [params.get("TopicArn") or params.get("TargetArn") or "*"]


def _sqs(_action: str, params: Params) -> list[str]:
    url = params.get("QueueUrl", "")
    return [_arn("sqs", url.rpartition("/")[2])] if url else ["*"]


def _lambda(_action: str, params: Params) -> list[str]:
    match = re.search(r"/functions/([^/?]+)", params["_path"])
    if not match:
        return ["*"]
    name = match.group(1)
    return [name if name.startswith("arn:") else _arn("lambda", f"function:{name}")]


def _scheduler(_action: str, params: Params) -> list[str]:
    match = re.search(r"/(schedules|schedule-groups)/([^/?]+)", params["_path"])
    if not match:
        return ["*"]
    if match.group(1) == "schedule-groups":
        return [_arn("scheduler", f"schedule-group/{match.group(2)}")]
    group = params.get("groupName") or params.get("GroupName") or "default"
    return [_arn("scheduler", f"schedule/{group}/{match.group(2)}")]


def _acm(_action: str, params: Params) -> list[str]:
    return [params.get("CertificateArn") or "*"]


def _alarm(action: str, params: Params) -> list[str]:
    if action in ("DescribeAlarmHistory", "SetAlarmState") and params.get("AlarmName"):
        return [_arn("cloudwatch", f"alarm:{params['AlarmName']}")]
    if action == "DescribeAlarms":
        wanted = params.get("AlarmNames") or ["*"]
        return [_arn("cloudwatch", f"alarm:{name}") for name in wanted]
    return ["*"]


def _bus(action: str, params: Params) -> list[str]:
    if action != "PutEvents":
        return ["*"]
    buses = {str(e.get("EventBusName") or "default") for e in params.get("Entries", [])}
    return [b if b.startswith("arn:") else _arn("events", f"event-bus/{b}") for b in sorted(buses)]


def _machine(action: str, params: Params) -> list[str]:
    arn = params.get("stateMachineArn") or params.get("executionArn") or "*"
    return [arn] if action != "ListStateMachines" else ["*"]


RESOURCES: dict[str, Callable[[str, Params], list[str]]] = {
    "secretsmanager": _secret,
    "ssm": _parameter,
    "ecs": containers.ecs,
    "logs": _logs,
    "iam": _iam,
    "sns": _sns,
    "sqs": _sqs,
    "lambda": _lambda,
    "scheduler": _scheduler,
    "acm": _acm,
    "cloudwatch": _alarm,
    "events": _bus,
    "states": _machine,
    "sts": lambda _, params: [params.get("RoleArn") or "*"],
    "wafv2": waf,
    "route53": route53,
    **stores.RESOURCES,
}
