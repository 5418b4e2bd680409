"""The store: a folder and a bucket keep the same promises."""

from __future__ import annotations

import datetime as dt
import functools
import gzip
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from canary.adapters.store.open_store import open_store
from canary.adapters.store.protocol import LARGEST, Store, StoreError, is_newer, latest_name
from canary.adapters.store.unstored_runs import UnstoredRuns
from canary.messages.leases import Lease, StoreLeases
from canary.messages.leases import name as claim_name

REGION = "us-east-1"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Any]]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client = boto3.client("s3", region_name=REGION)
        client.create_bucket(Bucket="reports")
        yield lambda: client


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return open_store(str(tmp_path), pytest.fail)
    return open_store("s3://reports/canary/", request.getfixturevalue("s3"))


LATEST = latest_name("development")


def report(run_id: str, note: str = "") -> bytes:
    return json.dumps({"run": {"id": run_id}, "note": note}).encode()


def report_of(run_id: str, started_at: dt.datetime) -> bytes:
    return json.dumps({"run": {"id": run_id, "started_at": started_at.isoformat()}}).encode()


@pytest.mark.parametrize(
    ("minutes", "newer"), [(1, False), (4.9, False), (5.1, True), (60 * 24 * 365, True)]
)
def test_a_report_that_is_ahead_of_the_clock_is_no_newer_one(minutes: float, newer: bool) -> None:
    now = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
    at = now + dt.timedelta(minutes=minutes)
    present = report_of(f"{at:%Y%m%dt%H%M%S}-future", at)
    assert is_newer(report_of("20261122t120000-now", now), present, now) is newer


@pytest.mark.parametrize(
    "name", ["zzz", "99999999t999999-aaa", "20261122t121000-ahead", "20991122t120000-aaa", "3"]
)
def test_an_id_that_no_run_has_yet_keeps_no_report_out(name: str) -> None:
    """Who may write the bucket chooses id and start of the present report."""
    now = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
    assert is_newer(report_of("20261122t120000-now", now), report_of(name, now), now)


def test_a_report_from_the_future_is_replaced_in_every_store(store: Store) -> None:
    ahead = dt.datetime.now(dt.UTC) + dt.timedelta(days=400)
    assert store.set_latest(LATEST, report_of("20991122t120000-aaa", ahead))
    assert store.set_latest(LATEST, report("20261122t120000-bbb"))
    assert json.loads(store.read(LATEST) or b"")["run"]["id"] == "20261122t120000-bbb"


def test_what_was_written_is_read_back_and_nothing_is_none(store: Store) -> None:
    assert store.read("runs/a.json") is None
    store.write("runs/a.json", b"1")
    assert store.read("runs/a.json") == b"1"


def test_a_run_is_written_once(store: Store) -> None:
    assert store.put_if_absent("runs/a.json", b"first")
    assert not store.put_if_absent("runs/a.json", b"second")
    assert store.read("runs/a.json") == b"first"


def test_the_latest_report_is_never_replaced_by_an_older_one(store: Store) -> None:
    assert store.set_latest(LATEST, report("20261122t120000-aaa"))
    assert store.set_latest(LATEST, report("20261122t120100-bbb"))
    assert not store.set_latest(LATEST, report("20261122t120000-ccc"))
    assert json.loads(store.read(LATEST) or b"")["run"]["id"] == "20261122t120100-bbb"


def test_environments_that_share_a_store_keep_a_latest_report_each(store: Store) -> None:
    other = latest_name("staging")
    assert store.set_latest(LATEST, report("20261122t120100-aaa"))
    assert store.set_latest(other, report("20261122t120000-bbb"))
    assert json.loads(store.read(LATEST) or b"")["run"]["id"] == "20261122t120100-aaa"
    assert json.loads(store.read(other) or b"")["run"]["id"] == "20261122t120000-bbb"


@pytest.mark.parametrize("broken", [b"", b"{half", b"[]", b'{"run": 1}', b"\xff\xfe"])
def test_a_broken_latest_report_is_replaced(store: Store, broken: bytes) -> None:
    store.write(LATEST, broken)
    assert store.set_latest(LATEST, report("20261122t120000-aaa"))


def test_runs_are_listed_newest_first(store: Store) -> None:
    for name in ("a", "c", "b"):
        store.put_if_absent(f"runs/{name}.json", b"1")
    store.write("runs/c.html", b"page")
    assert store.names(2) == ["runs/c.json", "runs/b.json"]


def test_many_runs_that_end_at_once_leave_the_newest_as_latest(store: Store) -> None:
    ids = [f"20261122t1200{n:02}-x" for n in range(12)]
    failures: list[StoreError] = []

    def point(run_id: str) -> None:
        try:
            store.set_latest(LATEST, report(run_id))
        except StoreError as error:
            failures.append(error)

    threads = [threading.Thread(target=point, args=(i,)) for i in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not failures:  # a run that lost every race says so, and its report is in runs/ all the same
        assert json.loads(store.read(LATEST) or b"")["run"]["id"] in ids
    assert store.set_latest(LATEST, report("20261122t130000-last"))


class Overtaken:
    """S3 as a run sees it which another one overtakes between its look and its write."""

    def __init__(self, s3: Any, newer: bytes) -> None:
        self._s3, self._newer = s3, [newer]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def head_object(self, **asked: Any) -> Any:
        try:
            return self._s3.head_object(**asked)
        finally:
            if self._newer:
                self._s3.put_object(**asked, Body=self._newer.pop())


@pytest.mark.parametrize(("known", "stamped"), [(True, True), (True, False), (False, False)])
def test_a_run_that_is_overtaken_between_look_and_write_overwrites_nothing_newer(
    s3: Callable[[], Any], known: bool, stamped: bool
) -> None:
    plain = open_store("s3://reports/canary/", s3)
    if known and stamped:
        plain.set_latest(LATEST, report("20261122t120000-aaa"))
    elif known:
        plain.write(LATEST, report("20261122t120000-aaa"))
    newer = report("20261122t120200-ccc")
    overtaken = Overtaken(s3(), newer)
    late = open_store("s3://reports/canary/", lambda: overtaken)
    assert not late.set_latest(LATEST, report("20261122t120100-bbb"))
    assert plain.read(LATEST) == newer


def test_a_message_is_claimed_by_one_run_and_can_be_given_back(store: Store) -> None:
    leases = StoreLeases(store, lambda: dt.datetime(2026, 11, 22, tzinfo=dt.UTC))
    key = "broke#1/opened"
    assert (leases.acquire(key), leases.acquire(key)) == (Lease.ACQUIRED, Lease.HELD)
    leases.release(key)
    assert leases.acquire(key) is Lease.ACQUIRED
    leases.mark_sent(key)
    assert leases.acquire(key) is Lease.DONE


def test_a_claim_that_nobody_can_read_is_free(store: Store) -> None:
    store.write(claim_name("a"), b"\xff{")
    leases = StoreLeases(store, lambda: dt.datetime(2026, 11, 22, tzinfo=dt.UTC))
    assert leases.acquire("a") is Lease.ACQUIRED


def test_only_one_of_many_swaps_what_all_have_seen(store: Store) -> None:
    store.write("claims/a.json", b"seen")
    won: list[bytes] = []

    def swap(mine: bytes) -> None:
        if store.compare_and_swap("claims/a.json", b"seen", mine):
            won.append(mine)

    threads = [threading.Thread(target=swap, args=(b"%d" % n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.read("claims/a.json")] == won
    assert not store.compare_and_swap("claims/b.json", b"seen", b"mine")


def test_a_bucket_that_is_not_there_is_a_store_error(s3: Callable[[], Any]) -> None:
    missing = open_store("s3://nowhere/canary", s3)
    for action in (
        functools.partial(missing.read, "x"),
        functools.partial(missing.write, "x", b""),
        functools.partial(missing.set_latest, LATEST, report("a")),
        functools.partial(missing.names, 1),
    ):
        with pytest.raises(StoreError, match="nowhere"):
            action()


def test_a_folder_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    store = open_store(str(tmp_path / "file" / "inner"))
    with pytest.raises(StoreError):
        store.write("x", b"")


def test_a_lost_run_is_remembered_until_the_next_run(tmp_path: Path) -> None:
    lost = UnstoredRuns("test", tmp_path)
    assert lost.pop() == ()
    lost.remember("a")
    lost.remember("b")
    assert lost.pop() == ("a", "b") and lost.pop() == ()


LONG = report("20261122t120000-aaa", "the same words again and again " * 200)


def raw(s3: Callable[[], Any], name: str) -> tuple[bytes, str]:
    found = s3().get_object(Bucket="reports", Key=f"canary/{name}")
    return found["Body"].read(), found.get("ContentEncoding", "")


@pytest.mark.parametrize(
    ("name", "data", "packed"),
    [
        ("runs/a.json", LONG, True),
        ("state/a.json", LONG, True),
        ("claims/a.json", LONG[:1_000], False),  # too short to gain anything
        ("latest/a.html", LONG, False),  # served from copies that lose the encoding
        ("spread/a/shards.json", LONG, False),  # read by Step Functions itself
    ],
)
def test_json_is_packed_in_a_bucket_and_every_name_is_read_back(
    s3: Callable[[], Any], name: str, data: bytes, packed: bool
) -> None:
    store = open_store("s3://reports/canary", s3)
    store.write(name, data)
    kept, encoding = raw(s3, name)
    assert (kept != data, encoding) == (packed, "gzip" if packed else "")
    assert store.read(name) == data
    assert (gzip.decompress(kept) if packed else kept) == data
    assert store.compare_and_swap(name, data, LONG + b" ") and store.read(name) == LONG + b" "


def test_an_object_of_an_earlier_version_is_read_as_it_is(s3: Callable[[], Any]) -> None:
    s3().put_object(Bucket="reports", Key="canary/latest/development.json", Body=LONG)
    store = open_store("s3://reports/canary", s3)
    assert store.read(LATEST) == LONG
    assert not store.set_latest(LATEST, report("20261122t110000-older"))
    assert store.set_latest(LATEST, report("20261122t130000-newer"))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (gzip.compress(LONG)[:-9], "cut off"),
        (gzip.compress(LONG)[:3] + b"\xff" * 50, "damaged"),
        (gzip.compress(bytes(LARGEST + 1)), "larger than a report can be"),
    ],
    ids=["cut", "damaged", "bomb"],  # gzip writes the time into the data
)
def test_a_packed_object_that_is_cut_damaged_or_a_bomb_is_refused(
    s3: Callable[[], Any], data: bytes, why: str
) -> None:
    s3().put_object(Bucket="reports", Key="canary/latest/development.json", Body=data)
    with pytest.raises(StoreError, match=why):
        open_store("s3://reports/canary", s3).read(LATEST)


def test_a_latest_that_is_too_large_is_refused_and_replaced(store: Store) -> None:
    store.write(LATEST, bytes([32]) + report("20261122t120000-aaa") + bytes(LARGEST) + b"}")
    name = r"latest/development\.json: the object is larger than a report can be \(64 MB\)$"
    with pytest.raises(StoreError, match=name):
        store.read(LATEST)
    assert store.set_latest(LATEST, report("20261122t110000-bbb"))
    assert store.read(LATEST) == report("20261122t110000-bbb")


def test_a_plain_object_that_is_too_large_is_not_read(s3: Callable[[], Any]) -> None:
    large = b"[" + b" " * LARGEST + b"]"
    s3().put_object(Bucket="reports", Key="canary/latest/development.json", Body=large)
    store = open_store("s3://reports/canary", s3)
    with pytest.raises(StoreError, match="larger than a report can be"):
        store.read(LATEST)
    assert store.set_latest(LATEST, report("20261122t110000-bbb"))


def test_who_writes_the_latest_report_does_not_read_the_one_before(s3: Callable[[], Any]) -> None:
    read = list[str]()

    class Listened:
        def __getattr__(self, name: str) -> Any:
            return getattr(s3(), name)

        def get_object(self, **asked: Any) -> Any:
            read.append(asked["Key"])
            return s3().get_object(**asked)

    store = open_store("s3://reports/canary", Listened)
    for run_id in ("20261122t120000-aaa", "20261122t120100-bbb", "20261122t120200-ccc"):
        assert store.set_latest(LATEST, report(run_id))
    assert not store.set_latest(LATEST, report("20261122t120000-old"))
    assert read == []
