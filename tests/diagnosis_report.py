"""Plant every fault of the sandbox, print fault against named cause, write docs/diagnosis.md.

`python -m tests.diagnosis_report [FAULT…]`; exit 0 when every fault was named first and healed, and
its service was named from outside alone. The rows of faults that are not planted this time stay as
they were.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.canary.support.diagnosis_matrix import MATRIX, OUTSIDE, shown

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "diagnosis.md"


def main(faults: list[str]) -> int:
    """Run the live tests with the matrices switched on, and print both."""
    os.environ["HOKUSAI_DIAGNOSIS_REPORT"] = str(TARGET)
    os.environ["HOKUSAI_FAULTS"] = ",".join(faults)
    folder = ROOT / "tests" / "canary" / "diagnose"
    tests = [str(folder / f"test_live_{name}.py") for name in ("faults", "outside")]
    every = ["-m", "slow or sweep or not slow", "-k", "the_fault or from_outside", "--no-header"]
    code = pytest.main([*tests, *every])
    print(shown(TARGET, MATRIX), shown(TARGET, OUTSIDE), sep="\n\n")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
