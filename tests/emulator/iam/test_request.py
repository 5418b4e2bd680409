"""What a request asks of IAM: the resource of a call, by AWS's Service Authorization Reference."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from emulator.iam.request import asked

ECS = "arn:aws:ecs:us-east-1:123456789012:"
ONE, TWO = (f"{ECS}service-deployment/shop/web/{n * 20}" for n in "ab")
REVISION = f"{ECS}service-revision/shop/web/1"


@pytest.mark.parametrize(
    ("operation", "params", "resources"),
    [
        (
            "ListServiceDeployments",
            {"cluster": "shop", "service": "web"},
            [f"{ECS}service/shop/web"],
        ),
        (
            "ListServiceDeployments",
            {"cluster": f"{ECS}cluster/shop", "service": f"{ECS}service/shop/web"},
            [f"{ECS}service/shop/web"],
        ),
        ("DescribeServiceDeployments", {"serviceDeploymentArns": [ONE, TWO]}, [ONE, TWO]),
        ("DescribeServiceRevisions", {"serviceRevisionArns": [REVISION]}, [REVISION]),
        ("DescribeServiceRevisions", {}, ["*"]),
        ("ListServices", {"cluster": "shop"}, ["*"]),
    ],
)
def test_a_call_of_ecs_is_about_its_services_deployments_or_revisions(
    operation: str, params: dict[str, Any], resources: list[str]
) -> None:
    sent = SimpleNamespace(body=json.dumps(params), querystring=None, path="/")
    found = asked(sent, "ecs", operation)
    assert (found.action, found.resources) == (f"ecs:{operation}", resources)
