"""Checks that an environment leaves out by itself, because it has not what they ask about."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from canary.config.references import Source
from canary.model import Check, Environment
from canary.probes.base.api import Kind

NO_CLUSTER = "the environment names no cluster, so the control plane is not read"
NO_TLS = "the service's url is plain HTTP"


def left_out(
    environment: Environment, sources: list[Source], kinds: Mapping[str, Kind]
) -> tuple[Environment, list[Source]]:
    """Disable what an environment cannot have, with the reason, and drop the needs for TLS.

    Without TLS there is nothing that a check must wait for: it runs without this need. A reason
    that the environment itself gives stays.
    """
    reading = {s.check.id for s in sources if kinds[s.check.kind].reads_state}
    unread = {} if environment.cluster else dict.fromkeys(sorted(reading), NO_CLUSTER)
    secure = {s.check.id for s in sources if _asks_for_tls(environment, s.check, kinds)}
    plain = dict.fromkeys(sorted(secure), NO_TLS)
    if not unread and not plain:
        return environment, sources
    disable = {**unread, **plain, **environment.disable}
    return msgspec.structs.replace(environment, disable=disable), [
        _without_needs(s, secure) for s in sources
    ]


def _asks_for_tls(environment: Environment, check: Check, kinds: Mapping[str, Kind]) -> bool:
    """Return whether a check asks for the certificate or the redirect of a service without TLS."""
    service = environment.services.get(check.service)
    # not yet known to be a URL: what is wrong with it is told later
    if service is None or not service.url.lower().startswith("http://"):
        return False
    spec = check.spec
    beside = getattr(spec, "plain", False) and getattr(spec, "redirect", "") == "https"
    return kinds[check.kind].handshake or bool(beside)


def _without_needs(source: Source, gone: set[str]) -> Source:
    needs = tuple(n for n in source.check.needs if n not in gone)
    if needs == source.check.needs:
        return source
    check = msgspec.structs.replace(source.check, needs=needs)
    return msgspec.structs.replace(source, check=check)
