"""Checks of a fix as a whole: no unknown member of a call, and a listener that is complete."""

from __future__ import annotations

from collections.abc import Iterator

from canary.diagnose.core.case import Case
from canary.diagnose.remedies import well
from canary.diagnose.remedies.check_services import AS_IT_WAS
from canary.diagnose.remedies.edit import Edit, Later, Parameters
from canary.diagnose.remedies.listeners import create_listener
from canary.diagnose.remedies.services import create_service

Edits = tuple[Edit, ...]
_CREATE = "create-listener"
_CHECK = ("Protocol", "Port", "Path", "Enabled", "IntervalSeconds", "TimeoutSeconds")
# The members of each call that its check looks at; with another one it may widen anything.
MEMBERS: dict[str, frozenset[str]] = {
    "elbv2 modify-rule": frozenset(
        {"RuleArn", "Actions", "Conditions", "Transforms", "ResetTransforms"}
    ),
    "elbv2 create-rule": frozenset(
        {"ListenerArn", "Priority", "Conditions", "Actions", "Transforms", "Tags"}
    ),
    "elbv2 delete-rule": frozenset({"RuleArn"}),
    "elbv2 set-rule-priorities": frozenset({"RulePriorities"}),
    "elbv2 modify-listener": frozenset(
        {
            *("ListenerArn", "Port", "Protocol", "SslPolicy", "Certificates", "DefaultActions"),
            "MutualAuthentication",
        }
    ),
    "elbv2 create-listener": frozenset(
        {
            *("LoadBalancerArn", "Port", "Protocol", "SslPolicy", "Certificates"),
            *("DefaultActions", "AlpnPolicy", "MutualAuthentication", "Tags"),
        }
    ),
    "elbv2 add-listener-certificates": frozenset({"ListenerArn", "Certificates"}),
    "elbv2 modify-listener-attributes": frozenset({"ListenerArn", "Attributes"}),
    "elbv2 modify-load-balancer-attributes": frozenset({"LoadBalancerArn", "Attributes"}),
    "elbv2 set-security-groups": frozenset({"LoadBalancerArn", "SecurityGroups"}),
    "elbv2 modify-target-group": frozenset(
        {
            *("TargetGroupArn", "Matcher", "HealthyThresholdCount", "UnhealthyThresholdCount"),
            *(f"HealthCheck{part}" for part in _CHECK),
        }
    ),
    "elbv2 register-targets": frozenset({"TargetGroupArn", "Targets"}),
    "elbv2 deregister-targets": frozenset({"TargetGroupArn", "Targets"}),
    "ec2 authorize-security-group-ingress": frozenset({"GroupId", "IpPermissions"}),
    "ec2 authorize-security-group-egress": frozenset({"GroupId", "IpPermissions"}),
    "rds start-db-cluster": frozenset({"DBClusterIdentifier"}),
    "rds start-db-instance": frozenset({"DBInstanceIdentifier"}),
    "ecs update-service": frozenset(
        {
            *("cluster", "service", "forceNewDeployment", "taskDefinition", "desiredCount"),
            *("networkConfiguration", "loadBalancers", "serviceRegistries", *AS_IT_WAS),
        }
    ),
}


def as_a_whole(case: Case, edits: Edits) -> Iterator[str]:
    """Yield why edits must not be printed together, nothing if they may."""
    for edit in edits:
        yield from unknown_members(edit)
        if (edit.service, edit.operation) == ("ecs", "create-service"):
            yield from _whole_service(case, edit)
    yield from _whole_listeners(case, edits)


def _whole_service(case: Case, edit: Edit) -> Iterator[str]:
    """Check a service that is created: just the one that was there, but for names made anew."""
    was = well.service(case, edit.parameters["serviceName"])
    whole = create_service(edit.parameters["cluster"], was).parameters if was else {}
    if _apart(edit.parameters) != _apart(whole):
        yield "the service would not be the one that was there"


def _apart(parameters: Parameters) -> Parameters:
    return {k: v for k, v in parameters.items() if k != "serviceRegistries"}


def unknown_members(edit: Edit) -> Iterator[str]:
    """Yield the members of a call of which nothing is known."""
    call = f"{edit.service} {edit.operation}"
    for name in edit.parameters:
        if name not in MEMBERS.get(call, edit.parameters):
            yield f"nothing is known of what {name} of {call} may widen"


def _whole_listeners(case: Case, edits: Edits) -> Iterator[str]:
    """Check listeners that are created: all that belonged to each of them comes back, as it was."""
    wanted = [_said(e) for create in edits if create.operation == _CREATE
              for e in _as_it_was(case, create)]  # fmt: skip
    there = [_said(e) for e in edits if _of_new(e)]
    if any(one not in there for one in wanted):
        yield "the new listener would not have all that the one before it had"
    if any(one not in wanted for one in there):
        yield "the new listener would have more than the one before it had"


def _said(edit: Edit) -> tuple[str, object]:
    return edit.operation, edit.parameters


def _of_new(edit: Edit) -> bool:
    """Return whether an edit creates a listener, or is about one that an earlier edit creates."""
    about = edit.parameters.get("ListenerArn")
    return edit.operation == _CREATE or (isinstance(about, Later) and edit.service == "elbv2")


def _as_it_was(case: Case, create: Edit) -> Edits:
    arn, port = create.parameters["LoadBalancerArn"], create.parameters["Port"]
    old = well.balancer(case, arn)
    was = next((x for x in (old.listeners if old else ()) if x.port == port), None)
    return create_listener(old, was) if old and was else (create,)
