"""What fails is noted and costs its own part only."""

from __future__ import annotations

from canary.attempts import Attempts


def test_what_fails_is_noted_and_the_next_part_is_tried() -> None:
    attempts = Attempts()
    assert attempts.of("no number", lambda: int("x"), 7) == 7
    assert attempts.of("no text", lambda: "text", "") == "text"
    [note] = attempts.notes
    assert note.startswith("no number: ValueError: invalid literal")
