"""`python -m tests.replayed TEMPLATE [INCIDENTS]`: print the table of docs/reliability.md."""

from __future__ import annotations

import sys

from canary.config import load
from tests.replayed.template import loaded
from tests.replayed.told import every

if __name__ == "__main__":
    found = loaded(sys.argv[1])
    many = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    for line in every(found, load("development"), many):
        print(line, flush=True)
