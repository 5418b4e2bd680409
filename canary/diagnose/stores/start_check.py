"""Check the start of a database: it is one of the platform's, and AWS shows it as stopped."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.stores import Kind
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.stores import links

_KINDS = {"DBInstanceIdentifier": Kind.INSTANCE, "DBClusterIdentifier": Kind.CLUSTER}


def started(case: Case, edit: Edit) -> Iterator[str]:
    """Yield why a database must not be started."""
    ((name, value),) = edit.parameters.items()
    known = (s for s in case.state.stores if (s.kind, s.id) == (_KINDS[name], value))
    found = next(known, None)
    if found is None:
        yield f"{value} is no database of this platform"
    elif found.status != "stopped":
        yield f"{value} is not stopped"
    elif not links.certain(case, found):
        yield f"{value} may be no database of this platform"
