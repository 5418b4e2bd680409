"""What is asked of a survey, and what it found out, as frozen values."""

from __future__ import annotations

import msgspec

from canary.control_plane.state import (
    EcsService,
    Listener,
    LoadBalancer,
    TargetGroup,
    TaskDefinition,
    Unavailable,
)
from canary.model import Check, Environment, Frozen

MOST_SERVICES = 10
"""Services that are taken from a cluster when none is named."""
UNKNOWN = "000000000000"
"""The account before it is known."""


class SurveyError(Exception):
    """The survey cannot go on: one sentence for a person, who can act on it."""


class AskedUrl(Frozen, frozen=True, kw_only=True):
    """An address that users of the platform have; `service` is the ECS service behind it, if told.

    `path` is what was written after the host, "" for nothing: it is asked as it was written.
    """

    base: str  # "https://host" or "https://host:8443"
    host: str
    port: int
    path: str = ""
    service: str = ""


class Asked(Frozen, frozen=True, kw_only=True):
    """The words of a person: where to look, and which services and addresses they mean."""

    region: str
    cluster: str = ""
    services: tuple[str, ...] = ()
    urls: tuple[AskedUrl, ...] = ()
    # host -> port of its URL -> "address:port" to connect to in its place
    connect_to: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    ca_bundle: str = ""
    aws_endpoint_url: str = ""


class Note(Frozen, frozen=True, kw_only=True):
    """What is only a guess, or could not be known; `key` is the key of the environment file."""

    key: str
    text: str
    missing: bool = False  # nothing stands in the file: a person has to fill it in, if it matters


class Part(Frozen, frozen=True, kw_only=True):
    """An ECS service of the survey with its definition and the groups that it registers in."""

    name: str  # in the environment file
    service: EcsService
    definition: TaskDefinition | None
    groups: tuple[TargetGroup, ...] = ()


class Entry(Frozen, frozen=True, kw_only=True):
    """A listener of a balancer under one host name: a way in from outside."""

    scheme: str
    host: str
    port: int
    balancer: LoadBalancer
    listener: Listener | None  # None: nobody listens on this port
    why: str = ""  # where the host is known from, "" where a person said it

    @property
    def base(self) -> str:
        """Return the address of the entry, without the port that its scheme has by itself."""
        usual = {"https": 443, "http": 80}[self.scheme] == self.port
        return f"{self.scheme}://{self.host}" + ("" if usual else f":{self.port}")


class Survey(Frozen, frozen=True, kw_only=True):
    """What was found: an environment and its first checks, and how sure that is."""

    environment: Environment
    checks: tuple[Check, ...]
    balancers: tuple[LoadBalancer, ...] = ()
    parts: tuple[Part, ...] = ()
    notes: tuple[Note, ...] = ()
    unavailable: tuple[Unavailable, ...] = ()

    @property
    def desired(self) -> dict[str, int]:
        """Return how many tasks each ECS service should run, by its name in the file."""
        return {p.name: p.service.desired for p in self.parts}
