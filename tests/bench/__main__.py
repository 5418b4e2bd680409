"""Measure every promised figure, print the table and write docs/performance.md."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench import client_cpu, cold, diagnosis, exporter, healthy, imports, synth
from tests.bench.figures import ROOT, Figure
from tests.bench.page import page

PAGE = ROOT / "docs" / "performance.md"
MEASURES: tuple[tuple[str, Callable[[], Figure | list[Figure] | None]], ...] = (
    ("healthy run on the twin", healthy.measure),
    ("diagnosis", diagnosis.measure),
    ("import", imports.measure),
    ("cold start", cold.measure),
    ("client CPU", client_cpu.measure),
    ("blackbox exporter", exporter.measure),
    ("synthesis", synth.measure),
)


def machine() -> str:
    """Name the machine, and how busy it was."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((x.partition(":")[2].strip() for x in lines if "model name" in x), model)
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        pages = 0
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} x {model}, {pages / 1e9:.0f} GB, {platform.system()} "
        f"{platform.release().split('-')[0]}, Python {platform.python_version()}, "
        f"load average {load:.1f} when the bench began"
    )


def main() -> int:
    """Return 0 where every promise is kept."""
    where, figures, absent = machine(), [], []
    for name, measure in MEASURES:
        print(f"measuring: {name}", file=sys.stderr)
        found = measure()
        if found is None:
            absent.append(name)
            continue
        figures += found if isinstance(found, list) else [found]
    text = page(where, figures, absent)
    PAGE.write_text(text, encoding="utf-8")
    print(text)
    return 0 if all(f.held for f in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
