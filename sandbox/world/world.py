"""A world as a whole: what the platform consists of and how its parts are called."""

from __future__ import annotations

from typing import Any

import msgspec

from sandbox.world.parts import (
    Balancer,
    Beside,
    Cache,
    Clients,
    Database,
    Listener,
    Part,
    Roles,
    Service,
    Stored,
    Ways,
)

AUTH, API, MLFLOW, CACHE, DATABASE = "auth", "api", "mlflow", "cache", "database"
LABELS = {AUTH: "auth", API: "API", MLFLOW: "MLflow", CACHE: "Redis", DATABASE: "the database"}


class World(Part, frozen=True, kw_only=True):
    """One shape of the platform. Addresses are the VPC's (10.0.a.b)."""

    name: str
    sentence: str
    account: str
    region: str
    label: str  # what the names of VPC and subnets begin with
    environment: str
    zone: str  # the certificate is for it and for all names below it
    cluster: str
    namespace: str
    canary_group: str
    artifact_bucket: str
    report_bucket: str
    topic: str
    hosts: dict[str, str]  # public host -> balancer
    services: dict[str, Service]  # by part: auth, api, mlflow
    balancers: dict[str, Balancer]
    cache: Cache
    database: Database
    stored: Stored
    roles: Roles
    clients: Clients = Clients()
    ways: Ways = Ways()
    beside: Beside | None = None  # another environment in the same account
    everywhere: tuple[str, ...] = ()  # further sources that each group with a port admits
    prefix_lists: dict[str, list[str]] = msgspec.field(default_factory=dict)  # name -> blocks
    file: str = ""  # the path by which it was given, "" for one of ours
    model: str  # the environment file that the world's own is made of
    written: dict[str, Any] = msgspec.field(
        default_factory=dict
    )  # what the world's environment file says otherwise
    cannot: dict[str, str] = msgspec.field(
        default_factory=dict
    )  # fault -> why this world cannot express it
    expects: dict[str, str] = msgspec.field(
        default_factory=dict
    )  # fault -> the cause that is right here, "" if no check can show it; the file says why

    @property
    def auth(self) -> Service:
        """Return the auth service."""
        return self.services[AUTH]

    @property
    def api(self) -> Service:
        """Return the registry's API."""
        return self.services[API]

    @property
    def mlflow(self) -> Service:
        """Return MLflow."""
        return self.services[MLFLOW]

    def balancer_of(self, service: str) -> Balancer:
        """Return the balancer of a service's public host, or the one that forwards to it."""
        host = self.services[service].host
        if host:
            return self.balancers[self.hosts[host]]
        return next(b for b in self.balancers.values() if service in b.services)

    @property
    def balancer_of_registry(self) -> Balancer:
        """Return the balancer of the API, or of MLflow where there is no API."""
        return self.balancer_of(API if API in self.services else MLFLOW)

    def url(self, service: str) -> str:
        """Return the public URL of a service, without a port where the scheme has it."""
        serving = self.balancer_of(service).serving
        usual = {"http": 80, "https": 443}[serving.scheme] == serving.port
        host = self.services[service].host
        port = "" if usual else f":{serving.port}"
        return f"{serving.scheme}://{host}{port}{self.services[service].prefix}"

    def serving(self, host: str) -> Listener:
        """Return the listener that serves a public host."""
        return self.balancers[self.hosts[host]].serving

    @property
    def addresses(self) -> dict[str, str]:
        """Return the address of each balancer by its name."""
        return {b.name: b.address for b in self.balancers.values()}

    def edges(self) -> tuple[tuple[str, int, str, str], ...]:
        """Return who may come in: (security group, port, CIDR or group or "pl:NAME", why)."""
        found = (*self._from_outside(), *self._to_tasks(), *self._to_stores())
        doors = dict.fromkeys((group, port) for group, port, _, _ in found)
        further = [
            (*door, source, f"{_who(source)}, as everywhere")
            for door in doors
            for source in self.everywhere
        ]
        return (*found, *further)

    def _from_outside(self) -> list[tuple[str, int, str, str]]:
        return [
            (b.group, x.port, source, f"{x.protocol} from {_who(source)}")
            for b in self.balancers.values()
            for x in b.listeners.values()
            for source in b.admits
        ]

    def _to_tasks(self) -> list[tuple[str, int, str, str]]:
        found = []
        for part, service in self.services.items():
            for label, balancer in self.balancers.items():
                if part in balancer.services:
                    why = f"{label} balancer to {LABELS[part]}"
                    found.append((service.group, service.port, balancer.group, why))
            found += self._callers(part, service.group, service.port)
        return found

    def _to_stores(self) -> list[tuple[str, int, str, str]]:
        return [
            *self._callers(CACHE, self.cache.group, self.cache.port),
            *self._callers(DATABASE, self.database.group, self.database.port),
        ]

    def _callers(self, part: str, group: str, port: int) -> list[tuple[str, int, str, str]]:
        return [
            (group, port, caller.group, f"{LABELS[name]} to {LABELS[part]}")
            for name, caller in self.services.items()
            if part in caller.calls
        ]

    def groups(self) -> tuple[str, ...]:
        """Return the names of all security groups, each once."""
        found = [b.group for b in self.balancers.values()]
        found += [s.group for s in self.services.values()]
        found += [self.cache.group, self.database.group, self.canary_group]
        return tuple(dict.fromkeys(found))


def _who(source: str) -> str:
    return "anywhere" if source in ("0.0.0.0/0", "::/0") else source


def convert(table: dict[str, Any]) -> World:
    """Return the world that a merged table describes; raises msgspec.ValidationError."""
    return msgspec.convert(table, World)
