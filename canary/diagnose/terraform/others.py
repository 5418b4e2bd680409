"""Log groups, a role's own policy and names in Cloud Map as blocks."""

from __future__ import annotations

import json

from canary.diagnose.remedies.edit import Edit
from canary.diagnose.remedies.services import registry_of
from canary.diagnose.terraform.draft import Draft, Resource
from canary.diagnose.terraform.hcl import Argument
from canary.diagnose.terraform.shapes import Shape, body

_LOGS, _POLICY = "aws_cloudwatch_log_group", "aws_iam_role_policy"
_NAME = "aws_service_discovery_service"
_RECORDS = Shape("dns_records", {"Type": "type", "TTL": "ttl"}, needs=("Type", "TTL"))
_DNS = Shape(
    "dns_config",
    {"NamespaceId": "namespace_id", "RoutingPolicy": "routing_policy"},
    (("DnsRecords", _RECORDS),),
    needs=("NamespaceId", "DnsRecords"),
)
_HEALTH = Shape("health_check_custom_config", {"FailureThreshold": "failure_threshold"})
_INTERNAL = Shape(
    "", {"Name": "name"}, (("DnsConfig", _DNS), ("HealthCheckCustomConfig", _HEALTH)),
    needs=("Name",),
)  # fmt: skip


def log_group(draft: Draft, edit: Edit) -> None:
    """Draft a log group that the fix creates."""
    name = edit.parameters["logGroupName"]
    draft.add(
        Resource(
            type=_LOGS,
            name=draft.name(_LOGS, name),
            noun="log group",
            body=[Argument("name", name)],
        )
    )


def role_policy(draft: Draft, edit: Edit) -> None:
    """Draft the policy that the fix gives a role: it is written whole, under its own name."""
    wanted = edit.parameters
    document = json.dumps(wanted["PolicyDocument"])
    draft.add(
        Resource(
            type=_POLICY,
            name=draft.name(_POLICY, wanted["RoleName"], wanted["PolicyName"]),
            noun="policy of the role",
            body=[
                Argument("role", wanted["RoleName"]),
                Argument("name", wanted["PolicyName"]),
                Argument("policy", document),
            ],
        )
    )


def internal_name(draft: Draft, edit: Edit) -> None:
    """Draft a name in Cloud Map that the fix creates."""
    wanted = dict(edit.parameters)
    label, namespace = wanted["Name"], wanted.pop("NamespaceId")
    dns = {"NamespaceId": namespace, **wanted["DnsConfig"]}
    draft.add(
        Resource(
            type=_NAME,
            name=draft.name(_NAME, label),
            noun="name in Cloud Map",
            body=body(_INTERNAL, {**wanted, "DnsConfig": dns}),
        ),
        found_by=registry_of(label, namespace),
    )
