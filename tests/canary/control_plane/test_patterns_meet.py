"""Two patterns meet where some value may fit both."""

from __future__ import annotations

import pytest

from canary.control_plane.patterns import any_matches, matches, may_meet


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
        ("aa", "*a", True),
        ("a", "*a", True),
        ("ab", "*a", False),
        ("a*a", "*aba", True),
        ("", "", True),
        ("", "a", False),
        ("regex:^/x", "/y", True),
    ],
)
def test_patterns_meet(one: str, other: str, meet: bool) -> None:
    assert (may_meet(one, other), may_meet(other, one)) == (meet, meet)


@pytest.mark.parametrize(
    ("one", "other", "exact", "folded"),
    [
        ("API.*", "api.example.org", False, True),
        ("api.*", "API.EXAMPLE.ORG", False, True),
        ("/Api", "/api", False, True),
        ("/api", "/b", False, False),
        ("?", "*", True, True),
        ("regex:a", "/b", True, True),
        ("/b", "regex:a", True, True),
    ],
)
def test_hosts_meet_without_regard_to_capitals(
    one: str, other: str, exact: bool, folded: bool
) -> None:
    assert (may_meet(one, other), may_meet(one, other, fold=True)) == (exact, folded)


@pytest.mark.parametrize(
    ("pattern", "value", "exact", "folded"),
    [
        ("/api/*", "/api/x\ny", True, True),
        ("/api/?", "/api/x", True, True),
        ("/api/?", "/api/", False, False),
        ("/a.i", "/api", False, False),
        ("/API", "/api", False, True),
        ("api", "/api/", False, False),
        ("regex:^/A[pq]i", "/Api/x", True, True),
        ("regex:^/a[pq]i", "/API", False, True),
        ("regex:(?=x)", "x", None, None),  # RE2 takes no look-around
        ("regex:(", "x", None, None),
        ("/a", "\ud800", None, None),
        ("\ud800", "/a", None, None),
    ],
)
def test_a_value_fits_a_pattern_or_nobody_can_tell(
    pattern: str, value: str, exact: bool | None, folded: bool | None
) -> None:
    assert (matches(pattern, value), matches(pattern, value, fold=True)) == (exact, folded)


@pytest.mark.parametrize(
    ("patterns", "fits"),
    [
        (("/a", "/b*"), True),
        (("regex:(", "/b*"), True),
        (("/a", "regex:("), None),
        (("/a", "/c"), False),
        ((), False),
    ],
)
def test_one_of_several_patterns_fits_or_may(patterns: tuple[str, ...], fits: bool | None) -> None:
    assert any_matches(patterns, "/bc") is fits


def test_capitals_count_unless_told_otherwise() -> None:
    assert (any_matches(("/A",), "/a"), any_matches(("/A",), "/a", fold=True)) == (False, True)
