"""Runs of the function in one profile, each minute, through relays: one process of the bench."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import os
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox import toml
from tests.bench.bill.relay import Relay, at_once, calls, passed

MINUTE_S = 60.0
RUNS = 10  # blocking checks have their turn twice in so many, index and badge once or twice
LIMIT_MS = 60_000


class _Context:
    def __init__(self) -> None:
        self._end = time.monotonic() + LIMIT_MS / 1000

    def get_remaining_time_in_millis(self) -> int:
        return int((self._end - time.monotonic()) * 1000)


def relayed(file: Path, profile: str, folder: Path) -> tuple[Path, list[Relay]]:
    """Return the environment file of a twin whose ways all lead through relays."""
    table: dict[str, Any] = tomllib.loads(file.read_text())
    aws = urlsplit(table["aws_endpoint_url"])
    relays = [Relay(str(aws.hostname), int(aws.port or 80), plain=True)]
    table |= {"profile": profile, "aws_endpoint_url": f"http://127.0.0.1:{relays[0].port}"}
    for service in table["services"].values():
        for port, target in service.get("connect_to", {}).items():
            address, _, number = target.partition(":")
            relays.append(Relay(address, int(number)))
            service["connect_to"][port] = f"127.0.0.1:{relays[-1].port}"
    made = folder / f"{profile}.toml"
    made.write_text(toml.dumps(table))
    return made, relays


def one_run(relays: list[Relay]) -> dict[str, Any]:
    """Carry one run out as the schedule starts it, and return what was counted."""
    from canary.handler import handler

    printed, began = io.StringIO(), time.monotonic()
    at = dt.datetime.now(dt.UTC).replace(second=0, microsecond=0).isoformat()
    with contextlib.redirect_stdout(printed):
        answer = handler({"trigger": "schedule", "scheduled_at": at}, _Context())
    seconds = time.monotonic() - began
    aws, *others = (relay.wires() for relay in relays)
    platform = [wire for wires in others for wire in wires]
    sent = calls(aws)
    return {
        "status": answer["status"],
        "seconds": seconds,
        "metrics": sorted(_metrics(printed.getvalue())),
        "log": len(printed.getvalue().encode()),
        "puts": [[c.path, c.body] for c in sent if (c.service, c.method) == ("s3", "PUT")],
        "gets": sum(c.service == "s3" and c.method in ("GET", "HEAD") for c in sent),
        "calls": Counter(c.service for c in sent),
        "bytes": passed(aws),
        "connections": at_once(aws),
        "platform_bytes": passed(platform)[""],
        "platform_connections": len(platform),
    }


def _metrics(text: str) -> set[str]:
    """Return every metric that a run printed, with its dimensions."""
    found = set[str]()
    for line in text.splitlines():
        document = json.loads(line) if line.startswith("{") else {}
        for part in document.get("_aws", {}).get("CloudWatchMetrics", []):
            (names,) = part["Dimensions"]
            where = ",".join(f"{name}={document[name]}" for name in sorted(names))
            found |= {f"{metric['Name']} {where}" for metric in part["Metrics"]}
    return found


def main(state: dict[str, Any], profile: str, folder: Path, offset_s: float) -> dict[str, Any]:
    """Run once to begin with, then once a minute; the first one is left out."""
    file, relays = relayed(Path(state["environment_file"]), profile, folder)
    os.environ.update(
        AWS_ACCESS_KEY_ID=state["aws"]["access_key_id"],
        AWS_SECRET_ACCESS_KEY=state["aws"]["secret_access_key"],
        AWS_ENDPOINT_URL=f"http://127.0.0.1:{relays[0].port}",
        CANARY_ENVIRONMENT=str(file),
        CANARY_STORE=f"s3://hokusai-canary-reports-development/{profile}",
    )
    found, begins = [], time.monotonic() + offset_s
    for number in range(RUNS + 1):
        time.sleep(max(0.0, begins + number * MINUTE_S - time.monotonic()))
        found.append(one_run(relays))
    return {"profile": profile, "runs": found[1:]}


if __name__ == "__main__":
    given = json.loads(Path(sys.argv[1]).read_text())
    print(json.dumps(main(given, sys.argv[2], Path(sys.argv[3]), float(sys.argv[4]))))
