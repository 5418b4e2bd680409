"""`mute` and `unmute`: what a person types, what lies in the store, and what a run makes of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from click.testing import Result

from canary.adapters.store.folder import FolderStore
from canary.model import StoredMute, Suite
from canary.mutes.kept import StoredMutes, decode, encode, mutes_name
from tests.canary.cli.test_commands import call

NAME = "development"
FILE = mutes_name(NAME)
WHY = ("--reason", "the limiter is being rebuilt")


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def muting(store: FolderStore, *arguments: str) -> Result:
    return call("mute", *arguments, "-e", NAME, "--store", store.place)


def unmuting(store: FolderStore, what: str) -> Result:
    return call("unmute", what, "-e", NAME, "--store", store.place)


def kept(store: FolderStore) -> tuple[StoredMute, ...]:
    return decode(store.read(FILE)).mutes


def test_a_mute_lies_in_the_store_with_its_end_reason_and_author(store: FolderStore) -> None:
    done = muting(store, "registry.health", "--for", "2h", *WHY)
    assert done.exit_code == 0 and done.stdout.startswith("Muted until ")
    assert done.stdout.endswith(" UTC: registry.health (1 check)\n")
    (mute,) = kept(store)
    since, until = map(dt.datetime.fromisoformat, (mute.since, mute.until))
    assert until - since == dt.timedelta(hours=2)
    assert abs(dt.datetime.now(dt.UTC) - since) < dt.timedelta(minutes=1)
    assert (mute.check, mute.reason) == ("registry.health", WHY[1]) and mute.by


@pytest.mark.parametrize(
    ("what", "suite", "service", "pattern", "says"),
    [
        ("suite:registration", Suite.REGISTRATION, "", "", "suite registration (4 checks)"),
        ("service:auth", None, "auth", "", "service auth ("),
        ("registry.*", None, "", "registry.*", "registry.* ("),
    ],
)
def test_a_suite_a_service_and_a_pattern_can_be_muted(
    store: FolderStore, what: str, suite: Suite | None, service: str, pattern: str, says: str
) -> None:
    done = muting(store, what, "--for", "90m", *WHY)
    (mute,) = kept(store)
    assert (mute.suite, mute.service, mute.pattern, mute.check) == (suite, service, pattern, "")
    assert says in done.stdout
    assert unmuting(store, what).stdout.startswith("No longer muted by the store: ")
    assert kept(store) == ()


def test_a_second_mute_replaces_the_first_and_others_stay(store: FolderStore) -> None:
    for what, lasts in (("registry.health", "1h"), ("auth.*", "1h"), ("registry.health", "24h")):
        assert muting(store, what, "--for", lasts, *WHY).exit_code == 0
    assert [m.pattern or m.check for m in kept(store)] == ["auth.*", "registry.health"]
    shown = muting(store).stdout.splitlines()
    assert [line.split("  ")[0] for line in shown] == ["auth.*", "registry.health"]
    assert all(line.endswith(WHY[1]) for line in shown)


def test_nothing_muted_is_said(store: FolderStore) -> None:
    assert muting(store).stdout == "nothing is muted\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("registry.health", "--for", "25h", *WHY), "25h is no duration"),
        (("registry.health", "--for", "0m", *WHY), "0m is no duration"),
        (("registry.health", "--for", "2 days", *WHY), "2 days is no duration"),
        (("registry.health", *WHY), "a mute needs --for DURATION and --reason TEXT"),
        (("registry.health", "--for", "1h"), "a mute needs --for DURATION and --reason TEXT"),
        (("registry.health", "--for", "1h", "--reason", " x "), "a mute needs --for"),
        (("registry.nothing", "--for", "1h", *WHY), "registry.nothing covers no check of"),
        (("suite:nothing", "--for", "1h", *WHY), "suite:nothing is none of"),
        (("service:nothing", "--for", "1h", *WHY), "service nothing covers no check of"),
        (("<script>", "--for", "1h", *WHY), "<script> is none of"),
        (("--for", "1h", *WHY), "names no check to mute"),
    ],
)
def test_what_cannot_be_muted_is_wrong_usage_and_writes_nothing(
    store: FolderStore, arguments: tuple[str, ...], says: str
) -> None:
    done = muting(store, *arguments)
    assert done.exit_code == 2 and says in done.stderr
    assert store.read(FILE) is None


def test_what_is_not_muted_cannot_be_unmuted(store: FolderStore) -> None:
    muting(store, "registry.*", "--for", "1h", *WHY)
    done = unmuting(store, "registry.health")
    assert done.exit_code == 2 and "no such mute holds in the store" in done.stderr
    assert len(kept(store)) == 1


def test_a_file_that_is_no_mutes_is_said_and_left_as_it_is(store: FolderStore) -> None:
    store.write(FILE, b"{half")
    for done in (muting(store, "registry.*", "--for", "1h", *WHY), muting(store)):
        assert done.exit_code == 2 and "the mutes cannot be read" in done.stderr
    assert store.read(FILE) == b"{half"


def test_a_forged_mute_is_shown_as_one_that_does_not_hold(store: FolderStore) -> None:
    forged = StoredMute(pattern="*", since="2026-01-01", until="2999-01-01", reason="forged")
    store.write(FILE, encode((forged,)))
    done = muting(store)
    assert done.stdout == "nothing is muted\n"
    assert done.stderr == "does not hold: *: it lasts longer than 24 hours\n"
    muting(store, "registry.*", "--for", "1h", *WHY)
    assert StoredMutes(mutes=kept(store)[:1]).mutes[0].pattern == "registry.*"
