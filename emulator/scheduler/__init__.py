"""Fire the schedules of EventBridge Scheduler, which moto stores and never runs."""

from __future__ import annotations

import functools
from typing import Any

from emulator.iam import enforcement as iam
from emulator.schedule_expressions import parse


@functools.cache
def install() -> None:
    """Let moto refuse schedules that could never fire; call once."""
    from moto.scheduler.models import EventBridgeSchedulerBackend

    backend: Any = EventBridgeSchedulerBackend
    create, update = backend.create_schedule, backend.update_schedule

    def create_schedule(self: Any, *rest: Any, **named: Any) -> Any:
        _check(named)
        return create(self, *rest, **named)

    def update_schedule(self: Any, *rest: Any, **named: Any) -> Any:
        _check(named)
        return update(self, *rest, **named)

    backend.create_schedule = create_schedule
    backend.update_schedule = update_schedule


def _check(given: dict[str, Any]) -> None:
    from moto.scheduler.exceptions import ValidationException

    try:
        parse(given["schedule_expression"])
    except ValueError as error:
        raise ValidationException(str(error)) from error
    if not iam.assumable(given["target"]["RoleArn"], "scheduler.amazonaws.com"):
        raise ValidationException(
            "The execution role you provide must allow AWS EventBridge Scheduler "
            "to assume the role."
        )
