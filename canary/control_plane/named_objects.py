"""The object of a call or of a diagnosis: its kind, and the names by which it is known."""

from __future__ import annotations

import re

from canary.model import Frozen

_ARN = re.compile(
    r"arn:aws[\w-]*:(?P<service>[\w-]+):(?P<region>[\w-]*):(?P<account>\d*):(?P<rest>.+)", re.DOTALL
)
_S3 = "s3://"
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


def named(resource: str) -> Changed | None:
    """Return the object that a diagnosis names; None for a text that names none."""
    text = resource.strip()
    if not text or len(text) > 2_048 or any(c.isspace() for c in text):
        return None
    match = _ARN.fullmatch(text)
    if match:
        kind = _kind_of(match["service"], match["rest"])
        return object_of(kind, text) if kind else None
    if text.startswith(_S3):
        return object_of("bucket", text.removeprefix(_S3))
    if text.startswith("sg-"):
        return object_of("security group", text)
    return object_of("task definition" if _REVISION.search(text) else "", text)


def object_of(kind: str, text: str, cluster: str = "") -> Changed:
    """Return the object of a kind by its ARN or name; an ECS service's name needs a cluster."""
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
        return object_of("listener", above)
    if kind == "listener" and ":listener/" in text:
        above = text.replace(":listener/", ":loadbalancer/").rpartition("/")[0]
        return object_of("load balancer", above)
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
