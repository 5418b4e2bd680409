"""What an image reference means in the twin: a command to run, or why it cannot be pulled."""

from __future__ import annotations

import re
from dataclasses import dataclass

from emulator.settings import REGION
from sandbox import names

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
    """A known image: its module, the least memory it runs in (MiB), its architecture."""

    module: str
    least_memory: int
    architecture: str = "X86_64"


REPOSITORIES = {
    "hokusai-auth": Image("sandbox.services.auth", 128),
    "hokusai-api": Image("sandbox.services.api", 128),
    "hokusai-mlflow": Image("sandbox.services.mlflow", 512),
}


def unreachable(reference: str) -> str:
    """Return the stopped reason where no packet gets out to the registry."""
    if reference.startswith(names.IMAGE_REGISTRY):
        return NO_WAY_TO_ECR.format(region=REGION)
    host, _, path = reference.rpartition("/")
    path, _, tag = path.partition(":")
    return NO_WAY.format(
        ref=reference, host=host or "registry-1.docker.io", path=path, tag=tag or "latest"
    )


def find(reference: str) -> Image | str:
    """Return the image, or the stopped reason when it cannot be pulled."""
    registry, _, rest = reference.rpartition("/")
    repository, _, tag = rest.partition(":")
    if registry != names.IMAGE_REGISTRY:
        docker_hub = "." not in registry
        ref = f"docker.io/library/{rest}" if docker_hub else reference
        return (PULL_DENIED if docker_hub else NOT_FOUND).format(ref=ref)
    image = REPOSITORIES.get(repository)
    if image is None or not KNOWN_TAG.match(tag or "latest"):
        return NOT_FOUND.format(ref=reference)
    if tag.endswith("-arm64"):
        return Image(image.module, image.least_memory, "ARM64")
    return image
