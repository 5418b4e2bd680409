"""`python -m tests.canary.one_flow URL RUN_ID`: one registration flow in a process of its own."""

from __future__ import annotations

import sys

from tests.canary.support.servers.toolbox import Bench, environment

if __name__ == "__main__":
    Bench(environment(sys.argv[1]), {"valid": "k" * 32}, run_id=sys.argv[2]).run(
        "registration", base="", janitor_limit=0
    )
