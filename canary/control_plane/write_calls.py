"""Write calls as CloudTrail records them: what a call changed, and how to look it up.

AWS promises a resource name in the event history for few calls only (a security group's id, see
https://repost.aws/knowledge-center/cloudtrail-event-history-changed). What a call changed is
therefore read from its parameters, and calls are looked up by their names:
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from canary.control_plane.named_objects import Changed, named, object_of
from canary.control_plane.state import Unavailable
from canary.model import Frozen

LookUp = tuple[str, str]
"""An attribute and its value, as LookupEvents takes one of them."""
WRITES: LookUp = ("ReadOnly", "false")
Origin = Literal["somebody", "AWS", "canary"]
_REPLACING = (
    *("RegisterTargets", "DeregisterTargets", "RegisterInstance", "DeregisterInstance"),
    *("UpdateInstanceCustomHealthStatus", "CreateNetworkInterface", "DeleteNetworkInterface"),
)
MOST_REFERENCES = 100


class WriteCall(Frozen, frozen=True, kw_only=True):
    """One event of CloudTrail, in texts that are masked and bounded."""

    id: str
    name: str  # "DeleteRule"
    source: str  # "elasticloadbalancing.amazonaws.com"
    at: str  # ISO 8601
    who: str  # "alice", "the role deploy (session ci-7)", "AWS (ecs.amazonaws.com)"
    caller: str  # its ARN, or who called for AWS
    origin: Origin = "somebody"
    through: str = ""  # "cloudformation.amazonaws.com", where AWS called on somebody's behalf
    address: str = ""
    tool: str = ""
    error: str = ""  # a call that was refused changed nothing
    changed: tuple[Changed, ...] = ()
    uses: tuple[Changed, ...] = ()  # what a listener or a rule uses since this call

    @property
    def is_routine(self) -> bool:
        """Return whether AWS replaces a task by this call, or the canary itself made it."""
        by_itself = self.origin == "AWS" and self.name in _REPLACING
        return by_itself or self.origin == "canary"


class Audit(Frozen, frozen=True, kw_only=True):
    """What CloudTrail answered: calls, and why they may not be all."""

    calls: tuple[WriteCall, ...] = ()
    problem: str = ""
    whole: bool = False  # every write call of the time was read
    since: str = ""  # ISO 8601: the begin of that time
    denied: Unavailable | None = None  # the look-up that the canary may not do


# The parameters that hold what a call changes, the most exact one first, and the object's kind.
_KEYS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "elasticloadbalancing": (
        ("ruleArn", "rule"),
        ("listenerArn", "listener"),
        ("targetGroupArn", "target group"),
        ("loadBalancerArn", "load balancer"),
    ),
    "ec2": (
        ("groupId", "security group"),
        ("networkAclId", ""),
        ("routeTableId", ""),
        ("natGatewayId", ""),
        ("vpcEndpointId", ""),
    ),
    "ecs": (
        ("service", "service"),
        ("serviceName", "service"),
        ("task", ""),
        ("taskDefinition", "task definition"),
        ("family", "task definition"),
        ("cluster", "cluster"),
    ),
    "secretsmanager": (("secretId", "secret"), ("name", "secret")),
    "ssm": (("name", "parameter"), ("names", "parameter")),
    "servicediscovery": (("serviceId", "registry"), ("id", "registry")),
    "iam": (("roleName", "role"), ("userName", "")),
    "s3": (("bucketName", "bucket"),),
    "acm": (("certificateArn", "certificate"),),
    "logs": (("logGroupName", "log group"),),
    "kms": (("keyId", "key"),),
}
# The calls to look up one by one where an account has too many for all to be read.
_CALLS: Mapping[str, tuple[str, ...]] = {
    "rule": ("DeleteRule", "ModifyRule", "SetRulePriorities"),
    "listener": ("DeleteListener", "ModifyListener", "DeleteRule", "ModifyRule"),
    "target group": ("ModifyTargetGroup", "DeregisterTargets", "DeleteTargetGroup"),
    "load balancer": ("DeleteListener", "SetSecurityGroups", "ModifyLoadBalancerAttributes"),
    "service": ("UpdateService", "DeleteService"),
    "task definition": ("UpdateService", "RegisterTaskDefinition"),
    "secret": ("PutSecretValue", "DeleteSecret", "UpdateSecret"),
    "parameter": ("PutParameter", "DeleteParameter"),
    "registry": ("DeregisterInstance", "RegisterInstance"),
    "role": ("PutRolePolicy", "DeleteRolePolicy", "DetachRolePolicy"),
    "bucket": ("PutBucketPolicy", "DeleteBucketPolicy"),
    "certificate": ("ImportCertificate", "DeleteCertificate"),
    "": ("UpdateService", "PutSecretValue"),
}


def changed_by(source: str, given: Mapping[str, Any]) -> tuple[Changed, ...]:
    """Return what a call with these parameters changes; nested parameters are references only."""
    service = source.partition(".")[0]
    given = _unwrapped(given) if service == "ec2" else given
    if service == "elasticloadbalancing" and isinstance(given.get("rulePriorities"), list):
        pairs = [p for p in given["rulePriorities"] if isinstance(p, dict)]
        return tuple(object_of("rule", str(p.get("ruleArn", ""))) for p in pairs)
    for key, kind in _KEYS.get(service, ()):
        values = given.get(key)
        listed = values if isinstance(values, list) else [values]
        texts = [v.get("content") if isinstance(v, dict) else v for v in listed]
        found = [v for v in texts if isinstance(v, str) and v.strip()]
        if found:
            cluster = str(given.get("cluster") or "default") if kind == "service" else ""
            return tuple(object_of(kind, value, cluster) for value in found)
    return ()


def _unwrapped(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the parameters that EC2 records in one object, for some of its calls.

    `{"DeleteVpcEndpointsRequest": {"VpcEndpointId": {"content": "vpce-1", "tag": 1}}}`: their names
    begin with a capital letter, and one of several values is an object too.
    """
    inner = next(iter(given.values())) if len(given) == 1 else None
    if not isinstance(inner, dict) or not next(iter(given)).endswith("Request"):
        return given
    return {key[:1].lower() + key[1:]: value for key, value in inner.items()}


def used_by(source: str, given: Mapping[str, Any]) -> tuple[Changed, ...]:
    """Return the certificates and target groups that a listener or a rule is told to use."""
    if source.partition(".")[0] != "elasticloadbalancing":
        return ()
    found = (named(text) for text in _texts(list(given.values())))
    kinds = ("certificate", "target group")
    return tuple(o for o in found if o is not None and o.kind in kinds)[:MOST_REFERENCES]


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in a value; the value was read from JSON, which bounds its depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts(list(value.values()))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def lookups(wanted: Iterable[Changed]) -> Iterator[LookUp]:
    """Yield a look-up for each object in turn, then a second one for each, and so on."""
    rows = [
        [("ResourceName", next(iter(sorted(w.names))))]
        if w.kind == "security group"
        else [("EventName", call) for call in _CALLS.get(w.kind, ())]
        for w in wanted
    ]
    given: set[LookUp] = set()
    for turn in range(max(map(len, rows), default=0)):
        for row in rows:
            if turn < len(row) and row[turn] not in given:
                given.add(row[turn])
                yield row[turn]


def is_at_home(call_region: str, call_account: str, region: str, account: str) -> bool:
    """Return whether an event is of this region and account; one that says nothing may be."""
    return call_region in ("", region) and call_account in ("", account)
