"""A page used by keys alone, its buttons to copy, and its age by the reader's clock."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from canary.report import html
from canary.report.index import Index, add, entry
from canary.report.index import render as render_index
from canary.report.page import assets
from tests.canary.support import report_samples as samples
from tests.canary.support.browser import ABSENT
from tests.canary.support.report_faults import broken
from tests.canary.support.tab import PHONE, Tab, tab

BROWSER = pytest.mark.skipif(ABSENT, reason="Chromium is not installed")
FAULT = "auth-wrong-port"

_FOCUSED = """(() => {
  const at = document.activeElement, box = at.getBoundingClientRect();
  return {
    tag: at.tagName.toLowerCase(), text: at.textContent.trim().slice(0, 40),
    name: at.getAttribute('aria-label') ?? '', href: at.getAttribute('href') ?? '',
    outlined: getComputedStyle(at).outlineStyle !== 'none',
    visible: box.bottom > 0 && box.top < innerHeight,
  };
})()"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with tab(tmp_path_factory.mktemp("tab")) as opened:
        yield opened


def stops(seen: Tab, most: int) -> Iterator[dict[str, Any]]:
    """Yield what has the focus after each press of Tab."""
    for _ in range(most):
        seen.press("Tab")
        yield seen.value(_FOCUSED)


@BROWSER
def test_the_first_stop_skips_to_the_causes(seen: Tab) -> None:
    seen.show(html.render(broken(FAULT)))
    (first,) = stops(seen, 1)
    assert (first["tag"], first["href"], first["text"]) == ("a", "#main", "Skip to the causes")
    assert first["visible"] and first["outlined"]
    seen.press("Enter")
    (then,) = stops(seen, 1)
    assert then["tag"] == "summary" and then["text"].startswith("What changed")
    seen.press("Enter")
    assert seen.value("document.querySelector('.moved').open") is True


@BROWSER
def test_every_stop_is_seen_and_outlined_and_the_keys_reach_the_fix_and_the_end(
    seen: Tab,
) -> None:
    seen.show(html.render(broken(FAULT)), PHONE)
    found = list(stops(seen, 400))
    ends = [n for n, stop in enumerate(found) if stop["tag"] == "body"]
    assert ends, "no trap: after the last stop the focus leaves the page"
    found = found[: ends[0]]
    assert [s for s in found if not (s["visible"] and s["outlined"])] == []
    names = [s["name"] for s in found]
    assert names.index("Fix") + 1 == names.index("Copy: Fix") < 20


@BROWSER
def test_enter_on_copy_copies_the_whole_command(seen: Tab) -> None:
    report = broken(FAULT)
    seen.show(html.render(report))
    seen.value(
        "navigator.clipboard.writeText = async (text) => { window.copied = text; };"
        "document.querySelector('#cause-1 button').focus()"
    )
    seen.press("Enter")
    assert seen.value("window.copied") == report.diagnoses[0].remedy.fix[0]
    assert seen.value(_FOCUSED)["text"] == "Copied"


def latest(silent_after_s: int = 900) -> str:
    return html.render(samples.healthy(), silent_after_s=silent_after_s)


# the samples' run finished at 10:00:04
@BROWSER
@pytest.mark.parametrize(
    ("now", "silent_after_s", "age", "stale"),
    [
        ("2026-11-22T10:00:30Z", 900, "less than a minute old", ""),
        ("2026-11-22T10:07:30Z", 900, "7 min old", ""),
        ("2026-11-22T12:07:30Z", 900, "2 h 7 min old", "2 h 7 min"),
        ("2026-11-22T12:07:30Z", 10_800, "2 h 7 min old", ""),
        ("2026-11-29T12:07:30Z", 0, "7 d old", None),  # the page of one run may be old
        ("2026-11-22T09:00:00Z", 900, "", ""),  # the reader's clock is wrong
    ],
)
def test_a_page_says_how_old_it_is_and_the_latest_one_when_nobody_writes_it(
    seen: Tab, now: str, silent_after_s: int, age: str, stale: str | None
) -> None:
    seen.at_time(now)
    seen.show(latest(silent_after_s))
    assert seen.value("document.querySelector('.age').textContent") == age
    assert seen.value("document.querySelector('#stale span')?.textContent") == stale
    shown = seen.value("document.querySelector('#stale')?.checkVisibility()")
    assert shown is (None if stale is None else bool(stale))


@BROWSER
def test_the_index_tells_by_itself_which_environments_are_silent(seen: Tab) -> None:
    index = add(Index(), entry(samples.healthy()))
    rare = msgspec.structs.replace(entry(samples.healthy(), every_s=3600), environment="rare")
    page = render_index(add(index, rare), "2026-11-22T10:01:00Z")
    told = "[...document.querySelectorAll('.state')].map((s) => [s.className, s.textContent])"
    seen.at_time("2026-11-22T10:05:04Z")
    seen.show(page)
    assert seen.value(told) == [["state PASS", "healthy"]] * 2
    seen.at_time("2026-11-22T11:00:04Z")
    seen.show(page)
    assert seen.value(told) == [
        ["state ERROR", "silent for 1 h 0 min; its last result: healthy"],
        ["state PASS", "healthy"],
    ]
    header = seen.value("document.querySelector('header').innerText")
    assert "59 min old" in header and "1 environment is silent now." in header
    assert seen.value("document.querySelector('.top').className") == "top ERROR"


# --- without a browser


def test_the_policy_of_a_page_names_this_script_and_nothing_else_that_runs() -> None:
    page = html.render(samples.seed_day())
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.S)
    assert script == assets.script()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_the_script_sends_nothing_and_evaluates_nothing() -> None:
    for word in ("fetch", "XMLHttp", "eval", "Function(", "innerHTML", "import(", "http", "src"):
        assert word not in assets.script()


def test_without_the_script_everything_is_there() -> None:
    page = html.render(broken(FAULT), silent_after_s=900)
    read = re.sub(r"<script>.*?</script>", "", page, flags=re.S)
    assert "hidden>No run has written" in read, "said only by the script"
    assert broken(FAULT).diagnoses[0].remedy.fix[0].split()[2] in read
