"""Some 300 forms of an answer: our verdict beside those of h11 and of curl."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from canary.adapters.http_client.client import HttpClient
from canary.model import Request
from tests.canary.support.answers.forms import ALL, Form
from tests.canary.support.answers.others import REFUSED, by_h11, complete, recorded
from tests.canary.support.servers.raw import answering

PAGE = Path(__file__).resolve().parents[3] / "docs/reliability.md"
HEADING = "## Reads answers as HTTP's RFCs do"

NO_END_MARK = "RFC 1952: a stream has an end mark; h11 does not decode"
ONE_MORE = "RFC 9112, 7.1: a chunk ends with CRLF; curl hands on one byte too many"
# The part that we refuse -> the others that take it, and why we do not.
DIFFERENCES: dict[str, tuple[tuple[str, ...], str]] = {
    "two lengths": (("curl",), "RFC 9112, 6.3: the framing is invalid; curl takes the last length"),
    "length +5": (("curl",), "RFC 9110, 8.6: a length is digits"),
    "length 5 and letters": (("curl",), "RFC 9110, 8.6: a length is digits"),
    "chunk size too large": (("curl",), ONE_MORE),
    "chunk lines ended by LF": (("curl",), "RFC 9112, 7.1: CRLF; LF alone is for a head's lines"),
    "gzip cut": (("h11", "curl"), NO_END_MARK),
    "gzip without length cut": (("h11", "curl"), NO_END_MARK),
    "gzip that is none": (("h11",), "h11 does not decode"),
    "gzip and more": (("h11",), "h11 does not decode"),
    "coding unknown": (("h11",), "RFC 9110, 8.4: the body cannot be read; h11 does not decode"),
    "CR in a value": (("curl",), "RFC 9110, 5.5: readers differ on where the field ends"),
    "blank before the colon": (("curl",), "RFC 9112, 5.1: readers differ on the name"),
    "blank in the name": (("curl",), "RFC 9110, 5.1: a name is a token"),
    "empty name": (("curl",), "RFC 9110, 5.1: a name is a token"),
    "101": (("curl",), "RFC 9110, 15.2.2: no other protocol was asked for"),
    "HTTP/2.0": (("h11", "curl"), "RFC 9110, 2.5: another major version has another form"),
    "version in small letters": (("curl",), "RFC 9112, 2.3: the name is HTTP"),
    "cut in the head": (("curl",), "RFC 9112, 8: the head is not complete"),
    "chunks, cut in the body": (("curl",), "RFC 9112, 8: the last empty line is missing"),
    "gzip without length, cut in the body": (("h11", "curl"), NO_END_MARK),
}


@pytest.fixture(scope="module")
def ours() -> dict[Form, str]:
    client = HttpClient(run_id="test", trusted=frozenset())

    def verdict(url: str) -> str:
        answer = client.send(Request(method="POST", url=url, timeout_s=10))
        return REFUSED if answer.failure else complete(answer.status, answer.body)

    with answering({f"/{number}": form.raw for number, form in enumerate(ALL)}) as url:
        return {form: verdict(f"{url}/{number}") for number, form in enumerate(ALL)}


def differences(ours: dict[Form, str]) -> Iterator[tuple[Form, str, str, str]]:
    """Yield form, our verdict, the other's name and its verdict where they differ."""
    curl = recorded()
    for form in ALL:
        by_other = {"h11": by_h11(form.raw), "curl": curl[form.name]}
        if "gzip" in form.framing and by_other["h11"] != REFUSED and ours[form] != REFUSED:
            del by_other["h11"]  # the same answer, not decoded
        for other, verdict in by_other.items():
            if verdict != ours[form]:
                yield form, ours[form], other, verdict


def test_there_are_some_300_forms_and_each_was_shown_to_curl() -> None:
    assert len(ALL) >= 300
    assert [form.name for form in ALL] == list(recorded())


def test_the_forms_are_of_both_kinds(ours: dict[Form, str]) -> None:
    refused = sum(verdict == REFUSED for verdict in ours.values())
    assert 0.2 < refused / len(ours) < 0.8


def test_nothing_is_complete_that_both_others_refuse(ours: dict[Form, str]) -> None:
    curl = recorded()
    wrong = [
        form.name
        for form, verdict in ours.items()
        if verdict != REFUSED and by_h11(form.raw) == curl[form.name] == REFUSED
    ]
    assert wrong == []


def test_each_difference_has_its_reason(ours: dict[Form, str]) -> None:
    """We refuse what another takes: never the other way round, and never another content."""
    explained: set[tuple[str, str]] = set()
    for form, verdict, other, others in differences(ours):
        reasons = {
            (part, other)
            for part in form.parts
            if other in DIFFERENCES.get(part, ((), ""))[0] and verdict == REFUSED
        }
        assert reasons, (form.name, verdict, other, others)
        explained |= reasons
    assert explained == {
        (part, other) for part, (takers, _) in DIFFERENCES.items() for other in takers
    }


def test_the_page_shows_the_differences() -> None:
    section = PAGE.read_text(encoding="utf-8").partition(HEADING)[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    assert rows[1:] == [
        f"| {part} | {', '.join(others)} | {reason} |"
        for part, (others, reason) in DIFFERENCES.items()
    ]
    assert str(len(ALL)) in section
