"""Figures -> docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.figures import Figure

HEAD = """# Performance

`make bench` writes this page; do not edit it. Most figures are ratios of two things that were
measured in turns in one run on one machine, so that the machine's speed and load affect both. The
median counts.

Machine: {machine}.

| what | measured | beside | value | promised | kept |
|---|---|---|---|---|---|
"""

TAIL = """
## How it is measured

- **A healthy run**: `canary.handler` against the sandbox, in a warm process, with all parts:
  reading the previous report, plan, probes, comparison. The critical path is a figure of the run
  itself (`run.critical_path_ms`): the longest chain of steps that had to wait for each other. The
  rest is the canary's own time: threads, redaction, rules.
- **Importing the handler**: a new process each time, from the compiled bundle that is deployed,
  with boto3 compiled as in Lambda's runtime. It is CPU time, because an import waits for nothing.
- **Client CPU**: 50 threads share 1,000 requests to a target that answers after 20 ms. The canary's
  HTTP client measures DNS, TCP, TLS, first byte and transfer, and has a hard deadline and a body
  cap. The bare session has none of these, but it handles cookies, hooks and redirects.
- **Blackbox exporter**: the canary runs 500 endpoint checks, from the plan to judged results with
  evidence; the exporter gets 500 probe requests. The exporter is written in Go and uses every
  core; the canary's threads share one interpreter lock.
- **Memory**: the largest resident memory of the process after all its runs.
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
