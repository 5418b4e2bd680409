"""The store's word on mutes: bounded, checked, and never for ever."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from canary.model import Scope, StoredMute, Suite
from canary.mutes.kept import (
    MOST,
    MOST_BYTES,
    MutesError,
    StoredMutes,
    added,
    decode,
    encode,
    holding,
    removed,
)

NOW = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)


def moment(minutes: float) -> str:
    return (NOW + dt.timedelta(minutes=minutes)).isoformat()


def mute(check: str = "api.it", since: float = -10, until: float = 50, **more: Any) -> StoredMute:
    given = {"check": check, "since": moment(since), "until": moment(until), "reason": "it moves"}
    return StoredMute(**{**given, **more})


def held(*mutes: StoredMute) -> list[str]:
    return [m.check for m in holding(StoredMutes(mutes=mutes), NOW)[0]]


def refused(*mutes: StoredMute) -> tuple[str, ...]:
    return holding(StoredMutes(mutes=mutes), NOW)[1]


def test_a_mute_holds_until_its_end_and_is_then_forgotten() -> None:
    found = mute("api.ends", until=0), mute("api.holds", until=0.01), mute("api.over", until=-1)
    assert held(*found) == ["api.holds"] and refused(*found) == ()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (mute(until=24 * 60), "api.it: it lasts longer than 24 hours"),
        (mute(since=-(10**6), until=10), "api.it: it lasts longer than 24 hours"),
        (mute(since=6), "api.it: it begins in the future"),
        (mute(since=60 * 24 * 30, until=60 * 24 * 30 + 5), "api.it: it begins in the future"),
        (replace(mute(), until="for ever"), "api.it: its times cannot be read"),
        (replace(mute(), since=""), "api.it: its times cannot be read"),
        (mute(""), "every check: needs one of check, suite, service, pattern"),
        (mute(pattern="*"), "api.it: has check and pattern: keep one of them"),
        (
            mute("", suite=Suite.ENDPOINTS, service="api"),
            "suite endpoints: has suite and service: keep one of them",
        ),
    ],
)
def test_what_no_person_can_have_typed_holds_nothing_and_is_told(
    wrong: StoredMute, why: str
) -> None:
    assert held(wrong, mute("api.right")) == ["api.right"]
    assert refused(wrong, mute("api.right")) == (why,)


def test_however_a_file_is_forged_nothing_in_it_holds_after_a_day() -> None:
    """A chain of mutes, one after the other, is none: all but the first begin in the future."""
    days = [mute(since=n * 24 * 60, until=(n + 1) * 24 * 60) for n in range(90)]
    lasting = [mute("api.other", since=-10, until=n * 60) for n in range(1, 24 * 90)]
    forged = StoredMutes(mutes=(*days, *lasting))
    first, _ = holding(forged, NOW)
    assert {m.check for m in first} == {"api.it", "api.other"}
    ends = [dt.datetime.fromisoformat(m.until) for m in first]
    assert max(ends) == NOW + dt.timedelta(hours=24)


def test_fifty_hold_and_the_rest_is_told() -> None:
    many = [mute(f"api.n{n}") for n in range(MOST + 7)]
    assert held(*many) == [m.check for m in many[:MOST]]
    assert refused(*many) == ("there are 57, and 50 hold",)


@pytest.mark.parametrize(
    "data",
    [
        b"{half", b"[]", b'{"mutes": [{"check": "api.it"}]}', b'{"mutes": [], "more": 1}',
        b"\xff\xfe", b"[" * 50_000, b" " * (MOST_BYTES + 1),
        b'{"mutes": [{"check": "<script>", "since": "", "until": "", "reason": "long enough"}]}',
    ],
)  # fmt: skip
def test_bytes_that_are_no_mutes_raise(data: bytes) -> None:
    with pytest.raises(MutesError):
        decode(data)


def test_no_file_is_no_mute_and_what_is_written_comes_back() -> None:
    assert decode(None) == StoredMutes()
    some = (
        mute("api.one", by="alice"),
        mute("", suite=Suite.REGISTRATION),
        mute("", pattern="a.*"),
    )
    assert decode(encode(some)) == StoredMutes(mutes=some)


def test_a_mute_replaces_one_of_its_scope_and_ended_ones_go() -> None:
    kept = StoredMutes(mutes=(mute("api.one"), mute("api.over", until=-1), mute("api.two")))
    longer = mute("api.one", until=90)
    assert added(kept, longer, NOW) == (mute("api.two"), longer)
    assert removed(kept, Scope(check="api.two"), NOW) == (mute("api.one"),)
    assert removed(kept, Scope(check="api.over"), NOW) is None
    assert removed(kept, Scope(pattern="api.two"), NOW) is None
    assert msgspec.json.decode(encode(()))["mutes"] == []
