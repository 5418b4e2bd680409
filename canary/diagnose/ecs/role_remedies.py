"""Remedies for an execution role that may not read what its tasks need at start.

A stopped reason is text from outside: it chooses between the rows here, and nothing of it stands in
a permission. What a policy names comes from the task definition's own references, and from the key
that AWS describes for a secret or parameter. ECS shows one denial at a time, so all are granted.
"""

from __future__ import annotations

import hashlib
import json
import re

from canary.control_plane.state import IamRole, TaskDefinition
from canary.diagnose.core.case import Case
from canary.diagnose.ecs import revisions
from canary.diagnose.ecs.role_needs import Needs, key_arn, needs_of, states
from canary.diagnose.ecs.task_stops import Stop
from canary.diagnose.remedies import build, well
from canary.diagnose.remedies.access import (
    allows,
    attach_role_policy,
    lacking,
    policy,
    put_role_policy,
)
from canary.diagnose.remedies.build import Edits
from canary.diagnose.remedies.check_access import AWS_OWN
from canary.diagnose.remedies.confirmed.check import by_the_present
from canary.diagnose.remedies.never_worse import objections
from canary.model import Remedy

_FAMILY = re.compile(r"not authorized to perform:? (?P<family>[\w-]+):\w")
_AWS_OWN = "alias/aws/"  # its key policy lets in whoever may read the secret
_OWN = {"ecr": "pull-at-start", "logs": "log-at-start"}  # else read-at-start
_AS_IT_WAS = (
    "The policies of {role} are as they were while all was well. See what else refuses: the policy"
    " of the secret or of its KMS key, a permissions boundary, an organisation's policy."
)
_CHANGED = (
    "The policies of {role} changed since all was well, but it lost no right that this start lacks."
    " See what else refuses: a new statement, the policy of the secret or of its KMS key, a"
    " permissions boundary, an organisation's policy."
)
_HAS_IT = (
    "{role} has a policy that allows what the task definition names. See what else refuses: another"
    " statement, the policy of the secret or of its KMS key, a permissions boundary."
)


def grant(case: Case, name: str, stop: Stop) -> Remedy:
    """Return how the role gets the rights to read what the stopped task's revision refers to."""
    stopped = case.definition(stop.task.task_definition) if stop.task else None
    definition = stopped or case.definition_of(name)
    role = definition.execution_role.rpartition("/")[2] if definition else ""
    needs = needs_of(case, definition, _family(stop.words)) if definition else {}
    was, now = _roles(case, definition)
    lost = _lost(was, now, needs, _family(stop.words)) if was and now else None
    decision = _elsewhere(stop.words, role) or ("" if lost else _unnamed(stop.words, role, needs))
    change = revisions.rollout(case, name)
    swapped = change and change.good.execution_role != change.bad.execution_role
    unchanged = lost == () and not decision
    back = revisions.rollback(case, name) if swapped or unchanged else revisions.Back()
    if unchanged and not back.edits:
        decision = (_AS_IT_WAS if _equal(was, now) else _CHANGED).format(role=role)
    own = _own(name, role, needs, _family(stop.words), now)
    alone = {why for edit in lost or () for why in by_the_present(case, edit)}
    if lost and alone and set(objections(case, lost)) <= alone:
        lost = own  # what only the past tells is wider than what the start needs
    decision = decision or ("" if lost or own else _HAS_IT.format(role=role))
    edits = back.edits or (() if decision else (*(lost or own), *revisions.deploy(case, name)))
    wanted = f"Let the execution role {role} read what the task definition names."
    return build.remedy(
        case,
        back.summary or (wanted if role else "Let the task definition name an execution role."),
        edits,
        inspect=_look(case, role),
        verify=revisions.verify(case, name),
        decision="" if back.edits or lost else _unknown_keys(case, definition),
        otherwise=decision,
    )


def _look(case: Case, role: str) -> tuple[str, ...]:
    calls = ("get-role", "list-role-policies", "list-attached-role-policies") if role else ()
    return tuple(case.aws("iam", call, role_name=role) for call in calls)


def _roles(case: Case, definition: TaskDefinition | None) -> tuple[IamRole | None, IamRole | None]:
    """Return a revision's role as it was and as it is, each None where it is not known whole."""
    arn = definition.execution_role if definition else ""
    was, now = well.role(case, arn), next((r for r in case.state.roles if r.arn == arn), None)
    return (None if was is None or was.bounded else was), (
        None if now is None or now.bounded else now
    )


def _equal(was: IamRole | None, now: IamRole | None) -> bool:
    if was is None or now is None:
        return False
    return (was.policies, was.attached) == (now.policies, now.attached)


def _lost(was: IamRole, now: IamRole, needs: Needs, family: str) -> Edits:
    """Return the edits that give a role back those policies that allowed what it needs.

    AWS's own policy allows to pull images and to write logs; of another one nothing is known.
    """
    gone = {
        name: d
        for name, d in was.policies.items()
        if _serve(lacking(d, now.policies.get(name)), needs)
    }
    return (
        *(
            attach_role_policy(now.name, a)
            for a in was.attached
            if a not in now.attached and (family in _OWN or not AWS_OWN.fullmatch(a))
        ),
        *(
            put_role_policy(now.name, name, document, now.policies.get(name))
            for name, document in sorted(gone.items())
        ),
    )


def _serve(lost: list[dict[str, object]], needs: Needs) -> bool:
    needed = [(a, r) for actions, resources in needs.items() for a in actions for r in resources]
    return any(allows(statement, a, r) for statement in lost for a, r in needed)


def _own(name: str, role: str, needs: Needs, family: str, now: IamRole | None) -> Edits:
    """Return the edit that gives a role a policy of its own, none where it has that policy.

    A later denial is of another family: its policy has another name, so that none is overwritten.
    Where the role was not read, the name tells the content: one of that name is just this policy.
    """
    wanted = policy(statements(needs))
    label = f"{name}-{_OWN.get(family, 'read-at-start')}"
    if now is None:
        content = json.dumps(wanted, sort_keys=True).encode()
        label = f"{label}-{hashlib.sha256(content).hexdigest()[:8]}"
    before = now.policies.get(label) if now else None
    more = lacking(wanted, before)
    kept = lacking(before, None)
    whole = {**wanted, **(before or {}), "Statement": [*kept, *more]}
    return (put_role_policy(role, label, whole, before),) if more else ()


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


def _unknown_keys(case: Case, definition: TaskDefinition | None) -> str:
    """Return what to do about keys that are named by an alias: a policy cannot name one."""
    references = [
        v for c in (definition.containers if definition else ()) for v in c.secrets.values()
    ]
    keys = {s.kms_key for reference in references for s in states(case, reference)}
    named = sorted(k for k in keys if not key_arn(case, k) and _AWS_OWN not in k)
    if not named:
        return ""
    return f"Let the role decrypt (kms:Decrypt) with the key behind {', '.join(named)}, too."
