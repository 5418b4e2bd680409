"""Ask the doctor about a twin, as its user would: services by name, and the addresses in use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from sandbox.world.load import load
from sandbox.world.world import API, World
from tests.canary.support.live_twin import ROOT, Twin
from tests.worlds.cells import Cell, expected

PATHS = ("/api/v1/models", "/api/mlflow/api/2.0/mlflow/experiments/search", "/mlflow/")
"""What users of the platform's API have open: the registry, MLflow's clients, MLflow's pages."""
Document = dict[str, Any]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What the doctor said of a fault in a world."""

    world: str
    fault: str
    expected: str
    causes: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()  # shown by AWS, though nothing that was asked fails of it
    certain: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    seconds: float = 0.0  # of the doctor alone
    problem: str = ""  # why it said nothing

    @property
    def named(self) -> bool:
        """Return whether the cause is among those that are told."""
        return self.expected in (*self.causes, *self.beside)

    @property
    def first(self) -> bool:
        """Return whether the cause is told first."""
        return (*self.causes, *self.beside)[:1] == (self.expected,)


def words(state: Mapping[str, Any], world: World, paths: Sequence[str] = PATHS) -> list[str]:
    """Return the options of `doctor` and `init` for a twin, by its state file."""
    found = ["--cluster", world.cluster, "--endpoint-url", state["aws_endpoint_url"]]
    found += ["--region", world.region, "--ca-bundle", state["ca_bundle"]]
    for host, ports in state["edge"].items():
        for port, address in ports.items():
            found += ["--connect-to", f"{host}:{port}:{address}"]
    for part, service in world.services.items():
        found += ["--service", service.name]
        if service.host:
            asked = paths if part == API else ("/",) if service.prefix else ("",)
            found += [w for path in asked for w in ("--url", f"{world.url(part)}{path}")]
    return found


def canary(command: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the canary against a twin, as its operator."""
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    return subprocess.run(
        [sys.executable, "-m", "canary", command, *options], cwd=ROOT, capture_output=True,
        text=True, timeout=300, env={**os.environ, **keys}, check=False,
    )  # fmt: skip


def row(twin: Twin, cell: Cell) -> Row:
    """Return what the doctor says now."""
    began = time.monotonic()
    done = canary("doctor", "-q", "--json", *words(twin.state, load(cell.world)))
    seconds = round(time.monotonic() - began, 1)
    blank = Row(world=cell.world, fault=cell.fault, expected=expected(cell), seconds=seconds)
    if done.returncode not in (0, 1, 3):
        return msgspec.structs.replace(blank, problem=done.stderr.strip()[-300:] or "no word")
    found: Document = json.loads(done.stdout)
    return msgspec.structs.replace(
        blank,
        causes=tuple(d["cause"] for d in found["causes"]),
        beside=tuple(d["cause"] for d in found["beside"]),
        certain=tuple(d["cause"] for d in found["causes"] if d["confidence"] == "CERTAIN"),
        failed=tuple(
            r["check_id"] for r in found["report"]["results"] if r["status"] in ("FAIL", "ERROR")
        ),
    )


def planted(twin: Twin, cell: Cell) -> Row:
    """Heal, plant a fault, and return what the doctor says of it."""
    twin.heal()
    twin.plant(cell.fault)
    twin.settle()
    return row(twin, cell)
