"""The way back of lost paths: the rules that they fell through, as they were."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from canary.control_plane.routing import free_priority, order, takes, winner
from canary.control_plane.state import Listener, LoadBalancer, Rule
from canary.diagnose.core.case import Case
from canary.diagnose.remedies import well
from canary.diagnose.remedies.build import Edits
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.remedies.listeners import default_actions, modify_listener
from canary.diagnose.remedies.rules import (
    all_parts,
    changed_parts,
    create_rule,
    delete_rule,
    modify_rule,
    move_rules,
)
from canary.diagnose.routing import harms
from canary.diagnose.routing.baseline_rules import (
    Pair,
    before,
    lost,
    pairs,
    place_beside,
    same_action,
)
from canary.diagnose.routing.misroutes import Misroute, leads_right, needs

replace = msgspec.structs.replace


@dataclass(frozen=True, kw_only=True)
class Back:
    """The edits that bring lost paths back, and the listener as they leave it."""

    summary: str
    edits: Edits
    listener: Listener
    decision: str = ""  # what else of it a person decides
    against: str = ""  # why a person decides all of it, and no command is printed


def way_back(case: Case, misroute: Misroute) -> Back | None:
    """Return how the rules come back to their baseline, None where that mends nothing.

    Only rules that a lost path fell through are put back; what they make needless goes with them.
    """
    now = misroute.listener
    was = before(case, now)
    if was is None:
        return None
    known = pairs(was, now)
    changed = lost(misroute, was, known)
    plan = _Plan(now, was, known, changed)
    new = [p.now for p in known if p.was is None and p.now and p not in changed]
    asked = needs(case)
    plan.needless([r for r in new if any(takes(r, n.host, n.path, n.method) for n in asked)])
    if misroute.kind == "rule-on-wrong-listener":
        plan.strays(case, misroute.balancer)
    after = plan.after()
    if not plan.edits() or not _mends(case, misroute, was, after):
        return None
    return Back(
        summary=plan.summary(),
        edits=plan.edits(),
        listener=after,
        decision=plan.decision(),
        against=plan.against(case, misroute),
    )


def _mends(case: Case, misroute: Misroute, was: Listener, after: Listener) -> bool:
    """Return whether each path is taken as it was, and the one that is told is led right."""
    for need in misroute.paths:
        old = winner(was, need.host, need.path, need.method)
        new = winner(after, need.host, need.path, need.method)
        if old is None or new is None or not same_action(old, new):
            return False
        if need is misroute.shown and not leads_right(case, need, new):
            return False
    return True


class _Plan:
    """Which rules of a listener are put back, and what is deleted."""

    def __init__(
        self, now: Listener, was: Listener, known: tuple[Pair, ...], changed: list[Pair]
    ) -> None:
        self._now, self._was = now, was
        self._left = [p for p in known if p not in changed]
        self._added = [p.now for p in changed if p.was is None and p.now]
        self._both = [(p.was, p.now) for p in changed if p.was and p.now]
        gone = [p.was for p in changed if p.now is None and p.was and p.was.priority.isdigit()]
        self._crowded: list[Rule] = []  # those without a free place between their neighbours
        self._moved = self._places()
        self._made = self._created(gone)
        self._needless: list[Rule] = []
        self._strays: list[tuple[Listener, Rule]] = []
        self._elsewhere: list[str] = []

    def _staying(self) -> list[Rule]:
        """Return the numbered rules that are not deleted, each at its present place."""
        out = {r.arn for r in self._added}
        return [r for r in self._now.rules if r.priority.isdigit() and r.arn not in out]

    def _places(self) -> list[tuple[Rule, int]]:
        """Return the rules that go back to their places; a place that another rule has is left."""
        moved = [
            (now, was)
            for was, now in self._both
            if was.priority.isdigit() and was.priority != now.priority
        ]
        leaving = {now.arn for now, _ in moved}
        taken = {r.priority for r in self._staying() if r.arn not in leaving}
        return [(now, int(was.priority)) for now, was in moved if was.priority not in taken]

    def _created(self, gone: list[Rule]) -> list[Rule]:
        """Return the lost rules at their places, or just behind a rule that stands there now."""
        places = {now.arn: number for now, number in self._moved}
        staying = {places.get(r.arn, order(r)): r for r in self._staying()}
        known = {now.arn for _, now in self._both} | {
            p.now.arn for p in self._left if p.was and p.now
        }
        kept = {n for n, r in staying.items() if r.arn in known} | {order(r) for r in gone}
        used, found = set(staying) | {order(r) for r in gone}, list[Rule]()
        for rule in gone:
            place = order(rule)
            if place in staying:
                beside = place_beside(place, kept, used)
                place = beside or free_priority(self._now, place, taken=used)
                self._crowded += [] if beside else [rule]
            used.add(place)
            found.append(replace(rule, priority=str(place)))
        return found

    def needless(self, new: list[Rule]) -> None:
        """Delete the new rules that do what every rule behind them does, now that it is back.

        They take paths that the environment asks for: what stands for others stays.
        """
        after = self.after()
        back = {now.arn for _, now in self._both} | {r.arn for r in self._made}
        for rule in new:
            behind = [r for r in after.rules if order(r) > order(rule)]
            plain = not any(r.transforms for r in (rule, *behind))
            alike = plain and all(same_action(rule, r) for r in behind)
            if rule.priority.isdigit() and alike and back & {r.arn for r in behind}:
                self._needless.append(rule)

    def strays(self, case: Case, owner: LoadBalancer) -> None:
        """Delete the rules that were put on another listener in place of the lost ones.

        On another load balancer such a rule may serve others: it is only named.
        """
        for balancer in case.state.load_balancers:
            for listener in balancer.listeners:
                copies = self._copies(case, listener)
                if balancer.arn == owner.arn:
                    self._strays += [(listener, rule) for rule in copies]
                else:
                    where = f"{balancer.name}:{listener.port}"
                    self._elsewhere += [f"{r.priority} of {where}" for r in copies]

    def _copies(self, case: Case, listener: Listener) -> list[Rule]:
        """Return the new rules of another listener that do what the lost ones did."""
        if listener.arn == self._now.arn or not before(case, listener):
            return []
        return [
            rule
            for rule in listener.rules
            if any(_moved_here(r, rule) for r in self._made) and well.rule(case, rule.arn) is None
        ]

    def against(self, case: Case, misroute: Misroute) -> str:
        """Return what the way back would take from others, "" if nothing."""
        found = [harms.of_deletion(case, misroute, r) for r in self._added]
        after = self.after()
        back = {r.arn for r in self._made} | {now.arn for now, _ in self._moved}
        back |= {now.arn for was, now in self._both if was.conditions != now.conditions}
        newer = {p.now.arn for p in self._left if p.now and p.newer}
        found += harms.of_places(
            [r for r in after.rules if r.arn in back], [r for r in after.rules if r.arn in newer]
        )
        found += harms.of_turning(case, self._now, after)
        found += map(harms.of_crowding, self._crowded)
        return " ".join(t for t in found if t)

    def decision(self) -> str:
        """Return a sentence about the rules that are like lost ones on other load balancers."""
        if not self._elsewhere:
            return ""
        word, verb = ("rule", "is") if len(self._elsewhere) == 1 else ("rules", "are")
        which = f"the new {word} {', '.join(self._elsewhere)}"
        return f"Decide whether anybody needs {which}, which {verb} like one that is missing here."

    def after(self) -> Listener:
        """Return the listener with its rules as the edits leave them."""
        out = {r.arn for r in (*self._added, *self._needless)}
        places = {now.arn: str(number) for now, number in self._moved}
        back = {
            now.arn: replace(was, arn=now.arn, priority=places.get(now.arn, now.priority))
            for was, now in self._both
        }
        rules = [back.get(r.arn, r) for r in self._now.rules if r.arn not in out]
        return replace(self._now, rules=tuple(sorted([*rules, *self._made], key=order)))

    def edits(self) -> Edits:
        """Return the edits: what is in the way goes first, what is needless goes last."""
        found: list[Edit] = [delete_rule(self._now, r) for r in self._added]
        if self._moved:
            found.append(move_rules(self._moved))
        for rule in self._made:
            found.append(create_rule(self._now, int(rule.priority), *all_parts(rule)))
        for was, now in self._both:
            parts = changed_parts(was, now)
            if parts and was.priority == "default":
                found.append(modify_listener(self._now, actions=default_actions(self._was)))
            elif parts:
                found.append(modify_rule(now, **parts))
        found += [delete_rule(self._now, r) for r in self._needless]
        found += [delete_rule(listener, r) for listener, r in self._strays]
        return tuple(found)

    def summary(self) -> str:
        """Return what the edits do, in their order."""
        said = [f"delete rule {r.priority}, which is new" for r in self._added]
        said += [f"move rule {r.priority} back to {number}" for r, number in self._moved]
        said += [f"create rule {r.priority} again" for r in self._made]
        said += [
            "give the default rule its action back"
            if was.priority == "default"
            else f"give rule {was.priority} back what it had"
            for was, now in self._both
            if changed_parts(was, now)
        ]
        said += [f"delete rule {r.priority}, which is not needed then" for r in self._needless]
        said += [f"delete its copy on port {x.port}" for x, _ in self._strays]
        text = ", ".join(said)
        return f"{text[:1].upper()}{text[1:]}."


def _moved_here(lost_rule: Rule, rule: Rule) -> bool:
    return rule.conditions == lost_rule.conditions and same_action(rule, lost_rule)
