"""Kinds, rules and channels of other packages, found by their entry points.

A plug-in is code that somebody installed on purpose: it may do what the canary may. What goes wrong
in it is told with its name and costs itself alone.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

KINDS, RULES, CHANNELS = "kinds", "rules", "channels"
GROUPS = {group: f"hokusai_canary.{group}" for group in (KINDS, RULES, CHANNELS)}

T = TypeVar("T")


class PluginError(Exception):
    """A plug-in cannot be used; the text names it, its package and the reason."""


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """One entry point: its group, its name, and the package that it is from."""

    group: str
    name: str
    package: str
    get: Callable[[], Any]
    """Imports it; raises whatever its module raises."""

    @property
    def called(self) -> str:
        """Return the plug-in as texts name it."""
        one = {KINDS: "kind", RULES: "rule", CHANNELS: "channel"}[self.group]
        return f"plug-in {self.package}, {one} {self.name}"

    def load(self, wanted: type[T]) -> T:
        """Return what the entry point names; raises PluginError for anything but its type."""
        try:
            found = self.get()
        except (Exception, SystemExit) as error:
            raise PluginError(f"{self.called}: {type(error).__name__}: {error}") from error
        if not isinstance(found, wanted):
            what = type(found).__name__
            raise PluginError(f"{self.called}: is no {wanted.__name__}, but a {what}")
        return found

    def guarded(
        self, action: Callable[..., T], through: tuple[type[Exception], ...] = ()
    ) -> Callable[..., T]:
        """Return an action whose errors name the plug-in; those of `through` stay what they are."""

        @functools.wraps(action)
        def named(*given: Any, **more: Any) -> T:
            try:
                return action(*given, **more)
            except through:
                raise
            except (Exception, SystemExit) as error:
                raise PluginError(f"{self.called}: {type(error).__name__}: {error}") from error

        return named


@functools.cache
def installed(group: str) -> tuple[Plugin, ...]:
    """Return the plug-ins of a group, in the order of their names; the first of a name counts."""
    from importlib import metadata  # a cold start without plug-ins need not import it

    found = {
        (point.name, point.dist.name if point.dist else ""): point
        for point in metadata.entry_points(group=GROUPS[group])
    }
    plugins = (
        Plugin(group=group, name=name, package=package, get=found[name, package].load)
        for name, package in sorted(found)
    )
    return tuple({plugin.name: plugin for plugin in reversed(tuple(plugins))}.values())[::-1]


def named(group: str, name: str) -> Plugin | None:
    """Return a plug-in by its name, None where no package has it."""
    return next((plugin for plugin in installed(group) if plugin.name == name), None)


def names(group: str) -> tuple[str, ...]:
    """Return the names of a group's plug-ins, without importing them."""
    return tuple(plugin.name for plugin in installed(group))
