"""Extract metrics from log events in the embedded metric format.

Rules (EMF specification): a message is one JSON object with nothing around it, else it yields
nothing; only the dimension sets that are declared exist; a name that is declared must be at the
root; at most 100 metrics in a directive, 30 keys in a set, 100 values of a metric. What fails is
counted in AWS/Logs (EMFParsingErrors, EMFValidationErrors), never reported to the sender.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from typing import Any, NoReturn

import msgspec

from emulator.metrics.store import MetricName, metric, put
from emulator.settings import REGION

MAX_METRICS = 100
MAX_KEYS = 30
MAX_VALUES = 100
# a timestamp may be 14 days old and 2 hours ahead
OLDEST_S = 14 * 86_400
NEWEST_S = 2 * 3_600


class Datum(msgspec.Struct, frozen=True):
    """The values of one metric at one time."""

    metric: MetricName
    values: tuple[float, ...]
    unit: str
    at: float
    """Epoch seconds."""


class EmfError(ValueError):
    """The document breaks EMF's rules, so none of its metrics count."""


def extract(message: str, now: float) -> tuple[Datum, ...]:
    """Return the datapoints of a log event, none if it is no EMF document; raises EmfError."""
    text = message.strip()
    if '"_aws"' not in text or not text.startswith("{"):
        return ()
    try:
        document = json.loads(text, parse_constant=_refuse)
    except ValueError as error:
        raise EmfError(f"not one valid JSON object: {error}") from error
    meta = document.get("_aws")
    if not isinstance(meta, dict) or "CloudWatchMetrics" not in meta:
        return ()
    at = _time(meta.get("Timestamp"), now)
    directives = meta["CloudWatchMetrics"]
    return tuple(d for directive in directives for d in _directive(directive, document, at))


def deliver(message: str, group: str, region: str = REGION) -> int:
    """Write the metrics of a log event to CloudWatch and return their number."""
    now = time.time()
    try:
        data = extract(message, now)
    except EmfError as error:
        kind = "EMFParsingErrors" if "JSON" in str(error) else "EMFValidationErrors"
        put(metric("AWS/Logs", kind, {"LogGroupName": group}), [1.0], "Count", now, region)
        return 0
    for datum in data:
        put(datum.metric, datum.values, datum.unit, datum.at, region)
    return len(data)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _time(value: Any, now: float) -> float:
    if not isinstance(value, int | float):
        raise EmfError("Timestamp is missing")
    at = value / 1000
    if not now - OLDEST_S <= at <= now + NEWEST_S:
        raise EmfError("Timestamp is out of range")
    return at


def _directive(directive: dict[str, Any], document: dict[str, Any], at: float) -> Iterator[Datum]:
    namespace, metrics = directive.get("Namespace"), directive.get("Metrics", [])
    if not isinstance(namespace, str) or not namespace:
        raise EmfError("Namespace is missing")
    if len(metrics) > MAX_METRICS:
        raise EmfError(f"more than {MAX_METRICS} metrics in a directive")
    sets = [_dimensions(keys, document) for keys in directive.get("Dimensions", [[]])]
    for definition in metrics:
        values = _values(definition["Name"], document)
        unit = definition.get("Unit", "None")
        for dimensions in sets:
            which = metric(namespace, definition["Name"], dimensions)
            yield Datum(which, values, unit, at)


def _dimensions(keys: list[str], document: dict[str, Any]) -> dict[str, str]:
    if len(keys) > MAX_KEYS:
        raise EmfError(f"more than {MAX_KEYS} keys in a dimension set")
    absent = [key for key in keys if not isinstance(document.get(key), str)]
    if absent:
        raise EmfError(f"dimension without a string at the root: {absent[0]}")
    return {key: document[key] for key in keys}


def _values(name: str, document: dict[str, Any]) -> tuple[float, ...]:
    found = document.get(name)
    values = found if isinstance(found, list) else [found]
    if len(values) > MAX_VALUES:
        raise EmfError(f"more than {MAX_VALUES} values of {name}")
    numbers = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) != len(values) or not all(map(math.isfinite, numbers)):
        raise EmfError(f"metric without a number at the root: {name}")
    return tuple(numbers)
