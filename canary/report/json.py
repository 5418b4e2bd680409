"""The canonical form of a report, `report.json`: compact, deterministic, `schema` first."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from canary.model import REPORT_SCHEMA, Report
from canary.report.text import ReportError, visible

NO_REMEDY = "No remedy was known."
MOST_CONTAINERS = 1_000_000
"""Objects and lists of a report: 25,000 checks have as many. Each takes memory, even empty."""
STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_FAMILY = "hokusai-canary/report/"


def render(report: Report) -> str:
    """Return the report as one line of JSON; `load` reads back the same report."""
    try:
        return _encoded(report)
    except UnicodeEncodeError:  # a lone surrogate in a target's answer, which JSON cannot hold
        return _encoded(msgspec.convert(_encodable(msgspec.to_builtins(report)), Report))


def _encoded(report: Report) -> str:
    fields = {"schema": report.schema, **msgspec.structs.asdict(report)}
    raw = {n: msgspec.Raw(msgspec.json.encode(v, order="deterministic")) for n, v in fields.items()}
    return msgspec.json.encode(raw).decode() + "\n"


def load(data: bytes | str) -> Report:
    """Read a report back. Raises ReportError with the reason for anything else."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if _brackets(raw) > MOST_CONTAINERS and _brackets(STRING.sub(b"", raw)) > MOST_CONTAINERS:
        raise ReportError(f"not a report: more than {MOST_CONTAINERS} objects and lists")
    try:
        plain = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReportError(f"not a report: {error}") from error
    if not isinstance(plain, dict):
        raise ReportError(f"not a report: a JSON {type(plain).__name__}, not an object")
    schema = plain.get("schema")
    if schema != REPORT_SCHEMA:
        raise ReportError(_wrong_schema(schema))
    try:
        return msgspec.convert(_completed(plain), Report)
    except msgspec.ValidationError as error:
        raise ReportError(f"a report of schema {schema} that does not fit it: {error}") from error


def _brackets(raw: bytes) -> int:
    return raw.count(b"[") + raw.count(b"{")


def _completed(plain: dict[str, Any]) -> dict[str, Any]:
    """Return an older report in which no remedy is empty: a new one cannot be."""
    diagnoses = plain.get("diagnoses")
    for diagnosis in diagnoses if isinstance(diagnoses, list) else ():
        remedy = diagnosis.get("remedy") if isinstance(diagnosis, dict) else None
        if isinstance(remedy, dict) and not (remedy.get("fix") or remedy.get("decision")):
            remedy["decision"] = NO_REMEDY
    return plain


def _wrong_schema(schema: object) -> str:
    if not isinstance(schema, str) or not schema.startswith(_FAMILY):
        return f"not a report of this canary: schema is {str(schema)[:80]!r}"
    return f"written by another version: schema {schema[:80]!r}, this one reads {REPORT_SCHEMA!r}"


def _encodable(value: object) -> object:
    """Return plain data in which characters that UTF-8 cannot encode are symbols."""
    if isinstance(value, str):
        return value if value.isascii() else visible(value)
    if isinstance(value, dict):
        return {str(_encodable(key)): _encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    return value
