"""`key_lifecycle`: create, validate, use, revoke and refuse a short-lived narrow key.

Opt-in: it needs the auth service's admin token, which has all permissions. Makes no key without
proof in this run that one can be revoked, and none while one of an earlier run stands.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

from canary.model import Check, Credential, Residue, Status
from canary.probes.base.api import NO_TIME, Kind, NoTimeError, ProbeContext
from canary.probes.base.expectations import document_of, look_up
from canary.probes.base.recorder import carry_out, skip
from canary.probes.base.request import object_name
from canary.probes.key_lifecycle import earlier
from canary.probes.key_lifecycle.session import KeyLifecycleSpec, KeySession

EXCHANGES = 3  # a step that polls keeps only its last ones
PAUSE_S = 1.0


def create(session: KeySession) -> None:
    """Create the key."""
    session.tried = True
    body = {
        "name": session.name,
        "service_id": session.spec.service_id,
        "scopes": list(session.spec.scopes),
        "expires_in_days": 1,
        "rate_limit_per_hour": 100,
    }
    answer = session.admin("POST", session.spec.keys_path, body)
    session.require("status", "200 or 201", answer.status, answer.status in (200, 201))
    document = document_of(answer)
    value, key_id = look_up(document, "api_key"), look_up(document, "key_info.key_id")
    known = isinstance(key_id, str | int) and bool(key_id)
    session.require("key id", "present", "present" if known else "absent", known)
    session.key_id = str(key_id)
    session.require("key", "present", "absent", isinstance(value, str) and bool(value))
    session.key = Credential(str(value))


def validated(session: KeySession) -> None:
    """Require that the auth service knows the key, with exactly its scopes."""
    answer = session.validate()
    session.require("status", 200, answer.status, answer.status == 200)
    scopes = look_up(document_of(answer), "scopes")
    wanted = sorted(session.spec.scopes)
    session.require("scopes", wanted, scopes, isinstance(scopes, list) and sorted(scopes) == wanted)


def used(session: KeySession) -> None:
    """Require that the registry recognises the key."""
    answer = session.use()
    expected = " or ".join(map(str, session.spec.use_status))
    session.require("status", expected, answer.status, answer.status in session.spec.use_status)


def revoke(session: KeySession) -> None:
    """Revoke the key."""
    answer = session.delete(session.key_id, cleanup=True)
    session.require("status", "200 or 204", answer.status, answer.status in (200, 204))
    session.revoked = True


def refused_by_auth(session: KeySession) -> None:
    """Require that the auth service refuses the revoked key at once."""
    answer = session.validate()
    session.require("status", 401, answer.status, answer.status == 401)


def refused_in_use(session: KeySession) -> None:
    """Require that the registry refuses the revoked key once its cache has expired."""
    clock = session.context.clock
    until = clock.monotonic() + session.spec.cache_s + PAUSE_S
    while True:
        answer = session.use()
        if answer.status == 401 or clock.monotonic() > until:
            break
        if session.context.remaining(False) < 2 * PAUSE_S:
            raise NoTimeError(f"{NO_TIME} to outwait the cache")
        time.sleep(PAUSE_S)
    text = f"401 within {session.spec.cache_s:.0f} s"
    session.require("status", text, answer.status, answer.status == 401)


def nothing_left(session: KeySession) -> None:
    """Require that no active key of this run is listed; revoke those that are."""
    try:
        left = _own(session)
        for key_id in left[: earlier.MOST_ATTEMPTS]:
            session.delete(key_id, cleanup=True)
        left = _own(session) if left else []
    except Exception:
        _report(
            session,
            [session.key_id] if session.key_id and not session.revoked else [],
            "was not seen to go",
        )
        raise
    _report(session, left, "could not be revoked")
    session.require("active keys of this run", "none", ", ".join(left) or "none", not left)


def _report(session: KeySession, left: list[str], why: str) -> None:
    for key_id in left:
        session.context.residue(Residue(kind="key", name=key_id, removed=False, reason=why))


def _own(session: KeySession) -> list[str]:
    active = session.active(cleanup=True)
    return [key_id for key_id, name in active.items() if name == session.name]


STEPS: tuple[tuple[str, Callable[[KeySession], None]], ...] = (
    ("key removal", earlier.key_removal),
    ("earlier keys", earlier.earlier_keys),
    ("create", create),
    ("validate", validated),
    ("use", used),
    ("revoke", revoke),
    ("refused by auth", refused_by_auth),
    ("refused in use", refused_in_use),
)


def run(check: Check, spec: KeyLifecycleSpec, context: ProbeContext) -> None:
    """Carry the steps out; the key is revoked however the earlier steps ended."""
    context.credential(spec.principal)
    name = object_name(context.environment.prefix, context.run_id, "key")
    session = KeySession(auth=context.service(check.service), spec=spec, context=context, name=name)
    failed = ""
    for title, step in STEPS:
        must = step is revoke and bool(session.key_id)
        if failed and not must and not (session.revoked and step is refused_by_auth):
            skip(context, title, f"needs {failed}, which did not pass")
        elif _carry_out(session, title, step, always=step is revoke) is not Status.PASS:
            failed = failed or title
    if session.tried:
        _carry_out(session, "nothing left", nothing_left, always=True)


def _carry_out(
    session: KeySession, name: str, step: Callable[[KeySession], None], *, always: bool
) -> Status:
    action = functools.partial(step, session)
    return carry_out(
        session.context, name, action, session, always=always, last_exchanges=EXCHANGES
    )


def requests(_spec: Any) -> int:
    """Return how many requests one run sends if no cache keeps the revoked key."""
    return 9


KIND = Kind(
    name="key_lifecycle",
    spec=KeyLifecycleSpec,
    run=run,
    summary="a narrow key is made, used, revoked and refused (opt-in)",
    makes_objects=True,
    requests=requests,
    requests_with_key=requests,  # all of them
)
