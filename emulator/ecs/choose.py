"""Choose the tasks to stop: unhealthy, surplus and outdated ones."""

from __future__ import annotations

from emulator.ecs.deployments import Deployment
from emulator.ecs.fleet import Fleet
from emulator.ecs.task import Task


def replaced(fleet: Fleet, speed: float, most: int, may_start: bool) -> list[Task]:
    """Choose unhealthy tasks that have a replacement, or that a replacement waits for.

    While no task may start they stay, with unhealthy targets.
    """
    condemned = [t for t in fleet.alive if t.condemned]
    if not condemned:
        return []
    arrived = [
        t for t in fleet.alive if not t.condemned and (t.healthy(speed) or t.complaint(0.0)[0])
    ]
    no_room = may_start and len(fleet.alive) >= most and not fleet.newcomers()
    return condemned if arrived or no_room else []


def surplus(fleet: Fleet, primary: Deployment, desired: int) -> list[Task]:
    """Choose tasks beyond the desired count, unhealthy and newest first."""
    mine = fleet.of(primary)
    beyond = len(mine) - desired
    # while an unhealthy task waits for its replacement there is one more for a time
    beyond -= len([t for t in mine if t.condemned]) if desired else 0
    return sorted(mine, key=lambda t: (not t.condemned, -t.started))[: max(0, beyond)]


def retired(fleet: Fleet, primary: Deployment, desired: int, least: int) -> list[Task]:
    """Choose tasks of older deployments that the minimum of healthy tasks can spare."""
    older = [t for t in fleet.alive if t.deployment_id != primary.id]
    healthy = fleet.healthy
    spare = len(healthy) - (least if desired else 0)
    chosen = []
    for task in older:
        counts = task in healthy
        if counts and spare <= 0:
            continue
        if not counts and desired and not healthy and len(older) <= least:
            continue  # unhealthy, but all there is: it stays until something better runs
        spare -= counts
        chosen.append(task)
    return chosen
