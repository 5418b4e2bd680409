"""The rules of plug-ins, which are applied after ours and guarded as ours are."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import replace

from canary import plugins
from canary.diagnose.core.case import Case
from canary.diagnose.core.choose import as_diagnosis
from canary.diagnose.core.finding import Finding
from canary.diagnose.rules import Rule
from canary.plugins import Plugin, PluginError


def plugged_rules() -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """Return the rules of plug-ins, and a sentence for each that cannot be used."""
    rules: list[Rule] = []
    problems: list[str] = []
    for plugin in plugins.installed(plugins.RULES):
        try:
            rule = plugin.load(Rule)
        except PluginError as error:
            problems.append(str(error))
        else:
            rules.append(replace(rule, find=_guarded(plugin, rule.find)))
    return tuple(rules), tuple(problems)


def _guarded(
    plugin: Plugin, find: Callable[[Case], Iterator[Finding]]
) -> Callable[[Case], Iterator[Finding]]:
    """Return a rule's function that yields findings alone, and whose errors name the plug-in."""

    def found(case: Case) -> tuple[Finding, ...]:
        findings = tuple(find(case))
        for each in findings:
            as_diagnosis(each)  # one that cannot be told is a fault of this rule, here and now
        return findings

    named = plugin.guarded(found)

    @functools.wraps(find)
    def guarded(case: Case) -> Iterator[Finding]:
        yield from named(case)

    return guarded
