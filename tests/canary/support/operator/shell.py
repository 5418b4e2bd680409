"""Type printed lines into a real shell in which `aws` only notes its words."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

LATER = "arn:aws:later"
"""What a command within another one prints as text."""
_SCRIPT = r"""
PATH=/nowhere
exec 3>&1 >/dev/null
aws() {
  case "$*" in
    *" file:///dev/stdin") set -- "$@" "$(</dev/stdin)" ;;
  esac
  printf '%s\0' "$#" "$@" >&3
  case " $* " in
    *" --output json "*) printf '%s\n' "$ANSWER" ;;
    *) printf '%s\n' "$LATER" ;;
  esac
}
for line; do
  eval "$line"
  printf '%s\0' end >&3
done
"""


class Typed(NamedTuple):
    """The words of each call of a line, the inner ones first; and what the shell complained of."""

    calls: list[list[list[str]]]
    complaints: str
    made: list[str]  # files


def typed(lines: Sequence[str], answer: str = "{}", entered: str = "") -> Typed:
    """Return the calls that each line makes; `answer`: what an inner command prints as JSON.

    `entered`: what a person types where a line asks; it follows the words of the call that
    reads it.
    """
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["bash", "-c", _SCRIPT, "bash", *lines],
            capture_output=True,
            cwd=folder,
            env={"LATER": LATER, "ANSWER": answer, "LC_ALL": "C.UTF-8"},
            input=(entered + "\n").encode() * len(lines),
            check=False,
        )
        made = sorted(str(p.name) for p in Path(folder).iterdir())
    return Typed(_calls(done.stdout.decode()), done.stderr.decode(), made)


def _calls(printed: str) -> list[list[list[str]]]:
    found: list[list[list[str]]] = []
    line: list[list[str]] = []
    parts = iter(printed.split("\0")[:-1])
    for part in parts:
        if part == "end":
            found, line = [*found, line], []
        else:
            line.append([next(parts) for _ in range(int(part))])
    return found
