"""Policies of roles: what only the past tells, beside what a start of a task needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from canary.diagnose.core.case import Case
from canary.diagnose.remedies.access import lacking, listed
from canary.diagnose.remedies.edit import Edit

_SECRETS = ("secretsmanager:", "ssm:", "kms:")
_SUFFIX = re.compile(r"-(\*|\?{6})$")  # Secrets Manager puts six characters behind a name


def unconfirmed(case: Case, edit: Edit) -> Iterator[str]:
    """Yield the resources that a role would read by a wildcard which only the past tells.

    To pull images and to write logs is what AWS's own policy for starting tasks allows everywhere.
    """
    before = (edit.before or {}).get(edit.parameters["PolicyName"])
    references = {
        reference.split(":", 5)[-1]
        for d in case.state.task_definitions
        for c in d.containers
        for reference in c.secrets.values()
    }
    for statement in lacking(edit.parameters["PolicyDocument"], before):
        for resource in listed(statement.get("Resource")) if _reads_secrets(statement) else ():
            stem = _SUFFIX.sub("", str(resource).split(":", 5)[-1])
            cut = _SUFFIX.search(str(resource)) is not None
            if re.search(r"[*?]", stem) or (cut and not _named(stem, references)):
                yield f"only the past tells that the role could read {resource}"


def _reads_secrets(statement: dict[str, Any]) -> bool:
    actions = [str(a).lower() for a in listed(statement.get("Action"))]
    secret = any(a.startswith(_SECRETS) for a in actions)
    return statement.get("Effect") == "Allow" and secret


def _named(stem: str, references: set[str]) -> bool:
    """Return whether a reference names a secret, with or without its six last characters."""
    whole = {":".join(r.split(":")[:2]) for r in references}
    return any(r == stem or (r.startswith(f"{stem}-") and len(r) == len(stem) + 7) for r in whole)
