"""Remedies for secrets and parameters; their values never stand in a command."""

from __future__ import annotations

from collections.abc import Iterable

from canary.control_plane.state import SecretState
from canary.diagnose.core.aws_cli import compact
from canary.diagnose.core.case import Case
from canary.diagnose.core.decisions import joined
from canary.diagnose.ecs import revisions
from canary.diagnose.remedies import build
from canary.diagnose.remedies.secrets import previous_value, restore_secret
from canary.model import Remedy, parse_time

FRESH_S = 24 * 3600.0


def states(case: Case, name: str) -> tuple[SecretState, ...]:
    """Return the secrets that the present or the suspected revision of a service refers to."""
    service = case.ecs(name)
    used = {service.task_definition} if service else set()
    change = revisions.rollout(case, name)
    if change:
        used.add(change.bad.arn)
    definitions = [d for arn in used if (d := case.definition(arn))]
    references = {v for d in definitions for c in d.containers for v in c.secrets.values()}
    return tuple(s for s in case.state.secrets if s.reference in references)


def restore(case: Case, name: str, words: str, cause: str) -> Remedy:
    """Return how to make a service's secret readable and correct again."""
    change = revisions.rollout(case, name)
    changed = change.difference.changed_secrets if change else ()
    for secret in () if changed else states(case, name):
        if not secret.exists:
            return _missing(case, name, secret)
    if not changed and ("json key" in words or "invalid character" in words):
        return value_back(case, name, ("",))  # the value has a wrong form
    if not changed and cause == "database-auth-failed":
        return value_back(case, name, ("password", "database", "db"))
    return revisions.remedy(
        case,
        name,
        _mend_reference(case, name, words)
        or "Create the secret that the stopped reason names, or mend the reference in the task"
        " definition.",
        summary="Make the secret that the stopped reason names readable.",
        verify=revisions.verify(case, name),
    )


def _mend_reference(case: Case, name: str, words: str) -> str:
    """Return which references have a form that ECS refuses, "" where AWS says nothing of it.

    AWS, "Pass Secrets Manager secrets through Amazon ECS environment variables": behind the
    secret's ARN stand all three of JSON key, version stage and version id, or none; what is not
    wanted is left empty.
    """
    if "arn format" not in words.lower():
        return ""
    wrong = {
        variable
        for container in case.containers(name)
        for variable, reference in container.secrets.items()
        if ":secretsmanager:" in reference and reference.count(":") in (7, 8)
    }
    named = f" of {joined(sorted(wrong))}" if wrong else ""
    return (
        f"Mend the reference{named} in a new revision of the task definition: behind the secret's"
        " ARN ECS takes :json-key:version-stage:version-id with all three colons, such as"
        " :password:: for a key alone."
    )


def _missing(case: Case, name: str, secret: SecretState) -> Remedy:
    if secret.deleted:
        return build.remedy(
            case,
            f"Take back the deletion of {secret.name}, then start tasks.",
            (restore_secret(secret.name), *revisions.deploy(case, name)),
            inspect=(case.aws("secretsmanager", "describe-secret", secret_id=secret.name),),
            verify=revisions.verify(case, name),
        )
    key = ""
    if secret.kind == "parameter":
        # nothing tells the key of what is gone: PutParameter then takes alias/aws/ssm
        key = " Where a KMS key of your own encrypted it, add --key-id to the command."
        make = case.aws.with_secret("ssm", "put-parameter", name=secret.name, type="SecureString")
        show = case.aws("ssm", "describe-parameters", filters=_by_name(secret.name))
    else:
        make = case.aws.with_secret("secretsmanager", "create-secret", name=_plain(secret.name))
        show = case.aws("secretsmanager", "list-secrets", include_planned_deletion=True)
    return Remedy(
        summary=f"Create {secret.name} again, then start tasks.",
        inspect=(show,),
        verify=revisions.verify(case, name),
        decision=f"{secret.name} is gone for good: only its owner knows the value. Type this"
        " command, then the value, which the terminal does not show; then deploy"
        f" {name} anew.{key}",
        decision_command=make,
    )


def _by_name(name: str) -> str:
    """Return a filter as JSON: in the short form a comma of the name would begin another key."""
    return compact([{"Key": "Name", "Values": [name]}])


def _plain(identifier: str) -> str:
    """Return a secret's name from its ARN, without the six random characters."""
    tail = identifier.rpartition(":secret:")[2]
    name, _, suffix = tail.rpartition("-")
    return name if name and len(suffix) == 6 else tail


def value_back(case: Case, name: str, words: tuple[str, ...], also: Iterable[str] = ()) -> Remedy:
    """Return how to restore the previous value of a recently changed secret or parameter.

    Only secrets of variables whose names contain one of the words count. `also` names further
    services that use the value.
    """
    fresh = tuple(e for n in (name, *also) for e in revisions.deploy(case, n))
    recent = [
        s
        for s in states(case, name)
        if s.version_before and case.age(s.changed_at) < FRESH_S and _about(case, name, s, words)
    ]
    recent.sort(key=lambda s: s.changed_at, reverse=True)
    if not recent:
        return revisions.remedy(
            case,
            name,
            "Nothing shows an earlier value: its owner must set the right one.",
            summary="Compare the login in the secret with the one in the database.",
            verify=revisions.verify(case, name),
        )
    secret = recent[0]
    tried = _was_tried(case, name, secret)
    back = f"Put the value of {secret.name} back that was there before {secret.changed_at}"
    first = f"Start tasks anew: none of them was started with the value of {secret.name} that was"
    return build.remedy(
        case,
        f"{back}, then start tasks." if tried else f"{first} stored at {secret.changed_at}.",
        (previous_value(secret), *fresh) if tried else fresh,
        inspect=(_show(case, secret), *revisions.inspect(case, name)),
        verify=revisions.verify(case, name),
        decision="Look first whether the change was meant; then the other side must follow it."
        if tried
        else "",
    )


def _was_tried(case: Case, name: str, secret: SecretState) -> bool:
    """Return whether a task was started after a secret changed: only then it has the value."""
    service, changed = case.ecs(name), parse_time(secret.changed_at)
    starts = [parse_time(t.created_at) for t in (service.tasks if service else ())]
    known = [s for s in starts if s is not None]
    return changed is None or not known or any(s >= changed for s in known)


def _about(case: Case, name: str, secret: SecretState, words: tuple[str, ...]) -> bool:
    """Return whether a secret is injected into a variable whose name contains one of the words."""
    names = [
        n.lower()
        for c in case.containers(name)
        for n, v in c.secrets.items()
        if v == secret.reference
    ]
    return any(w in n for n in names for w in words)


def _show(case: Case, secret: SecretState) -> str:
    if secret.kind == "parameter":
        return case.aws("ssm", "describe-parameters", filters=_by_name(secret.name))
    return case.aws("secretsmanager", "list-secret-version-ids", secret_id=secret.name)
