"""Every key of every file says what it means, with an example that the file would take."""

from __future__ import annotations

import tomllib
from typing import Any

import msgspec
import pytest

from canary.cli.pages import reference
from canary.cli.pages.key_types import default_of, type_of
from canary.config import schema
from canary.config.decode import decode
from canary.config.meanings import _tables, fields_of, meaning, structs_in
from canary.model import Check, Environment, Frozen, Severity
from canary.probes import KINDS

ROOTS = (Environment, Check, *(k.spec for k in KINDS.values()))
STRUCTS = list(dict.fromkeys(s for root in ROOTS for s in structs_in(root)))
KEYS = [(s, f, hint) for s in STRUCTS for f, hint in fields_of(s)]


def name(value: Any) -> str:
    return getattr(value, "__name__", getattr(value, "encode_name", ""))


@pytest.mark.parametrize(("struct", "field", "hint"), KEYS, ids=name)
def test_a_key_has_a_meaning_and_an_example_that_is_valid(
    struct: type, field: msgspec.structs.FieldInfo, hint: Any
) -> None:
    found = meaning(struct, field.encode_name, hint)
    assert found.says[:1].isupper() or found.says[:1] == "`" or found.says.startswith("critical")
    assert not found.says.endswith(".") and len(found.says) <= 120
    value, problems = decode(tomllib.loads(f"x = {found.example}")["x"], hint)
    assert problems == [] and value is not None


def test_no_meaning_outlives_its_key() -> None:
    known = {base.__name__: base for s in STRUCTS for base in s.__mro__}
    kept = {(table, key) for table, keys in _tables().items() for key in keys}
    there = {
        (n, f.encode_name)
        for n, struct in known.items()
        if isinstance(struct, msgspec.StructMeta)
        for f in msgspec.structs.fields(struct)
    }
    assert kept - there == set()


def test_every_type_of_a_file_has_a_heading() -> None:
    assert {s.__name__ for s in reference.documented()} == set(reference.TABLES)


def test_the_schema_explains_every_key() -> None:
    parts = schema.check_file(KINDS)["$defs"] | schema.environment_file(KINDS)["$defs"]
    bare = [
        f"{part}.{key}"
        for part, found in parts.items()
        for key, said in found.get("properties", {}).items()
        if not said.get("description") or not said.get("examples")
    ]
    assert bare == [] and len(parts) > 20


def test_an_environment_may_have_blocks_of_checks_by_its_schema() -> None:
    own = schema.environment_file(KINDS)
    found = own["$defs"]["Environment"]["properties"]
    assert found["check"].items() >= schema.check_file(KINDS)["properties"]["check"].items()
    assert [each["type"] for each in found["checks"]["anyOf"]] == ["string", "array", "array"]


class Told(Frozen, frozen=True, kw_only=True):
    """A spec of somebody else, which explains its keys itself."""

    ports: tuple[int, ...] = msgspec.field(default_factory=lambda: (443,))
    level: Severity | None = None
    wait: float = 1.5


def test_types_and_defaults_are_said_in_words() -> None:
    said = {f.name: (type_of(hint), default_of(f)) for f, hint in fields_of(Told)}
    assert said == {
        "ports": ("list of whole number", "`[443]`"),
        "level": ("`critical`, `high`, `medium`, `low`", ""),
        "wait": ("number", "`1.5`"),
    }
