"""Say who made a call, as CloudTrail's userIdentity does.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from emulator.iam.enforcement import credential_scope, session_of
from emulator.settings import ACCOUNT, OPERATOR_KEY_ID, OPERATOR_NAME


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The caller of a call: its name, its key and CloudTrail's userIdentity."""

    name: str
    key_id: str
    identity: dict[str, Any]


def caller(headers: Any) -> Caller:
    """Return the user or the role's session whose credentials signed a request."""
    key = credential_scope(headers)[0] or OPERATOR_KEY_ID
    session = session_of(headers)
    return _user(key) if session is None else _session(key, *session)


def _session(key: str, role_arn: str, session_arn: str) -> Caller:
    role, _, name = session_arn.partition(":assumed-role/")[2].partition("/")
    issuer = {"type": "Role", "arn": role_arn, "accountId": ACCOUNT, "userName": role}
    identity = {
        "type": "AssumedRole",
        "arn": session_arn,
        "accountId": ACCOUNT,
        "accessKeyId": key,
        "sessionContext": {"sessionIssuer": issuer},
    }
    return Caller(name=name, key_id=key, identity=identity)


def _user(key: str) -> Caller:
    name = _owner(key)
    identity = {
        "type": "IAMUser",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/{name}",
        "accountId": ACCOUNT,
        "accessKeyId": key,
        "userName": name,
    }
    return Caller(name=name, key_id=key, identity=identity)


def _owner(key: str) -> str:
    """Return the IAM user who owns a key; every other static key is the operator's."""
    from moto.iam.models import iam_backends

    users = list(iam_backends[ACCOUNT]["aws"].users.values())
    return next(
        (str(u.name) for u in users for k in u.access_keys if k.access_key_id == key),
        OPERATOR_NAME,
    )
