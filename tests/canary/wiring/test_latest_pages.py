"""The pages that each run keeps: written with the run, started anew when they cannot be read."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from canary.adapters.store.folder import FolderStore
from canary.adapters.store.protocol import StoreError
from canary.handler import handler
from canary.publish import publish_latest_pages
from canary.report.archive import Archive
from canary.report.stored import load
from tests.canary.support.report_samples import healthy
from tests.canary.test_handler import BUCKET, STORE, Context, aws, file
from tests.canary.wiring.test_notify import inbox

__all__ = ["aws", "file", "inbox"]  # the handler's world is this test's world too

FILES = (
    "latest/development.html",
    "badges/development.svg",
    "archive/development.json",
    "index.json",
)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def test_a_run_keeps_its_page_badge_archive_and_index(store: FolderStore) -> None:
    assert publish_latest_pages(store, healthy()) == ()
    assert all(store.read(name) for name in (*FILES, "index.html"))
    assert b"latest/development.html" in (store.read("index.html") or b"")


def test_what_is_broken_is_begun_anew_and_said(store: FolderStore) -> None:
    store.write("archive/development.json", b"{half")
    store.write("index.json", b"\xff")
    notes = publish_latest_pages(store, healthy())
    assert len(notes) == 2 and all("started anew" in n for n in notes)
    assert load(store.read("archive/development.json") or b"", Archive).last_run == healthy().run.id
    assert json.loads(store.read("index.json") or b"")["entries"]


class ArchiveRefused(FolderStore):
    """A store that refuses to hand out the archive."""

    def read(self, name: str) -> bytes | None:
        if name == "archive/development.json":
            raise StoreError("archive/development.json: AccessDenied")
        return super().read(name)


def test_history_is_not_begun_anew_because_it_was_denied_once(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    publish_latest_pages(store, healthy())
    before = {name: os.stat(tmp_path / name).st_mtime_ns for name in FILES}
    problems = publish_latest_pages(ArchiveRefused(tmp_path), healthy())
    assert problems == ("pages are left as they were: archive/development.json: AccessDenied",)
    assert before == {name: os.stat(tmp_path / name).st_mtime_ns for name in FILES}


def test_the_function_keeps_the_pages_and_its_messages_point_there(aws: Any, inbox: Any) -> None:
    handler({}, Context())
    listed = aws.list_objects_v2(Bucket=BUCKET, Prefix="canary/")["Contents"]
    keys = {o["Key"] for o in listed}
    made = ("index.html", "index.json", "archive/nothing-answers.json")
    assert {f"canary/{n}" for n in made} <= keys
    assert {"canary/latest/nothing-answers.html", "canary/badges/nothing-answers.svg"} <= keys
    assert any(f"{STORE}/latest/nothing-answers.html" in m["Message"] for m in inbox())


def test_the_library_of_aws_does_not_fill_the_canarys_log(
    aws: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    heard = logging.StreamHandler(sys.stdout)
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.INFO)  # as the Lambda runtime does for a JSON log at INFO
    try:
        handler({"only": ["auth.https-redirect"]}, Context())
    finally:
        root.removeHandler(heard)
        root.setLevel(level)
    assert "Found credentials" not in capsys.readouterr().out


def test_environments_that_share_a_store_have_one_index_and_an_archive_each(
    tmp_path: Path,
) -> None:
    store = FolderStore(tmp_path)
    for name in ("development", "staging"):
        run = msgspec.structs.replace(healthy().run, environment=name)
        publish_latest_pages(store, msgspec.structs.replace(healthy(), run=run))
    index = (tmp_path / "index.html").read_text()
    assert 'href="latest/development.html"' in index and 'href="latest/staging.html"' in index
    kept = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("archive/*")}
    assert kept == {"archive/development.json", "archive/staging.json"}
