"""What an edit refers to: it must live, in this account, region and VPC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from canary.control_plane.certificates import usable
from canary.control_plane.state import LoadBalancer
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.edit import Edit, Later


def references(case: Case, edit: Edit) -> Iterator[str]:
    """Yield what an edit refers to that is not there, or that belongs elsewhere."""
    region, account = case.environment.region, case.environment.account
    for arn in sorted(_arns(edit.parameters)):
        parts = arn.split(":")
        if parts[3] not in (region, "") or (account and parts[4] not in (account, "")):
            yield f"{arn} belongs to another account or region"
        elif parts[2] == "elasticloadbalancing" and ":targetgroup/" in arn:
            yield from _target_group(case, arn, edit)
        elif ":certificate/" in arn:
            known = next((c for c in case.state.certificates if c.arn == arn), None)
            if known is None or not usable(known, case.now):
                yield f"certificate {arn} is not known to be valid now"


def _arns(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {a for v in value.values() for a in _arns(v)}
    if isinstance(value, list | tuple):
        return {a for v in value for a in _arns(v)}
    text = value if isinstance(value, str) else ""
    return {text} if text.startswith("arn:") and text.count(":") >= 5 else set()


def _target_group(case: Case, arn: str, edit: Edit) -> Iterator[str]:
    group = case.group(arn)
    if group is None:
        yield f"target group {arn} is not there"
        return
    owner = balancer_of(case, edit)
    if owner and owner.vpc_id and group.vpc_id and owner.vpc_id != group.vpc_id:
        yield f"target group {group.name} belongs to another VPC than {owner.name}"


def balancer_of(case: Case, edit: Edit) -> LoadBalancer | None:
    """Return the load balancer that an edit is about, None if it does not say."""
    given = edit.parameters.values()
    named = {v for v in given if isinstance(v, str)}
    named |= {str(v.parameters.get("LoadBalancerArn")) for v in given if isinstance(v, Later)}
    for balancer in case.state.load_balancers:
        own = {balancer.arn, *(x.arn for x in balancer.listeners)}
        own |= {r.arn for x in balancer.listeners for r in x.rules}
        if own & named:
            return balancer
    return None
