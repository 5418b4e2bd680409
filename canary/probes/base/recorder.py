"""Carry out and record the steps of a flow, in which one step needs another."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from canary.model import Assertion, Exchange, Status, Step
from canary.probes.base.api import NotTriedError, ProbeContext, describe
from canary.probes.base.evidence import Stopwatch, assertion


class StepFailedError(Exception):
    """The step cannot go on; its last assertion gives the reason."""


class StepRecorder(msgspec.Struct, kw_only=True):
    """Assertions, evidence and facts of the current step."""

    assertions: list[Assertion] = msgspec.field(default_factory=list)
    evidence: list[Exchange] = msgspec.field(default_factory=list)
    facts: dict[str, str] = msgspec.field(default_factory=dict)

    def require(self, subject: str, expected: object, actual: object, holds: bool) -> None:
        """Add an assertion; one that does not hold ends the step."""
        self.assertions.append(assertion(subject, expected, actual, holds))
        if not holds:
            raise StepFailedError


def carry_out(
    context: ProbeContext,
    name: str,
    action: Callable[[], None],
    recorder: StepRecorder,
    *,
    always: bool,
    last_exchanges: int = 0,
) -> Status:
    """Carry one step out, record it and return its status; `last_exchanges` 0 keeps all."""
    watch = Stopwatch(context)
    recorder.assertions, recorder.evidence, recorder.facts = [], [], {}
    status, reason = None, ""
    try:
        action()
    except StepFailedError:
        status = Status.FAIL
    except NotTriedError as error:
        status, reason = Status.SKIP, str(error)
    except Exception as error:  # noqa: BLE001 - after any error, clean-up steps must still run
        status, reason = Status.ERROR, describe(error)
    step = watch.step(
        name,
        recorder.assertions,
        status=status,
        reason=reason,
        evidence=recorder.evidence[-last_exchanges:],
        facts=recorder.facts,
        always=always,
    )
    context.record(step)
    return step.status


def skip(context: ProbeContext, name: str, reason: str, *, always: bool = False) -> None:
    """Record a step that is not tried."""
    step: Step = Stopwatch(context).step(name, status=Status.SKIP, reason=reason, always=always)
    context.record(step)
