"""Let RDS stop, start, restart and enlarge a DB instance as AWS tells it.

moto changes a status and tells nothing. Sources: the API's StopDBInstance, StartDBInstance,
RebootDBInstance (ForceFailover), ModifyDBInstance and DescribeEvents; the RDS guide, "Viewing DB
instance status".
"""

from __future__ import annotations

import datetime as dt
import functools
import threading
from typing import Any

from emulator.stores import events
from emulator.stores.events import now, rds, say

AVAILABLE, STOPPED, REBOOTING, FULL = "available", "stopped", "rebooting", "storage-full"
BACK_AFTER_S = 4.0  # AWS needs a minute or two to restart an instance or to fail over
AGAIN_AFTER = dt.timedelta(days=7)  # RDS starts a stopped instance by itself then
LONGEST_DAYS = 14  # events are kept so long


@functools.cache
def install() -> None:
    """Replace moto's calls; call once."""
    from moto.rds.models import DBInstance, RDSBackend
    from moto.rds.responses import RDSResponse

    DBInstance.endpoint = property(_endpoint)  # type: ignore[assignment,method-assign]
    for name in ("start_db_instance", "stop_db_instance"):
        setattr(RDSBackend, name, _told(getattr(RDSBackend, name)))
    RDSBackend.modify_db_instance = _growing(RDSBackend.modify_db_instance)  # type: ignore[method-assign]
    RDSBackend.describe_events = _of_a_time(RDSBackend.describe_events)  # type: ignore[method-assign]
    RDSResponse.reboot_db_instance = _reboot  # type: ignore[method-assign]


def place(identifier: str, endpoint: str) -> None:
    """Give a DB instance the endpoint by which a platform knows it."""
    rds().databases[identifier].own_endpoint = endpoint


def fill(identifier: str) -> None:
    """Use up the storage of a DB instance, as its clients do."""
    database = rds().databases[identifier]
    database.status = FULL
    say(database, events.EXHAUSTED)


def fail_over(identifier: str, back_after_s: float = BACK_AFTER_S) -> None:
    """Restart a DB instance on its standby, as AWS does by itself; 0: it never comes back."""
    database = rds().databases[identifier]
    say(database, events.FAILOVER_STARTED)
    _restart(database, (events.RESTARTED, events.FAILOVER_DONE), back_after_s)


def _endpoint(self: Any) -> dict[str, Any]:
    return {"Address": getattr(self, "own_endpoint", self.address), "Port": self.port}


def _told(call: Any) -> Any:
    """Tell a stop or a start as an event."""

    def called(self: Any, db_instance_identifier: str, *rest: Any, **more: Any) -> Any:
        database = call(self, db_instance_identifier, *rest, **more)
        stopped = database.status == STOPPED
        say(database, events.STOPPED if stopped else events.STARTED)
        database.automatic_restart_time = now() + AGAIN_AFTER if stopped else None
        return database

    return called


def _growing(modify: Any) -> Any:
    """Let more storage end that an instance is full."""

    def modify_db_instance(self: Any, identifier: str, given: dict[str, Any]) -> Any:
        before = int(self.describe_db_instances(identifier)[0].allocated_storage or 0)
        wanted = int(given.get("allocated_storage") or before)
        if wanted < before:
            text = f"Invalid storage size: the allocated storage cannot be reduced from {before}."
            raise _error("InvalidParameterCombination", text)
        database = modify(self, identifier, given)
        if wanted > before:
            say(database, events.GROWING)
            say(database, events.GROWN)
            database.status = AVAILABLE if database.status == FULL else database.status
        return database

    return modify_db_instance


def _of_a_time(describe: Any) -> Any:
    """Give the events of the last minutes (`Duration`, by default an hour), oldest first."""

    def describe_events(self: Any, **given: Any) -> list[Any]:
        return within(describe(self, **given), given)

    return describe_events


def within(told: list[Any], given: dict[str, Any]) -> list[Any]:
    """Return events of the time that DescribeEvents asks for."""
    minutes = min(int(given.get("duration") or 60), LONGEST_DAYS * 1440)
    first = _plain(given.get("start_time")) or now() - dt.timedelta(minutes=minutes)
    last = _plain(given.get("end_time")) or now()
    return sorted((e for e in told if first <= e.date <= last), key=lambda e: e.date)


def _plain(moment: Any) -> dt.datetime | None:
    if isinstance(moment, str) and moment:
        moment = dt.datetime.fromisoformat(moment)
    if not isinstance(moment, dt.datetime):
        return None
    return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _reboot(self: Any) -> Any:
    """Restart an instance; ForceFailover needs a standby in another zone."""
    from moto.core.responses import ActionResult

    forced = str(self.params.get("ForceFailover") or "").lower() == "true"
    (database,) = self.backend.describe_db_instances(self.params.get("DBInstanceIdentifier"))
    if database.status != AVAILABLE:
        ident = database.db_instance_identifier
        raise _error("InvalidDBInstanceState", f"Instance {ident} is not in available state.")
    if forced and not database.multi_az:
        text = "Cannot reboot with failover: the DB instance is not Multi-AZ."
        raise _error("InvalidParameterCombination", text)
    if forced:
        fail_over(database.db_instance_identifier)
    else:
        _restart(database, (events.RESTARTED,), BACK_AFTER_S)
    return ActionResult({"DBInstance": database})


def _restart(database: Any, told: tuple[tuple[str, str], ...], back_after_s: float) -> None:
    database.status = REBOOTING
    say(database, events.SHUT_DOWN)
    if back_after_s:
        timer = threading.Timer(back_after_s, _back, (database, told))
        timer.daemon = True
        timer.start()


def _back(database: Any, told: tuple[tuple[str, str], ...]) -> None:
    if database.status == REBOOTING:  # else it was healed, deleted or stopped meanwhile
        database.status = AVAILABLE
        for event in told:
            say(database, event)


def _error(code: str, text: str) -> Exception:
    from moto.rds.exceptions import RDSClientError

    return RDSClientError(code, text)
