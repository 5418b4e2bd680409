"""Enforce IAM on role sessions, and simulate what a role may do.

Static keys are the operator and unrestricted. A session of a role is held to the role's inline
and managed policies; its signature is not checked (moto's check fails body-less REST calls).
"""

from __future__ import annotations

import functools
import json
import threading
import warnings
from collections.abc import Sequence
from typing import Any

from emulator.iam import keys
from emulator.iam.behind import hidden, refused_key
from emulator.iam.policy import Decision, applies, decide
from emulator.iam.request import asked
from emulator.iam.s3 import s3_asked
from emulator.settings import ACCOUNT, REGION

_session = threading.local()


def simulate(role_arn: str, action: str, resource: str) -> bool:
    """Return whether a role's policies allow an action; a missing role has no permissions."""
    documents = role_documents(role_arn)
    return documents is not None and (
        decide(documents, action, [resource], {"aws:SecureTransport": "true"}) is Decision.ALLOWED
    )


def assumable(role_arn: str, service: str) -> bool:
    """Return whether a role exists and trusts a service such as `ecs-tasks.amazonaws.com`."""
    role = _role(role_arn)
    if role is None:
        return False
    document = _document(role.assume_role_policy_document)
    return any(
        statement.get("Effect") == "Allow"
        and service in _listed(statement.get("Principal", {}).get("Service", []))
        for statement in _listed(document.get("Statement", []))
    )


def role_documents(role_arn: str) -> list[dict[str, Any]] | None:
    """Return the policy documents of a role, inline and attached; None if there is no such role."""
    role = _role(role_arn)
    if role is None:
        return None
    inline = [_document(policy) for policy in role.policies.values()]
    attached = [
        _document(version.document)
        for policy in role.managed_policies.values()
        for version in policy.versions
        if version.is_default
    ]
    return inline + attached


@functools.cache
def install() -> None:
    """Put the enforcement into moto; call once, before its server starts."""
    from moto.core.authorization import ActionAuthenticatorMixin
    from moto.core.responses import BaseResponse
    from moto.s3.models import FakeBucket

    warnings.filterwarnings("ignore", message=".*does not match an error shape.*")
    original = BaseResponse.call_action

    def call_action(self: Any) -> Any:
        refusal = _refusal(self)
        return original(self) if refusal is None else _denied(self, *refusal)

    BaseResponse.call_action = call_action
    ActionAuthenticatorMixin._authenticate_and_authorize_normal_action = lambda *_: None
    ActionAuthenticatorMixin._authenticate_and_authorize_s3_action = _authorize_s3
    FakeBucket.get_permission = _bucket_permission


def _refusal(response: Any) -> tuple[str, str] | None:
    """Return why the session may not make a request as (error code, message), or None."""
    session = session_of(response.headers)
    _session.arn = session[1] if session else None
    if session is None:
        return None
    role_arn, session_arn = session
    signing_name = credential_scope(response.headers)[3]
    request = asked(response, signing_name, response._get_action())
    if request.action == "sts:GetCallerIdentity":  # always allowed, even against a deny
        return None
    documents = role_documents(role_arn)
    if documents is None:
        return "InvalidClientTokenId", "The security token included in the request is invalid."
    decision = decide(documents, request.action, request.resources, request.context)
    if decision is Decision.ALLOWED:
        if key_action := refused_key(documents, request.action, request.resources[0]):
            return "KMSAccessDenied", f"{session_arn} may not {key_action} with the topic's key"
        if keys.refused_secret(documents, request.action, request.resources[0]):
            return "AccessDenied", keys.DENIED
        return None
    message = (
        f"User: {session_arn} is not authorized to perform: {request.action} "
        f"on resource: {request.resources[0]} "
        f"because {decision.value.format(action=request.action)}"
    )
    if signing_name == "ec2":
        return "UnauthorizedOperation", (
            "You are not authorized to perform this operation. " + message
        )
    return "AccessDenied", message


def _denied(response: Any, code: str, message: str) -> Any:
    """Serialize a refusal as the service's own protocol would."""
    from moto.core.exceptions import ServiceException
    from moto.core.responses import ActionResult
    from moto.core.utils import get_service_model

    metadata = get_service_model(response.boto3_service_name).metadata
    json_body = "amz-json" in response.headers.get("Content-Type", "")
    # services that once spoke the query protocol keep its error codes (CloudWatch, SQS)
    new = "awsQueryCompatible" not in metadata
    if new and (json_body or metadata["protocol"] == "rest-json") and code == "AccessDenied":
        code = "AccessDeniedException"
    # a class of this module: moto looks for a service model where a class of its own is defined
    refused = type("Denied", (ServiceException,), {"__module__": __name__})(code, message)
    _status, headers, body = response.serialized(ActionResult(refused))
    status = 400 if json_body else 403
    headers["status"] = status
    if not any(name.lower() == "x-amzn-errortype" for name in headers):
        headers["x-amzn-errortype"] = code
    return status, headers, body


def _authorize_s3(self: Any, bucket_name: str | None = None, key_name: str | None = None) -> None:
    from moto.s3.exceptions import S3AccessDeniedError

    session = session_of(self.headers)
    _session.arn = session[1] if session else None
    if session is None:
        return
    action, resources = s3_asked(self._get_action(), bucket_name, key_name, self.body or b"")
    context = {"aws:SecureTransport": "true", "s3:prefix": _prefix(self)}
    documents = role_documents(session[0]) or []
    allowed = decide(documents, action, resources, context) is Decision.ALLOWED
    if not allowed or hidden(documents, action, bucket_name, key_name):
        raise S3AccessDeniedError


def _prefix(response: Any) -> str:
    return str((response.querystring.get("prefix") or [""])[0])


def _bucket_permission(self: Any, action: str, resource: str) -> Any:
    """Replace moto's bucket policy check, which knows no conditions and no principals."""
    from moto.iam.access_control import PermissionResult

    if self.policy is None:
        return PermissionResult.NEUTRAL
    document = json.loads(self.policy)
    context = {"aws:securetransport": "true"}
    effects = {
        statement["Effect"]
        for statement in _listed(document.get("Statement", []))
        if _names_principal(statement) and applies(statement, action, resource, context)
    }
    if "Deny" in effects:
        return PermissionResult.DENIED
    return PermissionResult.PERMITTED if "Allow" in effects else PermissionResult.NEUTRAL


def _names_principal(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal", "*")
    if principal == "*":
        return True
    listed = _listed(principal.get("AWS", []))
    session = getattr(_session, "arn", None)
    root = f"arn:aws:iam::{ACCOUNT}:root"
    if "*" in listed or root in listed or ACCOUNT in listed:
        return True
    if session is None:
        return False
    role = f"arn:aws:iam::{ACCOUNT}:role/{session.split('/')[1]}"
    return session in listed or role in listed


def session_of(headers: Any) -> tuple[str, str] | None:
    """Return the (role ARN, session ARN) behind a request's credentials; None for the operator."""
    if "X-Amz-Security-Token" not in headers or "Authorization" not in headers:
        return None
    from moto.sts.models import sts_backends

    key = credential_scope(headers)[0]
    for role in sts_backends[ACCOUNT]["aws"].assumed_roles:
        if role.access_key_id == key:
            name = role.role_arn.rpartition("/")[2]
            arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{role.session_name}"
            return role.role_arn, arn
    return None


def credential_scope(headers: Any) -> list[str]:
    """Return the credential scope of SigV4: key, date, region, signing name, terminator."""
    value = headers.get("Authorization", "")
    scope = value.partition("Credential=")[2].partition(",")[0].split("/")
    return scope if len(scope) == 5 else ["", "", REGION, "", ""]


def _role(role_arn: str) -> Any | None:
    from moto.iam.models import iam_backends

    name = role_arn.rpartition("/")[2]
    roles = iam_backends[ACCOUNT]["aws"].roles.values()
    return next((role for role in roles if role.name == name), None)


def _document(value: Any) -> dict[str, Any]:
    return dict(json.loads(value)) if isinstance(value, str) else dict(value)


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]
