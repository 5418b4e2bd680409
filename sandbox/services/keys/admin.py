"""Key management calls of the auth service, which need the admin token."""

from __future__ import annotations

import contextlib
import secrets
import time
import uuid
from dataclasses import replace
from typing import Any

from sandbox.services.base.documents import method_not_allowed, unprocessable
from sandbox.services.base.web import Request, Response, json_response, not_found
from sandbox.services.keys import records as auth_keys
from sandbox.services.keys.records import KeyRecord
from sandbox.services.keys.store import Store
from sandbox.services.keys.validation import key_info
from sandbox.services.wire import redis as resp

DAY_S = 86400.0
KINDS = {"test": "test", "development": "dev"}  # environment -> what its keys begin with
RANGES = {"expires_in_days": (1, 365), "rate_limit_per_hour": (10, 100_000)}
LISTS = ("scopes", "allowed_ips")
DEFAULT_SCOPES = ("model:read", "model:write", "mlflow:access")


def manage(
    request: Request, path: str, store: Store, cache: resp.Cache, admin_token: str
) -> Response:
    """Answer a call to /api/v1/keys and below."""
    if not _is_admin(request, admin_token):
        return json_response(401, {"detail": "Admin authentication required"})
    key_id = path.removeprefix("/api/v1/keys").strip("/")
    if not key_id:
        return _collection(request, store)
    key_id, _, action = key_id.partition("/")
    record = store.find_id(key_id)
    if record is None:
        return json_response(404, {"detail": "API key not found"})
    if action == "rotate":
        if request.method != "POST":
            return method_not_allowed("POST")
        _revoke(store, cache, key_id)
        return _rotate(store, record)
    if action:
        return not_found()
    if request.method == "DELETE":
        _revoke(store, cache, key_id)
        return json_response(200, {"message": "API key revoked successfully"})
    if request.method == "GET":
        return json_response(200, key_info(record))
    return method_not_allowed("GET", "DELETE")


def _is_admin(request: Request, admin_token: str) -> bool:
    presented = request.headers.get("authorization", "")
    return secrets.compare_digest(presented.encode(), f"Bearer {admin_token}".encode())


def _collection(request: Request, store: Store) -> Response:
    if request.method == "POST":
        return _create(store, request.json())
    if request.method != "GET":
        return method_not_allowed("GET", "POST")
    service_id = request.query.get("service_id", "")
    active_only = request.query.get("active_only", "").lower() == "true"
    chosen = [
        key_info(record)
        for record in store.all()
        if (not service_id or record.service_id == service_id)
        and (not active_only or record.is_active)
    ]
    return json_response(200, chosen)


def _create(store: Store, body: dict[str, Any]) -> Response:
    problems = _problems(body)
    if problems:
        return unprocessable(*problems)
    environment = str(body.get("environment") or "production")
    api_key = auth_keys.make_key(KINDS.get(environment, "live"))
    days = body.get("expires_in_days")
    record = KeyRecord(
        key_id=str(uuid.uuid4()),
        key_prefix=api_key[:11],
        name=str(body["name"]),
        user_id=f"user-{body['name']}",
        service_id=str(body["service_id"]),
        scopes=tuple(body.get("scopes") or DEFAULT_SCOPES),
        environment=environment,
        is_active=True,
        is_admin=False,
        rate_limit_per_hour=int(body.get("rate_limit_per_hour") or 1000),
        allowed_ips=tuple(body.get("allowed_ips") or ()),
        billing_plan=str(body.get("billing_plan") or "free"),
        created_at=time.time(),
        expires_at=time.time() + float(days) * DAY_S if days else None,
    )
    store.insert(record, api_key)
    return json_response(201, {"api_key": api_key, "key_info": key_info(record)})


def _problems(body: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the problems of a requested key as pydantic lists them: field, type, text."""
    found = [
        (name, "missing", "Field required") for name in ("name", "service_id") if not body.get(name)
    ]
    if body.get("name") and not isinstance(body["name"], str):
        found.append(("name", "string_type", "Input should be a valid string"))
    for name in LISTS:
        value = body.get(name)
        if value is not None and not isinstance(value, list):
            found.append((name, "list_type", "Input should be a valid list"))
        elif not all(isinstance(one, str) for one in value or ()):
            found.append((name, "string_type", "Input should be a valid string"))
    for name, (least, most) in RANGES.items():
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool):
            found.append((name, "int_type", "Input should be a valid integer"))
        elif value < least:
            words = f"Input should be greater than or equal to {least}"
            found.append((name, "greater_than_equal", words))
        elif value > most:
            found.append((name, "less_than_equal", f"Input should be less than or equal to {most}"))
    return found


def _rotate(store: Store, old: KeyRecord) -> Response:
    """Replace a key; everything but the key itself, its id and its age stays."""
    api_key = auth_keys.make_key(KINDS.get(old.environment, "live"))
    record = replace(
        old,
        key_id=str(uuid.uuid4()),
        key_prefix=api_key[:11],
        is_active=True,
        created_at=time.time(),
    )
    store.insert(record, api_key)
    return json_response(200, {"api_key": api_key, "key_info": key_info(record)})


def _revoke(store: Store, cache: resp.Cache, key_id: str) -> None:
    digest = store.revoke(key_id)
    with contextlib.suppress(resp.CacheError):  # an unreachable cache forgets by itself
        cache.delete(f"auth:key:{digest}")
