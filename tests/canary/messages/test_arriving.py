"""docs/messages.md: the texts that arrive, and that each leads from the page to the fix."""

from __future__ import annotations

import pytest

from canary.messages.state import Message
from tests.canary.support import arriving


def test_the_document_has_the_texts_that_arrive() -> None:
    kept = arriving.DOCUMENT.read_text(encoding="utf-8")
    assert arriving.document() == kept, "python -m tests.canary.support.arriving writes it"


@pytest.mark.parametrize("name", arriving.FAULTS.values())
def test_each_fault_is_told_with_its_report_its_cause_and_its_fix_in_one_message(name: str) -> None:
    first, *_ = arriving.messages(name)
    head, link, blank, cause, *_ = first.text.splitlines()
    assert head.startswith("[critical] development: ") and first.subject[:90] == head[:90]
    assert (link, blank) == ("Report: https://reports.example.com/latest/development.html", "")
    assert cause.startswith("Cause (certain): ")
    assert ("Fix (CHANGES THE PLATFORM): " in first.text) or ("Decide: " in first.text)


def test_no_way_out_of_the_canary_is_no_message_about_the_platform() -> None:
    found: tuple[Message, ...] = arriving.messages(arriving.BLIND["The blind canary"])
    assert [(m.kind, m.audience) for m in found] == [("blind", "canary")]
