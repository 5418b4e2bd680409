"""A function that is cut short: each way is told apart by what stands in its log.

The words are those of docs/runbooks/canary.md: it did not start (no `platform.start`), it started
and did not finish (`platform.start` without `run finished`), it finished red.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.support.deployed import STACK, Deployed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
Lines = list[dict[str, Any]]


def told(lines: Lines) -> str:
    """Return what a run's lines say of it."""
    if not [line for line in lines if line.get("type") == "platform.start"]:
        return "did not start"
    finished = [line for line in lines if line.get("message") == "run finished"]
    if not finished:
        return "started and did not finish"
    return "finished red" if finished[-1]["failed"] else "finished green"


def beats(lines: Lines) -> int:
    """Count the heartbeats, the metric `RunCompleted`, in a run's lines."""
    return sum("RunCompleted" in line for line in lines)


def reported(lines: Lines) -> tuple[str, str]:
    """Return status and error type of Lambda's own report."""
    [found] = [line["record"] for line in lines if line.get("type") == "platform.report"]
    return found["status"], found.get("errorType", "")


@pytest.fixture(scope="module")
def function(deployed: Deployed) -> Deployed:
    deployed.schedule(State="DISABLED")
    deployed.invoke()  # whatever the schedule began is over when this one got its turn
    return deployed


@pytest.fixture(autouse=True)
def whole(function: Deployed) -> Iterator[None]:
    """After each test the function is whole again, and its next run finds nothing amiss."""
    known = function.client("lambda").get_function_configuration(FunctionName=STACK)
    yield
    function.configure(
        known["Environment"]["Variables"], Timeout=known["Timeout"], MemorySize=known["MemorySize"]
    )
    answer, lines = function.invoke()
    assert (answer["status"], told(lines), beats(lines)) == ("PASS", "finished green", 1)


def test_a_run_that_lambda_ends_for_its_time_did_not_finish(function: Deployed) -> None:
    """Its metrics come first: a run whose second ends later has told of itself already."""
    function.configure(Timeout=1)
    answer, lines = function.invoke()
    assert "timed out" in answer["errorMessage"]
    assert reported(lines)[0] == "timeout"
    assert beats(lines) or told(lines) == "started and did not finish"


def test_a_run_that_outgrows_its_memory_did_not_finish(function: Deployed) -> None:
    function.configure(MemorySize=64)  # below AWS's least: a run needs about 100 MB
    answer, lines = function.invoke()
    assert "signal: killed" in answer["errorMessage"]
    assert (told(lines), beats(lines)) == ("started and did not finish", 0)
    assert reported(lines) == ("error", "Runtime.ExitError")


def test_a_function_without_its_configuration_says_so_and_did_not_finish(
    function: Deployed,
) -> None:
    function.configure({"CANARY_ENVIRONMENT": "nowhere"})
    answer, lines = function.invoke()
    assert answer["errorType"] == "ConfigError"
    assert "nowhere" in answer["errorMessage"]
    assert (told(lines), beats(lines)) == ("started and did not finish", 0)


def test_a_function_that_may_not_run_did_not_start(function: Deployed) -> None:
    client = function.client("lambda")
    client.put_function_concurrency(FunctionName=STACK, ReservedConcurrentExecutions=0)
    before = len(function.log())
    with pytest.raises(client.exceptions.TooManyRequestsException):
        client.invoke(FunctionName=STACK, Payload=b"{}")
    lines = function.log()[before:]
    client.put_function_concurrency(FunctionName=STACK, ReservedConcurrentExecutions=1)
    assert (told(lines), beats(lines)) == ("did not start", 0)


def test_a_red_run_finished(function: Deployed) -> None:
    function.twin.plant("artifact-bucket-denied")
    answer, lines = function.invoke()
    function.client("s3").delete_bucket_policy(Bucket="hokusai-mlflow-artifacts-development")
    assert answer["failed"] == ["registration.model"]
    assert (told(lines), beats(lines)) == ("finished red", 1)
