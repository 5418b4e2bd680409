"""Find the cluster and the services that a person means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from canary.observe.calls import Permission, Reader
from canary.survey.failures import listed, near, refuse
from canary.survey.values import MOST_SERVICES, Asked, SurveyError

# ListClusters takes no resource (Service Authorization Reference, Amazon ECS).
ACTIONS = (
    Permission(action="ecs:ListClusters"),
    Permission(
        action="ecs:DescribeClusters",
        resource="arn:aws:ecs:{region}:{account}:cluster/{cluster}",
    ),
    Permission(
        action="ecs:ListServices",
        condition={
            "ArnEquals": {"ecs:cluster": "arn:aws:ecs:{region}:{account}:cluster/{cluster}"}
        },
    ),
    Permission(
        action="ecs:DescribeServices",
        resource="arn:aws:ecs:{region}:{account}:service/{cluster}/*",
    ),
)
MOST_SEARCHED = 200
"""Services of a cluster that are searched for those behind an address."""
MOST_CLUSTERS = 20
"""Clusters that are searched for the services behind an address."""
Json = dict[str, Any]


def last(arn: str) -> str:
    """Return the name in an ARN, or the name itself."""
    return arn.rstrip("/").rpartition("/")[2]


def cluster_of(reader: Reader, asked: Asked) -> tuple[str, str]:
    """Return name and account of the cluster; raises SurveyError with the near names."""
    if not asked.cluster:
        arns = _clusters(reader)
        if len(arns) == 1:
            return last(arns[0]), account_of(arns[0])
        if not arns:
            raise SurveyError(f"there is no ECS cluster in {asked.region}: is it the right region?")
        raise SurveyError(f"say which cluster with --cluster; {listed([last(a) for a in arns])}")
    name = last(asked.cluster)
    action = "ecs:DescribeClusters"
    found = reader.answer(
        action, name, lambda a: list(a.get("clusters", [])), None, clusters=[name]
    )
    if found is None:
        raise refuse(reader, action)
    live = [c for c in found if c.get("status") != "INACTIVE"]
    if not live:
        known = [last(a) for a in _clusters(reader)]
        raise SurveyError(
            f"there is no ECS cluster {name[:100]} in {asked.region}; {near(name, known)}"
        )
    return name, account_of(str(live[0].get("clusterArn", "")))


def account_of(arn: str) -> str:
    """Return the account of an ARN, "" if it has none."""
    parts = arn.split(":")
    return parts[4] if len(parts) > 4 else ""


def _clusters(reader: Reader) -> list[str]:
    arns = reader.pages("ecs:ListClusters", "clusterArns")
    if arns is None:
        raise refuse(reader, "ecs:ListClusters")
    return sorted(map(str, arns))


def names_in(reader: Reader, cluster: str) -> list[str]:
    """Return the names of a cluster's services."""
    action = "ecs:ListServices"
    arns = reader.pages(action, "serviceArns", cluster, cluster=cluster)
    if arns is None:
        raise refuse(reader, action)
    return sorted(last(str(a)) for a in arns)


def services_of(
    reader: Reader, cluster: str, asked: Asked, groups: frozenset[str] = frozenset()
) -> list[Json]:
    """Return the services that are meant, as DescribeServices gives them.

    One that was deleted within the hour is among them, if it is named: ECS still describes it.
    Of many services, those in the target groups behind the addresses are meant.
    """
    known = names_in(reader, cluster)
    wanted = [last(name) for name in asked.services]
    if groups and not wanted and MOST_SERVICES < len(known) <= MOST_SEARCHED:
        found = [s for s in described(reader, cluster, known) if groups_in(s) & groups]
        wanted = [str(s["serviceName"]) for s in found[:MOST_SERVICES]]
    if not wanted and len(known) > MOST_SERVICES:
        raise SurveyError(
            f"{cluster} has {len(known)} services: name those that matter with --service;"
            f" {listed(known)}"
        )
    if not wanted and not known:
        raise SurveyError(f"the cluster {cluster} has no service")
    found = described(reader, cluster, wanted or known)
    have = {str(s.get("serviceName")) for s in found}
    for name in wanted:
        if name not in have:
            raise SurveyError(
                f"there is no service {name[:100]} in the cluster {cluster}; {near(name, known)}"
            )
    return found


def described(reader: Reader, cluster: str, names: Iterable[str]) -> list[Json]:
    """Return services as DescribeServices gives them, in the order of their names."""
    action, wanted = "ecs:DescribeServices", sorted(set(names))
    found: list[Json] = []
    for start in range(0, len(wanted), 10):  # it takes ten at a time
        batch = wanted[start : start + 10]
        answer = reader.answer(
            action, cluster, lambda a: list(a.get("services", [])), None,
            cluster=cluster, services=batch,
        )  # fmt: skip
        if answer is None:
            raise refuse(reader, action)
        found += answer
    return sorted(found, key=lambda s: str(s.get("serviceName")))


def behind(reader: Reader, groups: frozenset[str]) -> tuple[str, list[Json], str]:
    """Return the cluster, the services registered in target groups, and the account.

    Without a name every cluster may have them: the first one that has any is taken.
    """
    for arn in _clusters(reader)[:MOST_CLUSTERS]:
        names = names_in(reader, last(arn))
        found = [s for s in described(reader, last(arn), names) if groups_in(s) & groups]
        if found:
            return last(arn), found[:MOST_SERVICES], account_of(arn)
    raise SurveyError(
        "no ECS service stands behind this address; name the cluster with --cluster, and the"
        " service with --service"
    )


def groups_in(raw: Json) -> frozenset[str]:
    """Return the ARNs of the target groups of a service, both of a blue/green deployment."""
    entries = [*(raw.get("loadBalancers") or [])]
    for one in raw.get("taskSets") or []:
        entries += one.get("loadBalancers") or []
    found = {str(b.get("targetGroupArn") or "") for b in entries}
    turns = (b.get("advancedConfiguration") or {} for b in entries)
    found |= {str(t.get("alternateTargetGroupArn") or "") for t in turns}
    return frozenset(found - {""})
