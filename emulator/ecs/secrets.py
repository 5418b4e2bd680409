"""Resolve a task's secrets and parameters with the permissions of its execution role."""

from __future__ import annotations

import json
import uuid
from typing import Any

from emulator.ecs import gojson
from emulator.iam import enforcement as iam
from emulator.iam import keys
from emulator.settings import ACCOUNT, REGION

HEAD = "ResourceInitializationError: unable to pull secrets or registry auth: "
ASM = (
    HEAD + "execution resource retrieval failed: unable to retrieve secret from asm: "
    "service call has been retried 1 time(s): "
)
SSM = (
    HEAD + "execution resource retrieval failed: unable to retrieve secrets from ssm: "
    "service call has been retried 1 time(s): "
)
FETCH = "failed to fetch secret {arn} from secrets manager: "
API = (
    "operation error Secrets Manager: GetSecretValue, https response error StatusCode: 400, "
    "RequestID: {request}, api error {error}"
)
DENIED = (
    "AccessDeniedException: User: arn:aws:sts::{account}:assumed-role/{role}/{task} is not "
    "authorized to perform: {action} on resource: {arn} because no identity-based policy allows "
    "the {action} action"
)
MISSING = "ResourceNotFoundException: Secrets Manager can't find the specified secret."
DELETED = (
    "InvalidRequestException: You can't perform this operation on the secret because it was "
    "marked for deletion."
)


WRONG_FORM = "unexpected ARN format with parameters when trying to retrieve ASM secret"
PLAIN, WITH_PARAMETERS = 7, 10  # parts of an ARN, and of one with key, stage and version


class InjectionError(Exception):
    """A value could not be fetched; the text is the task's stoppedReason."""


def resolve(value_from: str, role_arn: str, task_id: str) -> str:
    """Return the value behind a valueFrom; raise InjectionError with AWS's words."""
    if ":secretsmanager:" in value_from:
        return _secret(value_from, role_arn, task_id)
    return _parameter(value_from, role_arn, task_id)


def _secret(value_from: str, role_arn: str, task_id: str) -> str:
    """Source: "Pass Secrets Manager secrets through environment variables": the colons stay."""
    parts = value_from.split(":")
    if len(parts) not in (PLAIN, WITH_PARAMETERS):
        raise InjectionError(ASM + WRONG_FORM)
    arn, key = ":".join(parts[:7]), (parts[7] if len(parts) > 7 else "")
    stage, version = [*parts[8:10], "", ""][:2]
    action = "secretsmanager:GetSecretValue"
    found = _find_secret(arn)
    if not iam.simulate(role_arn, action, found.arn if found else arn):
        raise _asm_error(arn, _denied(role_arn, task_id, action, arn))
    if found is None:
        raise _asm_error(arn, MISSING)
    if found.is_deleted():
        raise _asm_error(arn, DELETED)
    if not keys.usable(iam.role_documents(role_arn) or [], found, keys.READ):
        raise _asm_error(arn, f"AccessDeniedException: {keys.DENIED}")
    value = _version(found, stage or "AWSCURRENT", version)
    if value is None:
        raise _asm_error(arn, MISSING)
    return _json_key(value, key) if key else value


def _find_secret(arn: str) -> Any:
    """Find by full ARN, ARN without the six random characters, or name."""
    from moto.secretsmanager.models import secretsmanager_backends

    backend = secretsmanager_backends[ACCOUNT][REGION]
    name = arn.split(":", 6)[-1]
    for secret in list(dict.values(backend.secrets)):
        if arn == secret.arn or name == secret.name or arn == secret.arn.rpartition("-")[0]:
            return secret
    return None


def _version(secret: Any, stage: str, version: str) -> str | None:
    for ident, values in secret.versions.items():
        if ident == version or (not version and stage in values["version_stages"]):
            text = values.get("secret_string")
            return None if text is None else str(text)
    return None


def _json_key(value: str, key: str) -> str:
    try:
        document = gojson.parse(value)
    except gojson.NoObjectError as error:
        raise InjectionError(f"{ASM}{error}") from None
    if key not in document:
        text = f"retrieved secret from Secrets Manager did not contain json key {key}"
        raise InjectionError(ASM + text)
    found = document[key]
    return found if isinstance(found, str) else json.dumps(found)


def _parameter(value_from: str, role_arn: str, task_id: str) -> str:
    from moto.ssm.models import ssm_backends

    name = value_from.split(":parameter", 1)[-1]
    if ":parameter/" in value_from and "/" not in name[1:]:
        name = name[1:]  # a name without a path has its slash in the ARN alone
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{name.lstrip('/')}"
    action = "ssm:GetParameters"
    if not iam.simulate(role_arn, action, arn):
        raise InjectionError(SSM + _denied(role_arn, task_id, action, arn))
    found = ssm_backends[ACCOUNT][REGION].get_parameter(name)
    if found is None:
        raise InjectionError(f"{SSM}invalid parameters: {name}")
    return str(found.decrypt(found.value))


def _asm_error(arn: str, error: str) -> InjectionError:
    api = API.format(request=uuid.uuid4(), error=error)
    return InjectionError(ASM + FETCH.format(arn=arn) + api)


def _denied(role_arn: str, task_id: str, action: str, arn: str) -> str:
    role = role_arn.rpartition("/")[2]
    return DENIED.format(account=ACCOUNT, role=role, task=task_id, action=action, arn=arn)
