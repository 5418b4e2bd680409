"""Let `init` write the file of a twin, and hold it against the one that was written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from canary import config
from canary.model import Environment, Role, Service
from sandbox.world.world import World
from tests.doctor.trial import canary, words

PLAIN = ("url", "load_balancer", "health_path", "log_group", "discovery", "container", "port")


def written(state: Mapping[str, Any], world: World, folder: Path) -> Path:
    """Write the file with `init`, and return it."""
    done = canary("init", *words(state, world, ("",)), "--name", "written", "--out", str(folder))
    assert done.returncode == 0, done.stderr
    return folder / "written.toml"


def matters(environment: Environment) -> dict[str, object]:
    """Return what matters of an environment, by the names that AWS gives."""
    called = {
        n: s.ecs_service or str(environment.role_of(n)) for n, s in environment.services.items()
    }
    services = environment.services
    return {called[n]: _of(environment, n, s, called) for n, s in services.items()} | {
        "place": (environment.account, environment.region, environment.cluster),
        "vpc": environment.network.vpc_id,
    }


def _of(environment: Environment, name: str, service: Service, called: dict[str, str]) -> object:
    if environment.role_of(name) in (Role.DATABASE, Role.CACHE):
        return service.port, service.security_group
    plain = {field: getattr(service, field) for field in PLAIN}
    return plain | {
        "groups": frozenset(service.target_groups),
        "role": environment.role_of(name),
        "uses": frozenset(called[d] for d in service.depends_on),
    }


def both(state: Mapping[str, Any], world: World, folder: Path) -> tuple[dict[str, object], ...]:
    """Return what matters in the file that `init` wrote, and in the one by hand."""
    files = written(state, world, folder), Path(state["environment_file"])
    return tuple(matters(config.load(str(f), authoring=False).environment) for f in files)
