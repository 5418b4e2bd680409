"""Routes that do not refuse a key for its scope, while other routes refuse the same key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from canary.diagnose.access.auth_service import behaviour
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.failures import Failure
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import Symptom
from canary.model import Exchange

_REFUSALS = frozenset({401, 403})
_OF_SCOPE = re.compile(r"scope|permission|admin|forbidden|not allowed", re.IGNORECASE)
_UNMET_STATUS = re.compile(r"(?:^|\| )status: (?P<wanted>\d{3}(?: or \d{3})*) / (?P<got>\d{3})\b")


def excessive(case: Case) -> Iterator[Finding]:
    """Report the routes on which a key may do more than its scope allows."""
    failures = not_refused(case)
    for entry in sorted({f.entry_service for f in failures}):
        own = frozenset(f for f in failures if f.entry_service == entry)
        routes = " and ".join(sorted({f"{f.method} {f.path}" for f in own}))
        callers = " and ".join(sorted({f.principal for f in own}))
        known = [case.environment.principals[c].reason for c in sorted({f.principal for f in own})]
        why = "; ".join(dict.fromkeys(filter(None, known)))
        text = f"{entry} does not refuse {routes} to the key of principal {callers}"
        text += f" ({why})" if why else ""
        yield from behaviour(
            case,
            "scope-excessive",
            own,
            f"{text}, which its other routes refuse.".replace("{", "{{").replace("}", "}}"),
            decision=f"Whoever owns {entry} must let {routes} ask for the scope. Until then, every"
            f" key like that of {callers} may do what this route does.",
        )


def not_refused(case: Case) -> Failures:
    """Return the failures of routes that must refuse a key for its scope and do not."""
    found = frozenset(f for f in case.failures if _not_refused(case, f))
    places: dict[str, set[str]] = {}
    for failure in found:
        places.setdefault(failure.principal, set()).add(failure.entry_service)
    # a key that several services let in has too many scopes itself: `unprotected` reports it
    # and a service that lets everybody in asks for no scope either
    return frozenset(
        f
        for f in found
        if len(places[f.principal]) == 1 and not lets_everybody_in(case, f.entry_service)
    )


def lets_everybody_in(case: Case, entry: str) -> bool:
    """Return whether a service accepted a request that carried no key and must be refused."""
    accepted = case.having(Symptom.ACCEPTED, entry=entry)
    return any(case.environment.sends_no_key(f.principal) for f in accepted)


def _not_refused(case: Case, failure: Failure) -> bool:
    unmet = _UNMET_STATUS.search(failure.text)
    if failure.kind != "access" or not unmet or not case.environment.secret_of(failure.principal):
        return False
    wanted = {int(status) for status in unmet["wanted"].split(" or ")}
    answered = failure.status in (404, 405, 422) or failure.status in range(200, 300)
    own_error = failure.status == 500 and failure.body.lstrip().startswith("{")
    return (
        wanted <= _REFUSALS
        and (answered or own_error)
        and _refused_elsewhere(case, failure)
        and not _alike(case, failure)
    )


def _refused_elsewhere(case: Case, failure: Failure) -> bool:
    """Return whether the service refuses the same key for its scope on another route."""
    answers = case.passed(failure.entry_service)
    return any(e.principal == failure.principal and _for_scope(e) for e in answers)


def _for_scope(exchange: Exchange) -> bool:
    refused = exchange.status == 401 and _OF_SCOPE.search(exchange.excerpt)
    return exchange.status == 403 or bool(refused)


def _alike(case: Case, failure: Failure) -> bool:
    """Return whether the route gives the same answer to somebody else who must be refused.

    Then it asks for no key at all, or is not there.
    """
    return any(
        exchange.status == failure.status
        and exchange.principal != failure.principal
        and (exchange.method, urlsplit(exchange.url).path) == (failure.method, failure.path)
        and _stranger(case, exchange)
        for _, exchange in case.exchanges
    )


def _stranger(case: Case, exchange: Exchange) -> bool:
    environment = case.environment
    return environment.sends_no_key(exchange.principal) or environment.must_refuse(
        exchange.principal
    )
