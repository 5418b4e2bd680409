"""JSON Schemas of the files that people edit, generated from the types that read them."""

from __future__ import annotations

from typing import Any

import msgspec

from canary.model import Check, Environment

DRAFT = "https://json-schema.org/draft/2020-12/schema"
REF = "#/$defs/{name}"


def environment_file() -> dict[str, Any]:
    """Return the schema of `environments/*.toml`."""
    return {"$schema": DRAFT, **msgspec.json.schema(Environment)}


def check_file() -> dict[str, Any]:
    """Return the schema of `checks/*.toml`: each kind has its own spec."""
    from canary.probes import KINDS  # the table imports every kind, so only when it is needed

    (check, *specs), parts = msgspec.json.schema_components(
        [Check, *(k.spec for k in KINDS.values())], ref_template=REF
    )
    names = [_name(check), *(_name(s) for s in specs)]
    rules = [
        {
            "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
            "then": {"properties": {"spec": spec}},
        }
        for kind, spec in zip(KINDS, specs, strict=True)
    ]
    parts[names[0]]["properties"]["kind"] = {"enum": list(KINDS)}
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
