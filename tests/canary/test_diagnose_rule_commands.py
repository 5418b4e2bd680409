"""Conditions of a rule that is made anew: as the AWS CLI takes them, and all of them."""

from __future__ import annotations

import json

import pytest

from canary.diagnose.rule_commands import conditions, path
from canary.observe.state import Condition


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
