"""Every word, line of evidence and command of each fault's diagnosis is as it is kept.

A difference is a change of what people read: `python -m tests.canary.support.told` writes the
texts anew, and the change of the files shows it to whoever reviews.
"""

from __future__ import annotations

import pytest

from tests.canary.support import told
from tests.canary.support.platform_faults import FAULTS, Fault


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.id)
def test_a_fault_is_told_in_these_words(fault: Fault) -> None:
    assert told.described(fault).splitlines() == told.path(fault).read_text("utf-8").splitlines()


def test_no_text_outlives_its_fault() -> None:
    assert {f.name for f in told.FOLDER.iterdir()} == {told.path(f).name for f in FAULTS}
