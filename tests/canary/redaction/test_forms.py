"""The forms of a known secret, how much of each gives it away, and where a masked part ends."""

from __future__ import annotations

import pytest

from canary.model import Answer, Failure, FailureKind, Status, Step
from canary.redaction.forms import forms
from canary.redaction.fragments import Fragment, fragment, mask_fragments, shown_in
from canary.redaction.redactor import MASK, Redactor

SPECIAL = {
    '/p ä&"~b': 8,
    '/p Ã¤&"~b': 8,
    "%2Fp%20%C3%A4%26%22~b": 8,
    "/p%20%C3%A4%26%22~b": 8,
    "%2fp%20%c3%a4%26%22~b": 8,
    "%2Fp+%C3%A4%26%22~b": 8,
    "/p ä&amp;&quot;~b": 8,
    '/p \\u00e4&\\"~b': 8,
    "2f7020c3a426227e62": 8,
    "2F7020C3A426227E62": 8,
    "L3Agw6QmIn5i": 8,
    "9wIMOkJiJ+Y": 8,
    "9wIMOkJiJ-Y": 8,
    "vcCDDpCYifm": 8,
}
# the beginning that all keys share, and eight characters of the key's own
OF_A_KEY = {
    "hk_live_a+b/cdefghi": 16,
    "hk_live_a%2Bb%2Fcdefghi": 16,
    "hk_live_a%2Bb/cdefghi": 16,
    "hk_live_a%2bb%2fcdefghi": 16,
    "686b5f6c6976655f612b622f63646566676869": 24,
    "686B5F6C6976655F612B622F63646566676869": 24,
    "aGtfbGl2ZV9hK2IvY2RlZmdoa": 19,
    "hrX2xpdmVfYStiL2NkZWZnaG": 18,
    "oa19saXZlX2ErYi9jZGVmZ2hp": 18,
}


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ('/p ä&"~b', SPECIAL),
        ("hk_live_a+b/cdefghi", OF_A_KEY),
        ("hk_live_a", {"hk_live_a": 9, "686b5f6c6976655f61": 18, "686B5F6C6976655F61": 18,
                       "aGtfbGl2ZV9h": 12, "hrX2xpdmVfY": 11, "oa19saXZlX2": 11}),
        ("abcd", {"abcd": 4, "61626364": 8, "YWJjZ": 5, "FiY2": 4, "hYmNk": 5}),
        ("abc", {"616263": 6, "YWJj": 4}),  # three characters are in too many texts
    ],
)  # fmt: skip
def test_a_secret_has_these_forms(secret: str, expected: dict[str, int]) -> None:
    assert forms(secret) == expected


@pytest.mark.parametrize(
    ("secret", "least"),
    [("hk_a_12345678", 8), ("hk_ab_12345678", 14), ("hk_abcdefgh_12345678", 20),
     ("hk_abcdefghi_12345678", 8), ("AKIA123456789", 12), ("ASIA123456789", 12),
     ("hk_live_", 8), ("hk_live_~~~~~~~~~", 17), ("~~~12345678", 8),
     ("xhk_live_12345678", 8), ("12345678901", 8)],
)  # fmt: skip
def test_the_public_beginning_of_a_key_gives_nothing_away(secret: str, least: int) -> None:
    assert forms(secret)[secret] == least


def learned(secret: str) -> Redactor:
    redactor = Redactor()
    redactor.learn(secret)
    return redactor


@pytest.mark.parametrize(
    ("shown", "masked"),
    [
        ("one hk_live_ and 7: hk_live_1234567, 8: hk_live_12345678",
         f"one hk_live_ and 7: hk_live_1234567, 8: {MASK}"),
        ("HK_LIVE_1234567. HK_LIVE_12345678.", f"HK_LIVE_1234567. {MASK}."),
        ("a 1234567 8 90abcdef", f"a 1234567 8 {MASK}"),  # its end alone, eight characters
        ("0abcdef 90abcdef.", f"0abcdef {MASK}."),
        ("hk_live_\n12345678", MASK),
        ("x hk_live_12345678\n9 y", f"x {MASK} y"),
        ("x hk_live_12345678\n7 y", f"x {MASK}\n7 y"),
        ("hk_live_" + "1234567890abcdefHK_LIVE_12345678", MASK + MASK),
    ],
)  # fmt: skip
def test_what_gives_a_key_away_is_masked_and_nothing_more(shown: str, masked: str) -> None:
    assert learned("hk_live_" + "1234567890abcdef").known(shown) == masked


def test_three_characters_are_never_masked_and_four_are() -> None:
    assert learned("abc").known("abc YWJj 616263") == "abc YWJj 616263"
    assert learned("abcd").known("abcd abce YWJjZ") == f"{MASK} abce {MASK}"


KNOWN = fragment("Correct-Horse-Battery", 8)


def test_a_form_has_a_beginning_and_an_end_in_small_letters() -> None:
    assert Fragment("correct-horse-battery", "correct-", "-battery") == KNOWN
    assert fragment("elevenchars", 8) == Fragment("elevenchars", "elevench", "elevenchars")
    assert fragment("twelve-chars", 8) == Fragment("twelve-chars", "twelve-c", "ve-chars")
    other = fragment("another-secret", 8)
    assert shown_in("of correct-?", [KNOWN, other]) == [KNOWN]
    assert shown_in("of y-secre and e_battery", [KNOWN, other]) == []
    assert shown_in("a e-battery, another-", [KNOWN, other]) == [KNOWN, other]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("nothing of it: correct, battery", "nothing of it: correct, battery"),
        ("CORRECT-x", "#x"),
        ("correct-horse", "#"),
        ("correct-horsE-x", "#x"),
        ("Correct-Horse-Batter", "#"),
        ("correct-horse-battery correct-horse-battery", "# #"),
        ("horse-battery", "#"),
        ("x-horse-battery.", "x#."),
        ("-battery-battery", "##"),
        ("t-horse-battery", "#"),
        ("correct-correct-horse-battery", "##"),
        ("correct-horse-bat-horse-battery!", "#!"),
        ("end -battery", "end #"),
    ],
)
def test_a_beginning_goes_on_as_far_as_it_fits_and_an_end_begins_where_it_does(
    text: str, masked: str
) -> None:
    assert mask_fragments(text, [KNOWN], "#") == masked


def test_parts_of_two_secrets_that_overlap_are_masked_together() -> None:
    known = [fragment("abcdefghijkl", 8), fragment("efghijklmnop", 8)]
    assert mask_fragments("(abcdefghijklmnop)", known, "#") == "(#)"
    assert mask_fragments("(abcdefghijkl)(efghijklmnop)", known, "#") == "(#)(#)"
    assert mask_fragments("abcdefgh.ijklmnop", known, "#") == "#.#"


def test_a_part_of_one_secret_within_another_ends_no_mask() -> None:
    known = [fragment("abcdefghijklmnop", 8), fragment("cdefghij-and-more", 8)]
    assert mask_fragments("(abcdefghijklmnop)", known, "#") == "(#)"


SECRET = "hk_live_" + "1234567890abcdef"


def test_an_answer_is_masked_in_its_body_its_headers_and_its_failure() -> None:
    redactor = learned(SECRET)
    failure = Failure(kind=FailureKind.TLS, detail=f"by {SECRET}", code=10)
    shown = Answer(
        status=401, body=b"\xff " + SECRET.encode(), headers=((f"x-{SECRET}", "a"), ("b", SECRET)),
        failure=failure,
    )  # fmt: skip
    masked = Answer(
        status=401, body=b"\xff " + MASK.encode(), headers=((f"x-{MASK}", "a"), ("b", MASK)),
        failure=Failure(kind=FailureKind.TLS, detail=f"by {MASK}", code=10),
    )  # fmt: skip
    assert redactor.answer(shown) == masked
    bare = Answer(status=200, body=SECRET.encode())
    assert redactor.answer(bare) == Answer(status=200, body=MASK.encode())
    plain = Answer(status=200, body=b"\xff well", headers=(("a", "hk_live_"),), failure=None)
    assert redactor.answer(plain) is plain
    split = Answer(body=SECRET[:12].encode(), headers=((SECRET[12:16], "x"),))
    assert redactor.answer(split) is split  # no secret goes on from the body to a header


def test_a_value_that_shows_no_secret_is_the_same_object_and_one_that_does_keeps_the_rest() -> None:
    redactor = learned(SECRET)
    rows = [("a", 1), ["b", {"c": ("d",)}], {"e": None}]
    assert redactor.clean(rows) == rows
    innocent = ("a", 1, ("b",))
    assert redactor.clean(innocent) is innocent
    shown = ["a", ("x", SECRET), {SECRET: [SECRET]}, Status.PASS, 7, b"bytes"]
    assert redactor.clean(shown) == ["a", ("x", MASK), {MASK: [MASK]}, Status.PASS, 7, b"bytes"]
    step = Step(name="n", status=Status.PASS, reason="at its end: " + SECRET[-8:].upper())
    assert redactor.clean(step).reason == f"at its end: {MASK}"
    surrogate = Step(name="n", status=Status.PASS, reason=f"\udcff {SECRET}")
    assert redactor.clean(surrogate).reason == f"\udcff {MASK}"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"a \n{SECRET}", f"a \n{MASK}"),  # the gap before it stays
        (f"%{SECRET}%", f"%{MASK}%"),
        (f"\\n{SECRET}\\n", f"\\n{MASK}\\n"),
        (f"&#104;{SECRET[1:]}&", f"{MASK}&"),
        (f"%68{SECRET[1:]}%6", f"{MASK}%6"),
        (f"%2568{SECRET[1:]}", MASK),
        (f"\\u0068{SECRET[1:]}", MASK),
        ("&#x6B;k_live_1234567890", "&#x6B;k_live_1234567890"),
        (f"{SECRET[:15]}%6F", f"{SECRET[:15]}%6F"),
        (f"{SECRET[:15]}%38.", f"{MASK}."),
    ],
)
def test_a_coded_secret_is_masked_from_its_first_character_to_its_last(
    text: str, masked: str
) -> None:
    assert learned(SECRET).known(text) == masked
