"""Parse printed Terraform with another parser, and hold it against the provider's schema."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hcl2

SCHEMA = Path(__file__).with_name("schema.json")
_ESCAPE = re.compile(r'\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|([nrt"\\]))|([$%]\{)|\\')
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_META = frozenset({"lifecycle"})  # what Terraform itself gives every resource
Body = dict[str, Any]


@dataclass(frozen=True)
class Ref:
    """An expression that is no literal."""

    text: str


@dataclass(frozen=True)
class Resource:
    """A resource of a printed text, with the id that it is imported by."""

    type: str
    name: str
    body: Body
    import_id: str
    ignored: tuple[str, ...]


def parse(text: str) -> list[Resource]:
    """Return the resources of a text; every literal is decoded, nothing else is left unread."""
    raw = hcl2.loads(text)
    assert set(raw) - {"__comments__", "__inline_comments__"} <= {"import", "resource"}
    imports = {}
    for block in raw.get("import", []):
        own = _body(block)
        assert set(own) == {"to", "id"}
        imports[own["to"].text] = own["id"]
    found = []
    for labelled in raw["resource"]:
        ((kind, named),) = _without_marks(labelled).items()
        ((name, block),) = _without_marks(named).items()
        body = _body(block)
        (ignored,) = body.pop("lifecycle", None) or [{"ignore_changes": []}]
        kind, name = literal(kind), literal(name)
        found.append(
            Resource(
                kind, name, body, imports.pop(f"{kind}.{name}", ""),
                tuple(ref.text for ref in ignored["ignore_changes"]),
            )
        )  # fmt: skip
    assert imports == {}, "an import of a resource that is not there"
    return found


def _without_marks(block: Body) -> Body:
    return {k: v for k, v in block.items() if not k.startswith("__")}


def _body(block: Body) -> Body:
    return {k: _value(v) for k, v in _without_marks(block).items()}


def _value(raw: Any) -> Any:
    if isinstance(raw, str):
        return literal(raw) if raw.startswith('"') else Ref(re.sub(r"^\$\{(.*)\}$", r"\1", raw))
    if isinstance(raw, list):
        return [_value(v) for v in raw]
    if isinstance(raw, dict):
        return {literal(k) if k.startswith('"') else k: _value(v)
                for k, v in _without_marks(raw).items()}  # fmt: skip
    return raw


def literal(raw: str) -> str:
    """Return the text of a quoted literal as HCL reads it; one with a template is none."""
    assert raw[0] == raw[-1] == '"' and len(raw) >= 2

    def decoded(match: re.Match[str]) -> str:
        short, long, plain, template = match.groups()
        assert not template, f"{raw} has a template"
        assert short or long or plain, f"{raw} has an escape that HCL does not know"
        return chr(int(short or long, 16)) if short or long else _PLAIN[plain]

    return _ESCAPE.sub(decoded, raw[1:-1])


@functools.cache
def schema() -> dict[str, Any]:
    """Return the arguments of the provider's resources (written by `bindings`)."""
    found: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))["resources"]
    return found


def faults_of(resource: Resource) -> list[str]:
    """Return what the provider would refuse of a resource, nothing if it takes all."""
    known = schema()[resource.type]
    unknown = set(resource.ignored) - {*known["required"], *known["optional"]}
    return [
        *_faults(resource.type, resource.body, known),
        *(f"{resource.type} has no {name} to ignore" for name in sorted(unknown)),
    ]


def _faults(where: str, body: Body, known: dict[str, Any]) -> list[str]:
    arguments = {*known["required"], *known["optional"]}
    found = [f"{where} needs {name}" for name in known["required"] if name not in body]
    for name, value in body.items():
        inside = f"{where}.{name}"
        if name not in arguments:
            found.append(f"{where} has no {name}")
        elif inner := known["blocks"].get(name):
            if not isinstance(value, list):
                found.append(f"{inside} is a block")
                continue
            for block in value:
                found += _faults(inside, block, inner) if isinstance(block, dict) else [inside]
        elif isinstance(value, list) and any(isinstance(v, dict) for v in value):
            found.append(f"{inside} is no block")
    return found
