"""Plant every fault of the sandbox, print fault against named cause, write docs/diagnosis.md.

`python -m tests.diagnosis_report [FAULT…]`; exit 0 when every fault was named first and healed.
The rows of faults that are not planted this time stay as they were.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.canary.support.diagnosis_matrix import BEGIN, END

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "diagnosis.md"


def main(faults: list[str]) -> int:
    """Run the live tests with the matrix switched on, and print it."""
    os.environ["HOKUSAI_DIAGNOSIS_REPORT"] = str(TARGET)
    os.environ["HOKUSAI_FAULTS"] = ",".join(faults)
    test = ROOT / "tests" / "canary" / "diagnose" / "test_live_faults.py"
    code = pytest.main([str(test), "-m", "slow or not slow", "-k", "the_fault", "--no-header"])
    print(TARGET.read_text().partition(BEGIN)[2].partition(END)[0].strip())
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
