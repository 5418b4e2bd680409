"""Which checks are muted in a run: by date, window and store; by check, suite, service, pattern."""

from __future__ import annotations

import datetime as dt

import pytest

from canary.model import Day, Maintenance, Mute, MuteInForce, Scope, StoredMute, Suite
from canary.mutes.in_force import in_force
from canary.mutes.scopes import covers, described, scope_problem
from tests.canary.support import worlds

NOW = worlds.NOW  # a Sunday, 12:00 UTC
CHECK = worlds.check("api.health", suite=Suite.REGISTRATION, service="api")


@pytest.mark.parametrize(
    ("scope", "words", "muted"),
    [
        (Scope(check="api.health"), "api.health", True),
        (Scope(check="api.healthy"), "api.healthy", False),
        (Scope(suite=Suite.REGISTRATION), "suite registration", True),
        (Scope(suite=Suite.ENDPOINTS), "suite endpoints", False),
        (Scope(service="api"), "service api", True),
        (Scope(service="auth"), "service auth", False),
        (Scope(pattern="api.*"), "api.*", True),
        (Scope(pattern="*.health"), "*.health", True),
        (Scope(pattern="*"), "*", True),
        (Scope(pattern="api"), "api", False),  # a pattern is the whole id
        (Scope(pattern="API.*"), "API.*", False),
        (Scope(), "every check", True),
    ],
)
def test_a_scope_covers_what_it_says(scope: Scope, words: str, muted: bool) -> None:
    assert (described(scope), covers(scope, CHECK.id, CHECK)) == (words, muted)


def test_one_key_alone_names_a_scope() -> None:
    two = Scope(check="api.it", service="api")
    assert scope_problem(two, needed=False) == "has check and service: keep one of them"
    assert scope_problem(Scope(), needed=True) == "needs one of check, suite, service, pattern"
    assert (
        scope_problem(Scope(), needed=False) == scope_problem(Scope(service="a"), needed=True) == ""
    )


def test_a_mute_holds_to_the_end_of_its_day_and_for_its_check() -> None:
    mutes = (
        Mute(check="api.health", until=dt.date(2026, 11, 20), reason="over"),
        Mute(check="api.health", until=dt.date(2026, 11, 22), reason="it moves"),
        Mute(check="api.other", until=dt.date(2999, 1, 1), reason="other"),
    )
    environment = worlds.environment(mutes=mutes)
    assert in_force(environment, NOW).of("api.health", CHECK) == "until 2026-11-22: it moves"
    tomorrow = in_force(environment, NOW + dt.timedelta(hours=12))
    assert tomorrow.of("api.health", CHECK) == ""
    assert tomorrow.shown == (MuteInForce(what="api.other", until="2999-01-01", reason="other"),)


def test_a_window_of_the_file_and_a_mute_of_the_store_hold_with_their_end_and_author() -> None:
    window = Maintenance(
        service="api", days=(Day.SUNDAY,), start="12:30", minutes=60, time_zone="Europe/Berlin",
        reason="patches",
    )  # fmt: skip
    stored = StoredMute(
        pattern="*.health", since="2026-11-22T11:00:00Z", until="2026-11-22T13:00:30Z",
        reason="load test", by="alice",
    )  # fmt: skip
    environment = worlds.environment(maintenance=(window,))
    found = in_force(environment, NOW, (stored,), ("a note",))
    assert found.shown == (
        MuteInForce(what="service api", until="2026-11-22T12:30+00:00", reason="patches"),
        MuteInForce(
            what="*.health", until="2026-11-22T13:00+00:00", reason="load test", by="alice"
        ),
    )
    assert found.of("api.health", CHECK) == "until 2026-11-22T12:30+00:00: patches"
    assert found.notes == ("a note",)
    later = in_force(environment, NOW + dt.timedelta(minutes=30), (stored,))
    assert later.of("api.health", CHECK) == "until 2026-11-22T13:00+00:00 by alice: load test"


def test_a_time_zone_that_is_not_known_here_mutes_nothing_and_is_told() -> None:
    window = Maintenance(start="11:00", minutes=120, time_zone="Europe/Nowhere", reason="patches")
    found = in_force(worlds.environment(maintenance=(window,)), NOW)
    assert found.shown == () and found.of("api.health", CHECK) == ""
    assert found.notes == (
        "a maintenance window does not hold: time_zone: Europe/Nowhere is no time zone of the"
        " IANA database",
    )
