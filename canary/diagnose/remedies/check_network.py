"""Checks of edits of security groups and balancers: no permission that is new."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.edge.dns import plain
from canary.diagnose.core.case import Case
from canary.diagnose.remedies import well
from canary.diagnose.remedies.confirmed import groups
from canary.diagnose.remedies.edit import Edit, Parameters
from canary.diagnose.remedies.network import EGRESS, INGRESS, peers, permission

_IDLE = "idle_timeout.timeout_seconds"
_ANYWHERE = ("0.0.0.0/0", "::/0")


def permissions(case: Case, edit: Edit) -> Iterator[str]:
    """Check permissions: the group had each of them while all was well, and the peers live."""
    identifier = edit.parameters["GroupId"]
    direction = INGRESS if edit.operation.endswith(INGRESS) else EGRESS
    now, was = case.security_group(identifier), well.security_group(case, identifier)
    if now is None:
        yield f"security group {identifier} is not there"
    allowed = {
        one for r in (getattr(was, direction) if was else ()) for one in peers(permission(r))
    }
    for wanted in edit.parameters["IpPermissions"]:
        new = [one.peer for one in peers(wanted) if one not in allowed]
        if new:
            everybody = [peer for peer in new if peer in _ANYWHERE]
            who = f"everybody ({everybody[0]})" if everybody else ", ".join(new)
            yield f"it would admit {who}, which nothing shows that {identifier} admitted before"
        yield from _peers(case, identifier, wanted)


def _peers(case: Case, identifier: str, wanted: Parameters) -> Iterator[str]:
    own = case.security_group(identifier)
    for pair in wanted.get("UserIdGroupPairs", []):
        peer = case.security_group(pair.get("GroupId", ""))
        if peer is None and pair.get("GroupId") != identifier:
            yield f"security group {pair.get('GroupId')} is not there"
        elif peer and own and peer.vpc_id and own.vpc_id and peer.vpc_id != own.vpc_id:
            yield f"security group {peer.id} belongs to another VPC"


def balancer_groups(case: Case, edit: Edit) -> Iterator[str]:
    """Check a balancer's groups: those that it had, and they are there."""
    arn, wanted = edit.parameters["LoadBalancerArn"], edit.parameters["SecurityGroups"]
    was = well.balancer(case, arn)
    if was is None or set(was.security_groups) != set(wanted):
        yield "the groups would not be those that the load balancer had"
    now = next((b for b in case.state.load_balancers if b.arn == arn), None)
    yield from groups.unknown_groups(case, wanted, now.security_groups if now else ())


def attribute(_case: Case, edit: Edit) -> Iterator[str]:
    """Check a balancer's attribute: of all, only the idle timeout is one to set back."""
    for one in edit.parameters["Attributes"]:
        if one["Key"] != _IDLE:
            yield f"nothing is known of what {one['Key']} may widen"


def record(case: Case, edit: Edit) -> Iterator[str]:
    """Check a host's record: it was so while all was well, and its balancer lives."""
    (change,) = edit.parameters["ChangeBatch"]["Changes"]
    given, host, was = change["ResourceRecordSet"], edit.resource, well.well(case)
    own = {case.services[n].load_balancer for n in case.services if case.host(n) == host}
    names = {plain(b.dns_name) for b in case.state.load_balancers if b.name in own}
    old = [r for h in (was.dns if was else ()) if h.host == host for r in h.records]
    fits = [r for r in old if r.config == given and r.zone_id == edit.parameters["HostedZoneId"]]
    if change["Action"] != "UPSERT" or not fits:
        yield f"nothing shows that {host} had this record"
    if any(r.target not in names for r in fits):
        yield f"the record does not lead to the load balancer of {host}"
