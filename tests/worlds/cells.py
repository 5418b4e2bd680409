"""Cells of the matrix: a world and a fault, what is expected there, and what cannot be planted."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sandbox.faults import FAULTS, inexpressible
from sandbox.world.load import CLASSIC, known, load
from tests.canary.support.live_faults import PAIRS
from tests.canary.support.live_resources import group, resource

MOST_PAIRS = 5


class Cell(NamedTuple):
    """A fault in a world."""

    world: str
    fault: str


class ShardError(ValueError):
    """A shard is not written as K/N with 1 <= K <= N."""


def cells(worlds: Iterable[str] = (), faults: Iterable[str] = ()) -> list[Cell]:
    """Return the cells that can be planted; without names, those of all worlds and faults."""
    wanted = list(faults) or list(FAULTS)
    return [
        Cell(name, fault)
        for name in (list(worlds) or known())
        for fault in wanted
        if not inexpressible(load(name), fault)
    ]


def reasons(world: str) -> dict[str, list[str]]:
    """Return why a world cannot express faults: reason -> faults."""
    found: dict[str, list[str]] = {}
    for fault in FAULTS:
        if why := inexpressible(load(world), fault):
            found.setdefault(why, []).append(fault)
    return found


def expected(cell: Cell) -> str:
    """Return the cause that should be named first, "" if no check of this world can show it."""
    return load(cell.world).expects.get(cell.fault, FAULTS[cell.fault].cause)


def place(cell: Cell) -> tuple[str, str]:
    """Return the security group's name, or else a part of the name of the resource at fault."""
    world = load(cell.world)
    return group(world, cell.fault), resource(world, cell.fault)


def pairs(world: str) -> list[str]:
    """Return two faults each with a plus between them, for a world; other worlds have others."""
    both = [p for p in PAIRS if not any(inexpressible(load(world), fault) for fault in p)]
    return ["+".join(p) for p in random.Random(world).sample(both, min(MOST_PAIRS, len(both)))]


def shard(every: Sequence[Cell], text: str) -> list[Cell]:
    """Return part K of N, spread over worlds and families. Raises ShardError."""
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise ShardError(f"{text!r}: a shard is K/N, such as 2/4")
    return list(every[int(number) - 1 :: int(count)])


def sample(every: Iterable[Cell], seed: str, worlds: int, each: int) -> list[list[Cell]]:
    """Draw worlds, and cells of each, by a seed; classic is tested as a whole elsewhere."""
    drawn = random.Random(seed)
    by_world: dict[str, list[Cell]] = {}
    for cell in sorted(every):
        if cell.world != CLASSIC:
            by_world.setdefault(cell.world, []).append(cell)
    names = drawn.sample(sorted(by_world), min(worlds, len(by_world)))
    return [drawn.sample(by_world[n], min(each, len(by_world[n]))) for n in names]
