"""The outcome of a run: steps, results, diagnoses, comparison and the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from canary.model.answers import Timing
from canary.model.base import AlarmWindow, Change, Confidence, Frozen, Load, Severity, Status, Suite
from canary.model.changed_by import ChangedBy
from canary.model.happening import Followed, Rollout
from canary.model.history import CheckHistory
from canary.model.mutes import MuteInForce
from canary.model.remedies import Remedy

REPORT_SCHEMA = "hokusai-canary/report/1"


class Assertion(Frozen, frozen=True, kw_only=True):
    """One assertion: the subject, the expected value and the actual value."""

    subject: str
    expected: str
    actual: str
    holds: bool


class Exchange(Frozen, frozen=True, kw_only=True):
    """One request and its answer as evidence: masked, bounded, never with a credential."""

    method: str
    url: str
    status: int = 0  # 0: no answer
    content_type: str = ""
    answered_by: str = "none"  # balancer, front, target or none
    server: str = ""
    location: str = ""
    challenge: str = ""  # the scheme of authentication that an answer asks for, such as "Basic"
    sent: str = ""  # of a request that is not HTTP: at most 600 characters of what was sent
    excerpt: str = ""  # at most 600 characters of the body
    body_bytes: int = 0
    failure: str = ""  # a FailureKind, "" when an answer came
    failure_detail: str = ""
    failure_code: int = 0
    timing: Timing = msgspec.field(default_factory=Timing)
    attempts: int = 1
    peer: str = ""
    principal: str = ""  # the principal that sent it; "" is nobody
    header_form: str = ""  # the form in which the credential was sent
    certificate_not_after: str = ""
    certificate_names: tuple[str, ...] = ()
    certificate_chain: tuple[str, ...] = ()  # certificates above the leaf outside their dates
    dead_addresses: tuple[str, ...] = ()  # addresses tried in vain, each with why

    @property
    def answered(self) -> bool:
        """Return whether somebody was there: a status, or a connection of another protocol."""
        return bool(self.status) or bool(self.peer and not self.failure)


class Step(Frozen, frozen=True, kw_only=True):
    """A named part of a check."""

    name: str
    status: Status
    reason: str = ""  # one sentence, "" for PASS
    duration_ms: float = 0.0
    started_ms: float = 0.0  # since the run began
    attempts: int = 1
    assertions: tuple[Assertion, ...] = ()
    evidence: tuple[Exchange, ...] = ()
    facts: dict[str, str] = msgspec.field(default_factory=dict)  # further evidence, named
    always: bool = False  # a clean-up step


class Result(Frozen, frozen=True, kw_only=True):
    """The outcome of one planned check; every planned check has exactly one."""

    check_id: str
    title: str
    suite: Suite
    kind: str
    service: str
    severity: Severity
    status: Status
    reason: str = ""
    runbook: str = ""
    duration_ms: float = 0.0
    started_ms: float = 0.0
    attempts: int = 1
    muted: str = ""  # the mute's reason, "" when it is not muted
    waits: str = ""  # the rollout that explains its failure, "": it waits for nothing
    reused: bool = msgspec.field(default=False, name="carried")
    """Not due in this run: the result of an earlier run, see `as_of`."""
    as_of: str = ""
    needs: tuple[str, ...] = ()
    load: Load = Load.LIGHT
    alarm: AlarmWindow | None = None  # the check's own window, None for that of its severity
    owner: str = ""  # whom its messages go to, "" is nobody
    tags: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def blocking(self) -> bool:
        """Return whether this is the result of a blocking check."""
        return self.load is Load.BLOCKING


def spared(results: Iterable[Result]) -> frozenset[str]:
    """Return the blocking checks that were not asked because a light check of theirs failed.

    Nothing is unknown by that: the failure of the light check says what is wrong.
    """
    every = tuple(results)
    failed = {r.check_id for r in every if r.status is Status.FAIL}
    return frozenset(
        r.check_id
        for r in every
        if r.blocking and r.status is Status.SKIP and not failed.isdisjoint(r.needs)
    )


def exchanges_of(results: Iterable[Result]) -> Iterator[tuple[Step, Exchange]]:
    """Yield each answer of this run with its step; a reused result is an earlier run's."""
    steps = (step for result in results if not result.reused for step in result.steps)
    return ((step, exchange) for step in steps for exchange in step.evidence)


class Evidence(Frozen, frozen=True, kw_only=True):
    """One observation: the resource, the value seen, the value expected, and when."""

    resource: str
    seen: str
    expected: str = ""
    at: str = ""  # ISO 8601


class Diagnosis(Frozen, frozen=True, kw_only=True):
    """A cause, and the failing checks that it explains."""

    cause: str
    service: str
    resource: str
    confidence: Confidence
    summary: str
    explains: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    remedy: Remedy
    changed_by: ChangedBy | None = None


class Explanation(Frozen, frozen=True, kw_only=True):
    """The diagnoses of a run, most important first, and the failing checks without a cause."""

    diagnoses: tuple[Diagnosis, ...] = ()
    unexplained: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # what could not be explained, and why


class Score(Frozen, frozen=True, kw_only=True):
    """The score of a suite or of the run; `lost` names each check that lost a point."""

    passed: int
    total: int
    percent: float
    lost: tuple[str, ...] = ()


class Transition(Frozen, frozen=True, kw_only=True):
    """A check's change since the previous run."""

    check_id: str
    change: Change
    before: Status | None
    after: Status | None
    since: str  # ISO 8601: when the present state began
    note: str = ""


class Drift(Frozen, frozen=True, kw_only=True):
    """One difference of the control plane between two runs."""

    resource: str
    attribute: str
    before: str
    after: str
    at: str = ""  # when it was seen, or when AWS says that it happened
    by: str | None = None  # who made it, by CloudTrail; "": nobody is known, None: not asked


class Comparison(Frozen, frozen=True, kw_only=True):
    """The comparison with the previous run; `previous` is its id, "" for the first run."""

    previous: str = ""
    previous_at: str = ""
    transitions: tuple[Transition, ...] = ()
    drift: tuple[Drift, ...] = ()
    note: str = ""  # e.g. why the previous report could not be read


class Residue(Frozen, frozen=True, kw_only=True):
    """An object that the canary created and could not remove, or an orphan that it removed."""

    kind: str  # "registered model", "run", "artifact", "key"
    name: str
    removed: bool
    reason: str = ""


class Run(Frozen, frozen=True, kw_only=True):
    """One run. `status` is the worst of its checks: FAIL, then ERROR, then PASS."""

    id: str
    environment: str
    started_at: str
    finished_at: str
    duration_ms: float
    version: str
    trigger: str
    status: Status
    critical_path_ms: float = 0.0
    requests: int = 0
    cpu_starved: bool = msgspec.field(default=False, name="starved")
    """The canary had too little CPU: latencies are not valid."""
    scheduled_at: str = ""
    notes: tuple[str, ...] = ()


class Report(Frozen, frozen=True, kw_only=True):
    """The canonical form of a run (`report.json`)."""

    run: Run
    scores: dict[str, Score]
    results: tuple[Result, ...]
    diagnoses: tuple[Diagnosis, ...] = ()
    unexplained: tuple[str, ...] = ()
    comparison: Comparison = Comparison()
    residue: tuple[Residue, ...] = ()
    platform: Any = None  # PlatformState as plain data: names and states, never values of secrets
    history: dict[str, CheckHistory] = msgspec.field(default_factory=dict)
    old_figures: dict[str, str] = msgspec.field(default_factory=dict)
    rollouts: tuple[Rollout, ...] = ()  # in progress in this run
    followed: tuple[Followed, ...] = ()  # why this run looked at a part of the environment
    mutes: tuple[MuteInForce, ...] = ()  # in force in this run, whether a check fails or not
    platform_state: str = ""  # the name of the state that `platform` is a reading of
    state_kept_at: str = ""  # when that state was last written, "" where it is to be written
    changes: tuple[Drift, ...] = ()  # of the platform in earlier runs and in this one, newest first
    schema: str = REPORT_SCHEMA
