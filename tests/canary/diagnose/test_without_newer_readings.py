"""Without what only failures need, a diagnosis says less, and nothing else.

The readings of ways, stores, counters, AWS WAF, DNS, rollouts and scaling may be denied, late, or
both; on the matrix that was there before them, the first cause stays.
"""

from __future__ import annotations

import msgspec
import pytest

from canary.control_plane.state import NOT_IN_TIME, PlatformState, Unavailable
from canary.diagnose import diagnose
from canary.model import Confidence, Explanation
from canary.observe.failing.again import PARTS
from tests.canary.support import platforms as p
from tests.canary.support.told import SCENES_AND_FAULTS
from tests.turns import in_turn

NEWER = ("counters", "web_acls", "dns", "network", "stores", "rollouts", "scaling")
EMPTY = PlatformState()
LACK = "canary-permission-denied"


def without(state: PlatformState, *, denied: bool) -> PlatformState:
    """Return a state of which no newer part was read."""
    code = "AccessDeniedException" if denied else NOT_IN_TIME
    gaps = tuple(
        Unavailable(action=action, resource="*", code=code, reason="no", denied=denied)
        for action in sorted({a.action for part in NEWER for a in PARTS[part]})
    )
    return msgspec.structs.replace(
        state,
        **{part: getattr(EMPTY, part) for part in (*NEWER, "errors")},
        unavailable=(*state.unavailable, *gaps),
        unread=(*state.unread, *NEWER),
    )


def told(name: str, state: PlatformState) -> Explanation:
    scene = SCENES_AND_FAULTS[name]
    return diagnose(scene.results, state, scene.environment, scene.before, p.NOW)


def named(found: Explanation) -> list[tuple[str, str]]:
    return [(d.cause, d.resource) for d in found.diagnoses if d.cause != LACK]


def certain(found: Explanation) -> set[tuple[str, str]]:
    sure = (d for d in found.diagnoses if d.confidence is Confidence.CERTAIN and d.cause != LACK)
    return {(d.cause, d.resource) for d in sure}


@pytest.mark.parametrize("denied", [True, False], ids=["denied", "late"])
@pytest.mark.parametrize("name", in_turn(SCENES_AND_FAULTS, 5))
def test_nothing_becomes_certain_and_the_older_matrix_stands(name: str, denied: bool) -> None:
    state = SCENES_AND_FAULTS[name].state
    whole, less = told(name, state), told(name, without(state, denied=denied))
    assert certain(less) <= certain(whole)
    if all(getattr(state, part) == getattr(EMPTY, part) for part in (*NEWER, "errors")):
        assert named(less)[:1] == named(whole)[:1]
    lacks = {d.resource for d in less.diagnoses if d.cause == LACK}
    actions = {u.action for u in without(EMPTY, denied=denied).unavailable}
    assert (actions <= lacks) is denied
