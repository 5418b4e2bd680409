"""What a case answered is remembered by its arguments, for this case alone."""

from __future__ import annotations

import dataclasses

from canary.diagnose.core.memo import remembered
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import HEALTHY, case


@dataclasses.dataclass(frozen=True)
class Counting:
    """Counts how often it is asked."""

    asked: list[tuple[str, str]]

    @remembered
    def twice(self, text: str, via: str = "") -> str:
        """Return a text and its way, twice."""
        self.asked.append((text, via))
        return (text + via) * 2


def test_each_question_is_answered_once() -> None:
    one = Counting([])
    answers = [one.twice("a"), one.twice("a"), one.twice("b"), one.twice("a", via="x")]
    assert answers == ["aa", "aa", "bb", "axax"]
    assert one.twice("a", via="x") == "axax"
    assert one.asked == [("a", ""), ("b", ""), ("a", "x")]


def test_another_object_knows_nothing_of_it() -> None:
    one, two = Counting([]), Counting([])
    assert (one.twice("a"), two.twice("a")) == ("aa", "aa")
    assert (one.asked, two.asked) == ([("a", "")], [("a", "")])
    assert one.twice.__name__ == "twice"


def test_a_case_with_other_results_answers_anew() -> None:
    lost = p.failed("auth.x", "auth", p.none(f"{faults.AUTH}/x", "reset"))
    seen = case(HEALTHY, None, lost)
    assert [f.check_id for f in seen.failures_of_outage("auth")] == ["auth.x"]
    assert seen.failures_of_outage("auth") is seen.failures_of_outage("auth")
    assert dataclasses.replace(seen, results=()).failures_of_outage("auth") == frozenset()
