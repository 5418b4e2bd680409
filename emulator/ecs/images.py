"""Resolve an image reference to a program, or to the reason why it cannot be pulled."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from emulator.settings import IMAGE_REGISTRY, REGION

# tags are build dates; anything else was never pushed
KNOWN_TAG = re.compile(r"^(latest|\d{4}-\d{2}-\d{2})(-arm64|-amd64)?$")
NOT_FOUND = (
    "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
    "failed to resolve ref {ref}: not found"
)
PULL_DENIED = (
    "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve "
    "ref {ref}: pull access denied, repository does not exist or may require authorization: "
    "server message: insufficient_scope: authorization failed"
)
# what AWS resolves the registries to does not matter: nothing lets the task out
NO_WAY_TO_ECR = (
    "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull "
    "registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. "
    "Check your task network configuration. operation error ECR: GetAuthorizationToken, exceeded "
    "maximum number of attempts, 3, https response error StatusCode: 0, RequestID: , request send "
    'failed, Post "https://api.ecr.{region}.amazonaws.com/": dial tcp 198.51.100.10:443: '
    "i/o timeout"
)
NO_WAY = (
    "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve "
    'ref "{ref}": failed to do request: Head "https://{host}/v2/{path}/manifests/{tag}": '
    "dial tcp 198.51.100.10:443: i/o timeout"
)


@dataclass(frozen=True)
class Image:
    """What stands for an image: a module, or an entry point and command as a Dockerfile has them.

    least_memory is what the program that the module stands for needs (MiB), whatever the module
    itself takes. A program that is named by a relative path is looked for in folder.
    """

    module: str = ""
    least_memory: int = 0
    architecture: str = "X86_64"  # nothing: any
    entry_point: tuple[str, ...] = ()
    command: tuple[str, ...] = ()  # nothing: the module's run, or Python without a module
    folder: str = ""

    def arguments(self, entry_point: Sequence[str], command: Sequence[str]) -> tuple[str, ...]:
        """Return what a container runs; its own entry point leaves the image's command out.

        Source: the Dockerfile reference, "Understand how CMD and ENTRYPOINT interact".
        """
        if entry_point:
            return (*entry_point, *command)
        own = ("python", "-m", self.module) if self.module else ("python3",)
        return (*self.entry_point, *(command or self.command or own))

    def needs(self, arguments: Sequence[str]) -> int:
        """Return the memory (MiB) that a program needs: the image's own, or nothing known."""
        return self.least_memory if arguments == self.arguments((), ()) else 0


LOCAL_PYTHON = "local/python"


def unreachable(reference: str) -> str:
    """Return the stopped reason if the image's registry is unreachable."""
    if reference.startswith(IMAGE_REGISTRY):
        return NO_WAY_TO_ECR.format(region=REGION)
    return unanswered(reference)


def unanswered(reference: str) -> str:
    """Return the stopped reason if a registry does not answer the question for a manifest."""
    host, _, path = reference.rpartition("/")
    path, _, tag = path.partition(":")
    return NO_WAY.format(
        ref=reference, host=host or "registry-1.docker.io", path=path, tag=tag or "latest"
    )


def find(reference: str, repositories: Mapping[str, Image]) -> Image | str:
    """Return the image, or the stopped reason when it cannot be pulled.

    repositories are those of the account's own registry.
    """
    if reference.partition(":")[0] == LOCAL_PYTHON:
        return Image(architecture="")
    registry, _, rest = reference.rpartition("/")
    if reference.startswith(f"{IMAGE_REGISTRY}/"):  # a repository's name may have slashes
        registry, rest = IMAGE_REGISTRY, reference.removeprefix(f"{IMAGE_REGISTRY}/")
    repository, _, tag = rest.partition(":")
    if registry != IMAGE_REGISTRY:
        docker_hub = "." not in registry
        ref = f"docker.io/library/{rest}" if docker_hub else reference
        return (PULL_DENIED if docker_hub else NOT_FOUND).format(ref=ref)
    image = repositories.get(repository)
    if image is None or not KNOWN_TAG.match(tag or "latest"):
        return NOT_FOUND.format(ref=reference)
    if tag.endswith("-arm64"):
        return replace(image, architecture="ARM64")
    return image
