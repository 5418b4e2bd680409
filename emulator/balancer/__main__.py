"""Run the load balancers with `python -m emulator.balancer`."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal

from emulator.balancer.app import serve
from emulator.balancer.orphan import die_with_parent


def main() -> None:
    """Serve until the control process closes our input or ends."""
    die_with_parent()
    # Ctrl-C in a terminal is for the control process, which then closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    gc.freeze()  # what was imported lives as long as we do: keep the collector off it
    asyncio.run(serve())


if __name__ == "__main__":
    main()
