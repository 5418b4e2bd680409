"""Split a plan into shards, and merge the results of the shards.

The second shape (`scale = "map"`, docs/decisions/0006): one function plans, one function for each
shard probes, one concludes. What they hand each other lies in the store, since a state machine's
own payload holds 256 KB only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from canary.model import Check, Frozen, Residue, Result, Status, Step
from canary.plan import Plan, Planned
from canary.probes.base.api import Kind
from canary.runner.outcomes import result

SHARD = 100
"""Checks of one function; about half a second of waiting at the runner's concurrency."""
AT_ONCE = 50
"""Shards probed at a time: 5,000 checks, and 50 of the account's concurrent executions."""
SILENT = "shard did not report"


class Shard(Frozen, frozen=True, kw_only=True):
    """The checks that one function carries out."""

    number: int
    checks: tuple[str, ...]
    reads_state: bool = False  # some check of it asks for the control plane


class ShardedRun(Frozen, frozen=True, kw_only=True):
    """A run over several functions, as its plan hands it to the concluding function."""

    run_id: str
    started_at: str  # ISO 8601, UTC
    trigger: str
    scheduled_at: str
    shards: tuple[Shard, ...]


class ShardResults(Frozen, frozen=True, kw_only=True):
    """The results of one shard."""

    number: int
    results: tuple[Result, ...]
    residue: tuple[Residue, ...] = ()
    requests: int = 0
    cpu_starved: bool = False


def split(plan: Plan, kinds: Mapping[str, Kind], size: int = SHARD) -> tuple[Shard, ...]:
    """Return the shards of a plan: a check and all that it needs are in one shard.

    Checks that read the control plane come together in as few shards as can be, so that it is
    not read once for every shard; a family larger than `size` is a shard of its own. All blocking
    checks are one family: two shards would ask them side by side.
    """
    families = _families(plan.order)
    reading = [f for f in families if _reads(f, kinds)]
    others = [f for f in families if not _reads(f, kinds)]
    packed = [(p, True) for p in _packed(reading, size)]
    packed += [(p, False) for p in _packed(others, size)]
    return tuple(
        Shard(number=n, checks=tuple(p.check.id for p in checks), reads_state=reads)
        for n, (checks, reads) in enumerate(packed)
    )


def _reads(family: list[Planned], kinds: Mapping[str, Kind]) -> bool:
    return any(kinds[p.check.kind].reads_state for p in family)


def _families(order: Iterable[Planned]) -> list[list[Planned]]:
    """Group what is connected by `needs`, and all blocking checks, in the order of the plan."""
    planned = list(order)
    head = {p.check.id: p.check.id for p in planned}

    def root(check_id: str) -> str:
        while head[check_id] != check_id:
            head[check_id] = head[head[check_id]]
            check_id = head[check_id]
        return check_id

    for p in planned:
        for need in p.needs:
            head[root(p.check.id)] = root(need)
    blocking = [p.check.id for p in planned if p.check.blocking]
    for other in blocking[1:]:
        head[root(other)] = root(blocking[0])
    found: dict[str, list[Planned]] = {}
    for p in planned:
        found.setdefault(root(p.check.id), []).append(p)
    return list(found.values())


def _packed(families: list[list[Planned]], size: int) -> list[list[Planned]]:
    """Fill shards up to `size`, the largest families first."""
    found: list[list[Planned]] = []
    for family in sorted(families, key=len, reverse=True):
        room = next((s for s in found if len(s) + len(family) <= size), None)
        if room is None:
            found.append(list(family))
        else:
            room.extend(family)
    return found


def restricted_to(plan: Plan, ids: Iterable[str]) -> Plan:
    """Return the plan with only these checks; every other one keeps its last result."""
    wanted = set(ids)
    # a need outside these checks is decided: a check that waited for it would wait for ever
    order = tuple(
        msgspec.structs.replace(p, needs=tuple(n for n in p.needs if n in wanted))
        for p in plan.order
        if p.check.id in wanted
    )
    others = tuple(p.check.id for p in plan.order if p.check.id not in wanted)
    return msgspec.structs.replace(plan, order=order, not_due=(*plan.not_due, *others))


def merge_results(
    plan: Plan, shards: Iterable[ShardResults], muted: Mapping[str, str]
) -> tuple[Result, ...]:
    """Return one result for each check of the plan; a shard without results gives ERRORs."""
    found = {r.check_id: r for shard in shards for r in shard.results}
    return tuple(
        found.get(p.check.id) or _silent(p.check, muted.get(p.check.id, "")) for p in plan.order
    )


def _silent(check: Check, muted: str) -> Result:
    step = Step(name="shard", status=Status.ERROR, reason=SILENT)
    made = result(check, (step,), duration_ms=0.0, started_ms=0.0, muted=muted)
    return msgspec.structs.replace(made, reason=SILENT)
