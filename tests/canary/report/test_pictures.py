"""The pictures in docs/img are of the page of today, and documents show each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import pictures
from tests.canary.support.browser import ABSENT
from tests.canary.support.tab import tab
from tests.house import documents

NAMES = sorted(p.name for p in pictures.PICTURES)


def test_every_picture_is_one_that_can_be_drawn_anew() -> None:
    assert sorted(p.stem for p in pictures.FOLDER.glob("*.png")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_document_shows_the_picture(name: str) -> None:
    shown = {
        (page.parent / link).resolve() for page in documents.PAGES for link in documents.links(page)
    }
    assert pictures.FOLDER / f"{name}.png" in shown


@pytest.mark.skipif(ABSENT, reason="Chromium is not installed: it draws the pictures")
@pytest.mark.parametrize(
    "picture",
    [pytest.param(p, id=p.name) for p in pictures.PICTURES],
)
def test_the_picture_is_of_todays_page(picture: pictures.Picture) -> None:
    assert pictures.kept()[picture.name] == pictures.digest(picture), "make pictures"


@pytest.mark.skipif(ABSENT, reason="Chromium is not installed: it draws the pictures")
def test_a_picture_is_drawn_from_its_section_on_and_not_blank(tmp_path: Path) -> None:
    picture = next(p for p in pictures.PICTURES if p.at)
    to = tmp_path / "drawn.png"
    with tab(tmp_path) as shown:
        pictures.draw(picture, to, shown)
        first = to.read_bytes()
        to.touch()
        before = to.stat().st_mtime_ns
        pictures.draw(picture, to, shown)
    assert first.startswith(b"\x89PNG") and len(first) > 50_000, "a blank one has few bytes"
    assert to.read_bytes() == first and to.stat().st_mtime_ns == before, "nothing has changed"
