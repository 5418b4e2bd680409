"""Explain failed checks: run all rules, choose the smallest set of causes, add remedies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import replace

import msgspec

from canary.control_plane.baselines import NO_BASELINES, Baselines
from canary.control_plane.state import PlatformState
from canary.diagnose.balancer.told import with_counters
from canary.diagnose.core.accuse import accused
from canary.diagnose.core.case import Case
from canary.diagnose.core.choose import as_diagnosis, choose
from canary.diagnose.core.day_before import of_the_day_before
from canary.diagnose.core.finding import Finding, top_evidence
from canary.diagnose.core.own_past import Judge
from canary.diagnose.core.slices import Slices, Unguarded
from canary.diagnose.ecs.scheduling.scaled_in import with_scaling
from canary.diagnose.rules import RULES, Rule
from canary.model import Confidence, Environment, Evidence, Explanation, Result

__all__ = ["diagnose"]


def diagnose(
    results: Iterable[Result],
    state: PlatformState,
    environment: Environment,
    previous: PlatformState | None,
    now: dt.datetime,
    baselines: Baselines = NO_BASELINES,
    slices: Slices | None = None,
    rules: tuple[Rule, ...] = RULES,
) -> Explanation:
    """Return the causes of a run's failures and denials; a run without any has no diagnosis.

    `previous` is the platform before the incident: its baseline, else the previous run's state.
    With `slices` a rule that raises or takes too long is named in the notes; without, it raises.
    """
    case = Case(
        results=tuple(results),
        state=state,
        environment=environment,
        previous=previous,
        now=now,
        baselines=baselines,
    )
    slices = slices or Unguarded()
    while True:
        known = len(slices.lost)
        explanation = _explained(case, slices, rules)
        if len(slices.lost) == known:
            return msgspec.structs.replace(explanation, notes=slices.notes)
        # a rule was lost on the way: what it said of one platform is not to count for another


def _explained(case: Case, slices: Slices, rules: tuple[Rule, ...]) -> Explanation:
    """Return the causes that the rules name, without those that are lost already."""
    by_rule = [(rule, _found(case, rule, slices)) for rule in rules]
    found = [finding for _, findings in by_rule for finding in findings]
    findings = accused(case, found, _judge(tuple(rule for rule, own in by_rule if own), slices))
    findings += of_the_day_before(case, findings, _judge(rules, slices))
    chosen, left = choose(case, findings)
    explained = {f.check_id for finding in chosen for f in finding.explained_failures}
    unexplained = sorted({f.check_id for f in left})
    return Explanation(
        diagnoses=tuple(as_diagnosis(with_scaling(case, with_counters(case, c))) for c in chosen),
        unexplained=tuple(u for u in unexplained if u not in explained),
    )


def _judge(rules: tuple[Rule, ...], slices: Slices) -> Judge:
    """Return what applies these rules to another case."""
    return lambda case: (finding for rule in rules for finding in _found(case, rule, slices))


def _found(case: Case, rule: Rule, slices: Slices) -> tuple[Finding, ...]:
    return slices.run(rule.name, lambda: tuple(_apply(case, rule)))


def _apply(case: Case, rule: Rule) -> Iterator[Finding]:
    """Yield a rule's findings with its rank, and with their failures as evidence.

    They are less certain if a reading that the rule rests on is missing.
    """
    if not (case.failures or rule.without_failures) or not case.read(*rule.needs):
        return
    unread = ", ".join(a for a in rule.also if not case.read(a))
    why = Evidence(resource=unread, seen="could not be read", expected="read")
    for finding in rule.find(case):
        shown = top_evidence(finding.explained_failures, finding.shown_failures)
        doubtful = unread and finding.confidence is Confidence.CERTAIN
        yield replace(
            finding,
            confidence=Confidence.LIKELY if doubtful else finding.confidence,
            evidence=tuple(
                dict.fromkeys((*finding.evidence, *shown, *((why,) if doubtful else ())))
            ),
            rank=rule.rank if finding.rank < 0 else finding.rank,
        )
