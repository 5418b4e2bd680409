"""Read the TOML files into a Config, or report all of their problems at once.

An unknown key, a wrong type and a name that does not exist are refused; nothing is guessed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from canary.config import references, routes
from canary.config.decode import Problem, decode
from canary.config.left_out import left_out
from canary.config.service_names import by_role
from canary.config.toml_file import is_file, read_toml, unusable
from canary.model import Check, Config, Environment
from canary.model.definitions import BLOCKING_EVERY
from canary.probes.base.api import Kind

HERE = Path(__file__).resolve().parents[1]
CHECKS = HERE / "checks"
ENVIRONMENTS = HERE / "environments"
LONGEST_SHOWN = 100
"""Characters of a name that a message repeats."""


class ConfigError(Exception):
    """The configuration is wrong; each problem is a line `file: check id: key: what is wrong`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


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
    where = _environment(place, problems)
    folder = _check_folder(checks, where, place.name, problems)
    files = sorted(folder.glob("*.toml"))
    sources = [s for file in files for s in check_file(file, known, problems)]
    if where is not None:
        sources = by_role(where, sources)
        where, sources = left_out(where, sources, known)
        day = today or dt.datetime.now(dt.UTC).date()  # a mute ends at the same moment everywhere
        rules = references.Rules(
            file=place.name, authoring=authoring, today=day, root=HERE.parent, only=only
        )
        problems += references.problems(where, sources, rules, known)
    if problems or where is None:
        raise ConfigError(sorted(set(problems), key=problems.index))
    chosen = (s.check for s in sources if references.runs_in(where, s.check))
    linked = (msgspec.structs.replace(c, runbook=where.runbook(c.runbook)) for c in chosen)
    return Config(environment=where, checks=tuple(linked))


def environment_file(environment: str) -> Path:
    """Return the file of an environment given by name or by path."""
    named = ENVIRONMENTS / f"{environment}.toml"
    if is_file(named) and "/" not in environment:
        return named
    path = Path(environment)
    if is_file(path):
        return path
    for other in sorted(ENVIRONMENTS.glob("*.toml")):  # a file may be called otherwise
        if (read_toml(other, []) or {}).get("name") == environment:
            return other
    names = ", ".join(sorted(p.stem for p in ENVIRONMENTS.glob("*.toml")))
    given = environment or repr("")
    given = given if len(given) <= LONGEST_SHOWN else f"{given[:LONGEST_SHOWN]}…"
    raise ConfigError([f"{given}: no such environment or file (there are: {names})"])


def _environment(path: Path, problems: list[str]) -> Environment | None:
    raw = read_toml(path, problems)
    if raw is None:
        return None
    value, wrong = _decoded(raw, Environment)
    problems += [f"{path.name}: {key}: {what}" for key, what in wrong]
    if not isinstance(value, Environment):
        return None
    ca_bundle, problem = _ca_bundle(path, value.ca_bundle)
    problems += [f"{path.name}: {problem}"] if problem else []
    return _with_hosts(msgspec.structs.replace(value, ca_bundle=ca_bundle))


def _decoded(raw: Any, wanted: Any, path: str = "") -> tuple[Any, list[Problem]]:
    """Return the value and no problem, or None and every problem, one for each key."""
    wrong = dict(unusable(raw, path))
    value, more = decode(raw, wanted, path)
    if not wrong:
        return value, more
    return None, [*wrong.items(), *(found for found in more if found[0] not in wrong)]


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


def _check_folder(folder: Path, where: Environment | None, file: str, problems: list[str]) -> Path:
    """Return the folder of the environment's check files: the folder of its set, if it has one."""
    if where is None or not where.checks:
        return folder
    if not (folder / where.checks).is_dir():
        known = ", ".join(sorted(p.parent.name for p in folder.glob("*/*.toml"))) or "none"
        problems.append(f"{file}: checks: no set {where.checks} (there are: {known})")
    return folder / where.checks


def check_file(
    path: Path, kinds: Mapping[str, Kind], problems: list[str]
) -> list[references.Source]:
    """Return the checks of one file; problems are added to `problems`."""
    raw = read_toml(path, problems) or {}
    problems += [
        f"{path.name}: {k}: unknown key, a check file holds [[check]]" for k in raw if k != "check"
    ]
    tables = raw.get("check", [])
    if not isinstance(tables, list):
        problems.append(f"{path.name}: check: must be written [[check]], not [check]")
        return []
    found = []
    for number, table in enumerate(tables, start=1):
        if not isinstance(table, dict):
            problems.append(f"{path.name}: check: must be written [[check]], not as a list")
            continue
        check = _check(path.name, number, table, kinds, problems)
        if check is not None:
            found.append(references.Source(file=path.name, check=check))
    return found


def _check(
    file: str, number: int, table: dict[str, Any], kinds: Mapping[str, Kind], problems: list[str]
) -> Check | None:
    given = table.get("id")
    named = isinstance(given, str) and given.isprintable()
    name = str(given)[:LONGEST_SHOWN] if named and given else f"check number {number}"
    spec = table.get("spec", {})
    value, wrong = _decoded({k: v for k, v in table.items() if k != "spec"}, Check)
    kind = kinds.get(table["kind"]) if isinstance(table.get("kind"), str) else None
    if kind is None and isinstance(table.get("kind"), str):
        wrong.append(("kind", f"unknown kind {table['kind']} (there are: {', '.join(kinds)})"))
    if kind is not None:
        spec, inner = _decoded(spec, kind.spec, "spec")
        wrong += inner
    problems += [f"{file}: {name}: {key}: {what}" for key, what in wrong]
    if wrong or not isinstance(value, Check):
        return None
    every = BLOCKING_EVERY if value.blocking and "every" not in table else value.every
    return msgspec.structs.replace(value, spec=spec, every=every)


def _kinds() -> Mapping[str, Kind]:
    from canary.probes import KINDS  # the table imports every kind, so only when it is needed

    return KINDS


def problems_of(path: Path) -> list[str]:
    """Return the problems of one environment or check file, for `validate`."""
    problems: list[str] = []
    raw = read_toml(path, problems)
    if raw is None:
        return problems
    if "check" in raw:
        found = check_file(path, _kinds(), problems)
        return [*problems, *references.within_file(found)]
    try:
        load(str(path))
    except ConfigError as error:
        return error.problems
    return []
