"""A registration flow through a relay before a real MLflow, and what it leaves there."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from canary.model import RunLimits
from tests.canary.support.servers.meddler import Bodyless, Instead, Meddling, meddling
from tests.canary.support.servers.mlflow import Mlflow
from tests.canary.support.servers.toolbox import Bench, environment

KEY = secrets.token_hex(16)
MODELS, VERSIONS, RUNS = "registered-models/delete", "model-versions/delete", "runs/delete"
CREATE = "registered-models/create"
Verdict = Meddling | Instead | Bodyless


@dataclass
class Relay:
    """Passes every call on to MLflow but those that a rule changes, and notes them all."""

    rule: Callable[[str, str], Verdict]
    seen: list[tuple[str, str]] = field(default_factory=list)

    def decide(self, number: int, method: str, path: str) -> Verdict:
        self.seen.append((method, path.partition("?")[0]))
        return self.rule(method, path)

    def count(self, end: str) -> int:
        return sum(path.endswith(end) for _, path in self.seen)


def deletes(verdict: Verdict) -> Callable[[str, str], Verdict]:
    """Change what uses the method DELETE."""
    return lambda method, path: verdict if method == "DELETE" else Meddling.PASS


def path_ends(end: str, verdict: Verdict) -> Callable[[str, str], Verdict]:
    return lambda method, path: verdict if path.endswith(end) else Meddling.PASS


def flow(mlflow: Mlflow, relay: Relay, run_id: str, **spec: Any) -> Bench:
    """Carry a flow out through the relay."""
    clock = {"clock": spec.pop("clock")} if "clock" in spec else {}
    known = {k: spec.pop(k) for k in ("seconds", "left_behind") if k in spec}
    with meddling(mlflow.url, relay.decide) as url:
        where = environment(url, run=RunLimits(request_timeout=2))
        one = Bench(where, {"valid": KEY}, run_id=run_id, **clock, **known)
        one.run("registration", base="", **spec)
    return one


def alive(mlflow: Mlflow) -> dict[str, int]:
    """Count what stands on the server."""
    files = [p for p in (mlflow.folder / "art").rglob("*") if p.is_file()]
    return {
        "models": mlflow.rows("registered_models"),
        "versions": mlflow.rows("model_versions"),
        "runs": mlflow.rows("runs", "lifecycle_stage='active'"),
        "files": len(files),
    }


NOTHING = {"models": 0, "versions": 0, "runs": 0, "files": 0}
