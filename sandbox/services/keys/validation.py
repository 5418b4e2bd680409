"""Decide whether a key is valid, and give the documented text where it is refused."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sandbox.services.base.behaviour import Behaviour
from sandbox.services.keys.records import KeyRecord

UNKNOWN = "API key not found or invalid"
EXPIRED = "API key has expired"
REVOKED = "API key is inactive or has been revoked"
OTHER_SERVICE = "Key not authorized for this service"
WRONG_ADDRESS = "IP address not in allowlist"
NO_SCOPE = "Key does not have required scope"


@dataclass(frozen=True)
class Question:
    """A caller's question about a key."""

    service_id: str
    required_scope: str
    client_ip: str


def refusal(record: KeyRecord | None, question: Question, behaviour: Behaviour) -> str:
    """Return the text of the 401, or an empty string when the key is valid."""
    if record is None:
        return UNKNOWN
    if not record.is_active and not behaviour.has("accept-revoked"):
        return REVOKED
    if _expired(record) and not behaviour.has("accept-expired"):
        return EXPIRED
    if question.service_id and question.service_id != record.service_id:
        return OTHER_SERVICE
    if record.allowed_ips and question.client_ip not in record.allowed_ips:
        return WRONG_ADDRESS
    if question.required_scope and question.required_scope not in record.scopes:
        return NO_SCOPE
    return ""


def _expired(record: KeyRecord) -> bool:
    return record.expires_at is not None and record.expires_at <= time.time()


def document(record: KeyRecord) -> dict[str, object]:
    """Return the body of a successful validation."""
    return {
        "is_valid": True,
        "key_id": record.key_id,
        "user_id": record.user_id,
        "service_id": record.service_id,
        "scopes": list(record.scopes),
        "rate_limit_per_hour": record.rate_limit_per_hour,
        "billing_plan": record.billing_plan,
        "monthly_prediction_limit": None,
        "email": f"{record.name}@example.com",
        "roles": ["admin"] if record.is_admin else [],
        "is_admin": record.is_admin,
        "has_sufficient_balance": True,
        "balance": 100.0,
    }


def key_info(record: KeyRecord) -> dict[str, object]:
    """Return a key's public record as the key management calls show it."""
    return {
        "key_id": record.key_id,
        "name": record.name,
        "key_prefix": record.key_prefix,
        "user_id": record.user_id,
        "service_id": record.service_id,
        "scopes": list(record.scopes),
        "environment": record.environment,
        "is_active": record.is_active,
        "rate_limit_per_hour": record.rate_limit_per_hour,
        "billing_plan": record.billing_plan,
        "created_at": _iso(record.created_at),
        "expires_at": _iso(record.expires_at),
        "last_used_at": None,
    }


def _iso(moment: float | None) -> str | None:
    return None if moment is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
