"""Let the servers of database and cache follow what RDS and ElastiCache show of them.

A server that somebody ended or misled otherwise stays so: a change of a status alone is followed.
"""

from __future__ import annotations

import json
import time

from emulator.metrics.store import metric, put
from emulator.network.network import Network
from emulator.periodic import PeriodicThread
from emulator.settings import REGION
from emulator.stores.databases import FULL, REBOOTING
from emulator.stores.events import elasticache, rds
from sandbox.dataplane import Dataplane
from sandbox.world.world import World

LOOK_S = 0.2
TOLD_EVERY_S = 10.0  # CloudWatch has a value a minute
# statuses with which a store answers, beside those that begin so
SERVING = ("available", FULL, "modifying", "backing-up", "storage-", "configuring-", "snapshotting")
GIB = 1024**3
FEW, ALL_TAKEN = 9.0, 79.0  # connections
GONE = "deleted"


class StoreFollower(PeriodicThread):
    """Looks at the statuses and changes the servers, a network address or a control document."""

    def __init__(self, world: World, dataplane: Dataplane, network: Network) -> None:
        super().__init__("stores", LOOK_S, self.look)
        self._world, self._data, self._network = world, dataplane, network
        self._seen = self._statuses()
        self._told_at = 0.0

    def forget(self) -> None:
        """Take what is there now as it should be, as after the twin is healed."""
        self._network.silent.clear()
        self._seen = self._statuses()

    def look(self) -> None:
        """Follow each status that has changed."""
        now = self._statuses()
        for name, status in now.items():
            if status != self._seen[name]:
                self._follow(name, self._seen[name], status)
        self._seen = now
        if time.monotonic() - self._told_at >= TOLD_EVERY_S:
            self._told_at = time.monotonic()
            self._tell()

    def _statuses(self) -> dict[str, str]:
        database = rds().databases.get(self._world.database.called)
        cache = elasticache().replication_groups.get(self._world.cache.called)
        return {
            "database": GONE if database is None else str(database.status),
            "redis": GONE if cache is None else str(cache.status),
        }

    def _follow(self, name: str, before: str, status: str) -> None:
        """Stop, silence, fill or revive a server.

        A server that restarts or fails over refuses connections, one that is stopped answers none.
        """
        store = self._world.database if name == "database" else self._world.cache
        moves = status == REBOOTING or (name == "redis" and status == "modifying")
        silent = not moves and not status.startswith(SERVING)
        (self._network.silent.add if silent else self._network.silent.discard)(store.address)
        if name == "database":
            self._data.control("database", full=status == FULL)
        if moves or silent:
            self._data.stop(name)  # those who are connected already lose their connection
        elif before == REBOOTING or before == "modifying" or not before.startswith(SERVING):
            self._data.begin(name)

    def _tell(self) -> None:
        """Publish how full the database is and how many connections it has."""
        control = json.loads((self._data.folder / "database.json").read_text())
        called, moment = self._world.database.called, time.time()
        database = rds().databases.get(called)
        if database is None:
            return
        storage = float(database.allocated_storage) * GIB
        values = {
            "FreeStorageSpace": (0.0 if control.get("full") else storage * 0.6, "Bytes"),
            "DatabaseConnections": (ALL_TAKEN if control.get("taken") else FEW, "Count"),
        }
        for name, (value, unit) in values.items():
            which = metric("AWS/RDS", name, {"DBInstanceIdentifier": called})
            put(which, [value], unit, moment, REGION)
