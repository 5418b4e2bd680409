"""Try every fault in every world, keep the rows, and write the tables of docs/diagnosis.md.

`python -m tests.worlds.matrix [--world NAME]... [--fault ID]... [--shard K/N] [--out FILE.jsonl]`
takes up where it was ended: a cell with a row of this commit is not tried again (`--fill`: with a
row of any commit). With `--kind fault|change|pair` it tries these alone. Without `--out` the rows
are those of the document. `--keep FILE.jsonl...` takes the rows of other runs into it and tries
nothing.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Iterator, MutableMapping, Sequence
from pathlib import Path

from sandbox.faults import FAULTS
from sandbox.world.load import known, load
from tests import turns
from tests.worlds import quiet, quiet_trial, rows, table, trial
from tests.worlds.cells import Cell, ShardError, cells, pairs, reasons, shard
from tests.worlds.ground import Ground
from tests.worlds.rows import CHANGE, FAULT, PAIR, Row

WHOLE = "1/1"
KINDS = (FAULT, CHANGE, PAIR)


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line; exits with 2 and a line on what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.worlds.matrix")
    parser.add_argument("--world", action="append", default=[], choices=known())
    parser.add_argument("--fault", action="append", default=[], choices=list(FAULTS))
    parser.add_argument("--kind", action="append", default=[], choices=KINDS)
    parser.add_argument("--shard", default=WHOLE, metavar="K/N")
    parser.add_argument("--out", type=Path, default=rows.KEPT, metavar="FILE.jsonl")
    parser.add_argument("--fill", action="store_true", help="leave cells with an older row, too")
    parser.add_argument("--keep", type=Path, nargs="+", default=[], metavar="FILE.jsonl")
    found = parser.parse_args(words)
    try:
        found.cells = shard(cells(found.world, found.fault), found.shard)
    except ShardError as error:
        parser.error(str(error))
    return found


def left(
    kind: str, wanted: Sequence[Cell], had: Sequence[Row], commit: str, fill: bool
) -> list[Cell]:
    """Return the cells without a row (of this commit); a crashed one is tried again."""
    done = {
        (r.world, r.what)
        for r in had
        if r.kind == kind and not r.crash and (fill or r.commit == commit)
    }
    return [cell for cell in wanted if cell not in done]


def shape(world: str, commit: str) -> Row:
    """Return the row that says which faults a world can express."""
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    count = len(cells([world]))
    return Row(
        kind=rows.SHAPE, world=world, commit=commit, at=now, cells=count, cannot=reasons(world)
    )


Work = dict[str, list[Cell]]
"""What is tried: kind -> cells; of a change or a pair, the fault is what it is called."""


def work(told: argparse.Namespace, had: Sequence[Row], commit: str) -> Work:
    """Return what is still to be tried."""
    worlds = told.world or known()
    every = {
        FAULT: told.cells,
        CHANGE: [Cell(w, each.name) for w in worlds for each in quiet.wanted(load(w))],
        PAIR: [Cell(w, pair) for w in worlds for pair in pairs(w)],
    }
    kinds = told.kind or ([FAULT] if told.fault or told.shard != WHOLE else KINDS)
    return {kind: left(kind, every[kind], had, commit, told.fill) for kind in kinds}


def tried(work: Work, out: Path, commit: str) -> None:
    """Try all of it, a world at a time, and write each row when it is known."""
    worlds = dict.fromkeys(cell.world for wanted in work.values() for cell in wanted)
    with tempfile.TemporaryDirectory(prefix="worlds-") as folder:
        for world in worlds:
            ground = Ground(world, Path(folder))
            mine = {
                kind: [c.fault for c in wanted if c.world == world] for kind, wanted in work.items()
            }
            try:
                for row in _of_world(ground, mine, commit):
                    rows.append(out, row)
                    print(line(row), flush=True)
            finally:
                ground.stop()


def _of_world(ground: Ground, mine: dict[str, list[str]], commit: str) -> Iterator[Row]:
    yield shape(ground.world, commit)
    yield trial.healthy(ground, commit)
    for fault in mine.get(FAULT, ()):
        yield trial.fault(ground, fault, commit)
    for pair in mine.get(PAIR, ()):
        yield trial.pair(ground, pair, commit)
    if mine.get(CHANGE):  # each is made on what the one before left: all or none
        yield from quiet_trial.changes(ground, commit)


def line(row: Row) -> str:
    """Return what became of a cell, in a line."""
    first = row.named[0].cause if row.named else "none"
    end = "; ".join(row.misses) or "as it must be"
    if row.kind == rows.SHAPE:
        return f"{row.world}: {row.cells} faults"
    return (
        f"{row.world} {row.what or row.kind}: {first} ({row.failed} failed, {row.seconds} s): {end}"
    )


def keep_bytecode(variables: MutableMapping[str, str]) -> None:
    """Let the processes of the cells keep what Python compiles, also where nobody else does.

    A cell starts some ten of them, and to compile the canary takes as long as its run.
    """
    variables.pop("PYTHONDONTWRITEBYTECODE", None)


def main(words: Sequence[str]) -> int:
    """Carry the command line out; 1 where a cell missed."""
    told = arguments(words)
    keep_bytecode(os.environ)
    had, commit = rows.read(told.out), turns.commit()
    if told.keep:
        had += [row for path in told.keep for row in rows.read(path)]
    else:
        wanted = work(told, had, commit)
        print(", ".join(f"{len(v)} of kind {k}" for k, v in wanted.items()), flush=True)
        tried(wanted, told.out, commit)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(f"{used.ru_utime + used.ru_stime:.0f} s of processor")
        had = rows.read(told.out)
    if told.out == rows.KEPT:
        rows.write(rows.KEPT, had)
        table.write(rows.read())
    mine = {(c.world, c.fault) for c in told.cells}
    missed = [(r.world, r.what) for r in rows.latest(had) if r.kind == FAULT and r.misses]
    return int(any(each in mine for each in missed))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # twins end as well
    sys.exit(main(sys.argv[1:]))
