"""A run asks CloudTrail once, after a failure alone, and says what it could not read."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from canary.control_plane.state import PlatformState, Unavailable
from canary.control_plane.write_calls import Audit, WriteCall, changed_by
from canary.model import (
    ChangedBy,
    CheckHistory,
    Confidence,
    Diagnosis,
    Evidence,
    Explanation,
    Remedy,
    Report,
    Status,
)
from canary.observe.write_calls import LIMIT_S, Asked
from canary.pipeline import run_once
from canary.runner import RunRequest
from canary.runner.changers import with_changers
from canary.runner.noting import Attempts
from tests.canary.support import worlds
from tests.canary.support.made import report
from tests.canary.support.servers.toolbox import ManualClock

DIAGNOSIS = Diagnosis(
    cause="security-group-blocked",
    service="api",
    resource="sg-1",
    confidence=Confidence.CERTAIN,
    summary="The group admits nobody.",
    explains=("api.it",),
    evidence=(Evidence(resource="sg-1", seen="no rule"),),
    remedy=Remedy(summary="Open it.", decision="Open it."),
)
EC2 = "ec2.amazonaws.com"


def revoked(at: str) -> WriteCall:
    return WriteCall(
        id="1",
        name="RevokeSecurityGroupIngress",
        source=EC2,
        at=at,
        who="alice",
        caller="arn:aws:iam::123456789012:user/alice",
        changed=changed_by(EC2, {"groupId": "sg-1"}),
    )


def run(
    kind: str, answer: Any, budget_s: float = 20, diagnose: Any = None
) -> tuple[Report, list[tuple[Asked, float]]]:
    """Carry one run out whose only diagnosis is DIAGNOSIS, and return what CloudTrail was asked."""
    questions: list[tuple[Asked, float]] = []

    def audit(asked: Asked, seconds: float) -> Audit:
        questions.append((asked, seconds))
        if isinstance(answer, Exception):
            raise answer
        return Audit(**answer)

    config = worlds.config(worlds.check("api.it", kind))
    ports = worlds.ports(
        config.environment,
        diagnose=diagnose or (lambda *_: Explanation(diagnoses=(DIAGNOSIS,))),
        audit=audit,
    )
    return run_once(ports, config, RunRequest(budget_s=budget_s)), questions


def test_the_report_names_who_changed_it() -> None:
    at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    report, questions = run("fails", {"calls": (revoked(at),), "whole": True})
    (found,) = report.diagnoses
    assert found.changed_by == ChangedBy(who="alice", call="RevokeSecurityGroupIngress", at=at)
    assert [e.seen.partition(" at ")[0] for e in found.evidence] == [
        "RevokeSecurityGroupIngress by arn:aws:iam::123456789012:user/alice",
        "no rule",
    ]
    assert report.run.notes == ()
    ((asked, seconds),) = questions
    assert [sorted(w.names) for w in asked.wanted] == [["sg-1"]]
    assert LIMIT_S - 0.5 < seconds <= LIMIT_S  # less what was read before


def test_nobody_is_asked_while_all_checks_pass() -> None:
    report, questions = run("passes", {})
    assert (report.diagnoses, questions) == ((), [])


def test_what_could_not_be_read_is_a_note_and_the_diagnosis_stays() -> None:
    denied = "cloudtrail:LookupEvents: AccessDeniedException"
    report, _ = run("fails", {"problem": denied})
    assert report.diagnoses == (DIAGNOSIS,)
    assert report.run.notes == (f"who changed it could not be read: {denied}",)
    broken, _ = run("fails", ValueError("a bug"))
    assert broken.diagnoses == (DIAGNOSIS,)
    assert broken.run.notes == ("who changed it could not be read: ValueError: a bug",)


def test_a_denied_look_up_is_diagnosed_as_a_denied_reading_is() -> None:
    action = "cloudtrail:LookupEvents"
    denied = Unavailable(
        action=action, resource="*", code="AccessDeniedException", reason="no", denied=True
    )
    given, seconds = list[PlatformState](), list[float]()
    lack = msgspec.structs.replace(DIAGNOSIS, cause="canary-permission-denied", explains=())

    def diagnosed(_results: Any, state: PlatformState, *others: Any) -> Explanation:
        given.append(state)
        seconds.append(others[-1])
        return Explanation(diagnoses=(lack if state.unavailable else DIAGNOSIS,))

    report, _ = run("fails", {"problem": "denied", "denied": denied}, diagnose=diagnosed)
    assert report.diagnoses == (DIAGNOSIS, lack)
    assert given[1] == PlatformState(unavailable=(denied,))
    assert seconds[1] == 1.0


def test_without_time_nobody_is_asked() -> None:
    report, questions = run("fails", {}, budget_s=2)
    assert questions == []
    assert "who changed it could not be read: no time was left in this run" in report.run.notes


@pytest.mark.parametrize(("left", "asks"), [(0.49, False), (0.5, True), (3.0, True)])
def test_half_a_second_is_enough_for_a_question_and_what_was_told_has_its_time(
    left: float, asks: bool
) -> None:
    questions: list[float] = []

    def audit(_asked: Asked, seconds: float) -> Audit:
        questions.append(seconds)
        return Audit()

    config = worlds.config(worlds.check("api.it", "fails"))
    ports = worlds.ports(config.environment, audit=audit, clock=ManualClock(100.0))
    start = worlds.start_of(config, worlds.plan_of(config))
    history = {"api.it": CheckHistory(last_status=Status.FAIL, since="2026-11-22T12:00:00+00:00")}
    explanation, attempts = Explanation(diagnoses=(DIAGNOSIS,)), Attempts()
    _, told = with_changers(
        ports, start, report(history=history), PlatformState(), explanation, 100.0 + left, attempts
    )
    assert questions == ([left] if asks else [])
    assert told == (Audit(since="2026-11-21T12:00:00+00:00") if asks else None)
    assert len(attempts.notes) == (0 if asks else 1)


def test_where_no_diagnosis_names_an_object_nobody_is_asked() -> None:
    nameless = msgspec.structs.replace(DIAGNOSIS, resource="the log of api")
    told = Explanation(diagnoses=(nameless,))
    report, questions = run("fails", {}, diagnose=lambda *_: told)
    assert (report.diagnoses, report.run.notes, questions) == ((nameless,), (), [])


def test_without_a_control_plane_nobody_is_asked() -> None:
    config = worlds.config(worlds.check("api.it", "fails"))
    ports = worlds.ports(
        config.environment, diagnose=lambda *_: Explanation(diagnoses=(DIAGNOSIS,))
    )
    report = run_once(ports, config, RunRequest(budget_s=20))
    assert (report.diagnoses, report.run.notes) == ((DIAGNOSIS,), ())
