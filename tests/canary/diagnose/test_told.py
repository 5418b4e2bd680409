"""Every word, line of evidence and command of each fault's diagnosis is as it is kept.

A difference is a change of what people read: `python -m tests.canary.support.told` writes the
texts anew, and the change of the files shows it to whoever reviews.
"""

from __future__ import annotations

import pytest

from tests.canary.support import told


@pytest.mark.parametrize("name", told.SCENES_AND_FAULTS)
def test_a_fault_is_told_in_these_words(name: str) -> None:
    assert told.described(name).splitlines() == told.path(name).read_text("utf-8").splitlines()


def test_no_text_outlives_its_fault() -> None:
    assert {f.name for f in told.FOLDER.iterdir()} == {
        told.path(n).name for n in told.SCENES_AND_FAULTS
    }
