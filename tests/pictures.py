"""`make pictures`: docs/img made anew, in Chromium, of real runs and of the samples.

`pages.json` beside them has the digest of the page that each shows. `test_pictures.py` holds it
against the page of today, so that a picture of an older page is noticed.
"""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import json as plain
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from canary.model import Report
from canary.report import badge, html, index, json
from canary.report.archive import Archive, update
from tests.canary.support import report_samples as samples
from tests.canary.support.browser import CHROMIUM
from tests.canary.support.report_hostile import hostile
from tests.canary.support.report_past import month
from tests.canary.support.tab import Tab, tab

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "img"
RUNS = Path(__file__).parent / "canary" / "data" / "runs"
DIGESTS = FOLDER / "pages.json"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A page as it is shown; `at` is the section at its top."""

    name: str
    page: Callable[[], str]
    size: tuple[int, int]
    dark: bool = False
    at: str = ""


def real(name: str) -> Report:
    """Return the report of a run against the sandbox, as the canary wrote it."""
    return json.load(gzip.decompress((RUNS / f"{name}.json.gz").read_bytes()))


@functools.lru_cache
def past() -> Archive:
    """Return a month of runs before the two real ones, with a bad hour in it."""
    healthy = real("healthy")
    return month(
        healthy, bad={30: ("auth.health",), 200: tuple(r.check_id for r in healthy.results)}
    )


def well() -> str:
    """Return the page of the healthy run."""
    return html.render(real("healthy"), past())


def seed() -> str:
    """Return the page of the seed day."""
    report = real("seed-day")
    return html.render(report, update(past(), report))


def sample(made: Callable[[], Report]) -> Callable[[], str]:
    """Return what renders a sample."""
    return lambda: html.render(made(), month(made()))


def large() -> str:
    """Return the page of 300 checks, without a month: to make one up takes minutes."""
    return html.render(samples.many())


def attack() -> str:
    """Return the page in which every text is an attack."""
    return html.render(hostile())


def on_paper() -> str:
    """Return the seed day's page under the rules that it has for paper, on a sheet's width."""
    page = seed()
    screen = re.compile(r"@media screen and \(prefers-color-scheme:dark\)")
    return screen.sub("@media not all", page).replace("@media print", "@media all")


def environments() -> str:
    """Return the index of four environments in four states."""
    made = index.Index()
    reports = {"production": "healthy", "development": "seed-day", "staging": "", "lab": "healthy"}
    for name, run in reports.items():
        report = real(run) if run else samples.could_not_tell()
        moment = "2026-11-26T00:10:00Z" if name == "lab" else "2026-11-26T00:46:42Z"
        changed = msgspec.structs.replace(report.run, environment=name, finished_at=moment)
        known = past() if run else None
        made = index.add(
            made, index.entry(msgspec.structs.replace(report, run=changed), archive=known)
        )
    return index.render(made, "2026-11-26T00:47:00Z")


def badges() -> str:
    """Return a page with a badge of each state."""
    drawn = [badge.render(r) for r in (real("healthy"), real("seed-day"), samples.could_not_tell())]
    coded = [base64.b64encode(text.encode()).decode() for text in drawn]
    rows = "".join(f'<p><img src="data:image/svg+xml;base64,{text}"></p>' for text in coded)
    return f"<!doctype html><title>badges</title><body style='margin:8px'>{rows}</body>"


PICTURES = (
    Picture(name="report-seed-day", page=seed, size=(1100, 2150)),
    Picture(name="report-failing", page=seed, size=(1100, 1500), at="failing"),
    Picture(name="report-matrix", page=seed, size=(1100, 1100), at="matrix"),
    Picture(name="report-healthy", page=well, size=(1100, 1500)),
    Picture(name="report-flow", page=well, size=(1100, 1250), at="flow"),
    Picture(name="report-platform", page=seed, size=(1100, 1500), at="platform"),
    Picture(name="report-history", page=seed, size=(1100, 900), at="history"),
    Picture(name="report-could-not-tell-dark", page=sample(samples.could_not_tell),
            size=(1100, 1500), dark=True),
    Picture(name="report-300-checks", page=large, size=(1100, 1500)),
    Picture(name="report-hostile", page=attack, size=(1100, 1500)),
    Picture(name="report-phone", page=seed, size=(390, 1400)),
    Picture(name="report-print", page=on_paper, size=(794, 1400)),
    Picture(name="index", page=environments, size=(1100, 760)),
    Picture(name="badges", page=badges, size=(420, 160)),
)  # fmt: skip


@functools.lru_cache
def shown_by(picture: Picture) -> str:
    """Return a picture's page; one of 300 checks with a month behind it takes a while to make."""
    return picture.page()


def digest(picture: Picture) -> str:
    """Return the digest of a picture's page, place and size."""
    shown = f"{picture.size} {picture.dark} {picture.at}\n{shown_by(picture)}"
    return hashlib.sha256(shown.encode()).hexdigest()


def kept() -> dict[str, str]:
    """Return the digest of the page that each kept picture shows, by the picture's name."""
    found: dict[str, str] = plain.loads(DIGESTS.read_text("utf-8"))
    return found


def draw(picture: Picture, to: Path, shown: Tab) -> None:
    """Draw one picture; where it looks as it did, the file stays as it was."""
    page = shown_by(picture)
    if written := re.search(r'class="age" data-at="([^"]+)"', page):
        shown.at_time(written[1])  # a page says how old it is: in a picture it is new
    shown.show(page, picture.size, dark=picture.dark)
    new = shown.picture(picture.at)
    if not to.is_file() or to.read_bytes() != new:
        to.write_bytes(new)


def main() -> int:
    """Draw every picture, or those that are named."""
    if not CHROMIUM:
        print("Chromium is not installed: pictures are drawn by it", file=sys.stderr)
        return 1
    digests = kept()
    for picture in PICTURES:
        shown_by(picture)  # before the browser starts, which is not waited for without end
    with tempfile.TemporaryDirectory() as made, tab(Path(made), hung_s=600) as shown:
        for picture in PICTURES:
            if picture.name in sys.argv[1:] or not sys.argv[1:]:
                draw(picture, FOLDER / f"{picture.name}.png", shown)
                digests[picture.name] = digest(picture)
                print(f"{FOLDER.relative_to(ROOT) / picture.name}.png")
    DIGESTS.write_text(plain.dumps(digests, indent=1, sort_keys=True) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
