"""The plan and the diagnosis do not depend on the order in which a process iterates sets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec

from canary.diagnose import diagnose
from canary.model import Principal
from canary.plan import make_plan
from tests.canary.support import platforms, worlds

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ("1", "2")
PROGRAM = "from tests.canary import test_hash_seeds as t; print(t.ordered())"
KEYS = {f"valid-{n}": Principal(secret=f"canary/valid-{n}") for n in range(6)}
REFUSED = '{"detail": "Invalid or expired API key"}'


def equal_checks() -> list[str]:
    """Return the ids of a plan of checks that all take equally long."""
    made = worlds.config(*(worlds.check(f"api.check-{n}") for n in range(12)))
    plan = make_plan(made, worlds.KINDS, {}, worlds.NOW)
    return [planned.check.id for planned in plan.order]


def equal_steps(status: int, body: str) -> object:
    """Return the diagnosis of one check whose steps have the same name and each its own key."""
    url = "https://auth.example.com/api/v1/keys/validate"
    steps = [
        platforms.failed(
            "auth.keys", "auth", platforms.answer(f"{url}/{key}", status, body, principal=key)
        ).steps[0]
        for key in KEYS
    ]
    where = platforms.environment(platforms.Names())
    where = msgspec.structs.replace(where, principals={**where.principals, **KEYS})
    results = (platforms.result("auth.keys", "auth", *steps),)
    return msgspec.to_builtins(
        diagnose(results, platforms.healthy(), where, None, platforms.NOW).diagnoses
    )


def ordered() -> str:
    """Return a plan and diagnoses in which many things are equally important."""
    found = {
        "plan": equal_checks(),
        "refused": equal_steps(401, REFUSED),
        "failing": equal_steps(500, '{"detail": "Redis: connection refused"}'),
    }
    assert all(found.values())
    return json.dumps(found, indent=1)


def test_two_processes_with_other_hash_seeds_give_the_same_plan_and_diagnosis() -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in SEEDS
    ]
    first, second = (json.loads(process.communicate(timeout=60)[0]) for process in running)
    assert first == second
