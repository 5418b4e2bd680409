"""Platforms and failures room by room, for the texts of `told`."""

from __future__ import annotations

from tests.canary.support.scenes import (
    access,
    application,
    dependencies,
    ecs,
    edge,
    platform,
    protocols,
    revisions,
    starts,
    ways,
)

SCENES = {
    **ecs.SCENES,
    **access.SCENES,
    **revisions.SCENES,
    **edge.SCENES,
    **dependencies.SCENES,
    **application.SCENES,
    **platform.SCENES,
    **protocols.SCENES,
    **starts.SCENES,
    **ways.SCENES,
}
