"""The life of a key against a local auth service that records what it creates."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import socket
import time
from typing import Any

import pytest

from canary.model import Service, Status
from canary.pipeline import new_run_id
from canary.probes.base.request import object_name, started_at
from tests.canary.support.servers import faults
from tests.canary.support.servers.toolbox import Bench, FixedClock, environment

UNKNOWN: tuple[int, object] = (404, {"detail": "API key not found"})
ADMIN = secrets.token_hex(16)


class Keys:
    """Answers the calls of key management, validation and one use of a key."""

    def __init__(
        self,
        *,
        revokes: bool = True,
        tells_id: bool = True,
        manages: bool = True,
        unknown: tuple[int, object] = UNKNOWN,
        refuses: bool = False,
        answers_in: float = 0.0,
        base: str = "/api/v1/keys",
    ) -> None:
        self.base = base
        self.active: dict[str, tuple[str, str]] = {}  # id -> value, name
        self.revokes, self.tells_id, self.manages = revokes, tells_id, manages
        self.unknown, self.refuses, self.answers_in = unknown, refuses, answers_in
        self.listed: object = None
        self.made, self.deleted = 0, list[str]()
        self.paths: list[str] = []

    def answer(self, method: str, path: str, key: str, body: bytes) -> tuple[int, object]:
        """Return status and document."""
        self.paths.append(path)
        known = [value for value, _ in self.active.values()]
        if path in (f"{self.base}/validate", "/use"):
            if key not in known:
                return 401, {"detail": "Invalid or expired API key"}
            return (200, {"scopes": ["model:read"]}) if path != "/use" else (403, {})
        if key != ADMIN:
            return 401, {}
        if method == "POST":
            self.made += 1
            value, name = "hk_" + "test_" + secrets.token_hex(16), json.loads(body)["name"]
            key_id = f"k{self.made}"
            self.active[key_id] = (value, name)
            time.sleep(self.answers_in)
            return 201, {"api_key": value, "key_info": {"key_id": key_id} if self.tells_id else {}}
        if self.made and not self.manages:
            return 500, {}
        if method == "DELETE":
            return self.revoked(path.rpartition("/")[2])
        return 200, self.listed or [
            {"key_id": i, "name": name} for i, (_, name) in self.active.items()
        ]

    def revoked(self, key_id: str) -> tuple[int, object]:
        """Answer a revocation."""
        if key_id not in self.active:
            return self.unknown
        self.deleted.append(key_id)
        if self.refuses:
            return 409, {"detail": "a key is kept for ever"}
        if self.revokes:
            del self.active[key_id]
        return 200, {"message": "API key revoked successfully"}

    def behave(self, sock: socket.socket) -> None:
        """Serve one connection."""
        while raw := faults.read_head(sock):
            head, _, body = raw.partition(b"\r\n\r\n")
            method, path, _ = head.split(b"\r\n")[0].decode().split()
            key = head.decode().partition("Authorization: Bearer ")[2].partition("\r\n")[0]
            status, document = self.answer(method, path.partition("?")[0], key, body)
            text = json.dumps(document)
            sock.sendall(
                f"HTTP/1.1 {status} X\r\ncontent-length: {len(text)}\r\n\r\n{text}".encode()
            )


def live(
    keys: Keys,
    seconds: float = 10,
    admin: str | list[str] = ADMIN,
    spec: dict[str, str] | None = None,
    **more: Any,
) -> Bench:
    with faults.serving(keys.behave) as port:
        where = environment(services={"target": Service(url=f"http://127.0.0.1:{port}")})
        one = Bench(where, {"admin": admin}, seconds=seconds, **more)
        one.run("key_lifecycle", use_service="target", use_path="/use", cache_s=0, **(spec or {}))
    return one


def test_a_key_lives_and_dies_and_its_value_is_nowhere_in_the_evidence() -> None:
    keys = Keys()
    one = live(keys)
    assert [(s.name, s.status.value) for s in one.steps] == [
        (name, "PASS")
        for name in ("key removal", "earlier keys", "create", "validate", "use", "revoke",
                     "refused by auth", "refused in use", "nothing left")
    ]  # fmt: skip
    assert "hk_test_" not in str(one.steps) and ADMIN not in str(one.steps)
    assert one.residue == []


def test_keys_may_be_managed_at_another_path_and_in_other_words() -> None:
    keys = Keys(unknown=(404, {"detail": "no such token"}), base="/tokens")
    one = live(keys, spec={"keys_path": "/tokens", "unknown_id": "no such token"})
    assert {s.status for s in one.steps} == {Status.PASS}
    assert {path.split("/")[1] for path in keys.paths} == {"tokens", "use"}


def test_a_revocation_without_effect_fails_and_is_residue() -> None:
    one = live(Keys(revokes=False))
    assert one.status("refused by auth") is Status.FAIL
    assert one.status("nothing left") is Status.FAIL
    assert [(r.kind, r.removed) for r in one.residue] == [("key", False)]


def test_a_key_that_was_not_seen_to_go_is_residue_though_nothing_can_be_listed() -> None:
    one = live(Keys(manages=False))
    assert one.status("revoke") is Status.FAIL and one.status("nothing left") is Status.FAIL
    assert [(r.kind, r.name, r.removed) for r in one.residue] == [("key", "k1", False)]


def test_without_time_the_key_is_still_revoked_from_the_reserve() -> None:
    keys = Keys(answers_in=0.6)
    one = live(keys, seconds=0.5)
    assert (keys.made, keys.active) == (1, {})
    assert one.status("nothing left") is Status.PASS


def test_a_key_without_an_id_is_found_by_its_name_and_revoked() -> None:
    keys = Keys(tells_id=False)
    one = live(keys)
    assert one.status("create") is Status.FAIL
    assert "key id is absent" in next(s.reason for s in one.steps if s.name == "create")
    assert keys.active == {} and one.status("nothing left") is Status.PASS
    assert not [p for p in keys.paths if "object" in p]


def test_an_administrator_whose_token_was_rotated_is_read_again() -> None:
    keys = Keys()
    one = live(keys, admin=["the old one", ADMIN])
    assert {s.status for s in one.steps} == {Status.PASS}, one.steps
    assert one.forgotten == ["admin"] and keys.active == {}


def run_id(clock: FixedClock) -> str:
    return new_run_id(clock.at.isoformat(timespec="milliseconds"))


def planted(keys: Keys, *names: str) -> None:
    """Plant keys that are active, as runs that died would leave them."""
    keys.active |= {f"old{n}": (secrets.token_hex(16), name) for n, name in enumerate(names)}


def of_run(at: dt.datetime) -> str:
    return object_name("synthetic-canary-", run_id(FixedClock(at)), "key")


@pytest.mark.parametrize(
    "unknown",
    [
        (404, {"detail": "Not Found"}),
        (404, {}),
        (404, "API key not found"),
        (200, {"message": "API key revoked successfully"}),
        (202, {}),
        (400, {"detail": "API key not found"}),
        (403, {"detail": "not allowed"}),
        (405, {"detail": "Method Not Allowed"}),
        (422, {"detail": [{"msg": "no id"}]}),
        (500, {"detail": "Internal Server Error"}),
    ],
)
def test_without_proof_that_a_key_can_be_revoked_none_is_made(
    unknown: tuple[int, object],
) -> None:
    keys = Keys(unknown=unknown)
    one = live(keys)
    assert one.status("key removal") is Status.FAIL
    assert f" is {unknown[0]} {json.dumps(unknown[1])}" in one.reason("key removal")
    assert one.reason("create") == "needs key removal, which did not pass"
    assert (keys.made, one.residue) == (0, [])


def test_keys_of_earlier_runs_are_revoked_first(clock: FixedClock) -> None:
    keys = Keys()
    planted(keys, of_run(clock.at - dt.timedelta(hours=1)), "synthetic-canary-of-a-person", "other")
    one = live(keys, clock=clock, run_id=run_id(clock))
    assert {s.status for s in one.steps} == {Status.PASS}, one.steps
    assert [(r.name, r.removed) for r in one.residue] == [("old0", True)]
    assert (set(keys.active), keys.deleted) == ({"old1", "old2"}, ["old0", "k1"])


def test_a_key_of_a_run_that_may_be_under_way_is_not_touched(clock: FixedClock) -> None:
    keys = Keys()
    planted(keys, of_run(clock.at - dt.timedelta(minutes=14)))
    one = live(keys, clock=clock, run_id=run_id(clock))
    assert one.status("earlier keys") is Status.ERROR
    assert one.reason("earlier keys").startswith("keys of another run are active")
    assert (keys.made, keys.deleted, one.residue) == (0, [], [])


def test_a_key_that_the_previous_run_reported_is_tried_at_once(clock: FixedClock) -> None:
    keys = Keys()
    planted(keys, of_run(clock.at - dt.timedelta(minutes=1)))
    one = live(keys, clock=clock, run_id=run_id(clock), left_behind=frozenset({"old0"}))
    assert {s.status for s in one.steps} == {Status.PASS}, one.steps
    assert (keys.active, keys.deleted) == ({}, ["old0", "k1"])


@pytest.mark.parametrize("keys", [Keys(refuses=True), Keys(revokes=False)], ids=["no", "yes, but"])
def test_twenty_runs_leave_one_key_where_none_can_be_revoked(keys: Keys, clock: FixedClock) -> None:
    runs: list[Bench] = []
    for _ in range(20):
        clock.at += dt.timedelta(minutes=1)
        before = runs[-1].residue if runs else []
        told = frozenset(r.name for r in before if not r.removed)
        runs.append(live(keys, clock=FixedClock(clock.at), run_id=run_id(clock), left_behind=told))
    assert (keys.made, list(keys.active)) == (1, ["k1"])
    assert keys.deleted == ["k1"] * 21  # twice by its own run, once by each later one
    assert {one.status("earlier keys") for one in runs[1:]} == {Status.FAIL}
    assert [len(one.residue) for one in runs] == [1] * 20


def test_five_keys_that_cannot_be_revoked_cost_one_attempt(clock: FixedClock) -> None:
    keys = Keys(refuses=True)
    planted(keys, *[of_run(clock.at - dt.timedelta(hours=n)) for n in range(1, 6)])
    one = live(keys, clock=clock, run_id=run_id(clock))
    assert "is 5, one is old0 (revoking it got 409" in one.reason("earlier keys")
    assert "a key is kept for ever" in one.reason("earlier keys")
    assert (keys.made, keys.deleted) == (0, ["old0"])
    assert [r.reason for r in one.residue] == ["orphan that could not be revoked; 5 of this kind"]


def test_no_run_revokes_more_than_three_keys_of_earlier_runs(clock: FixedClock) -> None:
    keys = Keys()
    planted(keys, *[of_run(clock.at - dt.timedelta(hours=n)) for n in range(1, 6)])
    live(keys, clock=clock, run_id=run_id(clock))
    assert set(keys.active) == {"old3", "old4"}


def test_a_list_of_another_form_is_no_empty_list() -> None:
    keys = Keys()
    keys.listed = {"items": []}
    one = live(keys)
    assert one.status("earlier keys") is Status.FAIL
    assert keys.made == 0


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("synthetic-canary-20261129t101500123-0a1b2c-key", (2026, 11, 29, 10, 15)),
        ("synthetic-canary-20261129t101500-0a1b2c-key", (2026, 11, 29, 10, 15)),
        ("synthetic-canary-20261329t101500-0a1b2c-key", None),
        ("synthetic-canary-t-1-key", None),
        ("20261129t101500-0a1b2c-key", None),
        ("synthetic-canary-b-20261129t101500-0a1b2c-key", None),
    ],
)
def test_a_name_tells_when_its_run_started(name: str, start: tuple[int, ...] | None) -> None:
    expected = dt.datetime(*start, tzinfo=dt.UTC) if start else None  # type: ignore[arg-type,misc]
    assert started_at("synthetic-canary-", name) == expected


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(dt.datetime(2026, 11, 29, 10, 15, tzinfo=dt.UTC))
