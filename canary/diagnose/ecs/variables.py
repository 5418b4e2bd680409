"""The variables of a task definition: which dependency each configures, and its addresses."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from canary.control_plane.ecs import connect_names, live
from canary.control_plane.state import TaskDefinition
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.mlflow_paths import failure_asks_mlflow
from canary.diagnose.core.symptoms import Symptom
from canary.model import Role
from canary.model.urls import DEFAULT_PORTS, place

# The beginning of a variable's name, and the role of the dependency that it configures. A value
# that leads to a dependency says more.
_ABOUT = (
    ("MLFLOW_TRACKING", Role.MLFLOW),
    ("MLFLOW_SERVER", Role.MLFLOW),
    ("MLFLOW_URL", Role.MLFLOW),
    ("MLFLOW_HOST", Role.MLFLOW),
    ("MLFLOW_PROXY", Role.MLFLOW),
    ("MLFLOW_TIMEOUT", Role.MLFLOW),
    ("AUTH_SERVICE", Role.IDENTITY),
    ("AUTH_URL", Role.IDENTITY),
    ("REDIS", Role.CACHE),
    ("CACHE", Role.CACHE),
    ("DB_", Role.DATABASE),
    ("DATABASE", Role.DATABASE),
    ("POSTGRES", Role.DATABASE),
    ("BACKEND_STORE", Role.DATABASE),
)
_SCHEMES = {
    "postgres": Role.DATABASE, "postgresql": Role.DATABASE, "mysql": Role.DATABASE,
    "redis": Role.CACHE, "rediss": Role.CACHE,
}  # fmt: skip
# Symptoms that a wrong address of MLflow can have besides those of an outage.
_WRONG_ADDRESS = (
    Symptom.PROXY_404,
    Symptom.NO_KEY_SEEN,
    Symptom.NOT_MOUNTED,
    Symptom.HOST_REJECTED,
    Symptom.MLFLOW_404,
    Symptom.METHOD,
    Symptom.WRONG_REDIRECT,
)


def dependency_of(case: Case, name: str, variable: str) -> str:
    """Return the dependency of a service that a variable configures, "" for none.

    A value decides before the name: what it led to in an earlier revision, then what it leads to.
    """
    others = sorted(case.closure(name) - {name})
    for value in _values(case, name, variable):
        ranks = {other: _fit(case, other, value) for other in others}
        best = [o for o in others if ranks[o] and ranks[o] == max(ranks.values())]
        if len(best) == 1:
            return best[0]
    return _by_name(case, name, variable)


def _by_name(case: Case, name: str, variable: str) -> str:
    """Return the dependency that a variable's name speaks of: by its own name, or by its role."""
    others = case.closure(name) - {name}
    for other in sorted(others):
        if variable.startswith(other.upper().replace("-", "_") + "_") and not _role_of(variable):
            return other
    role = _role_of(variable)
    found = case.used(role, name) if role else ""
    return found if found in others else ""


def _role_of(variable: str) -> Role | None:
    return next((role for prefix, role in _ABOUT if variable.startswith(prefix)), None)


def _values(case: Case, name: str, variable: str) -> Iterator[str]:
    """Yield the values of a service's variable: of its earlier revisions first, then today's."""
    used = case.definition_of(name)
    before = case.previous.task_definitions if case.previous else ()
    known = [d for d in (*before, *case.state.task_definitions) if used and d.family == used.family]
    earlier = sorted((d for d in known if d != used), key=lambda d: -d.revision)
    for definition in (*earlier, *([used] if used else [])):
        yield from (v for n, v in _plain(definition) if n == variable)


def _plain(definition: TaskDefinition) -> Iterator[tuple[str, str]]:
    for container in definition.containers:
        yield from container.plain.items()


def _fit(case: Case, other: str, value: str) -> int:
    """Return how surely a value leads to a service: by host 3, namespace 2, port or scheme 1."""
    part, url = case.services[other], _split(value)
    port = _port_of(url)
    if url is None:
        return 0
    host = url.hostname or ""
    if host in _hosts(case, other):
        return 3 if port in (0, _expected_port(case, other, host)) else 2
    space = part.discovery.partition(".")[2]
    if space and host.endswith(f".{space}"):
        return 2 if port and port == part.port else 0
    if _SCHEMES.get(url.scheme) is case.environment.role_of(other):
        return 1
    # the host of a part without any address in the file cannot be compared
    return 1 if port and port == part.port and not addresses(case, other) else 0


def _split(value: str) -> SplitResult | None:
    """Return the parts of a URL, of "host:port", or of a port alone; None for no address."""
    try:
        if value.isdigit():
            return urlsplit(f"//:{value}")
        return urlsplit(value if "://" in value else f"//{value}")
    except ValueError:
        return None


def _port_of(url: SplitResult | None) -> int:
    """Return the port of an address, by its scheme where none is written, else 0."""
    try:
        return (url.port or DEFAULT_PORTS.get(url.scheme, 0)) if url else 0
    except ValueError:
        return 0


def _hosts(case: Case, other: str) -> set[str]:
    """Return every host under which a service is known to be reached."""
    part = case.services[other]
    tasks = {t.address for t in live(case.ecs(other))}
    return {case.host(other), part.discovery, *tasks, *connect_names(case.ecs(other))} - {""}


def _expected_port(case: Case, other: str, host: str) -> int:
    part = case.services[other]
    return place(part.url).port if host == case.host(other) else part.port


def affected(case: Case, name: str, variable: str) -> Failures:
    """Return the failures that a wrong or missing variable of a service explains."""
    if tells_who_asks(case, name, variable):
        return case.having(Symptom.KEY_REFUSED, entry=name)
    other = dependency_of(case, name, variable)
    if not other:
        return case.failures_of_outage(name)
    failures = case.failures_of_outage(other, via=name)
    if case.environment.role_of(other) is Role.MLFLOW:
        wrong = case.having(*_WRONG_ADDRESS, entry=name)
        failures |= {f for f in wrong if failure_asks_mlflow(case.environment, f)}
    return failures


def tells_who_asks(case: Case, name: str, variable: str) -> bool:
    """Return whether a service tells the identity service by this variable which one it is."""
    return case.services[name].identity_variable in variable


def addresses(case: Case, other: str) -> tuple[str, ...]:
    """Return the public host and the internal address of a service."""
    part = case.services[other]
    found = [case.host(other)] if part.url else []
    return (*found, *([f"{part.discovery}:{part.port}"] if part.discovery else []))


def is_address(case: Case, name: str, variable: str, value: str) -> bool:
    """Return whether a variable holds the URL of a dependency, even one without a scheme."""
    other = dependency_of(case, name, variable)
    is_url = "://" in value or (bool(value) and variable.endswith(("_URL", "_URI")))
    return bool(other) and is_url and bool(addresses(case, other))


def leads_to(case: Case, other: str, value: str) -> bool:
    """Return whether an address leads to a service: its public name, internal name or a task."""
    part = case.services[other]
    try:
        url, public = urlsplit(value), urlsplit(part.url)
        port = url.port or DEFAULT_PORTS.get(url.scheme, 0)
    except ValueError:
        return False
    if part.url and url.hostname == case.host(other):  # a redirect loses the body of a POST
        return url.scheme == public.scheme and port == place(part.url).port
    connected = connect_names(case.ecs(other))
    if url.hostname in connected:
        return url.scheme == "http" and port in (connected[url.hostname], part.port)
    if url.hostname in _hosts(case, other):
        plain = any(g.protocol == "HTTP" for g in case.groups(other))
        fits = not part.port or port in (part.port, 0)
        return fits and not (url.scheme == "https" and plain)
    balancer = case.balancer(other)  # its own name leads there, whatever listens
    return bool(balancer and url.hostname == balancer.dns_name.lower())


def is_known_wrong(case: Case, name: str, variable: str, value: str) -> bool:
    """Return whether more is known of an address than that it leads to no address of the file.

    An earlier revision led there; or its host is one of the file's, or would be in a namespace of
    which every name is known. Any other name may be an alias.
    """
    other, url = dependency_of(case, name, variable), _split(value)
    if any(leads_to(case, other, v) for v in _values(case, name, variable)):
        return True
    host = (url.hostname or "") if url else ""
    spaces = {d.name.partition(".")[2] for d in case.state.discovery}
    return any(host in _hosts(case, n) for n in case.services) or (
        host.partition(".")[2] in {*spaces, *case.state.namespaces} - {""}
    )


def public_port(case: Case, name: str, other: str) -> int | None:
    """Return the port of the public name by which a service asks another.

    0: it asks by an internal name; None: the other has both, and no variable says which is used.
    """
    part, used = case.services[other], case.definition_of(name)
    if not part.url:
        return 0
    urls = [url for _, v in (_plain(used) if used else ()) if (url := _split(v)) is not None]
    hosts = {url.hostname for url in urls}
    if case.host(other) in hosts or not part.discovery:
        return place(part.url).port
    return 0 if part.discovery in hosts else None
