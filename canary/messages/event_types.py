"""The details of EventBridge events; docs/events.md documents their schema."""

from __future__ import annotations

from typing import Literal

from canary.model import Confidence, Frozen, Severity, Status

EVENT_SCHEMA = "hokusai-canary/event/1"


class RunCompleted(Frozen, frozen=True, kw_only=True):
    """A run was completed, with any outcome."""

    run_id: str
    environment: str
    status: Status
    started_at: str
    finished_at: str
    duration_ms: float
    verdict: str
    scores: dict[str, float]
    failed: tuple[str, ...]  # check ids, at most 50
    errored: tuple[str, ...]
    causes: tuple[str, ...]
    report: str
    schema: str = EVENT_SCHEMA


class CheckBroke(Frozen, frozen=True, kw_only=True):
    """A check began to fail; sent once for each failure, however long it lasts."""

    run_id: str
    environment: str
    check_id: str
    title: str
    suite: str
    service: str
    severity: Severity
    reason: str
    since: str
    incident: str
    runbook: str
    report: str
    schema: str = EVENT_SCHEMA


class CheckFixed(Frozen, frozen=True, kw_only=True):
    """A check that was reported as broken passes again, was muted or was removed."""

    run_id: str
    environment: str
    check_id: str
    title: str
    broke_at: str
    fixed_at: str
    lasted: str
    why: Literal["holds", "muted", "removed"]
    incident: str
    report: str
    schema: str = EVENT_SCHEMA


class Diagnosed(Frozen, frozen=True, kw_only=True):
    """The cause of an open incident was found; sent once for each cause."""

    run_id: str
    environment: str
    incident: str
    cause: str
    service: str
    resource: str
    confidence: Confidence
    summary: str
    explains: tuple[str, ...]
    inspect: tuple[str, ...]
    fix: tuple[str, ...]
    report: str
    schema: str = EVENT_SCHEMA


DETAILS: dict[str, type[Frozen]] = {
    detail.__name__: detail for detail in (RunCompleted, CheckBroke, CheckFixed, Diagnosed)
}
