"""Write docs/reference.md: every key of every TOML file, from the types that read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from canary.cli.pages.key_types import default_of, type_of
from canary.cli.pages.markdown_table import table
from canary.config.meanings import fields_of, meaning, structs_in
from canary.model import Check, Environment
from canary.model.base import AlarmWindow
from canary.probes.base.api import Kind

FILE = Path("docs") / "reference.md"
HEAD = """# Reference: every key of every file

Generated from the code by `make docs`; a test requires that it is up to date.
`python -m canary schema environment` and `python -m canary schema check` print the same as JSON
Schema, with which editors complete and explain keys.

An environment says where a platform is, a check says what must hold. An environment's file may have
`[[check]]` blocks, too ([where files live](another-platform.md#where-your-files-live)). A key that
is not here is refused.
"""
TABLES = {  # how each type is written in a file; a test requires that none is missing
    "Environment": "An environment's file",
    "Service": "`[services.NAME]`",
    "Principal": "`[principals.NAME]`",
    "RouteRule": "`[[routes]]`",
    "Mute": "`[[mutes]]`",
    "Maintenance": "`[[maintenance]]`",
    "AlarmWindow": '`[alarm]`: `"CHECK or SEVERITY" = { … }`; and `alarm` of a check',
    "RunLimits": "`[run]`",
    "Network": "`[network]`",
    "Schedule": "`[schedule]`",
    "Deployment": "`[deployment]`",
    "Notify": "`[notify]`",
    "Channel": "`[[notify.channels]]`",
    "Check": "`[[check]]`",
}
HEADS = ("key", "type", "default", "meaning", "example")


def find(kinds: Mapping[str, Kind]) -> str:
    """Return the page as Markdown."""
    return "\n".join((HEAD, *_environment(), *_checks(kinds)))


def _environment() -> Iterator[str]:
    yield "## Environments\n"
    for struct in structs_in(Environment):
        yield f"### {TABLES[struct.__name__]}\n"
        yield from _keys(struct)


def _checks(kinds: Mapping[str, Kind]) -> Iterator[str]:
    yield "## Checks\n"
    yield f"### {TABLES[Check.__name__]}\n"
    yield from _keys(Check)
    yield "## Kinds\n"
    yield "Each kind has its own keys in `[check.spec]`.\n"
    for kind in kinds.values():
        yield f"### {kind.name}\n"
        yield f"{kind.summary[:1].upper()}{kind.summary[1:].rstrip('.')}.\n"
        yield from _keys(kind.spec)
        for inner in structs_in(kind.spec)[1:]:
            yield f"A {inner.__name__.lower()} of it:\n"
            yield from _keys(inner)


def _keys(struct: type) -> Iterator[str]:
    rows = [_row(struct, field, hint) for field, hint in fields_of(struct)]
    yield from table(HEADS, rows)


def _row(struct: type, field: msgspec.structs.FieldInfo, hint: Any) -> tuple[str, ...]:
    found = meaning(struct, field.encode_name, hint)
    example = f"`{field.encode_name} = {found.example}`" if found.example else ""
    return (
        f"`{field.encode_name}`",
        type_of(hint),
        default_of(field),
        found.says,
        example,
    )


def documented() -> set[type]:
    """Return the types of an environment and of a check that have a table here."""
    return {*structs_in(Environment), Check, AlarmWindow}
