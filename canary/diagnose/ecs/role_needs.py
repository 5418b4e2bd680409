"""What an execution role needs to start the tasks of a revision: actions and resources."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canary.control_plane.state import SecretState, TaskDefinition
from canary.diagnose.core.case import Case

_PARTITION = r"arn:aws[\w-]*"
# what AWS takes in names: neither a wildcard nor a variable of a policy
_SECRET = re.compile(
    rf"({_PARTITION}:secretsmanager:[\w-]+:\d+:secret:[\w/+=.@!-]+)(:[^*?$]*)?", re.ASCII
)
_PARAMETER = re.compile(rf"{_PARTITION}:ssm:[\w-]+:\d+:parameter/[\w./-]+", re.ASCII)
_PARAMETER_NAME = re.compile(r"[\w./-]+", re.ASCII)
_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[\w-]+)\.amazonaws\.com(\.cn)?/(?P<name>[\w./-]+)"
    r"([:@].*)?",
    re.ASCII,
)
_REGION = re.compile(r"[a-z0-9-]+", re.ASCII)
_LOG_GROUP = re.compile(r"[\w./#-]+", re.ASCII)
_KEY = re.compile(rf"{_PARTITION}:kms:[\w-]+:\d+:key/[\w-]+", re.ASCII)
_KEY_ID = re.compile(r"[\w-]+", re.ASCII)
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
Needs = dict[tuple[str, ...], set[str]]
"""Actions, and the resources that they are needed on."""


def needs_of(case: Case, definition: TaskDefinition, family: str) -> Needs:
    """Return what a role needs to start a revision; of pulling and logging only if denied."""
    references = [v for c in definition.containers for v in c.secrets.values()]
    found: Needs = {}
    for actions, resource in (
        *(need for reference in references for need in _of_reference(case, reference)),
        *(_of_images(case, definition) if family == "ecr" else ()),
        *(_of_log_groups(case, definition) if family == "logs" else ()),
    ):
        found.setdefault(actions, set()).add(resource)
    return found


def _of_reference(case: Case, reference: str) -> Iterator[tuple[tuple[str, ...], str]]:
    secret = _SECRET.fullmatch(reference)
    if secret:
        yield ("secretsmanager:GetSecretValue",), secret[1]
    elif _PARAMETER.fullmatch(reference):
        yield ("ssm:GetParameters",), reference
    elif _PARAMETER_NAME.fullmatch(reference):
        yield (
            ("ssm:GetParameters",),
            case.environment.arn("ssm", f"parameter/{reference.lstrip('/')}"),
        )
    for state in states(case, reference):
        key = key_arn(case, state.kms_key)
        if key:
            yield ("kms:Decrypt",), key


def states(case: Case, reference: str) -> tuple[SecretState, ...]:
    """Return what is known of a secret or parameter that is encrypted with a key."""
    return tuple(s for s in case.state.secrets if s.reference == reference and s.kms_key)


def key_arn(case: Case, key: str) -> str:
    """Return the ARN of a key that AWS names by ARN or id; "" for an alias, which may move."""
    if _KEY.fullmatch(key):
        return key
    return case.environment.arn("kms", f"key/{key}") if _KEY_ID.fullmatch(key) else ""


def _of_images(case: Case, definition: TaskDefinition) -> Iterator[tuple[tuple[str, ...], str]]:
    images = [m for c in definition.containers for m in (_IMAGE.fullmatch(c.image),) if m]
    partition = case.environment.arn("ecr", "").split(":")[1]
    for m in images:
        yield _PULL, f"arn:{partition}:ecr:{m['region']}:{m['account']}:repository/{m['name']}"
    if images:
        yield ("ecr:GetAuthorizationToken",), "*"  # takes no narrower resource


def _of_log_groups(case: Case, definition: TaskDefinition) -> Iterator[tuple[tuple[str, ...], str]]:
    own = case.environment.region
    for group, region in {(c.log_group, c.log_region or own) for c in definition.containers}:
        if _LOG_GROUP.fullmatch(group) and _REGION.fullmatch(region):
            arn = case.environment.arn("logs", f"log-group:{group}:*")
            arn = arn.replace(f":{own}:", f":{region}:", 1)
            yield ("logs:CreateLogStream", "logs:PutLogEvents"), arn
