"""Try every fault in every world, keep the rows, and write the tables of docs/diagnosis.md.

`python -m tests.worlds.matrix [--world NAME]... [--fault ID]... [--shard K/N] [--out FILE.jsonl]`
takes up where it was ended: a cell with a row of this commit is not tried again (`--fill`: with a
row of any commit). Without `--out` the rows are those of the document. `--keep FILE.jsonl...` takes
the rows of other runs into it and tries nothing.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sandbox.faults import FAULTS
from sandbox.world.load import known
from tests.worlds import rows, table, trial
from tests.worlds.cells import Cell, ShardError, cells, reasons, shard
from tests.worlds.ground import Ground
from tests.worlds.rows import Row


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line; exits with 2 and a line on what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.worlds.matrix")
    parser.add_argument("--world", action="append", default=[], choices=known())
    parser.add_argument("--fault", action="append", default=[], choices=list(FAULTS))
    parser.add_argument("--shard", default="1/1", metavar="K/N")
    parser.add_argument("--out", type=Path, default=rows.KEPT, metavar="FILE.jsonl")
    parser.add_argument("--fill", action="store_true", help="leave cells with an older row, too")
    parser.add_argument("--keep", type=Path, nargs="+", default=[], metavar="FILE.jsonl")
    found = parser.parse_args(words)
    try:
        found.cells = shard(cells(found.world, found.fault), found.shard)
    except ShardError as error:
        parser.error(str(error))
    return found


def left(wanted: Sequence[Cell], had: Sequence[Row], commit: str, fill: bool) -> list[Cell]:
    """Return the cells without a row (of this commit); a crashed one is tried again."""
    done = {
        (r.world, r.what)
        for r in had
        if r.kind == rows.FAULT and not r.crash and (fill or r.commit == commit)
    }
    return [cell for cell in wanted if cell not in done]


def shape(world: str, commit: str) -> Row:
    """Return the row that says which faults a world can express."""
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    count = len(cells([world]))
    return Row(
        kind=rows.SHAPE, world=world, commit=commit, at=now, cells=count, cannot=reasons(world)
    )


def tried(wanted: Sequence[Cell], out: Path, commit: str) -> None:
    """Try cells, a world at a time, and write each row when it is known."""
    with tempfile.TemporaryDirectory(prefix="worlds-") as folder:
        for world, group in itertools.groupby(wanted, key=lambda c: c.world):
            ground = Ground(world, Path(folder))
            try:
                rows.append(out, shape(world, commit))
                rows.append(out, trial.healthy(ground, commit))
                for cell in group:
                    row = trial.fault(ground, cell.fault, commit)
                    rows.append(out, row)
                    print(line(row), flush=True)
            finally:
                ground.stop()


def line(row: Row) -> str:
    """Return what became of a cell, in a line."""
    first = row.named[0].cause if row.named else "none"
    end = "; ".join(row.misses) or "as it must be"
    return f"{row.world} {row.what}: {first} ({row.failed} failed, {row.seconds} s): {end}"


def main(words: Sequence[str]) -> int:
    """Carry the command line out; 1 where a cell missed."""
    told = arguments(words)
    had, commit = rows.read(told.out), rows.commit()
    if told.keep:
        had += [row for path in told.keep for row in rows.read(path)]
    else:
        wanted = left(told.cells, had, commit, told.fill)
        print(f"{len(wanted)} of {len(told.cells)} cells to try", flush=True)
        tried(wanted, told.out, commit)
        had = rows.read(told.out)
    if told.out == rows.KEPT:
        rows.write(rows.KEPT, had)
        table.write(rows.read())
    mine = {(c.world, c.fault) for c in told.cells}
    missed = [r for r in rows.latest(had) if r.kind == rows.FAULT and r.misses]
    return int(any((r.world, r.what) in mine for r in missed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
