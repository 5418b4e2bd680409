"""Run the health checks of every target in the snapshot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import msgspec

from emulator.balancer.exchange.dial import Route, Wire, connect
from emulator.balancer.exchange.wire import RefusedError, TruncatedError, head_bytes, read_response
from emulator.balancer.health_verdict import (
    DRAINING,
    FAILED,
    MISMATCH,
    REGISTERING,
    TIMEOUT,
    UNUSED,
    Probe,
    Verdict,
    code_matches,
    health_verdict,
)
from emulator.balancer.model import HealthCheck, Snapshot, Target, TargetGroup

# decision 2: a target that is alive gets time also on a busy machine; where packets are dropped
# nothing will ever come, and nobody need wait for it
TIMEOUT_CAP_S = 2.5
LOST_TIMEOUT_CAP_S = 1.0
# a server that speaks no TLS may wait for the end of a line that never comes
TLS_TIMEOUT_CAP_S = 1.25
SHORTEST_INTERVAL_S = 0.1
KEPT_PROBES = 10

Key = tuple[str, str, int]  # target group's ARN, target's id, port
Emit = Callable[[dict[str, Any]], None]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How to probe one target; a change of any field restarts probing."""

    route: Route
    path: str
    matcher: str
    interval_s: float
    timeout_s: float
    healthy: int
    unhealthy: int


class Watched:
    """A target with its verdict and its last probes of the same result."""

    def __init__(self) -> None:
        self.verdict = REGISTERING
        self.run: list[Probe] = []
        self.started: list[float] = []
        self.checks = 0
        self.plan: Plan | None = None
        self.task: asyncio.Task[None] | None = None

    def add(self, probe: Probe, started: float, plan: Plan) -> Verdict:
        """Add a probe and return the verdict after it."""
        if self.run and self.run[-1].passed != probe.passed:
            self.run, self.started = [], []
        self.run = [*self.run, probe][-KEPT_PROBES:]
        self.started = [*self.started, started][-KEPT_PROBES:]
        self.checks += 1
        return health_verdict(self.verdict, self.run, plan.healthy, plan.unhealthy)

    def standing_since(self) -> float | None:
        """Return since when the verdict is established, for the control process' settle.

        The start of the first of those last probes that suffice for the verdict, in seconds of
        CLOCK_MONOTONIC (one clock for all processes); None while verdict and probes differ. One
        pass suffices for a target that is healthy; of failures the description names the last few.
        """
        if self.plan is None or not self.run:
            return None
        passed = self.run[-1].passed
        needed = 1 if passed else min(self.plan.unhealthy, KEPT_PROBES)
        agrees = self.verdict.state == ("healthy" if passed else "unhealthy")
        return self.started[-needed] if agrees and len(self.started) >= needed else None

    def stop(self) -> None:
        """Probe no more."""
        self.plan = None
        if self.task is not None:
            self.task.cancel()
            self.task = None


async def _answer(wire: Wire, plan: Plan) -> int:
    host = plan.route.address
    if plan.route.port != (443 if plan.route.tls else 80):
        host = f"{host}:{plan.route.port}"
    asked = [
        ("Host", host),
        ("Connection", "close"),
        ("User-Agent", "ELB-HealthChecker/2.0"),
        ("Accept-Encoding", "gzip, compressed"),
    ]
    wire.writer.write(head_bytes(f"GET {plan.path} HTTP/1.1", asked))
    return (await read_response(wire.reader, "GET")).status


async def probe_once(plan: Plan) -> Probe:
    """Probe a target; the time limit covers connection and response together."""
    wire: Wire | None = None
    try:
        async with asyncio.timeout(plan.timeout_s):
            wire = await connect(plan.route, plan.timeout_s)
            code = await _answer(wire, plan)
    except TimeoutError:
        return Probe(passed=False, reason=TIMEOUT)
    except (OSError, RefusedError, TruncatedError):
        return Probe(passed=False, reason=FAILED)
    finally:
        if wire is not None:
            wire.close()
    if code_matches(plan.matcher, code):
        return Probe(passed=True, code=code)
    return Probe(passed=False, reason=MISMATCH, code=code)


def _port(check: HealthCheck, target: Target) -> int:
    port = str(check.port or "traffic-port")
    return int(port) if port.isdigit() else target.port


def plan_for(snapshot: Snapshot, group: TargetGroup, target: Target) -> Plan:
    """Return how a target is to be probed, with the snapshot's speed applied."""
    check = group.health_check
    source = {arn: lb.address for lb in snapshot.balancers for arn in (lb.arn,)}
    from_balancer = next((arn for arn in target.reachable if arn in source), None)
    speed = snapshot.speed or 1.0
    reachable = all(target.reachable.values())
    tls = (check.protocol or "HTTP") == "HTTPS"
    alive_s = TLS_TIMEOUT_CAP_S if tls else TIMEOUT_CAP_S
    return Plan(
        route=Route(
            source=source.get(from_balancer or "", "127.0.0.1"),
            address=target.id,
            port=_port(check, target),
            tls=tls,
            reachable=reachable,
        ),
        path=check.path or "/",
        matcher=check.matcher or "200",
        interval_s=max(check.interval_s / speed, SHORTEST_INTERVAL_S),
        timeout_s=min(check.timeout_s, alive_s if reachable else LOST_TIMEOUT_CAP_S),
        healthy=check.healthy,
        unhealthy=check.unhealthy,
    )


class HealthBoard:
    """Health of all targets: follows the snapshot, runs probes and reports changes."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._targets: dict[Key, Watched] = {}

    def state(self, group: str, target: Target) -> str:
        """Return the state of a target as routing needs it."""
        watched = self._targets.get((group, target.id, target.port))
        return "draining" if target.draining else watched.verdict.state if watched else "initial"

    def apply(self, snapshot: Snapshot) -> None:
        """Watch exactly the snapshot's targets, by their health checks."""
        wanted = {
            (group.arn, target.id, target.port): (group, target)
            for group in snapshot.target_groups
            for target in group.targets
        }
        for key in [key for key in self._targets if key not in wanted]:
            self._targets.pop(key).stop()
        for key, (group, target) in wanted.items():
            self._follow(key, snapshot, group, target)

    def _follow(self, key: Key, snapshot: Snapshot, group: TargetGroup, target: Target) -> None:
        fresh = key not in self._targets
        watched = self._targets.setdefault(key, Watched())
        if target.draining or not group.in_use or not target.enabled:
            watched.stop()
            self._tell(key, watched, DRAINING if target.draining else UNUSED, fresh)
            return
        plan = plan_for(snapshot, group, target)
        if watched.plan == plan:
            return
        watched.stop()
        watched.plan = plan
        if watched.verdict.state in ("unused", "draining"):
            watched.run, watched.started = [], []
            self._tell(key, watched, REGISTERING, fresh)
        elif fresh:
            self._tell(key, watched, REGISTERING, fresh)
        watched.task = asyncio.create_task(self._probe_on(key, watched, plan))

    async def _probe_on(self, key: Key, watched: Watched, plan: Plan) -> None:
        while True:
            started = time.monotonic()
            probe = await probe_once(plan)
            verdict = watched.add(probe, started, plan)
            # Told after each probe, changed or not: the control side may have started anew.
            self._tell(key, watched, verdict, True)
            await asyncio.sleep(max(0.0, started + plan.interval_s - time.monotonic()))

    def _tell(self, key: Key, watched: Watched, verdict: Verdict, always: bool) -> None:
        if verdict == watched.verdict and not always:
            return
        watched.verdict = verdict
        self._emit(
            {
                "kind": "health",
                "target_group": key[0],
                "id": key[1],
                "port": key[2],
                **msgspec.to_builtins(verdict),
                "checks": watched.checks,
                "standing_since": watched.standing_since(),
            }
        )
