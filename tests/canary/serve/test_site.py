"""The pages over HTTP: what is served of a store, and what never is."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from canary.adapters.store.folder import FolderStore
from canary.adapters.store.protocol import StoreError
from canary.model import Environment
from canary.serve.site import Site
from canary.serve.status import Board
from tests.canary.support.report_samples import seed_day

BEGAN = dt.datetime(2026, 11, 30, 14, 0, tzinfo=dt.UTC)
PLACE = Environment(
    name="shop", account="123456789012", region="eu-central-1", cluster="", services={}
)
KEPT = {
    "index.html": b"<p>all</p>",
    "latest/shop.html": b"<p>latest</p>",
    "latest/shop.json": b"{}",
    "badges/shop.svg": b"<svg/>",
    "runs/20261130t140000-abcdef.html": b"<p>run</p>",
    "notified/shop.json": b"messages",
    "mutes/shop.json": b"mutes",
    "state/0123.json": b"state",
}


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    found = FolderStore(tmp_path / "store")
    for name, data in KEPT.items():
        found.write(name, data)
    (tmp_path / "secret.html").write_text("outside")
    return found


def site(store: Any, age_s: float = 0.0, board: Board | None = None) -> Site:
    now = BEGAN + dt.timedelta(seconds=age_s)
    return Site(store, PLACE, board or Board(BEGAN), lambda: now)


def asked(to: Site, path: str, method: str = "GET") -> tuple[str, dict[str, str], bytes]:
    told: list[Any] = []
    body = b"".join(
        to({"REQUEST_METHOD": method, "PATH_INFO": path}, lambda *given: told.append(given))
    )
    ((status, headers),) = told
    return status, dict(headers), body


@pytest.mark.parametrize(
    ("path", "name", "kind"),
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/index.html", "index.html", "text/html; charset=utf-8"),
        ("/latest/shop.html", "latest/shop.html", "text/html; charset=utf-8"),
        ("/latest/shop.json", "latest/shop.json", "application/json"),
        ("/badges/shop.svg", "badges/shop.svg", "image/svg+xml"),
        (
            "/runs/20261130t140000-abcdef.html",
            "runs/20261130t140000-abcdef.html",
            "text/html; charset=utf-8",
        ),
    ],
)
def test_what_a_run_leaves_for_people_is_served(
    path: str, name: str, kind: str, store: FolderStore
) -> None:
    status, headers, body = asked(site(store), path)
    assert (status, body) == ("200 OK", KEPT[name])
    assert headers == {
        "Content-Type": kind,
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


@pytest.mark.parametrize(
    "path",
    [
        *("/notified/shop.json", "/mutes/shop.json", "/state/0123.json", "/index.json"),
        *("/latest/../mutes/shop.json", "/runs/..", "/../secret.html", "/runs/../../secret.html"),
        *("//index.html", "/latest/", "/runs/a/b.html", "/latest/shop.html\n", "/latest/.x.html"),
    ],
)
def test_nothing_else_of_the_store_is_served(path: str, store: FolderStore) -> None:
    assert asked(site(store), path)[::2] == ("404 Not Found", b"there is no such page\n")


def test_what_is_not_there_yet_is_said(tmp_path: Path) -> None:
    status, _, body = asked(site(FolderStore(tmp_path)), "/")
    assert (status, body) == (
        "404 Not Found",
        b"there is no index.html; the first run writes the pages\n",
    )


def test_the_latest_page_has_a_short_address(store: FolderStore) -> None:
    status, headers, body = asked(site(store), "/latest")
    assert (status, headers["Location"], body) == ("302 Found", "/latest/shop.html", b"")


def test_a_head_has_the_length_and_no_body(store: FolderStore) -> None:
    status, headers, body = asked(site(store), "/", "HEAD")
    assert (status, headers["Content-Length"], body) == ("200 OK", "10", b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_written(method: str, store: FolderStore) -> None:
    status, headers, body = asked(site(store), "/", method)
    assert (status, headers["Allow"]) == ("405 Method Not Allowed", "GET, HEAD")
    assert body == b"only GET and HEAD are answered\n"


@pytest.mark.parametrize(
    ("age_s", "status", "body"),
    [
        (179, "200 OK", b"ok\n"),
        (181, "503 Service Unavailable", b"no run ended for 181 s, one is due every 60 s\n"),
    ],
)
def test_health_before_the_first_run(
    age_s: float, status: str, body: bytes, store: FolderStore
) -> None:
    assert asked(site(store, age_s), "/health")[::2] == (status, body)


def test_health_counts_from_the_last_run(store: FolderStore) -> None:
    report, board = seed_day(), Board(BEGAN)
    board.ended(report, 0)
    ended = dt.datetime.fromisoformat(report.run.finished_at)
    late = [(ended - BEGAN).total_seconds() + more for more in (180, 181)]
    assert [asked(site(store, age, board), "/health")[0] for age in late] == [
        "200 OK",
        "503 Service Unavailable",
    ]


def test_metrics_are_those_of_the_board(store: FolderStore) -> None:
    board = Board(BEGAN)
    board.broke()
    board.left_out(2)
    status, headers, body = asked(site(store, board=board), "/metrics")
    assert (status, headers["Content-Type"]) == (
        "200 OK",
        "text/plain; version=0.0.4; charset=utf-8",
    )
    lines = body.decode().splitlines()
    assert 'hokusai_canary_runs_failed_total{environment="shop"} 1.0' in lines
    assert 'hokusai_canary_runs_missed_total{environment="shop"} 2.0' in lines


class Broken:
    """A store that cannot be read."""

    place = "s3://gone"

    def read(self, name: str) -> bytes | None:
        raise StoreError(f"{name}: denied")


def test_a_store_that_refuses_is_said() -> None:
    status, _, body = asked(site(Broken()), "/")
    assert (status, body) == (
        "503 Service Unavailable",
        b"the store could not be read: index.html: denied\n",
    )
