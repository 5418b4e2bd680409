"""Draw values of AWS's own shapes, with the enumerations, patterns and bounds of botocore."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel, Shape
from hypothesis import strategies as st

Strategy = st.SearchStrategy[Any]
SOME = 2  # the longest list
# what a shell, the AWS CLI or JSON could take for something else is among them
TEXTS = (
    *("a", "Z9", "--x", "-", "a b", "it's", '"', "$(id)", "`id`", "\\", "a\\n", "a;b|c&d<e>f"),
    *("*", "?", "/x/*", "~", "#{host}", "{}", "[1]", "true", "0", "é", "a=b,c=d", "file://x"),
    *("https://a.example/b?c=d#e", "x" * 64, " ", "a\nb"),
)


@cache
def model(service: str) -> ServiceModel:
    """Return AWS's model of a service."""
    return botocore.session.get_session().get_service_model(service)


class Drawn:
    """Strategies for the shapes of one service.

    `known` says what AWS documents beside its model (by "Shape" or "Structure.member"), None where
    a member is left out.
    """

    def __init__(self, service: str, known: Mapping[str, Strategy | None]) -> None:
        self._model = model(service)
        self._known = known
        self._made: dict[str, Strategy] = {}

    def of(self, name: str) -> Strategy:
        """Return the strategy for a shape by its name."""
        if name not in self._made:
            known = self._known.get(name)
            made = self._shape(self._model.shape_for(name)) if known is None else known
            self._made[name] = made
        return self._made[name]

    def fields(self, name: str, *members: str) -> Strategy:
        """Return the strategy for these members of a structure, each of which may be missing."""
        shape = self._model.shape_for(name)
        some = {m: self._member(name, m, shape.members[m]) for m in members}
        return st.fixed_dictionaries({}, optional={m: s for m, s in some.items() if s is not None})

    def _shape(self, shape: Shape) -> Strategy:
        match shape.type_name:
            case "structure":
                return self._structure(shape)
            case "list":
                least = int(shape.metadata.get("min", 0))
                most = max(least, min(SOME, int(shape.metadata.get("max", SOME))))
                return st.lists(self.of(shape.member.name), min_size=least, max_size=most)
            case "map":
                key, value = self.of(shape.key.name), self.of(shape.value.name)
                return st.dictionaries(key, value, max_size=SOME)
            case "boolean":
                return st.booleans()
            case "integer" | "long":
                least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 1000)
                return st.integers(int(least), int(most))
            case "double" | "float":
                return st.integers(1, 100).map(float)
        return _string(shape)

    def _structure(self, shape: Any) -> Strategy:
        drawn = {m: self._member(shape.name, m, s) for m, s in shape.members.items()}
        there = {m: s for m, s in drawn.items() if s is not None}
        needed = set(shape.required_members)
        return st.fixed_dictionaries(
            {m: s for m, s in there.items() if m in needed},
            optional={m: s for m, s in there.items() if m not in needed},
        )

    def _member(self, structure: str, member: str, shape: Shape) -> Strategy | None:
        key = f"{structure}.{member}"
        return self._known[key] if key in self._known else self.of(shape.name)


def texts(least: int = 0, most: int = 1000) -> Strategy:
    """Return the strategy for a text of these lengths."""
    fit = [t for t in TEXTS if least <= len(t) <= most]
    return st.sampled_from([*fit, *(["x" * least] if not fit or not least else [])])


def _python(pattern: str) -> str:
    """Return a pattern of AWS's model without the classes that Python's expressions lack."""
    classes = {r"\p{L}": "A-Za-zé", r"\p{Z}": " ", r"\p{N}": "0-9"}
    for known, plain in classes.items():
        pattern = pattern.replace(known, plain)
    return pattern


def _string(shape: Any) -> Strategy:
    if shape.enum:
        return st.sampled_from(shape.enum)
    least = int(shape.metadata.get("min", 0))
    most = int(shape.metadata.get("max", 1000))
    if pattern := shape.metadata.get("pattern"):
        plain = st.from_regex(re.compile(_python(pattern)), fullmatch=True)
        return plain.filter(lambda s: least <= len(s) <= most)
    return texts(least, most)
