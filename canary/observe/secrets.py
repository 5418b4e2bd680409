"""Read whether secrets and parameters of tasks and principals exist, never their values."""

from __future__ import annotations

import re
from typing import Any

from canary.control_plane.state import SecretState, TaskDefinition
from canary.observe.calls import Permission, Reader, when

ACTIONS = (
    Permission(
        action="secretsmanager:DescribeSecret",
        resource="arn:aws:secretsmanager:{region}:{account}:secret:*",
    ),
    Permission(action="ssm:DescribeParameters"),  # takes no narrower resource
)
_SECRET_ARN = re.compile(r"^(arn:[^:]+:secretsmanager:[^:]*:\d*:secret:[^:]+)")
_PARAMETER_ARN = re.compile(r"^arn:[^:]+:ssm:[^:]*:\d*:parameter(?P<name>/?.+)$")


def read(reader: Reader, definitions: tuple[TaskDefinition, ...]) -> tuple[SecretState, ...]:
    """Return the state of every secret that the given revisions or the principals refer to."""
    own = reader.environment.own_secrets
    references = sorted(
        {v for d in definitions for c in d.containers for v in c.secrets.values() if v}
    )
    secrets = [r for r in references if _SECRET_ARN.match(r)]
    parameters = {r: parameter_name(r) for r in references if r not in secrets}
    found = [described(reader, r) for r in (*secrets, *own)]
    return tuple(s for s in [*found, *_parameters(reader, parameters)] if s)


def secret_id(reference: str) -> str:
    """Return the secret's ARN without JSON key, stage and version."""
    match = _SECRET_ARN.match(reference)
    return match[1] if match else reference


def parameter_name(reference: str) -> str:
    """Return a parameter's name from its ARN; the ARN of "/a/b" ends in ":parameter/a/b"."""
    match = _PARAMETER_ARN.match(reference)
    return match["name"] if match else reference


def described(reader: Reader, reference: str) -> SecretState | None:
    """Return the state of a secret, by ARN or name; None if it could not be read."""
    identifier = secret_id(reference)
    gone = SecretState(reference=reference, exists=False, name=identifier, detail="not found")
    return reader.answer(
        "secretsmanager:DescribeSecret",
        identifier,
        lambda raw: _described(reference, raw),
        None,
        {"ResourceNotFoundException": gone},
        SecretId=identifier,
    )


def _described(reference: str, raw: dict[str, Any]) -> SecretState | None:
    deleted = when(raw.get("DeletedDate"))
    stages = raw.get("VersionIdsToStages") or {}
    current = next((v for v, s in stages.items() if "AWSCURRENT" in s), "")
    detail = f"marked for deletion on {deleted}" if deleted else ""
    if not current and not deleted:
        detail = "has no current version"
    return SecretState(
        reference=reference,
        exists=not deleted and bool(current),
        name=str(raw.get("Name", "")),
        deleted=bool(deleted),
        detail=detail,
        changed_at=when(raw.get("LastChangedDate")),
        version=current,
        version_before=next((v for v, s in stages.items() if "AWSPREVIOUS" in s), ""),
        kms_key=str(raw.get("KmsKeyId") or ""),
    )


def _parameters(reader: Reader, names: dict[str, str]) -> list[SecretState]:
    if not names:
        return []
    wanted = sorted(set(names.values()))
    raw: list[dict[str, Any]] = []
    for start in range(0, len(wanted), 50):  # a filter holds at most 50 values
        named = {"Key": "Name", "Option": "Equals", "Values": wanted[start : start + 50]}
        batch = reader.pages("ssm:DescribeParameters", "Parameters", ParameterFilters=[named])
        if batch is None:
            return []
        raw += batch
    found = {str(p["Name"]): p for p in raw}
    return [_parameter(ref, name, found.get(name)) for ref, name in names.items()]


def _parameter(reference: str, name: str, raw: dict[str, Any] | None) -> SecretState:
    if raw is None:
        return SecretState(
            reference=reference, exists=False, kind="parameter", name=name, detail="not found"
        )
    version = int(raw.get("Version") or 0)
    return SecretState(
        reference=reference,
        exists=True,
        kind="parameter",
        name=name,
        changed_at=when(raw.get("LastModifiedDate")),
        version=str(version or ""),
        version_before=str(version - 1) if version > 1 else "",
        detail=str(raw.get("Type", "")),
        kms_key=str(raw.get("KeyId") or ""),
    )
