"""Two patterns meet where some value may fit both."""

from __future__ import annotations

import pytest

from canary.control_plane.patterns import may_meet


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("/api/*", "/api/billing/*", True),
        ("/api/*", "/billing/*", False),
        ("/api/*", "/api", False),
        ("/api*", "/api", True),
        ("*/x", "/a/*", True),
        ("/a*b", "/ab", True),
        ("/a*b", "/a*c", False),
        ("/a?", "/ab", True),
        ("/a?", "/a", False),
        ("/a?c", "/a*d", False),
        ("/?*", "/", False),
        ("**", "", True),
        ("*", "?", True),
        ("", "", True),
        ("", "a", False),
        ("regex:^/x", "/y", True),
    ],
)
def test_patterns_meet(one: str, other: str, meet: bool) -> None:
    assert (may_meet(one, other), may_meet(other, one)) == (meet, meet)
