"""The three modes of a run over several functions: plan, shard and conclude.

`plan` writes the shards and returns their place, `shard` runs one, `conclude` merges their results
and makes the report. Only names travel through the state machine.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from canary.adapters.deadlines import within
from canary.comparison.previous import Previous, reused_results
from canary.conclude import OnJudged, conclude, unpublished
from canary.control_plane.state import PlatformState, not_read
from canary.model import Frozen, Report
from canary.pipeline import begin
from canary.plan import Selection, make_plan
from canary.runner import Outcome, Ports, RunRequest, RunStart, carry_out
from canary.runner.context import GATE, times
from canary.runner.muted import muted_anew, mutes_of
from canary.runner.outcomes import critical_path_ms
from canary.sharding.split import (
    Shard,
    ShardedRun,
    ShardResults,
    merge_results,
    restricted_to,
    split,
)
from canary.wiring.run import Runtime, make_ports

OBSERVING_S = 12.0
"""Seconds that the concluding function gives the first reading of the control plane."""


class NotPlannedError(Exception):
    """There is no plan under the run id that the event names."""


def plan_run(runtime: Runtime, request: RunRequest) -> dict[str, Any]:
    """Plan, write the shards and return a pointer to them for the state machine."""
    ports = make_ports(runtime)
    start = begin(ports, runtime.config, request)
    run = ShardedRun(
        run_id=start.run_id,
        started_at=start.started.isoformat(),
        trigger=request.trigger,
        scheduled_at=request.scheduled_at,
        shards=split(start.plan, ports.kinds),
    )
    runtime.store.write(_name(run.run_id, "plan"), msgspec.json.encode(run))
    runtime.store.write(_name(run.run_id, "shards"), msgspec.json.encode(run.shards))
    bucket, _, prefix = runtime.store.place.removeprefix("s3://").partition("/")
    return {
        "status": "PLANNED",
        "run_id": run.run_id,
        "shards": len(run.shards),
        "checks": sum(len(s.checks) for s in run.shards),
        "bucket": bucket,
        "key": f"{prefix}/{_name(run.run_id, 'shards')}",
    }


def probe_shard(runtime: Runtime, event: Mapping[str, Any], budget_s: float) -> dict[str, Any]:
    """Run the checks of one shard, write their results and return the shard's number alone."""
    shard, run_id = msgspec.convert(event["shard"], Shard), str(event["run_id"])
    ports, config, clock = make_ports(runtime), runtime.config, runtime.clock
    if not shard.reads_state:
        ports = msgspec.structs.replace(ports, observe=PlatformState)
    selection, started = Selection(only=shard.checks), clock.now()
    plan = make_plan(config, ports.kinds, {}, started, selection, budget_s)
    start = RunStart(
        config=config,
        plan=restricted_to(plan, shard.checks),
        run_id=run_id,
        started=started,
        start=clock.monotonic(),
        muted=mutes_of(ports, config, started, Previous()),
    )
    outcome = carry_out(ports, start)
    found = ShardResults(
        number=shard.number,
        results=outcome.results,
        residue=outcome.residue,
        requests=outcome.requests,
        cpu_starved=outcome.cpu_starved,
    )
    found = runtime.redactor.clean(found)
    runtime.store.write(_name(run_id, f"shard-{shard.number:05d}"), msgspec.json.encode(found))
    return {"number": shard.number}


def conclude_run(
    runtime: Runtime,
    event: Mapping[str, Any],
    budget_s: float,
    on_judged: OnJudged = unpublished,
) -> tuple[RunRequest, Report]:
    """Merge the results of the shards; return the request of the run and its report."""
    monotonic = runtime.clock.monotonic()
    run = _read(runtime, _name(str(event["run_id"]), "plan"), ShardedRun)
    if run is None:
        raise NotPlannedError(f"no plan of run {event['run_id']} in {runtime.store.place}")
    ports = make_ports(runtime)
    start = _start(runtime, ports, run, budget_s, monotonic)
    return start.request, conclude(ports, start, _outcome(runtime, ports, run, start), on_judged)


def _start(
    runtime: Runtime, ports: Ports, run: ShardedRun, budget_s: float, monotonic: float
) -> RunStart:
    """Return the start of the run again; a check that is not in its plan keeps its last result."""
    previous = ports.previous()
    known = previous.report.history if previous.report else {}
    ids = [i for shard in run.shards for i in shard.checks]
    started = dt.datetime.fromisoformat(run.started_at)
    plan = make_plan(runtime.config, ports.kinds, known, started, None, budget_s)
    plan = restricted_to(plan, ids)
    muted = mutes_of(ports, runtime.config, started, previous)
    return RunStart(
        config=runtime.config,
        request=RunRequest(
            trigger=run.trigger,
            scheduled_at=run.scheduled_at,
            budget_s=budget_s,
            reuse_rest=True,
            aside=run.trigger == GATE,
        ),
        run_id=run.run_id,
        started=started,
        start=monotonic - (runtime.clock.now() - started).total_seconds(),
        previous=previous,
        plan=plan,
        reused=muted_anew(reused_results(previous.report, plan.not_due), muted),
        muted=muted,
    )


def _outcome(runtime: Runtime, ports: Ports, run: ShardedRun, start: RunStart) -> Outcome:
    names = (_name(run.run_id, f"shard-{s.number:05d}") for s in run.shards)
    shards = [r for r in (_read(runtime, name, ShardResults) for name in names) if r is not None]
    results = merge_results(start.plan, shards, start.muted.checks)
    return Outcome(
        results=results,
        state=_observed(ports),
        residue=tuple(r for shard in shards for r in shard.residue),
        requests=sum(shard.requests for shard in shards),
        critical_path_ms=critical_path_ms(results),
        cpu_starved=any(shard.cpu_starved for shard in shards),
        # the time that counts is this function's own, not that of the shards before it
        times=times(start.plan, runtime.clock.monotonic()),
    )


def _observed(ports: Ports) -> PlatformState:
    try:
        return within(OBSERVING_S, ports.observe)
    except Exception as error:  # noqa: BLE001 - the boundary: a reading that is missing says why
        return not_read("ReaderFailed", f"{type(error).__name__}: {error}")


def _name(run_id: str, part: str) -> str:
    return f"spread/{run_id}/{part}.json"


def _read(runtime: Runtime, name: str, wanted: type[Frozen]) -> Any:
    data = runtime.store.read(name)
    return None if data is None else msgspec.json.decode(data, type=wanted)
