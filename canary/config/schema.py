"""JSON Schemas of the files that people edit, generated from the types that read them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

import msgspec

from canary.config.meanings import fields_of, meaning, structs_in
from canary.model import Check, Environment
from canary.probes.base.api import Kind

DRAFT = "https://json-schema.org/draft/2020-12/schema"
REF = "#/$defs/{name}"
Schema = dict[str, Any]
BLOCKS = {
    "description": "Checks of this environment alone, as in a check file.",
    "examples": [[{"id": "shop.health", "kind": "endpoint", "spec": {"path": "/health"}}]],
}


def environment_file(kinds: Mapping[str, Kind]) -> Schema:
    """Return the schema of an environment's file, which may have blocks of checks."""
    checks = check_file(kinds)
    (environment,), parts = msgspec.json.schema_components([Environment], ref_template=REF)
    own = parts[_name(environment)]["properties"]
    block = checks["properties"]["check"]
    own["check"] = {**block, **BLOCKS}
    names = own["checks"].pop("anyOf", [])
    own["checks"]["anyOf"] = [*names, {"type": "array", "items": block["items"]}]
    return {"$schema": DRAFT, **environment, "$defs": {**checks["$defs"], **explained(parts)}}


def check_file(kinds: Mapping[str, Kind]) -> Schema:
    """Return the schema of a check file: each kind has its own spec."""
    (check, *specs), parts = msgspec.json.schema_components(
        [Check, *(k.spec for k in kinds.values())], ref_template=REF
    )
    names = [_name(check), *(_name(s) for s in specs)]
    rules = [
        {
            "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
            "then": {"properties": {"spec": spec}},
        }
        for kind, spec in zip(kinds, specs, strict=True)
    ]
    parts[names[0]]["properties"]["kind"] = {"enum": list(kinds)}
    return {
        "$schema": DRAFT,
        "title": "Checks",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "check": {"type": "array", "items": {"allOf": [check, *rules]}},
        },
        "$defs": explained(parts, *(k.spec for k in kinds.values())),
    }


def explained(parts: Schema, *more: type) -> Schema:
    """Return the parts of a schema with what each key means, and an example."""
    known = {s.__name__: s for root in (Environment, Check, *more) for s in structs_in(root)}
    for name, part in parts.items():
        for field, hint in fields_of(known[name]) if name in known else ():
            found = meaning(known[name], field.encode_name, hint)
            own = part["properties"][field.encode_name]
            if found.says:
                own.setdefault("description", f"{found.says}.")
            if found.example:
                value = tomllib.loads(f"x = {found.example}")["x"]
                own.setdefault("examples", [msgspec.to_builtins(value)])
    return parts


def _name(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]
