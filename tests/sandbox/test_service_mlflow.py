"""The real MLflow behind the real edge: the registration contract's calls answer as documented."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest
import urllib3

from tests.sandbox.support import classic as names
from tests.sandbox.support.twin import RunningTwin

BASE = "/api/mlflow/api/2.0"


def call(
    twin: RunningTwin, method: str, path: str, body: Any = None, raw: bytes | None = None
) -> urllib3.BaseHTTPResponse:
    """One call of the contract with the canary's valid key."""
    address, _, port = str(twin.state.edge[names.REGISTRY_HOST]["443"]).partition(":")
    pool = urllib3.HTTPSConnectionPool(
        address,
        int(port),
        ca_certs=twin.state.ca_bundle,
        assert_hostname=names.REGISTRY_HOST,
        server_hostname=names.REGISTRY_HOST,
        retries=False,
        timeout=20.0,
    )
    headers = {"Host": names.REGISTRY_HOST, "Authorization": f"Bearer {twin.key('valid')}"}
    if body is not None:
        headers["Content-Type"], raw = "application/json", json.dumps(body).encode()
    with pool:
        return pool.request(method, BASE + path, headers=headers, body=raw)


def test_a_model_is_registered_with_its_artifact_and_removed(twin: RunningTwin) -> None:
    name = f"sandbox-test-{uuid.uuid4()}"
    moment = int(time.time() * 1000)
    run = call(
        twin, "POST", "/mlflow/runs/create", {"experiment_id": "0", "start_time": moment}
    ).json()["run"]["info"]["run_id"]
    artifact = f"/mlflow-artifacts/artifacts/0/{run}/artifacts/model/MLmodel"
    assert call(twin, "PUT", artifact, raw=b"nonce").status == 200
    assert call(twin, "GET", artifact).data == b"nonce"
    objects = twin.client("s3").list_objects_v2(Bucket=names.ARTIFACT_BUCKET, Prefix=f"0/{run}/")
    assert objects["KeyCount"] == 1
    assert call(twin, "POST", "/mlflow/registered-models/create", {"name": name}).status == 200
    version = call(
        twin,
        "POST",
        "/mlflow/model-versions/create",
        {"name": name, "source": f"runs:/{run}/model", "run_id": run},
    ).json()["model_version"]
    assert (version["version"], version["status"]) == ("1", "READY")
    assert call(twin, "DELETE", "/mlflow/registered-models/delete", {"name": name}).status == 200
    assert call(twin, "POST", "/mlflow/runs/delete", {"run_id": run}).status == 200


def test_a_search_without_its_parameter_is_mlflow_s_own_400(twin: RunningTwin) -> None:
    answer = call(twin, "GET", "/mlflow/experiments/search")
    assert (answer.status, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_an_unknown_path_is_json_through_the_api_and_html_beside_it(twin: RunningTwin) -> None:
    assert call(twin, "GET", "/nothing").json()["error_code"] == "RESOURCE_NOT_FOUND"
    path = "/mlflow/api/2.0/mlflow/experiments/search"
    beside = twin.get(names.REGISTRY_HOST, path, key=twin.key("valid"))
    assert (beside.status, beside.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/mlflow/", 200, "text/plain"),
        ("/mlflow/health", 200, "application/json"),
        ("/mlflow/version", 200, "text/html"),
        ("/mlflow/ajax-api/2.0/mlflow/experiments/search?max_results=1", 200, "application/json"),
        ("/mlflow/api/2.0/mlflow/experiments/search?max_results=1", 404, "text/html"),
        ("/api/mlflow/health", 200, "application/json"),
        ("/api/mlflow/version", 404, "application/json"),
        ("/api/mlflow/health/mlflow", 404, "application/json"),
        ("/api/mlflow/ajax-api/2.0/mlflow/experiments/search", 404, "application/json"),
        ("/api/2.0/mlflow/experiments/search?max_results=1", 404, "application/json"),
    ],
)
def test_each_variant_of_a_path_leads_where_the_platform_s_does(
    twin: RunningTwin, path: str, status: int, kind: str
) -> None:
    answer = twin.get(names.REGISTRY_HOST, path, key=twin.key("valid"))
    assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (status, kind)
    if status == 404 and kind == "application/json":
        assert answer.json()["error_code"] == "RESOURCE_NOT_FOUND"


@pytest.mark.parametrize(
    ("path", "principal", "status", "document"),
    [
        ("/mlflow/", "", 401, {"detail": "API key required"}),
        ("/mlflow/", "revoked", 401, {"detail": "Invalid or expired API key"}),
        ("/mlflow/health", "", 200, {"status": "ok"}),
        ("/api/mlflow/health", "valid", 200, {"status": "ok"}),
        (
            "/mlflow/ajax-api/2.0/mlflow/experiments/search",
            "read-only",
            403,
            {
                "detail": "Admin access required for the model registry",
                "error": "REGISTRY_ADMIN_REQUIRED",
            },
        ),
    ],
)
def test_mlflow_stands_behind_its_gateway(
    twin: RunningTwin, path: str, principal: str, status: int, document: object
) -> None:
    key = twin.key(principal) if principal else ""
    answer = twin.get(names.REGISTRY_HOST, path, key=key)
    assert (answer.status, answer.json()) == (status, document)


def test_a_health_check_for_the_bare_prefix_meets_the_gateway(healthy_twin: RunningTwin) -> None:
    healthy_twin.plant("mlflow-matcher-wrong")
    healthy_twin.settle()
    elbv2 = healthy_twin.client("elbv2")
    groups = elbv2.describe_target_groups(Names=[names.MLFLOW_TARGET_GROUP])["TargetGroups"]
    found = elbv2.describe_target_health(TargetGroupArn=groups[0]["TargetGroupArn"])
    said = {one["TargetHealth"].get("Description") for one in found["TargetHealthDescriptions"]}
    assert "Health checks failed with these codes: [401]" in said
