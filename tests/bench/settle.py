"""How long `settle` takes after each fault and after each healing: `python -m tests.bench.settle`.

Some fifteen minutes for the whole library; names of faults as arguments measure these alone. Not
part of `make bench`: its figures are seconds of a twin, no ratio.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from sandbox import client
from sandbox.faults import FAULTS, inexpressible
from sandbox.state import State, read
from sandbox.world.load import load
from tests.bench.figures import median
from tests.bench.healthy import running_twin

PROMISED_S = 10.0


def measure(state: State, fault_id: str) -> tuple[float, float]:
    """Plant a fault and heal it; return the seconds of `settle` after each."""
    client.send(state, "break", id=fault_id)
    broken = _settled_s(state)
    client.send(state, "heal")
    return broken, _settled_s(state)


def _settled_s(state: State) -> float:
    answer = client.send(state, "settle", timeout_s=70, timeout=60)
    if not answer["steady"]:
        raise RuntimeError(f"not steady: {', '.join(answer['waiting_for'])}")
    return float(answer["seconds"])


def main(wanted: list[str]) -> int:
    """Print a line for each fault and the longest of all; return 0 where none took too long."""
    longest: list[tuple[float, str]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        running_twin(Path(folder) / "state.json") as file,
    ):
        state = read(file)
        for fault_id in wanted or [f for f in FAULTS if not inexpressible(load(), f)]:
            broken, healed = measure(state, fault_id)
            longest += [(broken, fault_id), (healed, f"healing {fault_id}")]
            print(f"{fault_id:36} {broken:5.1f} s, healed {healed:5.1f} s", flush=True)
    slowest, name = max(longest)
    middle = median([seconds for seconds, _ in longest])
    print(json.dumps({"longest_s": slowest, "after": name, "median_s": round(middle, 2)}))
    return 0 if slowest <= PROMISED_S else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
