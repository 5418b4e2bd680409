"""What a person must decide about a service if no change is known that can be taken back."""

from __future__ import annotations

from collections.abc import Iterable

from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.symptoms import BALANCER_5XX, DOWN, EDGE
from canary.model.urls import DEFAULT_PORTS


def about(case: Case, name: str, failures: Failures) -> str:
    """Return the decision about a service whose answers fail.

    Whether its image is right is no question as long as nothing shows that it changed.
    """
    seen = {f.symptom for f in failures}
    if others := sorted({n for f in failures for n in f.blamed} - {name}):
        return f"The answers of {name} name {joined(others)}: look there first."
    ports = {f"{f.host}:{f.port}" for f in failures if f.host and f.scheme not in DEFAULT_PORTS}
    if seen and seen <= EDGE and ports and all(f.scheme not in DEFAULT_PORTS for f in failures):
        return (
            f"Nothing answers at {joined(sorted(ports))}: see whether {name} listens there, and"
            " whether its security group admits the canary."
        )
    if seen and seen <= EDGE:
        return (
            f"Nothing answers at the address of {name}: see the listener and the security group of"
            " its load balancer."
        )
    if seen and seen <= BALANCER_5XX | EDGE:
        return (
            f"The load balancer answers in place of {name}: see whether its tasks run, whether they"
            f" are healthy targets, and whether the balancer may reach them.{needs(case, name)}"
        )
    more = needs(case, name) if seen & DOWN else ""
    return (
        f"Whoever owns {name} must mend it: its log at the time of this run shows more, and what"
        f" was changed last in it.{more}"
    )


def needs(case: Case, name: str) -> str:
    """Return a sentence about what a service depends on, "" if it depends on nothing."""
    others = case.services[name].depends_on if name in case.services else ()
    return f" {name} needs {joined(others)}: look there, too." if others else ""


def joined(names: Iterable[str]) -> str:
    """Return names as people list them: "a", "a and b", "a, b and c"."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
