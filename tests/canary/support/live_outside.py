"""The service at fault in each fault of the library, and the judgement of a run from outside.

Such a run reads no control plane. It is right if it names the service at fault, or if it offers
that service beside another one as POSSIBLE, and claims nothing that it cannot know.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.canary.support.live_resources import GROUPS, RESOURCES
from tests.canary.support.live_twin import Report, Twin, broken
from tests.sandbox.support import classic as names

# In `make test-slow`, one of each kind of place; the sweep has all.
SLOW = (
    "registry-listener-missing",
    "mlflow-api-rule-missing",
    "auth-scaled-to-zero",
    "mlflow-url-wrong-namespace",
    "database-down",
    "key-unknown",
)
# The part of the platform that a resource of the diagnosis belongs to.
_OWNERS = {
    names.AUTH_SERVICE: "auth",
    names.AUTH_BALANCER: "auth",
    names.AUTH_TASK_GROUP: "auth",
    names.CANARY_SECRET: "auth",
    names.API_SERVICE: "registry",
    names.API_TARGET_GROUP: "registry",
    names.API_TASK_GROUP: "registry",
    names.REGISTRY_BALANCER: "registry",
    names.REGISTRY_BALANCER_GROUP: "registry",
    "certificate/": "registry",
    names.MLFLOW_SERVICE: "mlflow",
    names.MLFLOW_TARGET_GROUP: "mlflow",
    names.MLFLOW_TASK_GROUP: "mlflow",
    "mlflow": "mlflow",  # its name in Cloud Map
    names.ARTIFACT_BUCKET: "mlflow",  # the bucket that its task role may not use
    names.REDIS_GROUP: "cache",
    names.DATABASE_GROUP: "database",
}
# A database may be called as a service is; a network ACL or a web ACL is no service's own; of a
# silent MLflow the service or its group is named.
_LIES_IN = {
    "database-stopped": "database",
    "database-full": "database",
    "database-failing-over": "database",
    "database-connections-taken": "database",
    "cache-deleted": "cache",
    "mlflow-silent": "mlflow",
    "mlflow-paths-blocked": "registry",
    "acl-denies-database": "database",
    "acl-drops-answers": "registry",
    "route-deleted": "mlflow",
    "nat-deleted": "mlflow",
    "endpoint-deleted": "mlflow",
}
_STORES = frozenset({"database", "cache"})
_WHICH_IMAGE = re.compile(r"which image is right", re.IGNORECASE)


def at_fault(fault: str) -> str:
    """Return the service of the environment file that a fault of the library lies in."""
    return _LIES_IN.get(fault) or _OWNERS[{**RESOURCES, **GROUPS}[fault]]


def from_outside(twin: Twin) -> Twin:
    """Give a twin's canary an environment file that names no cluster, and return the twin."""
    text = Path(twin.state["environment_file"]).read_text()
    file = twin.folder / "outside.toml"
    file.write_text(f'cluster = ""\n{re.sub(r"(?m)^cluster = .*$", "", text)}')
    twin.state["environment_file"] = str(file)
    return twin


def wrong(report: Report, service: str) -> str:
    """Return what is wrong in the diagnoses of a run about the service at fault, "" if nothing."""
    found = report["diagnoses"]
    if not found:
        return "no cause" if broken(report) else ""
    if any(d["confidence"] == "CERTAIN" for d in found):
        return "a cause is CERTAIN, and no control plane was read"
    if any(_WHICH_IMAGE.search(d["remedy"]["decision"]) for d in found):
        return "an image is doubted"
    return "" if _names(found[0], service) else f"{found[0]['service']} is named, not {service}"


def _names(first: Report, service: str) -> bool:
    """Return whether a diagnosis names a service, or offers it beside another one.

    A store is asked by services alone: a service is right whose message points to the store.
    """
    if first["service"] == service:
        return True
    text = f"{first['summary']} {first['remedy']['decision']}"
    told = re.search(rf"\b{service}\b", text, re.IGNORECASE) is not None
    return told and (first["confidence"] == "POSSIBLE" or service in _STORES)
