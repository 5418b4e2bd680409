"""MLflow under a static prefix as 2.9 and 3.9 place their routes, the versions of the platform.

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
    """Return the path that MLflow serves for one from outside; None: it has no route there."""
    if not prefix or path.startswith(STAYING):
        return path
    bare = path.removeprefix(prefix)
    if bare == path:
        return None
    return bare if bare == "/" or bare.startswith(MOVED) else None
