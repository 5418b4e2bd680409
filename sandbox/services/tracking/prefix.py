"""Map paths to MLflow's routes under a static prefix, as versions 2.9 and 3.9 do.

Those versions moved the interface and what it asks for under the prefix and left `/api` where it
was; later ones move everything. So MLflow itself runs without a prefix here, and paths are led.
"""

from __future__ import annotations

MOVED = (
    "/ajax-api/", "/get-artifact", "/graphql", "/health", "/model-versions/get-artifact",
    "/static-files/", "/version",
)  # fmt: skip
STAYING = "/api/"


def inside(path: str, prefix: str) -> str | None:
    """Return MLflow's own path for an outside path, or None if it has no route there."""
    if not prefix or path.startswith(STAYING):
        return path
    bare = path.removeprefix(prefix)
    if bare == path:
        return None
    return bare if bare == "/" or bare.startswith(MOVED) else None
