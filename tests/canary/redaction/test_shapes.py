"""Which tokens look random, and whether a whole token or a part of a path is masked."""

from __future__ import annotations

import pytest

from canary.redaction.shapes import BASE64, is_random, mask_shapes

R = "q7Zk2Vx9Lw4Tn8Rb3Yc6Hd1Jf5Mg0PsA4eK8uW2oX6iN9yQ1tB5rG3vD7hC0jS4mF8lZ2pE6aU9wT5nR1kV7"
"""Letters and digits in turn: no three letters stand together."""


@pytest.mark.parametrize(
    ("token", "random"),
    [
        (R[:31], False),
        (R[:32], True),
        (R[:32].lower(), False),
        (R[:32].upper(), False),
        ("qxZkbVxdLwfTngRbhYcjHdlJfnMgpPsA", False),  # no digit
        ("aB1" * 11, False),  # three signs again and again
        ("aB1cD2eF3gH4iJ5k" * 2, False),  # sixteen of them: four bits a sign
        ("aB1cD2eF3gH4iJ5kL6m" * 2, True),  # nineteen: 4.25 bits
        ("Application" + R[:14] + "Server7", False),  # 17 of 32 in words
        ("Application" + R[:21], True),  # 11 of 32
        ("abcdEFGH1234ijklMNOP5678qrstUVWX", True),  # four letters are no word
        ("abcdeFGHIJ12345klmnoPQRST67890uvwXY", False),  # five are one
    ],
)
def test_a_random_token_is_long_mixed_and_dense(token: str, random: bool) -> None:
    assert is_random(token) is random


def test_keys_have_these_lengths_in_base64() -> None:
    assert BASE64 == (40, 44, 64, 86, 88)


@pytest.mark.parametrize("length", [39, 40, 41, 43, 44, 45, 63, 64, 65, 85, 86, 87, 88, 89])
def test_a_token_of_a_keys_length_goes_whole_and_of_another_its_random_parts(length: int) -> None:
    head = "Registration/" if length > 60 else "Model/"
    token = (head + R + R)[:length]
    whole = length in (40, 44, 64, 86, 88)
    assert mask_shapes(f"a {token} b") == f"a {'***' if whole else head + '***'} b"


def test_a_path_of_words_stays_and_one_of_few_words_goes_whole() -> None:
    assert mask_shapes(f"x {R[:20]}/{R[20:41]} y") == "x *** y"  # no words at all
    path = f"/data/models/{R[:16]}/artifacts/index/files"
    assert mask_shapes(path) == path
    assert mask_shapes(f"{R[:50]}==") == "***"


def test_the_token_of_a_table_is_known_by_its_shape() -> None:
    token = f"pat{R[:14]}.{'0a' * 32}"
    assert mask_shapes(f"({token})") == "(***)"
    assert mask_shapes(f"({token}0)") != "(***)" and mask_shapes("pat.example") == "pat.example"
