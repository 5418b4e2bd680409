"""What an environment wants of plug-ins and cannot have, told to who edits or deploys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from canary import plugins
from canary.config.references import Source
from canary.model import Environment
from canary.model.notify import CHANNEL_KINDS
from canary.probes.base.api import Kind


def problems(
    environment: Environment, sources: list[Source], kinds: Mapping[str, Kind], file: str
) -> Iterator[str]:
    """Yield each problem with its file and key."""
    for source in sources:
        if problem := kinds[source.check.kind].problem:
            yield f"{source.file}: {source.check.id}: kind: {problem}"
    for number, channel in enumerate(environment.notify.channels):
        known = (*CHANNEL_KINDS, *plugins.names(plugins.CHANNELS))
        if channel.kind not in known:
            at = f"{file}: notify.channels[{number}].kind"
            yield f"{at}: unknown channel {channel.kind} (there are: {', '.join(known)})"
