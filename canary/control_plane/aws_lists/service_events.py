"""What ECS writes into a service's events, form by form.

Sources, in the Amazon ECS Developer Guide: "Amazon ECS service event messages", "Amazon ECS service
unhealthy event messages", "How the Amazon ECS deployment circuit breaker detects failures"; the
messages of a healthy day are those that services write.
"""

from __future__ import annotations

from canary.control_plane.aws_lists.form import SERVICE, AwsList, Form

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
_ROOM, _QUOTA, _STUCK = "capacity-unavailable", "quota-reached", "deployment-stuck"
_PLACE = f"{SERVICE} was unable to place a task because no container instance met all of its"
_CLOSEST = f"{_PLACE} requirements. The closest matching [(]container-instance <instance>[)]"
_INSTANCES = "Add instances to the cluster that can take the task, or ask for less in the revision."
_AGENT = "See the ECS agent of the instance: it is not connected."
_ROLE = "See the role of the service and AWSServiceRoleForECS: their policies and their trust."
_MEET = "the answer to one failed check: target health and its readings choose the cause"

STEADY = Form(text=f"{SERVICE} has reached a steady state", normal=True)
REASON = Form(
    text=f"{SERVICE} was unable to place a task. Reason: <reason_text>",
    causes=(_STUCK,),
    why="the reason has rows of its own: placement, starts, image pulls",
)
LAUNCH = Form(
    text=f"{SERVICE} failed to launch a task with (error <reason_text>)",
    causes=(_STUCK,),
    why="the reason has rows of its own: placement, starts, image pulls",
)
UNSTEADY = Form(
    text=f"{SERVICE} is unable to consistently start tasks successfully",
    causes=(_STUCK,),
    why="the stopped tasks, and the events before it, tell why",
)

HINDERED: tuple[Form, ...] = (
    REASON,
    LAUNCH,
    Form(
        text=f"{_CLOSEST} has insufficient",
        causes=(_ROOM,),
        why="CPU units or memory",
        answer=_INSTANCES,
    ),
    Form(text=f'{_CLOSEST} encountered error "AGENT"', causes=(_ROOM,), answer=_AGENT),
    Form(text=f"{_CLOSEST} doesn't have the agent connected", causes=(_ROOM,), answer=_AGENT),
    Form(text=f"{_CLOSEST} is already using a port", causes=(_ROOM,), answer=_INSTANCES),
    Form(
        text=f"{_CLOSEST} is missing an attribute",
        causes=(_ROOM,),
        answer="Add an instance with the attribute that the revision needs, in its subnets.",
    ),
    Form(text=f"{_CLOSEST} encountered error", causes=(_ROOM,), answer=_INSTANCES),
    Form(text=f"{_PLACE} requirements", causes=(_ROOM,), answer=_INSTANCES),
    Form(
        text=f"{SERVICE} was unable to place tasks in your cluster because the tasks provisioning"
        " capacity limit was exceeded",
        causes=(_QUOTA,),
        why="500 tasks of a cluster may be PROVISIONING at once",
        answer="Wait until tasks of the cluster run, and scale its services more slowly.",
    ),
    Form(text=f"{SERVICE} was unable to place", causes=(_STUCK,), why="other words are quoted"),
    UNSTEADY,
    Form(
        text=f"{SERVICE} operations are being throttled",
        causes=(_QUOTA,),
        why="a limit of API calls; ECS tries again by itself",
        answer="Wait; if it stays, ask for a higher rate limit of the API.",
    ),
    Form(
        text=f"{SERVICE} was unable to stop or start tasks during a deployment because of the"
        " service deployment configuration",
        causes=(_STUCK,),
        answer="Change minimumHealthyPercent or maximumPercent so that one task may stop or start.",
    ),
    Form(
        text=f"{SERVICE} was unable to reach steady state because task set (<set>) was unable to"
        " scale in. Reason: The number of protected tasks are more than the desired count",
        causes=(_STUCK,),
        answer="Take the protection off tasks that may stop, or wait until it ends.",
    ),
    Form(
        text=f"{SERVICE} was unable to reach steady state. Reason: No Container Instances were"
        " found in your capacity provider",
        causes=(_ROOM,),
        answer="See the capacity provider: it has no instance that runs and is registered.",
    ),
    Form(
        text=f"{SERVICE} could not launch <n> tasks for deployment",
        causes=(_ROOM,),
        answer=_INSTANCES,
    ),
    Form(
        text=f"{SERVICE} Timed out waiting for Amazon ECS Agent to start",
        causes=(_ROOM,),
        answer=_AGENT,
    ),
    Form(
        text="IAM permissions policies have been misconfigured or changed, and ECS can no longer"
        " maintain your service",
        causes=(_STUCK,),
        why="the role with which ECS keeps the service, which is not read",
        answer=_ROLE,
    ),
    Form(
        text="IAM trust relationship has been misconfigured or changed, and ECS can no longer"
        " maintain your service",
        causes=(_STUCK,),
        why="the role with which ECS keeps the service, which is not read",
        answer=_ROLE,
    ),
)

_SICK = " is unhealthy in (target-group <group>) due to (reason <reason_text>)"
_BY_HEALTH = ("targets-unhealthy", "health-check-mismatch", "port-mismatch")
UNHEALTHY: tuple[Form, ...] = (
    Form(
        text=f"{SERVICE}[ (port <a>)] (task <id>)[ (instance <instance>)][ (port <port>)]{_SICK}",
        causes=_BY_HEALTH,
        why=_MEET,
    ),
    Form(
        text=f"{SERVICE}[ (port <a>)] (instance <id>)[ (port <port>)]{_SICK}",
        causes=_BY_HEALTH,
        why=_MEET,
    ),
    Form(text=f"{SERVICE}[ (port <port>)]{_SICK}", causes=_BY_HEALTH, why=_MEET),
)
OTHER_HEALTH: tuple[Form, ...] = (
    Form(
        text=f"{SERVICE}[ (task <id>)][ (instance <instance>)] is unhealthy in (elb <group>) due to"
        " (reason <reason_text>)",
        causes=("targets-unhealthy",),
        why="of a classic load balancer, which is not read",
    ),
    Form(
        text=f"{SERVICE} task set (<set>) (task <id>) is not healthy in target-group (<text>) due"
        " to TARGET GROUP IS NOT FOUND",
        causes=("targets-unhealthy",),
        answer="Delete the service and create it again with a target group that is there.",
    ),
    Form(
        text=f"{SERVICE} task set (<set>) (task <id>) is not healthy in target-group (<text>) due"
        " to TARGET IS NOT FOUND",
        causes=("targets-unhealthy", "target-group-empty"),
        why="the targets of the group tell",
    ),
    Form(
        text=f"{SERVICE} (task <id>) failed container health checks",
        causes=("health-check-mismatch",),
        why="certain only where the check changed, else the application may fail it",
    ),
)

ROLLBACK = Form(
    text=f"{SERVICE} rolling back to deployment <deployment>", causes=("deployment-rolled-back",)
)
# The reason of a deployment's rollout: by the circuit breaker, or by an alarm.
ROLLBACK_REASON = Form(
    text="[ECS deployment <text>: ]rolling back",
    causes=("deployment-rolled-back",),
)
FAILED: tuple[Form, ...] = (
    Form(
        text=f"{SERVICE} (deployment <deployment>) deployment failed: tasks failed to start",
        causes=(_STUCK, "deployment-rolled-back"),
        why="rolled back where ECS tells so; the stopped tasks tell why",
    ),
    Form(
        text=f"{SERVICE} (deployment <deployment>) deployment failed: alarm detected",
        causes=(_STUCK, "deployment-rolled-back"),
        why="rolled back where ECS tells so; the deployment names its alarms",
    ),
    Form(
        text=f"{SERVICE}[ (deployment <deployment>)] deployment failed",
        causes=(_STUCK, "deployment-rolled-back"),
        why="rolled back where ECS tells so; the stopped tasks tell why",
    ),
)

HEALTHY_DAY: tuple[Form, ...] = (
    STEADY,
    Form(text=f"{SERVICE} has started <n> tasks: ", normal=True),
    Form(text=f"{SERVICE} has stopped <n> running tasks: ", normal=True),
    Form(text=f"{SERVICE} has begun draining connections on <n> tasks", normal=True),
    Form(text=f"{SERVICE} registered <n> targets in (target-group <group>)", normal=True),
    Form(text=f"{SERVICE} deregistered <n> targets in (target-group <group>)", normal=True),
    Form(text=f"{SERVICE} registered <n> instances in (elb <group>)", normal=True),
    Form(text=f"{SERVICE} deregistered <n> instances in (elb <group>)", normal=True),
    Form(text=f"{SERVICE} updated computedDesiredCount for taskSet <set> to <n>", normal=True),
    Form(text=f"{SERVICE}[ (deployment <deployment>)] deployment completed", normal=True),
    Form(
        text="Message: Successfully set desired count to <n>",
        why="of the console, from the activities of the service's own scaling",
        normal=True,
    ),
)

EVENTS: tuple[Form, ...] = (
    *HINDERED,
    *UNHEALTHY,
    *OTHER_HEALTH,
    ROLLBACK,
    ROLLBACK_REASON,
    *FAILED,
    *HEALTHY_DAY,
)

LIST = AwsList(
    title="Service events",
    pages=(
        f"{_GUIDE}service-event-messages-list.html",
        f"{_GUIDE}service-unhealthy-event-messages.html",
        f"{_GUIDE}deployment-circuit-breaker.html",
    ),
    forms=EVENTS,
)
