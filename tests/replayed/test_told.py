"""Rows of the documents are found by their first cell, and written in their place."""

from __future__ import annotations

import pytest

from tests.replayed.told import ROWS, row_in, written

HEAD = "| what |\n"
ROWS_OF = "| a | 1 |\n| a thing | 2 |\n| twice | 3 |\n| twice | 4 |\n"
TEXT = f"| a | 0 |\n\n{HEAD}|---|\n{ROWS_OF}\n| b | 5 |\n"


def test_a_row_is_found_by_its_whole_first_cell_in_its_table_alone() -> None:
    found = [row_in(TEXT, HEAD, title) for title in ("a", "a thing")]
    assert found == ["| a | 1 |", "| a thing | 2 |"]


@pytest.mark.parametrize("title", ["twice", "thing", "a th", "", "b"])
def test_a_row_that_is_missing_or_there_twice_is_none(title: str) -> None:
    with pytest.raises(ValueError, match="unpack"):
        row_in(TEXT, HEAD, title)


@pytest.mark.parametrize("title", ROWS)
def test_each_replayed_row_stands_in_the_document_with_five_cells(title: str) -> None:
    assert len(written("reliability.md", title).strip("|").split("|")) == 5
