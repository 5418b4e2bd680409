"""Try the doctor on faults in worlds, keep the rows, and write the tables of docs/doctor.md.

`python -m tests.doctor.matrix [--world NAME]... [--fault ID]... [--sample N] [--seed TEXT]
[--shard K/N] [--out FILE.jsonl]` takes up where it was ended: a cell that has a row is not tried
again, unless `--again` is given. `--table` writes the page alone.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from sandbox.world.load import known
from tests.canary.support.live_twin import Twin
from tests.doctor import page
from tests.doctor.trial import Row, planted
from tests.worlds.cells import Cell, cells, shard

KEPT = Path(__file__).parent / "data" / "rows.jsonl"
WORLDS = ("classic", "http-only", "scaled", "strangers")


def read(path: Path = KEPT) -> list[Row]:
    """Return the newest row of each cell, in the order of worlds and faults."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = [msgspec.json.decode(line, type=Row) for line in lines if line]
    by_cell = {(r.world, r.fault): r for r in rows}
    return sorted(by_cell.values(), key=lambda r: (r.world, r.fault))


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write rows, a line each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(msgspec.json.encode(r).decode() + "\n" for r in rows))


def chosen(every: Sequence[Cell], count: int, seed: str) -> list[Cell]:
    """Draw so many cells of each world by a seed; 0 takes all."""
    drawn = random.Random(seed)
    by_world: dict[str, list[Cell]] = {}
    for cell in sorted(every):
        by_world.setdefault(cell.world, []).append(cell)
    return [
        cell
        for mine in by_world.values()
        for cell in (drawn.sample(mine, min(count, len(mine))) if count else mine)
    ]


def tried(wanted: Sequence[Cell]) -> Iterator[Row]:
    """Yield the row of each cell, a twin for each world."""
    for world in dict.fromkeys(c.world for c in wanted):
        with tempfile.TemporaryDirectory(prefix="doctor-") as folder:
            twin = Twin(Path(folder), "--world", world)
            try:
                twin.settle()
                for cell in (c for c in wanted if c.world == world):
                    yield planted(twin, cell)
            finally:
                twin.stop()


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.doctor.matrix")
    parser.add_argument("--world", action="append", default=[], choices=known())
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--shard", default="1/1", metavar="K/N")
    parser.add_argument("--out", type=Path, default=KEPT)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--table", action="store_true")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    """Carry the command line out; 1 where a fault that shows was not named."""
    told = arguments(words)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    every = shard(cells(told.world or WORLDS, told.fault), told.shard)
    have = set() if told.again else {(r.world, r.fault) for r in read(told.out)}
    wanted = [] if told.table else chosen(every, told.sample, told.seed)
    left = [c for c in wanted if tuple(c) not in have]
    for row in tried(left):
        write(told.out, [*read(told.out), row])
        print(page.line(row), flush=True)
    if told.out == KEPT:
        page.write(read())
    return int(any(page.missed(r) for r in read(told.out)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
