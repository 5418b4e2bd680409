"""A run that is spread over functions: what each of the three modes does with the world.

`plan` writes the shards and returns where they lie, `shard` carries one out, `conclude` gathers
them and makes the report. Nothing but names travels through the state machine.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from canary.comparison.previous import carried
from canary.control_plane.state import PlatformState, Unavailable
from canary.model import Frozen
from canary.pipeline import Asked, Begun, begin, conclude
from canary.plan import Selection, make_plan
from canary.runner import Outcome, carry_out
from canary.runner.deadlines import times
from canary.runner.path import critical_path_ms
from canary.sharding.split import Reported, Shard, Spread, gathered, narrowed, split
from canary.wiring import run as wire

OBSERVING_S = 12.0
"""Seconds that the concluding function gives the first reading of the control plane."""


class NotPlannedError(Exception):
    """There is no plan under the run id that the event names."""


def plan_run(made: wire.World, asked: Asked) -> dict[str, Any]:
    """Plan, write the shards and return a pointer to them for the state machine."""
    begun = begin(made.config, wire.parts(made), asked)
    spread = Spread(
        run_id=begun.run_id,
        started_at=begun.started.isoformat(),
        trigger=asked.trigger,
        scheduled_at=asked.scheduled_at,
        shards=split(begun.plan, wire.parts(made).kinds),
    )
    made.store.write(_name(spread.run_id, "plan"), msgspec.json.encode(spread))
    made.store.write(_name(spread.run_id, "shards"), msgspec.json.encode(spread.shards))
    bucket, _, prefix = made.store.place.removeprefix("s3://").partition("/")
    return {
        "status": "PLANNED",
        "run_id": spread.run_id,
        "shards": len(spread.shards),
        "checks": sum(len(s.checks) for s in spread.shards),
        "bucket": bucket,
        "key": f"{prefix}/{_name(spread.run_id, 'shards')}",
    }


def probe_shard(made: wire.World, event: Mapping[str, Any], budget_s: float) -> dict[str, Any]:
    """Carry one shard out, write what it found and return its number alone."""
    shard, run_id = msgspec.convert(event["shard"], Shard), str(event["run_id"])
    parts = wire.parts(made)
    doors = parts.doors
    if not shard.reads_state:
        doors = _without_reading(doors)
    plan = make_plan(
        made.config, parts.kinds, {}, made.clock.now(), Selection(only=shard.checks), budget_s
    )
    outcome = carry_out(narrowed(plan, shard.checks), parts.kinds, doors, run_id)
    found = Reported(
        number=shard.number,
        results=tuple(made.redactor.clean(r) for r in outcome.results),
        residue=outcome.residue,
        requests=outcome.requests,
        starved=outcome.starved,
    )
    made.store.write(_name(run_id, f"shard-{shard.number:05d}"), msgspec.json.encode(found))
    return {"number": shard.number}


def conclude_run(made: wire.World, event: Mapping[str, Any], budget_s: float) -> tuple[Asked, Any]:
    """Gather the shards of a run; return what was asked of it and its report."""
    start = made.clock.monotonic()
    spread = _read(made, _name(str(event["run_id"]), "plan"), Spread)
    if spread is None:
        raise NotPlannedError(f"no plan of run {event['run_id']} in {made.store.place}")
    parts = wire.parts(made)
    asked = Asked(
        trigger=spread.trigger,
        scheduled_at=spread.scheduled_at,
        budget_s=budget_s,
        carry_rest=True,
    )
    begun = _begun(made, spread, asked, start)
    outcome = _outcome(made, spread, begun)
    return asked, conclude(made.config, parts, asked, begun, outcome)


def _begun(made: wire.World, spread: Spread, asked: Asked, start: float) -> Begun:
    """Return the run's beginning again; a check that is not in its plan is carried."""
    previous = wire.previous(made)
    known = previous.report.history if previous.report else {}
    ids = [i for shard in spread.shards for i in shard.checks]
    kinds = wire.parts(made).kinds
    started = dt.datetime.fromisoformat(spread.started_at)
    plan = narrowed(make_plan(made.config, kinds, known, started, None, asked.budget_s), ids)
    return Begun(
        run_id=spread.run_id,
        started=started,
        start=start - (made.clock.now() - started).total_seconds(),
        previous=previous,
        plan=plan,
        kept=carried(previous.report, plan.not_due),
    )


def _outcome(made: wire.World, spread: Spread, begun: Begun) -> Outcome:
    names = (_name(spread.run_id, f"shard-{s.number:05d}") for s in spread.shards)
    reports = [r for r in (_read(made, name, Reported) for name in names) if r is not None]
    today = begun.started.date().isoformat()
    results = gathered(begun.plan, reports, made.environment, today)
    return Outcome(
        results=results,
        state=_observed(made),
        residue=tuple(r for report in reports for r in report.residue),
        requests=sum(r.requests for r in reports),
        critical_path_ms=critical_path_ms(results),
        starved=any(r.starved for r in reports),
        # the time that counts is this function's own, not that of the shards before it
        times=times(begun.plan, made.clock.monotonic()),
    )


def _observed(made: wire.World) -> PlatformState:
    try:
        return wire.within(OBSERVING_S, wire.parts(made).doors.observe)
    except Exception as error:  # noqa: BLE001 - the boundary: a reading that is missing says why
        reason = f"{type(error).__name__}: {error}"
        gap = Unavailable(action="observe", resource="*", code="ReaderFailed", reason=reason)
        return PlatformState(unavailable=(gap,))


def _without_reading(doors: Any) -> Any:
    return msgspec.structs.replace(doors, observe=PlatformState)


def _name(run_id: str, part: str) -> str:
    return f"spread/{run_id}/{part}.json"


def _read(made: wire.World, name: str, wanted: type[Frozen]) -> Any:
    data = made.store.read(name)
    return None if data is None else msgspec.json.decode(data, type=wanted)
