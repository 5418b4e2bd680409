"""A task that does not come to its log group: the group is gone, or it is not reached.

AWS has one sentence for both ("ResourceInitializationError errors" in the Amazon ECS Developer
Guide). A run reads the log groups of the environment file, and after a failure those that the task
definitions of failed tasks name. A group of another region (`awslogs-region`) is unknown.
"""

from __future__ import annotations

from canary.control_plane.aws_lists.form import Form
from canary.control_plane.aws_lists.task_starts import GROUP_OR_WAY
from canary.control_plane.state import Container, PlatformState, Task
from canary.control_plane.unread import Known
from canary.diagnose.core.case import Case
from canary.diagnose.ecs.stop_words import UNREACHED

GONE = "log-group-missing"


def missing(state: PlatformState) -> frozenset[str]:
    """Return the log groups that are known not to exist."""
    return frozenset(state.missing_log_groups) | {
        group for group, there in state.task_log_groups.items() if not there
    }


def of_task(case: Case, name: str, task: Task | None) -> tuple[str, ...]:
    """Return the log groups that a task writes to, in order; without a task, its service's."""
    return tuple(sorted({c.log_group for c in _containers(case, name, task) if c.log_group}))


def elsewhere(case: Case, name: str, task: Task | None) -> frozenset[str]:
    """Return the log groups of a task that lie in another region: nobody read them."""
    return frozenset(c.log_group for c in _containers(case, name, task) if c.log_region)


def _containers(case: Case, name: str, task: Task | None) -> tuple[Container, ...]:
    own = case.definition(task.task_definition) if task else None
    return own.containers if own else case.containers(name)


def is_gone(case: Case, name: str, task: Task | None) -> Known:
    """Return whether one of the log groups that a task writes to does not exist."""
    wanted = set(of_task(case, name, task))
    near = wanted - elsewhere(case, name, task)
    if near & missing(case.state):
        return Known.YES
    asked = set(case.state.task_log_groups)
    if "missing_log_groups" not in case.state.unread:
        asked |= {s.log_group for s in case.services.values()}
    return Known.NO if wanted and near == wanted and wanted <= asked else Known.UNKNOWN


def cause(case: Case, name: str, form: Form, task: Task | None) -> tuple[str, bool]:
    """Return the cause that a form shows of a task, and whether it is no more than likely.

    A sentence that fits both is a way, unless the group is known to be gone; a group that
    CloudWatch did not find, and that is there now, may be there again.
    """
    if form.causes[0] != GONE:
        return form.causes[0], False
    gone = is_gone(case, name, task)
    if form in GROUP_OR_WAY and gone is not Known.YES:
        return UNREACHED, False
    return GONE, gone is Known.NO
