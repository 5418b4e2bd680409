"""A rule is created again with all its conditions, in the form that the AWS CLI takes."""

from __future__ import annotations

import json
import shlex

import pytest

from canary.control_plane.state import Condition
from canary.diagnose import diagnose
from canary.diagnose.remedies.rules import condition_json, path
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p


@pytest.mark.parametrize(
    ("condition", "settings"),
    [
        (path("/api/mlflow/*")[0], {"PathPatternConfig": {"Values": ["/api/mlflow/*"]}}),
        (path("/a", "/b")[0], {"PathPatternConfig": {"Values": ["/a", "/b"]}}),
        (path("/a", "regex:^/b$")[0],
         {"PathPatternConfig": {"Values": ["/a"], "RegexValues": ["^/b$"]}}),
        (Condition(field="host-header", values=("a.b", "c.d")),
         {"HostHeaderConfig": {"Values": ["a.b", "c.d"]}}),
        (Condition(field="http-header", name="X-Ours", values=("1",)),
         {"HttpHeaderConfig": {"HttpHeaderName": "X-Ours", "Values": ["1"]}}),
        (Condition(field="http-request-method", values=("GET",)),
         {"HttpRequestMethodConfig": {"Values": ["GET"]}}),
        (Condition(field="query-string", values=("v=1", "=2")),
         {"QueryStringConfig": {"Values": [{"Key": "v", "Value": "1"}, {"Value": "2"}]}}),
        (Condition(field="source-ip", values=("10.0.0.0/8",)),
         {"SourceIpConfig": {"Values": ["10.0.0.0/8"]}}),
    ],
    ids=lambda v: v.field if isinstance(v, Condition) else "",
)  # fmt: skip
def test_a_condition_is_written_with_its_settings(
    condition: Condition, settings: dict[str, object]
) -> None:
    assert condition_json(condition) == {"Field": condition.field, **settings}


@pytest.mark.parametrize(
    "more",
    [
        Condition(field="host-header", values=("nobody.example.org",)),
        Condition(field="http-request-method", values=("POST",)),
        Condition(field="http-header", name="X-Beta", values=("1",)),
        Condition(field="source-ip", values=("10.9.0.0/16",)),
    ],
    ids=lambda c: c.field,
)
def test_a_rule_that_was_narrowed_gets_its_conditions_back(more: Condition) -> None:
    """A second rule beside it would be unknown to the next Terraform plan."""
    number = str(faults.NAMES.priorities[0])
    state = faults.narrowed(p.healthy(), number, more)
    check = p.control("listener_rule", "registry", f"registry.{faults.NAMES.domain}/mlflow/")
    (found,) = diagnose([check], state, p.environment(faults.NAMES), p.healthy(), p.NOW).diagnoses
    (command,) = found.remedy.fix
    assert found.cause == "rule-missing"
    assert "modify-rule" in command and f"/{number} " in command
    words = shlex.split(command)
    assert json.loads(words[words.index("--conditions") + 1]) == [
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/mlflow/*"]}}
    ]
