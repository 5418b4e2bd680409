"""Single out what an answer means that a load balancer makes by itself.

The table of all meanings is generated into docs/diagnosis.md.
"""

from __future__ import annotations

from canary.control_plane.unread import Known
from canary.diagnose.balancer.around import Around
from canary.diagnose.balancer.client_codes import CLIENT_CODES
from canary.diagnose.balancer.meaning import Meaning
from canary.diagnose.balancer.server_codes import SERVER_CODES

MEANINGS: tuple[Meaning, ...] = (*CLIENT_CODES, *SERVER_CODES)


def possible(around: Around) -> list[tuple[Meaning, Known]]:
    """Return the meanings that the readings leave, those that they show alone where there are."""
    own = [m for m in MEANINGS if m.status == around.failure.status]
    known: list[tuple[Meaning, Known]] = [(m, m.holds(around)) for m in own]
    shown = [one for one in known if one[1] is Known.YES]
    return shown or [one for one in known if one[1] is not Known.NO]
