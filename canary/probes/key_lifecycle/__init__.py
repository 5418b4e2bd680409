"""`key_lifecycle`: a short-lived, narrow key is made, validated, used, revoked and refused.

Opt-in: it needs the auth service's admin token, which can do everything.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from canary.model import Check, Credential, Residue, Status
from canary.probes.base.api import NO_TIME, NoTimeError, NotTriedError, Tools, told
from canary.probes.base.evidence import Stopwatch
from canary.probes.base.expectations import look_up, parse
from canary.probes.key_lifecycle.session import KEYS, KeyLifecycleSpec, Life, StopError
from canary.probes.registration import object_name

PAUSE_S = 1.0


def create(life: Life) -> None:
    """Make the key."""
    life.tried = True
    body = {
        "name": life.name,
        "service_id": life.spec.service_id,
        "scopes": list(life.spec.scopes),
        "expires_in_days": 1,
        "rate_limit_per_hour": 100,
    }
    answer = life.admin("POST", KEYS, body)
    life.hold("status", "200 or 201", answer.status, answer.status in (200, 201))
    document = parse(answer)
    value, key_id = look_up(document, "api_key"), look_up(document, "key_info.key_id")
    known = isinstance(key_id, str | int) and bool(key_id)
    life.hold("key id", "present", "present" if known else "absent", known)
    life.key_id = str(key_id)
    life.hold("key", "present", "absent", isinstance(value, str) and bool(value))
    life.key = Credential(str(value))


def validated(life: Life) -> None:
    """The auth service knows the key and nothing more than its scope."""
    answer = life.validate()
    life.hold("status", 200, answer.status, answer.status == 200)
    scopes = look_up(parse(answer), "scopes")
    wanted = sorted(life.spec.scopes)
    life.hold("scopes", wanted, scopes, isinstance(scopes, list) and sorted(scopes) == wanted)


def used(life: Life) -> None:
    """The registry recognises the key."""
    answer = life.use()
    expected = " or ".join(map(str, life.spec.use_status))
    life.hold("status", expected, answer.status, answer.status in life.spec.use_status)


def revoke(life: Life) -> None:
    """Revoke the key."""
    answer = life.admin("DELETE", f"{KEYS}/{quote(life.key_id, safe='')}")
    life.hold("status", "200 or 204", answer.status, answer.status in (200, 204))
    life.revoked = True


def refused_by_auth(life: Life) -> None:
    """The auth service refuses it at once."""
    answer = life.validate()
    life.hold("status", 401, answer.status, answer.status == 401)


def refused_in_use(life: Life) -> None:
    """The registry refuses it before its cache can be an excuse."""
    clock = life.tools.clock
    until = clock.monotonic() + life.spec.cache_s + PAUSE_S
    while True:
        answer = life.use()
        if answer.status == 401 or clock.monotonic() > until:
            break
        if life.tools.remaining(False) < 2 * PAUSE_S:
            raise NoTimeError(f"{NO_TIME} to outwait the cache")
        time.sleep(PAUSE_S)
    text = f"401 within {life.spec.cache_s:.0f} s"
    life.hold("status", text, answer.status, answer.status == 401)


def nothing_left(life: Life) -> None:
    """No active key of our name is listed; what is left is revoked now."""
    listed = f"{KEYS}?service_id={life.spec.service_id}&active_only=true"
    try:
        left = _ours(life, listed)
        for key_id in left:
            life.admin("DELETE", f"{KEYS}/{quote(key_id, safe='')}")
        left = _ours(life, listed) if left else []
    except Exception:
        _tell(life, [life.key_id] if life.key_id and not life.revoked else [], "was not seen to go")
        raise
    _tell(life, left, "could not be revoked")
    life.hold("active keys of this run", "none", ", ".join(left) or "none", not left)


def _tell(life: Life, left: list[str], why: str) -> None:
    for key_id in left:
        life.tools.residue(Residue(kind="key", name=key_id, removed=False, reason=why))


def _ours(life: Life, listed: str) -> list[str]:
    answer = life.admin("GET", listed)
    life.hold("status", 200, answer.status, answer.status == 200)
    document = parse(answer)
    rows = document if isinstance(document, list) else look_up(document, "keys")
    return [
        str(row.get("key_id"))
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and row.get("name") == life.name
    ]


STEPS: tuple[tuple[str, Callable[[Life], None]], ...] = (
    ("create", create),
    ("validate", validated),
    ("use", used),
    ("revoke", revoke),
    ("refused by auth", refused_by_auth),
    ("refused in use", refused_in_use),
)


def carry_out(life: Life, name: str, step: Callable[[Life], None], *, always: bool) -> bool:
    """Carry one step out and record it; return whether it passed."""
    watch = Stopwatch(life.tools)
    life.assertions, life.evidence = [], []
    status, reason = None, ""
    try:
        step(life)
    except StopError:
        status = Status.FAIL
    except NotTriedError as error:
        status, reason = Status.SKIP, str(error)
    except Exception as error:  # noqa: BLE001 - whatever a step meets, the key is revoked
        status, reason = Status.ERROR, told(error)
    made = watch.step(
        name,
        life.assertions,
        status=status,
        reason=reason,
        evidence=life.evidence[-3:],
        always=always,
    )
    life.tools.record(made)
    return made.status is Status.PASS


def run(check: Check, spec: KeyLifecycleSpec, tools: Tools) -> None:
    """Live the life of a key; it is revoked however the steps before ended."""
    tools.credential(spec.principal)
    name = object_name(tools.environment.prefix, tools.run_id, "key")
    life = Life(auth=tools.service(check.service), spec=spec, tools=tools, name=name)
    failed = ""
    for title, step in STEPS:
        must = step is revoke and bool(life.key_id)
        if failed and not must and not (life.revoked and step is refused_by_auth):
            reason = f"needs {failed}, which did not pass"
            skipped = Stopwatch(tools).step(title, status=Status.SKIP, reason=reason)
            tools.record(skipped)
            continue
        if not carry_out(life, title, step, always=step is revoke):
            failed = failed or title
    if life.tried:
        carry_out(life, "nothing left", nothing_left, always=True)


def requests(_spec: Any) -> int:
    """Return how many requests one run sends when the cache forgets at once."""
    return 7
