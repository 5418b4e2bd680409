"""Files that are replaced together: all of them or none, and nothing is left beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from canary.adapters.files import replace_together

TEXTS = {"report.json": "new", "report.md": "new ✓", "junit.xml": "new"}


def content(folder: Path) -> dict[str, str]:
    return {p.name: p.read_text() if p.is_file() else "" for p in folder.iterdir()}


def test_all_files_are_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("old")
    replace_together(tmp_path, TEXTS)
    assert content(tmp_path) == TEXTS


@pytest.mark.parametrize("broken", sorted(TEXTS))
def test_where_one_cannot_be_replaced_all_stay(broken: str, tmp_path: Path) -> None:
    old = {name: f"old {name}" for name in TEXTS if name != broken}
    for name, text in old.items():
        (tmp_path / name).write_text(text)
    (tmp_path / broken).mkdir()
    with pytest.raises(OSError, match="Is a directory") as caught:
        replace_together(tmp_path, TEXTS)
    assert caught.value.filename == str(tmp_path / broken)
    assert content(tmp_path) == {**old, broken: ""}


def test_a_file_that_was_not_there_is_not_there_after_a_failure(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        replace_together(tmp_path, TEXTS)
    assert content(tmp_path) == {"junit.xml": ""}


def test_a_folder_that_is_gone_is_named_with_the_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as caught:
        replace_together(tmp_path / "gone", TEXTS)
    assert caught.value.filename == str(tmp_path / "gone" / "report.json")
