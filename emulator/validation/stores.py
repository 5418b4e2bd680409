"""What Secrets Manager, Systems Manager, Logs and Cloud Map refuse beyond their models.

Sources: the error lists of each operation in the services' API references; texts as the services
word them where they are known.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from emulator.settings import ACCOUNT, REGION

Refusal = tuple[str, str] | None
Params = dict[str, Any]
CURRENT = "AWSCURRENT"
STANDARD_MOST = 4096
SECRET_NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]+")
PARAMETER_NAME = re.compile(r"[A-Za-z0-9._/-]+")
BAD_SECRET_NAME = (
    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the "
    "following: -/_+=.@!"
)
BOTH_DELETIONS = (
    "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
)
WINDOW = "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
DELETED_TWICE = "You tried to perform the operation on a secret that's currently marked deleted."
MARKED = "You can't perform this operation on the secret because it was marked for deletion."
STAYS = (
    "You can only move staging label AWSCURRENT to a different secret version. It can't be "
    "completely removed."
)
TOO_LONG = (
    "Standard tier parameters support a maximum parameter value of 4096 characters. To create a "
    "larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more "
    "information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/"
    "parameter-store-advanced-parameters.html"
)
BAD_PARAMETER_NAME = (
    'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive). If formed as a '
    "path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a "
    "mix of letters, numbers and the following 3 symbols .-_"
)
OTHER_TYPE = (
    "Parameter Store does not support changing a parameter type in a hierarchy. For example, you "
    "can't change a parameter from a String type to a SecureString type. You must create a new, "
    "unique parameter."
)


def create_secret(given: Params) -> Refusal:
    """Refuse a name with characters that no secret may have."""
    if SECRET_NAME.fullmatch(given["Name"]):
        return None
    return "InvalidParameterException", BAD_SECRET_NAME


def delete_secret(given: Params) -> Refusal:
    """Refuse two ways of deletion at once, a wrong window, and a second deletion."""
    window, force = given.get("RecoveryWindowInDays"), given.get("ForceDeleteWithoutRecovery")
    if window is not None and force:
        return "InvalidParameterException", BOTH_DELETIONS
    if window is not None and not 7 <= int(window) <= 30:
        return "InvalidParameterException", WINDOW
    found = _secret(given)
    if found is not None and found.is_deleted() and not force:
        return "InvalidRequestException", DELETED_TWICE
    return None


def move_stage(given: Params) -> Refusal:
    """Refuse a move that names no version, and AWSCURRENT without a version to go to.

    moto takes a label away before it looks where the label should go.
    """
    found = _secret(given)
    if found is None:
        return None
    if found.is_deleted():
        return "InvalidRequestException", MARKED
    target, source = given.get("MoveToVersionId"), given.get("RemoveFromVersionId")
    for ident in (source, target):
        if ident and ident not in found.versions:
            return "InvalidParameterException", f"Not a valid version: {ident}"
    if given["VersionStage"] == CURRENT and source and not target:
        return "InvalidParameterException", STAYS
    return None


def put_parameter(given: Params) -> Refusal:
    """Refuse a wrong name, a value that is too long or of a wrong pattern, and another type."""
    from moto.ssm.models import ssm_backends

    name, value = given["Name"], str(given["Value"])
    if not PARAMETER_NAME.fullmatch(name.rpartition(":parameter")[2]):
        return "ValidationException", BAD_PARAMETER_NAME
    if len(value) > STANDARD_MOST and given.get("Tier", "Standard") == "Standard":
        return "ValidationException", TOO_LONG
    pattern = given.get("AllowedPattern")
    if pattern and not re.search(pattern, value):
        text = f"Parameter value, cannot be validated against allowedPattern: {pattern}"
        return "ParameterPatternMismatchException", text
    found = ssm_backends[ACCOUNT][REGION].get_parameter(name) if given.get("Overwrite") else None
    if found is not None and given.get("Type", found.parameter_type) != found.parameter_type:
        return "HierarchyTypeMismatchException", OTHER_TYPE
    return None


def create_log_group(given: Params) -> Refusal:
    """Refuse a name that AWS keeps for itself."""
    if given["logGroupName"].lower().startswith("aws/"):
        return "InvalidParameterException", "Log groups starting with AWS/ are reserved for AWS."
    return None


def create_name(given: Params) -> Refusal:
    """Refuse a name in a namespace that is not there, and both kinds of health checks at once."""
    from moto.servicediscovery.models import servicediscovery_backends

    space = given.get("NamespaceId") or (given.get("DnsConfig") or {}).get("NamespaceId")
    known = [one.id for one in servicediscovery_backends[ACCOUNT][REGION].namespaces.values()]
    if space and space.rpartition("/")[2] not in known:
        return "NamespaceNotFound", f"Namespace not found: {space}"
    if given.get("HealthCheckConfig") and given.get("HealthCheckCustomConfig"):
        text = "HealthCheckConfig and HealthCheckCustomConfig can't both be specified."
        return "InvalidInput", text
    return None


def _secret(given: Params) -> Any:
    from moto.secretsmanager.models import secretsmanager_backends

    return secretsmanager_backends[ACCOUNT][REGION].secrets.get(given["SecretId"])


CHECKS: dict[tuple[str, str], Callable[[Params], Refusal]] = {
    ("secretsmanager", "CreateSecret"): create_secret,
    ("secretsmanager", "DeleteSecret"): delete_secret,
    ("secretsmanager", "UpdateSecretVersionStage"): move_stage,
    ("ssm", "PutParameter"): put_parameter,
    ("logs", "CreateLogGroup"): create_log_group,
    ("servicediscovery", "CreateService"): create_name,
}
