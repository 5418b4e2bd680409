"""EMF: one valid document for each dimension set, and nothing that CloudWatch drops in silence."""

from __future__ import annotations

import json

import msgspec
import pytest

from canary.adapters.aws.emf import documents, emit, moment_of
from canary.metrics.measure import Point, measure
from tests.canary.support.made import report, result

MADE = report(*(result("P", f"api.n{n}") for n in range(120)))


def test_there_is_one_document_for_each_dimension_set() -> None:
    found = [json.loads(d) for d in documents(measure(MADE), "run-1")]
    sets = [d["_aws"]["CloudWatchMetrics"][0]["Dimensions"] for d in found]
    assert all(len(s) == 1 for s in sets)
    assert [s[0] for s in sets[:2]] == [["Environment"], ["Environment", "Suite"]]
    assert len(found) == 2 + 120
    assert all(d["run_id"] == "run-1" for d in found)


def test_a_service_name_in_the_environment_is_no_dimension(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "hokusai-canary")
    document = json.loads(documents(measure(MADE), "r")[0])
    assert "service" not in document


def test_a_value_that_is_no_number_does_not_take_the_others_with_it() -> None:
    dimensions = (("Environment", "test"),)
    points = [
        Point(metric="RunDuration", value=float("nan"), dimensions=dimensions),
        Point(metric="RunCompleted", value=1.0, dimensions=dimensions),
    ]
    (document,) = documents(points, "r")
    assert "NaN" not in document and json.loads(document)["RunCompleted"] == [1.0]


@pytest.mark.parametrize(
    ("scheduled", "at"),
    [
        ("2026-11-22T12:00:00Z", 1795348800000),
        ("2026-11-22T12:01:59+00:00", 1795348919000),
        ("2026-11-22T11:44:00Z", 0),  # not its own any more
        ("<aws.scheduler.scheduled-time>", 0),
        ("", 0),
    ],
)
def test_points_count_for_the_scheduled_moment(scheduled: str, at: int) -> None:
    run = msgspec.structs.replace(
        MADE.run, started_at="2026-11-22T12:00:31+00:00", scheduled_at=scheduled
    )
    assert moment_of(run) == at
    lines: list[str] = []
    emit(measure(MADE), run, lines.append)
    stamps = {json.loads(line)["_aws"]["Timestamp"] for line in lines}
    assert stamps == {at} if at else min(stamps) > 1_790_000_000_000


def test_each_document_is_one_line_of_its_own() -> None:
    lines: list[str] = []
    emit(measure(MADE), MADE.run, lines.append)
    assert all("\n" not in line and line.startswith("{") for line in lines)
