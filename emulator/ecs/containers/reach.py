"""Why a task cannot fetch what it needs at its start, when no way leads there.

Fargate fetches all of it through the task's own network interface (the ECS guide, "Fargate task
networking": platform version 1.4.0). AWS waits some minutes for each; here the task stops at once.
Sources: the ECS guide, "Stopped task error messages": ResourceInitializationError, and
CannotPullContainerError; forms as public captures of 2025 and 2026 have them.
"""

from __future__ import annotations

from emulator.ecs import images, loglines
from emulator.ecs.definition import ContainerDefinition
from emulator.network.way.services import to_internet, to_service
from emulator.settings import IMAGE_REGISTRY, REGION

HEAD = "ResourceInitializationError: unable to pull secrets or registry auth: "
NETWORK = "Check your task network configuration."
CANCELED = "https response error StatusCode: 0, RequestID: , canceled, context deadline exceeded"
NO_WAY_TO_ASM = (
    HEAD + "unable to retrieve secret from asm: There is a connection issue between the task and "
    f"AWS Secrets Manager. {NETWORK} failed to fetch secret {{arn}} from secrets manager: "
    f"operation error Secrets Manager: GetSecretValue, {CANCELED}"
)
NO_WAY_TO_SSM = (
    HEAD + "unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems "
    "Manager. There is a connection issue between the task and AWS Systems Manager Parameter "
    f"Store. {NETWORK} operation error SSM: GetParameters, {CANCELED}"
)
# what the names of the stores resolve to does not matter: nothing lets the task there
NO_WAY_TO_LAYERS = (
    "CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: "
    "httpReadSeeker: failed open: failed to do request: Get "
    '"https://prod-{region}-starport-layer-bucket.s3.{region}.amazonaws.com/": '
    "dial tcp 198.51.100.10:443: i/o timeout"
)


def refusal(container: ContainerDefinition, address: str) -> str:
    """Return the stopped reason if a container's start lacks a way from an address, or nothing."""
    return (
        _registry(container.image, address)
        or _values(tuple(container.secrets.values()), address)
        or _log(container, address)
        or _layers(container.image, address)
    )


def _registry(image: str, address: str) -> str:
    """Return why there is no way to the registry, and to Amazon ECR's authorization before it."""
    if not image.startswith(IMAGE_REGISTRY):
        return "" if to_internet(address) else images.unreachable(image)
    return "" if to_service(address, "ecr.api") else images.unreachable(image)


def _values(stored: tuple[str, ...], address: str) -> str:
    secrets = [each for each in stored if ":secretsmanager:" in each]
    if secrets and not to_service(address, "secretsmanager"):
        return NO_WAY_TO_ASM.format(arn=":".join(secrets[0].split(":")[:7]))
    if len(secrets) < len(stored) and not to_service(address, "ssm"):
        return NO_WAY_TO_SSM
    return ""


def _log(container: ContainerDefinition, address: str) -> str:
    if container.log is None or to_service(address, "logs"):
        return ""
    return loglines.NO_GROUP


def _layers(image: str, address: str) -> str:
    """Return why a manifest of Amazon ECR, or the layers in S3 that it names, cannot be had."""
    if not image.startswith(IMAGE_REGISTRY):
        return ""
    if not to_service(address, "ecr.dkr"):
        return images.unanswered(image)
    return "" if to_service(address, "s3") else NO_WAY_TO_LAYERS.format(region=REGION)
