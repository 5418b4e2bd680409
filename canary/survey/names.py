"""Choose names and roles for the services of an environment file."""

from __future__ import annotations

import re
from collections.abc import Iterable

from canary.control_plane.state import TaskDefinition
from canary.model import Role

LONGEST = 60
_WORDS: tuple[tuple[Role, re.Pattern[str]], ...] = (
    (Role.MLFLOW, re.compile(r"mlflow")),
    (Role.IDENTITY, re.compile(r"(^|[^a-z])(auth|identity|iam|sso|oidc|keycloak|login)([^a-z]|$)")),
)


def plain(name: str) -> str:
    """Return a name of AWS as an environment file allows it: a-z, 0-9, _ and -."""
    return re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-")[:LONGEST] or "service"


def short(names: Iterable[str], cluster: str) -> dict[str, str]:
    """Return a short name for each ECS service: without the words that tell nothing apart.

    "shop-api-prod" and "shop-web-prod" become "api" and "web"; of one service, the words of the
    cluster's name tell nothing.
    """
    every = sorted(set(names))
    split = {n: [w for w in re.split(r"[^A-Za-z0-9]+", n) if w] for n in every}
    common = set.intersection(*map(set, split.values())) if len(every) > 1 else set()
    common = common or set(re.split(r"[^A-Za-z0-9]+", cluster))
    made = {
        n: plain("-".join(w for w in words if w not in common) or n) for n, words in split.items()
    }
    twice = {m for m in made.values() if [*made.values()].count(m) > 1}
    return {n: plain(n) if m in twice else m for n, m in made.items()}


def role(name: str, definition: TaskDefinition | None, calls: Iterable[str]) -> tuple[Role, str]:
    """Return the role that a service seems to have, and why; `calls` are services that it asks."""
    images = [c.image for c in definition.containers] if definition else []
    variables = [v for c in definition.containers for v in c.variables] if definition else []
    repositories = [i.rpartition("@")[0] or i for i in images]
    words = " ".join(
        (name, *(r.rpartition("/")[2].partition(":")[0] for r in repositories))
    ).lower()
    for found, pattern in _WORDS:
        if pattern.search(words):
            return found, "by its name or image"
    if any(v in ("MLFLOW_BACKEND_STORE_URI", "MLFLOW_ARTIFACTS_DESTINATION") for v in variables):
        return Role.MLFLOW, "by its variables"
    if others := sorted(calls):
        return Role.API, f"it calls {', '.join(others)}"
    return Role.OTHER, "nothing shows another one"
