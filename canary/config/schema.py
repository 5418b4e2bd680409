"""JSON Schemas of the files that people edit, generated from the types that read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from canary.model import Check, Environment
from canary.probes.base.api import Kind

DRAFT = "https://json-schema.org/draft/2020-12/schema"
REF = "#/$defs/{name}"


def environment_file() -> dict[str, Any]:
    """Return the schema of `environments/*.toml`."""
    return {"$schema": DRAFT, **msgspec.json.schema(Environment)}


def check_file(kinds: Mapping[str, Kind] | None = None) -> dict[str, Any]:
    """Return the schema of `checks/*.toml`: each kind has its own spec."""
    known = kinds if kinds is not None else _kinds()
    (check, *specs), parts = msgspec.json.schema_components(
        [Check, *(k.spec for k in known.values())], ref_template=REF
    )
    names = [_name(check), *(_name(s) for s in specs)]
    rules = [
        {
            "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
            "then": {"properties": {"spec": spec}},
        }
        for kind, spec in zip(known, specs, strict=True)
    ]
    parts[names[0]]["properties"]["kind"] = {"enum": list(known)}
    return {
        "$schema": DRAFT,
        "title": "Checks",
        "type": "object",
        "additionalProperties": False,
        "properties": {"check": {"type": "array", "items": {"allOf": [check, *rules]}}},
        "$defs": parts,
    }


def _name(reference: dict[str, Any]) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _kinds() -> Mapping[str, Kind]:
    from canary.probes import KINDS  # the table imports every kind, so only when it is needed

    return KINDS
