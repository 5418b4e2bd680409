"""Why an image cannot be pulled: "CannotPullContainer task errors in Amazon ECS".

A time-out is a way that is closed, and no image that is missing. Fargate cuts long messages off,
so a form ends where its words tell enough.
"""

from __future__ import annotations

from canary.control_plane.aws_lists.form import WAYS, AwsList, Form

_IMAGE, _DENIED = "image-pull-failed", "execution-role-denied"
_HEAD = "CannotPullContainerError: "
_ROUTE = (
    "See the way of the tasks to the registry: security group, public address, NAT gateway or VPC"
    " endpoints."
)
_S3 = "See the way of the tasks to Amazon S3, which keeps the layers: security group, endpoint."
_CHECK = "the way that the readings show, else the security group"

PULLS: tuple[Form, ...] = (
    Form(
        text=f"{_HEAD}<text>does not contain descriptor matching platform",
        causes=("image-wrong-architecture",),
    ),
    Form(
        text=f"{_HEAD}The task cannot pull <text>There is a connection issue between the task and",
        causes=WAYS,
        why=_CHECK,
        answer=_ROUTE,
    ),
    Form(
        text=f"{_HEAD}The task can't pull the image<text>Check your network configuration",
        causes=WAYS,
        why=_CHECK,
        answer=_ROUTE,
    ),
    Form(
        text=f"{_HEAD}The task can't pull the image<text>Check that the role has the permissions",
        causes=(_DENIED, _IMAGE),
        why="AWS tells so of an image that is missing, too",
        answer="See whether the image is there, and whether the execution role may pull it.",
    ),
    Form(text=f"{_HEAD}<text> AccessDeniedException: ", causes=(_DENIED,)),
    Form(text=f"{_HEAD}<text> not authorized to perform: ", causes=(_DENIED,)),
    Form(
        text=f"{_HEAD}<text>failed to copy: <text>: i/o timeout",
        causes=WAYS,
        why=_CHECK,
        answer=_S3,
    ),
    Form(text=f"{_HEAD}<text>: i/o timeout", causes=WAYS, why=_CHECK, answer=_ROUTE),
    Form(
        text=f"{_HEAD}<text>request canceled while waiting for connection",
        causes=WAYS,
        why="AWS: a route to the internet does not exist",
        answer=_ROUTE,
    ),
    Form(
        text=f"{_HEAD}[<text> ]context deadline exceeded",
        causes=WAYS,
        why=_CHECK,
        answer=_ROUTE,
    ),
    Form(
        text=f"{_HEAD}[<text>: ]context canceled",
        causes=WAYS,
        why="AWS: mostly the VPC has no route to Amazon ECR",
        answer=_ROUTE,
    ),
    Form(
        text=f"{_HEAD}[<text>: ]pull command failed: panic: runtime error: invalid memory address"
        " or nil pointer dereference",
        causes=WAYS,
        why="AWS: the security group or the gateway endpoint lets nothing through to Amazon S3",
        answer=_S3,
    ),
    Form(
        text=f"{_HEAD}[<text>: ]write <path>: no space left on device",
        causes=(_IMAGE,),
        answer="Give the task more ephemeral storage, or make the image smaller.",
    ),
    Form(
        text=f"{_HEAD}[<text>: ][ERROR: ]toomanyrequests: ",
        causes=(_IMAGE,),
        why="the registry limits how often anybody may pull",
        answer="Sign in to the registry at pulls, or keep the image in Amazon ECR.",
    ),
    Form(
        text=f"{_HEAD}[<text>: ]You have reached your pull rate limit",
        causes=(_IMAGE,),
        why="the registry limits how often anybody may pull",
        answer="Sign in to the registry at pulls, or keep the image in Amazon ECR.",
    ),
    Form(
        text=f"{_HEAD}<text>failed to resolve ref <ref>: not found",
        causes=(_IMAGE,),
        why="the registry has no such image or tag",
    ),
    Form(
        text=f"{_HEAD}<text>failed to resolve ref",
        causes=(_IMAGE,),
        why="what follows tells more, and has rows of its own where it is a time-out",
        answer="See whether the registry has the image under the tag that the revision names.",
    ),
    Form(
        text=f"{_HEAD}<text>failed to copy: httpReaderSeeker: failed open: unexpected status code",
        causes=(_IMAGE,),
        answer="See the way to Amazon S3 and the repository's policy, then start again.",
    ),
    Form(
        text=f"{_HEAD}[<text>: ]pull access denied",
        causes=(_IMAGE,),
        answer="See the name of the image, and the credentials for its registry.",
    ),
    Form(
        text=f"{_HEAD}[<text>: ]error pulling image conf[iguration]",
        causes=(_IMAGE,),
        why="AWS: a rate limit or the network",
        answer="See the way to the registry, and its limit of pulls.",
    ),
    Form(
        text=f"{_HEAD}API error",
        causes=(_IMAGE,),
        why="AWS: the connection to the endpoint of Amazon ECR",
        answer=_ROUTE,
    ),
    Form(text=_HEAD, causes=(_IMAGE,), why="any other words after it are quoted"),
    Form(
        text="CannotPullECRContainerError: ",
        causes=(_IMAGE,),
        why="of the ECS agent, for a repository of Amazon ECR",
    ),
    Form(
        text="CannotPullImageManifestError: ",
        causes=(_IMAGE,),
        why="of the ECS agent, for the digest of the image",
    ),
)

LIST = AwsList(
    title="Image pulls",
    pages=(
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html",
    ),
    forms=PULLS,
)
