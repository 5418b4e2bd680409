"""What to do about a database or cache of which AWS shows a fault.

A stopped database is started: that is AWS's own answer, and gives back what was there. More
storage, another size and an end of sessions are decisions: storage never shrinks again.

- USER_StartInstance.html and aurora-cluster-stop-start.html: start a stopped store; RDS starts it
  by itself after seven days
- USER_PIOPS.StorageTypes.html, "Increasing DB instance storage capacity": storage only grows, and
  no further change for six hours
- CHAP_Troubleshooting.html, "Amazon RDS DB instance running out of storage"
- Concepts.MultiAZ.Failover.html: a failover takes one to two minutes; clients must look the name
  up again
- ElastiCache: AutoFailover.html; BestPractices, "Managing reserved memory"
"""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.stores import Kind, Store
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.remedies import build
from canary.diagnose.remedies.edit import Edit, Parameters
from canary.diagnose.stores import links, refusals
from canary.model import Evidence, Remedy

_GIB = 1024**3
WAIT = (
    "Wait for it: a failover takes one to two minutes. If services fail after that, they keep old"
    " connections or the old address: start their tasks anew."
)
_WHOSE = (
    "See first whether {store} is the {service} that fails: only an address in a variable points to"
    " it, or it is one of several. `instance` in the environment file names the right one. "
)
DECISIONS = {
    refusals.FULL: "Give it more storage, or remove data: whoever owns it must decide, because"
    " storage costs money and never shrinks again. Look first at what grew: logs, a replication"
    " slot that nobody reads, tables.",
    refusals.CONNECTIONS: "See who holds its connections (pg_stat_activity, SHOW PROCESSLIST): end"
    " sessions that nobody needs, or let services keep fewer. Another size or limit is its owner's"
    " decision.",
    refusals.READ_ONLY: "See whether services ask a replica or the endpoint of readers, whether it"
    " has just failed over, or whether somebody made it read-only; then give them the endpoint"
    " of the writer.",
    refusals.LOCKED: "See which session holds the lock or runs for long (pg_stat_activity, SHOW"
    " ENGINE INNODB STATUS): to end it is the decision of the database's owner.",
    refusals.FAILING_OVER: WAIT,
    refusals.CACHE_MOVES: WAIT,
    refusals.CACHE_FULL: "See its memory and what evicts nothing (maxmemory-policy): remove keys,"
    " or give it larger nodes; that costs money, so its owner decides.",
    "database-stopped": "See in its events why it does not run, and who wanted it so: its owner"
    " must bring it back.",
    "cache-stopped": "See in its events why it does not run: its owner must bring it back, and a"
    " cache that was deleted is made anew.",
}


def of(case: Case, part: Store, cause: str, failures: Failures) -> Remedy:
    """Return how to bring back a store of which AWS shows a fault.

    A store is started only if it is surely the service's, and was not stopped while all was well.
    """
    certain = links.certain(case, part)
    may = cause == "database-stopped" and certain and not links.was_so(case, part, failures)
    start = _start(part) if may else ()
    first = "" if certain else _WHOSE.format(service=part.service, store=part.id)
    return build.remedy(
        case,
        f"Start {part.id}; until it is available, services fail."
        if start
        else first + DECISIONS[cause],
        start,
        inspect=(describe(case, part),),
        verify=(describe(case, part),) if start else (),
        decision="Somebody stopped it: ask first whether that was meant." if start else "",
        otherwise=first + DECISIONS[cause] + _by_itself(part) + _goes(part),
    )


def _by_itself(part: Store) -> str:
    return f" RDS starts it by itself at {part.restarts_at}." if part.restarts_at else ""


def _goes(part: Store) -> str:
    """Return that a deletion cannot be cancelled (DeleteReplicationGroup, DeleteDBInstance)."""
    return " It is being deleted, and nothing ends that." if part.status == "deleting" else ""


def _start(part: Store) -> tuple[Edit, ...]:
    """Return the call that starts a stopped database, with the way back, nothing for others."""
    if part.status != "stopped" or part.parent or not part.is_database:
        return ()
    what, name = ("instance", "DBInstanceIdentifier")
    if part.kind is Kind.CLUSTER:
        what, name = ("cluster", "DBClusterIdentifier")
    parameters, stopped, runs = {name: part.id}, {"Status": "stopped"}, {"Status": "available"}
    back = _edit(f"stop-db-{what}", parameters, part.id, runs, stopped, None)
    return (_edit(f"start-db-{what}", parameters, part.id, stopped, runs, back),)


def _edit(
    operation: str,
    parameters: Parameters,
    resource: str,
    before: Parameters,
    after: Parameters,
    undo: Edit | None,
) -> Edit:
    return Edit(
        service="rds", operation=operation, parameters=parameters, resource=resource,
        before=before, after=after, undo=undo,
    )  # fmt: skip


def describe(case: Case, part: Store) -> str:
    """Return the command that shows a store as it is now."""
    if part.kind is Kind.INSTANCE:
        return case.aws("rds", "describe-db-instances", db_instance_identifier=part.id)
    if part.kind is Kind.CLUSTER:
        return case.aws("rds", "describe-db-clusters", db_cluster_identifier=part.id)
    if part.kind is Kind.GROUP:
        return case.aws("elasticache", "describe-replication-groups", replication_group_id=part.id)
    return case.aws("elasticache", "describe-cache-clusters", cache_cluster_id=part.id)


def counts(case: Case, part: Store) -> Iterator[Evidence]:
    """Yield what CloudWatch counts of a store, as evidence."""
    at = case.state.read_at
    if part.free_bytes is not None:
        of_all = f" of {part.storage_gib}" if part.storage_gib else ""
        seen = f"{part.free_bytes.latest / _GIB:.2f}{of_all} GiB free"
        yield Evidence(resource=f"storage of {part.id}", seen=seen, at=at)
    if part.connections is not None:
        now = part.connections
        seen = f"{now.latest:.0f} (in the last hour {now.least:.0f} to {now.most:.0f})"
        yield Evidence(resource=f"connections of {part.id}", seen=seen, at=at)
    if part.memory_percent is not None:
        seen = f"{part.memory_percent.latest:.0f} % used"
        yield Evidence(resource=f"memory of {part.id}", seen=seen, at=at)
