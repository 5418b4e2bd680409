"""`public`: a status page of the index that runs left in a store."""

from __future__ import annotations

import html
from pathlib import Path

import msgspec
import pytest

from canary.adapters.store.folder import FolderStore
from canary.adapters.store.protocol import latest_name
from canary.model import Status, Suite
from canary.report import json as canonical
from canary.report import pages
from canary.report.index import Index, add, entry
from canary.report.stored import dump
from tests.canary.cli.test_commands import call
from tests.canary.support import report_samples as samples
from tests.canary.support.report_past import month


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def public(store: FolderStore) -> tuple[int, str, str]:
    done = call("public", "-e", "development", "--store", store.place)
    return done.exit_code, done.stdout, done.stderr


def test_the_status_page_says_what_users_cannot_do_and_nothing_of_the_cause(
    store: FolderStore,
) -> None:
    seed = samples.seed_day()
    known = add(Index(), entry(seed, archive=month(seed)))
    store.write(pages.INDEX, dump(known).encode())
    status, page, told = public(store)
    assert status == 0 and f"Read from {store.place}" in told
    assert page.startswith("<!doctype html>") and "Registration and sign-in fail." in page
    assert 'class="strips"' in page
    assert "port" not in page.partition("<main")[2] and "arn:" not in page
    assert [p.name for p in Path(store.place).iterdir()] == [pages.INDEX], "nothing is written"


def test_each_environment_has_a_page_without_what_an_attacker_could_use(
    store: FolderStore, tmp_path: Path
) -> None:
    seed, other = samples.seed_day(), samples.healthy()
    lost = msgspec.structs.replace(other.run, environment="lost")
    known = add(Index(), entry(seed, archive=month(seed)))
    known = add(known, entry(msgspec.structs.replace(other, run=lost)))
    store.write(pages.INDEX, dump(known).encode())
    store.write(latest_name("development"), canonical.render(seed).encode())
    store.write(pages.archive_name("development"), dump(month(seed)).encode())
    out = tmp_path / "status"
    done = call("public", "-e", "development", "--store", store.place, "--out", str(out))
    assert (done.exit_code, done.stdout) == (0, f"{out / 'index.html'} and 1 more\n")
    written = sorted(str(p.relative_to(out)) for p in out.rglob("*.html"))
    assert written == ["index.html", "latest/development.html"]
    index = (out / "index.html").read_text()
    assert 'href="latest/development.html"' in index and 'href="latest/lost.html"' not in index
    page = (out / "latest/development.html").read_text()
    assert "<h1>development: Registration and sign-in fail.</h1>" in page
    assert page.count('class="FAIL">fails') == sum(
        r.status is Status.FAIL and r.suite is not Suite.INFRASTRUCTURE for r in seed.results
    )
    kept = [
        *(d.summary for d in seed.diagnoses),
        *(d.resource for d in seed.diagnoses),
        *(c for d in seed.diagnoses for c in (*d.remedy.fix, *d.remedy.inspect)),
        *(r.reason for r in seed.results if r.reason),
        *(e.url for r in seed.results for s in r.steps for e in s.evidence),
        *(r.check_id for r in seed.results),
        *(r.title for r in seed.results if r.suite is Suite.INFRASTRUCTURE),
        "arn:", "aws ", "target group", "Changes of the platform", "runbook", seed.run.id,
    ]  # fmt: skip
    assert [text for text in kept if text in html.unescape(page)] == []


def test_a_folder_that_cannot_be_written_is_named(store: FolderStore, tmp_path: Path) -> None:
    store.write(pages.INDEX, dump(Index()).encode())
    (tmp_path / "file").write_text("")
    out = str(tmp_path / "file" / "status")
    done = call("public", "-e", "development", "--store", store.place, "--out", out)
    assert done.exit_code == 2 and done.stderr.splitlines()[-1].startswith("--out: ")


def test_a_store_without_an_index_or_with_a_broken_one_is_named(store: FolderStore) -> None:
    status, page, told = public(store)
    assert (status, page) == (2, "") and "no index of environments (searched" in told
    store.write(pages.INDEX, b"[]")
    status, page, told = public(store)
    assert (status, page) == (2, "") and "not a stored Index" in told
