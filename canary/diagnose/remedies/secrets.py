"""Edits of secrets and parameters; their values never stand in a command."""

from __future__ import annotations

from canary.control_plane.state import SecretState
from canary.diagnose.remedies.edit import Edit, Later


def restore_secret(name: str) -> Edit:
    """Return the edit that takes the deletion of a secret back."""
    return Edit(
        service="secretsmanager", operation="restore-secret", parameters={"SecretId": name},
        resource=name, before={"DeletedDate": "marked for deletion"}, after={"DeletedDate": None},
    )  # fmt: skip


def previous_value(secret: SecretState) -> Edit:
    """Return the edit that puts the previous value of a secret or parameter back."""
    if secret.kind == "secret":
        undo = _stage(secret, secret.version_before, secret.version)
        return _stage(secret, secret.version, secret.version_before, undo)
    value = Later(
        service="ssm", operation="get-parameter-history",
        parameters={"Name": secret.name, "WithDecryption": True},
        query=f"Parameters[?Version==`{secret.version_before}`].Value",
    )  # fmt: skip
    return Edit(
        service="ssm", operation="put-parameter",
        parameters={"Name": secret.name, "Overwrite": True, "Value": value},
        resource=secret.name, before={"Value": f"that of version {secret.version}"},
        after={"Value": f"that of version {secret.version_before}"},
    )  # fmt: skip


def _stage(secret: SecretState, old: str, new: str, undo: Edit | None = None) -> Edit:
    return Edit(
        service="secretsmanager", operation="update-secret-version-stage",
        parameters={
            "SecretId": secret.name,
            "VersionStage": "AWSCURRENT",
            "MoveToVersionId": new,
            "RemoveFromVersionId": old,
        },
        resource=secret.name, before={"AWSCURRENT": old}, after={"AWSCURRENT": new}, undo=undo,
    )  # fmt: skip
