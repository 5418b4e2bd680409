"""JUnit: the four statuses told apart, and a form that the common readers take."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import msgspec
import pytest

from canary.model import Report, Status
from canary.report import junit
from tests.canary.report.test_forms import REPORTS, UNSEEN, with_results
from tests.canary.support import report_samples as samples
from tests.canary.support.report_parts import registration


def muted(report: Report) -> Report:
    results = tuple(msgspec.structs.replace(r, muted="known, until Friday") for r in report.results)
    return msgspec.structs.replace(report, results=results)


def test_junit_tells_failure_error_skip_and_mute_apart() -> None:
    bad = registration(broken=True)
    results = [
        msgspec.structs.replace(bad, check_id="a.fail"),
        msgspec.structs.replace(bad, check_id="a.error", status=Status.ERROR),
        msgspec.structs.replace(bad, check_id="a.skip", status=Status.SKIP, reason="no time left"),
        msgspec.structs.replace(bad, check_id="a.muted", muted="known"),
        msgspec.structs.replace(bad, check_id="a.pass", status=Status.PASS),
    ]
    tree = ElementTree.fromstring(junit.render(with_results(*results)).encode())
    (suite,) = tree
    assert {k: suite.get(k) for k in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5", "failures": "1", "errors": "1", "skipped": "2",
    }  # fmt: skip
    tags = [[child.tag for child in case] for case in tree.iter("testcase")]
    assert tags == [["failure"], ["error"], ["skipped"], ["skipped"], []]


@pytest.mark.parametrize("name", REPORTS)
def test_junit_is_well_formed_and_whole(name: str) -> None:
    report = REPORTS[name]()
    written = junit.render(report)
    tree = ElementTree.fromstring(written.encode())
    assert len(list(tree.iter("testcase"))) == len(report.results)
    assert not UNSEEN.search(written)


# What the schema of Jenkins' readers (junit-10) lets an element have; GitHub's and GitLab's readers
# take the same: children, attributes, and of those the ones that must be there.
JUNIT = {
    "testsuites": ({"testsuite"}, {"name", "time", "tests", "failures", "errors"}, set()),
    "testsuite": (
        {"testcase"},
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
        {"name", "tests", "failures", "errors"},
    ),
    "testcase": ({"failure", "error", "skipped"}, {"name", "classname", "time"}, {"name"}),
    **dict.fromkeys(("failure", "error", "skipped"), (set(), {"message", "type"}, set())),
}
SECONDS = re.compile(r"(\d{0,3})*(\.\d*)?")


@pytest.mark.parametrize("name", REPORTS)
def test_junit_keeps_to_what_common_readers_take(name: str) -> None:
    for element in ElementTree.fromstring(junit.render(REPORTS[name]()).encode()).iter():
        children, allowed, needed = JUNIT[element.tag]
        assert {child.tag for child in element} <= children
        assert needed <= set(element.attrib) <= allowed
        assert SECONDS.fullmatch(element.get("time", "0"))


def test_muted_failures_do_not_make_a_run_fail_in_junit() -> None:
    tree = ElementTree.fromstring(junit.render(muted(samples.seed_day())).encode())
    assert tree.get("failures") == "0"
    assert sum(int(suite.get("skipped", 0)) for suite in tree) == 14
