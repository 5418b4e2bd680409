"""A secret that is no JSON object stops a task with the words of Go's decoder."""

from __future__ import annotations

import pytest

from emulator.ecs import gojson


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("plain", "invalid character 'p' looking for beginning of value"),
        ("tplain", "invalid character 'p' in literal true (expecting 'r')"),  # as captured
        ("nope", "invalid character 'o' in literal null (expecting 'u')"),
        ("", "unexpected end of JSON input"),
        ("tru", "unexpected end of JSON input"),
        ('{"a": "b', "unexpected end of JSON input"),
        ('{"a": x}', "invalid character 'x' looking for beginning of value"),
        ("{a: 1}", "invalid character 'a' looking for beginning of object key string"),
        ("{'a': 1}", r"invalid character '\'' looking for beginning of object key string"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ('{"a": 1 "b": 2}', "invalid character '\"' after object key:value pair"),
        ("[1 2]", "invalid character '2' after array element"),
        ('{"a": 1} x', "invalid character 'x' after top-level value"),
        ('{"a": "\n"}', r"invalid character '\n' in string literal"),
        ('{"a": "\\x"}', "invalid character 'x' in string escape code"),
        ("12", "json: cannot unmarshal number into Go value of type map[string]interface {}"),
        ('"a"', "json: cannot unmarshal string into Go value of type map[string]interface {}"),
        ("[]", "json: cannot unmarshal array into Go value of type map[string]interface {}"),
        ("true", "json: cannot unmarshal bool into Go value of type map[string]interface {}"),
    ],
)
def test_what_is_no_object_is_said_as_go_says_it(text: str, why: str) -> None:
    with pytest.raises(gojson.NoObjectError) as found:
        gojson.parse(text)
    assert str(found.value) == why


def test_an_object_is_itself_and_null_is_an_empty_one() -> None:
    assert gojson.parse('{"a": {"b": 1}}') == {"a": {"b": 1}}
    assert gojson.parse("null") == {}
