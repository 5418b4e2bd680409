"""A cold start under the twin's Lambda host, beside the same third-party imports alone.

Both functions are one zip; the other's handler imports the packages and does nothing. A changed
configuration makes each next start a cold one, as in Lambda.
"""

from __future__ import annotations

import base64
import json
import re
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from emulator.aws.endpoint import Endpoint
from hokusai_canary.zipped import zipped
from tests.bench.figures import Figure, alternately, median, spread
from tests.bench.healthy import running_twin
from tests.bench.imports import ALONE, built_here
from tests.emulator.support.emulated import LOGS, role

TIMES = 11
HANDLERS = {"bench-canary": "canary.handler.handler", "bench-alone": "alone.handler"}
NOTHING = {"only": "refused"}  # an event of a wrong form: the handler is loaded and answers at once


def measure() -> Figure:
    """Return the ratio of the two initializations, wall time as Lambda bills it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_twin(Path(folder) / "state.json") as file,
    ):
        state = json.loads(file.read_text())
        client = _functions(state, _zip(Path(folder), Path(state["environment_file"])))
        for name in HANDLERS:
            _init_ms(client, name, 0)  # the files are in the page cache from here on
        turns = iter(range(1, 1000))
        ours, alone = alternately(
            lambda: _init_ms(client, "bench-canary", next(turns)),
            lambda: _init_ms(client, "bench-alone", next(turns)),
            TIMES,
        )
    return Figure(
        name="A cold start",
        ours=spread(ours, "ms"),
        against="requests, boto3, Powertools' Metrics and Logger alone: " + spread(alone, "ms"),
        value=median(ours) / median(alone),
        target=1.2,
        note="`Init Duration` of the Lambda host, both from one zip",
    )


def _zip(folder: Path, environment_file: Path) -> bytes:
    built = built_here(environment_file)
    path = zipped(built, folder / "cold.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(
            "alone.py", f"{ALONE}\n\n\ndef handler(event, context):\n    return {{}}\n"
        )
    return path.read_bytes()


def _functions(state: dict[str, Any], code: bytes) -> Any:
    aws = Endpoint(url=state["aws_endpoint_url"], region=state["region"])
    arn, functions = role(aws, "bench-cold", LOGS), aws.client("lambda")
    for name, handler in HANDLERS.items():
        functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=arn,
            Handler=handler,
            Code={"ZipFile": code},
            Timeout=60,
            MemorySize=1024,
            Environment={"Variables": _variables(state, 0)},
        )
    return functions


def _variables(state: dict[str, Any], turn: int) -> dict[str, str]:
    name = Path(state["environment_file"]).name
    return {"CANARY_ENVIRONMENT": name.removesuffix(".toml"), "TURN": str(turn)}


def _init_ms(client: Any, name: str, turn: int) -> float:
    known = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    client.update_function_configuration(
        FunctionName=name, Environment={"Variables": {**known, "TURN": str(turn)}}
    )
    answer = client.invoke(FunctionName=name, Payload=json.dumps(NOTHING), LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    if "FunctionError" in answer:
        raise RuntimeError(f"{name}: {answer['Payload'].read().decode()[:400]}")
    found = re.search(r"Init Duration: ([\d.]+) ms", tail)
    if found is None:
        raise RuntimeError(f"{name} did not start cold: {tail[-400:]}")
    return float(found[1])


if __name__ == "__main__":
    print(measure())
