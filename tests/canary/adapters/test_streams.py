"""No text that is printed begins a line as a command of a CI system does."""

from __future__ import annotations

import json
import subprocess
import sys

import msgspec
import pytest

from canary.cli.options import as_json, render
from canary.report import json as canonical
from tests.canary.support.report_samples import seed_day

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
        (("\u00a0::error::x\n", "\u3000\u2028::x"), "\u00a0: :error::x\n\u3000\u2028: :x"),
        ((" " * 9000, "::error::x"), " " * 9000 + ": :error::x"),
        (("a\n" + "\u00a0" * 9000 + "::x",), "a\n" + "\u00a0" * 9000 + ": :x"),
        (("##[error]x\n",), "## [error]x\n"),
        (("2026-11-29T12:00:00Z ##vso[task.x]y",), "2026-11-29T12:00:00Z ##vso [task.x]y"),
        (("a ##teamcity[message text='x']\n",), "a ##teamcity [message text='x']\n"),
        (("#", "#", "vs", "o", "[x]"), "##vso [x]"),
        (("####[x]", "##[", "##a["), "#### [x]## [##a ["),
        (("::##[x]",), ": :## [x]"),
    ],
)
def test_a_line_that_would_be_a_command_is_parted(parts: tuple[str, ...], shown: str) -> None:
    assert printed(*parts) == shown


@pytest.mark.parametrize(
    "text",
    ["a ::error::x\n", ":error:\n", "a::b\n", "[::1]:80\n", '{"a": "::error::"}\n', "", ": :\n",
     "# a\n## [x](y)\n### b [1]\n", "##\n[x]\n", "a#[1]", "##vso", "## vso[x]"],
)  # fmt: skip
def test_any_other_text_is_as_it_was(text: str) -> None:
    assert printed(text, text) == text * 2


def test_json_has_the_same_values_and_no_command() -> None:
    value = {"a": "##[error]x", "b": ["##vso[x]\\", "###[", "# [", "##\n["], "##c[": 1}
    text = as_json(value)
    assert json.loads(text) == value and printed(text) == text
    report = msgspec.structs.replace(seed_day(), unexplained=("##[error]x",))
    shown = render(report, "json")
    assert canonical.load(shown) == canonical.load(canonical.render(report))
    assert "##[" in canonical.render(report) and "##[" not in shown
