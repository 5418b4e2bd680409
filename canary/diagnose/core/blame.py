"""The dependencies that an answer blames, by name, address or the words of their role.

A front passes the failures of its dependencies on. Its answer often says whose failure it is; then
the front is only the messenger. A name alone accuses nobody: an entry of a health document must be
broken, or a failure must stand beside the name.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from canary.control_plane.dependencies import closure
from canary.model import Environment, Exchange, Role, Service
from canary.model.definitions import ROLES

# The words of each role in health documents, step names, assertions and answers.
DEPENDENCY_WORDS = {
    Role.DATABASE: re.compile(r"postgres|psycopg|database|\bdb\b", re.IGNORECASE),
    Role.CACHE: re.compile(r"redis|cache|message_queue", re.IGNORECASE),
    Role.MLFLOW: re.compile(r"mlflow", re.IGNORECASE),
    # the database's own word for a wrong password is no word about the auth service
    Role.IDENTITY: re.compile(r"(?<!password )\bauth(entication)?\b(?! failed)", re.IGNORECASE),
}
_STATE = (
    r"(?:\"?(?:unhealthy|degraded|error|down|failed|disconnected|open|not_ready|timeout)\"?|false)"
)
_BROKEN = re.compile(
    # "mlflow": "unhealthy", "database": {"healthy": false; one may stand within another
    rf"(?<![a-z_])(?=(?P<name>[a-z_]+)\"?\s*[:=]\s*(?:\{{[^{{}}]{{0,80}}?)?{_STATE})"
    # {"name": "database", "passed": false}
    r"|\"name\"\s*:\s*\"(?P<listed>[^\"{}]+)\"[^{}]{0,80}?\"[a-z_]+\"\s*:\s*" + _STATE,
    re.IGNORECASE,
)
_FAILURE = re.compile(
    r"fail(?:ed|ure)?\b|could not|cannot|can't|unable|unavailable|unreachable|refused|reset by"
    r"|timed? ?out|time-?out|no route|not respond|not known|(?:service|server|connection) ?error",
    re.IGNORECASE,
)
_NEAR = 120  # characters between a name and the failure, within one value of a document
_END_OF_VALUE = re.compile(r"[{}\[\]]|\"\s*,\s*\"")
_URL = re.compile(r"\bhttps?://[^\s\"'<>,;)\\]+", re.IGNORECASE)


def is_broken(text: str) -> bool:
    """Return whether a document reports an entry of any name as broken."""
    return _BROKEN.search(text) is not None


def named_broken(
    environment: Environment, entry: str, exchange: Exchange | None, text: str = ""
) -> frozenset[str]:
    """Return the dependencies of a service that its document or a failed step calls broken.

    `text` is what the step asked for: its name and the assertions that do not hold.
    """
    body = exchange.excerpt if exchange else ""
    found = " ".join(m["name"] or m["listed"] for m in _BROKEN.finditer(body))
    wanted = f"{found} {text}"
    named = {n for n in _dependencies(environment, entry) if _own_word(n).search(wanted)}
    return spoken_of(environment, entry, wanted, frozenset(named))


def blamed(
    environment: Environment, entry: str, exchange: Exchange | None, text: str = ""
) -> frozenset[str]:
    """Return the dependencies whose failure an answer of a service reports.

    Of a dependency and what that one depends on, only the deeper one is blamed: it explains both.
    `text` is what a failed step asked of a health document.
    """
    if exchange is None or exchange.failure or exchange.answered_by in ("balancer", "front"):
        return frozenset()
    found = named_broken(environment, entry, exchange, text)
    found |= _beside_failures(environment, entry, exchange.excerpt)
    return frozenset(n for n in found if not (closure(environment, n) - {n}) & found)


def spoken_of(
    environment: Environment, entry: str, text: str, named: frozenset[str] = frozenset()
) -> frozenset[str]:
    """Return the dependencies that a text names, whatever it says of them.

    The words of a role speak of each service of that role, unless one of them is `named`, or the
    text has its address.
    """
    others = _dependencies(environment, entry)
    found = named | {n for n in others if _names(environment, n, text)}
    roles = {environment.role_of(n) for n in found}
    return found | frozenset(
        n
        for n in others
        if environment.role_of(n) not in roles
        and (words := DEPENDENCY_WORDS.get(environment.role_of(n)))
        and words.search(text)
    )


def about(environment: Environment, name: str, text: str) -> bool:
    """Return whether a text speaks of a service by a word of its role, or by its own name."""
    words = DEPENDENCY_WORDS.get(environment.role_of(name))
    return bool(words and words.search(text)) or _own_word(name).search(text) is not None


def port_words(environment: Environment, role: Role) -> str:
    """Return a pattern for the port of any service of a role; without any it fits nothing."""
    known = sorted({environment.services[n].port for n in environment.of_role(role)} - {0})
    return rf"\b(?:{'|'.join(map(str, known))})\b" if known else "(?!)"


def address_in(text: str) -> str:
    """Return the first URL in an answer, "" if it names none."""
    found = _URL.search(text)
    return found.group().rstrip(".") if found else ""


def is_address_of(service: Service, url: str) -> bool:
    """Return whether a URL is an address that the environment file gives for a service."""
    parts = urlsplit(url)
    return (parts.hostname or "") in _hosts(service)


def addresses_of(service: Service) -> tuple[str, ...]:
    """Return the addresses that the environment file gives for a service: hosts, with ports."""
    internal = f"{service.discovery}:{service.port}" if service.port else service.discovery
    return tuple(a for a in (service.url, internal if service.discovery else "") if a)


def _hosts(service: Service) -> frozenset[str]:
    return frozenset({urlsplit(service.url).hostname or "", service.discovery}) - {""}


def _dependencies(environment: Environment, entry: str) -> frozenset[str]:
    return closure(environment, entry) - {entry}


def _beside_failures(environment: Environment, entry: str, text: str) -> frozenset[str]:
    """Return the dependencies that stand beside a failure in one value of a text."""
    values = [v for v in _END_OF_VALUE.split(text) if v]
    near = [
        value[max(0, m.start() - _NEAR) : m.end() + _NEAR]
        for value in values
        for m in _FAILURE.finditer(value)
    ]
    return spoken_of(environment, entry, "\n".join(near))


def _names(environment: Environment, name: str, text: str) -> bool:
    """Return whether a text names a service: its address or container, or its name without a role.

    In a sentence the name of a service with a role may be any word, such as "models".
    """
    service, low = environment.services[name], text.lower()
    known = {*_hosts(service), service.container} - {""}
    port = service.port and re.search(rf"\bport\W{{0,3}}{service.port}\b|:{service.port}\b", text)
    plain = environment.role_of(name) not in DEPENDENCY_WORDS and _own_word(name).search(text)
    return any(k.lower() in low for k in known) or bool(plain) or bool(port)


def _own_word(name: str) -> re.Pattern[str]:
    """Return the name of a service as a word; a name that is a word of its role says no more."""
    never = ROLES.get(name) in DEPENDENCY_WORDS
    return re.compile(r"(?!)" if never else rf"\b{re.escape(name)}\b", re.IGNORECASE)
