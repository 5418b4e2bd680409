"""`alarm`: the windows of an environment's checks and severities, and of a check itself."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from canary import config
from canary.config.alarm_windows import window_problems, with_window
from canary.model import AlarmWindow, Severity
from tests.canary.support import worlds

LINE, OWN, SEVERITY = (AlarmWindow(datapoints=n, periods=9) for n in (2, 4, 6))


@pytest.mark.parametrize(
    ("lines", "own", "expected"),
    [
        ({"api.one": LINE, "high": SEVERITY}, OWN, LINE),
        ({"high": SEVERITY}, OWN, OWN),
        ({"high": SEVERITY}, None, SEVERITY),
        ({"low": SEVERITY, "api.two": LINE}, None, None),
        ({}, OWN, OWN),
        ({}, None, None),
    ],
)
def test_the_line_of_a_check_comes_first_then_its_own_then_its_severitys(
    lines: dict[str, AlarmWindow], own: AlarmWindow | None, expected: AlarmWindow | None
) -> None:
    check = worlds.check("api.one", severity=Severity.HIGH, alarm=own)
    found = with_window(worlds.environment(alarm=lines), check)
    assert found == msgspec.structs.replace(check, alarm=expected)


def test_a_window_that_can_never_fill_is_refused_where_it_is_written() -> None:
    never = AlarmWindow(datapoints=6, periods=5)
    known = {"api.one": worlds.check("api.one", alarm=never), "api.two": worlds.check("api.two")}
    where = worlds.environment(alarm={"api.two": never, "urgent": OWN, "low": OWN})
    assert list(window_problems(where, known)) == [
        "alarm.api.two: datapoints: 6 of 5 periods can never be",
        "alarm.urgent: is neither a check nor a severity (critical, high, medium, low)",
        "api.one: alarm: datapoints: 6 of 5 periods can never be",
    ]


def test_a_loaded_environment_gives_its_checks_their_windows(tmp_path: Path) -> None:
    file = tmp_path / "windowed.toml"
    shipped = (
        Path(config.__file__).parents[2] / "canary/environments/development.toml"
    ).read_text()
    file.write_text(
        shipped + "\n[alarm]\nhigh = { datapoints = 4, periods = 10 }\n"
        '"registry.health" = { datapoints = 2, periods = 3 }\n'
    )
    found = {c.id: c for c in config.load(str(file), authoring=False).checks}
    assert found["registry.health"].alarm == AlarmWindow(datapoints=2, periods=3)
    others = [c for c in found.values() if c.id != "registry.health"]
    high = AlarmWindow(datapoints=4, periods=10)
    assert {c.alarm for c in others if c.severity is Severity.HIGH} == {high}
    assert {c.alarm for c in others if c.severity is not Severity.HIGH} == {None}
