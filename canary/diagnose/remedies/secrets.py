"""Edits of secrets and parameters; their values never stand in a command."""

from __future__ import annotations

from canary.control_plane.state import SecretState
from canary.diagnose.remedies.edit import Edit, Later, Parameters

_LONGEST_DAYS = 30  # DeleteSecret takes 7 to 30


def restore_secret(name: str) -> Edit:
    """Return the edit that takes the deletion of a secret back; its way back marks it again.

    The day of the deletion is then the latest that AWS takes.
    """
    marked: Parameters = {"DeletedDate": "marked for deletion"}
    kept: Parameters = {"DeletedDate": None}
    return Edit(
        service="secretsmanager", operation="restore-secret", parameters={"SecretId": name},
        resource=name, before=marked, after=kept,
        undo=Edit(
            service="secretsmanager", operation="delete-secret",
            parameters={"SecretId": name, "RecoveryWindowInDays": _LONGEST_DAYS},
            resource=name, before=kept, after=marked,
        ),
    )  # fmt: skip


def previous_value(secret: SecretState) -> Edit:
    """Return the edit that puts the previous value of a secret or parameter back."""
    if secret.kind == "secret":
        undo = _stage(secret, secret.version_before, secret.version)
        return _stage(secret, secret.version, secret.version_before, undo)
    undo = _put(secret, secret.version_before, secret.version)
    return _put(secret, secret.version, secret.version_before, undo)


def _put(secret: SecretState, old: str, new: str, undo: Edit | None = None) -> Edit:
    """Return the edit that stores the value of another version of a parameter once more.

    PutParameter encrypts with AWS's own key unless it is given the one that the parameter has.
    """
    value = Later(
        service="ssm", operation="get-parameter-history",
        parameters={"Name": secret.name, "WithDecryption": True},
        query=f"Parameters[?Version==`{new}`].Value",
        of_others=True,
    )  # fmt: skip
    key = {"Type": "SecureString", "KeyId": secret.kms_key} if secret.kms_key else {}
    return Edit(
        service="ssm", operation="put-parameter",
        parameters={"Name": secret.name, "Overwrite": True, "Value": value, **key},
        resource=secret.name, before={"Value": f"that of version {old}"},
        after={"Value": f"that of version {new}"}, undo=undo,
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
