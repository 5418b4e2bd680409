"""No text that is printed begins a line as a command of a CI system does."""

from __future__ import annotations

import subprocess
import sys

import pytest

PRINTS = """
import ast, sys
from canary.adapters.streams import streams

streams.replace()
for part in ast.literal_eval(sys.argv[1]):
    sys.stdout.write(part)
    sys.stdout.flush()
    sys.stderr.write(part)
    sys.stderr.flush()
"""


def printed(*parts: str) -> str:
    command = [sys.executable, "-c", PRINTS, repr(list(parts))]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stdout == done.stderr
    return done.stdout.decode()


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        (("::error::x\n",), ": :error::x\n"),
        (("a\n", "  ::set-env name=X::y\n", "b\n"), "a\n  : :set-env name=X::y\nb\n"),
        (("a\r\n\t::add-mask::x",), "a\r\n\t: :add-mask::x"),
        (("a\r::stop-commands::x",), "a\r: :stop-commands::x"),
        ((":", ":error::x\n"), ": :error::x\n"),
        ((" ", " ", ":", ":error"), "  : :error"),
        (("\n", "::", "warning::"), "\n: :warning::"),
        ((":::::",), ": ::::"),
    ],
)
def test_a_line_that_would_be_a_command_is_parted(parts: tuple[str, ...], shown: str) -> None:
    assert printed(*parts) == shown


@pytest.mark.parametrize(
    "text",
    ["a ::error::x\n", ":error:\n", "a::b\n", "[::1]:80\n", '{"a": "::error::"}\n', "", ": :\n"],
)
def test_any_other_text_is_as_it_was(text: str) -> None:
    assert printed(text, text) == text * 2
