"""Read the TOML files into a Config, or report all of their problems at once.

An unknown key, a wrong type and a name that does not exist are refused; nothing is guessed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from canary.config import check_sets, references, routes
from canary.config.alarm_windows import with_window
from canary.config.check_sets import CHECKS, Own, check_file, decoded, taken
from canary.config.home import SHIPPED, ConfigError, environment_file
from canary.config.left_out import left_out
from canary.config.service_names import by_role, owned, unowned
from canary.config.toml_file import read_toml
from canary.model import Check, Config, Environment
from canary.probes.base.api import Kind

__all__ = [
    "CHECKS",
    "ENVIRONMENTS",
    "HERE",
    "ConfigError",
    "check_file",
    "environment_file",
    "load",
    "problems_of",
]

HERE = Path(__file__).resolve().parents[1]
ENVIRONMENTS = SHIPPED


def load(
    environment: str,
    *,
    checks: Path = CHECKS,
    kinds: Mapping[str, Kind] | None = None,
    authoring: bool = True,
    today: dt.date | None = None,
    only: Callable[[Check], bool] | None = None,
) -> Config:
    """Return the configuration of an environment, given by name or by file.

    `authoring` also checks mute dates, runbooks and requests: right for a person who edits and
    deploys, wrong for a running function, which must not stop because a mute ended last night.
    `only` tells which checks run now; their requests are checked in any case.
    """
    known = kinds if kinds is not None else _kinds()
    place = environment_file(environment)
    problems: list[str] = []
    where, own = _environment(place, problems)
    sources = check_sets.sources(own, place, checks, known, problems)
    if where is not None:
        sources = by_role(where, sources)
        where, sources = left_out(where, sources, known)
        problems += _referring(where, sources, known, place, authoring, today, only)
    if problems or where is None:
        raise ConfigError(sorted(set(problems), key=problems.index))
    chosen = (s.check for s in sources if references.runs_in(where, s.check))
    linked = (msgspec.structs.replace(c, runbook=where.runbook(c.runbook)) for c in chosen)
    linked = (with_window(where, c) for c in linked)
    return Config(environment=where, checks=tuple(owned(where, c) for c in linked))


def _referring(
    where: Environment,
    sources: list[references.Source],
    kinds: Mapping[str, Kind],
    place: Path,
    authoring: bool,
    today: dt.date | None,
    only: Callable[[Check], bool] | None,
) -> list[str]:
    """Return what is wrong between an environment and its checks."""
    rules = references.Rules(
        file=place.name,
        authoring=authoring,
        today=today or dt.datetime.now(dt.UTC).date(),  # a mute ends at once everywhere
        roots=(place.parent, HERE.parent),
        only=only,
    )
    found = references.problems(where, sources, rules, kinds)
    if not authoring:
        return found
    from canary.config import plugged  # a running function was deployed without problems

    found += plugged.problems(where, sources, kinds, place.name)
    return [*found, *unowned(where, sources, place.name)]


def _environment(path: Path, problems: list[str]) -> tuple[Environment | None, Own]:
    """Return an environment, and what its file says of its checks."""
    raw = read_toml(path, problems)
    if raw is None:
        return None, Own()
    own = taken(raw)
    value, wrong = decoded(raw, Environment)
    problems += [f"{path.name}: {key}: {what}" for key, what in wrong]
    if not isinstance(value, Environment):
        return None, own
    ca_bundle, problem = _ca_bundle(path, value.ca_bundle)
    problems += [f"{path.name}: {problem}"] if problem else []
    return _with_hosts(msgspec.structs.replace(value, ca_bundle=ca_bundle)), own


def _ca_bundle(file: Path, ca_bundle: str) -> tuple[str, str]:
    """Return the path of a CA bundle, relative to the environment's file, and its problem."""
    if not ca_bundle:
        return "", ""
    import ssl  # imported here: hardly any platform has a CA of its own

    place = file.parent / ca_bundle
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(place)
    except ssl.SSLError:
        return str(place), f"ca_bundle: {ca_bundle} holds no certificate in PEM format"
    except OSError as error:
        return str(place), f"ca_bundle: {ca_bundle} cannot be read: {error.strerror}"
    return str(place), ""


def _with_hosts(environment: Environment) -> Environment:
    """Set the host of each route without one to the host of its service's load balancer."""
    hosted = tuple(
        r if r.host else msgspec.structs.replace(r, host=_host(environment, r.service))
        for r in environment.routes
    )
    return msgspec.structs.replace(environment, routes=hosted)


def _host(environment: Environment, name: str) -> str:
    """Return the host of a service's url, or the only one behind the same balancer, or ""."""
    service = environment.services.get(name)
    if service is None:
        return ""
    if service.url:
        return routes.host_of(service.url)
    hosts = routes.hosts_behind(environment, service.load_balancer)
    return hosts[0] if len(hosts) == 1 else ""


def _kinds() -> Mapping[str, Kind]:
    # the table imports every kind, so only when it is needed
    from canary.probes.plugged import ALL_KINDS

    return ALL_KINDS


def problems_of(path: Path) -> list[str]:
    """Return the problems of one environment or check file, for `validate`."""
    problems: list[str] = []
    raw = read_toml(path, problems)
    if raw is None:
        return problems
    if is_check_file(raw):
        found = check_file(path, _kinds(), problems)
        return [*problems, *references.within_file(found)]
    try:
        load(str(path))
    except ConfigError as error:
        return error.problems
    return []


def is_check_file(raw: Mapping[str, Any]) -> bool:
    """Return whether a file holds checks alone: an environment's may have blocks of them, too."""
    return "check" in raw and "services" not in raw and "account" not in raw
