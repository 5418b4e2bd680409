"""Tasks that wait in vain for their image, secrets or logs at their start.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from canary.control_plane.aws_lists.task_starts import GROUP_OR_WAY
from canary.control_plane.firewall import Side, resolved
from canary.control_plane.state import EcsService
from canary.control_plane.unread import Known
from canary.control_plane.vpc import Endpoint, Network, entries
from canary.control_plane.way import End, Hop, Stop, Way, outside, way
from canary.control_plane.way.routes import beside_gateways, table_of
from canary.diagnose.core.case import Case, Failures, Suspect
from canary.diagnose.core.finding import Finding
from canary.diagnose.ecs import log_groups, task_stops
from canary.diagnose.ecs.stop_words import UNREACHED
from canary.diagnose.network.connections import side_of
from canary.diagnose.network.way_remedies import decision
from canary.diagnose.network.ways import CAUSES
from canary.model import Confidence, Remedy

# A part of the host that a task asked, and the endpoint that serves it. Layers of images are in S3.
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
_HOSTS = (
    ("dkr.ecr", "ecr.dkr"), ("api.ecr", "ecr.api"), ("secretsmanager", "secretsmanager"),
    ("ssm", "ssm"), ("logs", "logs"), ("kms", "kms"), ("s3", "s3"),
)  # fmt: skip
_LAYERS = "starport-layer-bucket"
_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn")
# What the sentence speaks of, where it names no host.
_WORDS = (
    (r"Secrets Manager|secretsmanager|asm ", "secretsmanager"),
    (r"ssm|parameter", "ssm"),
    (r"registry auth|ecr", "ecr.api"),
    (r"(?i)logger|log (stream|group)|cloudwatch", "logs"),
)
_NOT_REACHED = "The image, the secrets or the logs were not reached."
_NOT_FOUND = "See first whether the log group of the task definition exists; else create it."
_CAUSES = {**CAUSES, Hop.EGRESS: "security-group-blocked", Hop.INGRESS: "security-group-blocked"}


def at_start(case: Case) -> Iterator[Finding]:
    """Report the hop that keeps tasks from AWS at their start; POSSIBLE where none is known."""
    for suspect in case.suspects(churn=True):
        stop = task_stops.stop_of(case, suspect.name)
        if stop and stop.cause == UNREACHED:
            yield _finding(case, suspect, stop)


def _finding(case: Case, suspect: Suspect, stop: task_stops.Stop) -> Finding:
    name, service, failures = suspect
    asked = service_of(stop.words)
    ways = _ways(case, suspect, stop, asked)
    closed = next((w.stop for w in ways if w.stop), None)
    what = f"the tasks of {service.name}" + (f" to {asked}" if asked else "")
    if closed is None:
        return _unknown(case, name, service, stop, failures, ways)
    everywhere = all(w.is_open is Known.NO for w in ways)
    sure = closed.shown and everywhere and stop.task is not None
    return Finding(
        cause=_CAUSES[closed.hop],
        service=name,
        resource=closed.resource,
        confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
        summary=f"{service.name} has tasks that cannot reach AWS at start: {closed.says}.",
        evidence=(*stop.evidence(), *case.evidence(closed.resource, closed.says, "an open way")),
        shown_failures=1,
        remedy=decision(case, closed, what),
        explained_failures=failures,
    )


def _unknown(
    case: Case, name: str, service: EcsService, stop: task_stops.Stop, failures: Failures,
    ways: list[Way],
) -> Finding:  # fmt: skip
    """Return what is left where no reading shows the hop: POSSIBLE, with what to look at."""
    unknown = [u for w in ways for u in w.unknown]
    read = case.state.network is not None
    seen = "; ".join(dict.fromkeys(unknown)) or ("the way is open" if read else "was not read")
    subnets = ", ".join(service.subnets)
    unlogged = _may_lack_its_log_group(case, name, stop)
    timed_out = f"{service.name} has tasks that cannot reach AWS at start: their request timed out."
    return Finding(
        cause=log_groups.GONE if unlogged else UNREACHED,
        service=name,
        resource=service.arn,
        # that a way is closed is likely, by AWS's own words; which hop it is, only possible
        confidence=Confidence.LIKELY,
        one_of_two=True,
        summary=f"{service.name} has tasks that do not find their log group, or do not reach it."
        if unlogged
        else timed_out,
        evidence=(*stop.evidence(), *case.evidence(subnets or "the tasks' subnets", seen, "read")),
        shown_failures=1,
        remedy=Remedy(
            summary="See the way of the tasks out of their subnets.",
            inspect=(
                case.aws("ec2", "describe-route-tables"),
                case.aws("ec2", "describe-nat-gateways"),
                case.aws("ec2", "describe-vpc-endpoints"),
                case.aws("ec2", "describe-network-acls"),
            ),
            decision=f"{_NOT_FOUND if unlogged else _NOT_REACHED} See, for {subnets}: the route to"
            " a NAT gateway (or a public address and an internet gateway) or the endpoints of"
            " ecr.api, ecr.dkr, s3, secretsmanager, ssm and logs; their groups on 443; network"
            " ACLs in both directions; DNS.",
        ),
        explained_failures=failures,
    )


def _may_lack_its_log_group(case: Case, name: str, stop: task_stops.Stop) -> bool:
    """Return whether AWS's words fit a log group that is gone, and nobody read whether it is."""
    gone = log_groups.is_gone(case, name, stop.task)
    return stop.form in GROUP_OR_WAY and gone is Known.UNKNOWN


def service_of(words: str) -> str:
    """Return the service of AWS that a task asked in vain, "" for a host of somebody else."""
    host = re.search(r"https?://([\w.-]+)", words)
    if host:
        return _of_host(host[1])
    return next((s for pattern, s in _WORDS if re.search(pattern, words)), "")


def _of_host(host: str) -> str:
    """Return the service of AWS that has a host; a host of others may be called as one is."""
    inner = next((host.removesuffix(d) for d in _DOMAINS if host.endswith(d)), "")
    if _LAYERS in (inner or host):
        return "s3"
    if not inner:  # AWS's page writes "https://api.ecr" alone
        return next((s for part, s in _HOSTS if part == host), "")
    return next((s for part, s in _HOSTS if f".{part}." in f".{inner}."), "")


def _ways(case: Case, suspect: Suspect, stop: task_stops.Stop, asked: str) -> list[Way]:
    """Return the way out of each subnet in which the tasks were started."""
    network, side = case.state.network, side_of(case, suspect.name)
    if network is None:
        return []
    own = stop.task.subnet if stop.task else ""
    subnets = (own,) if own else suspect.service.subnets
    cidrs = {s.id: s.cidr for s in (*case.state.subnets, *network.subnets)}
    public = {"ENABLED": Known.YES, "DISABLED": Known.NO}
    ends = [
        End(
            side=resolved(Side(groups=side.groups if side else (), networks=(cidrs[i],), family=4),
                          entries(network)),
            network=cidrs[i],
            subnet=i,
            public=public.get(suspect.service.public_address, Known.UNKNOWN),
            groups_read=side is not None,
        )
        for i in subnets
        if cidrs.get(i)
    ]  # fmt: skip
    return [_way(case, network, end, asked) for end in ends]


def _way(case: Case, network: Network, task: End, asked: str) -> Way:
    """Return the way to a service of AWS: by its endpoint where DNS leads there, else outside."""
    own = [e for e in network.endpoints if asked and e.service.endswith(f".{asked}")]
    inside = [e for e in own if e.type == "Interface" and e.private_dns and e.state == "available"]
    if inside:
        return _to_endpoint(case, network, task, inside[0])
    gateway = next((e for e in own if e.type == "Gateway" and e.state == "available"), None)
    table = table_of(network, task.subnet)
    if gateway and table and table.id in gateway.route_tables:
        return Way(is_open=Known.UNKNOWN, unknown=(f"the policy of {gateway.id} is not read",))
    found = way(beside_gateways(network, asked) if asked else network, task, outside(), 443)
    shared = not own and _is_shared(case, network, task.subnet)
    if asked and ("endpoints" in network.unread or shared):
        return Way(is_open=Known.UNKNOWN, unknown=("the endpoints were not read", *found.unknown))
    return _without_endpoint(network, task, asked, own, found)


def _is_shared(case: Case, network: Network, subnet: str) -> bool:
    """Return whether a subnet is another account's, whose endpoints AWS does not list here."""
    owner = next((s.owner for s in network.subnets if s.id == subnet), "")
    return bool(owner) and owner != case.environment.account


def _without_endpoint(
    network: Network, task: End, asked: str, own: list[Endpoint], found: Way
) -> Way:
    """Tell a missing endpoint where the tasks' VPC is built of endpoints, and has no way out."""
    stop = found.stop
    others = [e for e in network.endpoints if e.type == "Interface" and e.state == "available"]
    if stop is None or stop.hop is not Hop.ROUTE or stop.route or not asked:
        return found
    if not others and not own:
        return found
    bad = next((e for e in own if e.state != "available"), None)
    hidden = next((e for e in own if e.type == "Interface" and not e.private_dns), None)
    says = f"{task.subnet} has no route out, and its VPC has no endpoint of {asked}"
    if bad:
        says = f"{task.subnet} has no route out, and {bad.id} ({bad.service}) is {bad.state}"
    elif hidden:
        says = f"{task.subnet} has no route out, and {hidden.id} of {asked} has no private DNS"
    known = bad or hidden
    lost = Stop(
        hop=Hop.ENDPOINT, resource=known.id if known else asked, says=says, shown=bad is not None
    )
    return replace(found, stop=lost)


def _to_endpoint(case: Case, network: Network, task: End, point: Endpoint) -> Way:
    """Return the way to an interface endpoint, in the first of its subnets that is known."""
    cidrs = {s.id: s.cidr for s in network.subnets}
    subnet = next((s for s in point.subnets if cidrs.get(s)), "")
    if not subnet:
        return Way(is_open=Known.UNKNOWN, unknown=(f"the subnets of {point.id} were not read",))
    groups = tuple(g for i in point.groups if (g := case.security_group(i)))
    side = Side(groups=groups, networks=(cidrs[subnet],), family=4)
    end = End(side=resolved(side, entries(network)), network=cidrs[subnet], subnet=subnet,
              groups_read=len(groups) == len(point.groups))  # fmt: skip
    return way(network, task, end, 443)
