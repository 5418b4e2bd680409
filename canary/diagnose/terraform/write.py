"""Write the Terraform text of a fix: every block whole, or no text at all."""

from __future__ import annotations

import re
from collections.abc import Callable

from canary.diagnose.core.case import Case
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.terraform import (
    balancers,
    listeners,
    network,
    others,
    rules,
    services,
    target_groups,
)
from canary.diagnose.terraform.draft import Draft, listed
from canary.diagnose.terraform.hcl import NotWholeError

Writer = Callable[[Draft, Edit], bool | None]
PROVIDER = "6"  # the major version of hashicorp/aws whose arguments the blocks have
_MAX_TEXT = 40_000  # a longer text is left out whole
_REGION = re.compile(r"[a-z0-9-]+", re.ASCII)


def _typed(_draft: Draft, _edit: Edit) -> bool:
    """Draft nothing: ECS or a person keeps this, and no configuration holds it."""
    return False


# A fix with another call has no blocks, such as one that stores a value. See decision 14.
WRITERS: dict[str, Writer] = {
    "elbv2 modify-rule": rules.changed,
    "elbv2 set-rule-priorities": rules.moved,
    "elbv2 create-rule": rules.created,
    "elbv2 delete-rule": _typed,  # it was not there while all was well
    "elbv2 modify-listener": listeners.changed,
    "elbv2 create-listener": listeners.created,
    "elbv2 add-listener-certificates": listeners.certificates,
    "elbv2 modify-listener-attributes": listeners.attributes,
    "elbv2 modify-load-balancer-attributes": balancers.changed,
    "elbv2 set-security-groups": balancers.changed,
    "elbv2 modify-target-group": target_groups.checked,
    "elbv2 register-targets": _typed,
    "elbv2 deregister-targets": _typed,
    "ec2 authorize-security-group-ingress": network.authorized,
    "ec2 authorize-security-group-egress": network.authorized,
    "ecs update-service": services.changed,
    "ecs create-service": services.created,
    "iam put-role-policy": others.role_policy,
    "iam attach-role-policy": others.attached_policy,
    "logs create-log-group": others.log_group,
    "servicediscovery create-service": others.internal_name,
    "servicediscovery register-instance": _typed,
    "servicediscovery deregister-instance": _typed,
}


def text(case: Case, edits: tuple[Edit, ...]) -> str:
    """Return the blocks of a fix, an empty text where one of them could not be whole."""
    draft = Draft(case)
    try:
        for number, edit in enumerate(edits, 1):
            writer = WRITERS.get(f"{edit.service} {edit.operation}")
            if writer is None:
                return ""
            if writer(draft, edit) is False:
                draft.typed.append(number)
        found = listed(draft.resources)
    except NotWholeError:
        return ""
    whole = f"{_head(draft)}\n{found}" if found else ""
    return whole if len(whole) <= _MAX_TEXT else ""


def _head(draft: Draft) -> str:
    region = draft.case.environment.region
    where = f", region {region}" if _REGION.fullmatch(region) else ""
    lines = [
        f"# Instead of the commands. Terraform 1.5 or newer, hashicorp/aws {PROVIDER}{where}.",
    ]
    if draft.typed:
        numbers = " and ".join(str(n) for n in draft.typed)
        lines.append(f"# Type command {numbers} of the fix as well: no configuration holds that.")
    return "".join(f"{line}\n" for line in lines)
