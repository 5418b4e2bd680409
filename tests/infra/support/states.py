"""A walk through a state machine as Step Functions would take it, by the States Language's rules.

Only what the canary's definition uses: Task (lambda:invoke), Choice by string, distributed Map over
a JSON array in S3, Succeed; JSONPath of the form `$.a.b`, result paths of the form `$.a`. What it
does not know raises.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Invoke = Callable[[str, Any], Any]  # function ARN and payload -> its answer; raises if it failed
Read = Callable[[str, str], bytes]  # bucket and key -> object


class MachineFailedError(Exception):
    """A state failed and nothing caught it."""


def walk(
    machine: dict[str, Any], event: Any, invoke: Invoke, read: Read
) -> tuple[Any, tuple[str, ...]]:
    """Return the machine's output and the states in the order in which they were entered."""
    name, value, entered = machine["StartAt"], event, []
    while True:
        state = machine["States"][name]
        entered.append(name)
        try:
            value = _carried_out(state, value, invoke, read)
        except MachineFailedError:
            if "Catch" not in state:
                raise
            name = state["Catch"][0]["Next"]
            continue
        if state.get("End") or state["Type"] == "Succeed":
            return value, tuple(entered)
        name = _chosen(state, value) if state["Type"] == "Choice" else state["Next"]


def _carried_out(state: dict[str, Any], value: Any, invoke: Invoke, read: Read) -> Any:
    match state["Type"]:
        case "Task":
            found = _filled(state["Parameters"], value, None)
            answer = invoke(found["FunctionName"], found["Payload"])
            return _path(state["OutputPath"], {"Payload": answer})
        case "Map":
            done = _mapped(state, value, invoke, read)
            where = state.get("ResultPath", "$")
            return done if where == "$" else {**value, where.removeprefix("$."): done}
        case "Choice" | "Succeed":
            return value
    raise NotImplementedError(state["Type"])


def _mapped(state: dict[str, Any], value: Any, invoke: Invoke, read: Read) -> list[Any]:
    where = _filled(state["ItemReader"]["Parameters"], value, None)
    items = json.loads(read(where["Bucket"], where["Key"]))

    def one(item: Any) -> list[Any]:
        event = _filled(state["ItemSelector"], value, item)
        try:
            return [walk(state["ItemProcessor"], event, invoke, read)[0]]
        except MachineFailedError:
            return []

    with ThreadPoolExecutor(min(state["MaxConcurrency"], 4)) as pool:
        found = list(pool.map(one, items))
    failed = 100 * found.count([]) / max(len(found), 1)
    if failed > state["ToleratedFailurePercentage"]:
        raise MachineFailedError(f"{failed:.0f} % of the items failed")
    return [output for outputs in found for output in outputs]


def _chosen(state: dict[str, Any], value: Any) -> str:
    for choice in state["Choices"]:
        if _path(choice["Variable"], value) == choice["StringEquals"]:
            return str(choice["Next"])
    return str(state["Default"])


def _filled(template: Any, value: Any, item: Any) -> Any:
    """Fill a payload template: a key that ends in `.$` holds a path."""
    if not isinstance(template, dict):
        return template
    found: dict[str, Any] = {}
    for key, inner in template.items():
        if key.endswith(".$"):
            found[key[:-2]] = item if inner == "$$.Map.Item.Value" else _path(inner, value)
        else:
            found[key] = _filled(inner, value, item)
    return found


def _path(path: str, value: Any) -> Any:
    for key in path.removeprefix("$").split(".")[1:]:
        value = value[key]
    return value
