"""What keeps a task from its start besides its image: secrets, logs, volumes, the runtime.

Sources: the pages that "Amazon ECS stopped tasks error messages" lists. ECS tells a refusal in two
generations of words, of which the middle is the same.
"""

from __future__ import annotations

from canary.control_plane.aws_lists.form import WAYS, AwsList, Form

_DENIED, _SECRET = "execution-role-denied", "secret-unavailable"
_LOGS, _VOLUME, _STUCK = "log-group-missing", "volume-unavailable", "deployment-stuck"
_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
_INIT = "ResourceInitializationError: "
_ENDPOINT = (
    "See the way of the tasks to AWS: security group, public address, NAT gateway or VPC endpoints."
)
_CHECK = "the way that the readings show, else the security group"
_AWS = "a fault of AWS's own, which is quoted"
_AGAIN = "Start a new deployment; if it comes again, ask AWS Support with the task's ARN."

SECRETS: tuple[Form, ...] = (
    # first what can hold the text of others: a JSON key may be any text
    Form(text=f"{_INIT}<text>did not contain json key ", causes=(_SECRET,)),
    Form(
        text=f"{_INIT}<text>: invalid character ",
        causes=(_SECRET,),
        why="a JSON key is asked for, and the value is no JSON",
    ),
    Form(text=f"{_INIT}<text>: invalid parameters: ", causes=(_SECRET,)),
    Form(text=f"{_INIT}<text>unexpected ARN format", causes=(_SECRET,)),
    Form(
        text=f"{_INIT}[<text> ]AccessDenied[Exception]: ",
        causes=(_DENIED, _SECRET),
        why="the secret, where it is known to be gone: no policy names one that is not there",
    ),
    Form(text=f"{_INIT}<text>is not authorized to perform: ", causes=(_DENIED, _SECRET)),
    Form(
        text="ECS was unable to assume the role ",
        causes=(_DENIED,),
        answer="Let ecs-tasks.amazonaws.com assume the role.",
    ),
    Form(
        text=f"{_INIT}<text>The task can't retrieve the secret with ARN <arn> from [AWS ]Secrets"
        " Manager. Check whether the secret exists",
        causes=(_SECRET,),
    ),
    Form(
        text="AccessDenied[Exception]",
        causes=(_DENIED, _SECRET),
        why="as above, without a category before it",
    ),
    Form(
        text="ResourceNotFoundException: ",
        causes=(_SECRET,),
        why="a category of its own on AWS's page, for secrets alone",
    ),
    Form(
        text=f"{_INIT}<text>There is a connection issue between the task and [AWS ]Secrets Manager",
        causes=WAYS,
        why=_CHECK,
        answer=_ENDPOINT,
    ),
    Form(
        text=f"{_INIT}<text>There is a connection issue between the task and AWS Systems Manager",
        causes=WAYS,
        why=_CHECK,
        answer=_ENDPOINT,
    ),
    Form(
        text=f"{_INIT}<text>Check your network connection between the task and AWS Systems Manager",
        causes=WAYS,
        why=_CHECK,
        answer=_ENDPOINT,
    ),
    Form(
        text=f"{_INIT}<text>There is a connection issue between the task and Amazon ECR",
        causes=WAYS,
        why=_CHECK,
        answer=_ENDPOINT,
    ),
)

_UNFOUND = Form(
    text=f"{_INIT}<text>The task cannot find the Amazon CloudWatch log group defined in the"
    " task definition",
    causes=(_LOGS, *WAYS),
    why="the way, unless the log group is known to be gone",
)
_DRIVER = Form(
    text=f"{_INIT}failed to initialize logging driver",
    causes=(_LOGS, *WAYS),
    why="the way, unless the log group is known to be gone",
)
GROUP_OR_WAY = (_UNFOUND, _DRIVER)
"""Forms that fit a log group that is gone, and one that is not reached."""
LOGS: tuple[Form, ...] = (
    _UNFOUND,
    Form(
        text=f"{_INIT}<text>ResourceNotFoundException: The specified log group does not exist",
        causes=(_LOGS,),
    ),
    Form(text=f"{_INIT}<text>log group does not exist", causes=(_LOGS,)),
)

REST: tuple[Form, ...] = (
    Form(
        text=f"{_INIT}failed to invoke EFS utils commands to set up EFS volumes",
        causes=(_VOLUME,),
        answer="See the file system: mount target in the task's zone, security group, policy,"
        " root directory.",
    ),
    Form(
        text=f"{_INIT}failed to download env files: <text>StatusCode: 403",
        causes=(_DENIED,),
        why="Amazon S3 answers 403 for a file that is missing, too",
        answer="See whether the file is there, and whether the execution role may read it.",
    ),
    Form(
        text=f"{_INIT}<text>ResourceNotFoundException: ",
        causes=(_SECRET,),
    ),
    Form(
        text=f"{_INIT}<text>InvalidRequestException: ",
        causes=(_SECRET,),
        why="the secret is marked for deletion",
    ),
    Form(text=f"{_INIT}<text>ParameterNotFound", causes=(_SECRET,)),
    Form(
        text=f"{_INIT}<text> context deadline exceeded",
        causes=WAYS,
        why=_CHECK,
        answer=_ENDPOINT,
    ),
    Form(text=f"{_INIT}<text>: i/o timeout", causes=WAYS, why=_CHECK, answer=_ENDPOINT),
    Form(
        text=f"{_INIT}[<text> ]Check your task network configuration",
        causes=WAYS,
        why=_CHECK,
        answer=_ENDPOINT,
    ),
    _DRIVER,
    Form(
        text=f"{_INIT}unable to pull secrets",
        causes=(_SECRET,),
        why="any other words after it are quoted",
    ),
    Form(text=_INIT, causes=(_STUCK,), why="any other words after it are quoted"),
)

# Nothing of a task's settings keeps a program from being found.
NO_PROGRAM: tuple[Form, ...] = (
    Form(
        text="CannotStartContainerError: <text>runc create failed: ",
        causes=("task-crash-loop",),
        why="the revision names a program that the image has not, or may not run",
    ),
    Form(
        text="CannotStartContainerError: failed to get container status: ",
        causes=("task-crash-loop",),
        answer="See whether the container asks for more memory than it has.",
    ),
    Form(text="CannotStartContainerError: ", causes=("task-crash-loop",)),
)
RUNTIME: tuple[Form, ...] = (
    Form(text="OutOfMemoryError: ", causes=("task-out-of-memory",)),
    Form(
        text="CannotStartContainerError: <text>exec format error",
        causes=("image-wrong-architecture",),
    ),
    *NO_PROGRAM,
    Form(
        text="CannotCreateContainerError: ",
        causes=(_STUCK,),
        why="the instance has no disk left, or its runtime refuses",
        answer="See the disk of the instance, then start again.",
    ),
    Form(
        text="CannotCreateVolumeError: ",
        causes=(_VOLUME,),
        answer="See the volume that the revision names: its file system, driver and policy.",
    ),
    Form(
        text="CannotStopContainerError: ",
        why="the container runs, and is ended by force: it hinders no start",
    ),
    Form(text="CannotInspectContainerError: ", causes=(_STUCK,), why=_AWS, answer=_AGAIN),
    Form(text="ContainerRuntimeError: ", causes=(_STUCK,), why=_AWS, answer=_AGAIN),
    Form(
        text="ContainerRuntimeTimeoutError: ",
        causes=(_STUCK,),
        why="the container was not RUNNING or STOPPED in time",
        answer=_AGAIN,
    ),
    Form(
        text="DockerTimeoutError: ",
        causes=(_STUCK,),
        why="the older name of ContainerRuntimeTimeoutError",
        answer=_AGAIN,
    ),
    Form(
        text="[TaskFailedToStart: ]InternalError: ",
        causes=(_STUCK,),
        why="AWS's own, mostly late with a network interface",
        answer=_AGAIN,
    ),
)

LIST = AwsList(
    title="Tasks that do not start",
    pages=tuple(
        f"{_GUIDE}{page}.html"
        for page in (
            "stopped-task-error-codes",
            "resource-initialization-error",
            "resource-not-found-error",
            "out-of-memory",
            "cannot-start-container",
            "CannotCreateContainerError",
            "cannot-create-volume",
            "cannot-stop-container",
            "cannot-inspect-container",
            "container-runtime-error",
            "container-runtime-timeout-error",
            "internal-error",
        )
    ),
    forms=(*SECRETS, *LOGS, *REST, *RUNTIME),
)
