"""The registration check on a whole platform whose API drops the body of DELETE."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.faults.context import READ_ONLY
from sandbox.state import read
from tests.canary.support.live_twin import Report, Twin, broken
from tests.sandbox.support import classic as names
from tests.sandbox.support.twin import Outside

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
API = "/api/mlflow/api/2.0/mlflow"


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """Yield a healthy twin."""
    made = Twin(tmp_path_factory.mktemp("drops"))
    try:
        yield made
    finally:
        made.stop()


def behave(twin: Twin, behaviour: str) -> None:
    """Deploy the API with a behaviour switched on."""
    ecs: Any = twin.client("ecs")
    where = {"cluster": names.CLUSTER}
    (service,) = ecs.describe_services(**where, services=[names.API_SERVICE])["services"]
    found = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])
    made = {k: v for k, v in found["taskDefinition"].items() if k not in READ_ONLY}
    variable = {"name": "SANDBOX_BEHAVIOUR", "value": behaviour}
    made["containerDefinitions"][0]["environment"].append(variable)
    arn = ecs.register_task_definition(**made)["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(**where, service=names.API_SERVICE, taskDefinition=arn)
    twin.settle()


def models(twin: Twin) -> list[str]:
    """Return the canary's registered models."""
    outside = Outside(read(twin.state_file))
    query = "filter=name%20LIKE%20'synthetic-canary-%25'&max_results=1000"
    answer = outside.get(
        names.REGISTRY_HOST, f"{API}/registered-models/search?{query}", key=outside.key("valid")
    )
    assert answer.status == 200
    return [m["name"] for m in answer.json().get("registered_models", [])]


def steps(report: Report) -> dict[str, Any]:
    """Return the steps of the registration check."""
    (result,) = [r for r in report["results"] if r["check_id"] == "registration.model"]
    return {s["name"]: s for s in result["steps"]}


def test_three_runs_beside_an_api_that_drops_bodies_leave_nothing(twin: Twin) -> None:
    twin.settle()
    store = twin.folder / "runs"
    assert broken(twin.run("well", twin.folder / "before")) == []
    behave(twin, "drop-delete-body")
    for number in range(3):
        report = twin.run(f"drops-{number}", store)
        assert broken(report) == ["registration.model"]
        found = steps(report)
        assert [n for n, s in found.items() if s["status"] == "FAIL"] == ["model removal"]
        (refused,) = found["model removal"]["evidence"]
        assert (refused["method"], refused["status"]) == ("DELETE", 400)
        assert "Missing value for required parameter" in found["model removal"]["reason"]
        assert report.get("residue", []) == []
        assert models(twin) == []
    twin.heal()
    assert broken(twin.run("healed", store)) == []
