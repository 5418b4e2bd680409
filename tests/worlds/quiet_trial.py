"""Make harmless changes one after the other, and run while each lasts and after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from sandbox.world.load import load
from tests.canary.support.live_twin import broken
from tests.worlds import quiet, rows, trial
from tests.worlds.changes import Named
from tests.worlds.ground import Ground
from tests.worlds.rows import Row


def changes(ground: Ground, commit: str, some: Sequence[Named] = ()) -> Iterator[Row]:
    """Yield a row for each change; what follows one that crashed is not tried."""
    ground.healed()
    store = ground.twin.store()
    for each in some or quiet.wanted(load(ground.world)):

        def tried(ground: Ground, row: Row, each: Named = each) -> Row:
            each.make(ground.twin)
            during = ground.twin.run("during", store)
            ground.twin.settle()
            after = ground.twin.run("after", store)
            bad = during if broken(during) or during["diagnoses"] else after
            return msgspec.structs.replace(
                row,
                failed=len(broken(bad)),
                named=trial.named(bad),
                note=", ".join(broken(bad)[:6]),
            )

        row = trial.told(ground, trial.blank(rows.CHANGE, ground.world, each.name, commit), tried)
        yield row
        if row.crash:
            return
