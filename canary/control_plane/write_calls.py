"""Write calls as CloudTrail records them: what a call changed, and how to look it up.

AWS promises a resource name in the event history for few calls only (a security group's id, see
https://repost.aws/knowledge-center/cloudtrail-event-history-changed). What a call changed is
therefore read from its parameters, and calls are looked up by their names:
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from canary.model import Frozen

LookUp = tuple[str, str]
"""An attribute and its value, as LookupEvents takes one of them."""
WRITES: LookUp = ("ReadOnly", "false")
_ARN = re.compile(
    r"arn:aws[\w-]*:(?P<service>[\w-]+):(?P<region>[\w-]*):(?P<account>\d*):(?P<rest>.+)", re.DOTALL
)
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")  # Secrets Manager puts it behind a secret's name
_REVISION = re.compile(r":\d+$")


class Changed(Frozen, frozen=True, kw_only=True):
    """The object of a call or of a diagnosis: its kind and the names by which it is known.

    A name of an unknown kind has the kind "".
    """

    kind: str
    names: frozenset[str]
    parent: Changed | None = None

    def same(self, other: Changed) -> bool:
        """Return whether both are one object."""
        kinds = {self.kind, other.kind}
        return (len(kinds) == 1 or "" in kinds) and bool(self.names & other.names)


class WriteCall(Frozen, frozen=True, kw_only=True):
    """One event of CloudTrail, in texts that are masked and bounded."""

    id: str
    name: str  # "DeleteRule"
    source: str  # "elasticloadbalancing.amazonaws.com"
    at: str  # ISO 8601
    who: str  # "alice", "the role deploy (session ci-7)", "AWS (ecs.amazonaws.com)"
    caller: str  # its ARN, or who called for AWS
    address: str = ""
    tool: str = ""
    error: str = ""  # a call that was refused changed nothing
    changed: tuple[Changed, ...] = ()


class Audit(Frozen, frozen=True, kw_only=True):
    """What CloudTrail answered: calls, and why they may not be all."""

    calls: tuple[WriteCall, ...] = ()
    problem: str = ""
    whole: bool = False  # every write call of the time was read


# The parameters that hold what a call changes, the most exact one first, and the object's kind.
_KEYS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "elasticloadbalancing": (
        ("ruleArn", "rule"),
        ("listenerArn", "listener"),
        ("targetGroupArn", "target group"),
        ("loadBalancerArn", "load balancer"),
    ),
    "ec2": (("groupId", "security group"), ("networkAclId", ""), ("routeTableId", "")),
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
    if service == "elasticloadbalancing" and isinstance(given.get("rulePriorities"), list):
        pairs = [p for p in given["rulePriorities"] if isinstance(p, dict)]
        return tuple(_named("rule", str(p.get("ruleArn", ""))) for p in pairs)
    for key, kind in _KEYS.get(service, ()):
        values = given.get(key)
        listed = values if isinstance(values, list) else [values]
        found = [v for v in listed if isinstance(v, str) and v.strip()]
        if found:
            cluster = str(given.get("cluster") or "default") if kind == "service" else ""
            return tuple(_named(kind, value, cluster) for value in found)
    return ()


def named(resource: str) -> Changed | None:
    """Return the object that a diagnosis names; None for a text that names none."""
    text = resource.strip()
    if not text or len(text) > 2_048 or any(c.isspace() for c in text):
        return None
    match = _ARN.fullmatch(text)
    if match:
        kind = _kind_of(match["service"], match["rest"])
        return _named(kind, text) if kind else None
    if text.startswith("sg-"):
        return _named("security group", text)
    return _named("task definition" if _REVISION.search(text) else "", text)


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


def _named(kind: str, text: str, cluster: str = "") -> Changed:
    match = _ARN.fullmatch(text)
    rest = match["rest"] if match else text
    names = _NAMES.get(kind, _plain)(text, rest, bool(match))
    if cluster:
        own = cluster.rpartition("/")[2]
        names = {n if "/" in n else f"{own}/{n}" for n in names} | {rest.rpartition("/")[2]}
    return Changed(kind=kind, names=frozenset(names), parent=_parent(kind, text))


def _parent(kind: str, text: str) -> Changed | None:
    """Return what a rule or listener belongs to: their ARNs contain it."""
    if kind == "rule" and ":listener-rule/" in text:
        above = text.replace(":listener-rule/", ":listener/").rpartition("/")[0]
        return _named("listener", above)
    if kind == "listener" and ":listener/" in text:
        above = text.replace(":listener/", ":loadbalancer/").rpartition("/")[0]
        return _named("load balancer", above)
    return None


def _kind_of(service: str, rest: str) -> str:
    first = re.split(r"[:/]", rest, maxsplit=1)[0]
    return {
        ("elasticloadbalancing", "listener-rule"): "rule",
        ("elasticloadbalancing", "listener"): "listener",
        ("elasticloadbalancing", "targetgroup"): "target group",
        ("elasticloadbalancing", "loadbalancer"): "load balancer",
        ("ec2", "security-group"): "security group",
        ("ecs", "service"): "service",
        ("ecs", "task-definition"): "task definition",
        ("ecs", "cluster"): "cluster",
        ("secretsmanager", "secret"): "secret",
        ("ssm", "parameter"): "parameter",
        ("servicediscovery", "service"): "registry",
        ("iam", "role"): "role",
        ("acm", "certificate"): "certificate",
        ("logs", "log-group"): "log group",
        ("kms", "key"): "key",
    }.get((service, first), "bucket" if service == "s3" else "")


def _plain(text: str, rest: str, arn: bool) -> set[str]:
    return {text, rest.rpartition("/")[2]} if arn else {text}


def _service(_text: str, rest: str, arn: bool) -> set[str]:
    parts = rest.split("/")
    return {"/".join(parts[1:])} if arn and len(parts) > 2 else {parts[-1], rest}


def _definition(_text: str, rest: str, _arn: bool) -> set[str]:
    return {_REVISION.sub("", rest.rpartition("/")[2])}


def _secret(_text: str, rest: str, arn: bool) -> set[str]:
    if not arn:
        return {rest}
    name = rest.partition("secret:")[2].partition(":")[0]  # behind it: JSON key, stage, version
    return {name, _SUFFIX.sub("", name)}


def _parameter(_text: str, rest: str, arn: bool) -> set[str]:
    name = rest.removeprefix("parameter") if arn else rest
    return {name.strip("/")} if name.count("/") <= 1 else {name}


def _bucket(_text: str, rest: str, _arn: bool) -> set[str]:
    return {rest.partition("/")[0]}


def _whole(text: str, _rest: str, _arn: bool) -> set[str]:
    return {text}


_NAMES = {
    "rule": _whole,
    "listener": _whole,
    "target group": _whole,
    "load balancer": _whole,
    "certificate": _whole,
    "service": _service,
    "task definition": _definition,
    "secret": _secret,
    "parameter": _parameter,
    "bucket": _bucket,
}
