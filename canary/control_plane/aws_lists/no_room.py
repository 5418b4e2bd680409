"""Why a task finds no place: no capacity, a quota, no address, as ECS tells it.

Sources, in the Amazon ECS Developer Guide: "Amazon ECS API failure reasons", "Amazon ECS service
event messages", "Troubleshooting Amazon ECS TaskFailedToStart errors", "SpotInterruption errors".
"""

from __future__ import annotations

from canary.control_plane.aws_lists.form import AwsList, Form

CAPACITY, QUOTA, SUBNET = "capacity-unavailable", "quota-reached", "subnet-full"
NO_ROOM = frozenset({CAPACITY, QUOTA, SUBNET})
"""Causes by which AWS starts no task of a service, whatever its revision is."""

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
_INSTANCES = "Add instances to the cluster that can take the task, or ask for less in the revision."
_PROVIDER = "See the capacity provider: it has no instance that runs and is registered."
_AGENT = "See the ECS agent of the instance: it is not connected."
_ASK = "Ask for a higher quota in Service Quotas, or stop tasks that nobody needs."
_ADDRESS = "Give the service a subnet with free addresses, or free some in this one."
_INTERFACE = (
    "Unexpected EC2 error while attempting to Create Network Interface"
    "[ with public IP assignment enabled] in subnet '<subnet>'"
)

REASONS: tuple[Form, ...] = (
    Form(
        text="Capacity is unavailable at this time",
        causes=(CAPACITY,),
        answer="Wait until AWS has capacity again, or give the service subnets in further zones.",
    ),
    Form(
        text="You've reached the limit on the number of tasks you can run concurrently",
        causes=(QUOTA,),
        answer=_ASK,
    ),
    Form(
        text="You've reached the limit on the number of vCPUs you can run concurrently",
        causes=(QUOTA,),
        answer=_ASK,
    ),
    Form(text="The requested CPU configuration is above your limit", causes=(QUOTA,), answer=_ASK),
    Form(
        text="The requested MEMORY configuration is above your limit", causes=(QUOTA,), answer=_ASK
    ),
    Form(
        text="Internal error",
        causes=(CAPACITY,),
        why="a subnet may lie in a zone that Fargate does not support",
        answer="Use subnets in zones that Fargate supports; if they are, wait.",
    ),
    Form(
        text="Your Spot Task was interrupted",
        causes=(CAPACITY,),
        why="a cause only while the service is short of tasks: it is replaced where there is room",
        answer="Let the service use Fargate beside Fargate Spot, or subnets in further zones.",
    ),
    Form(
        text=f"[TaskFailedToStart: ]{_INTERFACE}: InsufficientFreeAddressesInSubnet",
        causes=(SUBNET,),
        answer=_ADDRESS,
    ),
    Form(
        text=f"[TaskFailedToStart: ]{_INTERFACE}: <text>",
        causes=("deployment-stuck",),
        why="EC2's own code says what is wrong: it is quoted",
        answer="See what EC2 refuses: the subnet, its security groups, the role of ECS.",
    ),
    Form(
        text=f"[TaskFailedToStart: ]{_INTERFACE.removesuffix(chr(39))}",
        causes=(SUBNET,),
        why="AWS's page knows this alone as the reason where no code follows",
        answer=_ADDRESS,
    ),
    Form(
        text="[TaskFailedToStart: ]Unable to attach network interface to unused device index",
        causes=(CAPACITY,),
        answer=_INSTANCES,
    ),
    Form(
        text="[TaskFailedToStart: ]The selected task definition is not compatible with the"
        " selected compute strategy",
        causes=("deployment-stuck",),
        why="the revision was made for another launch type than the service has",
        answer="Register a revision for the launch type or the capacity provider of the service.",
    ),
    Form(
        text="[TaskFailedToStart: ]RESOURCE:<resource>",
        causes=(CAPACITY,),
        why="CPU, MEMORY, PORTS, ENI, GPU or FARGATE",
        answer=_INSTANCES,
    ),
    Form(text="[TaskFailedToStart: ]AGENT", causes=(CAPACITY,), answer=_AGENT),
    Form(
        text="[TaskFailedToStart: ]MemberOf placement constraint unsatisfied",
        causes=(CAPACITY,),
        answer="Add an instance that the placement constraints allow, or change these.",
    ),
    Form(
        text="[TaskFailedToStart: ]ATTRIBUTE",
        causes=(CAPACITY,),
        answer="Add an instance with the attribute that the revision needs, in its subnets.",
    ),
    Form(
        text="[TaskFailedToStart: ]LOCATION",
        causes=(CAPACITY,),
        answer="Add an instance in a zone of the service's subnets.",
    ),
    Form(text="[TaskFailedToStart: ]NO ACTIVE INSTANCES", causes=(CAPACITY,), answer=_PROVIDER),
    Form(text="[TaskFailedToStart: ]EMPTY CAPACITY PROVIDER", causes=(CAPACITY,), answer=_PROVIDER),
    Form(text="No Container Instances were found", causes=(CAPACITY,), answer=_PROVIDER),
    Form(
        text="Timeout waiting for <text> provisioning to complete",
        causes=("deployment-stuck",),
        why="not on AWS's pages, but told by ECS: EC2 was late with an interface or a disk",
        answer="Start a new deployment; if it comes again, ask AWS Support.",
    ),
)

# Reasons of a call's `failures`, of calls that the canary does not make.
OTHER_FAILURES: tuple[Form, ...] = (
    Form(
        text="MISSING",
        causes=("service-missing",),
        why="of DescribeServices and DescribeClusters; of a task or an instance it is none",
    ),
    Form(text="INACTIVE", why="of StartTask, which services do not use"),
    Form(text="TASK_NOT_VALID", why="of task protection, which hinders no start"),
    Form(text="DEPLOYMENT_BLOCKED", why="of task protection: the event of the service tells it"),
    Form(
        text="ECS deployment failed",
        why="of StopServiceDeployment: AWS has closed an account for fraud",
    ),
    Form(text="InvalidParameterException", why="of TagResource, which starts no task"),
)

LIST = AwsList(
    title="Task placement and API failure reasons",
    pages=(
        f"{_GUIDE}api_failures_messages.html",
        f"{_GUIDE}failed-to-start-error.html",
        f"{_GUIDE}spot-interruption-errors.html",
    ),
    forms=(*REASONS, *OTHER_FAILURES),
)
