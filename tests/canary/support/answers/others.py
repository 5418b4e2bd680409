"""The verdicts of h11 and of curl on an answer: the curl of a recorded table."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import h11

from tests.canary.support.answers.forms import ALL
from tests.canary.support.servers.raw import answering

RECORDED = Path(__file__).resolve().parents[2] / "data/curl_verdicts.json"
REFUSED = "refused"


def complete(status: int, body: bytes) -> str:
    return f"{status} {body.decode('latin-1')[:40]}"


def by_h11(raw: bytes) -> str:
    """Return the verdict of h11 alone: all is handed over, then the end of the connection."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "a.test")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(raw)
    connection.receive_data(b"")
    status, body = 0, b""
    try:
        while not isinstance(event := connection.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
    except h11.RemoteProtocolError:
        return REFUSED
    return complete(status, body)


def by_curl() -> dict[str, object]:
    """Return curl's version and its verdict on every form, each asked by a process of its own."""
    version = _curl("--version").split()[1].decode()
    with answering({f"/{number}": form.raw for number, form in enumerate(ALL)}) as url:
        asked = {form.name: _asked(f"{url}/{number}") for number, form in enumerate(ALL)}
    return {"curl": version, "verdicts": asked}


def _asked(url: str) -> str:
    said = _curl("-q", "-s", "--http1.1", "--compressed", "-m", "10", "-w", "%{http_code}", url)
    return complete(int(said[-3:]), said[:-3]) if said else REFUSED


def _curl(*arguments: str) -> bytes:
    """Return what curl prints, the empty bytes where its exit status is not 0."""
    done = subprocess.run(["curl", *arguments], capture_output=True, check=False)
    return b"" if done.returncode else done.stdout


def recorded() -> dict[str, str]:
    """Return curl's verdicts as they were recorded, by the form's name."""
    found: dict[str, str] = json.loads(RECORDED.read_text(encoding="utf-8"))["verdicts"]
    return found


if __name__ == "__main__":
    RECORDED.write_text(json.dumps(by_curl(), indent=1) + "\n", encoding="utf-8")
