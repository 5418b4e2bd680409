"""Remedies for an execution role that may not read what its tasks need at start.

A stopped reason is text from outside: it chooses between the rows here, and nothing of it stands in
a permission. What a policy names comes from the task definition's own references, and from the key
that AWS describes for a secret or parameter. ECS shows one denial at a time, so all are granted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from canary.control_plane.state import SecretState, TaskDefinition
from canary.diagnose.core.case import Case
from canary.diagnose.ecs import revisions
from canary.diagnose.ecs.task_stops import Stop
from canary.diagnose.remedies import build, well
from canary.diagnose.remedies.access import attach_role_policy, policy, put_role_policy
from canary.diagnose.remedies.build import Edits
from canary.model import Remedy

_FAMILY = re.compile(r"not authorized to perform:? (?P<family>[\w-]+):\w")
_PARTITION = r"arn:aws[\w-]*"
# what AWS takes in names: neither a wildcard nor a variable of a policy
_SECRET = re.compile(
    rf"({_PARTITION}:secretsmanager:[\w-]+:\d+:secret:[\w/+=.@-]+)(:[^*?$]*)?", re.ASCII
)
_PARAMETER = re.compile(rf"{_PARTITION}:ssm:[\w-]+:\d+:parameter/[\w./-]+", re.ASCII)
_PARAMETER_NAME = re.compile(r"[\w./-]+", re.ASCII)
_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[\w-]+)\.amazonaws\.com(\.cn)?/(?P<name>[\w./-]+)"
    r"([:@].*)?",
    re.ASCII,
)
_LOG_GROUP = re.compile(r"[\w./#-]+", re.ASCII)
_KEY = re.compile(rf"{_PARTITION}:kms:[\w-]+:\d+:key/[\w-]+", re.ASCII)
_KEY_ID = re.compile(r"[\w-]+", re.ASCII)
_AWS_OWN = "alias/aws/"  # its key policy lets in whoever may read the secret
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_AS_IT_WAS = (
    "The policies of {role} are as they were while all was well. See what else refuses: the policy"
    " of the secret or of its KMS key, a permissions boundary, an organisation's policy."
)
Needs = dict[tuple[str, ...], set[str]]
"""Actions, and the resources that they are needed on."""


def grant(case: Case, name: str, stop: Stop) -> Remedy:
    """Return how the role gets the rights to read what the stopped task's revision refers to."""
    stopped = case.definition(stop.task.task_definition) if stop.task else None
    definition = stopped or case.definition_of(name)
    role = definition.execution_role.rpartition("/")[2] if definition else ""
    needs = _needs(case, definition, _family(stop.words)) if definition else {}
    lost = _lost(case, definition)
    decision = _elsewhere(stop.words, role) or ("" if lost else _unnamed(stop.words, role, needs))
    change = revisions.rollout(case, name)
    swapped = change and change.good.execution_role != change.bad.execution_role
    unchanged = lost == () and not decision
    back = revisions.rollback(case, name) if swapped or unchanged else revisions.Back()
    if unchanged and not back.edits:
        decision = _AS_IT_WAS.format(role=role)
    own = put_role_policy(role, f"{name}-read-at-start", policy(statements(needs)))
    edits = back.edits or (() if decision else (*(lost or (own,)), *revisions.deploy(case, name)))
    return build.remedy(
        case,
        back.summary or f"Let the execution role {role} read what the task definition names.",
        edits,
        inspect=(
            case.aws("iam", "get-role", role_name=role),
            case.aws("iam", "list-role-policies", role_name=role),
            case.aws("iam", "list-attached-role-policies", role_name=role),
        )
        if role
        else (),
        verify=revisions.verify(case, name),
        decision="" if back.edits or lost else _unknown_keys(case, definition),
        otherwise=decision,
    )


def _lost(case: Case, definition: TaskDefinition | None) -> Edits | None:
    """Return the edits that give a role the policies that it had; None where nobody knows them."""
    arn = definition.execution_role if definition else ""
    was, now = well.role(case, arn), next((r for r in case.state.roles if r.arn == arn), None)
    if was is None or now is None or was.bounded or now.bounded:
        return None
    gone = {name: d for name, d in was.policies.items() if now.policies.get(name) != d}
    return (
        *(attach_role_policy(now.name, a) for a in was.attached if a not in now.attached),
        *(
            put_role_policy(now.name, name, document, now.policies.get(name))
            for name, document in sorted(gone.items())
        ),
    )


def statements(needs: Needs) -> list[dict[str, object]]:
    """Return the statements of a policy that allows what is needed."""
    return [
        {"Effect": "Allow", "Action": list(actions), "Resource": sorted(resources)}
        for actions, resources in sorted(needs.items())
    ]


def _family(words: str) -> str:
    """Return the service whose call was denied, "" if the text does not say."""
    if "KMS" in words or "kms:" in words:
        return "kms"
    match = _FAMILY.search(words)
    return match["family"] if match else ""


def _elsewhere(words: str, role: str) -> str:
    """Return what a person must decide where it is not a missing right that refuses."""
    if "explicit deny" in words:
        return "A policy denies the action explicitly: find that statement and remove it."
    if not role:
        return "The task definition names no execution role: register a revision that does."
    if "unable to assume" in words:
        return f"ECS may not assume {role}: let its trust policy name ecs-tasks.amazonaws.com."
    return ""


def _unnamed(words: str, role: str, needs: Needs) -> str:
    """Return what a person must decide, "" where the rights to grant are known."""
    family = _family(words)
    if family == "kms" and not any(a.startswith("kms:") for actions in needs for a in actions):
        return (
            f"Find the KMS key of the secrets that the task definition names, and decide whether"
            f" {role} may decrypt with it: AWS describes no key of them by its id."
        )
    if not needs or (family and not any(a.startswith(f"{family}:") for n in needs for a in n)):
        return (
            f"{role} lacks a right for something that the task definition does not refer to:"
            " see the stopped reason, and decide whether the role may have it."
        )
    return ""


def _needs(case: Case, definition: TaskDefinition, family: str) -> Needs:
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
    for state in _states(case, reference):
        key = _key_arn(case, state.kms_key)
        if key:
            yield ("kms:Decrypt",), key


def _states(case: Case, reference: str) -> tuple[SecretState, ...]:
    return tuple(s for s in case.state.secrets if s.reference == reference and s.kms_key)


def _key_arn(case: Case, key: str) -> str:
    """Return the ARN of a key that AWS names by ARN or id; "" for an alias, which may move."""
    if _KEY.fullmatch(key):
        return key
    return case.environment.arn("kms", f"key/{key}") if _KEY_ID.fullmatch(key) else ""


def _unknown_keys(case: Case, definition: TaskDefinition | None) -> str:
    """Return what to do about keys that are named by an alias: a policy cannot name one."""
    references = [
        v for c in (definition.containers if definition else ()) for v in c.secrets.values()
    ]
    keys = {s.kms_key for reference in references for s in _states(case, reference)}
    named = sorted(k for k in keys if not _key_arn(case, k) and _AWS_OWN not in k)
    if not named:
        return ""
    return f"Let the role decrypt (kms:Decrypt) with the key behind {', '.join(named)}, too."


def _of_images(case: Case, definition: TaskDefinition) -> Iterator[tuple[tuple[str, ...], str]]:
    images = [m for c in definition.containers for m in (_IMAGE.fullmatch(c.image),) if m]
    partition = case.environment.arn("ecr", "").split(":")[1]
    for m in images:
        yield _PULL, f"arn:{partition}:ecr:{m['region']}:{m['account']}:repository/{m['name']}"
    if images:
        yield ("ecr:GetAuthorizationToken",), "*"  # takes no narrower resource


def _of_log_groups(case: Case, definition: TaskDefinition) -> Iterator[tuple[tuple[str, ...], str]]:
    for group in {c.log_group for c in definition.containers}:
        if _LOG_GROUP.fullmatch(group):
            arn = case.environment.arn("logs", f"log-group:{group}:*")
            yield ("logs:CreateLogStream", "logs:PutLogEvents"), arn
