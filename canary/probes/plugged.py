"""All kinds of check: ours, and those of plug-ins, which are found when one is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from canary import plugins
from canary.model import Check
from canary.plugins import Plugin, PluginError
from canary.probes import KINDS
from canary.probes.base.api import (
    CredentialMissingError,
    Kind,
    NotTriedError,
    OtherRunError,
    ProbeContext,
    RunOutOfTimeError,
)

OURS = (NotTriedError, CredentialMissingError, OtherRunError, RunOutOfTimeError)
"""What a probe may raise on purpose: the runner knows what each means."""

T = TypeVar("T")


class AllKinds(Mapping[str, Kind]):
    """Kinds by name; a plug-in is imported when its own kind is asked for."""

    def __init__(self, own: Mapping[str, Kind]) -> None:
        self._own = own
        self._plugged: dict[str, Kind] = {}

    def __getitem__(self, name: str) -> Kind:
        """Return a kind; one that cannot be used says so when it is carried out."""
        if name in self._own:
            return self._own[name]
        if name not in self._plugged:
            plugin = plugins.named(plugins.KINDS, name)
            if plugin is None:
                raise KeyError(name)
            self._plugged[name] = of_plugin(plugin)
        return self._plugged[name]

    def forget(self) -> None:
        """Look for plug-ins anew."""
        self._plugged.clear()

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, ours first."""
        yield from self._own
        yield from (n for n in plugins.names(plugins.KINDS) if n not in self._own)

    def __len__(self) -> int:
        """Return the number of kinds."""
        return sum(1 for _ in self)


def of_plugin(plugin: Plugin) -> Kind:
    """Return a plug-in's kind, guarded; a stand-in where it cannot be used."""
    try:
        kind = plugin.load(Kind)
        if not (isinstance(kind.spec, type) and issubclass(kind.spec, msgspec.Struct)):
            raise PluginError(f"{plugin.called}: its spec is no msgspec.Struct")
    except PluginError as error:
        return _stand_in(plugin.name, str(error))
    return msgspec.structs.replace(
        kind,
        name=plugin.name,
        run=plugin.guarded(kind.run, OURS),
        requests=_counted(kind.requests, 1),
        requests_with_key=_counted(kind.requests_with_key, 0),
    )


def _stand_in(name: str, problem: str) -> Kind:
    def run(check: Check, spec: Any, context: ProbeContext) -> None:  # noqa: ARG001 - a probe's form
        raise PluginError(problem)

    return Kind(name=name, spec=dict, run=run, summary=problem, problem=problem)


def _counted(count: Callable[[Any], int], otherwise: int) -> Callable[[Any], int]:
    """Return a count that never fails: a wrong figure in the plan is worth no run."""

    def counted(spec: Any) -> int:
        try:
            return max(int(count(spec)), 0)
        except Exception:  # noqa: BLE001 - the boundary: code of somebody else
            return otherwise

    return counted


ALL_KINDS = AllKinds(KINDS)
"""What is used in place of `KINDS` wherever a check's kind is looked up."""


def working(kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    """Return the kinds that can be used, for pages and schemas."""
    return {name: kind for name, kind in kinds.items() if not kind.problem}
