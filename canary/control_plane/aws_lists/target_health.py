"""The reason codes of target health, and what each of them tells.

Sources: "Health checks for Application Load Balancer target groups", the API's TargetHealth.
"""

from __future__ import annotations

from canary.control_plane.aws_lists.form import AwsList, Form

_UNHEALTHY = "targets-unhealthy"
MISMATCH = Form(
    text="Target.ResponseCodeMismatch",
    causes=("health-check-mismatch", _UNHEALTHY),
    why="the check, where it changed or the application answers well elsewhere",
)
TIMEOUT = Form(
    text="Target.Timeout",
    causes=("security-group-blocked", _UNHEALTHY),
    why="the way, where the readings show one that is closed, else the application hangs",
)
FAILED = Form(
    text="Target.FailedHealthChecks",
    causes=("port-mismatch", "target-protocol-mismatch", _UNHEALTHY),
    why="nobody listens on the port, or speaks another protocol there",
)
REASONS: tuple[Form, ...] = (
    Form(text="Elb.RegistrationInProgress", why="a new target", normal=True),
    Form(text="Elb.InitialHealthChecking", why="a new target", normal=True),
    MISMATCH,
    TIMEOUT,
    FAILED,
    Form(
        text="Elb.InternalError",
        causes=(_UNHEALTHY,),
        why="a fault of AWS's own: wait, then ask AWS Support",
    ),
    Form(
        text="Target.NotRegistered",
        causes=("target-group-empty",),
        why="a cause where tasks of the service run",
    ),
    Form(
        text="Target.NotInUse",
        causes=("target-group-detached", "target-group-empty"),
        why="no rule leads to the group, or the balancer has no node in the target's zone",
    ),
    Form(
        text="Target.InvalidState",
        causes=("target-group-empty",),
        why="the instance has stopped: nobody takes requests there",
    ),
    Form(
        text="Target.IpUnusable",
        causes=("target-group-empty",),
        why="a balancer has the address: nobody takes requests there",
    ),
    Form(text="Target.DeregistrationInProgress", why="an old target that drains", normal=True),
    Form(
        text="Target.HealthCheckDisabled",
        why="only groups of Lambda functions can be without a check",
        normal=True,
    ),
)

LIST = AwsList(
    title="Target health reason codes",
    pages=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html",
    ),
    forms=REASONS,
)
