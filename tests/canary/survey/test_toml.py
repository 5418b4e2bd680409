"""What a third party wrote stays data in TOML, whatever it holds."""

from __future__ import annotations

import math
import tomllib

import pytest

from canary.survey.toml import comment, key, pair, text

HOSTILE = (
    'a"b',
    "a\\b",
    'x"\n[services.evil]\nurl = "http://evil"',
    "a\r\nb\tc\x00d\x1be\x7f",
    "\u202eabc\u2028def",
    "'''\"\"\"",
    "é 漢 \U0001f600",
    "# no comment",
    "",
)


@pytest.mark.parametrize("words", HOSTILE)
def test_a_text_comes_back_as_it_was(words: str) -> None:
    assert tomllib.loads(f"x = {text(words)}") == {"x": words}
    assert tomllib.loads(pair(words, [words, 1, True])) == {words: [words, 1, True]}


@pytest.mark.parametrize("words", HOSTILE)
def test_a_comment_stays_one_line_and_says_nothing_to_the_reader(words: str) -> None:
    line = comment(words)
    assert tomllib.loads(f"a = 1 {line}\nb = 2") == {"a": 1, "b": 2}
    assert line.startswith("#") and line.isprintable()


def test_a_lone_surrogate_does_not_reach_the_file() -> None:
    assert text("a\ud800b").encode() == '"a\ufffdb"'.encode()


def test_tables_and_numbers_have_their_forms() -> None:
    assert tomllib.loads(pair("x", {"443": "10.0.0.1:8443"})) == {"x": {"443": "10.0.0.1:8443"}}
    assert tomllib.loads(pair("x", (1.5, 2.0))) == {"x": [1.5, 2.0]}
    assert (key("a-b_1"), key("a.b"), key("")) == ("a-b_1", '"a.b"', '""')
    with pytest.raises(ValueError, match="no number"):
        pair("x", math.nan)
    with pytest.raises(TypeError):
        pair("x", None)
