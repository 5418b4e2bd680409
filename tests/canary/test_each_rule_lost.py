"""Whichever rule raises or never returns: the metrics are out before, and the report names it."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from canary.adapters.deadlines import cut_after
from canary.diagnose import diagnose
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.slices import Slices
from canary.diagnose.rules import RULES, Rule
from canary.metrics.measure import Point
from canary.model import Explanation, Report, Run
from canary.pipeline import run_once
from canary.publish import Published, publish_metrics
from canary.runner import RunRequest
from tests.canary.support import worlds

SLICE_S = 0.01
CONFIG = worlds.config(worlds.check("api.one", "fails"))


def raises() -> None:
    raise RuntimeError("a bug")


def loops() -> None:
    while True:
        pass


def backtracks() -> None:
    """Hang in C: the matcher does not come back to Python."""
    re.match(r"(a+)+$", "a" * 64 + "b")


def lost(rule: Rule, how: Callable[[], None], emitted: list[str], before: list[bool]) -> Report:
    """Return the report of a run in which one rule of the table fails."""

    @functools.wraps(rule.find)
    def find(_case: Case) -> Iterator[Finding]:
        before.append("RunCompleted" in emitted)
        how()
        yield from ()

    bad = dataclasses.replace(rule, find=find, needs=(), without_failures=True)
    rules = tuple(bad if r is rule else r for r in RULES)

    def explained(*given: Any) -> Explanation:
        *readings, seconds = given
        slices = Slices(cut_after, SLICE_S)
        return cut_after(seconds, lambda: diagnose(*readings, slices, rules))

    def emit(points: Iterable[Point], _run: Run) -> None:
        emitted.extend(p.metric for p in points)

    judged = functools.partial(publish_metrics, emit=emit, done=Published(), config=CONFIG)
    ports = worlds.ports(CONFIG.environment, diagnose=explained)
    return run_once(ports, CONFIG, RunRequest(), judged)


def check(rule: Rule, how: Callable[[], None], why: str) -> None:
    emitted, before = list[str](), list[bool]()
    report = lost(rule, how, emitted, before)
    note = f"the rule {rule.name} of the diagnosis failed, so this run cannot name its causes"
    assert f"{note}: {why}" in report.run.notes
    assert before and all(before), f"{rule.name} was asked before the metrics were out"
    assert [r.check_id for r in report.results] == ["api.one"]


def test_each_rule_of_the_table_may_raise() -> None:
    for rule in RULES:
        check(rule, raises, "RuntimeError: a bug")


def test_each_rule_of_the_table_may_hang() -> None:
    for rule, how in zip(RULES, itertools.cycle((loops, backtracks)), strict=False):
        check(rule, how, "TimeoutError: not done within 0.0 s")
