"""Ask what CloudWatch counted of answers: who made them, the balancer or a target.

AWS, "CloudWatch metrics for your Application Load Balancer": these metrics have a value only for
the minutes in which something was counted, and they come minutes late. So a counter that is not
here is unknown, and never zero.
"""

from __future__ import annotations

from collections.abc import Iterable

from canary.model import Frozen

BALANCER = (
    "HTTPCode_ELB_4XX_Count",
    "HTTPCode_ELB_5XX_Count",
    "HTTPCode_ELB_500_Count",
    "HTTPCode_ELB_502_Count",
    "HTTPCode_ELB_503_Count",
    "HTTPCode_ELB_504_Count",
    "RejectedConnectionCount",
    "ClientTLSNegotiationErrorCount",
)
"""Counters of what a load balancer does by itself."""
TARGET = (
    "HTTPCode_Target_2XX_Count",
    "HTTPCode_Target_3XX_Count",
    "HTTPCode_Target_4XX_Count",
    "HTTPCode_Target_5XX_Count",
    "TargetConnectionErrorCount",
    "TargetTLSNegotiationErrorCount",
)
"""Counters of what targets answer, and of connections to them; also by target group."""
_OWN_CODES = (500, 502, 503, 504)  # those that have a counter of their own


class Counter(Frozen, frozen=True, kw_only=True):
    """One counter of the last minutes that has a value."""

    load_balancer: str  # its name
    target_group: str = ""  # its name; "" for all groups of the load balancer
    metric: str  # "HTTPCode_ELB_5XX_Count", …
    total: float
    minutes: int  # over how many it is summed
    newest: str = ""  # the last minute that has a value


def counted(
    counters: Iterable[Counter], balancer: str, metric: str, group: str = ""
) -> Counter | None:
    """Return a counter, None where nothing is known of it."""
    return next(
        (
            c
            for c in counters
            if (c.load_balancer, c.target_group, c.metric) == (balancer, group, metric)
        ),
        None,
    )


def made_by_balancer(counters: Iterable[Counter], balancer: str, status: int) -> Counter | None:
    """Return the narrowest counter of a balancer's own answers of a status, None if unknown."""
    known = tuple(counters)
    names = [f"HTTPCode_ELB_{status}_Count"] if status in _OWN_CODES else []
    names.append(f"HTTPCode_ELB_{status // 100}XX_Count")
    return next((c for n in names if (c := counted(known, balancer, n)) and c.total), None)


def made_by_targets(counters: Iterable[Counter], balancer: str, status: int) -> Counter | None:
    """Return the counter of targets' answers of a status's class, None if unknown."""
    found = counted(counters, balancer, f"HTTPCode_Target_{status // 100}XX_Count")
    return found if found and found.total else None
