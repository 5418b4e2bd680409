"""The diagnosis does not depend on names, ports or priorities of the environment."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canary.control_plane.firewall import Side, lets_in, lets_out
from canary.control_plane.patterns import matches
from canary.control_plane.routing import free_priority, winner
from canary.control_plane.state import (
    Action,
    Condition,
    GroupRule,
    Listener,
    PlatformState,
    Rule,
    SecurityGroup,
)
from canary.control_plane.unread import Known, of
from canary.diagnose import diagnose
from canary.model import Environment, Explanation, Result
from tests.canary.support import platforms as p
from tests.canary.support.platform_faults import FAULTS, Fault, plant

T = TypeVar("T")
quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
words = st.from_regex(r"\A[a-z]{3,12}\Z").filter(
    lambda w: w not in {"auth", "registry", "mlflow", "cache", "database", "canary"}
)
ports = st.lists(st.integers(10_000, 60_000), min_size=3, max_size=3, unique=True)


def renamed(value: Any, kind: type[T], changes: dict[str, str]) -> T:
    """Return a value with texts replaced everywhere in its JSON form."""
    text = msgspec.json.encode(value).decode()
    # one pass and whole numbers only, so that no replacement is replaced again
    olds = (rf"(?<!\d){old}(?!\d)" if old.isdigit() else re.escape(old) for old in changes)
    text = re.sub("|".join(olds), lambda found: changes[found.group()], text)
    return msgspec.json.decode(text, type=kind)


@quick
@given(fault=st.sampled_from(FAULTS), prefix=words, stage=words, numbers=ports)
def test_renaming_everything_changes_no_verdict(
    fault: Fault, prefix: str, stage: str, numbers: list[int]
) -> None:
    changes = {
        "hokusai": prefix,
        "-development": f"-{stage}",
        **{old: str(new) for old, new in zip(("8000", "8001", "5000"), numbers, strict=True)},
    }
    state, results = plant(fault)
    environment = p.environment(p.Names())
    verdict = diagnose(results, state, environment, p.healthy(), p.NOW)
    other = diagnose(
        renamed(results, list[Result], changes),
        renamed(state, PlatformState, changes),
        renamed(environment, Environment, changes),
        renamed(p.healthy(), PlatformState, changes),
        p.NOW,
    )
    expected = renamed(verdict, Explanation, changes)
    assert [(d.cause, d.resource, d.explains) for d in other.diagnoses] == [
        (d.cause, d.resource, d.explains) for d in expected.diagnoses
    ]
    assert other.unexplained == expected.unexplained


@quick
@given(
    fault=st.sampled_from(FAULTS),
    extra=st.lists(st.integers(1, 40), max_size=6, unique=True),
)
def test_harmless_rules_change_no_verdict(fault: Fault, extra: list[int]) -> None:
    from tests.canary.support.platform_faults import add_rule

    state, results = plant(fault)
    environment = p.environment(p.Names())
    before = diagnose(results, state, environment, None, p.NOW)
    for number in extra:
        rule = Rule(
            arn=f"arn:extra/{number}",
            priority=str(number),
            conditions=(Condition(field="path-pattern", values=(f"/extra-{number}/*",)),),
            action=Action(type="fixed-response", status_code="410"),
        )
        state = add_rule(state, rule)
    after = diagnose(results, state, environment, None, p.NOW)
    assert [(d.cause, d.resource) for d in after.diagnoses] == [
        (d.cause, d.resource) for d in before.diagnoses
    ]


paths = st.from_regex(r"\A(/[a-z]{0,4}){1,4}\Z")


@quick
@given(path=paths, tail=paths)
def test_a_star_at_the_end_takes_everything_behind_its_slash(path: str, tail: str) -> None:
    assert matches(f"{path}/*", f"{path}{tail}")
    assert matches(path, path)
    assert not matches(f"{path}/x/*", path)


@quick
@given(st.lists(st.integers(1, 50_000), min_size=1, max_size=8, unique=True), paths)
def test_the_lowest_priority_number_wins(numbers: list[int], path: str) -> None:
    rules = tuple(
        Rule(
            arn=str(n), priority=str(n), action=Action(type="forward"),
            conditions=(Condition(field="path-pattern", values=("*",)),),
        )
        for n in numbers
    )  # fmt: skip
    taken = winner(Listener(arn="l", port=443, protocol="HTTPS", rules=rules), "h", path)
    assert taken is not None and taken.priority == str(min(numbers))


@quick
@given(
    used=st.sets(st.integers(1, 300), max_size=60),
    wanted=st.integers(0, 300),
    before=st.none() | st.integers(2, 300),
)
def test_a_free_priority_is_free_and_wins(used: set[int], wanted: int, before: int | None) -> None:
    rules = tuple(Rule(arn=str(n), priority=str(n), action=Action(type="none")) for n in used)
    listener = Listener(arn="l", port=443, protocol="HTTPS", rules=rules)
    found = free_priority(listener, wanted, before)
    if before is None or set(range(1, before)) - used:
        assert found not in used
        assert before is None or found < before


group_ids = st.sampled_from(["sg-a", "sg-b", "sg-c"])


@quick
@given(
    source=group_ids, low=st.integers(1, 9000), width=st.integers(0, 100), port=st.integers(1, 9100)
)
def test_a_rule_admits_its_source_on_its_ports_only(
    source: str, low: int, width: int, port: int
) -> None:
    rule = GroupRule(protocol="tcp", from_port=low, to_port=low + width, groups=(source,))
    target = Side(groups=(SecurityGroup(id="t", name="t", ingress=(rule,)),))
    peer = Side(groups=(SecurityGroup(id=source, name=source),))
    foreign = Side(groups=(SecurityGroup(id="sg-x", name="x"),))
    assert lets_in(target, peer, port) is of(low <= port <= low + width)
    assert lets_in(target, foreign, port) is Known.NO
    assert lets_out(peer, target, port) is Known.NO
