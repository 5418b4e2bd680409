"""The platform of plain values under other names and on other ports, as somebody else builds it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from canary.control_plane.state import PlatformState
from canary.diagnose import diagnose
from canary.model import Environment, Explanation, Result, Role
from tests.canary.support import platforms as p

NAMES = {
    "auth": "iam",
    "registry": "front",
    "mlflow": "models",
    "cache": "sessions",
    "database": "store",
}
ROLES = {
    "iam": Role.IDENTITY,
    "front": Role.API,
    "models": Role.MLFLOW,
    "sessions": Role.CACHE,
    "store": Role.DATABASE,
}
PORT = 8443


def environment(base: Environment) -> Environment:
    """Return an environment whose services have other names, and the port of the URLs is 8443."""
    services = {
        NAMES[name]: p.replace(
            service,
            url=f"{service.url}:{PORT}" if service.url else "",
            role=ROLES[NAMES[name]],
            depends_on=tuple(NAMES[n] for n in service.depends_on),
            connect_to={},
        )
        for name, service in base.services.items()
    }
    routes = tuple(p.replace(r, service=NAMES[r.service]) for r in base.routes)
    return p.replace(base, services=services, routes=routes)


def state(base: PlatformState) -> PlatformState:
    """Return the same control plane with the platform's listeners and their rules on 8443."""
    balancers = tuple(
        p.replace(
            b,
            listeners=tuple(
                p.replace(x, port=PORT if x.port == 443 else x.port) for x in b.listeners
            ),
        )
        for b in base.load_balancers
    )
    logs = {NAMES.get(name, name): lines for name, lines in base.logs.items()}
    moved = p.replace(base, load_balancers=balancers, logs=logs)
    text = msgspec.json.encode(moved).decode()
    for host in ("auth.hokus.ai", "registry.hokus.ai"):  # values of variables
        text = text.replace(f"https://{host}", f"https://{host}:{PORT}")
    text = text.replace("#{host}:443/", f"#{{host}}:{PORT}/")
    rules = text.replace('"from_port":443,"to_port":443', f'"from_port":{PORT},"to_port":{PORT}')
    return msgspec.json.decode(rules, type=PlatformState)


def results(base: list[Result]) -> list[Result]:
    """Return the same results for the other names and ports."""
    return [_result(msgspec.to_builtins(r)) for r in base]


def _result(raw: dict[str, Any]) -> Result:
    raw = {**raw, "service": NAMES.get(raw["service"], raw["service"])}
    text = json.dumps(raw)
    for host in ("auth.hokus.ai", "registry.hokus.ai"):
        text = text.replace(f"https://{host}", f"https://{host}:{PORT}")
    return msgspec.convert(json.loads(text), Result)


def judge(
    now: PlatformState, failed: list[Result], before: PlatformState | None, base: Environment
) -> Explanation:
    """Diagnose as if the platform were somebody else's."""
    previous = state(before) if before else None
    return diagnose(results(failed), state(now), environment(base), previous, p.NOW)
