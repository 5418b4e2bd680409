"""Log groups, a role's own policy and names in Cloud Map as blocks."""

from __future__ import annotations

import json

from canary.diagnose.remedies.edit import Edit
from canary.diagnose.remedies.services import registry_of
from canary.diagnose.terraform.draft import Draft, Resource
from canary.diagnose.terraform.hcl import Argument
from canary.diagnose.terraform.shapes import Shape, body

_LOGS, _POLICY = "aws_cloudwatch_log_group", "aws_iam_role_policy"
_ATTACHED = "aws_iam_role_policy_attachment"
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
    role, name = edit.parameters["RoleName"], edit.parameters["PolicyName"]
    there = edit.before is not None
    draft.add(
        Resource(
            type=_POLICY,
            name=draft.name(_POLICY, role, name),
            noun="policy of the role",
            body=[
                Argument("role", role),
                Argument("name", name),
                Argument("policy", json.dumps(edit.parameters["PolicyDocument"])),
            ],
            import_id=f"{role}:{name}" if there else "",
            changed=("policy",),
        )
    )


def attached_policy(draft: Draft, edit: Edit) -> None:
    """Draft a managed policy that the fix attaches to a role."""
    role, arn = edit.parameters["RoleName"], edit.parameters["PolicyArn"]
    draft.add(
        Resource(
            type=_ATTACHED,
            name=draft.name(_ATTACHED, role, arn.rpartition("/")[2]),
            noun="policy on the role",
            body=[Argument("role", role), Argument("policy_arn", arn)],
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
