"""Why ECS or somebody stopped a task that ran: stop codes, and reasons that are no errors.

Sources: the API's Task, "Viewing Amazon ECS stopped task errors", "Task retirement" in the Amazon
ECS Developer Guide.
"""

from __future__ import annotations

from canary.control_plane.aws_lists.form import AwsList, Form

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
NEVER_STARTED = Form(
    text="TaskFailedToStart",
    causes=("deployment-stuck",),
    why="the stopped reason tells more; this alone is the cause where it has no row",
)
EXITED = Form(
    text="EssentialContainerExited",
    causes=("task-crash-loop",),
    why="the container's reason, exit code and last lines tell more",
)
SCHEDULER = Form(
    text="ServiceSchedulerInitiated",
    why="the reason tells: scaled in, replaced, or stopped for its health",
)
SPOT = Form(
    text="SpotInterruption",
    causes=("capacity-unavailable",),
    why="a cause only while the service is short of tasks: it is replaced where there is room",
    normal=True,
)
CODES: tuple[Form, ...] = (
    NEVER_STARTED,
    EXITED,
    Form(
        text="UserInitiated", why="somebody stopped the task; a service starts another", normal=True
    ),
    SCHEDULER,
    SPOT,
    Form(
        text="TerminationNotice",
        why="Fargate retires a task, and its service starts another one before",
        normal=True,
    ),
    Form(
        text="InfrastructureHealth",
        causes=("deployment-stuck",),
        why="a failed task, and a cause only where no other one takes its place",
    ),
)

OWN_CHECK = Form(
    text="Task failed container health checks",
    causes=("health-check-mismatch",),
    why="certain only where the check changed, else the application may fail it",
)
TARGET_CHECK = Form(
    text="Task failed ELB health checks in (target-group <group>)",
    causes=("targets-unhealthy",),
    why="target health tells why",
)
CLASSIC_CHECK = Form(
    text="Task failed ELB health checks in (elb <group>)",
    causes=("targets-unhealthy",),
    why="of a classic load balancer",
)
SCALED_IN = Form(
    text="Scaling activity initiated by (",
    why="another task replaced this one, or fewer are wanted",
    normal=True,
)
REASONS: tuple[Form, ...] = (
    OWN_CHECK,
    TARGET_CHECK,
    CLASSIC_CHECK,
    Form(
        text="Essential container in task exited",
        causes=("task-crash-loop",),
        why="the container's reason, exit code and last lines tell more",
    ),
    SCALED_IN,
    Form(text="Task stopped by user", why="StopTask without a reason", normal=True),
    Form(
        text="Host EC2 (instance <instance>) stopped",
        why="the instance is gone; the service starts the task elsewhere where there is room",
        normal=True,
    ),
    Form(
        text="Host EC2 (instance <instance>) terminated",
        why="the instance is gone; the service starts the task elsewhere where there is room",
        normal=True,
    ),
    Form(
        text="Container instance deregistration forced by user",
        why="the instance left the cluster; the service starts the task elsewhere",
        normal=True,
    ),
    Form(
        text="ECS is performing maintenance on the underlying infrastructure hosting the task",
        why="Fargate retires a task, and its service starts another one before",
        normal=True,
    ),
)

LIST = AwsList(
    title="Stop codes and reasons of tasks that ran",
    pages=(
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html",
        f"{_GUIDE}stopped-task-errors.html",
        f"{_GUIDE}task-maintenance.html",
    ),
    forms=(*CODES, *REASONS),
)
