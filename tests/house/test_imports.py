"""The rooms: who may import whom, read from the syntax trees (docs/decisions/0004)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
THIRD_PARTY_IN_CANARY = {"boto3", "botocore", "requests", "urllib3", "aws_lambda_powertools"}
CLI_ONLY = {"click", "rich"}

PURE = {
    "canary.addresses", "canary.against", "canary.assemble", "canary.attempts", "canary.compare",
    "canary.cost", "canary.crosscheck", "canary.decode",
    "canary.drift", "canary.history", "canary.keylike", "canary.measure", "canary.plan",
    "canary.previous", "canary.publish", "canary.redact", "canary.score", "canary.shards",
    "canary.deployable", "canary.schedules",
}  # fmt: skip

# room -> what of ours it may import; a longer prefix wins over a shorter one
MAY: dict[str, set[str]] = {
    "canary.model": {"canary.model"},
    "canary.metrics": set(),
    "canary.observe": {"canary.model", "canary.observe"},
    "canary.probes": {"canary.model", "canary.observe.state", "canary.probes"},
    "canary.diagnose": {"canary.model", "canary.observe.state", "canary.diagnose"},
    "canary.report": {"canary.model", "canary.observe.state", "canary.report", "canary.score"},
    "canary.messages": {"canary.model", "canary.messages", "canary.report"},
    "canary.alarms": {"canary.alarms"},
    "canary.runner": {
        "canary.model",
        "canary.observe.state",
        "canary.plan",
        "canary.probes.kit",
        "canary.redact",
        "canary.runner",
    },
    "canary.config": {
        "canary.model",
        "canary.probes",
        "canary.crosscheck",
        "canary.decode",
    },
    "canary.pipeline": PURE
    | {"canary", "canary.model", "canary.observe.state", "canary.probes.kit", "canary.runner"},
    "canary.adapters": {
        "canary",
        "canary.model",
        "canary.metrics",
        "canary.measure",
        "canary.probes.kit",
        "canary.adapters",
    },
    **{
        room: PURE
        | {"canary.model", "canary.metrics", "canary.observe.state", "canary.probes.kit"}
        | {"canary.runner"}
        for room in PURE
    },
}
WIRING = {
    "canary.handler",
    "canary.wire",
    "canary.shown",
    "canary.spread",
    "canary.tell",
    "canary.cli",
    "canary.__main__",
}


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> Iterator[str]:
    """Yield every module that a file imports, with the names taken from packages of ours."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if is_module(inner) else str(node.module)


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def within(name: str, rooms: set[str]) -> bool:
    return any(name == room or (room != "canary" and name.startswith(room + ".")) for room in rooms)


def room_of(name: str) -> str | None:
    fitting = [r for r in MAY if within(name, {r})]
    return max(fitting, key=len) if fitting else None


@pytest.mark.parametrize("path", modules("canary"), ids=name_of)
def test_a_room_imports_only_what_its_row_allows(path: Path) -> None:
    name = name_of(path)
    found = set(imported(path))
    packages = {i.partition(".")[0] for i in found}
    if not within(name, {"canary.adapters"}):
        assert not packages & THIRD_PARTY_IN_CANARY, "third-party packages enter by the adapters"
    if not within(name, {"canary.cli", "canary.report.terminal"}):
        assert not packages & CLI_ONLY, "the bundle has no command line"
    assert not packages & {"infra", "sandbox", "tests", "aws_cdk", "moto", "mlflow"}
    room = room_of(name)
    if room is None or within(name, WIRING):
        return
    wrong = [i for i in found if i.startswith("canary") and not within(i, MAY[room])]
    assert wrong == [], f"{room} may import {sorted(MAY[room])}"


@pytest.mark.parametrize("path", modules("sandbox"), ids=name_of)
def test_the_sandbox_shares_no_code_with_the_canary_but_the_alarm_evaluator(path: Path) -> None:
    wrong = [
        i
        for i in imported(path)
        if within(i, {"infra"}) or (i.startswith("canary") and not within(i, {"canary.alarms"}))
    ]
    assert wrong == []


@pytest.mark.parametrize("path", modules("infra"), ids=name_of)
def test_infra_imports_nothing_that_runs(path: Path) -> None:
    found = list(imported(path))
    assert [i for i in found if within(i, {"canary.handler", "canary.wire", "sandbox"})] == []
    if path.name != "gate.py":  # the gate is a tool that calls AWS, no part of a template
        assert [i for i in found if within(i, {"canary.adapters", "requests", "boto3"})] == []


def test_every_pure_room_exists() -> None:
    assert [room for room in PURE if not is_module(room)] == []
