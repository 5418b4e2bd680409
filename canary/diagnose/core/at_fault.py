"""The services that may be at fault for a failure, and those that its answer blames."""

from __future__ import annotations

from canary.control_plane.dependencies import closure
from canary.diagnose.core import blame, symptoms
from canary.diagnose.core.symptoms import Symptom
from canary.model import Environment, Exchange, Role

# Symptoms of a document about one dependency, which it names even without a word of failure.
_ABOUT_ONE = symptoms.UPSTREAM | {Symptom.OWN_KEY_REFUSED}


def implicated(
    environment: Environment, symptom: Symptom, entry: str, text: str, exchange: Exchange | None
) -> frozenset[str]:
    """Return the services whose outage can look like this."""
    needed = closure(environment, entry)
    if symptom is Symptom.AUTH_UNAVAILABLE:
        return closure(environment, *environment.of_role(Role.IDENTITY)) & needed or needed
    if symptom in symptoms.UPSTREAM or symptom is Symptom.ARTIFACTS:
        behind = closure(environment, *environment.of_role(Role.MLFLOW))
        return (behind | {entry}) & (needed | {entry})
    if symptom in symptoms.DATABASE:
        return frozenset({entry}) | (needed & {*environment.of_role(Role.DATABASE)})
    if symptom is Symptom.NOT_READY:
        return _named(environment, entry, text, exchange) or needed
    if symptom in symptoms.EDGE:
        return frozenset({entry})
    return needed


def _named(
    environment: Environment, entry: str, text: str, exchange: Exchange | None
) -> frozenset[str]:
    """Return what a health document or a failed step calls broken, and what that depends on."""
    return closure(environment, *blame.named_broken(environment, entry, exchange, text))


def blamed(
    environment: Environment, symptom: Symptom, entry: str, text: str, exchange: Exchange | None
) -> frozenset[str]:
    """Return the dependencies whose failure an answer reports, if it reports any."""
    if exchange is None or not (exchange.status >= 500 or symptom in symptoms.DOWN | _ABOUT_ONE):
        return frozenset()
    asked = text if symptom is Symptom.NOT_READY else ""
    found = blame.blamed(environment, entry, exchange, asked)
    if symptom in _ABOUT_ONE and not found:
        return blame.spoken_of(environment, entry, f"{exchange.url} {exchange.excerpt}")
    return found
