"""The ECS resources of a request, as AWS's Service Authorization Reference names them."""

from __future__ import annotations

from typing import Any

from emulator.settings import ACCOUNT, REGION

_BY_ARN = {
    "DescribeServiceDeployments": "serviceDeploymentArns",
    "DescribeServiceRevisions": "serviceRevisionArns",
}


def ecs(action: str, params: dict[str, Any]) -> list[str]:
    """Return the resources that a call of ECS is about; ["*"] where it is about none."""
    cluster = str(params.get("cluster") or "default").rpartition("/")[2]
    if action in _BY_ARN:
        return [str(arn) for arn in params.get(_BY_ARN[action]) or ["*"]]
    if action == "DescribeServices":
        wanted = params.get("services", [])
    elif action in ("UpdateService", "DeleteService", "CreateService", "ListServiceDeployments"):
        wanted = [params.get("service") or params.get("serviceName", "")]
    elif action in ("DescribeTasks", "StopTask"):
        wanted = params.get("tasks") or [params.get("task", "")]
        return [_named("task", cluster, name) for name in wanted]
    elif action == "DescribeClusters":
        wanted = params.get("clusters") or ["default"]
        return [_arn("cluster/" + name.rpartition("/")[2]) for name in wanted]
    else:
        return ["*"]
    return [_named("service", cluster, name) for name in wanted]


def _named(kind: str, cluster: str, name: str) -> str:
    return name if name.startswith("arn:") else _arn(f"{kind}/{cluster}/{name}")


def _arn(resource: str) -> str:
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:{resource}"
