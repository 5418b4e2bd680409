"""A rule is created again with all its conditions, in the form that the AWS CLI takes."""

from __future__ import annotations

import json

import pytest

from canary.control_plane.state import Condition
from canary.diagnose import diagnose
from canary.diagnose.routing.rule_commands import conditions, path
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p


def test_one_path_is_the_short_form() -> None:
    assert conditions(path("/api/mlflow/*")) == "Field=path-pattern,Values=/api/mlflow/*"


@pytest.mark.parametrize(
    ("condition", "settings"),
    [
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
def test_what_the_short_form_cannot_say_is_json(
    condition: Condition, settings: dict[str, object]
) -> None:
    assert json.loads(conditions([condition])) == [{"Field": condition.field, **settings}]


def test_several_conditions_are_all_kept() -> None:
    both = (*path("/api/*"), Condition(field="host-header", values=("api.example.org",)))
    assert [c["Field"] for c in json.loads(conditions(both))] == ["path-pattern", "host-header"]


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
    assert "--conditions Field=path-pattern,Values=/mlflow/*" in command.replace("'", "")
