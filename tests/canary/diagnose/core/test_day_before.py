"""What only the platform of the day before shows is told, as a guess."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from canary.control_plane.baselines import Baseline, Baselines
from canary.diagnose.core.case import Case
from canary.diagnose.core.day_before import of_the_day_before
from canary.diagnose.core.finding import Finding
from canary.model import Confidence, Remedy
from tests.canary.support import platforms as p

DAY, EARLIER, WELL, OTHER = (
    Baseline(reference=name, state=p.replace(p.healthy(), read_at=f"read {name}"), at=p.ago(age))
    for name, age in (("day", 2000), ("earlier", 3000), ("well", 30), ("other", 40))
)
A, B = p.failed("a", "registry", p.none("https://registry.hokus.ai/x", "dns")), p.failed("b", "x")


def case(of: dict[str, Baseline], days: dict[str, Baseline], incident: Baseline | None) -> Case:
    known = Baselines(of=of, incident=incident, day_before=days)
    return Case(
        results=(A, B), state=p.healthy(), environment=p.environment(p.Names()), previous=None,
        now=p.NOW, baselines=known,
    )  # fmt: skip


def finding(of: Case, cause: str = "rule-missing", resource: str = "r") -> Finding:
    return Finding(
        cause=cause, service="registry", resource=resource, confidence=Confidence.CERTAIN,
        summary="s", remedy=Remedy(summary="s", decision="d"),
        explained_failures=frozenset(of.failures),
    )  # fmt: skip


def asked(of: Case, *found: Finding, said: tuple[Finding, ...] = ()) -> tuple[list[Finding], str]:
    """Return what is found of the day before, and which platform the rules were asked about."""
    places: list[str] = []

    def judge(past: Case) -> Iterable[Finding]:
        assert past.previous is not None and past.baselines.incident is not None
        assert past.previous.read_at == past.baselines.incident.at
        places.append(past.baselines.incident.reference)
        return said

    return of_the_day_before(of, list(found), judge), " ".join(places)


BOTH = case({"a": WELL, "b": WELL}, {"a": DAY, "b": EARLIER}, WELL)


def test_the_day_before_is_that_of_the_first_check_whose_past_is_the_incidents() -> None:
    for of, where in (
        (BOTH, "day"),
        (case({"a": OTHER, "b": WELL}, {"a": DAY, "b": EARLIER}, WELL), "earlier"),
        (case({"b": WELL, "a": WELL}, {"b": EARLIER}, WELL), "earlier"),
        (case({"a": WELL}, {"a": DAY}, None), ""),
        (case({"a": WELL}, {}, WELL), ""),
        (case({"a": OTHER}, {"a": DAY}, WELL), ""),
        (case({"a": WELL}, {"a": WELL}, WELL), ""),
        (case({"a": WELL}, {"a": p.replace(DAY, reference="well")}, WELL), ""),
    ):
        assert asked(of) == ([], where)


def test_what_it_shows_is_possible_and_explains_what_its_cause_makes() -> None:
    one = finding(BOTH)
    found, _ = asked(BOTH, said=(one,))
    assert found == [replace(one, confidence=Confidence.POSSIBLE)]
    port = finding(BOTH, "security-group-blocked")
    (narrow,), _ = asked(BOTH, said=(port,))
    assert {f.check_id for f in narrow.explained_failures} == {"b"}  # never a name without address


def test_what_is_known_already_or_no_state_shows_is_left_out() -> None:
    one = finding(BOTH)
    words, other = finding(BOTH, "capacity-throttled"), finding(BOTH, resource="other")
    cause = finding(BOTH, "rule-shadowed")
    found, _ = asked(BOTH, one, said=(words, one, other, cause))
    assert [(f.cause, f.resource) for f in found] == [
        ("rule-missing", "other"), ("rule-shadowed", "r"),
    ]  # fmt: skip
