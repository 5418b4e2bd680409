"""Try a cell: plant, run, type what is printed, run again, and tell all of it in a row."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import time
from collections.abc import Callable
from typing import Any

import msgspec

from sandbox.faults import FAULTS
from tests.canary.support.aws_snapshot import changed, taken
from tests.canary.support.live_faults import ROUNDS
from tests.canary.support.live_twin import Report, Twin, broken, fixes
from tests.worlds import rows
from tests.worlds.cells import Cell, expected, place
from tests.worlds.ground import Ground, after, what_is_wrong
from tests.worlds.rows import Named, Row

MOST_NAMED = 4
PLACE = re.compile(r"/[\w.-]+(?:/[\w.-]+)+")
"""A path of this machine, which no row keeps."""


def fault(ground: Ground, what: str, commit: str) -> Row:
    """Return the row of a fault; whatever goes wrong is told in it."""
    return told(ground, blank(rows.FAULT, ground.world, what, commit), _fault)


def pair(ground: Ground, what: str, commit: str) -> Row:
    """Return the row of two faults at once, which are named and not healed."""
    return told(ground, blank(rows.PAIR, ground.world, what, commit), _pair)


def healthy(ground: Ground, commit: str) -> Row:
    """Return the row of a healthy world's runs."""
    return told(ground, blank(rows.HEALTHY, ground.world, "", commit), _healthy)


def blank(kind: str, world: str, what: str, commit: str) -> Row:
    """Return the row of something that is tried now."""
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    return Row(kind=kind, world=world, what=what, commit=commit, at=now)


def told(ground: Ground, row: Row, tried: Callable[[Ground, Row], Row]) -> Row:
    """Return the row of a trial; one that crashes is told and ends the twin."""
    began = time.monotonic()
    try:
        row = tried(ground, row)
    except Exception as error:  # noqa: BLE001 - a cell that crashes is a row, and the others go on
        ground.stop()
        text = PLACE.sub("…", f"{type(error).__name__}: {error}".partition("\n")[0])
        row = msgspec.structs.replace(row, crash=text[:300])
    return msgspec.structs.replace(row, seconds=round(time.monotonic() - began, 1))


def named(report: Report) -> tuple[Named, ...]:
    """Return the first diagnoses of a report, and all that are CERTAIN."""
    found = [Named(d["cause"], d["resource"], d["confidence"]) for d in report["diagnoses"]]
    return tuple(n for i, n in enumerate(found) if i < MOST_NAMED or n.confidence == "CERTAIN")


def _healthy(ground: Ground, row: Row) -> Row:
    report = ground.twin.run("healthy-last", ground.twin.store())
    return msgspec.structs.replace(row, failed=len(broken(report)), named=named(report))


def _planted(ground: Ground, row: Row, *faults: str) -> tuple[Row, Report]:
    twin = ground.twin
    for each in faults:
        twin.plant(each)
    twin.settle()
    report = twin.run("broken", twin.store())
    every = [FAULTS[each] for each in faults]
    return msgspec.structs.replace(
        row,
        expected=tuple(expected(Cell(ground.world, each)) for each in faults),
        named=named(report),
        failed=len(broken(report)),
        silent=not any(each.symptom for each in every),
        also=tuple(cause for each in every for cause in each.also),
    ), report


def _pair(ground: Ground, row: Row) -> Row:
    ground.healed()
    return _planted(ground, row, *row.what.split("+"))[0]


def _fault(ground: Ground, row: Row) -> Row:
    before = ground.healed()
    row, report = _planted(ground, row, row.what)
    cell = Cell(ground.world, row.what)
    row = msgspec.structs.replace(row, place=_place(ground.twin, cell), commands=len(fixes(report)))
    return _mended(ground, row, report, before) if row.failed else row


def _place(twin: Twin, cell: Cell) -> str:
    """Return a part of the name of the resource that the first diagnosis must have."""
    group, resource = place(cell)
    if not group:
        return resource
    asked = [{"Name": "group-name", "Values": [group]}]
    found = twin.client("ec2").describe_security_groups(Filters=asked)["SecurityGroups"]
    return str(found[0]["GroupId"])


def _mended(ground: Ground, row: Row, report: Report, before: dict[str, Any]) -> Row:
    """Type what is printed until all checks pass; without a command, a person decides."""
    twin, store = ground.twin, ground.twin.folder / "store"
    if not fixes(report):
        decided = any(d["remedy"]["decision"] for d in report["diagnoses"])
        return msgspec.structs.replace(
            row,
            by="person" if decided else "",
            note="" if decided else "neither fix nor decision",
        )
    for _ in range(ROUNDS):
        if refused := _typed(twin, fixes(report)):
            return msgspec.structs.replace(row, note=refused)
        twin.settle()
        report = after(twin, "mended", store)
        if not broken(report):
            differs = tuple(changed(before, taken(twin.client)))[: rows.MOST_PLACES]
            return msgspec.structs.replace(row, by="command", differs=differs)
        if not fixes(report):
            break
    return msgspec.structs.replace(row, note=what_is_wrong(report)[:300])


def _typed(twin: Twin, commands: list[str]) -> str:
    """Type commands with bash; return what the one that was refused said, "" if none was."""
    for command in commands:
        done = subprocess.run(
            ["bash", "-c", command],
            capture_output=True,
            text=True,
            env=twin.environment,
            timeout=120,
        )
        if done.returncode:
            said = " ".join(done.stderr.split())
            return f"refused: {command[:120]}: {said}"[:300]
    return ""
