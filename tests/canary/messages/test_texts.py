"""What a message lists, and where it stops: changes, checks, commands."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from canary.messages.remedies import what_to_do, why
from canary.messages.state import Incident
from canary.messages.texts import closed
from canary.model import Confidence, Diagnosis, Difference, Drift, Evidence, Remedy, Severity
from tests.canary.support.made import report, result

OPENED, QUIET = "2026-11-30T03:00:00+00:00", "2026-11-30T03:20:00+00:00"
INCIDENT = Incident(
    identity="test/auth",
    generation=1,
    audience="platform",
    opened_at=OPENED,
    severity=Severity.CRITICAL,
    checks=(),
    ever=("api.a", "api.b"),
    quiet_since=QUIET,
    headline="sign-in fails",
)


def drift(minute: int) -> Drift:
    return Drift(
        resource=f"rule {minute}",
        attribute="actions",
        before="a",
        after="",
        at=f"2026-11-30T03:{minute:02}:00+00:00",
        by="ann",
    )


def listed(*minutes: int) -> list[str]:
    """Return what a message on the end says of changes at these minutes."""
    made = report(result(check_id="api.a"), changes=tuple(map(drift, minutes)))
    rows = closed(made, INCIDENT, "https://r", ()).text.splitlines()
    return rows[rows.index("What changed in this time:") + 1 : rows.index("Checks:") - 1]


def row(minute: int) -> str:
    return f"  - 2026-11-30 03:{minute:02} UTC rule {minute}: actions: a -> -, by ann"


def test_the_end_names_what_changed_in_its_time_and_nothing_else() -> None:
    assert [r.split(" rule ")[1] for r in listed(21, 20, 1, 0)] == [
        r.split(" rule ")[1] for r in (row(20), row(1))
    ]


def test_five_changes_are_named_and_the_rest_is_counted() -> None:
    assert len(listed(5, 4, 3, 2, 1)) == 5
    assert listed(6, 5, 4, 3, 2, 1)[5:] == ["  - and 1 more: python -m canary changes"]
    assert listed(8, 7, 6, 5, 4, 3, 2, 1)[5:] == ["  - and 3 more: python -m canary changes"]


def test_without_a_change_it_says_so() -> None:
    text = closed(report(result(check_id="api.a")), INCIDENT, "https://r", ()).text
    assert "No change of the platform was seen in this time." in text.splitlines()


@pytest.mark.parametrize(
    ("count", "end"),
    [(5, []), (6, ["  - and 1 more: see the report"]), (9, ["  - and 4 more: see the report"])],
)
def test_five_checks_are_named_and_the_rest_is_counted(count: int, end: list[str]) -> None:
    names = tuple(f"api.{n}" for n in range(count))
    made = report(*(result(check_id=n, title=f"title {n}") for n in names))
    rows = closed(made, replace(INCIDENT, ever=names), "https://r", ()).text.splitlines()
    first = rows.index("Checks:") + 1
    assert rows[first : first + 5] == [f"  - title api.{n}" for n in range(5)]
    assert rows[first + 5 : -1] == end


def test_the_message_carries_what_a_channel_needs() -> None:
    checks = (
        result("P", "api.a", owner="ml", runbook="https://runbooks.example.com/a"),
        result("P", "api.b", owner="web"),
    )
    found = closed(report(*checks), replace(INCIDENT, paged=True, cause="c", service="s"), "", ())
    assert (found.key, found.incident, found.kind) == (
        f"{INCIDENT.key}/fixed",
        INCIDENT.key,
        "fixed",
    )
    assert (found.environment, found.cause, found.service, found.paged) == ("test", "c", "s", True)
    assert (found.owners, found.runbook) == (("ml", "web"), "https://runbooks.example.com/a")
    assert (found.headline, found.link, found.at) == ("sign-in fails", "", "t0")


REMEDY = Remedy(summary="bring it back", inspect=("aws a",), fix=("aws b",), verify=("aws c",))
CAUSE = Diagnosis(
    cause="rule-missing",
    service="auth",
    resource="rule 5",
    confidence=Confidence.CERTAIN,
    summary="the rule is gone",
    explains=("api.a",),
    evidence=tuple(Evidence(resource="s", seen=f"seen {n}", expected="") for n in range(3)),
    remedy=REMEDY,
)


def test_two_lines_of_evidence_are_named() -> None:
    assert why(CAUSE) == [
        "Cause (certain): the rule is gone",
        "  rule-missing in auth, rule 5",
        "  seen: seen 0",
        "  seen: seen 1",
    ]
    assert why(None) == ["Cause: not proven."]


LONG = "  (too long for a message: the report has it)"


@pytest.mark.parametrize(
    ("characters", "shown"),
    [
        (2_998, ""),
        (2_999, LONG),
        (3_000, LONG),
        (3_001, "  # a text of 3,001 characters: the report in JSON has it"),
    ],
)
def test_a_block_of_commands_is_whole_or_left_to_the_report(characters: int, shown: str) -> None:
    typed = f"aws {'x' * (characters - 4)}"
    rows = what_to_do(replace(CAUSE, remedy=replace(REMEDY, inspect=(typed,))))
    assert rows[:2] == ["Look:", shown or f"  {typed}"]


def test_a_fix_says_what_it_changes_and_its_way_back() -> None:
    given = replace(
        REMEDY,
        difference=(Difference(resource="rule 5", before="", after="{}"),),
        undo=("aws u",),
        irreversible="the id",
    )
    rows = what_to_do(replace(CAUSE, remedy=given))
    first = rows.index("Fix (CHANGES THE PLATFORM): bring it back")
    assert rows[first + 1 : first + 6] == [
        "  aws b",
        "  changes rule 5: not there becomes {}",
        "Undo the fix:",
        "  aws u",
        "Without a way back: the id",
    ]


def test_a_decision_has_no_fix() -> None:
    decided = Remedy(summary="s", decision="ask the owner", decision_command="aws d")
    rows = what_to_do(replace(CAUSE, remedy=decided))
    assert not [r for r in rows if r.startswith("Fix")]
    first = rows.index("Decide: ask the owner")
    assert rows[first + 1 : first + 3] == [
        "Type, once decided (CHANGES THE PLATFORM):",
        "  aws d",
    ]
