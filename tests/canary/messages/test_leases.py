"""Leases: who may send, for how long, and what is stored."""

from __future__ import annotations

import datetime as dt

import pytest

from canary.messages.leases import LEASE_S, MEMORY_S, Lease, StoreLeases, name

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


class Memory:
    """A store of objects whose writes can be lost to another run."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.overtaken = False

    def read(self, name: str) -> bytes | None:
        return self.objects.get(name)

    def put_if_absent(self, name: str, data: bytes) -> bool:
        if name in self.objects:
            return False
        self.objects[name] = data
        return True

    def compare_and_swap(self, name: str, seen: bytes, data: bytes) -> bool:
        if self.overtaken or self.objects.get(name) != seen:
            return False
        self.objects[name] = data
        return True

    def write(self, name: str, data: bytes) -> None:
        self.objects[name] = data


class Expired(Memory):
    """A store whose lifecycle removes an object just after it was found to exist."""

    def put_if_absent(self, name: str, data: bytes) -> bool:
        return False


def leases(store: Memory, seconds: float = 0) -> StoreLeases:
    return StoreLeases(store, lambda: NOON + dt.timedelta(seconds=seconds))


def test_a_lease_is_one_object_with_its_time() -> None:
    store = Memory()
    assert leases(store).acquire("development/a.b#1/broke") is Lease.ACQUIRED
    at = "2026-11-22T12:00:00+00:00"
    stored = "claims/development/a.b_1/broke.json"
    assert store.objects == {stored: f'{{"at":"{at}","said":false}}'.encode()}
    leases(store).mark_sent("development/a.b#1/broke")
    assert store.objects == {stored: f'{{"at":"{at}","said":true}}'.encode()}
    leases(store).release("development/a.b#1/broke")
    assert store.objects == {stored: b'{"at":"","said":false}'}
    assert name("a-b_c/d.e é€ü@~") == "claims/a-b_c/d.e_é_ü__.json"


def test_the_times_are_those_of_a_function_and_of_a_day() -> None:
    assert (LEASE_S, MEMORY_S) == (180, 86_400)


@pytest.mark.parametrize(
    ("sent", "seconds", "found"),
    [
        (False, 0, Lease.HELD),
        (False, LEASE_S - 1, Lease.HELD),
        (False, LEASE_S, Lease.ACQUIRED),
        (True, LEASE_S, Lease.DONE),
        (True, MEMORY_S - 1, Lease.DONE),
        (True, MEMORY_S, Lease.ACQUIRED),
    ],
)
@pytest.mark.parametrize("marked", [True, False])
def test_a_lease_expires_and_a_sent_message_is_remembered_for_a_day(
    sent: bool, seconds: float, found: Lease, marked: bool
) -> None:
    store = Memory()
    first = leases(store)
    assert first.acquire("key", as_sent=sent and not marked) is Lease.ACQUIRED
    if sent and marked:
        first.mark_sent("key")
    assert leases(store, seconds).acquire("key") is found
    if found is Lease.ACQUIRED:
        assert leases(store, seconds).acquire("key") is Lease.HELD


def test_of_two_runs_that_find_it_free_at_once_one_gets_it() -> None:
    store = Memory()
    leases(store).acquire("key")
    leases(store).release("key")
    store.overtaken = True
    assert leases(store).acquire("key") is Lease.HELD
    store.overtaken = False
    assert leases(store).acquire("key", as_sent=True) is Lease.ACQUIRED
    assert leases(store).acquire("key") is Lease.DONE
    assert leases(Expired()).acquire("key") is Lease.HELD


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b'{"at": "soon"}', b'{"at": "\xff"}'])
def test_a_lease_that_cannot_be_read_is_free(data: bytes) -> None:
    store = Memory()
    store.objects[name("key")] = data
    assert leases(store).acquire("key") is Lease.ACQUIRED
