"""Faults of the database and the cache that AWS runs, and that AWS shows."""

from __future__ import annotations

from emulator.stores import caches, databases
from sandbox.faults.context import FaultContext

FOR_GOOD = 0.0  # seconds until it is back: never


def database_stopped(context: FaultContext) -> None:
    """Stop the DB instance, as an operator does to save money."""
    called = context.world.database.called
    context.client("rds").stop_db_instance(DBInstanceIdentifier=called)


def database_full(context: FaultContext) -> None:
    """Fill the storage of the DB instance: it reads and cannot write."""
    databases.fill(context.world.database.called)


def database_failing_over(context: FaultContext) -> None:
    """Let the DB instance fail over to its standby, and not come to its end."""
    databases.fail_over(context.world.database.called, FOR_GOOD)


def database_connections_taken(context: FaultContext) -> None:
    """Take all connections of the database, as clients do that never give one back."""
    context.data.control("database", taken=True)


def cache_deleted(context: FaultContext) -> None:
    """Let the cache be deleted."""
    caches.take_down(context.world.cache.called)
