"""Check references within a configuration: names, cycles of needs, dates of mutes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from canary.config import addresses, blocking, credentials, sendable
from canary.config.alarm_windows import window_problems
from canary.config.home import runbook_problems
from canary.config.needs import cycle_from, with_needs
from canary.config.routes import route_problems
from canary.model import Check, Environment, Frozen, Scope
from canary.mutes.scopes import covers, described, scope_problem
from canary.probes.base.api import Kind

LONGEST_MUTE = 90
"""Days; to silence a check for longer, disable it."""


class Source(Frozen, frozen=True, kw_only=True):
    """A check and its file."""

    file: str
    check: Check


class Rules(Frozen, frozen=True, kw_only=True):
    """Which rules apply to the configuration; paths of runbooks start at one of `roots`."""

    file: str  # the environment's, for messages
    authoring: bool
    today: dt.date
    roots: tuple[Path, ...]
    only: Callable[[Check], bool] | None = None
    """The checks that will run now: their requests must be possible."""


def problems(
    environment: Environment, sources: list[Source], rules: Rules, kinds: Mapping[str, Kind]
) -> list[str]:
    """Return every problem as `file: check id: key: what is wrong`."""
    return [
        *_duplicates(sources),
        *_cycles(sources),
        *_names(environment, sources, rules),
        *_requests(environment, _that_run(sources, rules), rules, kinds),
        *_needs(environment, sources),
        *_blocking(sources, kinds),
        *_environment(environment, sources, rules),
    ]


def _duplicates(sources: list[Source]) -> Iterator[str]:
    first: dict[str, str] = {}
    for s in sources:
        if s.check.id in first:
            yield f"{s.file}: {s.check.id}: id: is already used in {first[s.check.id]}"
        first.setdefault(s.check.id, s.file)


def runs_in(environment: Environment, check: Check) -> bool:
    """Return whether the check runs in the environment: not disabled, opt-in only if enabled."""
    if check.id in environment.disable:
        return False
    return not check.opt_in or check.id in environment.enable


def _names(environment: Environment, sources: list[Source], rules: Rules) -> Iterator[str]:
    for s in sources:
        if not runs_in(environment, s.check):
            continue
        at = f"{s.file}: {s.check.id}"
        if s.check.service not in environment.services:
            yield f"{at}: service: {s.check.service} is not a service of {rules.file}"
        for name in sorted(principals(s.check.spec)):
            if name not in environment.principals:
                yield f"{at}: spec: {name} is not a principal of {rules.file}"
        wrong = credentials.form_problems(environment, s.check, rules.file)
        yield from (f"{at}: {problem}" for problem in wrong)
        used = getattr(s.check.spec, "use_service", s.check.service)
        if used != s.check.service and used not in environment.services:
            yield f"{at}: spec.use_service: {used} is not a service of {rules.file}"
        if rules.authoring:
            yield from runbook_problems(at, s.check.runbook, rules.roots)


def _that_run(sources: list[Source], rules: Rules) -> list[Source]:
    """Return the checks whose requests must be possible: all for an author, else those that run.

    One that a function cannot send costs a running function its own result, not all the others.
    """
    if rules.only is None:
        return sources if rules.authoring else []
    chosen = [s.check.id for s in sources if rules.only(s.check)]
    running = with_needs(chosen, {s.check.id: s.check.needs for s in sources})
    return [s for s in sources if s.check.id in running]


def _requests(
    environment: Environment, sources: list[Source], rules: Rules, kinds: Mapping[str, Kind]
) -> Iterator[str]:
    yield from _own(sources)
    for s in sources:
        kind = kinds[s.check.kind]
        if runs_in(environment, s.check) and not kind.reads_state and kind.needs_url:
            found = sendable.without_url(s.check, environment, rules.file)
            yield from (f"{s.file}: {s.check.id}: {problem}" for problem in found)


def principals(spec: Any) -> set[str]:
    """Return every principal that a spec names in any field called `principal` or `principals`."""
    return set(_principals(msgspec.to_builtins(spec))) - set(credentials.RESERVED)


def _principals(value: Any) -> Iterator[str]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _principals(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "principal" and isinstance(item, str):
                yield item
            elif key == "principals" and isinstance(item, list | tuple):
                yield from (i for i in item if isinstance(i, str))
            else:
                yield from _principals(item)


def _needs(environment: Environment, sources: list[Source]) -> Iterator[str]:
    known = {s.check.id: s.check for s in sources}
    for s in sources:
        for need in dict.fromkeys(s.check.needs):
            at = f"{s.file}: {s.check.id}: needs"
            if need not in known:
                yield f"{at}: {need} does not exist"
            elif runs_in(environment, s.check) and not runs_in(environment, known[need]):
                why = "is disabled" if need in environment.disable else "is opt-in and not enabled"
                yield f"{at}: {need} {why} in environment {environment.name}"


def _blocking(sources: list[Source], kinds: Mapping[str, Kind]) -> Iterator[str]:
    known = {s.check.id: s.check for s in sources}
    for s in sources:
        found = blocking.problems(s.check, known, kinds)
        yield from (f"{s.file}: {s.check.id}: {problem}" for problem in found)


def _cycles(sources: list[Source]) -> Iterator[str]:
    graph = {s.check.id: s.check.needs for s in sources}
    files = {s.check.id: s.file for s in sources}
    seen: set[str] = set()
    for start in graph:
        path = cycle_from(start, graph)
        if path and not seen & set(path):
            seen |= set(path)
            yield f"{files[start]}: {start}: needs: form a cycle: {' -> '.join(path)}"


def _environment(environment: Environment, sources: list[Source], rules: Rules) -> Iterator[str]:
    known = {s.check.id: s.check for s in sources}
    at = rules.file
    for check in environment.enable:
        if check not in known:
            yield f"{at}: enable: {check} is not a check"
        elif not known[check].opt_in:
            yield f"{at}: enable: {check} is not opt-in, it runs everywhere"
    yield from (f"{at}: disable: {c} is not a check" for c in environment.disable if c not in known)
    for name, service in environment.services.items():
        for other in service.depends_on:
            if other not in environment.services:
                yield f"{at}: services.{name}.depends_on: {other} is not a service"
    yield from route_problems(environment, at)
    for check in environment.schedule.slow_checks:
        if check not in known:
            yield f"{at}: schedule.slow_checks: {check} is not a check"
        elif not runs_in(environment, known[check]):
            yield f"{at}: schedule.slow_checks: {check} does not run in this environment"
    yield from (f"{at}: {problem}" for problem in credentials.principal_problems(environment))
    yield from _mutes(environment, known, rules)
    yield from (f"{at}: {problem}" for problem in window_problems(environment, known))
    if environment.run.budget <= environment.run.cleanup_reserve + environment.run.publish_reserve:
        yield f"{at}: run.budget: must be longer than cleanup_reserve and publish_reserve together"
    yield from (f"{at}: {problem}" for problem in addresses.problems(environment))
    if rules.authoring:
        # a running function was deployed: no cold start needs it
        from canary.config import aws_limits, aws_names

        yield from (f"{at}: {problem}" for problem in aws_limits.problems(environment))
        yield from (f"{at}: {problem}" for problem in aws_names.name_problems(environment))
        yield from (f"{at}: {problem}" for problem in aws_names.store_problems(environment))


def _mutes(environment: Environment, known: dict[str, Check], rules: Rules) -> Iterator[str]:
    muted = [described(mute) for mute in environment.mutes]
    for what in dict.fromkeys(w for w in muted if muted.count(w) > 1):
        yield f"{rules.file}: mutes: {what}: is muted {muted.count(what)} times, keep one mute"
    for mute in environment.mutes:
        at = f"{rules.file}: mutes: {described(mute)}"
        yield from (f"{at}: {problem}" for problem in _scope(mute, known, needed=True))
        if rules.authoring and mute.until < rules.today:
            yield f"{at}: until {mute.until} is in the past, remove the mute"
        if rules.authoring and mute.until > rules.today + dt.timedelta(days=LONGEST_MUTE):
            yield f"{at}: until {mute.until} is more than {LONGEST_MUTE} days away"

    for window in environment.maintenance:
        at = f"{rules.file}: maintenance: {described(window)} at {window.start}"
        yield from (f"{at}: {problem}" for problem in _scope(window, known, needed=False))
        if rules.authoring:
            from canary.mutes.windows import zone_problem  # a running function only notes it

            if problem := zone_problem(window.time_zone):
                yield f"{at}: {problem}"


def _scope(scope: Scope, known: dict[str, Check], *, needed: bool) -> Iterator[str]:
    if problem := scope_problem(scope, needed=needed):
        yield problem
    elif scope.check:
        if scope.check not in known:
            yield "is not a check"
    elif not any(covers(scope, i, c) for i, c in known.items()):
        yield "no check is covered"


def within_file(sources: list[Source]) -> list[str]:
    """Return the problems of one check file by itself."""
    return [*_duplicates(sources), *_cycles(sources), *_own(sources)]


def _own(sources: list[Source]) -> Iterator[str]:
    """Yield the problems of each check alone."""
    for s in sources:
        at = f"{s.file}: {s.check.id}"
        twice = sorted(n for n in set(s.check.needs) if s.check.needs.count(n) > 1)
        yield from (f"{at}: needs: {need} stands twice" for need in twice)
        yield from (f"{at}: {problem}" for problem in sendable.problems(s.check.spec))
