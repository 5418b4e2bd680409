"""The customer's KMS key behind a secret, and who may use it.

Source: the Secrets Manager guide, "Secret encryption and decryption": with a key of the customer
the reader needs kms:Decrypt on the key, the writer kms:GenerateDataKey too; AWS's own key asks for
nothing. Key policies and grants are not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.iam.policy import Decision, decide
from emulator.settings import ACCOUNT, REGION

DENIED = "Access to KMS is not allowed"
OWN = "alias/aws/secretsmanager"
READ = ("kms:Decrypt",)
_ACTIONS: dict[str, tuple[str, ...]] = {
    "secretsmanager:GetSecretValue": READ,
    "secretsmanager:PutSecretValue": ("kms:GenerateDataKey", "kms:Decrypt"),
    "secretsmanager:UpdateSecret": ("kms:GenerateDataKey", "kms:Decrypt"),
}
_CONTEXT = {
    "aws:SecureTransport": "true",
    "kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com",
}


def key_of(secret: Any) -> str:
    """Return the ARN of the customer's key that encrypts a secret; nothing for AWS's own."""
    from moto.kms.models import kms_backends

    ident = str(getattr(secret, "kms_key_id", None) or OWN)
    if ident.partition(":alias/")[2] == OWN.removeprefix("alias/") or ident == OWN:
        return ""
    keys = kms_backends[ACCOUNT][REGION]
    key = keys.keys.get(str(keys.any_id_to_key_id(ident) if _known(keys, ident) else ident))
    if key is not None:
        return str(key.arn)
    return ident if ident.startswith("arn:") else f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{ident}"


def _known(keys: Any, ident: str) -> bool:
    """Return whether an alias has a key; moto fails for one that has none."""
    name = keys.get_alias_name(ident)
    return not name.startswith("alias/") or keys.alias_exists(name)


def usable(documents: Sequence[Mapping[str, Any]], secret: Any, actions: Sequence[str]) -> bool:
    """Return whether policies permit actions on the key of a secret."""
    key = key_of(secret)
    return not key or all(
        decide(documents, action, [key], _CONTEXT) is Decision.ALLOWED for action in actions
    )


def refused_secret(documents: Sequence[Mapping[str, Any]], action: str, secret_arn: str) -> bool:
    """Return whether Secrets Manager refuses an action because of the secret's key."""
    from moto.secretsmanager.models import secretsmanager_backends

    actions = _ACTIONS.get(action)
    secret = secretsmanager_backends[ACCOUNT][REGION].secrets.get(secret_arn) if actions else None
    return secret is not None and not usable(documents, secret, actions or ())
