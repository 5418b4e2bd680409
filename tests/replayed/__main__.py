"""`python -m tests.replayed TEMPLATE [INCIDENTS]`: print the table for a synthesized template."""

from __future__ import annotations

import sys

from canary.config import load
from tests.replayed.scenarios import SCENARIOS
from tests.replayed.table import lines, row
from tests.replayed.template import loaded

if __name__ == "__main__":
    found = loaded(sys.argv[1])
    many = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    config = load("development")
    for scenario in SCENARIOS:
        print(lines([row(found, config, scenario, many, 1)]).splitlines()[-1], flush=True)
