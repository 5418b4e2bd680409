"""Figures -> docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.figures import Figure

HEAD = """# Performance

Written by `make bench`; do not edit. Every figure is a ratio of two things measured in turns within
one run on one machine, so that the machine's speed and load meet both; the median decides.

Machine: {machine}.

| what | measured | beside | value | promised | kept |
|---|---|---|---|---|---|
"""

TAIL = """
## How it is measured

- **A healthy run**: `canary.handler` against the sandbox, warm, everything included: reading the
  previous report, plan, probes, comparison. The critical path is the run's own figure
  (`run.critical_path_ms`): the longest chain of steps that had to wait for each other. What is
  above it is the canary's own: threads, redaction, rules.
- **Importing the handler**: a new process each time, from the compiled bundle that is deployed,
  with boto3 compiled as Lambda's runtime has it. CPU time, because an import waits for nothing.
- **Client CPU**: 50 threads share 1,000 requests to a target that answers after 20 ms. The canary's
  door notes DNS, TCP, TLS, first byte and transfer, holds a hard deadline and a body cap; the bare
  session does none of it, but carries cookies, hooks and redirects, which the door leaves out.
- **Blackbox exporter**: the runner with 500 endpoint checks, from plan to judged results with
  evidence, beside the exporter asked for 500 probes. The exporter is written in Go and uses every
  core, the canary's threads share one interpreter lock.
- **Memory**: the high-water mark of resident memory, after all runs of the process.
"""


def page(machine: str, figures: Sequence[Figure], absent: Sequence[str]) -> str:
    """Return the page."""
    rows = "".join(_row(f) for f in figures)
    gaps = "".join(f"\nNot measured, because it is not installed here: {a}.\n" for a in absent)
    notes = "".join(f"- {f.name}: {f.note}\n" for f in figures if f.note)
    return HEAD.format(machine=machine) + rows + gaps + "\n" + notes + TAIL


def _row(figure: Figure) -> str:
    unit = f" {figure.unit}" if figure.unit else ""
    digits = 0 if figure.unit else 2
    value, target = f"{figure.value:.{digits}f}{unit}", f"{figure.target:g}{unit}"
    kept = "yes" if figure.held else "**no**"
    row = (figure.name, figure.ours, figure.against, value, f"at most {target}", kept)
    return "| " + " | ".join(row) + " |\n"
