"""A composite rule holds as its text says, and its actions wait as its suppressor says."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarm_evaluator import (
    Periods,
    RuleError,
    State,
    Suppression,
    advance,
    children,
    holds,
    parse_rule,
)

ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a"
STATES: dict[str, State] = {"a": "ALARM", "b": "OK", "c": "INSUFFICIENT_DATA", ARN: "ALARM"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TRUE", True),
        ("FALSE", False),
        ("ALARM(a)", True),
        ('ALARM("a")', True),
        ("OK(a)", False),
        ("OK(b)", True),
        ("INSUFFICIENT_DATA(c)", True),
        ("ALARM(c)", False),
        ("ALARM(never-made)", False),
        (f'ALARM("{ARN}")', True),
        ("NOT ALARM(a)", False),
        ("ALARM(b) OR ALARM(a) AND OK(b)", True),
        ("(ALARM(a) OR ALARM(b)) AND ALARM(b)", False),
        ("ALARM(a) OR ALARM(b) AND ALARM(b)", True),
        ("NOT ALARM(b) AND NOT (ALARM(b) OR OK(a))", True),
        ("ALARM( a )\n OR\tFALSE", True),
    ],
)
def test_a_rule_holds_as_its_text_says(text: str, expected: bool) -> None:
    assert holds(parse_rule(text), STATES) is expected


def test_a_rule_names_its_children_once_and_in_order() -> None:
    rule = parse_rule('ALARM(b) OR (OK("a c") AND NOT ALARM(b))')
    assert children(rule) == ("b", "a c")
    assert children(parse_rule("NOT (ALARM(d) OR NOT OK(b)) AND TRUE")) == ("d", "b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a condition, found 'the end' in alarm rule"),
        ("ALARM(a", "expected ')', found 'the end' in alarm rule"),
        ("ALARM[a]", "expected a condition, found 'ALARM[a]' in alarm rule"),
        ("(OK(a) OK(b))", "expected ')', found 'OK' in alarm rule"),
        ("OK a", "expected '(', found 'a' in alarm rule"),
        ("ALARM()", "an alarm's name is missing in alarm rule"),
        ("ALARM(()", "an alarm's name is missing in alarm rule"),
        ("ALARM(", "an alarm's name is missing in alarm rule"),
        ("ALARM(a) ALARM(b)", "unexpected 'ALARM' in alarm rule"),
        ("FAILED(a)", "expected a condition, found 'FAILED' in alarm rule"),
        ("ALARM(a) AND", "expected a condition, found 'the end' in alarm rule"),
    ],
)
def test_a_bad_rule_is_refused_with_the_place(text: str, message: str) -> None:
    with pytest.raises(RuleError) as refused:
        parse_rule(text)
    assert str(refused.value) == message


def test_and_binds_before_or_for_every_combination() -> None:
    rule = parse_rule("ALARM(x) OR ALARM(y) AND ALARM(z)")
    for x, y, z in product(("ALARM", "OK"), repeat=3):
        states: dict[str, State] = {"x": x, "y": y, "z": z}  # type: ignore[dict-item]
        assert holds(rule, states) == (x == "ALARM" or (y == "ALARM" and z == "ALARM"))


PERIODS = Periods(wait=60, extension=120)
Look = tuple[float, State, State]


def acts(looks: list[Look], periods: Periods = PERIODS) -> list[tuple[float, State]]:
    """The actions that run over (time, state of the composite, state of the suppressor)."""
    suppression, ran = Suppression(announced="OK"), []
    for now, state, suppressor in looks:
        moment = advance(suppression, state, suppressor, now, periods)
        suppression = moment.suppression
        if moment.act:
            ran.append((now, moment.act))
    return ran


def test_without_a_suppressor_in_alarm_the_page_comes_after_the_wait_period() -> None:
    assert acts([(0, "ALARM", "OK"), (59, "ALARM", "OK"), (60, "ALARM", "OK")]) == [(60, "ALARM")]


def test_a_failure_shorter_than_the_wait_period_pages_nobody() -> None:
    assert acts([(0, "ALARM", "OK"), (30, "OK", "OK"), (90, "OK", "OK")]) == []


def test_recovery_is_announced_at_once() -> None:
    looks: list[Look] = [(0, "ALARM", "OK"), (60, "ALARM", "OK"), (70, "OK", "OK")]
    assert acts(looks) == [(60, "ALARM"), (70, "OK")]


def test_a_suppressor_holds_the_page_back_and_the_extension_passes_before_it() -> None:
    looks: list[Look] = [
        (0, "ALARM", "OK"),
        (30, "ALARM", "ALARM"),
        (600, "ALARM", "ALARM"),
        (610, "ALARM", "OK"),
        (729, "ALARM", "OK"),
        (730, "ALARM", "OK"),
        (740, "ALARM", "OK"),
    ]
    assert acts(looks) == [(730, "ALARM")]


def test_a_failure_that_ends_under_suppression_pages_nobody() -> None:
    looks: list[Look] = [(0, "ALARM", "ALARM"), (60, "OK", "ALARM"), (70, "OK", "OK")]
    assert acts([*looks, (300, "OK", "OK")]) == []


def test_a_suppression_knows_why_and_since_when() -> None:
    looks: list[tuple[Look, str, float]] = [
        ((10, "ALARM", "OK"), "WaitPeriod", 10),
        ((20, "ALARM", "OK"), "WaitPeriod", 10),
        ((30, "ALARM", "ALARM"), "Alarm", 30),
        ((40, "ALARM", "ALARM"), "Alarm", 30),
        ((50, "ALARM", "OK"), "ExtensionPeriod", 50),
        ((60, "ALARM", "INSUFFICIENT_DATA"), "ExtensionPeriod", 50),
        ((170, "ALARM", "OK"), "", 0),
        ((180, "ALARM", "OK"), "", 0),
        ((190, "OK", "OK"), "", 0),
        ((200, "ALARM", "OK"), "WaitPeriod", 200),
    ]
    suppression = Suppression(announced="OK")
    for (now, state, suppressor), why, since in looks:
        suppression = advance(suppression, state, suppressor, now, PERIODS).suppression
        assert (suppression.suppressed_by, suppression.since) == (why, since)


def test_a_new_suppression_has_told_nothing_and_a_state_is_told_once() -> None:
    new = Suppression()
    assert (new.announced, new.suppressed_by, new.since) == ("INSUFFICIENT_DATA", "", 0)
    for state in ("OK", "INSUFFICIENT_DATA"):
        moment = advance(new, state, "OK", 5, PERIODS)  # type: ignore[arg-type]
        assert (moment.act, moment.suppression.announced) == (
            "OK" if state == "OK" else None,
            state,
        )


@given(
    st.lists(st.tuples(st.sampled_from(["OK", "ALARM"]), st.booleans()), max_size=30),
    st.floats(0, 300),
    st.floats(0, 300),
)
def test_suppression_delays_but_never_cancels_a_lasting_failure(
    history: list[tuple[State, bool]], wait: float, extension: float
) -> None:
    looks: list[Look] = [
        (60.0 * i, state, "ALARM" if suppressed else "OK")
        for i, (state, suppressed) in enumerate(history)
    ]
    end = 60.0 * len(history)
    looks += [(end + 60.0 * i, "ALARM", "OK") for i in range(12)]
    ran = acts(looks, Periods(wait, extension))
    assert ran and ran[-1][1] == "ALARM"
    assert all(a[1] != b[1] for a, b in pairwise(ran))
